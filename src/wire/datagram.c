/* SPDX-License-Identifier: MIT
 *
 * One datagram becomes records, or a reason why not.
 */
#include "datagram.h"

#include <assert.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)

/* Whether each two bytes of the payload are a record of their own. */
static int is_batch(const struct wire_class *class, const struct muster_header *header)
{
    return class->payload == WIRE_PAYLOAD_U16 && header->msg_type == MUSTER_MSG_DATA;
}

int wire_header(struct muster_header *header, const uint8_t *datagram, size_t size, size_t largest)
{
    assert(largest >= MUSTER_HEADER_SIZE && largest <= WIRE_LARGEST);

    if (muster_header_decode(header, datagram, size) != 0)
        return wire_reject(MUSTER_REJECT_TOO_SHORT);
    if (size > largest)
        return wire_reject(MUSTER_REJECT_TOO_LONG);
    if (header->msg_type > MUSTER_MSG_INIT)
        return wire_reject(MUSTER_REJECT_UNKNOWN_TYPE);
    return 0;
}

int wire_payload_check(const struct wire_class *class, const struct muster_header *header,
                       size_t payload_size)
{
    size_t count;

    assert(payload_size <= WIRE_LARGEST - MUSTER_HEADER_SIZE);

    if (!is_batch(class, header))
        return 1;
    count = muster_u16_count(payload_size);
    return count > 0 ? (int)count : wire_reject(MUSTER_REJECT_BAD_PAYLOAD);
}

void wire_record(struct muster_record *out, const struct muster_header *header,
                 const struct wire_class *class, const uint8_t *payload, size_t payload_size,
                 uint32_t reading, uint32_t readings)
{
    assert(reading < readings && readings <= UINT16_MAX);

    memset(out, 0, sizeof *out);
    wire_device(out, header);
    out->seq = header->seq_num + reading;
    out->device_time_ns = (int64_t)header->timestamp * NS_PER_SECOND;
    out->kind = MUSTER_KIND_MESSAGE;
    out->msg_type = header->msg_type;
    out->flags = header->flags;
    out->seq_bits = class->numbers >> header->msg_type & 1 ? WIRE_SEQ_BITS : 0;
    out->reading = (uint16_t)reading;
    out->readings = (uint16_t)readings;

    if (is_batch(class, header)) {
        assert((size_t)readings * MUSTER_READING_SIZE == payload_size);
        out->payload.bytes = payload + (size_t)reading * MUSTER_READING_SIZE;
        out->payload_size = MUSTER_READING_SIZE;
        out->value_type = MUSTER_VALUE_INT;
        out->value.integer = muster_get_u16(out->payload.bytes);
    } else if (payload_size > 0) {
        out->payload.bytes = payload;
        out->payload_size = (uint32_t)payload_size;
        /* The u16 class says nothing of what else its devices may send: kept, not read. */
        out->value_type =
            class->payload == WIRE_PAYLOAD_TEXT ? MUSTER_VALUE_TEXT : MUSTER_VALUE_NONE;
    }
}

const char *wire_reject_name(unsigned reason)
{
    static const char *const names[MUSTER_REJECT_REASONS] = {
        [MUSTER_REJECT_TOO_SHORT] = "too_short",
        [MUSTER_REJECT_TOO_LONG] = "too_long",
        [MUSTER_REJECT_UNKNOWN_TYPE] = "unknown_type",
        [MUSTER_REJECT_BAD_PAYLOAD] = "bad_payload",
        [MUSTER_REJECT_SOURCE] = "source",
        [MUSTER_REJECT_RATE] = "rate",
        [MUSTER_REJECT_UNKNOWN_DEVICE] = "unknown_device",
        [MUSTER_REJECT_NO_FORMAT] = "no_format",
        [MUSTER_REJECT_BAD_LENGTH] = "bad_length",
        [MUSTER_REJECT_BAD_CHECK] = "bad_check",
    };

    return reason < MUSTER_REJECT_REASONS ? names[reason] : "unknown_reason";
}
