/* SPDX-License-Identifier: MIT
 *
 * What a file says of formats becomes descriptions of them: wire/format.h.
 */
#ifndef COLLECTOR_CONFIG_FORMATS_H
#define COLLECTOR_CONFIG_FORMATS_H

#include <stdio.h>

#include "base/node.h"
#include "base/problems.h"
#include "wire/format.h"

/* One that was read, and the examples that go with it. */
struct formats_one {
    struct format format;
    const struct node *examples; /* a list of at most FORMAT_EXAMPLES_MOST; NULL: there are none */
};

struct formats {
    const struct formats_one *list;
    size_t count;
};

/* Reads a mapping of names to formats.  All that is wrong goes to `problems`; a format of which
 * something is wrong is not among those in *out.  They live as long as the tree.  Returns 0, or -1
 * if memory is short. */
int formats_read(struct formats *out, struct node_tree *tree, const struct node *map,
                 struct problems *problems);

/* Prints what the file may say, from the tables that it is checked against. */
void formats_describe(FILE *out);

#endif
