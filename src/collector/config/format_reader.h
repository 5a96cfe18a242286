/* SPDX-License-Identifier: MIT
 *
 * What the readers of a format's parts share.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_READER_H
#define COLLECTOR_CONFIG_FORMAT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/node.h"
#include "base/problems.h"

/* Of one format. */
struct format_reader {
    struct node_tree *tree; /* what is read lives as long */
    struct problems *problems;
    bool little_endian; /* of what does not say */
    char separator;     /* the same; '\0': none */
};

/* Room for `count` of something, all zeroes; NULL if memory is short. */
void *format_reader_room(const struct format_reader *reader, size_t count, size_t size);

/* Whether key number `index` of a map is a text, and no key before it the same; else adds a
 * problem.  `what`: what the key is, "a type". */
bool format_reader_key(const struct format_reader *reader, const struct node *map, size_t index,
                       const char *what);

/* Whether a list or map has at most that many items; else adds a problem. */
bool format_reader_most(const struct format_reader *reader, const struct node *node, size_t most,
                        const char *what);

/* The text of a scalar that has one, which is not empty; else NULL, after adding a problem. */
const char *format_reader_text(const struct format_reader *reader, const struct node *node,
                               const char *what, const char *expected);

/* Whether a text can be the name of a field or a format; else adds a problem. */
bool format_reader_name(const struct format_reader *reader, const struct node *node,
                        const char *name, const char *what);

/* A whole number; else adds a problem. */
bool format_reader_integer(const struct format_reader *reader, const struct node *node,
                           const char *what, uint64_t *value);

/* The index of a word in a list; -1 after adding a problem with what may have been meant.  `what`
 * is what it is: "type". */
int format_reader_word(const struct format_reader *reader, const struct node *node,
                       const char *word, const char *const *words, size_t count, const char *what);

/* Items of a list, or a scalar as the only one. */
size_t format_reader_count(const struct node *node);
const struct node *format_reader_item(const struct node *node, size_t index);

#endif
