/* SPDX-License-Identifier: MIT
 *
 * What a device says, and its bytes.
 */
#ifndef FLEET_MESSAGE_H
#define FLEET_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <muster/wire.h>

#define MESSAGE_READINGS_MAX ((MUSTER_DATAGRAM_MAX - MUSTER_HEADER_SIZE) / MUSTER_READING_SIZE)

enum message_payload { MESSAGE_TEXT, MESSAGE_U16 };

/* How a device speaks. */
struct message_form {
    enum message_payload payload;
    uint32_t readings; /* that a DATA holds; 1 for MESSAGE_TEXT */
};

struct message {
    uint64_t reading; /* DATA: which of the device's readings the first one is, from 0 */
    uint32_t device;  /* whose readings they are, from 0 */
    uint32_t number;
    uint32_t timestamp;
    uint16_t id;
    uint8_t type; /* enum muster_msg_type */
};

/* Size in bytes of a datagram of that type. */
size_t message_size(const struct message_form *form, uint8_t type);

/* Writes the datagram's bytes and returns their number, or 0 if `room` is too small. */
size_t message_encode(const struct message_form *form, const struct message *message, uint8_t *out,
                      size_t room);

#endif
