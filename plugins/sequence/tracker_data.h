/* SPDX-License-Identifier: MIT
 *
 * What a tracker consists of; for tracker.c, which judges, and window.c, which moves
 * the windows.
 */
#ifndef SEQUENCE_TRACKER_DATA_H
#define SEQUENCE_TRACKER_DATA_H

#include "tracker.h"

#define HALF (UINT32_C(1) << 31) /* farther ahead than this is behind: RFC 1982, 3.2 */

struct tracker {
    struct tracker_options options;
    uint32_t worker, workers;
    const struct tables *tables;
    struct tracker_counts *counts;
    struct undo *undo; /* NULL: nothing outlives the process */
};

static inline bool tracker_has_seen(const struct tracker *tracker, const uint64_t *window,
                                    uint32_t number)
{
    return tables_has_seen(tracker->tables, window, number);
}

static inline void tracker_mark(const struct tracker *tracker, uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    window[place / 64] |= UINT64_C(1) << place % 64;
}

static inline void tracker_unmark(const struct tracker *tracker, uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    window[place / 64] &= ~(UINT64_C(1) << place % 64);
}

/* Hands a note to whoever listens. */
void tracker_tell(const struct tracker *tracker, const struct device *device,
                  enum tracker_note_kind kind, uint32_t first, uint32_t last);

/* Moves a window up by `ahead` numbers, at least one, the last of which is here; those
 * between are missing from now on, and what leaves the window unseen is lost. */
void tracker_advance(struct tracker *tracker, struct device *device, uint64_t *window,
                     uint32_t ahead);

#endif
