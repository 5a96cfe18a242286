/* SPDX-License-Identifier: MIT
 *
 * A session's begin and end, and its steps that are not plain ones.
 */
#include "session.h"

#include <assert.h>

#include "pace.h"
#include "rivals.h"
#include "tracker_data.h"
#include "undo.h"
#include "window.h"

void session_end(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;

    if (session->begun)
        tracker_report(tracker, session, TRACKER_END, 0, 0);
    tracker->counts->lost += session->open;
    tracker->counts->open -= session->open;
    session->open = 0;
    session->begun = false;
    session->repeats = false;
    session->attention &= (uint8_t)~ATTENTION_LEAP;
}

void session_begin(const struct turn *turn, uint32_t number, uint32_t stamp)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    uint32_t words = tracker->tables->words, i;

    for (i = 0; i < words; i++) {
        undo_save(tracker->undo, turn->window, i);
        turn->window[i] = 0;
    }
    tracker->steps += words;
    session->highest = number;
    session->highest_time = session->first_time = stamp;
    session->span = 1;
    session->open = 0;
    session->begun = true;
    turn->rivals->begun_at = tracker->now;
    pace_begin(session, tracker->now);
    window_mark(turn->window, tracker->options.window, number);
}

uint32_t session_advance(const struct turn *turn)
{
    struct session *session = turn->session;
    uint32_t missing = 0, others = turn->number - session->highest - 1;

    assert(tracker_is_ahead(turn->number, session->highest));
    while (session->highest != turn->number) {
        uint32_t left = turn->number - session->highest;
        struct rivals_run run = rivals_came(turn->rivals, session->highest + 1, left);
        uint32_t ahead = run.count > 0 ? run.first - session->highest : left;

        missing += ahead - 1;
        window_advance(turn->tracker, session, turn->window, ahead);
        for (; run.count > 1; run.count--)
            window_advance(turn->tracker, session, turn->window, 1);
    }
    pace_pass(session, others);
    session->highest_time = turn->stamp;
    session->highest_at = turn->tracker->now;
    if (pace_is_due(session, turn->tracker->now))
        pace_renew(session, turn->tracker->now);
    return missing;
}

void session_recover(const struct turn *turn, uint32_t number)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    struct leap *leap = &turn->rivals->leap;
    uint32_t size = tracker->options.window;

    if (!session->begun || session->highest - number >= session->span ||
        window_has_seen(turn->window, size, number))
        return;
    undo_save(tracker->undo, turn->window, window_word(size, number));
    window_mark(turn->window, size, number);
    if ((session->attention & ATTENTION_LEAP) != 0 &&
        number - leap->next < leap->first - leap->next)
        leap->next = number + 1;
    tracker_report(tracker, session, TRACKER_RECOVERED, number, number);
    tracker->counts->recovered++;
    tracker->counts->open--;
    session->open--;
}
