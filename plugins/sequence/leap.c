/* SPDX-License-Identifier: MIT
 *
 * A step ahead that one datagram claims.
 */
#include "leap.h"

#include <assert.h>

#include "doubt.h"
#include "pace.h"
#include "rivals.h"
#include "stamps.h"
#include "tracker_data.h"
#include "undo.h"
#include "window.h"

enum {
    NEAR = 8,       /* numbers: few enough to be lost, or overtaken */
    BEHIND_MOST = 4 /* datagrams of the row that it left, while nothing went on from it */
};

/* Whether numbers leave the window with it that may still come.  From half of the window on this
 * matters: what is farther behind comes hardly ever. */
static bool loses(const struct turn *turn, uint32_t ahead)
{
    const struct session *session = turn->session;
    uint32_t size = turn->tracker->options.window, room = size - session->span;

    return session->open > 0 && ahead > room &&
           window_missing(turn->window, size, session->highest - session->span + 1, ahead - room) >
               0;
}

bool leap_is_believed(const struct turn *turn, uint32_t ahead)
{
    const struct tracker_options *options = &turn->tracker->options;
    const struct row *row;

    if (ahead == 1)
        return true;
    if (ahead > options->max_jump || ahead >= options->window || ahead > doubt_most(turn) ||
        (ahead > options->window / 2 && loses(turn, ahead)))
        return false;
    /* Not if it goes on with a row that the session goes on beside, or with the one before, but
     * for a session that comes to where that ended. */
    row = rivals_find_next(turn->rivals, turn->number);
    return row == NULL || (row->rivalry == 0 && (!row->believed || ahead <= NEAR));
}

static bool is_open(const struct turn *turn)
{
    return (turn->session->attention & ATTENTION_LEAP) != 0;
}

void leap_begin(const struct turn *turn, uint32_t from, uint32_t missing)
{
    const struct sender sender = rivals_sender(turn->record);

    if (missing == 0)
        return;
    turn->rivals->leap = (struct leap){.next = from + 1,
                                       .first = turn->number,
                                       .end = turn->number + 1,
                                       .source = rivals_source(&sender)};
    turn->session->attention |= ATTENTION_LEAP;
}

void leap_go_on(const struct turn *turn)
{
    struct leap *leap = &turn->rivals->leap;

    if (!is_open(turn))
        return;
    /* What the step has left must stay in the window. */
    if (turn->record->reading > 0 && turn->number == leap->end &&
        leap->end - leap->next < turn->tracker->options.window - 1)
        leap->end++;
    else
        turn->session->attention &= (uint8_t)~ATTENTION_LEAP;
}

bool leap_has_left(const struct turn *turn)
{
    const struct leap *leap = &turn->rivals->leap;

    return is_open(turn) && turn->number - leap->next < leap->first - leap->next;
}

bool leap_is_refuted(const struct turn *turn)
{
    return leap_has_left(turn) && turn->record->readings <= 1 &&
           stamps_compare(turn->stamp, turn->session->highest_time) == STAMPS_NEWER;
}

/* The datagram that claimed the step is one of another row. */
static void remember(const struct turn *turn)
{
    const struct leap *leap = &turn->rivals->leap;
    struct row *row;

    row = rivals_add(turn->rivals);
    row->first = leap->first;
    row->doubt = row->end = leap->end;
    row->first_time = row->last_time = turn->session->highest_time;
    row->last_at = turn->session->highest_at;
    row->source = leap->source;
    row->datagrams = 1;
    row->rivalry = DOUBT_BESIDE; /* that is sure */
}

/* These numbers are ahead from now on. */
static void unmark(const struct turn *turn, uint32_t first, uint32_t count)
{
    struct tracker *tracker = turn->tracker;

    while (count > 0) {
        const struct window_part part = window_part(tracker->options.window, first, count);

        undo_save(tracker->undo, turn->window, part.word);
        turn->window[part.word] &= ~part.mask;
        tracker->steps++;
        first += part.count;
        count -= part.count;
    }
}

static void take_back(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    const struct leap *leap = &turn->rivals->leap;
    uint32_t size = tracker->options.window, between = leap->first - turn->number - 1;
    uint32_t missing = window_missing(turn->window, size, turn->number + 1, between);

    assert((session->attention & ATTENTION_DOUBT) == 0);
    session->attention &= (uint8_t)~ATTENTION_LEAP;
    remember(turn);
    if (missing > 0)
        tracker_report(tracker, session, TRACKER_TAKEN_BACK, turn->number + 1, leap->first - 1);
    tracker_report(tracker, session, TRACKER_OUTLIER, leap->first, leap->end - 1);
    tracker->counts->missing -= missing;
    tracker->counts->open -= missing;
    tracker->counts->gaps--;
    tracker->counts->in_order -= leap->end - leap->first - 1;
    tracker->counts->outliers += leap->end - leap->first;
    session->open -= missing;
    /* Of those in between, some may be of rows that the step passed over. */
    unmark(turn, turn->number + 1, leap->end - turn->number - 1);
    assert(session->highest == leap->end - 1 && session->span > session->highest - turn->number);
    session->span -= session->highest - turn->number;
    session->highest = turn->number;
    pace_take_back(session, between);
    session->highest_time = turn->stamp;
    session->highest_at = tracker->now;
}

/* Sooner they may only have been overtaken by it, however many. */
static bool goes_on_for_long(const struct turn *turn)
{
    return turn->rivals->leap.behind >= BEHIND_MOST &&
           turn->tracker->now - turn->session->highest_at >= DOUBT_COPY;
}

void leap_recovered(const struct turn *turn, bool refuted)
{
    struct leap *leap = &turn->rivals->leap;
    const struct sender sender = rivals_sender(turn->record);
    uint32_t source = rivals_source(&sender);

    leap->next = turn->number + 1;
    if (turn->record->reading > 0)
        return;
    leap->behind++;
    if (refuted || goes_on_for_long(turn) ||
        (source != 0 && leap->source != 0 && source != leap->source))
        take_back(turn);
}
