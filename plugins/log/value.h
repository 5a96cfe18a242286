/* SPDX-License-Identifier: MIT
 *
 * The values of a message in a line for people to read.
 *
 * Each function that writes does so without an end, and returns the end of what it wrote.
 */
#ifndef PLUGINS_LOG_VALUE_H
#define PLUGINS_LOG_VALUE_H

#include <stddef.h>

#include <muster/plugin.h>

#include "../common/values.h"

/* The one value that a message has of its own: " value=26.6", or nothing. */
char *value_own(char *out, const struct muster_record *record);

/* Finds those of a message of a declared format.  The most bytes that they take. */
size_t value_bound(struct values *values, const struct muster_record *record);

/* Writes them: " temperature=21.2 °C humidity=48 %RH", without those that are absent. */
char *value_named(char *out, const struct values *values);

#endif
