/* SPDX-License-Identifier: MIT
 *
 * Text for a terminal of 80 columns.
 */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include <stdio.h>

#define WRAP_COLUMNS 80

/* Prints the words of a text, in lines of WRAP_COLUMNS at most; a longer word has a line of its
 * own.  The first line is indented by `first` columns, the others by `rest`.  One byte is one
 * column, and any spaces between two words are one.  Prints nothing if memory is short. */
void wrap_print(FILE *out, unsigned first, unsigned rest, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
