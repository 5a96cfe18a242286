/* SPDX-License-Identifier: MIT
 *
 * A YAML document as a tree of nodes.
 */
#include "node_yaml.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "text_file.h"

/* Reads the file.  Returns 0, or -1 after adding a problem. */
static int read_path(const char *path, struct text_file *bytes, struct problems *problems)
{
    char why[128];

    if (text_file_read(bytes, path, NODE_YAML_LARGEST, why, sizeof why) == 0)
        return 0;
    problems_add(problems, path, 0, 0, "cannot read: %s", why);
    return -1;
}

/* Adds what libyaml says is wrong. */
static void syntax_problem(const yaml_parser_t *parser, const char *path,
                           const struct text_file *bytes, struct problems *problems)
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
            if ((unsigned char)bytes->bytes[i] == '\n') {
                line++;
                column = 1;
            } else if (((unsigned char)bytes->bytes[i] & 0xc0) != 0x80) {
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

/* What libyaml's time grows with the square of. */
struct load {
    int depth;
    unsigned anchors, aliases, tags;
};

/* What an event says of itself beside its kind. */
static void count_event(struct load *load, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    switch (event->type) {
    case YAML_ALIAS_EVENT:
        load->aliases++;
        break;
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        load->depth++;
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        load->depth++;
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        load->depth--;
        break;
    default:
        break;
    }
    load->anchors += anchor != NULL;
    load->tags += tag != NULL;
}

/* Whether there is too much of something; adds a problem then. */
static bool is_too_much(const struct load *load, const char *path, const yaml_event_t *event,
                        struct problems *problems)
{
    const struct {
        const char *what;
        unsigned number, most;
    } limits[] = {
        {"lists and mappings nest deeper than %u; expected fewer",
         load->depth > 0 ? (unsigned)load->depth : 0, NODE_DEEPEST},
        {"there are more than %u anchors (&NAME); expected fewer", load->anchors,
         NODE_YAML_ANCHORS_MOST},
        {"there are more than %u aliases (*NAME); expected fewer", load->aliases,
         NODE_YAML_ALIASES_MOST},
        {"there are more than %u tags (!NAME); expected fewer", load->tags, NODE_YAML_TAGS_MOST},
    };
    size_t i;

    for (i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i].number <= limits[i].most)
            continue;
        problems_add(problems, path, (unsigned)event->start_mark.line + 1,
                     (unsigned)event->start_mark.column + 1, limits[i].what, limits[i].most);
        return true;
    }
    return false;
}

/* Lines that begin with '%' declare tags, mostly, and each is compared with those before it as soon
 * as it is read.  Returns whether there are too many; adds a problem then. */
static bool has_many_directives(const char *path, const struct text_file *bytes,
                                struct problems *problems)
{
    unsigned line = 1, count = 0;
    const char *at = bytes->bytes;

    for (; at != NULL; line++) {
        if (*at == '%' && ++count > NODE_YAML_TAGS_MOST) {
            problems_add(problems, path, line, 1,
                         "more than %u lines begin with '%%'; expected fewer", NODE_YAML_TAGS_MOST);
            return true;
        }
        at = memchr(at, '\n', (size_t)(bytes->bytes + bytes->size - at));
        at = at != NULL ? at + 1 : NULL;
    }
    return false;
}

/* Looks whether the real reading will be done in time.  Errors of syntax are left to that.  Returns
 * 0, or -1 after adding a problem. */
static int check_load(const char *path, const struct text_file *bytes, struct problems *problems)
{
    struct load load = {0};
    yaml_parser_t parser;
    yaml_event_t event;
    bool more = true, too_much = false;

    if (has_many_directives(path, bytes, problems))
        return -1;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        return -1;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes->bytes, bytes->size);
    while (more && !too_much && yaml_parser_parse(&parser, &event)) {
        count_event(&load, &event);
        too_much = is_too_much(&load, path, &event, problems);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return too_much ? -1 : 0;
}

/* Whatever follows the first document is an error. */
static void check_end(yaml_parser_t *parser, const char *path, const struct text_file *bytes,
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
    struct text_file bytes;
    yaml_parser_t parser;
    yaml_document_t document;
    int result = -1;

    assert(tree->blocks == NULL);
    if (read_path(path, &bytes, problems) != 0 || check_load(path, &bytes, problems) != 0)
        goto free_bytes;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        goto free_bytes;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.bytes, bytes.size);
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
    free(bytes.bytes);
    return result;
}
