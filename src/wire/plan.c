/* SPDX-License-Identifier: MIT
 *
 * A datagram by its plan: it is judged, and its header read.
 */
#include "plan_parts.h"

#include "datagram.h"

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

    if (!plan->has_types)
        return plan->message;
    return plan_whole(look, plan->role[PLAN_TYPE], &raw) ? plan_message_of(plan, raw)
                                                         : PLAN_NO_TYPE;
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
        return wire_reject(MUSTER_REJECT_BAD_LENGTH);
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
                return wire_reject(MUSTER_REJECT_NO_FORMAT);
            if (number > UINT16_MAX)
                return wire_reject(MUSTER_REJECT_BAD_LENGTH);
            wanted = (int64_t)number;
        }
        count = count_readings(look, header, wanted);
        if (count < 0)
            return wire_reject(MUSTER_REJECT_BAD_LENGTH);
    } else if (!body->trailing && message != FORMAT_OTHER && header->first != look->end) {
        return wire_reject(MUSTER_REJECT_BAD_LENGTH);
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
            return wire_reject(MUSTER_REJECT_NO_FORMAT);
        if (!look->plan->counts_readings || header->has_reading)
            header->seq_bits = sequence->bits;
        if (sequence->bits < 64)
            header->seq &= (UINT64_C(1) << sequence->bits) - 1;
    }
    if (role[PLAN_TIME] != NULL &&
        !plan_get_time(look, role[PLAN_TIME], role[PLAN_FRACTION], arrival_ns, &header->time_ns))
        return wire_reject(MUSTER_REJECT_NO_FORMAT);
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
        return wire_reject(MUSTER_REJECT_BAD_LENGTH);
    return sum == plan_integer(look, field) ? 0 : wire_reject(MUSTER_REJECT_BAD_CHECK);
}

/* All but the device, in the order in which datagrams are judged.  Returns as plan_header. */
static int judge(struct plan_look *look, struct plan_header *header, uint64_t arrival_ns,
                 unsigned message)
{
    int result;

    if (message == PLAN_NO_TYPE)
        return wire_reject(MUSTER_REJECT_UNKNOWN_TYPE);
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

    plan_clear(header);
    result = plan_find_header(&look, plan, datagram, size);
    if (result < 0)
        return result;
    ends = plan_walk(&look, &plan->header, PLAN_HEADER, 0, look.end);
    if (ends < 0)
        return wire_reject(MUSTER_REJECT_TOO_SHORT);
    header->first = (uint32_t)ends;
    if (!all_hold(&look, &plan->expect, 0))
        return wire_reject(MUSTER_REJECT_NO_FORMAT);
    if (plan->device_is_number) {
        header->device.id = plan_integer(&look, plan->device[0]);
        header->device.is_number = true;
    } else if (!plan_get_device(&look, source, &header->device)) {
        return wire_reject(MUSTER_REJECT_BAD_LENGTH);
    }
    result = judge(&look, header, arrival_ns, plan_message(&look));
    if (result == wire_reject(MUSTER_REJECT_BAD_CHECK) ||
        result == wire_reject(MUSTER_REJECT_NO_FORMAT)) {
        header->device.id = 0;
        header->device.is_number = false;
        header->device.length = 0;
    }
    return result;
}

/* ---- Look-ups ------------------------------------------------------------------------- */

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
