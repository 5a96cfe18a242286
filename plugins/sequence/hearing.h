/* SPDX-License-Identifier: MIT
 *
 * How well the collector itself could hear: a clock that goes on only while it listens, and
 * what there is to explain a gap.
 *
 * The listening clock stands still while the collector is stopped, suspended, stalled, or deaf,
 * which is when the kernel drops datagrams.  Silence is measured by it, so it is never held against
 * a device that nobody listened.  It goes on over restarts, in units of 2^26 ns (67 ms), modulo
 * 2^32 (9 years).  Each worker has its own, all go on from where the first worker's was.
 *
 * Time for evidence goes by in ticks of about a second.  A device remembers the tick in which its
 * highest number came; what was noticed in that tick or later can be why numbers behind it are
 * missing.
 */
#ifndef SEQUENCE_HEARING_H
#define SEQUENCE_HEARING_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

#define HEARING_UNIT_SHIFT 26

enum evidence {
    EVIDENCE_KERNEL, /* the kernel dropped datagrams */
    EVIDENCE_OWN,    /* the collector did, before the tracker saw them */
    EVIDENCE_DOWN    /* the collector did not run */
};

/* The figures that a tick looks at. */
struct hearing_look {
    uint64_t wall_ns, monotonic_ns, boot_ns; /* the clocks: enum muster_clock */
    uint64_t kernel_drops, own_drops;        /* datagrams so far, in this run */
};

/* A worker's view. */
struct hearing {
    struct shared *shared;
    bool leads; /* worker 0 moves the ticks on, and writes its clock down */
    struct hearing_look last;
    uint64_t listened_ns; /* the listening clock when it looked last */
    uint64_t resumed_ns;  /* the same when it last began to go on */
};

/* [main] For all workers, before they begin: the collector was away if `resumed`. */
void hearing_resume(struct shared *shared, bool resumed);

void hearing_begin(struct hearing *hearing, struct shared *shared, bool leads,
                   const struct hearing_look *look);

/* About once a second.  Returns MUSTER_CAUSE_* of what was noticed, and may have been
 * since the last call. */
uint8_t hearing_tick(struct hearing *hearing, const struct hearing_look *look);

static inline uint32_t hearing_units(uint64_t listened_ns)
{
    return (uint32_t)(listened_ns >> HEARING_UNIT_SHIFT);
}

/* The tick that it is. */
static inline uint32_t hearing_now(const struct hearing *hearing)
{
    return __atomic_load_n(&hearing->shared->tick, __ATOMIC_RELAXED);
}

/* An arrival since the last tick, ns since the Unix epoch, by the listening clock. */
static inline uint32_t hearing_at(const struct hearing *hearing, uint64_t arrival_ns)
{
    const uint64_t most = UINT64_C(2000000000);
    uint64_t since = arrival_ns - hearing->last.wall_ns;

    /* Held up by then already, or the clock was set. */
    if (arrival_ns < hearing->last.wall_ns)
        since = 0;
    if (since > most)
        since = most;
    return hearing_units(hearing->listened_ns + since);
}

/* MUSTER_CAUSE_* of all that was noticed in that tick or later. */
uint8_t hearing_causes(const struct shared *shared, uint32_t since_tick);

#endif
