/* SPDX-License-Identifier: MIT
 *
 * Numbers that are not of the session's row.
 */
#include "doubt.h"

#include <string.h>

#include "pace.h"
#include "rivals.h"
#include "session.h"
#include "stamps.h"
#include "tracker_data.h"
#include "window.h"

enum {
    RIVALRY = 3,           /* times that both rows went on: there are two senders */
    TOLD_AGAIN = 24 * 3600 /* s without a sign of the other sender */
};

/* Datagrams that the kernel may have dropped of the device since its highest came. */
static uint64_t overlooked(const struct turn *turn)
{
    const struct tracker_options *options = &turn->tracker->options;

    return options->overlooked != NULL ? options->overlooked(options->context, turn->device) : 0;
}

/* How often its class sends DATA, ns; 0: it does not say. */
static uint64_t interval(const struct turn *turn)
{
    const struct tracker_options *options = &turn->tracker->options;

    return options->interval != NULL ? options->interval(options->context, turn->device) : 0;
}

uint64_t doubt_most(const struct turn *turn)
{
    uint64_t most = pace_most(turn->session, turn->tracker->now, interval(turn), turn->numbers) +
                    overlooked(turn) * turn->numbers;

    return most < TRACKER_FARTHEST ? most : TRACKER_FARTHEST;
}

bool doubt_is_beyond_half(const struct turn *turn, uint64_t ahead)
{
    const struct session *session = turn->session;
    const enum stamps_order order = stamps_compare(turn->stamp, session->highest_time);
    const uint64_t of_class = ahead <= TRACKER_FARTHEST ? interval(turn) : 0;
    bool is_told; /* by its time stamp; but readings may be repeated */

    if (ahead > TRACKER_FARTHEST || (of_class == 0 && !pace_is_known(session)))
        return false;
    is_told = order == STAMPS_NEWER && turn->numbers <= 1;
    if (order == STAMPS_OLDER || order == STAMPS_SAME ||
        (!is_told && (turn->tracker->now - session->highest_at < DOUBT_COPY ||
                      width_mask(session->bits) - ahead < DOUBT_LAG)))
        return false;
    return pace_may_have_used(session, turn->tracker->now, of_class, turn->numbers, ahead);
}

bool doubt_may_have_turned(const struct turn *turn)
{
    const struct session *session = turn->session;
    const uint64_t mask = width_mask(session->bits), of_class = interval(turn);

    if (mask > UINT32_MAX || turn->tracker->now - session->highest_at < PACE_SILENCE ||
        (turn->ahead == 1 && of_class == 0 && !pace_is_known(session)))
        return false;
    return pace_may_have_used(session, turn->tracker->now, of_class, turn->numbers,
                              mask + 1 + turn->ahead);
}

/* ---- not believed --------------------------------------------------------------------- */

void doubt_refute(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct row *row = &turn->rivals->rows[0];
    uint32_t count = row->doubted, i;

    row->streak = 0;
    if ((turn->session->attention & ATTENTION_DOUBT) == 0)
        return;
    tracker_report(tracker, turn->session, TRACKER_OUTLIER, row->end - count, row->end - 1,
                   row->bits);
    tracker->counts->outliers += count;
    tracker->counts->doubted -= count;
    /* It came, so it is not missing. */
    for (i = count; i > 0 && row->bits == turn->session->bits; i--)
        session_recover(turn, row->end - i);
    row->doubted = 0;
    turn->session->attention &= (uint8_t)~ATTENTION_DOUBT;
}

static void meet_rival(struct row *row)
{
    if (row->streak > 0 && row->rivalry < UINT8_MAX)
        row->rivalry++;
    row->streak = 0;
}

void doubt_go_on(const struct turn *turn)
{
    struct rivals *rivals = turn->rivals;

    if (turn->session->attention == 0)
        return;
    if ((turn->session->attention & (ATTENTION_DOUBT | ATTENTION_WATCH)) != 0) {
        meet_rival(&rivals->rows[0]);
        meet_rival(&rivals->copies);
        rivals->sender = rivals_sender(turn->record);
    }
    doubt_refute(turn);
    turn->session->attention &= (uint8_t)~ATTENTION_WATCH;
}

