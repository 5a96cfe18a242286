/* SPDX-License-Identifier: MIT
 *
 * The fields of a record, for outputs.
 */
#include "fields.h"

#include <assert.h>

#include "unix_time.h"

/* ---- What is found -------------------------------------------------------------------- */

static void set_none(struct field_value *value)
{
    value->type = FIELD_TYPE_NONE;
}

static void set_number(struct field_value *value, enum field_type type, uint64_t number)
{
    value->type = (uint8_t)type;
    value->number = number;
}

static void set_decimal(struct field_value *value, int64_t integer, uint8_t digits)
{
    value->type = FIELD_TYPE_DECIMAL;
    value->digits = digits;
    value->integer = integer;
}

static void set_word(struct field_value *value, const struct field *field, uint8_t number)
{
    const struct word *word = field->word(number);

    if (word != NULL) {
        value->type = FIELD_TYPE_WORD;
        value->word = word;
    } else if (field->words_only) {
        set_none(value);
    } else {
        set_number(value, FIELD_TYPE_UNSIGNED, number); /* of a later version */
    }
}

static void set_payload(struct field_value *value, enum field_type type,
                        const struct muster_record *record)
{
    value->type = (uint8_t)type;
    value->bytes.start = record->payload.bytes;
    value->bytes.size = record->payload_size;
}

/* ---- Of any record -------------------------------------------------------------------- */

static void get_payload(struct field_value *value, const struct muster_record *record)
{
    set_payload(value, FIELD_TYPE_BYTES, record);
}

static void get_source(struct field_value *value, const struct muster_record *record)
{
    const struct muster_arrival *arrival = record->via.arrival;

    if (arrival == NULL || (arrival->family != 4 && arrival->family != 6)) {
        set_none(value);
        return;
    }
    value->type = FIELD_TYPE_ADDRESS;
    value->family = arrival->family;
    value->address = arrival->source;
}

static void get_source_port(struct field_value *value, const struct muster_record *record)
{
    const struct muster_arrival *arrival = record->via.arrival;

    if (arrival == NULL || arrival->source_port == 0)
        set_none(value);
    else
        set_number(value, FIELD_TYPE_UNSIGNED, arrival->source_port);
}

static void get_datagram_size(struct field_value *value, const struct muster_record *record)
{
    if (record->via.arrival == NULL)
        set_none(value);
    else
        set_number(value, FIELD_TYPE_UNSIGNED, record->via.arrival->datagram_size);
}

static void get_device_id(struct field_value *value, const struct muster_record *record)
{
    if ((record->marks & (MUSTER_MARK_DEVICE | MUSTER_MARK_KEY)) != MUSTER_MARK_DEVICE)
        set_none(value);
    else
        set_number(value, FIELD_TYPE_UNSIGNED, record->device_id);
}

/* ---- Of messages ---------------------------------------------------------------------- */

static void get_seq_num(struct field_value *value, const struct muster_record *record)
{
    if (fields_has_seq_num(record))
        set_number(value, FIELD_TYPE_UNSIGNED, record->seq);
    else
        set_none(value);
}

static void get_value(struct field_value *value, const struct muster_record *record)
{
    switch (record->value_type) {
    case MUSTER_VALUE_TEXT:
        set_payload(value, FIELD_TYPE_TEXT, record);
        break;
    case MUSTER_VALUE_INT:
        value->type = FIELD_TYPE_INTEGER;
        value->integer = record->value.integer;
        break;
    case MUSTER_VALUE_REAL:
        value->type = FIELD_TYPE_REAL;
        value->real = record->value.real;
        break;
    case MUSTER_VALUE_REAL32:
        value->type = FIELD_TYPE_REAL32;
        value->real = record->value.real;
        break;
    case MUSTER_VALUE_UNSIGNED:
        set_number(value, FIELD_TYPE_UNSIGNED, record->value.natural);
        break;
    case MUSTER_VALUE_BOOL:
        set_number(value, FIELD_TYPE_BOOL, record->value.natural != 0);
        break;
    case MUSTER_VALUE_BYTES:
        set_payload(value, FIELD_TYPE_BYTES, record);
        break;
    default:
        set_none(value);
    }
}

static void get_gap(struct field_value *value, const struct muster_record *record)
{
    set_number(value, FIELD_TYPE_UNSIGNED,
               record->verdict == MUSTER_VERDICT_GAP ? record->message.gap : 0);
}

