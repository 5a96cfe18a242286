/* SPDX-License-Identifier: MIT
 *
 * A record as a row of CSV: the columns there are, and how each is written.
 */
#include "row.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "../common/number.h"
#include "../common/text.h"

/* ---- Columns -------------------------------------------------------------------------- */

enum column {
    COLUMN_DEVICE_ID,
    COLUMN_SEQ_NUM,
    COLUMN_TIMESTAMP,
    COLUMN_MSG_TYPE,
    COLUMN_VALUE,
    COLUMN_DUPLICATE_FLAG,
    COLUMN_GAP_FLAG,
    COLUMN_ARRIVAL_TIME,
    COLUMN_ARRIVAL_NS,
    COLUMN_VERDICT,
    COLUMN_GAP,
    COLUMN_FLAGS,
    COLUMN_SOURCE,
    COLUMN_SOURCE_PORT,
    COLUMN_DATAGRAM_SIZE,
    COLUMN_READING,
    COLUMN_READINGS,
    COLUMN_PAYLOAD,
    COLUMN_DEVICE_NAME,
    COLUMN_FIRST,
    COLUMN_LAST,
    COLUMN_COUNT,
    COLUMN_OPENED,
    COLUMN_CLOSED,
    COLUMN_OUTCOME,
    COLUMN_CAUSE,
    COLUMN_TRANSIT,
    COLUMN_JITTER,
    COLUMN_CLOCK_OFFSET,
    COLUMN_CLOCK_DRIFT,
    COLUMN_CLOCK_DRIFT_ERROR
};

const char *const row_column_names[ROW_COLUMNS + 1] = {
    [COLUMN_DEVICE_ID] = "device_id",
    [COLUMN_SEQ_NUM] = "seq_num",
    [COLUMN_TIMESTAMP] = "timestamp",
    [COLUMN_MSG_TYPE] = "msg_type",
    [COLUMN_VALUE] = "value",
    [COLUMN_DUPLICATE_FLAG] = "duplicate_flag",
    [COLUMN_GAP_FLAG] = "gap_flag",
    [COLUMN_ARRIVAL_TIME] = "arrival_time",
    [COLUMN_ARRIVAL_NS] = "arrival_ns",
    [COLUMN_VERDICT] = "verdict",
    [COLUMN_GAP] = "gap",
    [COLUMN_FLAGS] = "flags",
    [COLUMN_SOURCE] = "source",
    [COLUMN_SOURCE_PORT] = "source_port",
    [COLUMN_DATAGRAM_SIZE] = "datagram_size",
    [COLUMN_READING] = "reading",
    [COLUMN_READINGS] = "readings",
    [COLUMN_PAYLOAD] = "payload",
    [COLUMN_DEVICE_NAME] = "device_name",
    [COLUMN_FIRST] = "first",
    [COLUMN_LAST] = "last",
    [COLUMN_COUNT] = "count",
    [COLUMN_OPENED] = "opened",
    [COLUMN_CLOSED] = "closed",
    [COLUMN_OUTCOME] = "outcome",
    [COLUMN_CAUSE] = "cause",
    [COLUMN_TRANSIT] = "transit",
    [COLUMN_JITTER] = "jitter",
    [COLUMN_CLOCK_OFFSET] = "clock_offset",
    [COLUMN_CLOCK_DRIFT] = "clock_drift",
    [COLUMN_CLOCK_DRIFT_ERROR] = "clock_drift_error",
    [ROW_COLUMNS] = NULL,
};

#define QUOTES      2
#define OF_MESSAGES (1u << ROW_MESSAGES)
#define OF_GAPS     (1u << ROW_GAPS)
#define OF_BOTH     (OF_MESSAGES | OF_GAPS)

