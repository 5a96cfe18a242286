/* SPDX-License-Identifier: MIT
 *
 * What a plan is made of, for the files that make it and that decode by it.
 *
 * A datagram has sections: header, the body's header, readings, trailer.  Where a field of a
 * section lies is known before any datagram is, up to the first field of varying length; so a
 * section has runs, each of which begins where a varying field ends, and a field is in a run, at an
 * offset.
 */
#ifndef WIRE_PLAN_PARTS_H
#define WIRE_PLAN_PARTS_H

#include <endian.h>
#include <string.h>

#include "plan.h"

#define PLAN_LARGEST     65535 /* bytes of a datagram */
#define PLAN_NUMBER_MOST 64    /* characters of a number as text */

enum plan_role {
    PLAN_DEVICE,
    PLAN_SEQUENCE,
    PLAN_TIME,
    PLAN_TYPE,
    PLAN_FLAGS,
    PLAN_COUNT,
    PLAN_CHECK,
    PLAN_LENGTH,
    PLAN_FRACTION, /* named by `time`, whatever it is called */
    PLAN_ROLES,
    PLAN_NO_ROLE = PLAN_ROLES
};

enum plan_where { PLAN_HEADER, PLAN_BODY, PLAN_READING, PLAN_TRAILER, PLAN_SECTIONS };

/* A field, or a part of one. */
struct plan_field {
    const struct node *at; /* while it is compiled */
    const char *name;      /* NULL: none */
    uint64_t mask;         /* of an integer, when it is shifted */
    uint32_t offset;       /* from the start of its run */
    uint32_t length;       /* fixed: bytes */
    uint16_t run;
    int16_t value;      /* which of the plan's values it is; -1: none */
    uint8_t type;       /* enum format_type */
    uint8_t width;      /* bytes of a number; of a length in front: of that */
    uint8_t shift;      /* of the eight bytes that begin at the field, as one integer */
    uint8_t bits;       /* of an integer */
    uint8_t first_bit;  /* of a part, from the most significant */
    uint8_t where;      /* enum plan_where */
    uint8_t role;       /* enum plan_role */
    uint8_t length_is;  /* enum format_length */
    char separator;     /* of a number as text */
    bool little_endian; /* of the number, or of the length in front */
    bool is_part;
    bool is_varying; /* its length is known only from the datagram */
};

struct plan_section {
    const struct plan_field *fields;
    const struct plan_field **varying; /* those that end a run, in order */
    uint16_t count;
    uint16_t varying_count;
    uint32_t size; /* bytes; with varying fields: of those that are fixed, and lengths in front */
    uint32_t tail; /* bytes behind the last varying field */
};

/* Of integers: whether a field is one of some values. */
struct plan_condition {
    const struct plan_field *field; /* NULL: the message is meant, enum format_message */
    uint64_t first;                 /* values[0] */
    const uint64_t *values;         /* sign-extended as the field's are */
    uint64_t mask;                  /* bits of the field that are compared */
    uint32_t count;
};

struct plan_conditions {
    const struct plan_condition *list;
    size_t count;
};

struct plan_body {
    struct plan_conditions when;
    struct plan_section header, reading;
    const struct plan_field *role[PLAN_ROLES]; /* its own, or the datagram's; NULL: none */
    const struct plan_field *only;             /* the one value of a reading; NULL: not one */
    uint8_t rest_type; /* TEXT or BYTES: its one reading is just that, to the end; else NONE */
    bool only_is_all;  /* and the reading has nothing else */
    bool trailing;
    uint32_t readings; /* as declared; 0: as `count` says, or to the end */
};

struct plan_name {
    uint64_t raw;
    const char *word;
    uint32_t length;
};

/* value = (raw * factor + summand) / divisor: exact, and divided once. */
struct plan_scale {
    int64_t factor, summand;
    uint64_t divisor;
    bool is_one; /* value = raw */
};

struct plan_known {
    struct plan_value shown; /* first, for plan_value */
    struct plan_scale scale;
    const uint64_t *absent;        /* as the file has them */
    const struct plan_name *names; /* sorted */
    size_t absent_count, name_count;
};

/* Whether a raw value says that there is none. */
static inline bool plan_is_absent(const struct plan_known *known, uint64_t raw)
{
    size_t i;

    for (i = 0; i < known->absent_count; i++)
        if (known->absent[i] == raw)
            return true;
    return false;
}

