/* SPDX-License-Identifier: MIT
 *
 * A record as a row of CSV: the columns there are, and how a row of them is written.
 */
#include "row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../common/number.h"
#include "../common/text.h"
#include "cell.h"

/* ---- Columns -------------------------------------------------------------------------- */

const char *const row_column_names[ROW_COLUMNS + 1] = {
    fields[FIELD_DEVICE_ID].name,
    fields[FIELD_SEQ_NUM].name,
    fields[FIELD_TIMESTAMP].name,
    fields[FIELD_MSG_TYPE].name,
    fields[FIELD_VALUE].name,
    fields[FIELD_DUPLICATE_FLAG].name,
    fields[FIELD_GAP_FLAG].name,
    fields[FIELD_ARRIVAL_TIME].name,
    fields[FIELD_ARRIVAL_NS].name,
    fields[FIELD_SEQ].name,
    fields[FIELD_VERDICT].name,
    fields[FIELD_GAP].name,
    fields[FIELD_FLAGS].name,
    fields[FIELD_SOURCE].name,
    fields[FIELD_SOURCE_PORT].name,
    fields[FIELD_DATAGRAM_SIZE].name,
    fields[FIELD_READING].name,
    fields[FIELD_READINGS].name,
    fields[FIELD_PAYLOAD].name,
    fields[FIELD_DEVICE_NAME].name,
    fields[FIELD_FIRST].name,
    fields[FIELD_LAST].name,
    fields[FIELD_COUNT].name,
    fields[FIELD_OPENED].name,
    fields[FIELD_CLOSED].name,
    fields[FIELD_OUTCOME].name,
    fields[FIELD_CAUSE].name,
    fields[FIELD_TRANSIT].name,
    fields[FIELD_JITTER].name,
    fields[FIELD_CLOCK_OFFSET].name,
    fields[FIELD_CLOCK_DRIFT].name,
    fields[FIELD_CLOCK_DRIFT_ERROR].name,
    fields[FIELD_ORIGIN].name,
    fields[FIELD_SINK].name,
    fields[FIELD_SINCE].name,
    fields[FIELD_UNTIL].name,
    fields[FIELD_REASON].name,
    fields[FIELD_DROPPED_BEFORE].name,
    fields[FIELD_FIELD].name,
    fields[FIELD_UNIT].name,
    fields[FIELD_UNKNOWN].name,
    fields[FIELD_LAST_HEARD].name,
    NULL,
};

enum { DEFAULTS = 8 }; /* columns that a file has if none are chosen */

static const uint8_t defaults_of_messages[DEFAULTS] = {
    FIELD_DEVICE_ID, FIELD_SEQ_NUM,        FIELD_TIMESTAMP, FIELD_MSG_TYPE,
    FIELD_VALUE,     FIELD_DUPLICATE_FLAG, FIELD_GAP_FLAG,  FIELD_ARRIVAL_TIME};

/* The same with ROW_LONG. */
static const uint8_t defaults_of_values[] = {
    FIELD_DEVICE_ID, FIELD_SEQ_NUM, FIELD_TIMESTAMP,      FIELD_MSG_TYPE, FIELD_FIELD,
    FIELD_VALUE,     FIELD_UNIT,    FIELD_DUPLICATE_FLAG, FIELD_GAP_FLAG, FIELD_ARRIVAL_TIME};

/* A file of gaps can have these, and the device's name. */
static const uint8_t defaults_of_gaps[] = {FIELD_DEVICE_ID, FIELD_FIRST,      FIELD_LAST,
                                           FIELD_COUNT,     FIELD_LAST_HEARD, FIELD_OPENED,
                                           FIELD_CLOSED,    FIELD_OUTCOME,    FIELD_CAUSE};

static const uint8_t defaults_of_holes[] = {FIELD_SINK, FIELD_SINCE, FIELD_UNTIL, FIELD_COUNT,
                                            FIELD_REASON};

