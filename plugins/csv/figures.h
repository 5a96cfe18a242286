/* SPDX-License-Identifier: MIT
 *
 * What a file of rows holds, found by reading it: how many rows, from when to when, and of which
 * devices which numbers.
 *
 * It is told from the columns that the file has, so it is the same whoever wrote the file, and
 * whatever became of him.  What no column tells is not known.
 */
#ifndef PLUGINS_CSV_FIGURES_H
#define PLUGINS_CSV_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#define FIGURES_NUMBER 24 /* bytes of a number, terminated */

/* The columns that are looked at; -1: the file does not have it. */
struct figures_columns {
    int device, type, first, last, nanos, seconds;
};

struct figures_device {
    char *key;
    uint64_t rows;
    char first[FIGURES_NUMBER],
        last[FIGURES_NUMBER]; /* of its first and last row that has one, heartbeats aside */
};

struct figures {
    uint64_t rows;
    uint64_t first_ns, last_ns; /* the earliest and the latest arrival; UINT64_MAX, 0: unknown */
    struct figures_device **devices; /* in the order of their first rows... */
    size_t device_count, device_room;
    size_t *table; /* ...and by their keys: an index + 1; 0: free */
    size_t table_size;
    struct figures_columns columns;
    char *header; /* the first line, without its end; NULL: it is not there yet */
    char *line;   /* the beginning of a line of which the rest is to come */
    size_t line_size, line_room;
};

void figures_begin(struct figures *figures);

/* Takes the next bytes of the file.  Returns 0, or -1 if memory is short. */
int figures_add(struct figures *figures, const char *bytes, size_t size);
void figures_free(struct figures *figures);

#endif