/* Arrival - timestamp. */
static void get_transit(struct field_value *value, const struct muster_record *record)
{
    int64_t ns = (int64_t)(record->arrival_ns - (uint64_t)record->device_time_ns);
    int64_t seconds = unix_time_floor(ns);
    int64_t micros = (ns - seconds * (int64_t)UNIX_TIME_NS) / 1000;

    if (record->format == 0)
        seconds = (int32_t)(uint32_t)seconds; /* the built-in timestamp wraps */
    if (record->format != 0 && record->device_time_ns == 0)
        set_none(value);
    else
        set_decimal(value, seconds * 1000000 + micros, 6);
}

/* What only a tracker knows. */
static void set_judged(struct field_value *value, const struct muster_record *record,
                       int64_t integer, uint8_t digits)
{
    if (record->verdict == MUSTER_VERDICT_NONE)
        set_none(value);
    else
        set_decimal(value, integer, digits);
}

static void get_jitter(struct field_value *value, const struct muster_record *record)
{
    set_judged(value, record, record->message.jitter_us, 6);
}

static void get_clock_offset(struct field_value *value, const struct muster_record *record)
{
    if ((record->marks & MUSTER_MARK_CLOCK_OFFSET) == 0)
        set_none(value);
    else
        set_judged(value, record, record->message.clock_offset_ms, 3);
}

/* The drift is not known before it has an error bound. */
static void set_drift(struct field_value *value, const struct muster_record *record, int64_t ppb)
{
    if (record->message.clock_drift_error_ppb == 0)
        set_none(value);
    else
        set_decimal(value, ppb, 3); /* parts in 10^6 */
}

static void get_clock_drift(struct field_value *value, const struct muster_record *record)
{
    set_drift(value, record, record->message.clock_drift_ppb);
}

static void get_clock_drift_error(struct field_value *value, const struct muster_record *record)
{
    set_drift(value, record, record->message.clock_drift_error_ppb);
}

static void get_unknown(struct field_value *value, const struct muster_record *record)
{
    set_number(value, FIELD_TYPE_UNSIGNED, (record->marks & MUSTER_MARK_UNKNOWN) != 0);
}

/* ---- Of events ------------------------------------------------------------------------ */

static bool is_hole(const struct muster_record *record)
{
    return record->kind == MUSTER_KIND_EVENT && record->event.event == MUSTER_EVENT_SINK_DROPPED;
}

static void get_count(struct field_value *value, const struct muster_record *record)
{
    if (is_hole(record)) {
        set_number(value, FIELD_TYPE_UNSIGNED, record->value.natural);
        return;
    }
    set_number(value, FIELD_TYPE_UNSIGNED, muster_record_count(record));
}

static void get_sink(struct field_value *value, const struct muster_record *record)
{
    if (is_hole(record))
        set_payload(value, FIELD_TYPE_TEXT, record);
    else
        set_none(value);
}

/* Why a datagram was rejected, or records were dropped. */
static void get_reason(struct field_value *value, const struct muster_record *record)
{
    bool hole = is_hole(record);
    uint8_t reason = hole ? record->event.reason : record->reject.reason;
    const struct word *word = hole ? words_drop(reason) : words_reject(reason);

    set_none(value);
    if (record->kind != MUSTER_KIND_REJECT && !hole)
        return;
    if (word == NULL) {
        set_number(value, FIELD_TYPE_UNSIGNED, reason); /* of a later version */
        return;
    }
    value->type = FIELD_TYPE_WORD;
    value->word = word;
}

/* ---- The table ------------------------------------------------------------------------ */

#define MESSAGES MUSTER_TAKES_MESSAGES
#define EVENTS   MUSTER_TAKES_EVENTS
#define REJECTS  MUSTER_TAKES_REJECTS
#define ALL      (MESSAGES | EVENTS | REJECTS)

#define AT(member) .offset = offsetof(struct muster_record, member)

