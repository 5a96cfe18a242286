/* SPDX-License-Identifier: MIT
 *
 * A declared format, compiled: what decodes a datagram.  Compiled once; then it does not change, so
 * any thread may use it.  Decoding neither allocates nor reads anything but the datagram, whose
 * bytes need not be trusted.
 *
 *     int count = plan_header(plan, &header, datagram, size, source, arrival_ns);
 *     if (count < 0)
 *         reject(wire_reason(count));
 *     for (i = 0; i < count; i++)
 *         plan_record(plan, &record[i], &header, datagram, size, i);
 *     ...
 *     n = plan_values(plan, datagram, size, record[i].payload_at, values, sizeof values[0], room);
 *
 * What the description leaves open is decided so:
 * - A datagram that no body describes is taken, since nothing is said of what follows its header;
 *   one with a body must fit it.  Without a reading, or with a count of 0, it makes one record.  If
 *   the number counts readings, such a record has none: seq_bits is 0.
 * - `readings` of a body goes before `count`, which is then not looked at.
 * - `length` is a value as any other: what it counts differs from format to format, and the
 *   datagram's own size is known.  Flags wider than 8 bits are a value, too.
 * - A time stamp of 0 is none, whatever the epoch, unless it wraps.
 * - Fixed text may be filled up with zeros or spaces, which are left out.
 * - A role of a `number` that is no whole number is MUSTER_REJECT_NO_FORMAT.
 * - A device of an integer without a sign is a number.  All else is a key: integers in decimal,
 *   hex and bcd as digits, but for an F that fills bcd up, text as it is, but for what fills it up
 *   and what is not printable ASCII, and in a key of several fields '/': that is \xHH, and so is a
 *   backslash.  So no two devices share a key.  One that would be longer than FORMAT_KEY_MOST, or
 *   empty, is MUSTER_REJECT_BAD_LENGTH.
 */
#ifndef WIRE_PLAN_H
#define WIRE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>
#include <muster/record.h>

#include "base/address.h"
#include "base/problems.h"
#include "format.h"
#include "steering.h"

struct plan;
struct sockaddr;

/* What a device calls itself: a number, or a key as text. */
struct plan_device {
    uint64_t id;               /* if is_number */
    bool is_number;            /* of at most 64 bits; else the key below is what it is */
    uint8_t length;            /* bytes of the key */
    char key[FORMAT_KEY_MOST]; /* not terminated; several fields are joined by '/' */
};

/* What a datagram's header says. */
struct plan_header {
    struct plan_device device;
    uint64_t seq;
    int64_t time_ns;  /* ns since the Unix epoch; 0: none */
    uint8_t seq_bits; /* 1 to 64; 0: it has no number */
    uint8_t msg_type; /* enum format_message, without FORMAT_IGNORE and FORMAT_OTHER */
    uint8_t flags;
    uint16_t body;     /* which body it has; UINT16_MAX: none */
    uint16_t readings; /* records that it makes, at least 1 */
    bool has_reading;  /* else it is one record without a reading */
    uint32_t first;    /* where the first reading begins, bytes */
    uint32_t stride;   /* bytes of each reading; 0: they differ, and are found by walking */
    uint32_t walked;   /* readings in front of walked_at, which is where plan_record has come to */
    uint32_t walked_at;
};

/* Checks that the description makes sense, and compiles it.  What is wrong goes to `problems`, at
 * the place of the part that is wrong, and NULL is returned; also if memory is short (then without
 * a problem, and errno is ENOMEM). */
struct plan *plan_compile(const struct format *format, struct problems *problems);
void plan_free(struct plan *plan); /* NULL is ignored */

/* Reads and judges a datagram of `size` bytes, which came from `source` (only if the device is
 * that; may be NULL otherwise) at arrival_ns, ns since the Unix epoch.  Returns how many records it
 * makes, at least 1; 0 if it is to be ignored; or -(1 + enum muster_reject):
 * MUSTER_REJECT_TOO_SHORT, shorter than the header; NO_FORMAT, `expect` says that it is another
 * format; UNKNOWN_TYPE; BAD_LENGTH, what follows the header does not fit to the byte; BAD_CHECK.
 * header->device is right whenever the header was there and its device could be read, also if
 * UNKNOWN_TYPE or BAD_LENGTH is returned; its length and id are 0 otherwise. */
int plan_header(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                size_t size, const struct sockaddr *source, uint64_t arrival_ns);