struct plan_check_range {
    enum format_check is;
    bool holds_zero, has_to;
    uint32_t from, to;
    const uint32_t *table; /* of a CRC, by byte */
};

/* An integer of the header, loaded with the eight bytes around it that any datagram of the format
 * has. */
struct plan_load {
    uint64_t mask; /* 0: there is none, and the value is 0 */
    uint32_t at;
    uint8_t shift;
    bool little_endian;
};

/* For the most frequent formats: a header of integers without a sign, whose type alone says what
 * follows.  plan_header does the same by it, in a straight line. */
struct plan_fast {
    bool is_on;
    uint8_t seq_bits;
    uint32_t expect_count;
    struct plan_load device, type, sequence, time, flags, expect[4];
    uint64_t expected[4];
    int64_t epoch_ns;
    const struct plan_body *body[FORMAT_IGNORE + 1]; /* by message */
};

struct plan {
    const char *name;
    struct plan_fast fast;
    uint32_t least; /* bytes of the shortest datagram: header and trailer */
    struct plan_section header, trailer;
    const struct plan_field *role[PLAN_ROLES];
    struct plan_conditions expect;

    bool has_types, device_is_source, device_is_number, counts_readings;
    uint8_t message;    /* of all, without types */
    uint8_t types[256]; /* by raw value: enum format_message, or PLAN_NO_TYPE */
    const struct format_type_word *high_types; /* raw values from 256 on */
    size_t high_type_count;

    const struct plan_field **device; /* the fields that make it */
    size_t device_count;

    struct format_clock clock; /* without its pointers */
    struct plan_check_range check;

    struct plan_body *bodies; /* the last, which is not counted, is for what no body describes */
    size_t body_count;
    struct plan_known *values;
    size_t value_count;
    struct plan_answer *replies;
    size_t reply_count;
    struct plan_block *blocks; /* all memory above */
};

#define PLAN_NO_TYPE 255

/* What a raw type says, enum format_message; PLAN_NO_TYPE: nothing. */
static inline unsigned plan_message_of(const struct plan *plan, uint64_t raw)
{
    size_t i;

    if (raw < sizeof plan->types)
        return plan->types[raw];
    for (i = 0; i < plan->high_type_count; i++)
        if (plan->high_types[i].raw == raw)
            return plan->high_types[i].message;
    return PLAN_NO_TYPE;
}

/* The header of a datagram of which nothing is known yet; the key is left as it is. */
static inline void plan_clear(struct plan_header *header)
{
    header->device.id = 0;
    header->device.is_number = false;
    header->device.length = 0;
    header->seq = 0;
    header->time_ns = 0;
    header->seq_bits = header->msg_type = header->flags = 0;
    header->body = UINT16_MAX;
    header->readings = 0;
    header->has_reading = false;
    header->first = header->stride = header->walked = header->walked_at = 0;
}

/* A datagram being read. */
struct plan_look {
    const struct plan *plan;
    const uint8_t *datagram;
    uint32_t size;
    uint32_t end;                        /* of what the trailer leaves */
    const struct plan_body *body;        /* NULL: not chosen yet */
    const uint32_t *runs[PLAN_SECTIONS]; /* where they begin; NULL: not walked */
    uint32_t fixed[PLAN_SECTIONS];       /* the one run of a section that has no more */
    uint32_t room[PLAN_SECTIONS - 1][FORMAT_FIELDS_MOST + 1];
};

/* A section as it lies in the datagram, from `at` to at most `end`.  Returns where it ends, or -1
 * if it does not fit. */
int64_t plan_walk(struct plan_look *look, const struct plan_section *section, enum plan_where where,
                  uint32_t at, uint32_t end);

/* Makes the fast way, if there is one; and goes it, as plan_header. */
void plan_fast_make(struct plan *plan);
int plan_fast_header(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                     size_t size);

/* plan_header for any plan. */
int plan_any_header(const struct plan *plan, struct plan_header *header, const uint8_t *datagram,
                    size_t size, const struct sockaddr *source, uint64_t arrival_ns);

/* plan_header without roles: finds header, trailer and body.  plan_find_header returns 0 or a
 * reject, as plan_header does. */
int plan_find_header(struct plan_look *look, const struct plan *plan, const uint8_t *datagram,
                     size_t size);