const struct field fields[FIELDS] = {
    [FIELD_DEVICE_ID] = {"device_id", FIELD_TYPE_DEVICE, ALL, .get = get_device_id},
    [FIELD_SEQ_NUM] = {"seq_num", FIELD_TYPE_UNSIGNED, MESSAGES, .get = get_seq_num},
    [FIELD_SEQ] = {"seq", FIELD_TYPE_UNSIGNED, MESSAGES, .get = get_seq_num},
    [FIELD_TIMESTAMP] = {"timestamp", FIELD_TYPE_SECONDS, MESSAGES, AT(device_time_ns)},
    [FIELD_MSG_TYPE] = {"msg_type", FIELD_TYPE_U8, MESSAGES, AT(msg_type)},
    [FIELD_VALUE] = {"value", FIELD_TYPE_VALUE, MESSAGES, .get = get_value},
    [FIELD_FIELD] = {.name = "field", .type = FIELD_TYPE_FIELD, .kinds = MESSAGES},
    [FIELD_UNIT] = {.name = "unit", .type = FIELD_TYPE_UNIT, .kinds = MESSAGES},
    [FIELD_DUPLICATE_FLAG] = {"duplicate_flag", FIELD_TYPE_BOOL, MESSAGES, AT(verdict),
                              .number = MUSTER_VERDICT_DUPLICATE},
    [FIELD_GAP_FLAG] = {"gap_flag", FIELD_TYPE_BOOL, MESSAGES, AT(verdict),
                        .number = MUSTER_VERDICT_GAP},
    [FIELD_ARRIVAL_TIME] = {"arrival_time", FIELD_TYPE_TIME, ALL, AT(arrival_ns)},
    [FIELD_ARRIVAL_NS] = {"arrival_ns", FIELD_TYPE_U64, ALL, AT(arrival_ns)},
    [FIELD_VERDICT] = {"verdict", FIELD_TYPE_WORD, MESSAGES, AT(verdict), .word = words_verdict},
    [FIELD_GAP] = {"gap", FIELD_TYPE_UNSIGNED, MESSAGES, .get = get_gap},
    [FIELD_FLAGS] = {"flags", FIELD_TYPE_U8, MESSAGES, AT(flags)},
    [FIELD_SOURCE] = {"source", FIELD_TYPE_ADDRESS, MESSAGES | REJECTS, .get = get_source},
    [FIELD_SOURCE_PORT] = {"source_port", FIELD_TYPE_UNSIGNED, MESSAGES | REJECTS,
                           .get = get_source_port},
    [FIELD_DATAGRAM_SIZE] = {"datagram_size", FIELD_TYPE_UNSIGNED, MESSAGES | REJECTS,
                             .get = get_datagram_size},
    [FIELD_READING] = {"reading", FIELD_TYPE_U16, MESSAGES, AT(reading)},
    [FIELD_READINGS] = {"readings", FIELD_TYPE_U16, MESSAGES, AT(readings)},
    [FIELD_PAYLOAD] = {"payload", FIELD_TYPE_BYTES, ALL, .get = get_payload},
    [FIELD_DEVICE_NAME] = {.name = "device_name", .type = FIELD_TYPE_NAME, .kinds = ALL},
    [FIELD_UNKNOWN] = {"unknown", FIELD_TYPE_UNSIGNED, MESSAGES, .get = get_unknown},
    [FIELD_FIRST] = {"first", FIELD_TYPE_U64, EVENTS, AT(event.first)},
    [FIELD_LAST] = {"last", FIELD_TYPE_U64, EVENTS, AT(event.last)},
    [FIELD_COUNT] = {"count", FIELD_TYPE_UNSIGNED, EVENTS, .get = get_count},
    [FIELD_OPENED] = {"opened", FIELD_TYPE_TIME, EVENTS, AT(event.opened_ns)},
    [FIELD_CLOSED] = {"closed", FIELD_TYPE_TIME, EVENTS, AT(event.closed_ns)},
    [FIELD_OUTCOME] = {"outcome", FIELD_TYPE_WORD, EVENTS, AT(event.event), .word = words_outcome,
                       .words_only = true},
    [FIELD_CAUSE] = {"cause", FIELD_TYPE_CAUSES, EVENTS, AT(event.cause)},
    [FIELD_TRANSIT] = {"transit", FIELD_TYPE_DECIMAL, MESSAGES, .get = get_transit},
    [FIELD_JITTER] = {"jitter", FIELD_TYPE_DECIMAL, MESSAGES, .get = get_jitter},
    [FIELD_CLOCK_OFFSET] = {"clock_offset", FIELD_TYPE_DECIMAL, MESSAGES, .get = get_clock_offset},
    [FIELD_CLOCK_DRIFT] = {"clock_drift", FIELD_TYPE_DECIMAL, MESSAGES, .get = get_clock_drift},
    [FIELD_CLOCK_DRIFT_ERROR] = {"clock_drift_error", FIELD_TYPE_DECIMAL, MESSAGES,
                                 .get = get_clock_drift_error},
    [FIELD_ORIGIN] = {.name = "origin", .type = FIELD_TYPE_ENTRY, .kinds = ALL},
    [FIELD_KIND] = {"kind", FIELD_TYPE_WORD, ALL, AT(kind), .word = words_kind},
    [FIELD_EVENT] = {"event", FIELD_TYPE_WORD, EVENTS, AT(event.event), .word = words_event},
    [FIELD_REASON] = {"reason", FIELD_TYPE_WORD, EVENTS | REJECTS, .get = get_reason},
    [FIELD_SINK] = {"sink", FIELD_TYPE_TEXT, EVENTS, .get = get_sink},
    [FIELD_SINCE] = {"since", FIELD_TYPE_TIME, EVENTS, AT(event.opened_ns)},
    [FIELD_UNTIL] = {"until", FIELD_TYPE_TIME, EVENTS, AT(event.closed_ns)},
    [FIELD_DROPPED_BEFORE] = {.name = "dropped_before",
                              .type = FIELD_TYPE_DROPPED,
                              .kinds = MESSAGES},
    [FIELD_LAST_HEARD] = {"last_heard", FIELD_TYPE_TIME, EVENTS, AT(value.heard_ns)},
};

