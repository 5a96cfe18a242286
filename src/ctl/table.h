/* SPDX-License-Identifier: MIT
 *
 * A listing: lines of an answer as rows, for people, or as CSV.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdio.h>

#include <jansson.h>

enum column_kind {
    COLUMN_TEXT,
    COLUMN_COUNT,
    COLUMN_SECONDS, /* a duration */
    COLUMN_PERCENT,
    COLUMN_SUMS /* an object of counts, by name: "network 12 + kernel 3", without those that are 0
                 */
};

struct column {
    const char *title; /* for people; NULL: the end of the list; "": for CSV alone */
    const char *name;  /* of the value in a line; and of the column in CSV */
    enum column_kind kind;
};

struct table {
    const struct column *columns;
    unsigned count; /* of those */
    char **cells;
    size_t rows, room;
};

void table_begin(struct table *table, const struct column *columns);

/* Adds a row.  Returns 0, or -1 if memory is short. */
int table_add(struct table *table, const json_t *line);

/* Prints all rows in columns, and frees them. */
void table_end(struct table *table, FILE *out);

/* As CSV (RFC 4180), at once. */
void table_csv_header(const struct column *columns, FILE *out);
void table_csv_row(const struct column *columns, const json_t *line, FILE *out);

/* "network 12 + kernel 3"; "-" if all are 0.  To be freed. */
char *table_sums(const json_t *object);

/* An object as CSV, a value a row, with its name. */
void table_csv_object(const char *prefix, const json_t *object, FILE *out);

#endif