static const uint8_t *defaults_of(enum row_kind kind, enum row_layout layout, uint32_t *count)
{
    *count = DEFAULTS;
    if (kind == ROW_MESSAGES && layout == ROW_WIDE)
        return defaults_of_messages;
    if (kind == ROW_MESSAGES) {
        *count = sizeof defaults_of_values;
        return defaults_of_values;
    }
    if (kind == ROW_GAPS) {
        *count = sizeof defaults_of_gaps;
        return defaults_of_gaps;
    }
    *count = sizeof defaults_of_holes;
    return defaults_of_holes;
}

/* What a name means that is no value's: a file that is not long has no `field` and no `unit`. */
static const struct field *find(enum row_layout layout, const char *name)
{
    const struct field *field = fields_find(name);

    return field != NULL && layout == ROW_WIDE &&
                   (field->type == FIELD_TYPE_FIELD || field->type == FIELD_TYPE_UNIT)
               ? NULL
               : field;
}

bool row_can_have(enum row_kind kind, enum row_layout layout, const char *name)
{
    const struct field *field = find(layout, name);

    if (field == NULL)
        return kind == ROW_MESSAGES && layout == ROW_WIDE;
    if (kind == ROW_MESSAGES)
        return (field->kinds & MUSTER_TAKES_MESSAGES) != 0;
    if (kind == ROW_HOLES)
        return memchr(defaults_of_holes, (int)(field - fields), sizeof defaults_of_holes) != NULL;
    return field->type == FIELD_TYPE_NAME ||
           memchr(defaults_of_gaps, (int)(field - fields), sizeof defaults_of_gaps) != NULL;
}

int row_open(struct row *row, const struct muster_host *host, struct muster_instance *instance,
             enum row_layout layout)
{
    uint32_t i, count;

    *row = (struct row){.host = host, .instance = instance, .layout = layout};
    if (values_open(&row->values, host, instance) != 0)
        return -1;
    count = row->values.column_count;
    row->columns = calloc(ROW_COLUMNS + count, sizeof *row->columns);
    row->times = calloc(ROW_COLUMNS + count, sizeof *row->times);
    row->named = calloc(count, sizeof *row->named);
    row->by_column = calloc(count, sizeof *row->by_column);
    if (row->columns == NULL || row->times == NULL || row->named == NULL || row->by_column == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        row->named[i].type = FIELD_TYPE_NAMED;
        row->named[i].kinds = MUSTER_TAKES_MESSAGES;
    }
    return 0;
}

void row_close(struct row *row)
{
    values_close(&row->values);
    free(row->columns);
    free(row->times);
    free(row->named);
    free(row->by_column);
}

static bool is_default(const struct row *row)
{
    uint32_t i;

    if (row->with_values || row->is_guarded)
        return false;
    for (i = 0; i < row->count && i < DEFAULTS; i++)
        if (row->columns[i] != &fields[defaults_of_messages[i]])
            return false;
    return row->count == DEFAULTS;
}

/* One that is no column yet. */
static void append(struct row *row, const struct field *field)
{
    row->columns[row->count++] = field;
    row->fixed += cell_max[field->type].fixed + 2u; /* its comma, and its guard */
    row->per_byte += cell_max[field->type].per_byte;
    row->with_names |= field->type == FIELD_TYPE_NAME || field->type == FIELD_TYPE_ENTRY;
    row->with_values |= field->type == FIELD_TYPE_NAMED || field->type == FIELD_TYPE_FIELD ||
                        field->type == FIELD_TYPE_UNIT ||
                        (field->type == FIELD_TYPE_VALUE &&
                         (row->layout == ROW_LONG || values_are_declared(&row->values)));
    row->with_more = row->with_names || row->with_values;
    row->is_default = is_default(row);
}

static int add(struct row *row, const struct field *field)
{
    uint32_t i;

    for (i = 0; i < row->count; i++)
        if (row->columns[i] == field)
            return -1;
    append(row, field);
    return 0;
}

