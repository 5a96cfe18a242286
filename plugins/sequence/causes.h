/* SPDX-License-Identifier: MIT
 *
 * The causes of gaps on the collector's side: when datagrams were dropped here, and when the
 * collector did not run.
 *
 * No cause is claimed but for those whom its evidence touches: what the kernel drops explains
 * nothing of a device that is heard by another listener.  What the collector rejects, with a header
 * that names its device, is that device's alone: see struct losses.
 *
 * Time goes by in ticks of about a second.  A device remembers the tick in which its highest
 * number came; what was noticed in that tick or later can be why numbers behind it are missing.
 */
#ifndef SEQUENCE_CAUSES_H
#define SEQUENCE_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "listening.h"

enum {
    CAUSES_COLLECTOR, /* the collector dropped records, before the tracker saw them */
    CAUSES_DOWN,      /* the collector did not run */
    CAUSES_CHECKSUM,  /* the kernel discarded datagrams with a wrong checksum */
    CAUSES_KINDS,
    CAUSES_COUNTERS_MOST = 64
};

/* What was noticed when, for all workers; may outlive the process. */
struct causes_log {
    uint32_t tick;                   /* that it is */
    uint32_t noticed[CAUSES_KINDS];  /* in which tick last, or 0 */
    uint32_t kernel[LISTENING_EARS]; /* the same: the kernel dropped datagrams of that listener */
    uint32_t ears; /* listeners that are told apart; the others are taken for the first */
    uint32_t reserved;
};

/* The metric of duplicates that a tracker has dropped. */
#define CAUSES_LEFT_OUT "duplicates_left_out"

/* Numbers of the host's metrics that count what does not come here; UINT32_MAX: there is none. */
struct causes_counters {
    uint32_t checksum;
    uint32_t collector[CAUSES_COUNTERS_MOST]; /* of what filters in front of this one take out */
    uint32_t collector_count;
};

/* What did not come here so far, in this run. */
struct causes_drops {
    uint64_t checksum, collector;
    struct listening_heard heard[LISTENING_EARS]; /* by listener */
    unsigned ears;
};

/* A worker's view. */
struct causes {
    struct causes_log *log;
    bool leads;               /* worker 0 moves the ticks on */
    struct causes_drops last; /* at the last tick */
    /* The kernel's last run of drops by listener: how many, and whether the last tick had some. */
    uint64_t run[LISTENING_EARS];
    bool runs[LISTENING_EARS];
};

/* [main] When the first worker is opened: then the filters that have metrics are those in front
 * of this one. */
void causes_find_counters(struct causes_counters *counters, const struct muster_host *host,
                          struct muster_instance *instance);

/* [any thread] */
void causes_read_drops(struct causes_drops *drops, const struct causes_counters *counters,
                       const struct muster_host *host, struct muster_instance *instance);

/* [main] For all workers, before they begin: the collector was away if `resumed`. */
void causes_resume(struct causes_log *log, bool resumed);

void causes_begin(struct causes *causes, struct causes_log *log, bool leads,
                  const struct causes_drops *drops);

/* About once a second.  `slept`: the machine has, since the last time. */
void causes_tick(struct causes *causes, const struct causes_drops *drops, bool slept);

/* The tick that it is. */
static inline uint32_t causes_current_tick(const struct causes *causes)
{
    return __atomic_load_n(&causes->log->tick, __ATOMIC_RELAXED);
}

/* MUSTER_CAUSE_* of all that was noticed in that tick or later, of that listener or of all. */
uint8_t causes_since(const struct causes_log *log, uint32_t tick, uint8_t listener);

/* How many datagrams of that listener the kernel dropped in its last run of drops; 0 if that was
 * over before that tick. */
uint64_t causes_dropped_since(const struct causes *causes, uint32_t tick, uint8_t listener);

/* Whether something was noticed in `noticed`, 0 if never, and that was in `tick` or later. */
static inline bool causes_is_since(uint32_t noticed, uint32_t tick)
{
    return noticed != 0 && noticed - tick < UINT32_MAX / 2;
}

#endif
