/* SPDX-License-Identifier: MIT
 *
 * The fast way through a datagram whose header is integers of fixed places.
 */
#include "datagram.h"
#include "plan_parts.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define EPOCHS_MOST   INT64_C(4000000000) /* s: with 32 bits of seconds behind it, no overflow */

/* ---- Which have one ------------------------------------------------------------------- */

/* Whether there is a load for it; the shortest datagram has eight bytes. */
static bool make_load(const struct plan_field *field, struct plan_load *out)
{
    unsigned behind, below;

    *out = (struct plan_load){0};
    if (field == NULL)
        return true;
    if (field->type != FORMAT_UNSIGNED || field->where != PLAN_HEADER)
        return false;
    behind = field->offset + field->width;
    below = field->little_endian ? field->shift : field->shift - (64 - 8U * field->width);
    out->mask = field->mask;
    out->little_endian = field->little_endian;
    if (behind >= 8) { /* the field is at their end */
        out->at = behind - 8;
        out->shift = (uint8_t)(field->little_endian ? 64 - 8U * field->width + below : below);
    } else {
        out->at = 0;
        out->shift =
            (uint8_t)(field->little_endian ? 8U * field->offset + below : 64 - 8 * behind + below);
    }
    return true;
}

static bool make_expect(const struct plan *plan, struct plan_fast *fast)
{
    size_t i;

    if (plan->expect.count > sizeof fast->expect / sizeof fast->expect[0])
        return false;
    for (i = 0; i < plan->expect.count; i++) {
        const struct plan_condition *condition = &plan->expect.list[i];

        if (condition->count != 1 || condition->mask != UINT64_MAX ||
            !make_load(condition->field, &fast->expect[i]))
            return false;
        fast->expected[i] = condition->first;
    }
    fast->expect_count = (uint32_t)plan->expect.count;
    return true;
}

static bool is_body_of(const struct plan_body *body, unsigned message)
{
    size_t i;

    for (i = 0; i < body->when.count; i++)
        if (!plan_holds(NULL, &body->when.list[i], message))
            return false;
    return true;
}

/* What follows is said by the type, and is nothing, the rest, or integers of one size each. */
static bool make_bodies(const struct plan *plan, struct plan_fast *fast)
{
    unsigned message;
    size_t i, j;

    for (i = 0; i < plan->body_count; i++) {
        const struct plan_body *body = &plan->bodies[i];

        for (j = 0; j < body->when.count; j++)
            if (body->when.list[j].field != NULL)
                return false;
        if (body->header.count > 0 || (body->readings == 0 && body->role[PLAN_COUNT] != NULL))
            return false;
        if (body->reading.varying_count > 0 && body->rest_type == MUSTER_VALUE_NONE)
            return false;
    }
    for (message = 0; message <= FORMAT_IGNORE; message++) {
        for (i = 0; i < plan->body_count && !is_body_of(&plan->bodies[i], message); i++)
            ;
        fast->body[message] = &plan->bodies[i];
    }
    return true;
}

static bool make_time(const struct plan *plan, struct plan_fast *fast)
{
    const struct plan_field *time = plan->role[PLAN_TIME];
    const struct format_clock *clock = &plan->clock;

    if (time != NULL &&
        (plan->role[PLAN_FRACTION] != NULL || clock->wraps || clock->kind != FORMAT_WALL ||
         time->bits > 32 || clock->epoch_s > EPOCHS_MOST || clock->epoch_s < -EPOCHS_MOST))
        return false;
    fast->epoch_ns = clock->epoch_s * NS_PER_SECOND;
    return make_load(time, &fast->time);
}

void plan_fast_make(struct plan *plan)
{
    const struct plan_field *const *role = plan->role;
    struct plan_fast *fast = &plan->fast;

    if (plan->header.varying_count > 0 || plan->trailer.count > 0 || plan->least < 8 ||
        !plan->device_is_number || plan->check.is != FORMAT_NO_CHECK)
        return;
    if (!make_load(plan->device[0], &fast->device) ||
        !make_load(plan->has_types ? role[PLAN_TYPE] : NULL, &fast->type) ||
        !make_load(role[PLAN_SEQUENCE], &fast->sequence) ||
        !make_load(role[PLAN_FLAGS], &fast->flags))
        return;
    if (!make_time(plan, fast) || !make_expect(plan, fast) || !make_bodies(plan, fast))
        return;
    fast->seq_bits = role[PLAN_SEQUENCE] != NULL ? role[PLAN_SEQUENCE]->bits : 0;
    fast->is_on = true;
}

/* ---- The way -------------------------------------------------------------------------- */

static inline uint64_t get(const struct plan_load *load, const uint8_t *datagram)
{
    uint64_t word;

    memcpy(&word, datagram + load->at, sizeof word);
    word = load->little_endian ? le64toh(word) : be64toh(word);
    return word >> load->shift & load->mask;
}

/* How many readings the body has in `room` bytes; -1 if it does not fit. */
static int32_t count_readings(const struct plan_body *body, struct plan_header *header,
                              uint32_t room, unsigned message)
{
    uint32_t size = body->reading.size, count;

    if (body->rest_type != MUSTER_VALUE_NONE)
        return 1;
    if (body->reading.count == 0)
        return room == 0 || body->trailing || message == FORMAT_OTHER ? 0 : -1;
    header->stride = size;
    count = body->readings;
    if (count == 0)
        count = size == 2 ? room / 2 : size == 4 ? room / 4 : room / size;
    if (count * size > room || (count * size < room && !body->trailing))
        return -1;
    return (int32_t)count;
}

int plan_fast_header(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                     size_t size)
{
    const struct plan_fast *fast = &plan->fast;
    const struct plan_body *body;
    unsigned message;
    uint64_t units;
    int32_t count;
    uint32_t i;

    plan_clear(header);
    if (size < plan->least)
        return wire_reject(MUSTER_REJECT_TOO_SHORT);
    if (size > PLAN_LARGEST)
        return wire_reject(MUSTER_REJECT_TOO_LONG);
    header->first = header->walked_at = plan->least;
    for (i = 0; i < fast->expect_count; i++)
        if (get(&fast->expect[i], datagram) != fast->expected[i])
            return wire_reject(MUSTER_REJECT_NO_FORMAT);
    header->device.id = get(&fast->device, datagram);
    header->device.is_number = true;
    message = plan->has_types ? plan_message_of(plan, get(&fast->type, datagram)) : plan->message;
    if (message == PLAN_NO_TYPE)
        return wire_reject(MUSTER_REJECT_UNKNOWN_TYPE);
    header->msg_type = message >= FORMAT_OTHER ? MUSTER_MSG_DATA : (uint8_t)message;
    header->readings = 1;
    if (message == FORMAT_IGNORE)
        return 0;
    body = fast->body[message];
    count = count_readings(body, header, (uint32_t)size - plan->least, message);
    if (count < 0)
        return wire_reject(MUSTER_REJECT_BAD_LENGTH);
    if (count > 0) {
        header->has_reading = true;
        header->readings = (uint16_t)count;
    }
    if (body < plan->bodies + plan->body_count)
        header->body = (uint16_t)(body - plan->bodies);
    header->seq = get(&fast->sequence, datagram);
    if (!plan->counts_readings || count > 0)
        header->seq_bits = fast->seq_bits;
    units = get(&fast->time, datagram);
    if (units != 0)
        header->time_ns = (int64_t)(units * plan->clock.unit_ns) + fast->epoch_ns;
    header->flags = (uint8_t)get(&fast->flags, datagram);
    return header->readings;
}
