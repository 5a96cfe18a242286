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
#include "../common/values.h"

#define ROW_COLUMNS 42 /* how many there are, without those of values */

/* What the rows of a file are about. */
enum row_kind { ROW_MESSAGES, ROW_GAPS, ROW_HOLES };

/* How the values of a message that has several are laid out. */
enum row_layout {
    ROW_WIDE, /* in a column each */
    ROW_LONG  /* in a row each */
};

/* The names of all columns but those of values, NULL at the end. */
extern const char *const row_column_names[ROW_COLUMNS + 1];

/* Whether such a file can have this column, which is one of row_column_names or the name of a
 * value. */
bool row_can_have(enum row_kind kind, enum row_layout layout, const char *name);

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
    enum row_layout layout;
    const struct field **columns;          /* from left to right */
    uint32_t count;                        /* of columns */
    size_t fixed;                          /* a row has at most so many bytes... */
    size_t per_byte;                       /* ...and so many more for each byte of its payload, */
    bool with_more;                        /* and those of names and values. */
    bool with_names;                       /* there are columns for the names of device or maker */
    bool with_values;                      /* values are asked of the host */
    bool is_guarded;                       /* set behind row_open: no cell is a formula */
    bool is_default;                       /* the columns are the default ones of messages */
    const char *key;                       /* of the device of the row at hand; NULL: its id */
    const char *name;                      /* of that device; or NULL */
    const char *entry;                     /* that made it; or NULL */
    struct unix_time *times;               /* of each column that is a time */
    struct unix_time kept[2];              /* the same of the default columns */
    struct values values;                  /* and those of the row at hand */
    struct field *named;                   /* a column for each of these */
    const struct muster_value **by_column; /* those of the row at hand, by column; NULL: absent */
    const struct muster_value *one;        /* LONG: the one of the row at hand; NULL: none */
};

/* Begins a row without columns.  Returns 0, or -1 if memory is short; row_close in any case. */
int row_open(struct row *row, const struct muster_host *host, struct muster_instance *instance,
             enum row_layout layout);
void row_close(struct row *row);

/* Adds a column at the right; `name` is one of row_column_names, or of a value.  Returns 0, or -1
 * if the row has it already. */
int row_add(struct row *row, const char *name);

/* Whether there is such a column. */
bool row_knows(const struct row *row, const char *name);

/* Whether a value has that name, too, which the column of that name does not show. */
bool row_hides_value(const struct row *row, const char *name);

/* Adds the columns that such a file has by default to a row without columns. */
void row_add_default(struct row *row, enum row_kind kind);

/* The name of a value that would be a second column of its name by default; or NULL. */
const char *row_find_clash(const struct row *row);

/* Writes the first line of the file and returns its end.  It has at most so many bytes. */
size_t row_header_bound(const struct row *row);
char *row_header(const struct row *row, char *out);

/* Finds the names of the record's device and maker, and its values, for row_format.  Returns the
 * most bytes that the row has. */
size_t row_bound_of_more(struct row *row, const struct muster_record *record);

/* The most bytes that row_format writes for this record, which is the next one
 * that it is called with. */
static inline size_t row_bound(struct row *row, const struct muster_record *record)
{
    return row->with_more || (record->marks & MUSTER_MARK_KEY) != 0
               ? row_bound_of_more(row, record)
               : row->fixed + row->per_byte * record->payload_size;
}

/* Writes the row, or with ROW_LONG the rows, each with its '\n', and returns their end. */
char *row_format(struct row *row, char *out, const struct muster_record *record);

#endif
