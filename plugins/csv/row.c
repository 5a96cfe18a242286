/* SPDX-License-Identifier: MIT
 *
 * A record as a row of CSV: the columns there are, and how a row of them is written.
 */
#include "row.h"

#include <assert.h>
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
    fields[FIELD_UNKNOWN].name,
    fields[FIELD_LAST_HEARD].name,
    NULL,
};

enum { DEFAULTS = 8 }; /* columns that a file has if none are chosen */

static const uint8_t defaults_of_messages[DEFAULTS] = {
    FIELD_DEVICE_ID, FIELD_SEQ_NUM,        FIELD_TIMESTAMP, FIELD_MSG_TYPE,
    FIELD_VALUE,     FIELD_DUPLICATE_FLAG, FIELD_GAP_FLAG,  FIELD_ARRIVAL_TIME};

/* A file of gaps can have these, and the device's name. */
static const uint8_t defaults_of_gaps[] = {FIELD_DEVICE_ID, FIELD_FIRST,      FIELD_LAST,
                                           FIELD_COUNT,     FIELD_LAST_HEARD, FIELD_OPENED,
                                           FIELD_CLOSED,    FIELD_OUTCOME,    FIELD_CAUSE};

static const uint8_t defaults_of_holes[] = {FIELD_SINK, FIELD_SINCE, FIELD_UNTIL, FIELD_COUNT,
                                            FIELD_REASON};

static const uint8_t *defaults_of(enum row_kind kind, uint32_t *count)
{
    *count = DEFAULTS;
    if (kind == ROW_MESSAGES)
        return defaults_of_messages;
    if (kind == ROW_GAPS) {
        *count = sizeof defaults_of_gaps;
        return defaults_of_gaps;
    }
    *count = sizeof defaults_of_holes;
    return defaults_of_holes;
}

bool row_can_have(enum row_kind kind, const char *name)
{
    const struct field *field = fields_find(name);

    assert(field != NULL);
    if (kind == ROW_MESSAGES)
        return (field->kinds & MUSTER_TAKES_MESSAGES) != 0;
    if (kind == ROW_HOLES)
        return memchr(defaults_of_holes, (int)(field - fields), sizeof defaults_of_holes) != NULL;
    return field->type == FIELD_TYPE_NAME ||
           memchr(defaults_of_gaps, (int)(field - fields), sizeof defaults_of_gaps) != NULL;
}

static bool is_default(const struct row *row)
{
    uint32_t i;

    for (i = 0; i < row->count && i < DEFAULTS; i++)
        if (row->columns[i] != &fields[defaults_of_messages[i]])
            return false;
    return row->count == DEFAULTS;
}

static int add(struct row *row, const struct field *field)
{
    uint32_t i;

    for (i = 0; i < row->count; i++)
        if (row->columns[i] == field)
            return -1;
    row->columns[row->count++] = field;
    row->fixed += cell_max[field->type].fixed + 1u;
    row->per_byte += cell_max[field->type].per_byte;
    row->with_names |= field->type == FIELD_TYPE_NAME || field->type == FIELD_TYPE_ENTRY;
    row->is_default = is_default(row);
    return 0;
}

int row_add(struct row *row, const char *name)
{
    const struct field *field = fields_find(name);

    assert(field != NULL);
    return add(row, field);
}

void row_add_default(struct row *row, enum row_kind kind)
{
    uint32_t count, i;
    const uint8_t *defaults = defaults_of(kind, &count);

    for (i = 0; i < count; i++)
        add(row, &fields[defaults[i]]);
}

char *row_header(const struct row *row, char *out)
{
    uint32_t i;

    for (i = 0; i < row->count; i++) {
        out = text_copy(out, row->columns[i]->name);
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

size_t row_bound_of_names(struct row *row, const struct muster_record *record)
{
    row->name = fields_device_name(row->host, row->instance, record);
    row->entry = fields_entry_name(row->host, row->instance, record);
    return bound_of_name(row->name) + bound_of_name(row->entry);
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

/* The cell of column `i`: what most rows have at one jump, the rest by way of cell_value. */
static inline char *put(struct row *row, uint32_t i, char *out, const struct muster_record *record)
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
        return put_value(out, record);
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
    if (record->marks & MUSTER_MARK_DEVICE)
        out = number_u64(out, record->device_id);
    out = comma(out);
    if (fields_has_seq_num(record))
        out = number_u64(out, record->seq);
    out = comma(out);
    out = comma(put_seconds(out, record->device_time_ns, &row->times[0]));
    out = comma(number_short(out, record->msg_type));
    out = comma(put_value(out, record));
    out = comma(put_flag(out, record->verdict == MUSTER_VERDICT_DUPLICATE));
    out = comma(put_flag(out, record->verdict == MUSTER_VERDICT_GAP));
    out = unix_time_micros(out, record->arrival_ns, &row->times[1]);
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

char *row_format(struct row *row, char *out, const struct muster_record *record)
{
    return row->is_default ? format_default(row, out, record) : format_columns(row, out, record);
}