/* ---- two senders ---------------------------------------------------------------------- */

static bool is_contested(const struct row *row)
{
    return row->rivalry >= RIVALRY && row->datagrams > RIVALRY;
}

static void tell_two_senders(const struct turn *turn)
{
    struct rivals *rivals = turn->rivals;
    uint32_t now = turn->tracker->now;

    if (!rivals->told || now - rivals->told_at > TOLD_AGAIN)
        tracker_report(turn->tracker, turn->session, TRACKER_TWO_SENDERS, turn->number,
                       turn->number, turn->bits);
    rivals->told = true;
    rivals->told_at = now;
}

/* ---- believed ------------------------------------------------------------------------- */

/* How far ahead the row begins, as far as the session has not passed it; 0: it is behind. */
static uint64_t begins_ahead(const struct turn *turn, const struct row *row)
{
    if (turn->ahead == 0)
        return 0;
    return turn->ahead > row->count - 1 ? turn->ahead - (row->count - 1) : 1;
}

static bool is_enough(const struct turn *turn, const struct row *row, enum doubt kind)
{
    uint64_t ahead = begins_ahead(turn, row);
    bool plausible;

    if (turn->is_further)
        return false; /* a datagram's further readings do not confirm its first */
    if (is_contested(row))
        return row->streak >= DOUBT_RIVAL;
    if (kind == DOUBT_STALE) /* stragglers too can come two in a row */
        plausible = ahead == 1;
    else if (kind == DOUBT_AHEAD)
        plausible = ahead <= doubt_most(turn);
    else
        plausible = kind == DOUBT_BEHIND || kind == DOUBT_WIDTH;
    return row->streak >= (plausible || row->believed ? DOUBT_PLAUSIBLE : DOUBT_ANY);
}

/* The session's row is one of the others from now on. */
static void remember_session(const struct turn *turn, uint8_t rivalry)
{
    const struct session *session = turn->session;
    struct row *row;
    unsigned i;

    /* What else came is of no use to the next session, but for those that go on beside it. */
    for (i = RIVALS; i-- > 0;)
        if (turn->rivals->rows[i].rivalry == 0)
            rivals_drop(turn->rivals, &turn->rivals->rows[i]);
    row = rivals_add_session(turn->rivals, session);
    row->source = rivals_source(&turn->rivals->sender);
    row->datagrams = UINT8_MAX;
    row->rivalry = rivalry;
    row->believed = true;
}

/* The device's numbers begin anew with the first of that row, which is none of the others. */
static enum muster_verdict restart(const struct turn *turn, const struct row *row, enum doubt kind)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    bool had_begun = session->begun;
    uint64_t first = rivals_first(row);
    uint32_t i;

    if (had_begun) {
        tracker_report(tracker, session, TRACKER_RESTART, first, first, row->bits);
        remember_session(turn, row->rivalry);
    }
    session_end(turn);
    session_begin(turn, first, row->bits, row->first_time);
    for (i = 1; i < row->count; i++)
        window_advance(tracker, session, turn->window, 1);
    pace_begin(session, tracker->now);
    session->highest_time = turn->stamp;
    if (kind == DOUBT_STALE && session->has_init)
        session->init_time = row->first_time;
    session->init_came = false;
    if (had_begun) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    tracker->counts->in_order++;
    return MUSTER_VERDICT_NEW;
}

/* The device went on while nothing was heard. */
static enum muster_verdict go_ahead(const struct turn *turn, uint32_t first_time, enum doubt kind)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    uint32_t missing = session_advance(turn);

    if (kind == DOUBT_STALE) {
        session->first_time = first_time;
        if (session->has_init)
            session->init_time = first_time;
    }
    if (missing == 0) {
        tracker->counts->in_order++;
        return MUSTER_VERDICT_NEW;
    }
    tracker->counts->gaps++;
    turn->record->message.gap = missing;
    return MUSTER_VERDICT_GAP;
}

