/* SPDX-License-Identifier: MIT
 *
 * Test vectors in YAML: look up by key, read texts, numbers and bytes.
 *
 * Vectors are part of the tests, so whatever is wrong with them ends the program with a message
 * that names the file and line.
 */
#ifndef COMMON_YAML_H
#define COMMON_YAML_H

#include <stddef.h>
#include <stdint.h>

#include <yaml.h>

struct vectors {
    char path[4096];
    yaml_document_t document;
};

/* Makes the path of a file of the source tree, such as "tests/vectors/wire.yaml", from the
 * environment variable top_srcdir, or "." without it. */
void vectors_path(char *out, size_t room, const char *file);

/* Reads such a file. */
void vectors_open(struct vectors *vectors, const char *file);
void vectors_close(struct vectors *vectors);

/* The value of `key` in a mapping (NULL: the outermost one).  vectors_get returns NULL if the key
 * is not there, vectors_need ends the program. */
const yaml_node_t *vectors_get(struct vectors *vectors, const yaml_node_t *mapping,
                               const char *key);
const yaml_node_t *vectors_need(struct vectors *vectors, const yaml_node_t *mapping,
                                const char *key);

/* How many items a list has, and item `index` of them. */
size_t vectors_length(struct vectors *vectors, const yaml_node_t *list);
const yaml_node_t *vectors_item(struct vectors *vectors, const yaml_node_t *list, size_t index);

/* A scalar as text, or as a number (decimal, or hexadecimal after 0x). */
const char *vectors_text(struct vectors *vectors, const yaml_node_t *scalar);
int64_t vectors_integer(struct vectors *vectors, const yaml_node_t *scalar);

/* A scalar as bytes: pairs of hexadecimal digits, with spaces between them where they help.
 * Writes at most `room` bytes to `out` and returns how many. */
size_t vectors_bytes(struct vectors *vectors, const yaml_node_t *scalar, uint8_t *out, size_t room);

#endif
