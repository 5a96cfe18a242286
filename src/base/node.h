/* SPDX-License-Identifier: MIT
 *
 * A file that was read, as a tree whose nodes know their place, so that every error can name it.
 * Whatever the file's format, this is what the rest of the program sees of it.
 */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "problems.h"

#define NODE_DEEPEST 32 /* lists and maps within each other */

enum node_kind {
    NODE_NULL, /* nothing, where YAML says so */
    NODE_WORD, /* without quotes: a number, true or false; in YAML any text */
    NODE_TEXT, /* in quotes */
    NODE_LIST,
    NODE_MAP,
    NODE_BAD, /* a value that cannot be used: a problem says so already */
};

/* In which syntax a node is written. */
enum node_syntax { NODE_CONF, NODE_YAML };

struct node {
    enum node_kind kind;
    enum node_syntax syntax;
    unsigned line, column; /* from 1; column 0: not known */
    const char *file;
    const char *text;              /* of a word or a text; never NULL */
    const struct node_item *items; /* of a list or a map, in the file's order */
    size_t count;                  /* of them */
};

/* A node may be the value of several items: what YAML calls an alias. */
struct node_item {
    const struct node *key; /* NULL in a list */
    const struct node *value;
};

/* Owns the nodes and their texts.  Starts as all zeroes. */
struct node_tree {
    const struct node *root; /* NULL: the file could not be read */
    struct node_block *blocks;
};

/* The value that a map has for `key`, the first one; NULL if there is none, or null. */
const struct node *node_find(const struct node *map, const char *key);

/* What a node is, in the words of its syntax: "a list", "a number", "nothing". */
const char *node_kind_name(const struct node *node);

/* Adds an error at the place of `node`. */
void node_problem(const struct node *node, struct problems *problems, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A number that is another one for other content below the node, wherever that stands; 0: there is
 * too much of it to tell.  NULL is content, too. */
uint64_t node_mark(const struct node *node);

void node_tree_free(struct node_tree *tree);

/* For the readers: memory that lives as long as the tree, all zeroes, and a copy of a text in such.
 * NULL if memory is short. */
void *node_tree_alloc(struct node_tree *tree, size_t size);
const char *node_tree_copy(struct node_tree *tree, const char *text, size_t length);

#endif
