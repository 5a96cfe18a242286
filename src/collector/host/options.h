/* SPDX-License-Identifier: MIT
 *
 * Tables of options.  The daemon's own settings and a plugin's are
 * described and checked the same way.
 */
#ifndef COLLECTOR_HOST_OPTIONS_H
#define COLLECTOR_HOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <muster/plugin.h>

#include "option.h"

/* A table of options, of this version or of a plugin of another one. */
struct option_table {
    const struct muster_option *options;
    uint32_t count;
    uint32_t stride; /* bytes from one option to the next */
};

/* Option number `index`, completed with zeros if the table is of an older version. */
struct muster_option option_at(const struct option_table *table, uint32_t index);

/* The option of that name, which is not an alias, or -1. */
int option_find(const struct option_table *table, const char *name);

/* Whether an option of the table has that name, or had it once. */
bool options_has(const struct option_table *table, const char *name);

/* Whether the table makes sense; else *why says what is wrong (a bug of its author). */
bool options_valid(const struct option_table *table, char *why, size_t room);

/* Empties one value for each option.  NULL is ignored. */
void options_free(struct option_value *values, uint32_t count);

/* Values as a text that no other values have, to be freed; NULL if memory is short. */
char *options_text(const struct option_value *values, uint32_t count);

/* Whether two values are the same. */
bool options_same(const struct option_value *a, const struct option_value *b);

/* Prints the table for a reader, one option a paragraph, at most 80 columns wide. */
void options_describe(const struct option_table *table, FILE *out);

#endif
