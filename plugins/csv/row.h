/* SPDX-License-Identifier: MIT
 *
 * A record as a row of CSV: the columns there are, and how a row of them is written.
 */
#ifndef PLUGINS_CSV_ROW_H
#define PLUGINS_CSV_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "../common/fields.h"
#include "../common/unix_time.h"

#define ROW_COLUMNS 40 /* how many there are */

/* What the rows of a file are about. */
enum row_kind { ROW_MESSAGES, ROW_GAPS, ROW_HOLES };

/* The names of all columns, NULL at the end. */
extern const char *const row_column_names[ROW_COLUMNS + 1];

/* Whether such a file can have this column, which is one of row_column_names. */
bool row_can_have(enum row_kind kind, const char *name);

/* Whether this record is a row of such a file. */
static inline bool row_is(enum row_kind kind, const struct muster_record *record)
{
    if (kind == ROW_MESSAGES)
        return record->kind == MUSTER_KIND_MESSAGE;
    if (kind == ROW_HOLES)
        return record->kind == MUSTER_KIND_EVENT &&
               record->event.event == MUSTER_EVENT_SINK_DROPPED;
    return record->kind == MUSTER_KIND_EVENT &&
           ((record->event.event == MUSTER_EVENT_GAP_OPENED &&
             record->event.was != MUSTER_EVENT_NONE) ||
            record->event.event == MUSTER_EVENT_GAP_RECOVERED ||
            record->event.event == MUSTER_EVENT_GAP_LOST ||
            record->event.event == MUSTER_EVENT_GAP_TAKEN_BACK);
}

/* The columns in use, and what is remembered from one row to the next. */
struct row {
    const struct muster_host *host;
    struct muster_instance *instance;
    const struct field *columns[ROW_COLUMNS]; /* from left to right */
    uint32_t count;                           /* of columns */
    size_t fixed;                             /* a row has at most so many bytes... */
    size_t per_byte;                     /* ...and so many more for each byte of its payload, */
    bool with_names;                     /* and those of the two names. */
    bool is_default;                     /* the columns are the default ones of messages */
    const char *name;                    /* of the device of the row at hand; or NULL */
    const char *entry;                   /* that made it; or NULL */
    struct unix_time times[ROW_COLUMNS]; /* of each column that is a time */
};

/* All zeros but host and instance is a row without columns.  Adds a column at
 * the right; `name` is one of row_column_names.  Returns 0, or -1 if the row
 * has it already. */
int row_add(struct row *row, const char *name);

/* Adds the columns that such a file has by default to a row without columns. */
void row_add_default(struct row *row, enum row_kind kind);

/* Writes the first line of the file and returns its end.  It has at most
 * ROW_HEADER_MAX bytes. */
#define ROW_HEADER_MAX 512
char *row_header(const struct row *row, char *out);

/* Finds the names of the record's device and maker, for row_format.  Returns the most bytes that
 * they take. */
size_t row_bound_of_names(struct row *row, const struct muster_record *record);

/* The most bytes that row_format writes for this record, which is the next one
 * that it is called with. */
static inline size_t row_bound(struct row *row, const struct muster_record *record)
{
    size_t bound = row->fixed + row->per_byte * record->payload_size;

    return row->with_names ? bound + row_bound_of_names(row, record) : bound;
}

/* Writes the row with its '\n' and returns its end. */
char *row_format(struct row *row, char *out, const struct muster_record *record);

#endif