/* Whether it goes on beside the session's row: what is between the two is not missing. */
static bool is_beside(const struct row *row)
{
    return row->believed || row->rivalry >= DOUBT_BESIDE;
}

/* Those in doubt are judged again: they came, all of them and in order. */
static enum muster_verdict accept(const struct turn *turn, struct row *row, enum doubt kind)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    uint64_t ahead = begins_ahead(turn, row);
    const struct row accepted = *row;
    enum muster_verdict verdict;

    if ((session->attention & ATTENTION_DOUBT) != 0) {
        uint32_t count = row->doubted - 1;

        tracker->counts->in_order += count;
        tracker->counts->doubted -= count;
    }
    row->doubted = 0;
    session->attention = 0;
    if (ahead == 1 || (ahead != 0 && ahead <= doubt_most(turn) && !is_beside(&accepted))) {
        verdict = go_ahead(turn, accepted.first_time, kind);
        rivals_drop(turn->rivals, row);
    } else {
        rivals_drop(turn->rivals, row);
        verdict = restart(turn, &accepted, kind);
    }
    return verdict;
}

/* Whether what the kernel dropped explains that it begins so far ahead. */
static bool is_explained(const struct turn *turn, const struct row *row)
{
    return !is_beside(row) && row->doubted == row->count && turn->ahead >= row->count &&
           turn->ahead - row->count < turn->tracker->options.max_jump &&
           turn->ahead - row->count <= overlooked(turn);
}

void doubt_end(const struct turn *turn)
{
    struct tracker_counts *counts = turn->tracker->counts;
    struct session *session = turn->session;
    const struct row row = turn->rivals->rows[0];
    struct turn last = *turn;

    if ((session->attention & ATTENTION_DOUBT) == 0)
        return;
    last.stamp = row.last_time;
    last.ahead = 0;
    if (session->begun && row.bits == session->bits)
        last.ahead = width_sent(row.end - 1 - session->highest, row.bits);
    if (last.ahead > width_reach(row.bits))
        last.ahead = 0;
    last.number = session->highest + last.ahead;
    if (!is_explained(&last, &row)) {
        doubt_refute(turn);
        return;
    }
    counts->doubted -= row.doubted;
    counts->in_order += row.doubted - 1;
    counts->gaps++;
    session->attention = 0;
    session_advance(&last);
    rivals_drop(turn->rivals, &turn->rivals->rows[0]);
}

/* ---- in doubt ------------------------------------------------------------------------- */

/* Whether it is a copy of what that row has. */
static bool is_copy(const struct turn *turn, const struct row *row)
{
    switch (stamps_compare(turn->stamp, row->last_time)) {
    case STAMPS_NEWER:
        return false;
    case STAMPS_OLDER:
        return true;
    default:
        return turn->tracker->now - row->last_at < DOUBT_COPY;
    }
}

/* The row that has the number already: as its last one, or in doubt; or NULL. */
static struct row *find_again(const struct turn *turn)
{
    struct row *row;

    if (rivals_find_next(turn->rivals, turn) != NULL)
        return NULL; /* it goes on with another one */
    row = rivals_find(turn->rivals, turn);
    if (row == NULL || rivals_is_last(row, turn) || row->doubted > 0)
        return row;
    return NULL;
}

/* The row that the message is of, in front, and in doubt if one is. */
static struct row *find_row(const struct turn *turn)
{
    struct rivals *rivals = turn->rivals;
    struct row *row = rivals_find_next(rivals, turn);

    if (row != rivals->rows)
        doubt_refute(turn);
    return row != NULL ? rivals_to_front(rivals, row) : rivals_add(rivals);
}

/* The same number again, and made later: a device that begins anew with each message. */
static enum muster_verdict judge_again(const struct turn *turn, struct row *row)
{
    bool is_newer = stamps_compare(turn->stamp, row->last_time) == STAMPS_NEWER;
    uint8_t streak = row->streak;

