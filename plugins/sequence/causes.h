/* SPDX-License-Identifier: MIT
 *
 * The causes of gaps on the collector's side: when datagrams were dropped here, and when the
 * collector did not run.
 *
 * Time goes by in ticks of about a second.  A device remembers the tick in which its highest
 * number came; what was noticed in that tick or later can be why numbers behind it are missing.
 */
#ifndef SEQUENCE_CAUSES_H
#define SEQUENCE_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

enum {
    CAUSES_KERNEL,    /* the kernel dropped datagrams */
    CAUSES_COLLECTOR, /* the collector did, before the tracker saw them */
    CAUSES_DOWN,      /* the collector did not run */
    CAUSES_KINDS,
    CAUSES_COUNTERS_MOST = 64
};

/* What was noticed when, for all workers; may outlive the process. */
struct causes_log {
    uint32_t tick;                  /* that it is */
    uint32_t noticed[CAUSES_KINDS]; /* in which tick last, or 0 */
};

/* Numbers of the host's metrics that count dropped datagrams. */
struct causes_counters {
    uint32_t kernel;
    uint32_t collector[CAUSES_COUNTERS_MOST]; /* of what is dropped before this filter */
    uint32_t collector_count;
};

/* Datagrams that were dropped so far, in this run. */
struct causes_drops {
    uint64_t kernel, collector;
};

/* A worker's view. */
struct causes {
    struct causes_log *log;
    bool leads;               /* worker 0 moves the ticks on */
    struct causes_drops last; /* at the last tick */
};

/* [main] When the first worker is opened: then the filters that have metrics are those in front
 * of this one. */
void causes_find_counters(struct causes_counters *counters, const struct muster_host *host,
                          struct muster_instance *instance);

/* [any thread] */
struct causes_drops causes_read_drops(const struct causes_counters *counters,
                                      const struct muster_host *host,
                                      struct muster_instance *instance);

/* [main] For all workers, before they begin: the collector was away if `resumed`. */
void causes_resume(struct causes_log *log, bool resumed);

void causes_begin(struct causes *causes, struct causes_log *log, bool leads,
                  const struct causes_drops *drops);

/* About once a second.  `slept`: the machine has, since the last time.  Returns MUSTER_CAUSE_* of
 * what was noticed, and may have been since then. */
uint8_t causes_tick(struct causes *causes, const struct causes_drops *drops, bool slept);

/* The tick that it is. */
static inline uint32_t causes_current_tick(const struct causes *causes)
{
    return __atomic_load_n(&causes->log->tick, __ATOMIC_RELAXED);
}

/* MUSTER_CAUSE_* of all that was noticed in that tick or later. */
uint8_t causes_since(const struct causes_log *log, uint32_t tick);

#endif