static const struct {
    uint16_t fixed;    /* the most bytes of the field, without those that depend on the payload */
    uint16_t per_byte; /* the most bytes for each byte of the payload */
    uint32_t kinds;    /* which files can have it: a bit for each enum row_kind */
} columns[ROW_COLUMNS] = {
    [COLUMN_DEVICE_ID] = {NUMBER_U32_MAX, 0, OF_BOTH},
    [COLUMN_SEQ_NUM] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_TIMESTAMP] = {NUMBER_U64_MAX, 0, OF_MESSAGES},
    [COLUMN_MSG_TYPE] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_VALUE] = {QUOTES + NUMBER_REAL_MAX, TEXT_ESCAPE_MAX, OF_MESSAGES},
    [COLUMN_DUPLICATE_FLAG] = {1, 0, OF_MESSAGES},
    [COLUMN_GAP_FLAG] = {1, 0, OF_MESSAGES},
    [COLUMN_ARRIVAL_TIME] = {FIELD_TIME_MAX, 0, OF_MESSAGES},
    [COLUMN_ARRIVAL_NS] = {NUMBER_U64_MAX, 0, OF_MESSAGES},
    [COLUMN_VERDICT] = {FIELD_VERDICT_MAX, 0, OF_MESSAGES},
    [COLUMN_GAP] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_FLAGS] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_SOURCE] = {INET6_ADDRSTRLEN, 0, OF_MESSAGES},
    [COLUMN_SOURCE_PORT] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_DATAGRAM_SIZE] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_READING] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_READINGS] = {NUMBER_U32_MAX, 0, OF_MESSAGES},
    [COLUMN_PAYLOAD] = {0, 2, OF_MESSAGES},
    [COLUMN_DEVICE_NAME] = {QUOTES, 0, OF_BOTH},
    [COLUMN_FIRST] = {NUMBER_U32_MAX, 0, OF_GAPS},
    [COLUMN_LAST] = {NUMBER_U32_MAX, 0, OF_GAPS},
    [COLUMN_COUNT] = {NUMBER_U32_MAX, 0, OF_GAPS},
    [COLUMN_OPENED] = {FIELD_TIME_MAX, 0, OF_GAPS},
    [COLUMN_CLOSED] = {FIELD_TIME_MAX, 0, OF_GAPS},
    [COLUMN_OUTCOME] = {FIELD_OUTCOME_MAX, 0, OF_GAPS},
    [COLUMN_CAUSE] = {FIELD_CAUSE_MAX, 0, OF_GAPS},
    [COLUMN_TRANSIT] = {FIELD_FRACTION_MAX, 0, OF_MESSAGES},
    [COLUMN_JITTER] = {FIELD_FRACTION_MAX, 0, OF_MESSAGES},
    [COLUMN_CLOCK_OFFSET] = {FIELD_FRACTION_MAX, 0, OF_MESSAGES},
    [COLUMN_CLOCK_DRIFT] = {FIELD_FRACTION_MAX, 0, OF_MESSAGES},
    [COLUMN_CLOCK_DRIFT_ERROR] = {FIELD_FRACTION_MAX, 0, OF_MESSAGES},
};

/* The default columns. */
static const uint8_t usual[] = {COLUMN_DEVICE_ID, COLUMN_SEQ_NUM,     COLUMN_TIMESTAMP,
                                COLUMN_MSG_TYPE,  COLUMN_VALUE,       COLUMN_DUPLICATE_FLAG,
                                COLUMN_GAP_FLAG,  COLUMN_ARRIVAL_TIME};
static const uint8_t usual_of_gaps[] = {COLUMN_DEVICE_ID, COLUMN_FIRST,  COLUMN_LAST,
                                        COLUMN_COUNT,     COLUMN_OPENED, COLUMN_CLOSED,
                                        COLUMN_OUTCOME,   COLUMN_CAUSE};
enum { USUAL = 8 };

_Static_assert(sizeof usual == USUAL && sizeof usual_of_gaps == USUAL, "as format_usual unrolls");

static uint32_t column_of(const char *name)
{
    uint32_t i;

    for (i = 0; i < ROW_COLUMNS && strcmp(row_column_names[i], name) != 0; i++)
        ;
    assert(i < ROW_COLUMNS);
    return i;
}

bool row_can_have(enum row_kind kind, const char *name)
{
    return columns[column_of(name)].kinds >> kind & 1;
}

static int add(struct row *row, uint32_t column)
{
    if (row->used >> column & 1)
        return -1;
    row->used |= 1u << column;
    row->column[row->columns++] = (uint8_t)column;
    row->fixed += columns[column].fixed + 1u;
    row->per_byte += columns[column].per_byte;
    row->with_name |= column == COLUMN_DEVICE_NAME;
    row->is_usual = row->columns == USUAL && memcmp(row->column, usual, USUAL) == 0;
    return 0;
}

int row_add(struct row *row, const char *name)
{
    return add(row, column_of(name));
}

void row_add_usual(struct row *row, enum row_kind kind)
{
    uint32_t i;

    for (i = 0; i < USUAL; i++)
        add(row, kind == ROW_GAPS ? usual_of_gaps[i] : usual[i]);
}

