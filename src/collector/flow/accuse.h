/* SPDX-License-Identifier: MIT
 *
 * Says what a filter has done to a batch that it must not.
 */
#ifndef COLLECTOR_FLOW_ACCUSE_H
#define COLLECTOR_FLOW_ACCUSE_H

#include "pipeline.h"

/* The same only once. */
void accuse_filter(struct filter *filter, const struct batch_change *change);

#endif
