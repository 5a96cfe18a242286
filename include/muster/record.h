/* SPDX-License-Identifier: MIT
 *
 * The record: what a filter judges and a sink writes.
 *
 * Its layout is frozen: 128 bytes, two cache lines, the same on every machine and in every version.
 * What filters and most sinks read is in the first line.  Reserved bytes are zero, and a later
 * version may give them a meaning.
 *
 * Numbers are in the host's byte order unless the comment says otherwise.  What is not known is 0,
 * or a mark says whether it is known: a record of zeros knows nothing.
 */
#ifndef MUSTER_RECORD_H
#define MUSTER_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <muster/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a record is (muster_record.kind).  Later versions add kinds, verdicts, events, reasons,
 * value types, marks and causes: a plugin leaves alone what it does not know, and a sink writes it
 * as a number or not at all. */
enum muster_kind {
    MUSTER_KIND_MESSAGE = 0, /* a message, or one reading of a batch of readings; or one that a
                                filter derived: see muster_record.origin */
    MUSTER_KIND_EVENT = 1,   /* something that a filter noticed; see enum muster_event */
    MUSTER_KIND_REJECT =
        2 /* a datagram that was not decoded; the payload is what was kept of it,
            all unless it was too long: compare with muster_arrival.datagram_size */
};

/* Sets of kinds. */
#define MUSTER_TAKES_MESSAGES 0x1u
#define MUSTER_TAKES_EVENTS   0x2u
#define MUSTER_TAKES_REJECTS  0x4u

/* What the sequence tracker says of a message (muster_record.verdict). */
enum muster_verdict {
    MUSTER_VERDICT_NONE = 0,       /* not judged: no tracker in the chain, or a derived message */
    MUSTER_VERDICT_UNNUMBERED = 1, /* the message has no number to judge by */
    MUSTER_VERDICT_FIRST = 2,      /* first number of its session: no gap is claimed */
    MUSTER_VERDICT_NEW = 3,        /* in order: the highest number + 1 */
    MUSTER_VERDICT_GAP = 4,        /* new, and message.gap numbers before it are missing */
    MUSTER_VERDICT_LATE = 5,       /* new, but numbers after it came earlier */
    MUSTER_VERDICT_DUPLICATE = 6,  /* seen before */
    MUSTER_VERDICT_RESTART = 7,    /* the device started anew: a new session */
    MUSTER_VERDICT_OUTLIER = 8     /* a number too far off to be believed alone */
};

/* How the value is to be read (muster_record.value_type). */
enum muster_value_type {
    MUSTER_VALUE_NONE = 0,     /* there is none */
    MUSTER_VALUE_TEXT = 1,     /* the payload itself; any bytes, not terminated */
    MUSTER_VALUE_INT = 2,      /* value.integer */
    MUSTER_VALUE_REAL = 3,     /* value.real */
    MUSTER_VALUE_UNSIGNED = 4, /* value.natural */
    MUSTER_VALUE_BOOL = 5,     /* value.natural: 0 or 1 */
    MUSTER_VALUE_BYTES = 6,    /* the payload itself, which is not meant to be read as text */
    MUSTER_VALUE_REAL32 = 7    /* value.real, which has single precision: as text, the fewest
                                  digits that give that float */
};

/* How far the value can be trusted (muster_record.quality). */
enum muster_quality {
    MUSTER_QUALITY_GOOD = 0,      /* nothing speaks against it */
    MUSTER_QUALITY_UNCERTAIN = 1, /* the device, or a filter, has doubts */
    MUSTER_QUALITY_BAD = 2        /* it is not to be used */
};

/* What is so of a record (muster_record.marks). */
#define MUSTER_MARK_DEVICE        0x01u /* device and device_id are set: it is about that device */
#define MUSTER_MARK_SHARED_NUMBER 0x02u /* all readings of the datagram bear the same number */
#define MUSTER_MARK_CLOCK_OFFSET  0x04u /* message.clock_offset_ms is known */
#define MUSTER_MARK_HELD_BACK                                                                      \
    0x08u                         /* a reject like others of its source just before, which are     \
                                     told as a sum: see MUSTER_EVENT_REJECTED_MORE */
#define MUSTER_MARK_UNKNOWN 0x10u /* the catalog does not list the device, and marks that */
#define MUSTER_MARK_AT_LEAST                                                                       \
    0x20u /* of a message, and of a gap: whole turns of 2^seq_bits numbers may be missing, too */
#define MUSTER_MARK_KEY                                                                            \
    0x40u /* device_id is 0: the device calls itself by a text, see muster_device.key */

