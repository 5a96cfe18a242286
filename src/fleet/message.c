/* SPDX-License-Identifier: MIT
 *
 * Readings, and the datagrams that carry them.
 */
#include "message.h"

#include "wire/plan_encode.h"

#define SECOND_NS UINT64_C(1000000000)
#define TEXT_SIZE 4 /* bytes of a reading as text: "26.6" */

/* Tenths of a degree: it rises by a degree from reading to reading, from 26.6
 * for the first device, and falls again from 40 degrees above that.  Always three digits. */
static uint32_t degrees(uint32_t device, uint64_t reading)
{
    uint32_t phase = (uint32_t)(reading % 80);

    return 266 + device % 100 + 10 * (phase <= 40 ? phase : 80 - phase);
}

bool message_is_sent(const struct message_form *form, uint8_t type)
{
    return form->encoder == NULL || plan_encoder_why(form->encoder, type) == NULL;
}

uint32_t message_records(const struct message_form *form, uint8_t type)
{
    if (form->encoder != NULL)
        return plan_encoder_records(form->encoder, type);
    return type == MUSTER_MSG_DATA ? form->readings : 1;
}

uint32_t message_numbers(const struct message_form *form, uint8_t type)
{
    if (form->encoder != NULL)
        return plan_encoder_numbers(form->encoder, type);
    return type == MUSTER_MSG_DATA ? form->readings : 0;
}

unsigned message_bits(const struct message_form *form)
{
    return form->encoder != NULL ? plan_encoder_bits(form->encoder) : MESSAGE_BITS;
}

size_t message_size(const struct message_form *form, uint8_t type)
{
    if (form->encoder != NULL)
        return plan_encoder_largest(form->encoder);
    if (type != MUSTER_MSG_DATA)
        return MUSTER_HEADER_SIZE;
    if (form->payload == MESSAGE_TEXT)
        return MUSTER_HEADER_SIZE + TEXT_SIZE;
    return MUSTER_HEADER_SIZE + (size_t)form->readings * MUSTER_READING_SIZE;
}

static size_t encode_declared(const struct message_form *form, const struct message *message,
                              uint8_t *out, size_t room)
{
    const struct plan_message declared = {
        .device = message->id,
        .seq = message->number,
        .time_ns = (int64_t)message->clock_ns,
        .start_ns = (int64_t)message->start_ns,
        .reading = message->reading,
        .seed = message->seed,
        .type = message->type,
    };

    return plan_encode(form->encoder, &declared, out, room);
}

size_t message_encode(const struct message_form *form, const struct message *message, uint8_t *out,
                      size_t room)
{
    struct muster_header header = {
        .seq_num = (uint32_t)message->number,
        .timestamp = (uint32_t)(message->clock_ns / SECOND_NS),
        .device_id = (uint16_t)message->id,
        .msg_type = message->type,
    };
    uint32_t i;

    if (form->encoder != NULL)
        return encode_declared(form, message, out, room);
    if (message->type != MUSTER_MSG_DATA)
        return muster_text_encode(out, room, &header, NULL, 0);
    header.flags = MUSTER_FLAG_ACK;
    if (form->payload == MESSAGE_TEXT) {
        uint32_t tenths = degrees(message->device, message->reading);
        char text[TEXT_SIZE] = {(char)('0' + tenths / 100), (char)('0' + tenths / 10 % 10), '.',
                                (char)('0' + tenths % 10)};

        return muster_text_encode(out, room, &header, text, sizeof text);
    }
    if (room < message_size(form, MUSTER_MSG_DATA))
        return 0;
    muster_header_encode(out, &header);
    for (i = 0; i < form->readings; i++)
        muster_put_u16(out + MUSTER_HEADER_SIZE + (size_t)i * MUSTER_READING_SIZE,
                       (uint16_t)degrees(message->device, message->reading + i));
    return message_size(form, MUSTER_MSG_DATA);
}

void message_timestamp(const struct message_form *form, const uint8_t *bytes, size_t size,
                       uint64_t arrival_ns, uint32_t *timestamp)
{
    struct plan_header header;

    if (form->encoder == NULL)
        return;
    *timestamp = 0;
    if (plan_header(plan_encoder_plan(form->encoder), &header, bytes, size, NULL, arrival_ns) > 0 &&
        header.time_ns > 0)
        *timestamp = (uint32_t)((uint64_t)header.time_ns / SECOND_NS);
}
