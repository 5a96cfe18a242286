/* SPDX-License-Identifier: MIT
 *
 * The other way round: messages of simulated devices become datagrams of a declared format.
 *
 *     struct plan_encoder *encoder = plan_encoder_new(plan, 0);
 *     if (plan_encoder_why(encoder, MUSTER_MSG_DATA) == NULL)
 *         size = plan_encode(encoder, &message, datagram, sizeof datagram);
 *
 * plan_header and plan_record read back what was encoded.  What a format leaves open is decided so:
 * - The first body is taken that a message of that type can have; of DATA the first with readings.
 * - A field of which `expect` or a `when` asks for a value has the first that is allowed; it has
 * the same in each message of the type.
 * - Values are made up: plausible ones by their unit, never absent, the same of the same seed.
 * - `length` is how many bytes are between header and trailer.
 */
#ifndef WIRE_PLAN_ENCODE_H
#define WIRE_PLAN_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

struct plan_encoder;

struct plan_message {
    uint64_t device;  /* its number; of a key is made of it */
    uint64_t seq;     /* its lowest bits are sent */
    int64_t time_ns;  /* what the device's clock shows, since the Unix epoch; 0: it is not set */
    int64_t start_ns; /* the same when it began, for a time with `epoch: start` */
    uint64_t reading; /* which of the device's readings the first one is */
    uint64_t seed;    /* what its values are made of */
    uint8_t type;     /* enum muster_msg_type */
    uint8_t flags;    /* where the format has them, and asks for no others */
};

/* `readings`: how many each DATA has; 0: as many as the format declares, or one.  `asks`: messages
 * are such that they are answered, if the format has a reply for them.  The plan must stay.  NULL
 * if memory is short. */
struct plan_encoder *plan_encoder_new(const struct plan *plan, uint32_t readings, bool asks);
void plan_encoder_free(struct plan_encoder *encoder); /* NULL is ignored */

/* Why there is no message of that type, in words behind "FORMAT: "; NULL: there is. */
const char *plan_encoder_why(const struct plan_encoder *encoder, unsigned type);

/* How many records a message of that type makes, and how many numbers it uses: none, one, or one
 * for each record. */
uint32_t plan_encoder_records(const struct plan_encoder *encoder, unsigned type);
uint32_t plan_encoder_numbers(const struct plan_encoder *encoder, unsigned type);

/* The width of its numbers; 0: none is numbered. */
unsigned plan_encoder_bits(const struct plan_encoder *encoder);

/* How many devices can be told apart, by numbers from 0 on; UINT64_MAX: that, or more.  0: the
 * datagram does not say, a device is the address that it comes from. */
uint64_t plan_encoder_devices(const struct plan_encoder *encoder);

/* Whether the field for the time has room for it. */
bool plan_encoder_has_time(const struct plan_encoder *encoder, int64_t time_ns);

/* Whether the datagrams have a time stamp that says when that was. */
bool plan_encoder_tells_time(const struct plan_encoder *encoder);

/* Bytes of a datagram, at most. */
size_t plan_encoder_largest(const struct plan_encoder *encoder);

const struct plan *plan_encoder_plan(const struct plan_encoder *encoder);

/* Writes the datagram, and returns its size; 0 if there is too little room. */
size_t plan_encode(const struct plan_encoder *encoder, const struct plan_message *message,
                   uint8_t *out, size_t room);

#endif
