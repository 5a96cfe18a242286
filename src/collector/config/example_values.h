/* SPDX-License-Identifier: MIT
 *
 * What a file says of values and moments, beside what a datagram has.
 */
#ifndef COLLECTOR_CONFIG_EXAMPLE_VALUES_H
#define COLLECTOR_CONFIG_EXAMPLE_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "base/node.h"

bool example_values_is_scalar(const struct node *node);

/* Whether a value is what the node says: null if it is absent. */
bool example_values_same(const struct muster_value *value, const struct node *node);

/* Reads "2025-12-17T19:33:20.25Z", or seconds since 1970.  Returns whether it is one. */
bool example_values_time(const char *text, int64_t *ns);

#endif
