/* SPDX-License-Identifier: MIT
 *
 * How a format's devices are answered: a list of { on: TYPE, send: [ ... ] }.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_REPLIES_H
#define COLLECTOR_CONFIG_FORMAT_REPLIES_H

#include <stdio.h>

#include "format_reader.h"
#include "wire/format.h"

/* Reads the replies of *format.  What is wrong goes to the problems.  Returns 0, or -1 if memory is
 * short. */
int format_replies_read(const struct format_reader *reader, const struct node *list,
                        struct format *format);

/* Prints what an entry may say. */
void format_replies_describe(FILE *out);

#endif
