/* SPDX-License-Identifier: MIT
 *
 * A YAML document as a tree of nodes.
 */
#include "node_yaml.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

struct bytes {
    unsigned char *data;
    size_t size;
};

/* Reads the whole file, at most one byte more than allowed.  Returns 0, or -1 and sets errno. */
static int read_all(int fd, struct bytes *bytes)
{
    size_t room = 0;

    *bytes = (struct bytes){0};
    for (;;) {
        ssize_t got;

        if (room > NODE_YAML_LARGEST && bytes->size == room)
            return 0;
        if (bytes->size == room) {
            size_t larger = room > 0 ? room * 2 : 65536;
            unsigned char *data;

            if (larger > NODE_YAML_LARGEST)
                larger = NODE_YAML_LARGEST + 1;
            data = realloc(bytes->data, larger);
            if (!data)
                return -1;
            bytes->data = data;
            room = larger;
        }
        got = read(fd, bytes->data + bytes->size, room - bytes->size);
        if (got == 0)
            return 0;
        if (got > 0)
            bytes->size += (size_t)got;
        else if (errno != EINTR)
            return -1;
    }
}

/* Opens and reads the file.  Returns 0, or -1 after adding a problem; bytes->data is to be freed
 * in both cases. */
static int read_path(const char *path, struct bytes *bytes, struct problems *problems)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed;

    *bytes = (struct bytes){0};
    if (fd < 0) {
        problems_add(problems, path, 0, 0, "cannot open: %s", strerror(errno));
        return -1;
    }
    failed = read_all(fd, bytes);
    if (failed)
        problems_add(problems, path, 0, 0, "cannot read: %s", strerror(errno));
    close(fd);
    if (!failed && bytes->size > NODE_YAML_LARGEST) {
        problems_add(problems, path, 0, 0, "larger than %u MiB; expected a smaller file",
                     NODE_YAML_LARGEST >> 20);
        return -1;
    }
    return failed;
}

/* Adds what libyaml says is wrong. */
static void syntax_problem(const yaml_parser_t *parser, const char *path, const struct bytes *bytes,
                           struct problems *problems)
{
    unsigned line = (unsigned)parser->problem_mark.line + 1;
    unsigned column = (unsigned)parser->problem_mark.column + 1;
    const char *problem = parser->problem ? parser->problem : "unknown error";
    size_t i;

    switch (parser->error) {
    case YAML_NO_ERROR: /* what it says when a document's own memory is short */
    case YAML_MEMORY_ERROR:
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        return;
    case YAML_READER_ERROR:
        /* The reader runs ahead of the marks, and tells the byte's offset instead. */
        line = column = 1;
        for (i = 0; i < parser->problem_offset && i < bytes->size; i++) {
            if (bytes->data[i] == '\n') {
                line++;
                column = 1;
            } else if ((bytes->data[i] & 0xc0) != 0x80) {
                column++;
            }
        }
        problems_add(problems, path, line, column, "%s; expected text in UTF-8", problem);
        return;
    default:
        if (parser->context)
            problems_add(problems, path, line, column, "not valid YAML: %s (line %zu): %s",
                         parser->context, parser->context_mark.line + 1, problem);
        else
            problems_add(problems, path, line, column, "not valid YAML: %s", problem);
    }
}

/* Looks how deep lists and mappings nest: libyaml's time grows with the square of it.  Errors of
 * syntax are left to the real reading.  Returns 0, or -1 after adding a problem. */
static int check_depth(const char *path, const struct bytes *bytes, struct problems *problems)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool more = true;
    int depth = 0;

    if (!yaml_parser_initialize(&parser)) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        return -1;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, bytes->data, bytes->size);
    while (more && depth <= NODE_DEEPEST && yaml_parser_parse(&parser, &event)) {
        if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
            depth++;
        else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
            depth--;
        if (depth > NODE_DEEPEST)
            problems_add(problems, path, (unsigned)event.start_mark.line + 1,
                         (unsigned)event.start_mark.column + 1,
                         "lists and mappings nest deeper than %d; expected fewer", NODE_DEEPEST);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return depth > NODE_DEEPEST ? -1 : 0;
}

/* Whatever follows the first document is an error. */
static void check_end(yaml_parser_t *parser, const char *path, const struct bytes *bytes,
                      struct problems *problems)
{
    yaml_document_t second;

    if (!yaml_parser_load(parser, &second)) {
        syntax_problem(parser, path, bytes, problems);
        return;
    }
    if (yaml_document_get_root_node(&second))
        problems_add(problems, path, (unsigned)second.start_mark.line + 1,
                     (unsigned)second.start_mark.column + 1,
                     "a second document begins here; expected only one in the file");
    yaml_document_delete(&second);
}

/* Whether a node is null: nothing, "~" or "null", without quotes. */
static bool is_null(const yaml_node_t *node)
{
    static const char *const names[] = {"", "~", "null", "Null", "NULL"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp((const char *)node->data.scalar.value, names[i]) == 0)
            return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    }
    return false;
}

/* Whether there is a control character (C0, DEL or C1), which would spoil a log or a terminal. */
static bool has_control(const unsigned char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] == 0x7f)
            return true;
        if (text[i] == 0xc2 && i + 1 < length && text[i + 1] < 0xa0)
            return true;
    }
    return false;
}

/* Whether a key can stand in a message. */
static bool is_fit(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE && node->data.scalar.length <= NODE_YAML_TEXT_LONGEST &&
           !has_control(node->data.scalar.value, node->data.scalar.length);
}

/* What a conversion works on: the nodes of the document and ours have the same numbers. */
struct converter {
    struct node_tree *tree;
    yaml_document_t *document;
    const char *file;
    struct problems *problems;
    struct node *nodes;
    const char **names; /* what a node is called in messages; NULL: not known yet */
};

