/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence": what its instance has, for sequence.c, which opens it, and worker.c,
 * which does the work.
 */
#ifndef SEQUENCE_SEQUENCE_H
#define SEQUENCE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "causes.h"
#include "tables.h"
#include "tracker.h"

struct sequence {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct tracker_options options;
    uint32_t devices; /* every device's number is below this */
    struct tables tables;
    void *own_memory; /* the tables', if it is not the host's */
    uint64_t bytes;   /* of the tables */
    bool events;
    bool drop_duplicates; /* when they are judged and counted */
    uint32_t silent_after;
    uint64_t forget_after_ns;
    uint32_t lost_after; /* units of the listening clock; 0: numbers are lost by the window alone */
    uint32_t gaps_gone;  /* gaps of an earlier run that a smaller window has no place for */
    struct causes_counters counters;
};

/* A hash of what a device calls itself, never 0. */
uint32_t sequence_key(const struct sequence *sequence, uint32_t device);

#endif
