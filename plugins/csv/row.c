/* SPDX-License-Identifier: MIT
 *
 * A record as a row of CSV: the columns there are, and how each is written.
 */
#include "row.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "../common/number.h"
#include "../common/text.h"

#define NS_PER_SECOND 1000000000u

/* ---- Texts ---------------------------------------------------------------------------- */

/* A field of any bytes: as it is if it can be, else escaped, and quoted as RFC
 * 4180 has it if a comma or a quote is in it. */
static char *text_field(char *out, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return out;
    if (text_is_plain(bytes, size)) {
        memcpy(out, bytes, size);
        return out + size;
    }
    if (memchr(bytes, ',', size) == NULL && memchr(bytes, '"', size) == NULL)
        return text_escape(out, bytes, size, TEXT_QUOTE_KEEP);
    *out++ = '"';
    out = text_escape(out, bytes, size, TEXT_QUOTE_DOUBLE);
    *out++ = '"';
    return out;
}

/* ---- Columns -------------------------------------------------------------------------- */

static char *second_field(char *out, uint64_t second, struct row_second *kept)
{
    if (kept->length == 0 || kept->second != second) {
        kept->second = second;
        kept->length = (uint32_t)(number_u64(kept->text, second) - kept->text);
    }
    /* All of it: a copy of known size is a few instructions. */
    memcpy(out, kept->text, sizeof kept->text);
    return out + kept->length;
}

/* Unix seconds with six decimals; the digits behind them are cut off. */
static char *time_field(char *out, uint64_t ns, struct row_second *kept)
{
    uint32_t micros = (uint32_t)(ns % NS_PER_SECOND) / 1000;

    out = second_field(out, ns / NS_PER_SECOND, kept);
    *out++ = '.';
    out = number_pair(out, micros / 10000);
    out = number_pair(out, micros / 100 % 100);
    return number_pair(out, micros % 100);
}

static char *format_device_id(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->device_id);
}

static char *format_seq_num(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->seq_num);
}

static char *format_timestamp(char *out, const struct muster_record *record, struct row *row)
{
    return second_field(out, record->timestamp, &row->timestamp);
}

static char *format_msg_type(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->msg_type);
}

static char *format_value(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    switch (record->value_type) {
    case MUSTER_VALUE_TEXT:
        return text_field(out, record->payload.bytes, record->payload_size);
    case MUSTER_VALUE_INT:
        return number_i64(out, record->value.integer);
    case MUSTER_VALUE_REAL:
        return number_real(out, record->value.real);
    default:
        return out;
    }
}

static char *format_duplicate_flag(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    *out = record->verdict == MUSTER_VERDICT_DUPLICATE ? '1' : '0';
    return out + 1;
}

static char *format_gap_flag(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    *out = record->verdict == MUSTER_VERDICT_GAP ? '1' : '0';
    return out + 1;
}

static char *format_arrival_time(char *out, const struct muster_record *record, struct row *row)
{
    return time_field(out, record->arrival_ns, &row->arrival);
}

static char *format_arrival_ns(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u64(out, record->arrival_ns);
}

static char *format_verdict(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    switch (record->verdict) {
    case MUSTER_VERDICT_NONE:
        return text_copy(out, "none");
    case MUSTER_VERDICT_UNNUMBERED:
        return text_copy(out, "unnumbered");
    case MUSTER_VERDICT_FIRST:
        return text_copy(out, "first");
    case MUSTER_VERDICT_NEW:
        return text_copy(out, "new");
    case MUSTER_VERDICT_GAP:
        return text_copy(out, "gap");
    case MUSTER_VERDICT_LATE:
        return text_copy(out, "late");
    case MUSTER_VERDICT_DUPLICATE:
        return text_copy(out, "duplicate");
    case MUSTER_VERDICT_RESTART:
        return text_copy(out, "restart");
    case MUSTER_VERDICT_OUTLIER:
        return text_copy(out, "outlier");
    default:
        /* One of a later version of the tracker. */
        return number_u32(out, record->verdict);
    }
}

static char *format_gap(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->verdict == MUSTER_VERDICT_GAP ? record->gap : 0);
}

static char *format_flags(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->flags);
}

static char *format_source(char *out, const struct muster_record *record, struct row *row)
{
    char text[INET6_ADDRSTRLEN] = "";

    (void)row;
    if (record->source_family == 4)
        inet_ntop(AF_INET, record->source, text, sizeof text);
    else if (record->source_family == 6)
        inet_ntop(AF_INET6, record->source, text, sizeof text);
    return text_copy(out, text);
}

static char *format_source_port(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return record->source_port == 0 ? out : number_u32(out, record->source_port);
}

static char *format_datagram_size(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->datagram_size);
}

static char *format_reading(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->reading);
}

static char *format_readings(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->readings);
}

static char *format_payload(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return text_hex(out, record->payload.bytes, record->payload_size);
}