/* What the type says, enum format_message; PLAN_NO_TYPE: nothing. */
unsigned plan_message(const struct plan_look *look);
int plan_find_body(struct plan_look *look, unsigned message, uint32_t *first);

/* The bytes of a field whose section was walked: those of its content, without a length in front or
 * a separator behind. */
const uint8_t *plan_bytes(const struct plan_look *look, const struct plan_field *field,
                          uint32_t *length);

/* Where it begins, length in front included. */
static inline uint32_t plan_place(const struct plan_look *look, const struct plan_field *field)
{
    return look->runs[field->where][field->run] + field->offset;
}

/* An integer, or a part of one.  A load of eight bytes that begin with it, where they are there. */
static inline uint64_t plan_integer(const struct plan_look *look, const struct plan_field *field)
{
    uint32_t at = plan_place(look, field);
    uint64_t word = 0;

    if (at + sizeof word <= look->size)
        memcpy(&word, look->datagram + at, sizeof word);
    else
        memcpy(&word, look->datagram + at, field->width);
    word = field->little_endian ? le64toh(word) : be64toh(word);
    return word >> field->shift & field->mask;
}

static inline uint64_t plan_sign_extend(uint64_t raw, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);

    return (raw ^ sign) - sign;
}

/* As its values in a description are: sign-extended to 64 bits. */
static inline uint64_t plan_raw(const struct plan_look *look, const struct plan_field *field)
{
    uint64_t raw = plan_integer(look, field);

    return field->type == FORMAT_SIGNED ? plan_sign_extend(raw, field->bits) : raw;
}

static inline bool plan_is_integer(const struct plan_field *field)
{
    return field->type == FORMAT_UNSIGNED || field->type == FORMAT_SIGNED;
}

static inline double plan_real(const struct plan_look *look, const struct plan_field *field)
{
    uint64_t raw = plan_integer(look, field);
    uint32_t single = (uint32_t)raw;
    double result;
    float small;

    if (field->width == sizeof small) {
        memcpy(&small, &single, sizeof small);
        return (double)small;
    }
    memcpy(&result, &raw, sizeof result);
    return result;
}

/* What a conditions asks of a field; false if it has none of the values. */
bool plan_holds(const struct plan_look *look, const struct plan_condition *condition,
                unsigned message);

/* A decimal number as text: digits / 10^decimals, with spaces around it, or a line's end behind. */
struct plan_decimal {
    uint64_t digits;
    uint8_t decimals; /* at most 19 */
    bool negative;
};
bool plan_decimal(struct plan_decimal *out, const uint8_t *text, uint32_t length);
double plan_decimal_value(const struct plan_decimal *decimal);

/* A whole number of an integer or a number as text.  Returns whether it is one. */
bool plan_whole(const struct plan_look *look, const struct plan_field *field, uint64_t *out);

/* numerator / divisor, correctly rounded. */
double plan_ratio(__int128 numerator, uint64_t divisor);

/* Fixed text without what it is filled up with. */
uint32_t plan_trim(const struct plan_field *field, const uint8_t *bytes, uint32_t length);

/* One value; without name and unit. */
void plan_convert(const struct plan_look *look, const struct plan_field *field,
                  struct muster_value *out);

/* The device.  Returns false if it has none: its key is too long, or empty. */
bool plan_get_device(const struct plan_look *look, const struct sockaddr *source,
                     struct plan_device *out);

/* The time stamp, in ns since the Unix epoch; 0: none.  Returns false if it is no number. */
bool plan_get_time(const struct plan_look *look, const struct plan_field *field,
                   const struct plan_field *fraction, uint64_t arrival_ns, int64_t *out);

/* What the checksum ought to be.  Returns false if the datagram ends before what it covers. */
bool plan_check_make(const struct plan_look *look, const struct plan_field *field, uint64_t *out);
unsigned plan_check_bits(enum format_check is);
const char *plan_check_name(enum format_check is);
/* Fills in the table of a CRC; returns whether it has one. */
bool plan_check_table(enum format_check is, uint32_t table[256]);

/* When a reply is for messages of that kind; NULL: it is for none of them. */
const struct plan_conditions *plan_reply_when(const struct plan *plan, size_t index,
                                              unsigned message);

/* A role's name; NULL: it has none of its own. */
const char *plan_role_name(unsigned role);

#endif
