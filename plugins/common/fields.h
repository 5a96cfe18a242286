/* SPDX-License-Identifier: MIT
 *
 * The fields of a record, for outputs: what they are called, of which type they are, which kinds
 * of record have them, and how to get them.
 *
 * The names are those that a user sees: columns in CSV, keys in JSON.
 */
#ifndef PLUGINS_COMMON_FIELDS_H
#define PLUGINS_COMMON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <muster/plugin.h>

#include "words.h"

enum field_id {
    FIELD_DEVICE_ID,
    FIELD_SEQ_NUM,
    FIELD_SEQ, /* the same, by its short name */
    FIELD_TIMESTAMP,
    FIELD_MSG_TYPE,
    FIELD_VALUE,
    FIELD_FIELD, /* of a message's values, one of which is shown: its name */
    FIELD_UNIT,
    FIELD_DUPLICATE_FLAG,
    FIELD_GAP_FLAG,
    FIELD_ARRIVAL_TIME,
    FIELD_ARRIVAL_NS,
    FIELD_VERDICT,
    FIELD_GAP,
    FIELD_FLAGS,
    FIELD_SOURCE,
    FIELD_SOURCE_PORT,
    FIELD_DATAGRAM_SIZE,
    FIELD_READING,
    FIELD_READINGS,
    FIELD_PAYLOAD,
    FIELD_DEVICE_NAME,
    FIELD_UNKNOWN,
    FIELD_FIRST,
    FIELD_LAST,
    FIELD_COUNT,
    FIELD_OPENED,
    FIELD_CLOSED,
    FIELD_OUTCOME,
    FIELD_CAUSE,
    FIELD_TRANSIT,
    FIELD_JITTER,
    FIELD_CLOCK_OFFSET,
    FIELD_CLOCK_DRIFT,
    FIELD_CLOCK_DRIFT_ERROR,
    FIELD_ORIGIN,
    FIELD_KIND,
    FIELD_EVENT,
    FIELD_REASON,
    FIELD_SINK,
    FIELD_SINCE,
    FIELD_UNTIL,
    FIELD_DROPPED_BEFORE,
    FIELD_LAST_HEARD,
    FIELDS /* how many there are */
};

/* Of a field, and of what is found in one record. */
enum field_type {
    FIELD_TYPE_NONE, /* the record has nothing there */
    /* What lies in the record as it is, at an offset. */
    FIELD_TYPE_U8, /* U8 to U64 are found as UNSIGNED */
    FIELD_TYPE_U16,
    FIELD_TYPE_U64,
    FIELD_TYPE_SECONDS, /* 64 bits, signed: ns since the Unix epoch, shown in whole seconds */
    FIELD_TYPE_TIME,    /* 64 bits: ns since the Unix epoch */
    FIELD_TYPE_BOOL,    /* 8 bits: whether they are a certain number */
    FIELD_TYPE_WORD,    /* 8 bits that have words; without one found as UNSIGNED or NONE */
    FIELD_TYPE_CAUSES,  /* 16 bits: a set of words, see words_cause */
    /* What is worked out. */
    FIELD_TYPE_VALUE, /* of the type that the device sends; found as TEXT to BYTES, or BOOL */
    FIELD_TYPE_TEXT,  /* any bytes, of a stranger */
    FIELD_TYPE_INTEGER,
    FIELD_TYPE_REAL,
    FIELD_TYPE_REAL32, /* of single precision: found in `real` */
    FIELD_TYPE_UNSIGNED,
    FIELD_TYPE_DECIMAL, /* a number of so many decimals */
    FIELD_TYPE_ADDRESS,
    FIELD_TYPE_BYTES,   /* any, for hexadecimal */
    FIELD_TYPE_DEVICE,  /* found as UNSIGNED; not if fields_device_key has it */
    FIELD_TYPE_NAME,    /* not in the record: see fields_device_name */
    FIELD_TYPE_ENTRY,   /* not in the record: see fields_entry_name */
    FIELD_TYPE_DROPPED, /* not in the record: see muster_host.dropped_before */
    FIELD_TYPE_FIELD,   /* not in the record: the name of a value, see values.h */
    FIELD_TYPE_UNIT,    /* and its unit */
    FIELD_TYPE_NAMED,   /* not in the record: the value of a certain name */
    FIELD_TYPES         /* how many there are */
};