    doubt_refute(turn);
    row = rivals_to_front(turn->rivals, row);
    row->end = width_sent(row->end - 1, row->bits); /* it is taken again */
    row->count--;
    rivals_append(row, turn);
    row->doubted = 1;
    row->streak = streak < UINT8_MAX ? (uint8_t)(streak + 1) : streak;
    turn->session->attention |= ATTENTION_DOUBT;
    if (row->streak >= (is_newer ? DOUBT_PLAUSIBLE : DOUBT_ANY)) {
        rivals_drop(turn->rivals, row);
        turn->session->attention &= (uint8_t)~ATTENTION_DOUBT;
        return doubt_repeat(turn);
    }
    turn->tracker->counts->doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

enum muster_verdict doubt_repeat(const struct turn *turn)
{
    const struct row row = {.end = width_sent(turn->number + 1, turn->bits),
                            .count = 1,
                            .first_time = turn->stamp,
                            .bits = turn->bits};
    struct row *has;
    enum muster_verdict verdict;

    doubt_refute(turn);
    has = rivals_find(turn->rivals, turn);
    if (has != NULL && has->end == row.end && has->count == 1)
        rivals_drop(turn->rivals, has);
    turn->session->attention = 0;
    verdict = restart(turn, &row, DOUBT_BEHIND);
    turn->session->repeats = true;
    return verdict;
}

enum muster_verdict doubt_judge(const struct turn *turn, enum doubt kind)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    struct row *row = find_again(turn);

    if (row != NULL && is_copy(turn, row)) {
        /* It came, though it says nothing new. */
        if (row->streak == 0)
            row->streak = 1;
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (row != NULL && row->count == 1 && turn->numbers <= 1)
        return judge_again(turn, row);
    row = find_row(turn);
    rivals_append(row, turn);
    if ((session->attention & ATTENTION_DOUBT) == 0)
        row->doubted = 1;
    if (is_enough(turn, row, kind))
        return accept(turn, row, kind);
    if (is_contested(row))
        tell_two_senders(turn);
    if (is_contested(row) && (session->attention & ATTENTION_DOUBT) == 0) {
        row->doubted = 0;
        tracker->counts->outliers++;
        session->attention |= ATTENTION_WATCH;
        return MUSTER_VERDICT_OUTLIER;
    }
    session->attention |= ATTENTION_DOUBT;
    tracker->counts->doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

/* ---- copies --------------------------------------------------------------------------- */

static bool is_of_two_senders(const struct rivals *rivals)
{
    return is_contested(&rivals->copies) && rivals->copies.source != 0 &&
           rivals->sender.family != 0 && rivals->copies.source != rivals_source(&rivals->sender);
}

enum muster_verdict doubt_copy(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    struct row *row = &turn->rivals->copies;
    const struct sender sender = rivals_sender(turn->record);
    bool is_late = tracker->now - session->highest_at >= DOUBT_COPY, goes_on;

    goes_on = rivals_is_next(row, turn) && row->source == rivals_source(&sender);
    if (turn->numbers > 1 ||
        (!goes_on && !is_late && session->highest - turn->number < DOUBT_LAG)) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (!goes_on)
        memset(row, 0, sizeof *row);
    rivals_append(row, turn);
    if (!is_late || row->streak == 1)
        row->doubted = is_late ? 1 : 0;
    session->attention |= ATTENTION_WATCH;
    if (row->doubted >= DOUBT_ANY && row->streak >= DOUBT_ANY) {
        struct row again = *row;

        again.count = row->doubted < row->count ? row->doubted : row->count;
        again.first_time = turn->stamp;
        memset(row, 0, sizeof *row);
        session->attention = 0;
        return restart(turn, &again, DOUBT_BEHIND_WEAKLY);
    }
    if (is_of_two_senders(turn->rivals))
        tell_two_senders(turn);
    tracker->counts->duplicates++;
    return MUSTER_VERDICT_DUPLICATE;
}