/* Why a datagram was rejected (reject.reason).  From MUSTER_REJECT_OWN on the numbers are free for
 * everybody's filters: what such a reason means, struct muster_plugin says in `rejects`. */
enum muster_reject {
    MUSTER_REJECT_TOO_SHORT = 0,      /* shorter than the header */
    MUSTER_REJECT_TOO_LONG = 1,       /* longer than the largest datagram allowed */
    MUSTER_REJECT_UNKNOWN_TYPE = 2,   /* msg_type is none of enum muster_msg_type */
    MUSTER_REJECT_BAD_PAYLOAD = 3,    /* not what the device's class sends */
    MUSTER_REJECT_SOURCE = 4,         /* from an address that may not send it */
    MUSTER_REJECT_RATE = 5,           /* more than may come from its address, or of its device */
    MUSTER_REJECT_UNKNOWN_DEVICE = 6, /* of a device that the catalog does not list */
    MUSTER_REJECT_NO_FORMAT = 7,      /* of none of the formats that its listener takes */
    MUSTER_REJECT_BAD_LENGTH = 8,     /* longer or shorter than its format has it */
    MUSTER_REJECT_BAD_CHECK = 9,      /* its checksum is wrong */
    MUSTER_REJECT_REASONS = 10,       /* how many there are in this version */
    MUSTER_REJECT_OWN = 128
};

/* What a filter noticed (event.event).  `first` and `last`, and `opened_ns` and `closed_ns`, are
 * set where the line says so.  From MUSTER_EVENT_OWN on the numbers are free for everybody's
 * filters: what such an event means, struct muster_plugin says in `events`, and its payload as
 * text. */
enum muster_event {
    MUSTER_EVENT_NONE = 0,
    /* Of numbers that are missing, or were.  Each is told to be open first; what is told of it
     * later says what was told last: event.was and was_cause.  first, last, cause, heard_ns;
     * opened_ns; closed_ns: when it was known what became of them, or that they are still open. */
    MUSTER_EVENT_GAP_OPENED = 1,    /* missing, and may still come; told again if the cause is
                                       another now, and when they are missing for 5 s */
    MUSTER_EVENT_GAP_RECOVERED = 2, /* came late, perhaps after they were told to be lost */
    MUSTER_EVENT_GAP_LOST = 3,      /* missing for good, as far as is known */
    MUSTER_EVENT_RESTART = 4,       /* first: the number that it starts anew with, or its INIT's */
    MUSTER_EVENT_OUTLIER = 5,       /* first, last: numbers that were not believed */
    MUSTER_EVENT_DEVICE_NEW = 6,    /* the first sign of a device, ever */
    MUSTER_EVENT_DEVICE_LATE = 7,   /* one heartbeat is missed; opened_ns: when it was last heard */
    MUSTER_EVENT_DEVICE_SILENT = 8, /* several are; opened_ns: when it was last heard */
    MUSTER_EVENT_DEVICE_BACK = 9,   /* after one of these; opened_ns, closed_ns: the silence */
    MUSTER_EVENT_NO_DATA = 10,      /* it is heard, but its DATA is missed; opened_ns: the last */
    MUSTER_EVENT_DATA_BACK = 11,    /* after that; opened_ns, closed_ns: from one to the next */
    MUSTER_EVENT_NEVER_HEARD = 12,  /* the catalog lists it; opened_ns: since when it is awaited */
    MUSTER_EVENT_TWO_SENDERS = 13,  /* two rows of numbers go on side by side: first, last; the
                                        payload is a text with both addresses */
    MUSTER_EVENT_GAP_TAKEN_BACK = 14, /* numbers that were told as missing and are not, since what
                                         claimed it was not believed: as GAP_LOST, without cause */
    MUSTER_EVENT_FORGOTTEN = 19,      /* nothing is known of it any more; opened_ns: last heard */
    MUSTER_EVENT_SINK_DROPPED = 20,   /* records were dropped for a sink, the payload is its name:
                                         value.natural of them, opened_ns, closed_ns, and reason as
                                         in enum muster_drop */
    MUSTER_EVENT_REJECTED_MORE =
        21, /* datagrams with MUSTER_MARK_HELD_BACK: value.natural of them, opened_ns, closed_ns,
               reason as in enum muster_reject; via: the last, NULL if they are of many sources */
    MUSTER_EVENT_OWN = 128
};

