/* SPDX-License-Identifier: MIT */
#include "format_reader.h"

#include <string.h>

#include "base/suggest.h"
#include "check.h"
#include "decimal.h"

enum { NAME_LONGEST = 64 };

void *format_reader_room(const struct format_reader *reader, size_t count, size_t size)
{
    return node_tree_alloc(reader->tree, (count + 1) * size);
}

bool format_reader_key(const struct format_reader *reader, const struct node *map, size_t index,
                       const char *what)
{
    const struct node *key = map->items[index].key;
    size_t i;

    if (format_reader_text(reader, key, what, "a text") == NULL)
        return false;
    for (i = 0; i < index; i++) {
        const struct node *other = map->items[i].key;

        if (other->text == NULL || strcmp(other->text, key->text) != 0)
            continue;
        node_problem(key, reader->problems, "\"%s\" is given again; it is first on line %u",
                     key->text, other->line);
        return false;
    }
    return true;
}

bool format_reader_most(const struct format_reader *reader, const struct node *node, size_t most,
                        const char *what)
{
    if (node->count <= most)
        return true;
    node_problem(node, reader->problems, "%s: there are %zu; expected at most %zu", what,
                 node->count, most);
    return false;
}

const char *format_reader_text(const struct format_reader *reader, const struct node *node,
                               const char *what, const char *expected)
{
    if (node->kind == NODE_BAD)
        return NULL;
    if ((node->kind == NODE_WORD || node->kind == NODE_TEXT) && node->text[0] != '\0')
        return node->text;
    node_problem(node, reader->problems, "%s is %s; expected %s", what,
                 node->kind == NODE_TEXT ? "empty" : node_kind_name(node), expected);
    return NULL;
}

bool format_reader_name(const struct format_reader *reader, const struct node *node,
                        const char *name, const char *what)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-.";

    if (strchr(letters, name[0]) != NULL && name[strspn(name, all)] == '\0' &&
        strlen(name) <= NAME_LONGEST)
        return true;
    node_problem(node, reader->problems,
                 "%s \"%s\": expected a letter, then letters, digits, '_', '-' and '.', at most %d",
                 what, name, NAME_LONGEST);
    return false;
}

bool format_reader_integer(const struct format_reader *reader, const struct node *node,
                           const char *what, uint64_t *value)
{
    const char *text = format_reader_text(reader, node, what, "a whole number");

    if (text == NULL || decimal_integer(text, value))
        return text != NULL;
    node_problem(node, reader->problems,
                 "%s: \"%s\" is not a whole number of 64 bits; expected one such as 7, -1 or 0xfd",
                 what, text);
    return false;
}

int format_reader_word(const struct format_reader *reader, const struct node *node,
                       const char *word, const char *const *words, size_t count, const char *what)
{
    char hint[SUGGEST_ROOM];
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    node_problem(node, reader->problems, "unknown %s \"%s\"; %s", what, word,
                 suggest_hint(hint, sizeof hint, word, words, count));
    return -1;
}

size_t format_reader_count(const struct node *node)
{
    return node->kind == NODE_LIST ? node->count : 1;
}

const struct node *format_reader_item(const struct node *node, size_t index)
{
    return node->kind == NODE_LIST ? node->items[index].value : node;
}
