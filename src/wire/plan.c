/* SPDX-License-Identifier: MIT
 *
 * A datagram by its plan.  Every load is inside the datagram: a section is walked to its end before
 * a field of it is read.
 */
#include "plan_parts.h"

#include <assert.h>

#include "datagram.h"

static int reject(enum muster_reject reason)
{
    return -(1 + (int)reason);
}

/* ---- Sections ------------------------------------------------------------------------- */

static uint32_t length_in_front(const struct plan_field *field, const uint8_t *at)
{
    if (field->width == 1)
        return at[0];
    return field->little_endian ? (uint32_t)at[0] | (uint32_t)at[1] << 8
                                : (uint32_t)at[0] << 8 | (uint32_t)at[1];
}

/* How many bytes a number as text has, up to its separator or the end; `ends` is set to where what
 * follows begins. */
static bool number_length(const struct plan_field *field, const uint8_t *datagram, uint32_t at,
                          uint32_t end, uint32_t *length, uint32_t *ends)
{
    uint32_t room = end - at < PLAN_NUMBER_MOST + 1 ? end - at : PLAN_NUMBER_MOST + 1;
    const uint8_t *found =
        field->separator != '\0' && room > 0 ? memchr(datagram + at, field->separator, room) : NULL;

    *length = found != NULL ? (uint32_t)(found - (datagram + at)) : room;
    *ends = at + *length + (found != NULL);
    return *length <= PLAN_NUMBER_MOST;
}

/* Where a varying field that begins at `at` ends; -1 if it does not fit. */
static int64_t varying_end(const struct plan_field *field, const uint8_t *datagram, uint32_t at,
                           uint32_t end)
{
    uint32_t length, ends;

    if (field->type == FORMAT_NUMBER)
        return number_length(field, datagram, at, end, &length, &ends) ? (int64_t)ends : -1;
    if (field->length_is == FORMAT_REST)
        return end;
    if (end - at < field->width)
        return -1;
    length = length_in_front(field, datagram + at);
    return length <= end - at - field->width ? (int64_t)at + field->width + length : -1;
}

int64_t plan_walk(struct plan_look *look, const struct plan_section *section, enum plan_where where,
                  uint32_t at, uint32_t end)
{
    uint32_t *run;
    unsigned i;

    if (at > end || end - at < section->size)
        return -1;
    if (section->varying_count == 0) {
        look->fixed[where] = at;
        look->runs[where] = &look->fixed[where];
        return (int64_t)at + section->size;
    }
    assert(where < PLAN_TRAILER);
    run = look->room[where];
    look->runs[where] = run;
    for (i = 0; i < section->varying_count; i++) {
        const struct plan_field *field = section->varying[i];
        int64_t ends;

        run[i] = at;
        if (field->offset > end - at)
            return -1;
        ends = varying_end(field, look->datagram, at + field->offset, end);
        if (ends < 0)
            return -1;
        at = (uint32_t)ends;
    }
    run[i] = at;
    return section->tail <= end - at ? (int64_t)at + section->tail : -1;
}

const uint8_t *plan_bytes(const struct plan_look *look, const struct plan_field *field,
                          uint32_t *length)
{
    uint32_t at = plan_place(look, field), ends;

    if (!field->is_varying) {
        *length = field->length;
    } else if (field->type == FORMAT_NUMBER) {
        uint32_t end = field->where == PLAN_TRAILER ? look->size : look->end;

        number_length(field, look->datagram, at, end, length, &ends);
    } else if (field->length_is == FORMAT_REST) {
        *length = look->runs[field->where][field->run + 1] - at;
    } else {
        *length = length_in_front(field, look->datagram + at);
        at += field->width;
    }
    return look->datagram + at;
}

int plan_find_header(struct plan_look *look, const struct plan *plan, const uint8_t *datagram,
                     size_t size)
{
    look->plan = plan;
    look->datagram = datagram;
    look->body = NULL;
    if (size < plan->least)
        return reject(MUSTER_REJECT_TOO_SHORT);
    if (size > PLAN_LARGEST)
        return reject(MUSTER_REJECT_TOO_LONG);
    look->size = (uint32_t)size;
    look->end = look->size - plan->trailer.size;
    look->runs[PLAN_BODY] = look->runs[PLAN_READING] = NULL;
    look->fixed[PLAN_TRAILER] = look->end;
    look->runs[PLAN_TRAILER] = &look->fixed[PLAN_TRAILER];
    return 0;
}

/* ---- Conditions ----------------------------------------------------------------------- */

