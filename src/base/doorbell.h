/* SPDX-License-Identifier: MIT
 *
 * Wakes one sleeping thread, and costs next to nothing while it is awake.
 *
 * The sleeper: doorbell_lie_down, look once more whether there is work, then
 * doorbell_sleep.  Whoever brings work: publish it (sequentially consistent),
 * then doorbell_ring.  So either the sleeper sees the work, or the ringer sees
 * the sleeper.
 */
#ifndef BASE_DOORBELL_H
#define BASE_DOORBELL_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

struct doorbell {
    _Alignas(64) atomic_uint asleep; /* 1 while the sleeper lies down or sleeps */
};

static inline void doorbell_lie_down(struct doorbell *bell)
{
    atomic_store(&bell->asleep, 1);
}

/* There was work after all. */
static inline void doorbell_get_up(struct doorbell *bell)
{
    atomic_store_explicit(&bell->asleep, 0, memory_order_relaxed);
}

/* Until somebody rings, or for `ns`; UINT64_MAX: without limit. */
static inline void doorbell_sleep(struct doorbell *bell, uint64_t ns)
{
    struct timespec ts = clock_to_timespec(ns);

    syscall(SYS_futex, &bell->asleep, FUTEX_WAIT_PRIVATE, 1, ns == UINT64_MAX ? NULL : &ts, NULL,
            0);
    doorbell_get_up(bell);
}

static inline void doorbell_ring(struct doorbell *bell)
{
    unsigned expected = 1;

    if (atomic_load(&bell->asleep) == 1 &&
        atomic_compare_exchange_strong(&bell->asleep, &expected, 0))
        syscall(SYS_futex, &bell->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#endif
