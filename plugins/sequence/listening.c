/* SPDX-License-Identifier: MIT
 *
 * The listening clock.
 */
#include "listening.h"

#define TICK_MOST                                                                                  \
    UINT64_C(2000000000) /* ns; a longer one was a stall, and the rest of it does not count */
#define SLEEP_LEAST UINT64_C(100000000) /* ns that the boot clock gains on the monotonic one */

struct listening_clocks listening_read_clocks(const struct muster_host *host,
                                              struct muster_instance *instance)
{
    struct listening_clocks clocks;

    /* These two one behind the other: they differ by what the machine slept. */
    clocks.monotonic_ns = host->now(instance, MUSTER_CLOCK_MONOTONIC);
    clocks.boot_ns = host->now(instance, MUSTER_CLOCK_BOOT);
    clocks.wall_ns = host->now(instance, MUSTER_CLOCK_WALL);
    return clocks;
}

void listening_begin(struct listening *listening, uint64_t *shared_ns, bool leads,
                     const struct listening_clocks *clocks)
{
    listening->shared_ns = shared_ns;
    listening->leads = leads;
    listening->last = *clocks;
    listening->now_ns = __atomic_load_n(shared_ns, __ATOMIC_RELAXED);
    listening->resumed_ns = listening->now_ns;
}

bool listening_has_slept(const struct listening *listening, const struct listening_clocks *clocks)
{
    const struct listening_clocks *last = &listening->last;
    uint64_t slept = clocks->boot_ns - last->boot_ns - (clocks->monotonic_ns - last->monotonic_ns);

    return slept >= SLEEP_LEAST && slept < UINT64_MAX / 2;
}

void listening_tick(struct listening *listening, const struct listening_clocks *clocks, bool deaf)
{
    uint64_t elapsed = clocks->monotonic_ns - listening->last.monotonic_ns;

    if (!deaf)
        listening->now_ns += elapsed < TICK_MOST ? elapsed : TICK_MOST;
    if (deaf || elapsed > TICK_MOST || listening_has_slept(listening, clocks))
        listening->resumed_ns = listening->now_ns;
    if (listening->leads)
        __atomic_store_n(listening->shared_ns, listening->now_ns, __ATOMIC_RELAXED);
    listening->last = *clocks;
}