int row_add(struct row *row, const char *name)
{
    const struct field *field = find(row->layout, name);
    int64_t column;

    if (field != NULL)
        return add(row, field);
    column = values_find(&row->values, name);
    if (column >= 0)
        return add(row, &row->named[column]);
    field = fields_find(name);
    assert(field != NULL);
    return add(row, field);
}

bool row_knows(const struct row *row, const char *name)
{
    return find(row->layout, name) != NULL || values_find(&row->values, name) >= 0;
}

/* Whether a value of that name would be a second column of it. */
static bool is_taken(const char *name)
{
    uint32_t i;

    for (i = 0; i < DEFAULTS; i++)
        if (strcmp(fields[defaults_of_messages[i]].name, name) == 0)
            return true;
    return false;
}

void row_add_default(struct row *row, enum row_kind kind)
{
    uint32_t count, i;
    const uint8_t *defaults = defaults_of(kind, row->layout, &count);

    for (i = 0; i < count; i++)
        append(row, &fields[defaults[i]]);
    if (kind != ROW_MESSAGES || row->layout != ROW_WIDE)
        return;
    for (i = 1; i < row->values.column_count; i++)
        if (!is_taken(row->values.columns[i].name))
            append(row, &row->named[i]);
}

bool row_hides_value(const struct row *row, const char *name)
{
    return strcmp(name, "value") != 0 && find(row->layout, name) != NULL &&
           values_find(&row->values, name) >= 0;
}

const char *row_find_clash(const struct row *row)
{
    uint32_t i;

    for (i = 1; i < row->values.column_count; i++)
        if (is_taken(row->values.columns[i].name))
            return row->values.columns[i].name;
    return NULL;
}

static const char *name_of(const struct row *row, const struct field *column)
{
    return column->type == FIELD_TYPE_NAMED ? row->values.columns[column - row->named].name
                                            : column->name;
}

size_t row_header_bound(const struct row *row)
{
    size_t bound = 1;
    uint32_t i;

    for (i = 0; i < row->count; i++)
        bound += TEXT_ESCAPE_MAX * strlen(name_of(row, row->columns[i])) + sizeof "\"\",";
    return bound;
}

