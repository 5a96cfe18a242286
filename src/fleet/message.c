/* SPDX-License-Identifier: MIT
 *
 * Readings, and the datagrams that carry them.
 */
#include "message.h"

#define TEXT_SIZE 4 /* bytes of a reading as text: "26.6" */

/* Tenths of a degree: it rises by a degree from reading to reading, from 26.6
 * for the first device, and falls again from 40 degrees above that.  Always three digits. */
static uint32_t degrees(uint32_t device, uint64_t reading)
{
    uint32_t phase = (uint32_t)(reading % 80);

    return 266 + device % 100 + 10 * (phase <= 40 ? phase : 80 - phase);
}

size_t message_size(const struct message_form *form, uint8_t type)
{
    if (type != MUSTER_MSG_DATA)
        return MUSTER_HEADER_SIZE;
    if (form->payload == MESSAGE_TEXT)
        return MUSTER_HEADER_SIZE + TEXT_SIZE;
    return MUSTER_HEADER_SIZE + (size_t)form->readings * MUSTER_READING_SIZE;
}

size_t message_encode(const struct message_form *form, const struct message *message, uint8_t *out,
                      size_t room)
{
    struct muster_header header = {
        .seq_num = message->number,
        .timestamp = message->timestamp,
        .device_id = message->id,
        .msg_type = message->type,
    };
    uint32_t i;

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
