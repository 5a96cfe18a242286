/* SPDX-License-Identifier: MIT
 *
 * Each line takes as many words as fit.
 */
#include "wrap.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void print_words(FILE *out, unsigned first, unsigned rest, const char *text)
{
    size_t indent = first, column = 0; /* 0: nothing is on the line yet */

    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        size_t length = strcspn(text, " ");

        if (column > 0 && column + 1 + length > WRAP_COLUMNS) {
            fputc('\n', out);
            indent = rest;
            column = 0;
        }
        fprintf(out, "%*s%.*s", column > 0 ? 1 : (int)indent, "", (int)length, text);
        column += (column > 0 ? 1 : indent) + length;
        text += length;
    }
    fputc('\n', out);
}

void wrap_print(FILE *out, unsigned first, unsigned rest, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    if (text != NULL)
        print_words(out, first, rest, text);
    free(text);
}
