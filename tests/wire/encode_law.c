/* SPDX-License-Identifier: MIT
 *
 * See encode_law.h.
 */
#include "encode_law.h"

#include <stdlib.h>
#include <string.h>

#include "wire/plan_encode_data.h"

#define NOW_NS INT64_C(1766000000123456789)

enum { MESSAGES = 6, LARGEST = 65507, VALUES = FORMAT_VALUES_MOST };

static uint64_t mask_of(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* How far the time that is read may be from the one that was meant; -1: as far as it likes. */
static int64_t tolerance(const struct plan *plan, const struct plan_body *body)
{
    const struct plan_field *time = body->role[PLAN_TIME];

    if (time == NULL || plan->clock.kind == FORMAT_FROM_START || time->type == FORMAT_REAL ||
        ((unsigned __int128)plan->clock.unit_ns << time->bits) < 1000000000u ||
        body->role[PLAN_FRACTION] != NULL)
        return -1;
    return (int64_t)plan->clock.unit_ns;
}

static const char *check_header(const struct plan_encoder *encoder,
                                const struct plan_message *message,
                                const struct plan_header *header)
{
    const struct plan *plan = encoder->plan;
    const struct form *form = &encoder->forms[message->type];
    const struct shape *shape = &form->shape;
    const struct plan_field *flags = shape->body->role[PLAN_FLAGS],
                            *sequence = shape->body->role[PLAN_SEQUENCE];
    const int64_t within = tolerance(plan, shape->body);
    uint64_t raw, seq = message->seq & mask_of(shape->bits);
    size_t i;

    if (header->msg_type != message->type || header->readings != shape->records ||
        header->has_reading != (shape->readings > 0))
        return "type and readings are those of the message";
    if (header->seq_bits != shape->bits)
        return "the number has its width";
    if (shape->bits > 0 && sequence->type == FORMAT_NUMBER)
        seq &= INT64_MAX;
    if (shape->bits > 0 && header->seq != seq)
        return "the number is that of the message";
    if (plan->device_is_number && encoder->radix[0] != 1 && header->device.id != message->device)
        return "the device is that of the message";
    if (within >= 0 && plan_encoder_has_time(encoder, message->time_ns) &&
        llabs(header->time_ns - message->time_ns) >= within)
        return "the time is that of the message";
    if (flags == NULL || shape_is_fixed(shape, flags, &raw))
        return NULL;
    for (i = 0; i < plan->device_count; i++)
        if (plan->device[i] == flags)
            return NULL;
    return header->flags == (message->flags & flags->mask & 0xff)
               ? NULL
               : "flags are those of the message";
}

/* No value of an integer is absent, unless all that it can be are. */
static const char *check_values(const struct plan *plan, const uint8_t *datagram, size_t size,
                                struct plan_header *header)
{
    struct muster_value values[VALUES];
    struct muster_record record;
    uint32_t i;

    for (i = 0; i < header->readings && i < 3; i++) {
        plan_record(plan, &record, header, datagram, size, i);
        if (record.seq_bits > 0 && plan->counts_readings &&
            record.seq != ((header->seq + i) & mask_of(header->seq_bits)))
            return "a reading has its number";
        plan_values(plan, datagram, size, record.payload_at, values, sizeof values[0], VALUES);
    }
    return NULL;
}

/* Devices have different names, if there is room for them. */
static const char *check_devices(const struct plan_encoder *encoder,
                                 const struct plan_header headers[MESSAGES])
{
    size_t i, j;

    if (encoder->devices < MESSAGES)
        return NULL;
    for (i = 0; i < MESSAGES; i++)
        for (j = 0; j < i; j++)
            if (headers[i].device.id == headers[j].device.id &&
                headers[i].device.length == headers[j].device.length &&
                memcmp(headers[i].device.key, headers[j].device.key, headers[i].device.length) == 0)
                return "two devices have two names";
    return NULL;
}

static struct plan_message message_of(const struct plan_encoder *encoder, unsigned type,
                                      uint64_t seed, unsigned i)
{
    struct plan_message message = {
        .device = i,
        .seq = seed * UINT64_C(0x9e3779b97f4a7c15) * (i + 1),
        .time_ns = NOW_NS + (int64_t)i * 1000000007,
        .start_ns = NOW_NS,
        .reading = i,
        .seed = seed,
        .type = (uint8_t)type,
        .flags = (uint8_t)(seed * i),
    };

    if (i == MESSAGES - 1 && encoder->devices > MESSAGES)
        message.device = encoder->devices - 1;
    else if (encoder->devices > 0)
        message.device %= encoder->devices;
    return message;
}

/* Returns NULL, or what does not hold. */
static const char *check_type(const struct plan_encoder *encoder, unsigned type, uint64_t seed,
                              uint8_t *datagram)
{
    struct plan_header headers[MESSAGES];
    const char *broken = NULL;
    unsigned i;

    for (i = 0; i < MESSAGES && broken == NULL; i++) {
        const struct plan_message message = message_of(encoder, type, seed, i);
        size_t size = plan_encode(encoder, &message, datagram, LARGEST);

        if (size == 0 || size > plan_encoder_largest(encoder))
            return "it is as large as was said, or less";
        if (size > 1 && plan_encode(encoder, &message, datagram, size - 1) != 0)
            return "what has no room is not written";
        plan_encode(encoder, &message, datagram, size);
        if (plan_header(encoder->plan, &headers[i], datagram, size, NULL,
                        (uint64_t)message.time_ns) <= 0)
            return "what is encoded is accepted";
        broken = check_header(encoder, &message, &headers[i]);
        if (broken == NULL)
            broken = check_values(encoder->plan, datagram, size, &headers[i]);
    }
    return broken != NULL ? broken : check_devices(encoder, headers);
}

const char *encode_law(const struct plan *plan, uint64_t seed, uint64_t *encoded)
{
    struct plan_encoder *encoder = plan_encoder_new(plan, seed % 4 == 0 ? 3 : 0, seed % 3 == 0);
    uint8_t *datagram = malloc(LARGEST);
    const char *broken = encoder != NULL && datagram != NULL ? NULL : "there is memory";
    unsigned type;

    for (type = 0; type < ENCODE_TYPES && broken == NULL; type++) {
        if (plan_encoder_why(encoder, type) != NULL)
            continue;
        broken = check_type(encoder, type, seed, datagram);
        if (encoded != NULL)
            (*encoded)++;
    }
    free(datagram);
    plan_encoder_free(encoder);
    return broken;
}