/* Why records were dropped for a sink (event.reason); most of them, if there are several. */
enum muster_drop {
    MUSTER_DROP_NONE = 0,
    MUSTER_DROP_FULL = 1,     /* its queue was full */
    MUSTER_DROP_GIVEN_UP = 2, /* the sink gave them up */
    MUSTER_DROP_FAILED = 3,   /* the sink had failed */
    MUSTER_DROP_STOP = 4,     /* the time to stop was over */
    MUSTER_DROP_SPILL = 5,    /* spilled to a disk, and the oldest when there was no more room */
    MUSTER_DROP_DAMAGED = 6   /* spilled to a disk, and not to be read again */
};

/* Why numbers are missing (event.cause): every bit that the evidence allows, not the likeliest. */
#define MUSTER_CAUSE_NETWORK        0x01u /* not seen here: the network, or the device */
#define MUSTER_CAUSE_KERNEL         0x02u /* the kernel dropped datagrams in that interval */
#define MUSTER_CAUSE_COLLECTOR      0x04u /* the collector did, before the tracker saw them */
#define MUSTER_CAUSE_COLLECTOR_DOWN 0x08u /* the collector did not run in a part of it */
#define MUSTER_CAUSE_RESTART        0x10u /* the device restarted: its session ended */
#define MUSTER_CAUSE_CHECKSUM       0x20u /* the kernel discarded datagrams with a wrong checksum */
#define MUSTER_CAUSE_NOT_BELIEVABLE 0x40u /* the device counts at random */

#define MUSTER_CAUSES 7 /* how many there are in this version: bits 0 to 6 */

/* How a datagram came.  All its readings share one, which the host owns. */
struct muster_arrival {
    uint32_t size;          /* bytes of this struct in the running host */
    uint32_t datagram_size; /* bytes of the whole datagram, header included */
    uint16_t source_port;   /* UDP port it came from; 0: not known */
    uint16_t local_port;    /* and went to; 0: not known */
    uint8_t family;         /* 4 or 6: of both addresses; 0: neither is known */
    uint8_t has_local;      /* 1: `local` is known */
    uint8_t reserved[2];    /* zero */
    uint8_t source[16];     /* address it came from, network byte order; IPv4: the first 4 bytes */
    uint8_t local[16];      /* address it went to, the same way */
    uint32_t source_scope;  /* IPv6 scope id of the source (RFC 4007); 0: none */
    uint32_t interface;     /* index of the interface it came in by; 0: not known */
    union {
        const char *text; /* who sent it, as far as that is proved; NULL: nobody proved it */
        uint64_t pad;     /* so that the layout is the same on 32-bit machines */
    } peer;
};

#if defined __cplusplus && defined __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpedantic" /* types in an anonymous union */
#endif

