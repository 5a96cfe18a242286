/* SPDX-License-Identifier: MIT
 *
 * What a tracker notes, handed on to gaps, as the filter's worker does.
 */
#ifndef TESTS_PLUGINS_NOTES_H
#define TESTS_PLUGINS_NOTES_H

#include "sequence/gaps.h"
#include "sequence/tracker.h"

struct notes {
    struct gaps *gaps;
    uint64_t now_ns;
    uint32_t at, tick;
    uint8_t causes; /* of what opens, and of what the end of a session loses */
    bool restarting;
};

static inline void notes_take(struct notes *notes, const struct tracker_note *note)
{
    const struct gaps_opening opening = {.device = note->device_id,
                                         .first = (uint32_t)note->first,
                                         .last = (uint32_t)note->last,
                                         .at_least = note->at_least,
                                         .tick = notes->tick,
                                         .at = notes->at,
                                         .causes = notes->causes,
                                         .opened_ns = notes->now_ns,
                                         .heard_ns = notes->now_ns - 1};

    switch (note->kind) {
    case TRACKER_GAP:
        gaps_open(notes->gaps, &opening);
        break;
    case TRACKER_RECOVERED:
        gaps_recover(notes->gaps, note->device_id, (uint32_t)note->first);
        break;
    case TRACKER_LOST:
        gaps_lose(notes->gaps, note->device_id, (uint32_t)note->first, (uint32_t)note->last);
        break;
    case TRACKER_TAKEN_BACK:
        gaps_take_back(notes->gaps, note->device_id, (uint32_t)note->first, (uint32_t)note->last);
        break;
    case TRACKER_RESTART:
        notes->restarting = true;
        break;
    case TRACKER_END:
        gaps_lose_all(notes->gaps, note->device_id, notes->restarting ? MUSTER_CAUSE_RESTART : 0);
        notes->restarting = false;
        break;
    default:
        break;
    }
}

static inline void notes_tracker_note(void *context, const struct tracker_note *note)
{
    notes_take(context, note);
}

#endif
