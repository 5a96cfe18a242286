/* SPDX-License-Identifier: MIT
 *
 * Figures from where they are kept: the ledger's accounts, and the metrics of an entry.
 */
#ifndef COLLECTOR_CONTROL_FIGURES_H
#define COLLECTOR_CONTROL_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "collector/flow/chain.h"

/* A metric of an entry of the chain.  Returns whether there is one, of type U64. */
bool figures_find(const struct muster_instance *instance, const char *metric, uint64_t *value);

/* An object with a metric of an entry, by its label.  NULL: there is none, or no memory. */
json_t *figures_by_label(const struct muster_instance *instance, const char *metric);

/* The filter that tracks devices: the first that knows what is missing.  NULL: there is none. */
const struct muster_instance *figures_tracker(const struct chain *chain);

/* How a sink is, as a word: connecting, ok, waiting, failed, or stuck, if its plugin does not come
 * back; and since when, ns since the Unix epoch. */
const char *figures_sink_state(const struct sink *sink, uint64_t *since);

#endif