bool plan_holds(const struct plan_look *look, const struct plan_condition *condition,
                unsigned message)
{
    uint64_t raw =
        condition->field != NULL ? plan_raw(look, condition->field) & condition->mask : message;
    uint32_t i;

    if (raw == condition->first)
        return true;
    for (i = 1; i < condition->count; i++)
        if (raw == condition->values[i])
            return true;
    return false;
}

static bool all_hold(const struct plan_look *look, const struct plan_conditions *conditions,
                     unsigned message)
{
    size_t i;

    for (i = 0; i < conditions->count; i++)
        if (!plan_holds(look, &conditions->list[i], message))
            return false;
    return true;
}

unsigned plan_message(const struct plan_look *look)
{
    const struct plan *plan = look->plan;
    uint64_t raw;
    size_t i;

    if (!plan->has_types)
        return plan->message;
    if (!plan_whole(look, plan->role[PLAN_TYPE], &raw))
        return PLAN_NO_TYPE;
    if (raw < sizeof plan->types)
        return plan->types[raw];
    for (i = 0; i < plan->high_type_count; i++)
        if (plan->high_types[i].raw == raw)
            return plan->high_types[i].message;
    return PLAN_NO_TYPE;
}

/* ---- Bodies --------------------------------------------------------------------------- */

int plan_find_body(struct plan_look *look, unsigned message, uint32_t *first)
{
    const struct plan *plan = look->plan;
    const struct plan_body *body = plan->bodies;
    const struct plan_body *none = plan->bodies + plan->body_count;
    int64_t ends;

    while (body < none && !all_hold(look, &body->when, message))
        body++;
    look->body = body;
    ends = plan_walk(look, &body->header, PLAN_BODY, *first, look->end);
    if (ends < 0)
        return reject(MUSTER_REJECT_BAD_LENGTH);
    *first = (uint32_t)ends;
    return 0;
}

/* Walks readings of different lengths.  Returns how many there are, `most` at most; -1 if they do
 * not fit.  Each has a byte at least, so a datagram bounds the work. */
static int64_t walk_readings(struct plan_look *look, uint32_t first, uint32_t most, uint32_t *ends)
{
    const struct plan_section *reading = &look->body->reading;
    uint32_t count = 0, at = first;

    while (count < most && at < look->end) {
        int64_t next = plan_walk(look, reading, PLAN_READING, at, look->end);

        if (next <= at)
            return -1;
        at = (uint32_t)next;
        count++;
    }
    *ends = at;
    return count;
}

/* The readings of the body, from `first` on; `wanted` of them, -1: to the end.  Returns how many
 * there are, or -1 if they do not fit. */
static int64_t count_readings(struct plan_look *look, struct plan_header *header, int64_t wanted)
{
    const struct plan_body *body = look->body;
    uint32_t ends, room = look->end - header->first, size = body->reading.size;
    int64_t count;

    if (body->reading.varying_count == 0) {
        header->stride = size;
        if (wanted < 0) {
            count = room / size;
        } else {
            count = wanted;
            if ((uint64_t)wanted > room / size)
                return -1;
        }
        return body->trailing || (uint64_t)count * size == room ? count : -1;
    }
    if (wanted == 1) { /* may be empty: the rest */
        int64_t end = plan_walk(look, &body->reading, PLAN_READING, header->first, look->end);

        return end >= 0 && (body->trailing || end == look->end) ? 1 : -1;
    }
    count = walk_readings(look, header->first, wanted < 0 ? UINT16_MAX : (uint32_t)wanted, &ends);
    if (count < 0 || (wanted >= 0 && count < wanted))
        return -1;
    return body->trailing || ends == look->end ? count : -1;
}

/* Returns 0, or a reject. */
static int read_body(struct plan_look *look, struct plan_header *header, unsigned message)
{
    const struct plan *plan = look->plan;
    const struct plan_body *body = look->body;
    int64_t wanted = -1, count = 0;

    if (body->reading.count > 0) {
        uint64_t number;

        if (body->readings > 0) {
            wanted = body->readings;
        } else if (body->role[PLAN_COUNT] != NULL) {
            if (!plan_whole(look, body->role[PLAN_COUNT], &number))
                return reject(MUSTER_REJECT_NO_FORMAT);
            if (number > UINT16_MAX)
                return reject(MUSTER_REJECT_BAD_LENGTH);
            wanted = (int64_t)number;
        }
        count = count_readings(look, header, wanted);
        if (count < 0)
            return reject(MUSTER_REJECT_BAD_LENGTH);
    } else if (!body->trailing && message != FORMAT_OTHER && header->first != look->end) {
        return reject(MUSTER_REJECT_BAD_LENGTH);
    }
    header->has_reading = count > 0;
    header->readings = count > 0 ? (uint16_t)count : 1;
    header->walked_at = header->first;
    if (body != plan->bodies + plan->body_count)
        header->body = (uint16_t)(body - plan->bodies);
    return 0;
}

