/* SPDX-License-Identifier: MIT
 *
 * The types of fields by name, and what other languages call them.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_TYPES_H
#define COLLECTOR_CONFIG_FORMAT_TYPES_H

#include "format_reader.h"
#include "wire/format.h"

struct format_type_name {
    const char *name;
    enum format_type type;
    uint8_t width; /* bytes of a number; 0: it has a length of its own */
};

/* The type of the name that the first `length` characters are; NULL if there is none. */
const struct format_type_name *format_types_find(const char *name, size_t length);

/* Takes "le" or "be" off the end of a type.  Returns the length of what is in front. */
size_t format_types_order(const char *text, size_t length, bool *little_endian);

/* Adds a problem: the node's text is no type, but perhaps another language's word for one. */
void format_types_say_unknown(const struct format_reader *reader, const struct node *node);

#endif
