/* SPDX-License-Identifier: MIT
 *
 * The clocks, in nanoseconds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND      UINT64_C(1000000000)
#define CLOCK_MILLISECOND UINT64_C(1000000)

static inline uint64_t clock_from_timespec(const struct timespec *ts)
{
    return (uint64_t)ts->tv_sec * CLOCK_SECOND + (uint64_t)ts->tv_nsec;
}

static inline struct timespec clock_to_timespec(uint64_t ns)
{
    struct timespec ts = {.tv_sec = (time_t)(ns / CLOCK_SECOND),
                          .tv_nsec = (long)(ns % CLOCK_SECOND)};
    return ts;
}

static inline uint64_t clock_read(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return clock_from_timespec(&ts);
}

/* ns since the Unix epoch */
static inline uint64_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* ns since boot, not counting suspend */
static inline uint64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* ns since boot, counting suspend */
static inline uint64_t clock_boot(void)
{
    return clock_read(CLOCK_BOOTTIME);
}

/* As clock_monotonic, CLOCK_COARSE_LAG old at most, and cheap: for ticks.  Who sleeps until a time
 * of this clock sleeps that much longer, or wakes again and again until the clock is there. */
#define CLOCK_COARSE_LAG (10 * CLOCK_MILLISECOND)

static inline uint64_t clock_coarse(void)
{
    return clock_read(CLOCK_MONOTONIC_COARSE);
}

#endif
