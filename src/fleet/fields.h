/* SPDX-License-Identifier: MIT
 *
 * A mapping of a scenario against tables of what it may have: names, types and ranges.
 */
#ifndef FLEET_FIELDS_H
#define FLEET_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/node.h"

enum field_kind {
    FIELD_OTHER,    /* somebody else reads it */
    FIELD_WHOLE,    /* uint64_t, from min to max */
    FIELD_DURATION, /* uint64_t, ns, from min to max */
    FIELD_OFFSET,   /* int64_t, ns: a duration with a sign, `max` at most either way */
    FIELD_SHARE,    /* double, from 0 to 1, written as 5% or 0.05 */
    FIELD_TRUTH,    /* bool */
    FIELD_CHOICE,   /* int: which of `choices` */
    FIELD_TEXT,     /* const char *; lives as long as the node */
    FIELD_ADDRESS   /* const char *: an IP address; the same */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; /* where the value goes, in bytes from the start of `out` */
    uint64_t min, max;
    const char *const *choices; /* NULL ends them */
    bool required;
};

struct field_table {
    const struct field *fields;
    size_t count;
};

#define FIELD_TABLES_MOST 3
#define FIELDS_MOST       32 /* in all tables of a mapping */

/* Reads the fields that the mapping has to *out; what it does not have stays as it is there.  Adds
 * a problem for whatever is unknown, there twice, missing or wrong; `what` is the mapping in
 * messages, such as "a group". */
void fields_read(const struct node *map, const char *what, const struct field_table *tables,
                 size_t count, void *out, struct problems *problems);

/* The same for one value.  Returns false after adding a problem. */
bool fields_read_value(const struct field *field, const struct node *node, void *out,
                       struct problems *problems);

/* Whether the node is a mapping; else adds a problem. */
bool fields_is_map(const struct node *node, const char *what, struct problems *problems);

#endif
