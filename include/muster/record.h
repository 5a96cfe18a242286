/* SPDX-License-Identifier: MIT
 *
 * The record: what a filter judges and a sink writes.
 *
 * Its layout is frozen: 128 bytes, two cache lines, the same on every machine
 * and in every version.  What is common is in the first line.  The reserved
 * tail is zero, and a later version may give it a meaning.
 *
 * Numbers are in the host's byte order unless the comment says otherwise.
 */
#ifndef MUSTER_RECORD_H
#define MUSTER_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include <muster/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a record is (muster_record.kind).  Later versions add kinds, verdicts,
 * events, reasons, value types and causes: a plugin leaves alone what it does not
 * know, and a sink writes it as a number or not at all. */
enum muster_kind {
    MUSTER_KIND_MESSAGE = 0, /* a message, or one reading of a batch of readings */
    MUSTER_KIND_EVENT = 1,   /* something that a filter noticed; see enum muster_event */
    MUSTER_KIND_REJECT = 2   /* a datagram that was not decoded; the payload is what was kept of it,
                               all unless it was too long: compare with datagram_size */
};

/* Sets of kinds, for a sink to say what it takes. */
#define MUSTER_TAKES_MESSAGES 0x1u
#define MUSTER_TAKES_EVENTS   0x2u
#define MUSTER_TAKES_REJECTS  0x4u

/* What the sequence tracker says of a message (muster_record.verdict). */
enum muster_verdict {
    MUSTER_VERDICT_NONE = 0,       /* not judged: no tracker in the chain */
    MUSTER_VERDICT_UNNUMBERED = 1, /* the message has no number to judge by */
    MUSTER_VERDICT_FIRST = 2,      /* first number of its session: no gap is claimed */
    MUSTER_VERDICT_NEW = 3,        /* in order: the highest number + 1 */
    MUSTER_VERDICT_GAP = 4,        /* new, and muster_record.gap numbers before it are missing */
    MUSTER_VERDICT_LATE = 5,       /* new, but numbers after it came earlier */
    MUSTER_VERDICT_DUPLICATE = 6,  /* seen before */
    MUSTER_VERDICT_RESTART = 7,    /* the device started anew: a new session */
    MUSTER_VERDICT_OUTLIER = 8     /* a number too far off to be believed alone */
};

/* How the value is to be read (muster_record.value_type). */
enum muster_value_type {
    MUSTER_VALUE_NONE = 0, /* there is none */
    MUSTER_VALUE_TEXT = 1, /* the payload itself; any bytes, not terminated */
    MUSTER_VALUE_INT = 2,  /* muster_record.value.integer */
    MUSTER_VALUE_REAL = 3  /* muster_record.value.real */
};

/* Why a datagram was rejected (muster_record.reason of a reject). */
enum muster_reject {
    MUSTER_REJECT_TOO_SHORT = 0,    /* shorter than the header */
    MUSTER_REJECT_TOO_LONG = 1,     /* longer than the largest datagram allowed */
    MUSTER_REJECT_UNKNOWN_TYPE = 2, /* msg_type is none of enum muster_msg_type */
    MUSTER_REJECT_BAD_PAYLOAD = 3,  /* not what the device's class sends */
    MUSTER_REJECT_REASONS = 4       /* how many there are in this version */
};

/* What a filter noticed (muster_record.event of an event).  `first` and
 * `last`, and `opened_ns` and `closed_ns`, are set where the line says so.  From
 * MUSTER_EVENT_OWN on the numbers are free for everybody's filters: what such an
 * event means, its payload says as text. */
enum muster_event {
    MUSTER_EVENT_NONE = 0,
    MUSTER_EVENT_GAP_OPENED = 1,    /* first, last, opened_ns */
    MUSTER_EVENT_GAP_RECOVERED = 2, /* first, last, opened_ns, closed_ns, cause */
    MUSTER_EVENT_GAP_LOST = 3,      /* first, last, opened_ns, closed_ns, cause */
    MUSTER_EVENT_RESTART = 4,       /* first: the number that it starts anew with, or its INIT's */
    MUSTER_EVENT_OUTLIER = 5,       /* first, last: numbers that were not believed */
    MUSTER_EVENT_DEVICE_NEW = 6,    /* the first sign of a device, ever */
    MUSTER_EVENT_DEVICE_LATE = 7,   /* one heartbeat is missed; opened_ns: when it was last heard */
    MUSTER_EVENT_DEVICE_SILENT = 8, /* several are; opened_ns: when it was last heard */
    MUSTER_EVENT_DEVICE_BACK = 9,   /* after one of these; opened_ns, closed_ns: the silence */
    MUSTER_EVENT_OWN = 128
};

/* Why numbers are missing (muster_record.cause): every bit that the evidence
 * allows, not the likeliest. */
#define MUSTER_CAUSE_NETWORK        0x01u /* not seen here: the network, or the device */
#define MUSTER_CAUSE_KERNEL         0x02u /* the kernel dropped datagrams in that interval */
#define MUSTER_CAUSE_COLLECTOR      0x04u /* the collector did, before the tracker saw them */
#define MUSTER_CAUSE_COLLECTOR_DOWN 0x08u /* the collector did not run in a part of it */
#define MUSTER_CAUSE_RESTART        0x10u /* the device restarted: its session ended */

