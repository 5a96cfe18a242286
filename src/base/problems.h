/* SPDX-License-Identifier: MIT
 *
 * What a lower layer found wrong, with its place and what to do about it, collected so that whoever
 * is on top shows all of it at once: on standard error, in the log, or to whoever asked.
 */
#ifndef BASE_PROBLEMS_H
#define BASE_PROBLEMS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "log.h"

/* How many are kept; more are only counted. */
#define PROBLEMS_KEPT 1000

/* Starts as all zeroes. */
struct problems {
    struct problem *list; /* sorted by file, line and column */
    size_t kept;          /* in `list` */
    size_t room;          /* of `list` */
    size_t added;         /* of any level */
    size_t errors;        /* of those */
};

/* Adds an error.  `file` may be NULL; line and column count from 1, and 0 means none.  Text is
 * copied, and what shows nothing in it escaped, see text.h.  Cannot fail: if memory is short the
 * problem is only counted. */
void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
void problems_vadd(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* Adds something without a place in a file, as urgent as `level` says; what is not an error is not
 * counted as one.  `origin` is whom it is about as in log_line, or NULL. */
void problems_note(struct problems *problems, enum log_level level, const char *origin,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a warning, with its place as in problems_add. */
void problems_warn(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* How many errors were added. */
size_t problems_count(const struct problems *problems);

/* Prints a line for each, "FILE:LINE:COLUMN: TEXT", sorted by file, line and column; of the same
 * place, in the order in which they were added.  A warning with a place says that it is one. */
void problems_print(const struct problems *problems, FILE *out);

/* Writes a log line for each, in the same order, and frees what it holds. */
void problems_log(struct problems *problems, struct log *log);

/* Frees what it holds, and makes it empty. */
void problems_free(struct problems *problems);

#endif