char *row_header(const struct row *row, char *out)
{
    uint32_t i;

    for (i = 0; i < row->count; i++) {
        const char *name = name_of(row, row->columns[i]);

        out = cell_text(out, (const uint8_t *)name, strlen(name));
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}

/* ---- A row ---------------------------------------------------------------------------- */

static size_t bound_of_name(const char *name)
{
    return name == NULL ? 0 : TEXT_ESCAPE_MAX * strlen(name);
}

static size_t bound_of_names(struct row *row, const struct muster_record *record)
{
    row->name = fields_device_name(row->host, row->instance, record);
    row->entry = fields_entry_name(row->host, row->instance, record);
    return bound_of_name(row->name) + bound_of_name(row->entry);
}

/* Finds the record's values.  What there is of each beyond the columns' own bytes. */
static size_t bound_of_values(struct row *row, const struct muster_record *record)
{
    size_t bound = 0;
    uint32_t i;

    for (i = 0; i < row->values.count; i++) /* of the record before */
        if (row->values.found[i].column < row->values.column_count)
            row->by_column[row->values.found[i].column] = NULL;
    values_get(&row->values, record);
    for (i = 0; i < row->values.count; i++) {
        const struct muster_value *value = &row->values.found[i];

        if (value->type == MUSTER_VALUE_NONE)
            continue;
        if (value->column < row->values.column_count)
            row->by_column[value->column] = value;
        if (value->type == MUSTER_VALUE_TEXT || value->type == MUSTER_VALUE_BYTES)
            bound += TEXT_ESCAPE_MAX * (size_t)value->bytes_size;
        if (row->layout == ROW_LONG)
            bound += bound_of_name(value->name) + bound_of_name(value->unit);
    }
    return bound;
}

size_t row_bound_of_more(struct row *row, const struct muster_record *record)
{
    size_t bound = row->fixed + row->per_byte * record->payload_size, rows = 1, values = 0;

    row->key = fields_device_key(row->host, row->instance, record);
    if (row->key != NULL)
        bound += 2 + bound_of_name(row->key);
    if (row->with_names)
        bound += bound_of_names(row, record);
    if (row->with_values)
        values = bound_of_values(row, record);
    if (row->layout == ROW_LONG && row->values.count > 1)
        rows = row->values.count;
    return rows * bound + values;
}

/* What the built-in format does not have. */
__attribute__((noinline)) static char *put_other_value(char *out,
                                                       const struct muster_record *record)
{
    struct field_value value;

    fields_get(&fields[FIELD_VALUE], record, &value);
    return cell_value(out, &value);
}

static inline char *put_value(char *out, const struct muster_record *record)
{
    switch (record->value_type) {
    case MUSTER_VALUE_TEXT:
        return cell_text(out, record->payload.bytes, record->payload_size);
    case MUSTER_VALUE_INT:
        return number_i64(out, record->value.integer);
    case MUSTER_VALUE_REAL:
        return number_real(out, record->value.real);
    default:
        return put_other_value(out, record);
    }
}

/* One that the host has found; or NULL. */
__attribute__((noinline)) static char *put_found(char *out, const struct muster_value *value)
{
    struct field_value found;

    if (value == NULL)
        return out;
    values_show(value, &found);
    return cell_value(out, &found);
}

static inline char *put_flag(char *out, bool is_set)
{
    *out = is_set ? '1' : '0';
    return out + 1;
}

/* By the device's clock, which may be before the epoch. */
static inline char *put_seconds(char *out, int64_t ns, struct unix_time *kept)
{
    return ns < 0 ? number_i64(out, unix_time_floor(ns))
                  : unix_time_seconds(out, (uint64_t)ns, kept);
}

static char *put_name(char *out, const char *name)
{
    return name == NULL ? out : cell_text(out, (const uint8_t *)name, strlen(name));
}

/* What this sink has missed of the record's device just before; a host of version 1.0 may not say.
 */
static uint64_t dropped_before(const struct row *row, const struct muster_record *record)
{
    return MUSTER_HOST_HAS(row->host, dropped_before)
               ? row->host->dropped_before(row->instance, record)
               : 0;
}

static inline char *put_device(const struct row *row, char *out, const struct muster_record *record)
{
    if ((record->marks & MUSTER_MARK_DEVICE) == 0)
        return out;
    return (record->marks & MUSTER_MARK_KEY) == 0 ? number_u64(out, record->device_id)
                                                  : cell_key(out, row->key);
}

/* The cell of column `i`: what most rows have at one jump, the rest by way of cell_value. */
__attribute__((always_inline)) static inline char *put(struct row *row, uint32_t i, char *out,
                                                       const struct muster_record *record)
{
    const struct field *field = row->columns[i];
    const struct word *word;
    struct field_value value;

    switch (field->type) {
    case FIELD_TYPE_U8:
        return number_short(out, fields_u8(field, record));
    case FIELD_TYPE_U16:
        return number_u32(out, fields_u16(field, record));
    case FIELD_TYPE_U64:
        return number_u64(out, fields_u64(field, record));
    case FIELD_TYPE_SECONDS:
        return put_seconds(out, (int64_t)fields_u64(field, record), &row->times[i]);
    case FIELD_TYPE_TIME:
        if (!fields_has_time(field, fields_u64(field, record)))
            return out;
        return unix_time_micros(out, fields_u64(field, record), &row->times[i]);
    case FIELD_TYPE_BOOL:
        return put_flag(out, fields_bool(field, record));
    case FIELD_TYPE_VALUE:
        if (row->with_values)
            return put_found(out, row->layout == ROW_LONG ? row->one : row->by_column[0]);
        return put_value(out, record);
    case FIELD_TYPE_NAMED:
        return put_found(out, row->by_column[field - row->named]);
    case FIELD_TYPE_FIELD:
        return row->one == NULL ? out : put_name(out, row->one->name);
    case FIELD_TYPE_UNIT:
        return row->one == NULL ? out : put_name(out, row->one->unit);
    case FIELD_TYPE_DEVICE:
        return put_device(row, out, record);
    case FIELD_TYPE_NAME:
        return put_name(out, row->name);
    case FIELD_TYPE_ENTRY:
        return put_name(out, row->entry);
    case FIELD_TYPE_DROPPED:
        return number_u64(out, dropped_before(row, record));
    case FIELD_TYPE_UNSIGNED:
        field->get(&value, record);
        return value.type == FIELD_TYPE_NONE ? out : number_u64(out, value.number);
    case FIELD_TYPE_DECIMAL:
        field->get(&value, record);
        if (value.type == FIELD_TYPE_NONE)
            return out;
        return number_decimal(out, value.integer, value.digits);
    case FIELD_TYPE_WORD:
        word = field->word != NULL ? field->word(fields_u8(field, record)) : NULL;
        if (word == NULL)
            break;
        return words_copy(out, word);
    default:
        break;
    }
    fields_get(field, record, &value);
    return cell_value(out, &value);
}

/* A cell has ended; the next one begins. */
static inline char *comma(char *out)
{
    *out = ',';
    return out + 1;
}

/* A row of the default columns of messages, each where it stands: each cell is a few instructions
 * behind those of the cell before, and there is no jump from column to column. */
static char *format_default(struct row *row, char *out, const struct muster_record *record)
{
    out = comma(put_device(row, out, record));
    if (fields_has_seq_num(record))
        out = number_u64(out, record->seq);
    out = comma(out);
    out = comma(put_seconds(out, record->device_time_ns, &row->kept[0]));
    out = comma(number_short(out, record->msg_type));
    out = comma(put_value(out, record));
    out = comma(put_flag(out, record->verdict == MUSTER_VERDICT_DUPLICATE));
    out = comma(put_flag(out, record->verdict == MUSTER_VERDICT_GAP));
    out = unix_time_micros(out, record->arrival_ns, &row->kept[1]);
    *out++ = '\n';
    return out;
}

/* Apart, so that a row of the default columns does not save registers for this. */
__attribute__((noinline)) static char *format_columns(struct row *row, char *out,
                                                      const struct muster_record *record)
{
    uint32_t i;

    for (i = 0; i < row->count; i++)
        out = comma(put(row, i, out, record));
    out[-1] = '\n';
    return out;
}

/* The same of a file that spreadsheets read. */
__attribute__((noinline)) static char *format_guarded(struct row *row, char *out,
                                                      const struct muster_record *record)
{
    uint32_t i;

    for (i = 0; i < row->count; i++)
        out = comma(cell_guard(out, put(row, i, out, record)));
    out[-1] = '\n';
    return out;
}

/* A row a value; of a message without one, a row that says so. */
static char *format_long(struct row *row, char *out, const struct muster_record *record)
{
    char *(*const format)(struct row *, char *, const struct muster_record *) =
        row->is_guarded ? format_guarded : format_columns;
    const char *start = out;
    uint32_t i;

    for (i = 0; i < row->values.count; i++) {
        row->one = &row->values.found[i];
        if (row->one->type != MUSTER_VALUE_NONE)
            out = format(row, out, record);
    }
    row->one = NULL;
    return out != start ? out : format(row, out, record);
}

char *row_format(struct row *row, char *out, const struct muster_record *record)
{
    if (row->is_default)
        return format_default(row, out, record);
    if (row->layout == ROW_LONG && row->with_values)
        return format_long(row, out, record);
    return row->is_guarded ? format_guarded(row, out, record) : format_columns(row, out, record);
}