static char *format_device_name(char *out, const struct muster_record *record, struct row *row)
{
    (void)record;
    if (row->name == NULL)
        return out;
    return text_field(out, (const uint8_t *)row->name, strlen(row->name));
}

/* ---- Columns of timing ---------------------------------------------------------------- */

/* A number of millionths or thousandths, 1 to 9 digits behind the point. */
static char *fraction_field(char *out, int64_t number, int digits)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    uint32_t unit = 1;
    int i;

    for (i = 0; i < digits; i++)
        unit *= 10;
    if (number < 0)
        *out++ = '-';
    out = number_u64(out, size / unit);
    *out++ = '.';
    return number_padded(out, (uint32_t)(size % unit), digits);
}

/* Arrival - timestamp; seconds are compared modulo 2^32, as the timestamp wraps. */
static char *format_transit(char *out, const struct muster_record *record, struct row *row)
{
    uint32_t seconds = (uint32_t)(record->arrival_ns / NS_PER_SECOND) - record->timestamp;
    uint32_t micros = (uint32_t)(record->arrival_ns % NS_PER_SECOND) / 1000;

    (void)row;
    return fraction_field(out, (int64_t)(int32_t)seconds * 1000000 + micros, 6);
}

static char *format_jitter(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return record->verdict == MUSTER_VERDICT_NONE ? out : fraction_field(out, record->jitter_us, 6);
}

static char *format_clock_offset(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    if (record->verdict == MUSTER_VERDICT_NONE || record->clock_offset_ms == INT32_MIN)
        return out;
    return fraction_field(out, record->clock_offset_ms, 3);
}

static char *format_clock_drift(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return record->clock_drift_error_ppb == 0 ? out
                                              : fraction_field(out, record->clock_drift_ppb, 3);
}

static char *format_clock_drift_error(char *out, const struct muster_record *record,
                                      struct row *row)
{
    (void)row;
    return record->clock_drift_error_ppb == 0
               ? out
               : fraction_field(out, record->clock_drift_error_ppb, 3);
}

/* ---- Columns of gaps ------------------------------------------------------------------ */

static char *format_first(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->first);
}

static char *format_last(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->last);
}

static char *format_count(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return number_u32(out, record->last - record->first + 1);
}

static char *format_opened(char *out, const struct muster_record *record, struct row *row)
{
    return time_field(out, record->opened_ns, &row->opened);
}

static char *format_closed(char *out, const struct muster_record *record, struct row *row)
{
    return time_field(out, record->closed_ns, &row->closed);
}

static char *format_outcome(char *out, const struct muster_record *record, struct row *row)
{
    (void)row;
    return text_copy(out, record->event == MUSTER_EVENT_GAP_RECOVERED ? "recovered" : "lost");
}

static const struct {
    uint16_t bit;
    const char *word;
} causes[] = {
    {MUSTER_CAUSE_NETWORK, "network"}, {MUSTER_CAUSE_KERNEL, "kernel"},
    {MUSTER_CAUSE_QUEUE, "queue"},     {MUSTER_CAUSE_COLLECTOR_DOWN, "collector-down"},
    {MUSTER_CAUSE_RESTART, "restart"},
};
#define CAUSE_MAX sizeof "network+kernel+queue+collector-down+restart"

/* Causes of a later version are left out. */
static char *format_cause(char *out, const struct muster_record *record, struct row *row)
{
    const char *start = out;
    size_t i;

    (void)row;
    for (i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if ((record->cause & causes[i].bit) == 0)
            continue;
        if (out != start)
            *out++ = '+';
        out = text_copy(out, causes[i].word);
    }
    return out;
}

/* ---- The table ------------------------------------------------------------------------ */

#define QUOTES       2
#define SECOND_MAX   sizeof(((struct row_second *)NULL)->text)
#define TIME_MAX     (SECOND_MAX + 7)
#define FRACTION_MAX (1 + NUMBER_U32_MAX + 1 + 6)
#define OF_MESSAGES  (1u << ROW_MESSAGES)
#define OF_GAPS      (1u << ROW_GAPS)
#define OF_BOTH      (OF_MESSAGES | OF_GAPS)

struct column {
    row_format_fn *format;
    uint16_t fixed;    /* the most bytes of the field, without those that depend on the payload */
    uint16_t per_byte; /* the most bytes for each byte of the payload */
    uint32_t kinds;    /* which files can have it: a bit for each enum row_kind */
};

