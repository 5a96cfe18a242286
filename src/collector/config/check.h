/* SPDX-License-Identifier: MIT
 *
 * A map of a file against a table of options: the same checks, in the same words, for every file.
 */
#ifndef COLLECTOR_CONFIG_CHECK_H
#define COLLECTOR_CONFIG_CHECK_H

#include <stdbool.h>

#include "base/node.h"
#include "base/problems.h"
#include "collector/host/options.h"

/* What a map may have. */
struct check {
    const struct option_table *table;
    const char *const *others; /* keys that somebody else reads, NULL at the end; NULL: the keys are
                                  not looked at, somebody else does */
    const char *what;          /* the map in messages: "a device" */
};

/* Whether a node is of that kind; else adds that `what` is something else, and what is expected. */
bool check_kind(const struct node *node, enum node_kind kind, const char *what,
                const char *expected, struct problems *problems);

/* Fills in one value for each option from a map (NULL: nothing is set), defaults included.  What is
 * unknown, there twice, missing, or not of its option's type, range or choices goes to `problems`,
 * and the default stands in for it.  values[] is always whole, and the caller frees it.  Returns 0;
 * 1 if a required option has no value; or -1 if memory is short. */
int check_map(const struct check *check, const struct node *map, struct option_value *values,
              struct problems *problems);

#endif
