/* SPDX-License-Identifier: MIT
 *
 * libconfig's settings as a tree of nodes.
 */
#include "node_conf.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libconfig.h>

#include "base/thread.h"

#include "base/real.h"
#include "conf_text.h"

/* What a conversion works on. */
struct reader {
    struct node_tree *tree;
    const char *path;
    struct problems *problems;
    const struct conf_text *text;
    const char *source, *file; /* the file of the setting before: the text's name, and our copy */
    unsigned depth;
};

static int no_memory(const struct reader *reader)
{
    problems_add(reader->problems, reader->path, 0, 0, "cannot read: out of memory");
    return -1;
}

static const char *copy(struct reader *reader, const char *text)
{
    return node_tree_copy(reader->tree, text, strlen(text));
}

/* The text's name of the file lives as long as the text, ours as long as the tree. */
static const char *file_of(struct reader *reader, const char *source)
{
    if (source != reader->source) {
        reader->source = source;
        reader->file = copy(reader, source);
    }
    return reader->file;
}

/* A real number always looks like one, so that it is not taken for a whole one. */
static void format_real(double value, char *out, size_t room)
{
    char text[REAL_ROOM];

    if (!isfinite(value)) {
        snprintf(out, room, "%s1e999", value < 0 ? "-" : ""); /* it is written too large */
        return;
    }
    real_format(text, value);
    snprintf(out, room, "%s%s", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

static const char *scalar_text(const config_setting_t *setting, char *out, size_t room)
{
    const char *text;

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        text = config_setting_get_string(setting);
        return text != NULL ? text : "";
    case CONFIG_TYPE_BOOL:
        return config_setting_get_bool(setting) ? "true" : "false";
    case CONFIG_TYPE_FLOAT:
        format_real(config_setting_get_float(setting), out, room);
        return out;
    default:
        snprintf(out, room, "%lld", config_setting_get_int64(setting));
        return out;
    }
}

static int convert(struct reader *reader, const config_setting_t *setting, struct node *node);

static int convert_items(struct reader *reader, const config_setting_t *setting, struct node *node)
{
    size_t count = (size_t)config_setting_length(setting), i;
    struct node_item *items = node_tree_alloc(reader->tree, count * sizeof *items);
    struct node *nodes = node_tree_alloc(reader->tree, 2 * count * sizeof *nodes);

    if (items == NULL || nodes == NULL)
        return no_memory(reader);
    if (++reader->depth > NODE_DEEPEST) {
        node_problem(node, reader->problems, "lists and groups nest deeper than %d; expected fewer",
                     NODE_DEEPEST);
        return -1;
    }
    for (i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct node *value = &nodes[2 * i], *key = &nodes[2 * i + 1];

        if (convert(reader, item, value) < 0)
            return -1;
        items[i].value = value;
        if (node->kind != NODE_MAP)
            continue;
        *key = *value;
        key->kind = NODE_TEXT;
        key->items = NULL;
        key->count = 0;
        key->text = copy(reader, config_setting_name(item));
        if (key->text == NULL)
            return no_memory(reader);
        items[i].key = key;
    }
    reader->depth--;
    node->items = items;
    node->count = count;
    return 0;
}

static int convert(struct reader *reader, const config_setting_t *setting, struct node *node)
{
    const unsigned line = config_setting_source_line(setting); /* the outermost group has none */
    const struct conf_line place = conf_text_place(reader->text, line);
    const char *name = config_setting_name(setting);
    char number[64];

    node->syntax = NODE_CONF;
    node->line = place.number;
    node->file = file_of(reader, place.file);
    if (node->file == NULL)
        return no_memory(reader);
    if (config_setting_is_aggregate(setting)) {
        node->kind = config_setting_is_group(setting) ? NODE_MAP : NODE_LIST;
        return convert_items(reader, setting, node);
    }
    node->kind = config_setting_type(setting) == CONFIG_TYPE_STRING ? NODE_TEXT : NODE_WORD;
    node->text = copy(reader, scalar_text(setting, number, sizeof number));
    if (node->text == NULL)
        return no_memory(reader);
    if (node->kind == NODE_WORD && name != NULL && conf_text_is_cut(reader->text, line, name))
        node->kind = NODE_BAD;
    return 0;
}

/* What libconfig could not read. */
static void add_syntax_error(const struct reader *reader, const config_t *config)
{
    const struct conf_line place =
        conf_text_place(reader->text, (unsigned)config_error_line(config));
    const char *text = config_error_text(config);

    problems_add(reader->problems, place.file, place.number, 0, "%s%s", text,
                 strcmp(text, "syntax error") == 0
                     ? "; what is before this line may lack a ';' or a closing ')' or '}'"
                     : "");
}

static int convert_root(struct reader *reader, const config_t *config)
{
    struct node *root = node_tree_alloc(reader->tree, sizeof *root);

    if (root == NULL)
        return no_memory(reader);
    if (convert(reader, config_root_setting(config), root) < 0)
        return -1;
    reader->tree->root = root;
    return 0;
}

static int parse(struct node_tree *tree, const struct conf_text *text, const char *path,
                 struct problems *problems)
{
    struct reader reader = {.tree = tree, .path = path, .problems = problems, .text = text};
    config_t config;
    int result = -1;
    bool is_read;

    config_init(&config);
    is_read = config_read_string(&config, text->bytes) == CONFIG_TRUE;
    thread_settle();
    if (is_read)
        result = convert_root(&reader, &config);
    else
        add_syntax_error(&reader, &config);
    config_destroy(&config);
    return result;
}

int node_conf_read(struct node_tree *tree, const char *path, struct problems *problems)
{
    struct conf_text text;
    int result = conf_text_read(&text, path, problems);

    assert(tree->blocks == NULL);
    if (result == 0)
        result = parse(tree, &text, path, problems);
    conf_text_free(&text);
    return result;
}

int node_conf_parse(struct node_tree *tree, const char *text, const char *file,
                    struct problems *problems)
{
    struct conf_text whole = {0};
    int result = conf_text_take(&whole, text, file, problems);

    assert(tree->blocks == NULL);
    if (result == 0)
        result = parse(tree, &whole, file, problems);
    conf_text_free(&whole);
    return result;
}
