/* SPDX-License-Identifier: MIT
 *
 * Bytes of a stranger as text that is safe in a file and on a terminal.
 *
 * The output is valid UTF-8 (RFC 3629) on one line.  What is no character that shows something
 * (printable.h), bytes that are no part of valid UTF-8, marks that stand on nothing, and those
 * beyond the first TEXT_MARKS_MOST on one character become \xHH, two lower-case digits a byte.  A
 * backslash stays, unless an "x" follows: then it becomes \x5c.  So "\x" in the output always
 * begins an escape, and replacing each \xHH by its byte gives back the input exactly.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What becomes of a double quote. */
enum text_quote {
    TEXT_QUOTE_KEEP,   /* " */
    TEXT_QUOTE_DOUBLE, /* "", as RFC 4180 has it */
    TEXT_QUOTE_ESCAPE, /* \x22 */
    TEXT_QUOTE_NOTHING /* it stays, and so does a backslash: parts of the text are escaped already
                        */
};

/* The most bytes that text_escape writes for one byte of input. */
#define TEXT_ESCAPE_MAX 4

/* As many marks as languages put on one letter; more can be stacked over the lines around. */
#define TEXT_MARKS_MOST 4

/* True if all bytes are printable ASCII and none is a comma, a double quote or
 * a backslash: such a text needs neither escapes nor quotes anywhere. */
bool text_is_plain(const uint8_t *bytes, size_t size);

/* The length in bytes, 1 to 4, of the UTF-8 character at the start of `bytes`,
 * or 0 if there is no valid one.  `size` is at least 1. */
size_t text_utf8_length(const uint8_t *bytes, size_t size);

/* Writes the text of `bytes` to `out`, which has room for TEXT_ESCAPE_MAX * size
 * bytes.  Returns the end of what it wrote; nothing is terminated. */
char *text_escape(char *out, const uint8_t *bytes, size_t size, enum text_quote quote);

/* The same of as much as has room, with a zero at its end; quotes are not doubled.  Returns how
 * many bytes of the input that is. */
size_t text_fit(char *out, size_t room, const void *bytes, size_t size, enum text_quote quote);

/* Writes what stands between the quotes of a string of JSON, which has room for TEXT_JSON_MAX *
 * size bytes.  A character that text_escape would escape is \uXXXX, or two of them; a byte that is
 * no part of valid UTF-8 is the text \xHH.  Returns the end. */
#define TEXT_JSON_MAX 6
char *text_json(char *out, const uint8_t *bytes, size_t size);

/* Prints a string of JSON, with its quotes. */
void text_print_json(FILE *out, const char *text);

/* Writes two lower-case hexadecimal digits a byte.  Returns the end. */
char *text_hex(char *out, const uint8_t *bytes, size_t size);

/* Copies a string without its end.  Returns the end of the copy. */
char *text_copy(char *out, const char *string);

#endif