static size_t number_of(const struct converter *converter, int node)
{
    assert(node > 0 && yaml_document_get_node(converter->document, node) != NULL);
    return (size_t)node - 1;
}

/* A text that is not fit for a log or a table is a problem, wherever it stands. */
static int convert_scalar(struct converter *converter, const yaml_node_t *from, size_t number)
{
    struct node *node = &converter->nodes[number];
    const char *name = converter->names[number];
    const unsigned char *text = from->data.scalar.value;
    size_t length = from->data.scalar.length;

    name = name != NULL ? name : "a text";
    node->kind = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? NODE_WORD : NODE_TEXT;
    if (length > NODE_YAML_TEXT_LONGEST) {
        node_problem(node, converter->problems, "%s has %zu bytes; expected at most %d", name,
                     length, NODE_YAML_TEXT_LONGEST);
        node->kind = NODE_BAD;
        return 0;
    }
    if (has_control(text, length)) {
        node_problem(node, converter->problems, "%s has a control character; expected plain text",
                     name);
        node->kind = NODE_BAD;
        return 0;
    }
    if (is_null(from)) {
        node->kind = NODE_NULL;
        length = 0;
    }
    node->text = node_tree_copy(converter->tree, (const char *)text, length);
    return node->text != NULL ? 0 : -1;
}

static int convert_list(struct converter *converter, const yaml_node_t *from, size_t number)
{
    const yaml_node_item_t *first = from->data.sequence.items.start;
    struct node *node = &converter->nodes[number];
    size_t count = (size_t)(from->data.sequence.items.top - first), i;
    struct node_item *items = node_tree_alloc(converter->tree, count * sizeof *items);

    if (items == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        size_t value = number_of(converter, first[i]);

        items[i].value = &converter->nodes[value];
        if (converter->names[value] == NULL)
            converter->names[value] = converter->names[number];
    }
    node->kind = NODE_LIST;
    node->items = items;
    node->count = count;
    return 0;
}

static int convert_map(struct converter *converter, const yaml_node_t *from, size_t number)
{
    const yaml_node_pair_t *first = from->data.mapping.pairs.start;
    struct node *node = &converter->nodes[number];
    size_t count = (size_t)(from->data.mapping.pairs.top - first), i;
    struct node_item *items = node_tree_alloc(converter->tree, count * sizeof *items);

    if (items == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        size_t key = number_of(converter, first[i].key);
        size_t value = number_of(converter, first[i].value);
        const yaml_node_t *name = yaml_document_get_node(converter->document, first[i].key);

        items[i].key = &converter->nodes[key];
        items[i].value = &converter->nodes[value];
        if (converter->names[key] == NULL)
            converter->names[key] = "a key";
        if (converter->names[value] == NULL && is_fit(name))
            converter->names[value] = (const char *)name->data.scalar.value;
    }
    node->kind = NODE_MAP;
    node->items = items;
    node->count = count;
    return 0;
}

static int convert_node(struct converter *converter, size_t number)
{
    const yaml_node_t *from = &converter->document->nodes.start[number];
    struct node *node = &converter->nodes[number];

    node->syntax = NODE_YAML;
    node->file = converter->file;
    node->line = (unsigned)from->start_mark.line + 1;
    node->column = (unsigned)from->start_mark.column + 1;
    switch (from->type) {
    case YAML_SEQUENCE_NODE:
        return convert_list(converter, from, number);
    case YAML_MAPPING_NODE:
        return convert_map(converter, from, number);
    default:
        return convert_scalar(converter, from, number);
    }
}

/* libyaml numbers a list or a map before what is in it, so that each node finds its name. */
static int convert(struct node_tree *tree, yaml_document_t *document, const char *path,
                   struct problems *problems)
{
    size_t count = (size_t)(document->nodes.top - document->nodes.start), i;
    struct converter converter = {
        .tree = tree,
        .document = document,
        .problems = problems,
        .file = node_tree_copy(tree, path, strlen(path)),
        .nodes = node_tree_alloc(tree, (count + 1) * sizeof *converter.nodes),
        .names = calloc(count + 1, sizeof *converter.names),
    };
    int result = -1;

    if (converter.file == NULL || converter.nodes == NULL || converter.names == NULL)
        goto done;
    /* An empty document has no node. */
    converter.nodes[0] = (struct node){.kind = NODE_NULL,
                                       .syntax = NODE_YAML,
                                       .line = 1,
                                       .column = 1,
                                       .file = converter.file,
                                       .text = ""};
    for (i = 0; i < count; i++)
        if (convert_node(&converter, i) < 0)
            goto done;
    tree->root = converter.nodes;
    result = 0;

done:
    if (result < 0)
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
    free(converter.names);
    return result;
}

int node_yaml_read(struct node_tree *tree, const char *path, struct problems *problems)
{
    struct bytes bytes;
    yaml_parser_t parser;
    yaml_document_t document;
    int result = -1;

    assert(tree->blocks == NULL);
    if (read_path(path, &bytes, problems) != 0 || check_depth(path, &bytes, problems) != 0)
        goto free_bytes;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        goto free_bytes;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, bytes.data, bytes.size);
    if (!yaml_parser_load(&parser, &document)) {
        syntax_problem(&parser, path, &bytes, problems);
        goto free_parser;
    }
    if (yaml_document_get_root_node(&document))
        check_end(&parser, path, &bytes, problems);
    result = convert(tree, &document, path, problems);
    yaml_document_delete(&document);

free_parser:
    yaml_parser_delete(&parser);
free_bytes:
    free(bytes.data);
    return result;
}