struct muster_record {
    /* offset 0 */
    uint64_t arrival_ns; /* when the kernel received it: ns since the Unix epoch */
    uint64_t device_id;  /* as the device calls itself; see MUSTER_MARK_DEVICE, MUSTER_MARK_KEY */
    /* offset 16 */
    uint64_t seq;           /* sequence number of this reading, modulo 2^seq_bits */
    int64_t device_time_ns; /* when it was made, by the device's clock: ns since the Unix epoch; 0:
                               not known */
    /* offset 32 */
    uint32_t device;    /* the device's number: see muster_host.device_count */
    uint8_t kind;       /* enum muster_kind */
    uint8_t verdict;    /* enum muster_verdict */
    uint8_t msg_type;   /* enum muster_msg_type */
    uint8_t flags;      /* MUSTER_FLAG_* */
    uint8_t seq_bits;   /* width of seq, 1 to 64 bits; 0: the message has no number */
    uint8_t marks;      /* MUSTER_MARK_* */
    uint8_t value_type; /* enum muster_value_type */
    uint8_t origin;   /* who made it: 0 the decoder, else a filter, the host's number for its entry
                         of the chain, see muster_host.entry_name; set by the host */
    uint16_t format;  /* what decoded it; 0: the built-in format */
    uint8_t listener; /* which entry of `listen` it came in by, from 0 */
    uint8_t quality;  /* enum muster_quality */
    /* offset 48: the payload's bytes, owned by the host.  Readable as long as the record is, see
     * the callback that hands it over, and 16 bytes beyond its end, whatever is there.  For a
     * reading of a batch, that reading's bytes alone. */
    union {
        const uint8_t *bytes; /* not terminated; NULL if payload_size is 0 */
        uint64_t pad;         /* so that the layout is the same on 32-bit machines */
    } payload;
    uint32_t payload_size; /* bytes */
    uint16_t reading;      /* which reading of its datagram this is, from 0 */
    uint16_t readings;     /* how many readings the datagram has; 1 for a plain message */
    /* offset 64 */
    union {
        int64_t integer;
        uint64_t natural;
        double real;
        uint64_t heard_ns; /* of a gap's event: when the number before it came, ns since the Unix
                              epoch; 0: not known */
    } value;
    union {
        const struct muster_arrival *arrival; /* how it came; NULL: it did not, as most events */
        uint64_t pad;                         /* as above */
    } via;
    /* offset 80: by kind */
    union {
        /* A message: what the tracker says of it, and of the device's way and clock as of it; from
         * time stamps of whole seconds, so mind the errors that muster-sequence(7) names. */
        struct {
            uint64_t gap;            /* verdict GAP: how many numbers are missing before it */
            uint32_t jitter_us;      /* interarrival jitter, RFC 3550, 6.4.1; us; 0: not known */
            int32_t clock_offset_ms; /* how far the device's clock is ahead, at least; ms; see
                                        MUSTER_MARK_CLOCK_OFFSET */
            int32_t clock_drift_ppb; /* how much faster it runs; parts in 10^9 */
            uint32_t clock_drift_error_ppb; /* error bound of the drift, either way; parts in 10^9;
                                               0: the drift is not known */
        } message;
        struct {
            uint8_t event;      /* enum muster_event */
            uint8_t was;        /* of a gap: the event that was told of these numbers last, or 0 */
            uint8_t reason;     /* of SINK_DROPPED and REJECTED_MORE */
            uint8_t reserved;   /* zero */
            uint16_t was_cause; /* of a gap: the cause that was told last */
            uint16_t cause;     /* MUSTER_CAUSE_* */
            uint64_t first;     /* first number of the range that it is about, modulo 2^seq_bits */
            uint64_t last;      /* last number of it, included: see muster_record_count */
            uint64_t opened_ns; /* ns since the Unix epoch */
            uint64_t closed_ns; /* ns since the Unix epoch */
        } event;
        struct {
            uint8_t reason; /* enum muster_reject */
        } reject;
        uint8_t room[40];
    };
    /* offset 120 */
    uint16_t payload_at; /* where the payload begins in its datagram, bytes; 0 also: not known */
    uint8_t keep; /* 1: its sender waits for an answer which says that it is written, and it is not
                     known to be; a filter that leaves out duplicates hands it on */
    uint8_t reserved[1]; /* zero */
    uint32_t answer;     /* the host's own: who waits for it to be written; 0: nobody */
};

#if defined __cplusplus && defined __clang__
#pragma clang diagnostic pop
#endif

#if defined __cplusplus && __cplusplus >= 201103L
#define MUSTER_HOLDS(condition) static_assert(condition, "the layout is frozen")
#elif !defined __cplusplus
#define MUSTER_HOLDS(condition) _Static_assert(condition, "the layout is frozen")
#endif
#ifdef MUSTER_HOLDS
#define MUSTER_AT(field, offset) MUSTER_HOLDS(offsetof(struct muster_record, field) == (offset))
MUSTER_HOLDS(sizeof(struct muster_record) == 128);
MUSTER_AT(arrival_ns, 0);
MUSTER_AT(device_id, 8);
MUSTER_AT(seq, 16);
MUSTER_AT(device_time_ns, 24);
MUSTER_AT(device, 32);
MUSTER_AT(kind, 36);
MUSTER_AT(verdict, 37);
MUSTER_AT(msg_type, 38);
MUSTER_AT(flags, 39);
MUSTER_AT(seq_bits, 40);
MUSTER_AT(marks, 41);
MUSTER_AT(value_type, 42);
MUSTER_AT(origin, 43);
MUSTER_AT(format, 44);
MUSTER_AT(listener, 46);
MUSTER_AT(quality, 47);
MUSTER_AT(payload, 48);
MUSTER_AT(payload_size, 56);
MUSTER_AT(reading, 60);
MUSTER_AT(readings, 62);
MUSTER_AT(value, 64);
MUSTER_AT(via, 72);
MUSTER_AT(message.gap, 80);
MUSTER_AT(message.jitter_us, 88);
MUSTER_AT(message.clock_offset_ms, 92);
MUSTER_AT(message.clock_drift_ppb, 96);
MUSTER_AT(message.clock_drift_error_ppb, 100);
MUSTER_AT(event.event, 80);
MUSTER_AT(event.reason, 82);
MUSTER_AT(event.was_cause, 84);
MUSTER_AT(event.cause, 86);
MUSTER_AT(event.first, 88);
MUSTER_AT(event.last, 96);
MUSTER_AT(event.opened_ns, 104);
MUSTER_AT(event.closed_ns, 112);
MUSTER_AT(reject.reason, 80);
MUSTER_AT(payload_at, 120);
MUSTER_AT(keep, 122);
MUSTER_AT(reserved, 123);
MUSTER_AT(answer, 124);
MUSTER_HOLDS(offsetof(struct muster_arrival, source) == 16);
MUSTER_HOLDS(offsetof(struct muster_arrival, local) == 32);
MUSTER_HOLDS(offsetof(struct muster_arrival, source_scope) == 48);
MUSTER_HOLDS(offsetof(struct muster_arrival, peer) == 56);
#undef MUSTER_AT
#undef MUSTER_HOLDS
#endif