char *row_header(const struct row *row, char *out)
{
    uint32_t i;

    for (i = 0; i < row->columns; i++) {
        out = text_copy(out, row_column_names[row->column[i]]);
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}

/* ---- A row ---------------------------------------------------------------------------- */

size_t row_bound_of_name(struct row *row, const struct muster_record *record)
{
    struct muster_device device = {.size = sizeof device};

    row->name = row->host->device(row->instance, record->device_id, &device) ? device.name : NULL;
    return row->name == NULL ? 0 : TEXT_ESCAPE_MAX * strlen(row->name);
}

static inline char *put_value(char *out, const struct muster_record *record)
{
    switch (record->value_type) {
    case MUSTER_VALUE_TEXT:
        return field_text(out, record->payload.bytes, record->payload_size);
    case MUSTER_VALUE_INT:
        return number_i64(out, record->value.integer);
    case MUSTER_VALUE_REAL:
        return number_real(out, record->value.real);
    default:
        return out;
    }
}

static char *put_name(char *out, const char *name)
{
    return name == NULL ? out : field_text(out, (const uint8_t *)name, strlen(name));
}

/* A field of a message that says something only if a tracker is in the chain. */
static char *put_judged(char *out, const struct muster_record *record, int64_t number, int digits)
{
    return record->verdict == MUSTER_VERDICT_NONE ? out : field_fraction(out, number, digits);
}

/* A field of the clock's drift, which is not known before it has an error bound. */
static char *put_drift(char *out, const struct muster_record *record, int64_t number)
{
    return record->clock_drift_error_ppb == 0 ? out : field_fraction(out, number, 3);
}

static inline char *put_digit(char *out, bool is_one)
{
    *out = is_one ? '1' : '0';
    return out + 1;
}

/* One field. */
__attribute__((always_inline)) static inline char *
put(char *out, enum column column, const struct muster_record *record, struct row *row)
{
    uint32_t rest;

    switch (column) {
    case COLUMN_DEVICE_ID:
        return number_u32(out, record->device_id);
    case COLUMN_SEQ_NUM:
        return number_u32(out, record->seq_num);
    case COLUMN_TIMESTAMP:
        return field_second(out, record->timestamp * FIELD_NS_PER_SECOND, &row->timestamp, &rest);
    case COLUMN_MSG_TYPE:
        return number_short(out, record->msg_type);
    case COLUMN_VALUE:
        return put_value(out, record);
    case COLUMN_DUPLICATE_FLAG:
        return put_digit(out, record->verdict == MUSTER_VERDICT_DUPLICATE);
    case COLUMN_GAP_FLAG:
        return put_digit(out, record->verdict == MUSTER_VERDICT_GAP);
    case COLUMN_ARRIVAL_TIME:
        return field_time(out, record->arrival_ns, &row->arrival);
    case COLUMN_ARRIVAL_NS:
        return number_u64(out, record->arrival_ns);
    case COLUMN_VERDICT:
        return field_verdict(out, record);
    case COLUMN_GAP:
        return number_u32(out, record->verdict == MUSTER_VERDICT_GAP ? record->gap : 0);
    case COLUMN_FLAGS:
        return number_short(out, record->flags);
    case COLUMN_SOURCE:
        return field_source(out, record);
    case COLUMN_SOURCE_PORT:
        return record->source_port == 0 ? out : number_u32(out, record->source_port);
    case COLUMN_DATAGRAM_SIZE:
        return number_u32(out, record->datagram_size);
    case COLUMN_READING:
        return number_u32(out, record->reading);
    case COLUMN_READINGS:
        return number_u32(out, record->readings);
    case COLUMN_PAYLOAD:
        return text_hex(out, record->payload.bytes, record->payload_size);
    case COLUMN_DEVICE_NAME:
        return put_name(out, row->name);
    case COLUMN_FIRST:
        return number_u32(out, record->first);
    case COLUMN_LAST:
        return number_u32(out, record->last);
    case COLUMN_COUNT:
        return number_u32(out, record->last - record->first + 1);
    case COLUMN_OPENED:
        return field_time(out, record->opened_ns, &row->opened);
    case COLUMN_CLOSED:
        return field_time(out, record->closed_ns, &row->closed);
    case COLUMN_OUTCOME:
        return text_copy(out, record->event == MUSTER_EVENT_GAP_RECOVERED ? "recovered" : "lost");
    case COLUMN_CAUSE:
        return field_cause(out, record);
    case COLUMN_TRANSIT:
        return field_transit(out, record);
    case COLUMN_JITTER:
        return put_judged(out, record, record->jitter_us, 6);
    case COLUMN_CLOCK_OFFSET:
        return record->clock_offset_ms == INT32_MIN
                   ? out
                   : put_judged(out, record, record->clock_offset_ms, 3);
    case COLUMN_CLOCK_DRIFT:
        return put_drift(out, record, record->clock_drift_ppb);
    case COLUMN_CLOCK_DRIFT_ERROR:
        return put_drift(out, record, record->clock_drift_error_ppb);
    }
    return out;
}

/* A row of the usual columns.  Unrolled, each field is a few instructions behind those of the field
 * before, and a row takes 9 ns, or 14 with a text; jumping from field to field it takes 23 or 28.
 */
static char *format_usual(struct row *row, char *out, const struct muster_record *record)
{
    uint32_t i;

#pragma GCC unroll 8
    for (i = 0; i < USUAL; i++) {
        out = put(out, usual[i], record, row);
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}

char *row_format(struct row *row, char *out, const struct muster_record *record)
{
    uint32_t i;

    if (row->is_usual)
        return format_usual(row, out, record);
    for (i = 0; i < row->columns; i++) {
        out = put(out, row->column[i], record, row);
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}
