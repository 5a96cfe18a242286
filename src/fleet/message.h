/* SPDX-License-Identifier: MIT
 *
 * What a device says, and its bytes: in the built-in format, or in a declared one.
 */
#ifndef FLEET_MESSAGE_H
#define FLEET_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/wire.h>

#define MESSAGE_READINGS_MAX ((MUSTER_DATAGRAM_MAX - MUSTER_HEADER_SIZE) / MUSTER_READING_SIZE)
#define MESSAGE_BITS         32 /* of a number of the built-in format */

struct plan_encoder;

enum message_payload { MESSAGE_TEXT, MESSAGE_U16 };

/* How a device speaks. */
struct message_form {
    enum message_payload payload;       /* of the built-in format */
    uint32_t readings;                  /* that a DATA holds; 1 for MESSAGE_TEXT */
    const struct plan_encoder *encoder; /* of a declared format; NULL: the built-in one */
};

struct message {
    uint64_t reading;  /* DATA: which of the device's readings the first one is, from 0 */
    uint64_t number;   /* its lowest bits are sent */
    uint64_t clock_ns; /* what the device's clock shows, as Unix time */
    uint64_t start_ns; /* and showed when it began */
    uint64_t id;       /* what the device is called, or a number that its key is made of */
    uint64_t seed;     /* what the values of a declared format are made of */
    uint32_t device;   /* whose readings they are, from 0 */
    uint8_t type;      /* enum muster_msg_type */
};

/* Whether there are messages of that type. */
bool message_is_sent(const struct message_form *form, uint8_t type);

/* How many records one makes, and how many numbers it uses. */
uint32_t message_records(const struct message_form *form, uint8_t type);
uint32_t message_numbers(const struct message_form *form, uint8_t type);

/* The width of numbers; 0: there are none. */
unsigned message_bits(const struct message_form *form);

/* Size in bytes of a datagram of that type, at most. */
size_t message_size(const struct message_form *form, uint8_t type);

/* Writes the datagram's bytes and returns their number, or 0 if `room` is too small. */
size_t message_encode(const struct message_form *form, const struct message *message, uint8_t *out,
                      size_t room);

/* What the datagram says of the device's clock to one that gets it at that time, in seconds, 0 if
 * nothing; of the built-in format *timestamp stays as it is. */
void message_timestamp(const struct message_form *form, const uint8_t *bytes, size_t size,
                       uint64_t arrival_ns, uint32_t *timestamp);

#endif
