/* SPDX-License-Identifier: MIT
 *
 * The listening clock: it goes on only while the collector listens.
 *
 * It stands still while the collector is stopped, suspended, stalled, or deaf, which is when the
 * kernel drops datagrams.  Silence is measured by it, so it is never held against a device that
 * nobody listened.  It goes on over restarts, in units of 2^26 ns (67 ms), modulo 2^32 (9 years).
 * Each worker has its own; all go on from where the first worker's was.
 */
#ifndef SEQUENCE_LISTENING_H
#define SEQUENCE_LISTENING_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#define LISTENING_UNIT_SHIFT 26

/* The host's clocks, read at one time. */
struct listening_clocks {
    uint64_t wall_ns, monotonic_ns, boot_ns;
};

/* A worker's listening clock. */
struct listening {
    uint64_t *shared_ns; /* what it was at the first worker's last tick; may outlive the process */
    bool leads;          /* this is the first worker */
    struct listening_clocks last; /* at the last tick */
    uint64_t now_ns;              /* the listening clock, then */
    uint64_t resumed_ns;          /* the same when it last began to go on */
};

/* [any thread] */
struct listening_clocks listening_read_clocks(const struct muster_host *host,
                                              struct muster_instance *instance);

void listening_begin(struct listening *listening, uint64_t *shared_ns, bool leads,
                     const struct listening_clocks *clocks);

/* Whether the machine has slept since the last tick. */
bool listening_has_slept(const struct listening *listening, const struct listening_clocks *clocks);

/* About once a second.  `deaf`: the kernel has dropped datagrams since the last time. */
void listening_tick(struct listening *listening, const struct listening_clocks *clocks, bool deaf);

static inline uint32_t listening_units(uint64_t listened_ns)
{
    return (uint32_t)(listened_ns >> LISTENING_UNIT_SHIFT);
}

/* An arrival since the last tick, ns since the Unix epoch, by the listening clock in units. */
static inline uint32_t listening_at(const struct listening *listening, uint64_t arrival_ns)
{
    const uint64_t most = UINT64_C(2000000000);
    uint64_t since = arrival_ns - listening->last.wall_ns;

    /* Held up by then already, or the clock was set. */
    if (arrival_ns < listening->last.wall_ns)
        since = 0;
    if (since > most)
        since = most;
    return listening_units(listening->now_ns + since);
}

#endif
