/* SPDX-License-Identifier: MIT
 *
 * A map of a file against a table of options.
 */
#include "check.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

bool check_kind(const struct node *node, enum node_kind kind, const char *what,
                const char *expected, struct problems *problems)
{
    if (node->kind == kind)
        return true;
    if (node->kind != NODE_BAD)
        node_problem(node, problems, "%s is %s; expected %s", what, node_kind_name(node), expected);
    return false;
}

/* ---- Keys ----------------------------------------------------------------------------- */

/* The names that a map may have: the others' first, and at the end those that are not to be used
 * any more, `former` of them. */
static size_t list_names(const struct check *check, const char **names, size_t *former)
{
    size_t count = 0, known;
    uint32_t i;

    for (; check->others[count] != NULL; count++)
        names[count] = check->others[count];
    for (i = 0; i < check->table->count; i++)
        names[count++] = option_at(check->table, i).name;
    known = count;
    for (i = 0; i < check->table->count; i++)
        if (option_at(check->table, i).alias != NULL)
            names[count++] = option_at(check->table, i).alias;
    *former = count - known;
    return count;
}

static size_t find_name(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static void say_unknown(const struct check *check, const struct node *key, const char *const *names,
                        size_t count, struct problems *problems)
{
    char hint[OPTION_ROOM];

    node_problem(key, problems, "%s has no setting \"%s\"; %s", check->what, key->text,
                 suggest_hint(hint, sizeof hint, key->text, names, count));
}

/* Looks for keys that are unknown or there twice.  Returns 0, or -1 if memory is short. */
static int check_keys(const struct check *check, const struct node *map, struct problems *problems)
{
    size_t room = 2 * (size_t)check->table->count, others = 0, count, former, i;
    const char **names;
    const struct node **firsts;
    int result = -1;

    while (check->others[others] != NULL)
        others++;
    room += others;
    names = calloc(room + 1, sizeof *names);
    firsts = calloc(room + 1, sizeof *firsts); /* where the map has the name */
    if (names == NULL || firsts == NULL)
        goto done;
    count = list_names(check, names, &former);
    for (i = 0; i < map->count; i++) {
        const struct node *key = map->items[i].key;
        size_t at;

        if (key->text == NULL) {
            check_kind(key, NODE_TEXT, "a key", "a text", problems);
            continue;
        }
        at = find_name(names, count, key->text);
        if (at == count)
            say_unknown(check, key, names, count - former, problems);
        else if (firsts[at] != NULL)
            node_problem(key, problems, "setting \"%s\" is given again; it is first on line %u",
                         key->text, firsts[at]->line);
        else
            firsts[at] = key;
    }
    result = 0;

done:
    free(firsts);
    free(names);
    return result;
}

/* ---- Values --------------------------------------------------------------------------- */

static bool is_choice(const struct muster_option *option, const char *text)
{
    uint32_t i;

    for (i = 0; option->choices[i] != NULL; i++)
        if (strcmp(option->choices[i], text) == 0)
            return true;
    return false;
}

/* In YAML quotes make no difference. */
static bool is_text_form(const struct node *node)
{
    return node->kind == NODE_TEXT || (node->syntax == NODE_YAML && node->kind == NODE_WORD);
}

/* Whether a node has the form of a value.  A list of one may be a text alone.  In YAML a choice may
 * be a number, true or false, which have no quotes. */
static bool has_form(const struct node *node, const struct muster_option *option)
{
    const bool is_yaml = node->syntax == NODE_YAML;
    const bool is_word = node->kind == NODE_WORD || (is_yaml && node->kind == NODE_TEXT);
    const bool is_text = is_text_form(node);

    switch (option->type) {
    case MUSTER_OPTION_BOOL:
    case MUSTER_OPTION_INT:
        return is_word;
    case MUSTER_OPTION_SIZE:
    case MUSTER_OPTION_DURATION:
    case MUSTER_OPTION_REAL:
        return is_word || is_text;
    case MUSTER_OPTION_LIST:
        return node->kind == NODE_LIST || is_text;
    case MUSTER_OPTION_CHOICE:
        return is_text || (is_word && is_choice(option, node->text));
    default:
        return is_text;
    }
}

static int read_item(const struct muster_option *option, const struct node *node,
                     struct option_value *value, struct problems *problems)
{
    char text[OPTION_ROOM];
    int result;

    if (node->kind == NODE_BAD)
        return 1;
    if (!is_text_form(node)) {
        node_problem(node, problems, "%s: an item is %s; expected %s", option->name,
                     node_kind_name(node), option_form(option, text));
        return 1;
    }
    result = option_read_item(option, node->text, value, text);
    if (result > 0)
        node_problem(node, problems, "%s: %s", option->name, text);
    return result;
}

/* Every item is looked at, so that all that is wrong is said. */
static int read_list(const struct muster_option *option, const struct node *node,
                     struct option_value *value, struct problems *problems)
{
    int result = 0, item;
    size_t i;

    if (node->kind != NODE_LIST)
        return read_item(option, node, value, problems);
    for (i = 0; i < node->count; i++) {
        item = read_item(option, node->items[i].value, value, problems);
        if (item < 0)
            return -1;
        if (item > 0)
            result = 1;
    }
    return result;
}

/* Returns 0, 1 if the value is of no use, or -1 if memory is short. */
static int read_value(const struct muster_option *option, const struct node *node,
                      struct option_value *value, struct problems *problems)
{
    char text[OPTION_ROOM];
    int result;

    value->line = node->line;
    if (node->kind == NODE_BAD)
        return 1;
    if (!has_form(node, option)) {
        node_problem(node, problems, "%s is %s; expected %s", option->name, node_kind_name(node),
                     option_form(option, text));
        return 1;
    }
    if (option->type == MUSTER_OPTION_LIST)
        return read_list(option, node, value, problems);
    result = option_read(option, node->text, value, text);
    if (result > 0)
        node_problem(node, problems, "%s: %s", option->name, text);
    return result;
}

static void say_missing(const struct check *check, const struct muster_option *option,
                        const struct node *map, struct problems *problems)
{
    char form[OPTION_ROOM];

    node_problem(map, problems, "%s needs the setting \"%s\" (%s): %s", check->what, option->name,
                 option_form(option, form), option->summary);
}

/* The value of an option, under the name that it has or had once; NULL if there is none. */
static const struct node *find_value(const struct muster_option *option, const struct node *map,
                                     struct problems *problems)
{
    const struct node *node = node_find(map, option->name);
    const struct node *former = option->alias != NULL ? node_find(map, option->alias) : NULL;

    if (former == NULL)
        return node;
    if (node == NULL) {
        problems_warn(
            problems, former->file, former->line, former->column,
            "setting \"%s\" is called \"%s\" now; it is still read under its former name, "
            "but rename it",
            option->alias, option->name);
        return former;
    }
    node_problem(
        former, problems,
        "setting \"%s\" is the former name of \"%s\", which is on line %u; expected one of "
        "them",
        option->alias, option->name, node->line);
    return node;
}

/* Returns 0, or -1 if memory is short. */
static int read_fallback(const struct muster_option *option, const struct node *map,
                         struct option_value *value, struct problems *problems)
{
    char why[OPTION_ROOM];
    int result = option_read_fallback(option, value, why);

    if (result > 0)
        problems_add(problems, map != NULL ? map->file : NULL, map != NULL ? map->line : 0, 0,
                     "%s: its default \"%s\": %s", option->name, option->fallback, why);
    return result < 0 ? -1 : 0;
}

int check_map(const struct check *check, const struct node *map, struct option_value *values,
              struct problems *problems)
{
    int result = 0;
    uint32_t i;

    assert(map == NULL || map->kind == NODE_MAP);
    memset(values, 0, check->table->count * sizeof *values);
    if (map != NULL && check->others != NULL && check_keys(check, map, problems) < 0)
        return -1;
    for (i = 0; i < check->table->count; i++) {
        const struct muster_option option = option_at(check->table, i);
        const struct node *node = map != NULL ? find_value(&option, map, problems) : NULL;
        const bool is_required = (option.flags & MUSTER_OPTION_REQUIRED) != 0;
        int wrong = node != NULL ? read_value(&option, node, &values[i], problems) : 1;

        if (wrong < 0)
            return -1;
        if (wrong == 0)
            continue;
        if (is_required)
            result = 1;
        if (is_required && node == NULL) {
            assert(map != NULL); /* a required option is one of a map that is there */
            say_missing(check, &option, map, problems);
        }
        option_clear(&values[i]);
        if (read_fallback(&option, map, &values[i], problems) < 0)
            return -1;
    }
    return result;
}
