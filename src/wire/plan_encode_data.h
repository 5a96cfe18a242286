/* SPDX-License-Identifier: MIT
 *
 * What the files of the encoder share.
 */
#ifndef WIRE_PLAN_ENCODE_DATA_H
#define WIRE_PLAN_ENCODE_DATA_H

#include "plan_encode.h"
#include "plan_parts.h"
#include "plan_shape.h"

#define ENCODE_TYPES   3     /* enum muster_msg_type */
#define ENCODE_CONTENT 24    /* bytes that a field of varying length has, at most */
#define ENCODE_LARGEST 65507 /* bytes of a datagram, over IPv4 */

/* What a field gets. */
enum job_kind {
    JOB_VALUE,
    JOB_NOTHING,
    JOB_FIXED,
    JOB_DEVICE, /* part `raw` of it */
    JOB_SEQUENCE,
    JOB_TIME,
    JOB_FRACTION,
    JOB_FLAGS,
    JOB_COUNT,
    JOB_LENGTH,
    JOB_CHECK
};

struct job {
    enum job_kind kind;
    uint64_t raw;
};

/* A message of one type. */
struct form {
    struct shape shape;
    struct job header[FORMAT_FIELDS_MOST], body[FORMAT_FIELDS_MOST], reading[FORMAT_FIELDS_MOST],
        trailer[FORMAT_FIELDS_MOST];
};

struct plan_encoder {
    const struct plan *plan;
    uint64_t devices;
    size_t largest;
    uint8_t bits;
    struct form forms[ENCODE_TYPES];
    uint64_t radix[FORMAT_FIELDS_MOST]; /* of each field of the device; 0: 2^64 */
};

/* The time of the message for the field: units since its epoch, and the rest of one in ns. */
__int128 encode_units(const struct plan *plan, const struct plan_message *message,
                      const struct plan_field *field, int64_t *rest);

#endif
