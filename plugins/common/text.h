/* SPDX-License-Identifier: MIT
 *
 * Bytes of a stranger as text that is safe in a file and on a terminal.
 *
 * The output is valid UTF-8 (RFC 3629) on one line.  Control characters
 * (U+0000 to U+001F, U+007F to U+009F) and bytes that are no part of valid
 * UTF-8 become \xHH, two lower-case digits a byte.  A backslash stays, unless an
 * "x" follows: then it becomes \x5c.  So "\x" in the output always begins an
 * escape, and replacing each \xHH by its byte gives back the input exactly.
 */
#ifndef PLUGINS_COMMON_TEXT_H
#define PLUGINS_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What becomes of a double quote. */
enum text_quote {
    TEXT_QUOTE_KEEP,   /* " */
    TEXT_QUOTE_DOUBLE, /* "", as RFC 4180 has it */
    TEXT_QUOTE_ESCAPE  /* \x22 */
};

/* The most bytes that text_escape writes for one byte of input. */
#define TEXT_ESCAPE_MAX 4

/* True if all bytes are printable ASCII and none is a comma, a double quote or
 * a backslash: such a text needs neither escapes nor quotes anywhere. */
bool text_is_plain(const uint8_t *bytes, size_t size);

/* The length in bytes, 1 to 4, of the UTF-8 character at the start of `bytes`,
 * or 0 if there is no valid one.  `size` is at least 1. */
size_t text_utf8_length(const uint8_t *bytes, size_t size);

/* Writes the text of `bytes` to `out`, which has room for TEXT_ESCAPE_MAX * size
 * bytes.  Returns the end of what it wrote; nothing is terminated. */
char *text_escape(char *out, const uint8_t *bytes, size_t size, enum text_quote quote);

/* Writes two lower-case hexadecimal digits a byte.  Returns the end. */
char *text_hex(char *out, const uint8_t *bytes, size_t size);

/* Copies a string without its end.  Returns the end of the copy. */
char *text_copy(char *out, const char *string);

#endif
