/* SPDX-License-Identifier: MIT
 *
 * Settings of the configuration file, checked against a table of options.  The
 * daemon's own settings and a plugin's are described and checked the same way.
 */
#ifndef COLLECTOR_HOST_OPTIONS_H
#define COLLECTOR_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <libconfig.h>

#include <muster/plugin.h>

#include "base/problems.h"

struct option_value {
    int64_t number;      /* as muster_host.get_int gives it */
    char *text;          /* STRING and CHOICE; NULL if there is none */
    char **items;        /* LIST */
    uint32_t item_count; /* LIST */
    unsigned line;       /* where the file sets it; 0 if it does not */
};

/* A table of options, of this version or of a plugin of another one. */
struct option_table {
    const struct muster_option *options;
    uint32_t count;
    uint32_t stride; /* bytes from one option to the next */
};

/* Option number `index`, completed with zeros if the table is of an older version. */
struct muster_option option_at(const struct option_table *table, uint32_t index);

/* The option of that name, or -1. */
int option_find(const struct option_table *table, const char *name);

/* Whether the table makes sense; else *why says what is wrong (a bug of its author). */
bool options_valid(const struct option_table *table, char *why, size_t room);

/* Checks the settings of `group` (NULL: none are set) and fills in one value an
 * option, defaults included.  Names in `others` (ends with NULL) belong to
 * somebody else and are left alone; every other unknown name is an error, unless
 * `others` is NULL.  `what` names the group in messages.  Errors go to `problems`; values[] is
 * always whole and the caller frees it.  Returns 0, 1 if a required option has no value, or -1 if
 * memory is short. */
int options_read(const struct option_table *table, const config_setting_t *group,
                 const char *const *others, const char *what, const char *file, unsigned line,
                 struct option_value *values, struct problems *problems);
void options_free(struct option_value *values, uint32_t count);

/* Prints the table for a reader, one option a paragraph. */
void options_describe(const struct option_table *table, FILE *out);

/* Where a setting stands: its file, or `fallback` if libconfig does not know. */
const char *setting_file(const config_setting_t *setting, const char *fallback);

#endif
