/* SPDX-License-Identifier: MIT
 *
 * A session's begin and end, and its steps that are not plain ones.
 */
#include "session.h"

#include <assert.h>

#include "doubt.h"
#include "losses.h"
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
        tracker_report(tracker, session, TRACKER_END, 0, 0, 0);
    tracker->counts->lost += session->open;
    tracker->counts->open -= session->open;
    losses_end_session(&tracker->tables->losses[tables_id(tracker->tables, session)], session);
    session->open = 0;
    session->begun = false;
    session->repeats = false;
    session->attention &= (uint8_t)~ATTENTION_LEAP;
}

void session_begin(const struct turn *turn, uint64_t number, uint8_t bits, uint32_t stamp)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    uint32_t words = tracker->tables->words, i;

    assert(bits >= 1 && bits <= 64);

    for (i = 0; i < words; i++) {
        undo_save(tracker->undo, turn->window, i);
        turn->window[i] = 0;
    }
    tracker->steps += words;
    session->highest = width_sent(number, bits);
    tracker->tables->losses[tables_id(tracker->tables, session)].first = session->highest;
    session->bits = bits;
    session->size = width_window(tracker->options.window, bits);
    session->highest_time = session->first_time = stamp;
    session->span = 1;
    session->open = 0;
    session->begun = true;
    turn->rivals->begun_at = tracker->now;
    pace_begin(session, tracker->now);
    window_mark(turn->window, session->size, session->highest);
    rivals_renew(turn->rivals, session);
}

uint32_t session_advance(const struct turn *turn)
{
    struct session *session = turn->session;
    uint32_t missing = 0, others = (uint32_t)turn->ahead - 1;
    uint16_t quarter = rivals_quarter(session);

    assert(turn->ahead > 0 && turn->ahead <= TRACKER_FARTHEST &&
           turn->number - session->highest == turn->ahead);
    turn->tracker->at_least = doubt_may_have_turned(turn);
    while (session->highest != turn->number) {
        uint32_t left = (uint32_t)(turn->number - session->highest);
        struct rivals_run run = rivals_came(turn->rivals, session, quarter, left);
        uint32_t ahead = run.count > 0 ? run.ahead : left;

        missing += ahead - 1;
        window_advance(turn->tracker, session, turn->window, ahead);
        for (; run.count > 1; run.count--)
            window_advance(turn->tracker, session, turn->window, 1);
    }
    if (turn->tracker->at_least && turn->record != NULL)
        turn->record->marks |= MUSTER_MARK_AT_LEAST;
    turn->tracker->at_least = false;
    pace_pass(session, others);
    session->highest_time = turn->stamp;
    session->highest_at = turn->tracker->now;
    if (pace_is_due(session, turn->tracker->now))
        pace_renew(session, turn->tracker->now);
    return missing;
}

void session_recover(const struct turn *turn, uint64_t sent)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    struct leap *leap = &turn->rivals->leap;
    uint32_t size = session->size, low;
    uint64_t behind, number;

    if (!session->begun)
        return;
    behind = width_sent(session->highest - sent, session->bits);
    number = session->highest - behind;
    if (behind >= session->span || window_has_seen(turn->window, size, number))
        return;
    low = (uint32_t)number;
    undo_save(tracker->undo, turn->window, window_word(size, number));
    window_mark(turn->window, size, number);
    if ((session->attention & ATTENTION_LEAP) != 0 && low - leap->next < leap->first - leap->next)
        leap->next = low + 1;
    tracker_report(tracker, session, TRACKER_RECOVERED, number, number, session->bits);
    tracker->counts->recovered++;
    tracker->counts->open--;
    session->open--;
}
