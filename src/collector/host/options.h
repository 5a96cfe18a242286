/* SPDX-License-Identifier: MIT
 *
 * Tables of options, and the values that they allow.  The daemon's own settings and a plugin's are
 * described and checked the same way.
 */
#ifndef COLLECTOR_HOST_OPTIONS_H
#define COLLECTOR_HOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <muster/plugin.h>

struct option_value {
    int64_t number;      /* as muster_host.get_int gives it */
    char *text;          /* STRING and CHOICE; NULL if there is none */
    char **items;        /* LIST */
    uint32_t item_count; /* LIST */
    unsigned line;       /* where a file sets it; 0 if none does */
};

/* A table of options, of this version or of a plugin of another one. */
struct option_table {
    const struct muster_option *options;
    uint32_t count;
    uint32_t stride; /* bytes from one option to the next */
};

/* Room for what is said of a value, or for an option's form. */
#define OPTION_ROOM 1024

/* Option number `index`, completed with zeros if the table is of an older version. */
struct muster_option option_at(const struct option_table *table, uint32_t index);

/* The option of that name, or -1. */
int option_find(const struct option_table *table, const char *name);

/* Reads a value as it is written in a table's fallback, into one that is empty.  Returns 0; 1, and
 * says in `why` what is wrong and what is expected, if it is none of the option's type, range or
 * choices; or -1 if memory is short.  If it is not 0, the value stays empty. */
int option_read(const struct muster_option *option, const char *text, struct option_value *value,
                char why[OPTION_ROOM]);

/* Reads one more item of a LIST.  Returns as option_read; the items before stay. */
int option_read_item(const struct muster_option *option, const char *text,
                     struct option_value *value, char why[OPTION_ROOM]);

/* The default, into a value that is empty; options_valid has seen to it that it can be read.
 * Returns 0, or -1 if memory is short. */
int option_read_fallback(const struct muster_option *option, struct option_value *value);

/* Frees what a value holds and empties it; it keeps its line. */
void option_clear(struct option_value *value);

/* What a value looks like: "a whole number, 0 to 256".  Returns `out`. */
const char *option_form(const struct muster_option *option, char out[OPTION_ROOM]);

/* A value as one would write it in the configuration: "2MiB", true, ( "a", "b" ).  What has no room
 * is left out.  Returns `out`. */
const char *option_text(const struct muster_option *option, const struct option_value *value,
                        char out[OPTION_ROOM]);

/* Whether the table makes sense; else *why says what is wrong (a bug of its author). */
bool options_valid(const struct option_table *table, char *why, size_t room);

/* Empties one value for each option.  NULL is ignored. */
void options_free(struct option_value *values, uint32_t count);

/* Prints the table for a reader, one option a paragraph, at most 80 columns wide. */
void options_describe(const struct option_table *table, FILE *out);

#endif