/* ---- Roles ---------------------------------------------------------------------------- */

/* Number, time and flags.  Returns 0, or a reject. */
static int read_roles(const struct plan_look *look, struct plan_header *header, uint64_t arrival_ns)
{
    const struct plan_field *const *role = look->body->role;
    const struct plan_field *sequence = role[PLAN_SEQUENCE];

    if (sequence != NULL) {
        /* As text it may be negative, which is a sender's way to say that there is none. */
        if (!plan_whole(look, sequence, &header->seq) ||
            (sequence->type == FORMAT_NUMBER && header->seq > INT64_MAX))
            return reject(MUSTER_REJECT_NO_FORMAT);
        if (!look->plan->counts_readings || header->has_reading)
            header->seq_bits = sequence->bits;
        if (sequence->bits < 64)
            header->seq &= (UINT64_C(1) << sequence->bits) - 1;
    }
    if (role[PLAN_TIME] != NULL &&
        !plan_get_time(look, role[PLAN_TIME], role[PLAN_FRACTION], arrival_ns, &header->time_ns))
        return reject(MUSTER_REJECT_NO_FORMAT);
    if (role[PLAN_FLAGS] != NULL)
        header->flags = (uint8_t)plan_integer(look, role[PLAN_FLAGS]);
    return 0;
}

/* Returns 0, or a reject. */
static int check_sum(const struct plan_look *look)
{
    const struct plan_field *field = look->body->role[PLAN_CHECK];
    uint64_t sum;

    if (look->plan->check.is == FORMAT_NO_CHECK || field == NULL)
        return 0;
    if (!plan_check_make(look, field, &sum))
        return reject(MUSTER_REJECT_BAD_LENGTH);
    return sum == plan_integer(look, field) ? 0 : reject(MUSTER_REJECT_BAD_CHECK);
}

/* All but the device, in the order in which datagrams are judged.  Returns as plan_header. */
static int judge(struct plan_look *look, struct plan_header *header, uint64_t arrival_ns,
                 unsigned message)
{
    int result;

    if (message == PLAN_NO_TYPE)
        return reject(MUSTER_REJECT_UNKNOWN_TYPE);
    header->msg_type =
        message == FORMAT_OTHER || message == FORMAT_IGNORE ? MUSTER_MSG_DATA : (uint8_t)message;
    result = plan_find_body(look, message, &header->first);
    if (message == FORMAT_IGNORE) {
        header->readings = 1;
        return result < 0 ? 0 : check_sum(look);
    }
    if (result == 0)
        result = read_body(look, header, message);
    if (result == 0)
        result = check_sum(look);
    if (result == 0)
        result = read_roles(look, header, arrival_ns);
    return result < 0 ? result : header->readings;
}

int plan_header(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                size_t size, const struct sockaddr *source, uint64_t arrival_ns)
{
    if (plan->fast.is_on)
        return plan_fast_header(plan, header, datagram, size);
    return plan_any_header(plan, header, datagram, size, source, arrival_ns);
}

int plan_any_header(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                    size_t size, const struct sockaddr *source, uint64_t arrival_ns)
{
    struct plan_look look;
    int64_t ends;
    int result;

    header->device.id = 0;
    header->device.is_number = false;
    header->device.length = 0;
    header->seq = 0;
    header->time_ns = 0;
    header->seq_bits = header->msg_type = header->flags = 0;
    header->body = UINT16_MAX;
    header->readings = 0;
    header->has_reading = false;
    header->first = header->stride = header->walked = header->walked_at = 0;

    result = plan_find_header(&look, plan, datagram, size);
    if (result < 0)
        return result;
    ends = plan_walk(&look, &plan->header, PLAN_HEADER, 0, look.end);
    if (ends < 0)
        return reject(MUSTER_REJECT_TOO_SHORT);
    header->first = (uint32_t)ends;
    if (!all_hold(&look, &plan->expect, 0))
        return reject(MUSTER_REJECT_NO_FORMAT);
    if (plan->device_is_number) {
        header->device.id = plan_integer(&look, plan->device[0]);
        header->device.is_number = true;
    } else if (!plan_get_device(&look, source, &header->device)) {
        return reject(MUSTER_REJECT_BAD_LENGTH);
    }
    result = judge(&look, header, arrival_ns, plan_message(&look));
    if (result == reject(MUSTER_REJECT_BAD_CHECK) || result == reject(MUSTER_REJECT_NO_FORMAT)) {
        header->device.id = 0;
        header->device.is_number = false;
        header->device.length = 0;
    }
    return result;
}

