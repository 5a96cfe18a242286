/* SPDX-License-Identifier: MIT
 *
 * The records of a datagram that was taken, and their values.
 */
#include <assert.h>

#include "plan_parts.h"

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
