/* SPDX-License-Identifier: MIT
 *
 * One option, and the values that it allows.
 */
#ifndef COLLECTOR_HOST_OPTION_H
#define COLLECTOR_HOST_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

struct option_value {
    int64_t number;      /* as muster_host.get_int gives it */
    double real;         /* REAL */
    char *text;          /* STRING, CHOICE, PATH and SECRET; NULL if there is none */
    char **items;        /* LIST */
    uint32_t item_count; /* LIST */
    unsigned line;       /* where a file sets it; 0 if none does */
    bool is_secret;      /* `text` is not to be left in memory */
};

/* Room for what is said of a value, or for an option's form. */
#define OPTION_ROOM 1024

/* Whether this version knows the type. */
bool option_is_known(uint32_t type);

/* A type for a sentence about an option: "a text", "a list". */
const char *option_noun(uint32_t type);

/* Reads a value as it is written in a table's fallback, into one that is empty.  Returns 0; 1, and
 * says in `why` what is wrong and what is expected, if it is none of the option's type, range or
 * choices; or -1 if memory is short.  If it is not 0, the value stays empty. */
int option_read(const struct muster_option *option, const char *text, struct option_value *value,
                char why[OPTION_ROOM]);

/* Reads one more item of a LIST.  Returns as option_read; the items before stay. */
int option_read_item(const struct muster_option *option, const char *text,
                     struct option_value *value, char why[OPTION_ROOM]);

/* Whether the text is one of the choices; else `why` says so, and what is expected.  Of a LIST that
 * is marked MUSTER_OPTION_VALUES, reading an item does not ask. */
bool option_is_choice(const struct muster_option *option, const char *text, char why[OPTION_ROOM]);

/* Whether the default, if there is one, can be read and is in the option's range, unless it is "0";
 * else *why says what is wrong. */
bool option_is_fallback_valid(const struct muster_option *option, char why[OPTION_ROOM]);

/* The default, into a value that is empty.  Returns as option_read: 1, once
 * option_is_fallback_valid has seen it, only if a path is relative to a directory that cannot be
 * told. */
int option_read_fallback(const struct muster_option *option, struct option_value *value,
                         char why[OPTION_ROOM]);

/* Frees what a value holds and empties it; it keeps its line. */
void option_clear(struct option_value *value);

/* What a value looks like: "a whole number, 0 to 256".  Returns `out`. */
const char *option_form(const struct muster_option *option, char out[OPTION_ROOM]);

/* A value as one would write it in the configuration: "2MiB", true, ( "a", "b" ); a secret is not
 * shown.  What has no room is left out.  Returns `out`. */
const char *option_text(const struct muster_option *option, const struct option_value *value,
                        char out[OPTION_ROOM]);

#endif
