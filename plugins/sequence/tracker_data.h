/* SPDX-License-Identifier: MIT
 *
 * What a tracker consists of; for tracker.c, which judges, and those that it hands a message on to.
 */
#ifndef SEQUENCE_TRACKER_DATA_H
#define SEQUENCE_TRACKER_DATA_H

#include "tracker.h"

struct tracker {
    struct tracker_options options;
    uint32_t worker, workers;
    struct tables *tables;
    struct tracker_counts *counts;
    struct undo *undo; /* NULL: nothing outlives the process */
    uint32_t now;      /* seconds that have passed: see tracker_pass */
    uint64_t steps;    /* words of windows that were looked at or written, off the usual way */
};

/* A message that is being judged, and what is known of its device. */
struct turn {
    struct tracker *tracker;
    struct session *session;
    struct rivals *rivals;
    uint64_t *window;
    uint32_t device;
    struct muster_record *record; /* NULL at the end */
    uint32_t number;              /* what is judged of it is 32 bits wide */
    uint32_t stamp;
};

#define TRACKER_HALF (UINT32_C(1) << 31) /* farther ahead than this is behind: RFC 1982, 3.2 */

static inline bool tracker_is_ahead(uint32_t number, uint32_t of)
{
    return number - of - 1 < TRACKER_HALF - 1;
}

/* Reports a note to whoever listens. */
static inline void tracker_report(const struct tracker *tracker, const struct session *session,
                                  enum tracker_note_kind kind, uint32_t first, uint32_t last)
{
    struct tracker_note note = {
        .kind = kind,
        .device_id = tables_id(tracker->tables, session),
        .first = first,
        .last = last,
    };

    if (tracker->options.note != NULL)
        tracker->options.note(tracker->options.context, &note);
}

#endif
