/* SPDX-License-Identifier: MIT
 *
 * What a format says of raw values: conditions, types, scales and words.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_VALUES_H
#define COLLECTOR_CONFIG_FORMAT_VALUES_H

#include "format_reader.h"
#include "wire/format.h"

/* Each of these reads a part of *format.  What is wrong goes to the problems.  Returns 0, or -1 if
 * memory is short. */
int format_values_conditions(const struct format_reader *reader, const struct node *map,
                             const char *what, struct format_conditions *out);
/* A message type's word, or a list of them: 1 << enum format_message. */
int format_values_on(const struct format_reader *reader, const struct node *node, unsigned *on);
int format_values_types(const struct format_reader *reader, const struct node *node,
                        struct format *format);
int format_values_read(const struct format_reader *reader, const struct node *map,
                       struct format *format);

#endif