/* ---- Records -------------------------------------------------------------------------- */

/* Finds a datagram's sections again, up to `reading`, which begins at `at`. */
static bool look_again(struct plan_look *look, const struct plan *plan, const uint8_t *datagram,
                       size_t size, uint32_t *first)
{
    unsigned message;
    int64_t ends;

    if (plan_find_header(look, plan, datagram, size) < 0)
        return false;
    ends = plan_walk(look, &plan->header, PLAN_HEADER, 0, look->end);
    if (ends < 0)
        return false;
    message = plan_message(look);
    *first = (uint32_t)ends;
    return message == PLAN_NO_TYPE || plan_find_body(look, message, first) == 0;
}

/* Where the reading begins and ends; readings of different lengths are walked. */
static uint32_t find_reading(struct plan_look *look, struct plan_header *header, uint32_t reading,
                             uint32_t *ends)
{
    int64_t end;

    if (header->stride > 0) {
        uint32_t at = header->first + reading * header->stride;

        look->fixed[PLAN_READING] = at;
        look->runs[PLAN_READING] = &look->fixed[PLAN_READING];
        *ends = at + header->stride;
        return at;
    }
    if (reading < header->walked) {
        header->walked = 0;
        header->walked_at = header->first;
    }
    for (;;) {
        uint32_t at = header->walked_at;

        end = plan_walk(look, &look->body->reading, PLAN_READING, at, look->end);
        assert(end >= at);
        *ends = (uint32_t)end;
        if (header->walked == reading)
            return at;
        header->walked++;
        header->walked_at = (uint32_t)end;
    }
}

/* The one value of a reading, if the record can hold it. */
static void set_value(struct muster_record *out, const struct plan_look *look)
{
    const struct plan_body *body = look->body;
    struct muster_value value;

    if (plan_is_integer(body->only) && look->plan->values[body->only->value].scale.is_one &&
        look->plan->values[body->only->value].absent_count == 0) {
        out->value.natural = plan_raw(look, body->only);
        out->value_type =
            body->only->type == FORMAT_SIGNED ? MUSTER_VALUE_INT : MUSTER_VALUE_UNSIGNED;
        return;
    }
    plan_convert(look, body->only, &value);
    switch (value.type) {
    case MUSTER_VALUE_TEXT:
    case MUSTER_VALUE_BYTES:
        if (body->only_is_all && value.bytes == out->payload.bytes &&
            value.bytes_size == out->payload_size)
            out->value_type = (uint8_t)value.type;
        break;
    default:
        out->value_type = (uint8_t)value.type;
        out->value.natural = value.value.natural;
    }
}

void plan_record(const struct plan *plan, struct muster_record *out, struct plan_header *header,
                 const uint8_t *datagram, size_t size, uint32_t reading)
{
    const struct plan_body *body =
        &plan->bodies[header->body == UINT16_MAX ? plan->body_count : header->body];
    struct plan_look look;
    uint32_t at = 0, ends = 0;

    assert(reading < header->readings && size <= PLAN_LARGEST);

    memset(out, 0, sizeof *out);
    out->device_id = header->device.id;
    out->seq = header->seq;
    out->device_time_ns = header->time_ns;
    out->kind = MUSTER_KIND_MESSAGE;
    out->msg_type = header->msg_type;
    out->flags = header->flags;
    out->seq_bits = header->seq_bits;
    out->marks = MUSTER_MARK_DEVICE;
    out->reading = (uint16_t)reading;
    out->readings = header->readings;
    if (plan->counts_readings) {
        out->seq += reading;
        if (header->seq_bits > 0 && header->seq_bits < 64)
            out->seq &= (UINT64_C(1) << header->seq_bits) - 1;
    } else if (header->readings > 1 && header->seq_bits > 0) {
        out->marks |= MUSTER_MARK_SHARED_NUMBER;
    }
    if (header->has_reading && body->rest_type != MUSTER_VALUE_NONE) {
        at = header->first;
        ends = (uint32_t)size - plan->trailer.size;
        out->value_type = ends > at ? body->rest_type : MUSTER_VALUE_NONE;
    } else if (header->has_reading) {
        look.plan = plan;
        look.datagram = datagram;
        look.size = (uint32_t)size;
        look.end = (uint32_t)size - plan->trailer.size;
        look.body = body;
        at = find_reading(&look, header, reading, &ends);
    }
    if (ends == at) { /* nothing of its own */
        at = 0;
        ends = (uint32_t)size;
    }
    if (ends > at) {
        out->payload.bytes = datagram + at;
        out->payload_size = ends - at;
        out->payload_at = (uint16_t)at;
    }
    if (header->has_reading && body->only != NULL && body->rest_type == MUSTER_VALUE_NONE)
        set_value(out, &look);
}