/* Fills in record number `reading` of a datagram that plan_header took.  All 128 bytes are set,
 * device excepted, which is the host's number; payload: the reading's bytes, which are inside
 * `datagram`, and if there are none the whole datagram, with payload_at 0; value: that of the
 * first value, if there is just one in a reading, and of a text if it is the whole reading.
 * Readings that are walked are found at once if they are asked for in order. */
void plan_record(const struct plan *plan, struct muster_record *out, struct plan_header *header,
                 const uint8_t *datagram, size_t size, uint32_t reading);

/* The values of one reading, those of the headers first, in the order of plan_value: a value that
 * is absent, or that this body does not have, is there with MUSTER_VALUE_NONE.  `at` is where the
 * reading begins, as in muster_record.payload_at: so nothing is walked again for each.  Returns how
 * many the format has, which may be more than `room`.  Texts point into `datagram`, or into the
 * plan. */
uint32_t plan_values(const struct plan *plan, const uint8_t *datagram, size_t size, uint32_t at,
                     struct muster_value *out, uint32_t value_size, uint32_t room);

/* The values that a format has, each name once, in the order in which the file has them; a role is
 * none.  Returns NULL past the last. */
struct plan_value {
    const char *name;
    const char *unit; /* NULL: none */
    uint8_t type;     /* enum muster_value_type of its values */
    uint8_t decimals; /* digits behind the point that a scaled value has */
};
const struct plan_value *plan_value(const struct plan *plan, uint32_t index);

/* The name of the format. */
const char *plan_name(const struct plan *plan);

/* Whether its devices call themselves by a number without a sign; and whether one may be anything
 * but such a number below MUSTER_DEVICE_IDS. */
bool plan_device_is_number(const struct plan *plan);
bool plan_device_has_key(const struct plan *plan);

/* Whether one may call itself that, as far as the kind of its field says. */
bool plan_device_can_be(const struct plan *plan, const char *key);

/* Where the device's bytes are in every datagram of this format, for steering: those of an integer,
 * or of a longer hex or bcd, in front of which is nothing of varying length. */
struct wire_place plan_device_place(const struct plan *plan);

/* How a datagram is answered. */
struct plan_reply {
    uint32_t size;     /* bytes of the answer, at most FORMAT_REPLY_MOST */
    bool to_all;       /* also to devices that the catalog does not list */
    const char *after; /* the sink that must have written the datagram's records; NULL: none */
    const char *file;  /* where that is said */
    unsigned line, column;
};

/* The replies of a format, in order; NULL past the last. */
const struct plan_reply *plan_reply(const struct plan *plan, uint32_t index);

/* Which of them is for a datagram that plan_header took, or that is to be ignored; -1: none. */
int plan_reply_find(const struct plan *plan, const uint8_t *datagram, size_t size);

/* Writes the answer, and returns how many bytes it has. */
uint32_t plan_reply_make(const struct plan *plan, uint32_t index, const uint8_t *datagram,
                         size_t size, uint8_t out[FORMAT_REPLY_MOST]);

/* For a person: each field of a datagram with its offset, bytes, value and meaning, in order, or
 * which rule refuses it.  `field` is called for each. */
struct plan_step {
    uint32_t offset, length; /* bytes of the datagram that it is read from */
    uint8_t bit, bits;   /* of a part: from the most significant bit of the integer; bits 0: none */
    const char *where;   /* "header", "body 2", "reading 1 of 3", "trailer" */
    const char *type;    /* as declared: "u16 le", "text:u8", ... */
    const char *name;    /* NULL: '-' */
    const char *role;    /* "device", "sequence", ...; NULL: it is a value, or has no name */
    const char *value;   /* as text */
    const char *meaning; /* what becomes of it: "21.2 Cel", "data", "2025-12-17T19:33:20Z"; NULL */
};
struct plan_verdict {
    int count;       /* as plan_header returns it */
    uint32_t offset; /* where the rule that refuses it looked */
    char text[256];  /* which rule, and what it found; "" if it is taken */
    bool is_plain;   /* that says all: what such a rejection is mostly due to does not matter */
    struct plan_header header;
};
void plan_explain(const struct plan *plan, const uint8_t *datagram, size_t size,
                  const struct sockaddr *source, uint64_t arrival_ns,
                  void (*field)(void *context, const struct plan_step *step), void *context,
                  struct plan_verdict *verdict);

#endif
