/* SPDX-License-Identifier: MIT
 *
 * A declared format, as it is described: which fields a datagram has, in order, and what they mean.
 * Values alone, no pointer into it is kept by plan_compile (plan.h), which makes of it what
 * decodes.
 *
 * doc/formats.md is the same for users.
 */
#ifndef WIRE_FORMAT_H
#define WIRE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>

#include "base/node.h"

#define FORMAT_FIELDS_MOST                                                                         \
    64 /* parts included, of all headers, readings and the trailer of a body */
#define FORMAT_VALUES_MOST   128 /* different names of values in a format */
#define FORMAT_BODIES_MOST   32
#define FORMAT_WORDS_MOST    256 /* values of an expect, a type map, absent, or names */
#define FORMAT_EXAMPLES_MOST 64
#define FORMAT_KEY_MOST      64 /* characters of a device's key */
#define FORMAT_REPLIES_MOST  32
#define FORMAT_REPLY_MOST    64 /* bytes of an answer */

enum format_type {
    FORMAT_UNSIGNED, /* u8 u16 u24 u32 u48 u64 */
    FORMAT_SIGNED,   /* i8 ... i64, two's complement */
    FORMAT_REAL,     /* f32 f64, IEEE 754 */
    FORMAT_TEXT,     /* bytes, shown as text */
    FORMAT_HEX,      /* bytes, shown as hexadecimal digits */
    FORMAT_BCD,      /* two decimal digits a byte, most significant first; 0xf: no digit */
    FORMAT_SKIP,     /* bytes without a meaning */
    FORMAT_NUMBER    /* a decimal number as text, up to `separator` or the end */
};

enum format_length {
    FORMAT_FIXED,     /* `length` bytes */
    FORMAT_PREFIX_U8, /* an unsigned integer in front says how many bytes follow it */
    FORMAT_PREFIX_U16,
    FORMAT_REST /* to the end of what holds it */
};

/* A part of an integer.  The parts of one add up to its bits, the most significant first. */
struct format_part {
    const struct node *at;
    const char *name; /* NULL: it has none ('-') */
    uint8_t bits;     /* 1 to 64 */
};

struct format_field {
    const struct node *at;
    const char *name; /* NULL: it has none ('-'), or it has parts */
    enum format_type type;
    bool little_endian; /* of numbers, and of a length in front */
    uint8_t width;      /* bytes of a number: 1, 2, 3, 4, 6, 8; else 0 */
    enum format_length length_is;
    uint32_t length; /* FORMAT_FIXED: bytes, of text, hex, bcd and skip */
    char separator;  /* of FORMAT_NUMBER; '\0': to the end */
    const struct format_part *parts;
    size_t part_count;
};

struct format_fields {
    const struct format_field *list;
    size_t count;
};

/* That a field has one of some values: of numbers only.  Of the role `type`, a word of the type map
 * is meant: is_type. */
struct format_condition {
    const struct node *at;
    const char *name;
    bool is_type;
    const uint64_t *values; /* signed ones as two's complement of 64 bits; or enum format_message */
    size_t value_count;
    uint64_t mask; /* the bits that are compared; 0: all of them */
};

struct format_conditions {
    const struct format_condition *list;
    size_t count;
};

/* What a datagram's type says. */
enum format_message {
    FORMAT_HEARTBEAT = MUSTER_MSG_HEARTBEAT,
    FORMAT_DATA = MUSTER_MSG_DATA,
    FORMAT_INIT = MUSTER_MSG_INIT,
    FORMAT_OTHER, /* a message without a meaning of its own here: recorded, as DATA of no reading */
    FORMAT_IGNORE /* counted, and not recorded */
};

struct format_type_word {
    uint64_t raw;
    enum format_message message;
};

struct format_body {
    const struct node *at;
    struct format_conditions when; /* all of them; none: always */
    struct format_fields header;
    struct format_fields reading; /* none: the datagram is one record without more values */
    unsigned readings;            /* how many there are; 0: the role `count`, else to the end */
    bool trailing;                /* bytes may follow that have no meaning */
};

