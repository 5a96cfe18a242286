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
static bool loses(const struct turn *turn, uint64_t ahead)
{
    const struct session *session = turn->session;
    uint32_t size = session->size, room = size - session->span;

    assert(ahead < size);
    return session->open > 0 && ahead > room &&
           window_missing(turn->window, size, (uint32_t)session->highest - session->span + 1,
                          (uint32_t)ahead - room) > 0;
}

bool leap_is_believed(const struct turn *turn)
{
    const struct tracker_options *options = &turn->tracker->options;
    const uint64_t ahead = turn->ahead;
    const uint32_t size = turn->session->size;
    const struct row *row;

    if (ahead == 1)
        return true;
    if (ahead > options->max_jump || ahead >= size || ahead > doubt_most(turn) ||
        (ahead > size / 2 && loses(turn, ahead)))
        return false;
    /* Not if it goes on with a row that the session goes on beside, or with the one before, but
     * for a session that comes to where that ended. */
    row = rivals_find_next(turn->rivals, turn);
    return row == NULL || (row->rivalry == 0 && (!row->believed || ahead <= NEAR));
}

static bool is_open(const struct turn *turn)
{
    return (turn->session->attention & ATTENTION_LEAP) != 0;
}

void leap_begin(const struct turn *turn, uint64_t from, uint32_t missing)
{
    const struct sender sender = rivals_sender(turn->record);

    if (missing == 0)
        return;
    turn->rivals->leap = (struct leap){.next = (uint32_t)from + 1,
                                       .first = (uint32_t)turn->number,
                                       .end = (uint32_t)turn->number + 1,
                                       .source = rivals_source(&sender)};
    turn->session->attention |= ATTENTION_LEAP;
}

void leap_go_on(const struct turn *turn)
{
    struct leap *leap = &turn->rivals->leap;

    if (!is_open(turn))
        return;
    /* What the step has left must stay in the window. */
    if (turn->is_further && (uint32_t)turn->number == leap->end &&
        leap->end - leap->next < turn->session->size - 1)
        leap->end++;
    else
        turn->session->attention &= (uint8_t)~ATTENTION_LEAP;
}

bool leap_has_left(const struct turn *turn)
{
    const struct leap *leap = &turn->rivals->leap;

    return is_open(turn) && (uint32_t)turn->number - leap->next < leap->first - leap->next;
}

bool leap_is_refuted(const struct turn *turn)
{
    return leap_has_left(turn) && turn->numbers <= 1 &&
           stamps_compare(turn->stamp, turn->session->highest_time) == STAMPS_NEWER;
}

/* The datagram that claimed the step is one of another row. */
static void remember(const struct turn *turn)
{
    const struct session *session = turn->session;
    const struct leap *leap = &turn->rivals->leap;
    struct row *row = rivals_add_session(turn->rivals, session);

    row->count = leap->end - leap->first;
    row->source = leap->source;
    row->datagrams = 1;
    row->rivalry = DOUBT_BESIDE; /* that is sure */
}

/* These numbers are ahead from now on. */
static void unmark(const struct turn *turn, uint32_t first, uint32_t count)
{
    struct tracker *tracker = turn->tracker;

    while (count > 0) {
        const struct window_part part = window_part(turn->session->size, first, count);

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
    const uint32_t number = (uint32_t)turn->number, between = leap->first - number - 1;
    const uint32_t left = leap->end - 1 - number; /* of the window */
    uint32_t missing = window_missing(turn->window, session->size, number + 1, between);

    assert((session->attention & ATTENTION_DOUBT) == 0);
    session->attention &= (uint8_t)~ATTENTION_LEAP;
    remember(turn);
    if (missing > 0)
        tracker_report(tracker, session, TRACKER_TAKEN_BACK, turn->number + 1,
                       turn->number + between, session->bits);
    tracker_report(tracker, session, TRACKER_OUTLIER, turn->number + between + 1,
                   turn->number + left, session->bits);
    tracker->counts->missing -= missing;
    tracker->counts->open -= missing;
    tracker->counts->gaps--;
    tracker->counts->in_order -= leap->end - leap->first - 1;
    tracker->counts->outliers += leap->end - leap->first;
    session->open -= missing;
    /* Of those in between, some may be of rows that the step passed over. */
    unmark(turn, number + 1, left);
    assert(session->highest == turn->number + left && session->span > left);
    session->span -= left;
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

    leap->next = (uint32_t)turn->number + 1;
    if (turn->is_further)
        return;
    leap->behind++;
    if (refuted || goes_on_for_long(turn) ||
        (source != 0 && leap->source != 0 && source != leap->source))
        take_back(turn);
}
