/* SPDX-License-Identifier: MIT
 *
 * The metrics of plugins: what may be declared, and how the register's are shown.
 */
#ifndef COLLECTOR_HOST_METRIC_H
#define COLLECTOR_HOST_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include <muster/plugin.h>

#include "base/metrics.h"

/* Whether a plugin may declare this; else `why` says what is wrong with it. */
bool metric_is_valid(const struct muster_metric *metric, char *why, size_t room);

/* Such a one as the register wants it. */
struct metric_description metric_describe(const struct muster_metric *metric);

/* Fills in as much of *out as out->size has room for. */
void metric_show(const struct metric_reading *reading, struct muster_metric *out);

#endif
