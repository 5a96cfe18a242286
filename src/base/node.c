/* SPDX-License-Identifier: MIT
 *
 * The tree of a file's nodes, and its memory.
 */
#include "node.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

/* Nodes are many and small, and go all at once. */
struct node_block {
    struct node_block *next;
    size_t used, room;
    max_align_t bytes[];
};

void *node_tree_alloc(struct node_tree *tree, size_t size)
{
    const size_t aligned = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t);
    const size_t least = BLOCK_BYTES / sizeof(max_align_t);
    struct node_block *block = tree->blocks;
    void *memory;

    if (block == NULL || block->room - block->used < aligned) {
        size_t room = aligned > least ? aligned : least;

        block = calloc(1, sizeof *block + room * sizeof *block->bytes);
        if (block == NULL)
            return NULL;
        block->room = room;
        block->next = tree->blocks;
        tree->blocks = block;
    }
    memory = &block->bytes[block->used];
    block->used += aligned;
    return memory;
}

const char *node_tree_copy(struct node_tree *tree, const char *text, size_t length)
{
    char *copy = node_tree_alloc(tree, length + 1);

    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}

void node_tree_free(struct node_tree *tree)
{
    struct node_block *block;

    while ((block = tree->blocks) != NULL) {
        tree->blocks = block->next;
        explicit_bzero(block->bytes, block->used * sizeof *block->bytes); /* may hold a secret */
        free(block);
    }
    tree->root = NULL;
}

const struct node *node_find(const struct node *map, const char *key)
{
    size_t i;

    assert(map->kind == NODE_MAP);
    for (i = 0; i < map->count; i++) {
        const struct node *found = map->items[i].key, *value = map->items[i].value;

        if (found->text != NULL && strcmp(found->text, key) == 0)
            return value->kind != NODE_NULL ? value : NULL;
    }
    return NULL;
}

const char *node_kind_name(const struct node *node)
{
    switch (node->kind) {
    case NODE_NULL:
        return "nothing";
    case NODE_LIST:
        return "a list";
    case NODE_MAP:
        return node->syntax == NODE_CONF ? "a group" : "a mapping";
    case NODE_WORD:
        if (node->syntax == NODE_CONF)
            return strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 ? "a boolean"
                                                                                       : "a number";
        /* fall through */
    default:
        return "a text";
    }
}

void node_problem(const struct node *node, struct problems *problems, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    problems_vadd(problems, node->file, node->line, node->column, format, arguments);
    va_end(arguments);
}

enum { MARK_DEPTH = 100 }; /* deeper than anything that has a meaning */

/* What a mark is made of: a hash, and how many nodes it may still be made of, since aliases can
 * stand for more of them than memory has room for, or for what they are in. */
struct mark {
    uint64_t hash;
    size_t left;
};

static void mark_text(struct mark *mark, const char *text)
{
    do /* the 0 as well; FNV-1a */
        mark->hash = (mark->hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    while (*text++ != '\0');
}

static void mark_node(struct mark *mark, const struct node *node, unsigned depth)
{
    size_t i;

    if (depth == MARK_DEPTH)
        mark->left = 0;
    if (mark->left == 0)
        return;
    mark->left--;
    if (node == NULL) {
        mark_text(mark, "");
        return;
    }
    mark->hash = (mark->hash ^ (unsigned)node->kind ^ node->count << 8) * UINT64_C(1099511628211);
    if (node->kind != NODE_LIST && node->kind != NODE_MAP)
        mark_text(mark, node->text != NULL ? node->text : ""); /* one that is refused has none */
    for (i = 0; i < node->count; i++) {
        if (node->kind == NODE_MAP)
            mark_node(mark, node->items[i].key, depth + 1);
        mark_node(mark, node->items[i].value, depth + 1);
    }
}

uint64_t node_mark(const struct node *node)
{
    struct mark mark = {.hash = UINT64_C(14695981039346656037), .left = 4u << 20};

    mark_node(&mark, node, 0);
    return mark.left == 0 ? 0 : mark.hash | 1;
}