/* The datagram of a message of a declared format (muster_record.format is not 0), with its payload
 * in it, `via.arrival->datagram_size` bytes; its values are worked out from all of that.  NULL if
 * there is none, as in a message of the built-in format, or one that a filter derived.
 *
 * A message that a filter emits keeps it if its payload is still where process was handed it, and
 * one that the host holds for the filter keeps it, too.  Any other that is emitted becomes one of
 * the built-in format, without a datagram: the host sets format and payload_at to 0, and its one
 * value is its own. */
static inline const uint8_t *muster_record_datagram(const struct muster_record *record)
{
    const struct muster_arrival *arrival = record->via.arrival;

    if (record->format == 0 || record->kind != MUSTER_KIND_MESSAGE || arrival == NULL ||
        record->payload.bytes == NULL || record->payload_at > arrival->datagram_size ||
        record->payload_size > arrival->datagram_size - record->payload_at)
        return NULL;
    return record->payload.bytes - record->payload_at;
}

/* How many numbers the range of an event has, first to last; modulo 2^seq_bits. */
static inline uint64_t muster_record_count(const struct muster_record *event)
{
    uint64_t mask = event->seq_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << event->seq_bits) - 1;

    return ((event->event.last - event->event.first) & mask) + 1;
}

/* The one of several causes that a number is counted under, so that sums by cause add up: the first
 * in order of evidence.  NOT_BELIEVABLE, since then nothing else says anything; COLLECTOR, which is
 * of that very device; COLLECTOR_DOWN, KERNEL, which are of all or many; RESTART, CHECKSUM; and
 * NETWORK if nothing else is known. */
static inline uint16_t muster_cause_counted(uint16_t causes)
{
    if (causes & MUSTER_CAUSE_NOT_BELIEVABLE)
        return MUSTER_CAUSE_NOT_BELIEVABLE;
    if (causes & MUSTER_CAUSE_COLLECTOR)
        return MUSTER_CAUSE_COLLECTOR;
    if (causes & MUSTER_CAUSE_COLLECTOR_DOWN)
        return MUSTER_CAUSE_COLLECTOR_DOWN;
    if (causes & MUSTER_CAUSE_KERNEL)
        return MUSTER_CAUSE_KERNEL;
    if (causes & MUSTER_CAUSE_RESTART)
        return MUSTER_CAUSE_RESTART;
    if (causes & MUSTER_CAUSE_CHECKSUM)
        return MUSTER_CAUSE_CHECKSUM;
    return MUSTER_CAUSE_NETWORK;
}

/* Begins a record that a filter makes of another one, such as a mean or a converted value: a
 * message of the same device, way, format and times, without number, verdict, payload and value,
 * which the caller sets.  It can be of another kind, too.  The tracker leaves it alone, and sinks
 * can tell it from a reading by its origin.  `from` may be `out`. */
static inline void muster_record_derive(struct muster_record *out, const struct muster_record *from)
{
    struct muster_record derived;

    memset(&derived, 0, sizeof derived);
    derived.arrival_ns = from->arrival_ns;
    derived.device_id = from->device_id;
    derived.device_time_ns = from->device_time_ns;
    derived.device = from->device;
    derived.kind = MUSTER_KIND_MESSAGE;
    derived.msg_type = from->msg_type;
    derived.flags = from->flags;
    derived.marks = from->marks & (MUSTER_MARK_DEVICE | MUSTER_MARK_KEY);
    derived.format = from->format;
    derived.listener = from->listener;
    derived.quality = from->quality;
    derived.readings = 1;
    derived.via = from->via;
    *out = derived;
}

#ifdef __cplusplus
}
#endif

#endif