/* ---- Values --------------------------------------------------------------------------- */

/* Those of one section that was walked. */
static void section_values(const struct plan_look *look, const struct plan_section *section,
                           char *out, uint32_t value_size, uint32_t room)
{
    const struct plan_known *known = look->plan->values;
    unsigned i;

    for (i = 0; i < section->count; i++) {
        const struct plan_field *field = &section->fields[i];
        struct muster_value value;

        if (field->value < 0 || (uint32_t)field->value >= room)
            continue;
        plan_convert(look, field, &value);
        value.name = known[field->value].shown.name;
        value.unit = known[field->value].shown.unit;
        memcpy(out + (size_t)field->value * value_size, &value,
               value_size < sizeof value ? value_size : sizeof value);
    }
}

uint32_t plan_values(const struct plan *plan, const uint8_t *datagram, size_t size, uint32_t at,
                     struct muster_value *out, uint32_t value_size, uint32_t room)
{
    struct plan_look look;
    uint32_t i, first;

    for (i = 0; i < plan->value_count && i < room; i++) {
        const struct muster_value none = {.name = plan->values[i].shown.name,
                                          .unit = plan->values[i].shown.unit};
        char *to = (char *)out + (size_t)i * value_size;

        memset(to, 0, value_size);
        memcpy(to, &none, value_size < sizeof none ? value_size : sizeof none);
    }
    if (room == 0 || !look_again(&look, plan, datagram, size, &first))
        return (uint32_t)plan->value_count;
    section_values(&look, &plan->header, (char *)out, value_size, room);
    section_values(&look, &plan->trailer, (char *)out, value_size, room);
    if (look.body == NULL)
        return (uint32_t)plan->value_count;
    section_values(&look, &look.body->header, (char *)out, value_size, room);
    if (at >= first && (at > 0 || first == 0) &&
        plan_walk(&look, &look.body->reading, PLAN_READING, at, look.end) > at)
        section_values(&look, &look.body->reading, (char *)out, value_size, room);
    return (uint32_t)plan->value_count;
}

const struct plan_value *plan_value(const struct plan *plan, uint32_t index)
{
    return index < plan->value_count ? &plan->values[index].shown : NULL;
}

const char *plan_name(const struct plan *plan)
{
    return plan->name;
}

bool plan_device_is_number(const struct plan *plan)
{
    return plan->device_is_number;
}

bool plan_device_has_key(const struct plan *plan)
{
    return !plan->device_is_number || plan->device[0]->bits > 16;
}

/* The bytes of an integer that differ most from device to device. */
static struct wire_place integer_place(const struct plan_field *field)
{
    uint32_t width = field->width == 3 ? 2 : field->width > 4 ? 4 : field->width;

    if (field->little_endian && field->width > 1)
        return (struct wire_place){.offset = field->offset, .width = 1};
    return (struct wire_place){.offset = field->offset + field->width - width,
                               .width = width,
                               .is_number = field->type == FORMAT_UNSIGNED && field->width <= 2};
}

struct wire_place plan_device_place(const struct plan *plan)
{
    const struct plan_field *field = plan->device_count > 0 ? plan->device[0] : NULL;
    struct wire_place place = {0};

    if (field == NULL || field->is_part || field->run > 0 || field->where != PLAN_HEADER)
        return place;
    if (plan_is_integer(field)) {
        place = integer_place(field);
    } else if (!field->is_varying && field->length > 4 &&
               (field->type == FORMAT_HEX || field->type == FORMAT_BCD)) {
        /* The last byte of bcd may be filled up. */
        place.width = 4;
        place.offset = field->offset + field->length - 4 - (field->type == FORMAT_BCD);
    }
    place.is_number &= plan->device_count == 1;
    return place;
}
