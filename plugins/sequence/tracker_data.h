/* SPDX-License-Identifier: MIT
 *
 * What a tracker consists of; for tracker.c, which judges, and those that it hands a message on to.
 */
#ifndef SEQUENCE_TRACKER_DATA_H
#define SEQUENCE_TRACKER_DATA_H

#include "tracker.h"
#include "width.h"

/* The last message whose number all readings of its datagram share. */
struct tracker_same {
    uint64_t seq, arrival_ns;
    int64_t device_time_ns;
    uint32_t device;
    uint16_t reading, readings;
    uint8_t seq_bits, msg_type, verdict; /* verdict NONE: there is none */
};

struct tracker {
    struct tracker_options options;
    uint32_t worker, workers;
    struct tables *tables;
    struct tracker_counts *counts;
    struct undo *undo; /* NULL: nothing outlives the process */
    uint32_t now;      /* seconds that have passed: see tracker_pass */
    uint64_t steps;    /* words of windows that were looked at or written, off the usual way */
    bool at_least;     /* the step that is made may be whole turns longer */
    struct tracker_same same;
};

/* A message that is being judged, and what is known of its device. */
struct turn {
    struct tracker *tracker;
    struct session *session;
    struct rivals *rivals;
    uint64_t *window;
    uint32_t device;
    struct muster_record *record; /* NULL at the end */
    uint64_t number; /* extended, if a session of that width has begun; else as it was sent */
    uint64_t ahead;  /* how far ahead of the session's highest that is; 0: it is not */
    uint32_t size;   /* of a window for that width */
    uint32_t stamp;
    uint16_t numbers; /* that its datagram has */
    bool is_further;  /* it is a datagram's, but not that one's first */
    uint8_t bits;     /* 0: it has no number */
};

/* numbers: what is farther ahead is of no session's row, so that gaps do with 32 bits */
#define TRACKER_FARTHEST (UINT64_C(1) << 30)

/* Reports a note to whoever listens. */
static inline void tracker_report(const struct tracker *tracker, const struct session *session,
                                  enum tracker_note_kind kind, uint64_t first, uint64_t last,
                                  uint8_t bits)
{
    struct tracker_note note = {
        .kind = kind,
        .device_id = tables_id(tracker->tables, session),
        .first = first,
        .last = last,
        .bits = bits,
        .at_least = kind == TRACKER_GAP && tracker->at_least,
    };

    if (tracker->options.note != NULL)
        tracker->options.note(tracker->options.context, &note);
}

#endif