struct muster_record {
    /* offset 0 */
    uint64_t arrival_ns; /* when the kernel received it: ns since the Unix epoch */
    uint32_t seq_num;    /* of this reading: header's seq_num + reading, modulo 2^32 */
    uint32_t timestamp;  /* Unix seconds, the device's clock */
    /* offset 16 */
    uint16_t device_id;
    uint8_t msg_type;   /* enum muster_msg_type */
    uint8_t flags;      /* MUSTER_FLAG_* */
    uint8_t kind;       /* enum muster_kind */
    uint8_t verdict;    /* enum muster_verdict */
    uint8_t numbered;   /* 1: the device's class gives this message a number, else 0 */
    uint8_t value_type; /* enum muster_value_type */
    /* offset 24 */
    uint32_t gap;          /* verdict GAP: how many numbers are missing before this one */
    uint16_t source_port;  /* UDP port it came from; 0 if unknown */
    uint8_t source_family; /* 4 or 6 for IPv4 or IPv6, 0 if unknown */
    uint8_t reason;        /* a reject's reason: enum muster_reject */
    /* offset 32 */
    uint8_t source[16]; /* address it came from, network byte order; IPv4: the first 4 bytes */
    /* offset 48: the payload's bytes, owned by the host.  Readable as long as
     * the record is: see the callback that hands it over.  For a reading of a
     * batch, that reading's bytes alone. */
    union {
        const uint8_t *bytes; /* not terminated; NULL if payload_size is 0 */
        uint64_t pad;         /* so that the layout is the same on 32-bit machines */
    } payload;
    /* offset 56 */
    uint32_t payload_size;  /* bytes */
    uint32_t datagram_size; /* bytes of the whole datagram, header included; 0 for an event */
    /* offset 64 */
    union {
        int64_t integer;
        double real;
    } value;
    /* offset 72 */
    uint16_t reading;  /* which reading of its datagram this is, from 0 */
    uint16_t readings; /* how many readings the datagram has; 1 for a plain message */
    uint8_t event;     /* an event's kind: enum muster_event */
    uint8_t listener;  /* which entry of `listen` it came in by, from 0 */
    uint16_t cause;    /* MUSTER_CAUSE_* */
    /* offset 80 */
    uint32_t first;     /* first number of the range that an event is about */
    uint32_t last;      /* last number of it, included; the count is last - first + 1 modulo 2^32 */
    uint64_t opened_ns; /* ns since the Unix epoch */
    uint64_t closed_ns; /* ns since the Unix epoch */
    /* offset 104 */
    uint32_t source_scope; /* IPv6 scope id of the source (RFC 4007); 0: none */
    /* What the tracker knows of the device's way and clock, as of this message; from
     * time stamps of whole seconds, so mind the errors that muster-sequence(7) names. */
    uint32_t jitter_us;      /* interarrival jitter, RFC 3550, 6.4.1; us; 0: not known */
    int32_t clock_offset_ms; /* how far the device's clock is ahead, at least; ms; INT32_MIN: not
                                known */
    int32_t clock_drift_ppb; /* how much faster it runs; parts in 10^9 */
    /* error bound of the drift, either way; parts in 10^9; 0: the drift is not known */
    uint32_t clock_drift_error_ppb;
    uint8_t reserved[4]; /* zero */
};

#if defined __cplusplus && __cplusplus >= 201103L
#define MUSTER_AT(field, offset)                                                                   \
    static_assert(offsetof(struct muster_record, field) == (offset), "the layout is frozen")
static_assert(sizeof(struct muster_record) == 128, "the layout is frozen");
#elif !defined __cplusplus
#define MUSTER_AT(field, offset)                                                                   \
    _Static_assert(offsetof(struct muster_record, field) == (offset), "the layout is frozen")
_Static_assert(sizeof(struct muster_record) == 128, "the layout is frozen");
#endif
#ifdef MUSTER_AT
MUSTER_AT(arrival_ns, 0);
MUSTER_AT(seq_num, 8);
MUSTER_AT(timestamp, 12);
MUSTER_AT(device_id, 16);
MUSTER_AT(msg_type, 18);
MUSTER_AT(flags, 19);
MUSTER_AT(kind, 20);
MUSTER_AT(verdict, 21);
MUSTER_AT(numbered, 22);
MUSTER_AT(value_type, 23);
MUSTER_AT(gap, 24);
MUSTER_AT(source_port, 28);
MUSTER_AT(source_family, 30);
MUSTER_AT(reason, 31);
MUSTER_AT(source, 32);
MUSTER_AT(payload, 48);
MUSTER_AT(payload_size, 56);
MUSTER_AT(datagram_size, 60);
MUSTER_AT(value, 64);
MUSTER_AT(reading, 72);
MUSTER_AT(readings, 74);
MUSTER_AT(event, 76);
MUSTER_AT(listener, 77);
MUSTER_AT(cause, 78);
MUSTER_AT(first, 80);
MUSTER_AT(last, 84);
MUSTER_AT(opened_ns, 88);
MUSTER_AT(closed_ns, 96);
MUSTER_AT(source_scope, 104);
MUSTER_AT(jitter_us, 108);
MUSTER_AT(clock_offset_ms, 112);
MUSTER_AT(clock_drift_ppb, 116);
MUSTER_AT(clock_drift_error_ppb, 120);
MUSTER_AT(reserved, 124);
#undef MUSTER_AT
#endif

#ifdef __cplusplus
}
#endif

#endif
