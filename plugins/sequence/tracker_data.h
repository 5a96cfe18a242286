/* SPDX-License-Identifier: MIT
 *
 * What a tracker consists of; for tracker.c, which judges, and window.c, which moves
 * the windows.
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
    uint64_t steps;    /* words of windows that were looked at or written, off the usual way */
};

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