const char *const row_column_names[ROW_COLUMNS + 1] = {"device_id",
                                                       "seq_num",
                                                       "timestamp",
                                                       "msg_type",
                                                       "value",
                                                       "duplicate_flag",
                                                       "gap_flag",
                                                       "arrival_time",
                                                       "arrival_ns",
                                                       "verdict",
                                                       "gap",
                                                       "flags",
                                                       "source",
                                                       "source_port",
                                                       "datagram_size",
                                                       "reading",
                                                       "readings",
                                                       "payload",
                                                       "device_name",
                                                       "first",
                                                       "last",
                                                       "count",
                                                       "opened",
                                                       "closed",
                                                       "outcome",
                                                       "cause",
                                                       "transit",
                                                       "jitter",
                                                       "clock_offset",
                                                       "clock_drift",
                                                       "clock_drift_error",
                                                       NULL};

/* In the order of row_column_names. */
static const struct column columns[ROW_COLUMNS] = {
    {format_device_id, NUMBER_U32_MAX, 0, OF_BOTH},
    {format_seq_num, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_timestamp, SECOND_MAX, 0, OF_MESSAGES},
    {format_msg_type, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_value, QUOTES + NUMBER_REAL_MAX, TEXT_ESCAPE_MAX, OF_MESSAGES},
    {format_duplicate_flag, 1, 0, OF_MESSAGES},
    {format_gap_flag, 1, 0, OF_MESSAGES},
    {format_arrival_time, TIME_MAX, 0, OF_MESSAGES},
    {format_arrival_ns, NUMBER_U64_MAX, 0, OF_MESSAGES},
    {format_verdict, sizeof "unnumbered", 0, OF_MESSAGES},
    {format_gap, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_flags, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_source, INET6_ADDRSTRLEN, 0, OF_MESSAGES},
    {format_source_port, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_datagram_size, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_reading, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_readings, NUMBER_U32_MAX, 0, OF_MESSAGES},
    {format_payload, 0, 2, OF_MESSAGES},
    {format_device_name, QUOTES, 0, OF_BOTH},
    {format_first, NUMBER_U32_MAX, 0, OF_GAPS},
    {format_last, NUMBER_U32_MAX, 0, OF_GAPS},
    {format_count, NUMBER_U32_MAX, 0, OF_GAPS},
    {format_opened, TIME_MAX, 0, OF_GAPS},
    {format_closed, TIME_MAX, 0, OF_GAPS},
    {format_outcome, sizeof "recovered", 0, OF_GAPS},
    {format_cause, CAUSE_MAX, 0, OF_GAPS},
    {format_transit, FRACTION_MAX, 0, OF_MESSAGES},
    {format_jitter, FRACTION_MAX, 0, OF_MESSAGES},
    {format_clock_offset, FRACTION_MAX, 0, OF_MESSAGES},
    {format_clock_drift, FRACTION_MAX, 0, OF_MESSAGES},
    {format_clock_drift_error, FRACTION_MAX, 0, OF_MESSAGES},
};

static const char *const message_columns[] = {"device_id", "seq_num",      "timestamp",
                                              "msg_type",  "value",        "duplicate_flag",
                                              "gap_flag",  "arrival_time", NULL};
static const char *const gap_columns[] = {"device_id", "first",   "last",  "count", "opened",
                                          "closed",    "outcome", "cause", NULL};

const char *const *row_default_columns(enum row_kind kind)
{
    return kind == ROW_GAPS ? gap_columns : message_columns;
}

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

bool row_is(enum row_kind kind, const struct muster_record *record)
{
    if (kind == ROW_MESSAGES)
        return record->kind == MUSTER_KIND_MESSAGE;
    return record->kind == MUSTER_KIND_EVENT &&
           (record->event == MUSTER_EVENT_GAP_RECOVERED || record->event == MUSTER_EVENT_GAP_LOST);
}

int row_add(struct row *row, const char *name)
{
    uint32_t i = column_of(name);

    if (row->used >> i & 1)
        return -1;
    row->used |= 1u << i;
    row->format[row->columns++] = columns[i].format;
    row->fixed += columns[i].fixed + 1u;
    row->per_byte += columns[i].per_byte;
    if (columns[i].format == format_device_name)
        row->with_name = true;
    return 0;
}

char *row_header(const struct row *row, char *out)
{
    uint32_t c, i;

    for (c = 0; c < row->columns; c++) {
        for (i = 0; columns[i].format != row->format[c]; i++)
            ;
        out = text_copy(out, row_column_names[i]);
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}

/* ---- A row ---------------------------------------------------------------------------- */

size_t row_bound(struct row *row, const struct muster_record *record)
{
    size_t bound = row->fixed + row->per_byte * record->payload_size;
    struct muster_device device = {.size = sizeof device};

    if (row->with_name) {
        row->name =
            row->host->device(row->instance, record->device_id, &device) ? device.name : NULL;
        if (row->name != NULL)
            bound += TEXT_ESCAPE_MAX * strlen(row->name);
    }
    return bound;
}

char *row_format(struct row *row, char *out, const struct muster_record *record)
{
    uint32_t i;

    for (i = 0; i < row->columns; i++) {
        out = row->format[i](out, record, row);
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}
