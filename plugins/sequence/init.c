/* SPDX-License-Identifier: MIT
 *
 * What an INIT says.
 */
#include "init.h"

#include <string.h>

#include "doubt.h"
#include "session.h"
#include "stamps.h"
#include "tracker_data.h"

enum {
    OVERTAKEN_MOST = 60, /* s: an INIT that its session's first number overtook is not older */
    HELD_UP_MOST = 3600  /* s: one that is older than the last by more is of a clock that was set */
};

/* Whether something came since the INIT that is newer. */
static bool is_newer_since_init(const struct turn *turn)
{
    const struct session *session = turn->session;
    const struct rivals *rivals = turn->rivals;

    if (!session->begun ||
        (rivals->init_begun && (uint32_t)session->highest == rivals->init_highest))
        return false;
    return session->highest_time != session->init_time &&
           stamps_compare(session->highest_time, session->init_time) != STAMPS_OLDER;
}

/* Whether it is a copy of the INIT that began the session, and of the same time stamp: such a one
 * comes soon, and before anything newer.  Else the device's clock begins at the same time with each
 * start. */
static bool is_copied_init(const struct turn *turn)
{
    return turn->session->has_init && turn->stamp == turn->session->init_time &&
           turn->tracker->now - turn->rivals->init_at < DOUBT_COPY && !is_newer_since_init(turn);
}

static void take_init(const struct turn *turn)
{
    struct session *session = turn->session;

    session->has_init = session->init_came = true;
    session->init_time = turn->stamp;
    turn->rivals->init_at = turn->tracker->now;
    turn->rivals->init_begun = session->begun;
    turn->rivals->init_highest = (uint32_t)session->highest;
}

/* Whether it is one that was held up: older than the one that began the session, or than the
 * session's first number, which has overtaken it. */
static bool is_late_init(const struct turn *turn)
{
    const struct session *session = turn->session;

    if (session->has_init && stamps_compare(turn->stamp, session->init_time) == STAMPS_OLDER)
        return session->init_time - turn->stamp <= HELD_UP_MOST;
    return session->begun && !session->init_came &&
           session->first_time - turn->stamp <= OVERTAKEN_MOST &&
           turn->tracker->now - turn->rivals->begun_at <= OVERTAKEN_MOST;
}

enum muster_verdict init_judge(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;

    if (is_copied_init(turn)) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (is_late_init(turn)) {
        tracker->counts->late++;
        /* It began this session, though its first number overtook it. */
        if (!session->has_init || (turn->stamp != session->init_time &&
                                   stamps_compare(turn->stamp, session->init_time) != STAMPS_OLDER))
            take_init(turn);
        return MUSTER_VERDICT_LATE;
    }
    doubt_refute(turn);
    if (session->known)
        tracker_report(tracker, session, TRACKER_RESTART, turn->number, turn->number, turn->bits);
    session_end(turn);
    session->attention = 0;
    memset(turn->rivals->rows, 0, sizeof turn->rivals->rows);
    if (turn->bits > 0)
        session_begin(turn, turn->number, turn->bits, turn->stamp);
    take_init(turn);
    if (session->known) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    tracker->counts->first++;
    return MUSTER_VERDICT_FIRST;
}
