/* SPDX-License-Identifier: MIT
 *
 * Where a tick's look at clocks and drops comes from: the host's clocks and metrics.
 */
#ifndef SEQUENCE_EVIDENCE_H
#define SEQUENCE_EVIDENCE_H

#include <muster/plugin.h>

#include "hearing.h"

enum { EVIDENCE_METRICS_MOST = 64 };

/* Numbers of the host's metrics. */
struct evidence_metrics {
    uint32_t kernel_drops;
    uint32_t droppers[EVIDENCE_METRICS_MOST]; /* of what is dropped before this filter */
    uint32_t dropper_count;
};

/* [main] When the first worker is opened: then the filters that have metrics are those in front
 * of this one. */
void evidence_find(struct evidence_metrics *metrics, const struct muster_host *host,
                   struct muster_instance *instance);

/* Any thread. */
struct hearing_look evidence_look(const struct evidence_metrics *metrics,
                                  const struct muster_host *host, struct muster_instance *instance);

#endif
