/* SPDX-License-Identifier: MIT
 *
 * Test vectors in YAML: look up by key, read texts, numbers and bytes.
 */
#include "yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noreturn, format(printf, 3, 4))) static void
fail(const struct vectors *vectors, const yaml_node_t *node, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%zu: ", vectors->path, node ? node->start_mark.line + 1 : 0);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void vectors_path(char *out, size_t room, const char *file)
{
    const char *top = getenv("top_srcdir");
    int length = snprintf(out, room, "%s/%s", top ? top : ".", file);

    if (length < 0 || (size_t)length >= room) {
        fprintf(stderr, "%s: the path is too long\n", file);
        exit(EXIT_FAILURE);
    }
}

void vectors_open(struct vectors *vectors, const char *file)
{
    yaml_parser_t parser;
    FILE *stream;

    vectors_path(vectors->path, sizeof vectors->path, file);
    stream = fopen(vectors->path, "rb");
    if (!stream)
        fail(vectors, NULL, "cannot open: %s", strerror(errno));
    if (!yaml_parser_initialize(&parser))
        fail(vectors, NULL, "out of memory");
    yaml_parser_set_input_file(&parser, stream);
    if (!yaml_parser_load(&parser, &vectors->document))
        fail(vectors, NULL, "line %zu: %s", parser.problem_mark.line + 1, parser.problem);
    yaml_parser_delete(&parser);
    fclose(stream);
    if (!yaml_document_get_root_node(&vectors->document))
        fail(vectors, NULL, "is empty");
}

void vectors_close(struct vectors *vectors)
{
    yaml_document_delete(&vectors->document);
}

const yaml_node_t *vectors_get(struct vectors *vectors, const yaml_node_t *mapping, const char *key)
{
    const yaml_node_t *node = mapping ? mapping : yaml_document_get_root_node(&vectors->document);
    const yaml_node_pair_t *pair;

    if (node->type != YAML_MAPPING_NODE)
        fail(vectors, node, "expected a mapping with the key \"%s\"", key);
    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&vectors->document, pair->key);

        if (strcmp(vectors_text(vectors, name), key) == 0)
            return yaml_document_get_node(&vectors->document, pair->value);
    }
    return NULL;
}

const yaml_node_t *vectors_need(struct vectors *vectors, const yaml_node_t *mapping,
                                const char *key)
{
    const yaml_node_t *value = vectors_get(vectors, mapping, key);

    if (!value)
        fail(vectors, mapping, "has no key \"%s\"", key);
    return value;
}

size_t vectors_length(struct vectors *vectors, const yaml_node_t *list)
{
    if (list->type != YAML_SEQUENCE_NODE)
        fail(vectors, list, "expected a list");
    return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

const yaml_node_t *vectors_item(struct vectors *vectors, const yaml_node_t *list, size_t index)
{
    if (index >= vectors_length(vectors, list))
        fail(vectors, list, "has no item %zu", index);
    return yaml_document_get_node(&vectors->document, list->data.sequence.items.start[index]);
}

const char *vectors_text(struct vectors *vectors, const yaml_node_t *scalar)
{
    if (scalar->type != YAML_SCALAR_NODE)
        fail(vectors, scalar, "expected a text");
    return (const char *)scalar->data.scalar.value;
}

int64_t vectors_integer(struct vectors *vectors, const yaml_node_t *scalar)
{
    const char *text = vectors_text(vectors, scalar);
    int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, base);
    if (errno != 0 || end == text || *end != '\0')
        fail(vectors, scalar, "expected a number, found \"%s\"", text);
    return value;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

size_t vectors_bytes(struct vectors *vectors, const yaml_node_t *scalar, uint8_t *out, size_t room)
{
    const char *text = vectors_text(vectors, scalar);
    size_t size = 0;

    while (*text) {
        int high, low;

        if (*text == ' ') {
            text++;
            continue;
        }
        high = hex_digit(text[0]);
        low = hex_digit(text[1]);
        if (high < 0 || low < 0)
            fail(vectors, scalar, "expected pairs of the digits 0 to 9 and a to f");
        if (size == room)
            fail(vectors, scalar, "longer than %zu bytes", room);
        out[size++] = (uint8_t)(high * 16 + low);
        text += 2;
    }
    return size;
}