struct format_value {
    const struct node *at;
    const char *name;
    /* value = raw * scale + offset; scale is numerator / denominator, the latter a power of ten or
     * what the file has as N/M; so that it is divided once. */
    int64_t scale_numerator;
    uint64_t scale_denominator;
    int64_t offset_numerator; /* offset = offset_numerator / offset_denominator, a power of ten */
    uint64_t offset_denominator;
    const char *unit;       /* NULL: none */
    const uint64_t *absent; /* raw values that mean that there is none */
    size_t absent_count;
    const struct format_name *names; /* raw values that have a word */
    size_t name_count;
};

struct format_name {
    uint64_t raw;
    const char *word;
};

enum format_time { FORMAT_WALL, FORMAT_FROM_START /* tells the order only */ };

struct format_clock {
    const struct node *at; /* NULL: all defaults, seconds since the Unix epoch */
    uint64_t unit_ns;      /* s ms us ns: 1000000000 ... 1 */
    int64_t epoch_s;       /* the Unix time of its 0: unix 0, gps 315964800, ntp -2208988800, 2000
                              946684800 */
    const char *fraction;  /* NULL: none */
    uint64_t per;          /* of the fraction, to the second; e.g. 1000 */
    bool wraps;            /* it is the low bits of the time: the moment nearest to the arrival */
    enum format_time kind;
};

enum format_check {
    FORMAT_NO_CHECK,
    FORMAT_SUM8,
    FORMAT_SUM16,
    FORMAT_XOR8,
    FORMAT_INTERNET16,
    FORMAT_CRC16_ARC,
    FORMAT_CRC16_MODBUS,
    FORMAT_CRC16_CCITT_FALSE,
    FORMAT_CRC16_X25,
    FORMAT_CRC16_MCRF4XX,
    FORMAT_CRC32
};

struct format_checksum {
    const struct node *at;
    enum format_check is;
    bool holds_zero; /* the sender had zeros in the field when it made it; else it is left out */
    bool has_from, has_to;
    uint32_t from, to; /* bytes of the datagram, `to` excluded; else from 0, to the end */
};

/* What a field of an answer says, or a part of one. */
struct format_fill {
    const struct node *at;
    const char *name; /* the field of header or trailer that it is copied from; NULL: a constant */
    uint64_t number;  /* of an integer, as the values of a condition */
    uint8_t bits;     /* of a part */
};

/* A field of an answer: an integer, or bytes of fixed length. */
struct format_send {
    const struct node *at;
    enum format_type type; /* FORMAT_UNSIGNED, _SIGNED, _TEXT, _HEX or _BCD */
    bool little_endian;
    uint8_t width;                   /* bytes of an integer */
    uint32_t length;                 /* of what is none: bytes */
    const uint8_t *bytes;            /* the same: a constant; NULL: copied, as fills[0] says */
    const struct format_fill *fills; /* one; or several, which are the parts of an integer */
    size_t fill_count;
};

/* What a device is answered. */
struct format_reply {
    const struct node *at;
    unsigned on;                   /* to which messages: 1 << enum format_message; 0: to all that
                                      are recorded */
    struct format_conditions when; /* all of them; none: always */
    const struct format_send *send;
    size_t send_count;
    bool to_all;       /* also devices that the catalog does not list */
    const char *after; /* the sink that must have written it before; NULL: none */
    const struct node *after_at;
};

/* Its name is in the catalog's order of formats; number 0 is the built-in one. */
struct format {
    const struct node *at;
    const char *name;
    struct format_fields header;
    struct format_fields trailer; /* its last bytes, of fixed length */
    struct format_conditions expect;
    bool has_types; /* else every datagram is `message` */
    enum format_message message;
    const struct format_type_word *types;
    size_t type_count;
    const struct node *device_at; /* NULL: nothing says which fields it is */
    const char *const *device;    /* names of the fields that make it; none: the role `device` */
    size_t device_count;
    bool device_is_source; /* the address that it came from */
    bool counts_readings;  /* the sequence number counts readings; else datagrams */
    struct format_clock clock;
    struct format_checksum checksum;
    const struct format_body *bodies; /* the first whose conditions hold; none: header alone */
    size_t body_count;
    const struct format_value *values;
    size_t value_count;
    const struct format_reply *replies; /* the first that is for a datagram */
    size_t reply_count;
};

#endif
