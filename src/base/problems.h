/* SPDX-License-Identifier: MIT
 *
 * The errors of a configuration, collected so that all of them can be shown at once.
 */
#ifndef BASE_PROBLEMS_H
#define BASE_PROBLEMS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* How many are kept; more are only counted. */
#define PROBLEMS_KEPT 1000

/* Starts as all zeroes. */
struct problems {
    struct problem *list; /* sorted by file, line and column */
    size_t kept;          /* in `list` */
    size_t room;          /* of `list` */
    size_t count;         /* added */
};

/* Adds one.  `file` may be NULL; line and column count from 1, and 0 means none.  Text is copied,
 * control characters become '?'.  Cannot fail: if memory is short the problem is only counted. */
void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
void problems_vadd(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

size_t problems_count(const struct problems *problems);

/* Prints a line for each, "FILE:LINE:COLUMN: TEXT", sorted by file, line and column; of the same
 * place, in the order in which they were added. */
void problems_print(const struct problems *problems, FILE *out);

/* Frees what it holds, and makes it empty. */
void problems_free(struct problems *problems);

#endif
