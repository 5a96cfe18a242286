/* SPDX-License-Identifier: MIT
 *
 * A YAML file as a tree whose nodes know their line, so that every error can name its place.
 */
#include "yaml_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"

#define MOST_KEYS 16 /* of a mapping with fields */
#define DEEPEST   32 /* lists and mappings within each other */

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

        if (room > YAML_FILE_LARGEST && bytes->size == room)
            return 0;
        if (bytes->size == room) {
            size_t larger = room > 0 ? room * 2 : 65536;
            unsigned char *data;

            if (larger > YAML_FILE_LARGEST)
                larger = YAML_FILE_LARGEST + 1;
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
    if (!failed && bytes->size > YAML_FILE_LARGEST) {
        problems_add(problems, path, 0, 0, "larger than %u MiB; expected a smaller file",
                     YAML_FILE_LARGEST >> 20);
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
    while (more && depth <= DEEPEST && yaml_parser_parse(&parser, &event)) {
        if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
            depth++;
        else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
            depth--;
        if (depth > DEEPEST)
            problems_add(problems, path, (unsigned)event.start_mark.line + 1,
                         (unsigned)event.start_mark.column + 1,
                         "lists and mappings nest deeper than %d; expected fewer", DEEPEST);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return depth > DEEPEST ? -1 : 0;
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

int yaml_file_load(struct yaml_file *file, const char *path, struct problems *problems)
{
    struct bytes bytes;
    yaml_parser_t parser;
    int result = -1;

    *file = (struct yaml_file){.path = path, .problems = problems};
    if (read_path(path, &bytes, problems) != 0 || check_depth(path, &bytes, problems) != 0)
        goto free_bytes;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        goto free_bytes;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, bytes.data, bytes.size);
    if (!yaml_parser_load(&parser, &file->document)) {
        syntax_problem(&parser, path, &bytes, problems);
        goto free_parser;
    }
    if (yaml_document_get_root_node(&file->document))
        check_end(&parser, path, &bytes, problems);
    result = 0;

free_parser:
    yaml_parser_delete(&parser);
free_bytes:
    free(bytes.data);
    return result;
}

void yaml_file_free(struct yaml_file *file)
{
    yaml_document_delete(&file->document);
}

bool yaml_file_is_null(const yaml_node_t *node)
{
    static const char *const names[] = {"", "~", "null", "Null", "NULL"};
    size_t i;

    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp((const char *)node->data.scalar.value, names[i]) == 0)
            return true;
    }
    return false;
}

yaml_node_t *yaml_file_root(struct yaml_file *file)
{
    yaml_node_t *root = yaml_document_get_root_node(&file->document);

    return root && !yaml_file_is_null(root) ? root : NULL;
}

yaml_node_t *yaml_file_item(struct yaml_file *file, yaml_node_item_t item)
{
    yaml_node_t *node = yaml_document_get_node(&file->document, item);

    assert(node);
    return node;
}

unsigned yaml_file_line(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

void yaml_file_problem(const struct yaml_file *file, const yaml_node_t *node, const char *format,
                       ...)
{
    va_list arguments;

    va_start(arguments, format);
    problems_vadd(file->problems, file->path, yaml_file_line(node),
                  (unsigned)node->start_mark.column + 1, format, arguments);
    va_end(arguments);
}

const char *yaml_file_kind(const yaml_node_t *node)
{
    switch (node->type) {
    case YAML_MAPPING_NODE:
        return "a mapping";
    case YAML_SEQUENCE_NODE:
        return "a list";
    default:
        return yaml_file_is_null(node) ? "nothing" : "a text";
    }
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

const char *yaml_file_text(const struct yaml_file *file, const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_SCALAR_NODE) {
        yaml_file_problem(file, node, "%s is %s; expected a text", what, yaml_file_kind(node));
        return NULL;
    }
    if (node->data.scalar.length > YAML_FILE_TEXT_LONGEST) {
        yaml_file_problem(file, node, "%s has %zu bytes; expected at most %d", what,
                          node->data.scalar.length, YAML_FILE_TEXT_LONGEST);
        return NULL;
    }
    if (has_control(node->data.scalar.value, node->data.scalar.length)) {
        yaml_file_problem(file, node, "%s has a control character; expected plain text", what);
        return NULL;
    }
    return yaml_file_is_null(node) ? "" : (const char *)node->data.scalar.value;
}

static struct yaml_field *find_field(struct yaml_field *fields, size_t n, const char *key)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    }
    return NULL;
}

static void unknown_key(const struct yaml_file *file, const yaml_node_t *node, const char *key,
                        const char *what, const struct yaml_field *fields, size_t n)
{
    const char *known[MOST_KEYS];
    char hint[SUGGEST_ROOM];
    size_t i;

    for (i = 0; i < n; i++)
        known[i] = fields[i].key;
    yaml_file_problem(file, node, "unknown key \"%s\" in %s; %s", key, what,
                      suggest_hint(hint, sizeof hint, key, known, n));
}

bool yaml_file_fields(struct yaml_file *file, yaml_node_t *node, const char *what,
                      struct yaml_field *fields, size_t n)
{
    const yaml_node_pair_t *pair;

    assert(n <= MOST_KEYS);

    if (node->type != YAML_MAPPING_NODE) {
        yaml_file_problem(file, node, "%s is %s; expected a mapping", what, yaml_file_kind(node));
        return false;
    }
    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key_node = yaml_file_item(file, pair->key);
        yaml_node_t *value = yaml_file_item(file, pair->value);
        const char *key = yaml_file_text(file, key_node, "a key");
        struct yaml_field *field = key ? find_field(fields, n, key) : NULL;

        if (!key)
            continue;
        if (!field) {
            unknown_key(file, key_node, key, what, fields, n);
        } else if (field->line > 0) {
            yaml_file_problem(file, key_node, "key \"%s\" is given again; it is first on line %u",
                              key, field->line);
        } else {
            field->line = yaml_file_line(key_node);
            field->value = yaml_file_is_null(value) ? NULL : value;
        }
    }
    return true;
}