/* What is found. */
struct field_value {
    uint8_t type;   /* enum field_type; which member of the union is set: */
    uint8_t digits; /* DECIMAL: how many decimals */
    uint8_t family; /* ADDRESS: 4 or 6 */
    union {
        uint64_t number; /* UNSIGNED, BOOL (0 or 1), TIME, CAUSES (the bits) */
        int64_t integer; /* INTEGER; SECONDS; DECIMAL: times 10^digits */
        double real;
        const struct word *word;
        struct {
            const uint8_t *start; /* not terminated; NULL if there are none */
            size_t size;          /* TEXT, BYTES */
        } bytes;
        const uint8_t *address; /* see address_text */
    };
};

struct field {
    char name[18];  /* an array, so that fields[i].name is a constant for a table of names */
    uint8_t type;   /* enum field_type */
    uint8_t kinds;  /* which kinds of record have it: a sum of MUSTER_TAKES_* */
    uint8_t offset; /* U8 to CAUSES: where it lies */
    uint8_t number; /* BOOL: which number is true */
    /* WORD: the word for a number, or NULL: then the number is shown, unless words_only. */
    const struct word *(*word)(unsigned number);
    bool words_only;
    /* What is worked out, but NAME and ENTRY: fills in *value. */
    void (*get)(struct field_value *value, const struct muster_record *record);
};

/* By enum field_id. */
extern const struct field fields[FIELDS];

/* Returns the field of that name, or NULL. */
const struct field *fields_find(const char *name);

/* Finds what the record has there; nothing for a NAME or ENTRY. */
void fields_get(const struct field *field, const struct muster_record *record,
                struct field_value *value);

/* What a device calls itself that has no number for device_id; else NULL. */
const char *fields_device_key(const struct muster_host *host, struct muster_instance *instance,
                              const struct muster_record *record);

/* The name of the record's device in the catalog, or NULL. */
const char *fields_device_name(const struct muster_host *host, struct muster_instance *instance,
                               const struct muster_record *record);

/* The name of the chain's entry that made the record; NULL: the decoder did. */
const char *fields_entry_name(const struct muster_host *host, struct muster_instance *instance,
                              const struct muster_record *record);

/* What that entry calls an event or a reject of its own, or NULL. */
const char *fields_own_name(const struct muster_host *host, struct muster_instance *instance,
                            const struct muster_record *record);

/* Whether the message has a seq_num to show.  One of the built-in format always has one in its
 * header, even if that is not used. */
static inline bool fields_has_seq_num(const struct muster_record *record)
{
    return record->seq_bits > 0 || (record->origin == 0 && record->format == 0);
}

/* What lies in the record, for an output that knows the type: a U8 or WORD, */
static inline uint8_t fields_u8(const struct field *field, const struct muster_record *record)
{
    return ((const uint8_t *)record)[field->offset];
}

/* a U16 or CAUSES, */
static inline uint16_t fields_u16(const struct field *field, const struct muster_record *record)
{
    uint16_t n;

    memcpy(&n, (const uint8_t *)record + field->offset, sizeof n);
    return n;
}

/* a U64, SECONDS or TIME, */
static inline uint64_t fields_u64(const struct field *field, const struct muster_record *record)
{
    uint64_t n;

    memcpy(&n, (const uint8_t *)record + field->offset, sizeof n);
    return n;
}

/* Whether a TIME is one: that of an event may not be known, or not be yet. */
static inline bool fields_has_time(const struct field *field, uint64_t ns)
{
    return ns != 0 || field->kinds != MUSTER_TAKES_EVENTS;
}

/* a BOOL. */
static inline bool fields_bool(const struct field *field, const struct muster_record *record)
{
    return fields_u8(field, record) == field->number;
}

#endif
