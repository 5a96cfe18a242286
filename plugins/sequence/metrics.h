/* SPDX-License-Identifier: MIT
 *
 * What a worker has counted, as the host's metrics.
 */
#ifndef SEQUENCE_METRICS_H
#define SEQUENCE_METRICS_H

#include <stdint.h>

#include <muster/plugin.h>

#include "gaps.h"
#include "tables.h"
#include "watch.h"

enum { METRICS_COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t) };

struct metrics {
    struct muster_cell *counts[METRICS_COUNTS]; /* in the order of struct tracker_counts */
    struct muster_cell *online, *late, *silent, *no_data, *unknown, *never_heard;
    struct muster_cell *not_believable;
    struct muster_cell *missing_by_cause[MUSTER_CAUSES], *lost_by_cause[MUSTER_CAUSES];
    struct muster_cell *events_not_reported;
};

/* [main] */
void metrics_declare(struct metrics *metrics, const struct muster_host *host,
                     struct muster_instance *instance);

/* [main] With a state that outlives the process: when counting began, ns since the Unix epoch. */
void metrics_declare_since(const struct muster_host *host, struct muster_instance *instance,
                           uint64_t since_ns);

/* Shows what this worker has counted, and `rest`, which no worker counts any more.  `sums` say what
 * is lost and open; NULL: the counts do. */
void metrics_publish(const struct metrics *metrics, const struct tracker_counts *counts,
                     const struct tracker_counts *rest, const struct gaps_sums *sums,
                     uint32_t not_believable, const struct watch_counts *devices);

#endif