const struct field *fields_find(const char *name)
{
    size_t i;

    for (i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

void fields_get(const struct field *field, const struct muster_record *record,
                struct field_value *value)
{
    switch (field->type) {
    case FIELD_TYPE_U8:
        set_number(value, FIELD_TYPE_UNSIGNED, fields_u8(field, record));
        break;
    case FIELD_TYPE_U16:
        set_number(value, FIELD_TYPE_UNSIGNED, fields_u16(field, record));
        break;
    case FIELD_TYPE_U64:
        set_number(value, FIELD_TYPE_UNSIGNED, fields_u64(field, record));
        break;
    case FIELD_TYPE_SECONDS:
        value->type = FIELD_TYPE_SECONDS;
        value->integer = unix_time_floor((int64_t)fields_u64(field, record));
        break;
    case FIELD_TYPE_TIME:
        set_number(value, FIELD_TYPE_TIME, fields_u64(field, record));
        if (!fields_has_time(field, value->number))
            set_none(value);
        break;
    case FIELD_TYPE_BOOL:
        set_number(value, FIELD_TYPE_BOOL, fields_bool(field, record));
        break;
    case FIELD_TYPE_WORD:
        if (field->get != NULL)
            field->get(value, record);
        else
            set_word(value, field, fields_u8(field, record));
        break;
    case FIELD_TYPE_CAUSES:
        set_number(value, FIELD_TYPE_CAUSES, fields_u16(field, record));
        break;
    case FIELD_TYPE_NAME:
    case FIELD_TYPE_ENTRY:
    case FIELD_TYPE_DROPPED:
    case FIELD_TYPE_FIELD:
    case FIELD_TYPE_UNIT:
    case FIELD_TYPE_NAMED:
        set_none(value);
        break;
    default:
        assert(field->get != NULL);
        field->get(value, record);
    }
}

const char *fields_device_key(const struct muster_host *host, struct muster_instance *instance,
                              const struct muster_record *record)
{
    struct muster_device device = {.size = sizeof device};

    if ((record->marks & MUSTER_MARK_DEVICE) == 0 || (record->marks & MUSTER_MARK_KEY) == 0)
        return NULL;
    host->device(instance, record->device, &device);
    return device.key;
}

const char *fields_device_name(const struct muster_host *host, struct muster_instance *instance,
                               const struct muster_record *record)
{
    struct muster_device device = {.size = sizeof device};

    if ((record->marks & MUSTER_MARK_DEVICE) == 0)
        return NULL;
    return host->device(instance, record->device, &device) ? device.name : NULL;
}

const char *fields_entry_name(const struct muster_host *host, struct muster_instance *instance,
                              const struct muster_record *record)
{
    return record->origin != 0 ? host->entry_name(instance, record->origin) : NULL;
}

const char *fields_own_name(const struct muster_host *host, struct muster_instance *instance,
                            const struct muster_record *record)
{
    return record->origin != 0 ? host->own_name(instance, record) : NULL;
}
