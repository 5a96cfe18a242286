/* SPDX-License-Identifier: MIT
 *
 * The fields of a format: a list of TYPE: NAME.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_FIELDS_H
#define COLLECTOR_CONFIG_FORMAT_FIELDS_H

#include "format_reader.h"
#include "wire/format.h"

/* Reads them; `what` is what they are, "header".  What is wrong goes to the problems.  Returns 0,
 * or -1 if memory is short. */
int format_fields_read(const struct format_reader *reader, const struct node *list,
                       const char *what, struct format_fields *out);

/* Reads a type, such as "u16le" or "text:16".  Returns false after adding a problem. */
bool format_fields_type(const struct format_reader *reader, const struct node *node,
                        struct format_field *field);

/* Reads a part, "version/4", into its name, '-' or a number too, and its bits.  Returns NULL after
 * adding a problem. */
const char *format_fields_part(const struct format_reader *reader, const struct node *node,
                               uint8_t *wide);

/* Warns of names in a header that are nearly a role which it does not have.  `has_device`:
 * something else says which fields are the device. */
void format_fields_warn(const struct format_reader *reader, const struct format_fields *fields,
                        bool has_device);

/* Warns of a check that nobody verifies, and of types that nobody tells apart. `says_type`: the
 * format says what its types mean. */
void format_fields_warn_unsaid(const struct format_reader *reader, const struct format *format,
                               bool says_type);

/* One character, or the word for one: "comma", "tab".  '\0' after adding a problem. */
char format_fields_separator(const struct format_reader *reader, const struct node *node,
                             const char *text);

#endif
