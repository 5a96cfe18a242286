/* SPDX-License-Identifier: MIT
 *
 * One step of the tracker is one call of tracker_judge; the table of verdicts is
 * in muster-sequence(7), and judge_number follows it line by line.
 */
#include "tracker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "doubt.h"
#include "leap.h"
#include "losses.h"
#include "pace.h"
#include "reference.h"
#include "session.h"
#include "stamps.h"
#include "tracker_data.h"
#include "undo.h"
#include "window.h"

enum {
    OVERTAKEN_MOST = 60, /* s: an INIT that its session's first number overtook is not older */
    HELD_UP_MOST = 3600  /* s: one that is older than the last by more is of a clock that was set */
};

struct tracker *tracker_new(const struct tracker_options *options, struct tables *tables,
                            uint32_t worker, uint32_t workers)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);
    struct slot *slot = tables_slot(tables, worker);

    assert(options->window == tables->window && options->max_jump > 0 &&
           options->max_jump < TRACKER_HALF);
    assert(worker < workers && workers <= TABLES_WORKERS);
    if (tracker == NULL)
        return NULL;
    tracker->options = *options;
    tracker->worker = worker;
    tracker->workers = workers;
    tracker->tables = tables;
    tracker->counts = &slot->counts;
    tracker->undo = options->persistent ? &slot->undo : NULL;
    return tracker;
}

void tracker_free(struct tracker *tracker)
{
    free(tracker);
}

/* What is judged of a message is 32 bits wide. */
static inline uint32_t number_of(const struct muster_record *record)
{
    return (uint32_t)record->seq;
}

static inline bool is_numbered(const struct muster_record *record)
{
    return record->seq_bits == TRACKER_SEQ_BITS;
}

/* ---- verdicts ------------------------------------------------------------------------- */

static enum muster_verdict go_on(const struct turn *turn, uint32_t ahead)
{
    struct tracker *tracker = turn->tracker;
    uint32_t from = turn->session->highest, missing;

    doubt_go_on(turn);
    leap_go_on(turn);
    missing = session_advance(turn);
    if (ahead > 1)
        leap_begin(turn, from, missing);
    if (missing == 0) {
        tracker->counts->in_order++;
        return MUSTER_VERDICT_NEW;
    }
    tracker->counts->gaps++;
    turn->record->message.gap = missing;
    return MUSTER_VERDICT_GAP;
}

/* A number behind the highest, or equal to it, that no time stamp says is newer. */
static enum muster_verdict judge_late(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    uint32_t size = tracker->options.window;
    bool has_left, refuted;

    doubt_refute(turn); /* that may be of the row that a step has left, and farther */
    has_left = leap_has_left(turn);
    refuted = leap_is_refuted(turn);
    if (window_has_seen(turn->window, size, turn->number))
        return doubt_copy(turn);
    tracker->counts->late++;
    if (session->highest - turn->number >= session->span) {
        /* From before the session's first: it was not missing. */
        undo_save(tracker->undo, turn->window, window_word(size, turn->number));
        window_mark(turn->window, size, turn->number);
        return MUSTER_VERDICT_LATE;
    }
    session_recover(turn, turn->number);
    if (has_left)
        leap_recovered(turn, refuted);
    return MUSTER_VERDICT_LATE;
}

static enum muster_verdict judge_behind(const struct turn *turn)
{
    const struct session *session = turn->session;
    enum stamps_order order = stamps_compare(turn->stamp, session->highest_time);
    uint32_t behind = session->highest - turn->number;
    /* The session has no other number, and none came late from before its first. */
    bool is_alone =
        behind == 0 && session->span == 1 && turn->record->readings <= 1 &&
        !window_has_seen(turn->window, turn->tracker->options.window, session->highest - 1);
    bool waited = turn->tracker->now - session->highest_at >= DOUBT_COPY;
    /* No time stamp says that it is a copy, and it comes too late for one. */
    bool later = order == STAMPS_NEWER || (order != STAMPS_OLDER && waited);

    if (is_alone && later && session->repeats)
        return doubt_repeat(turn);
    if (behind >= turn->tracker->options.window) /* where it does not tell, the same second is
                                                    given the benefit of the doubt */
        return doubt_judge(turn, order == STAMPS_NEWER || order == STAMPS_SAME
                                     ? DOUBT_BEHIND
                                     : DOUBT_BEHIND_WEAKLY);
    /* A late message and a copy were made before the highest.  Not so a reading that a
     * later datagram repeats; so for batches, the window decides. */
    if (order == STAMPS_NEWER && turn->record->readings <= 1 && !leap_is_refuted(turn))
        return doubt_judge(turn, DOUBT_BEHIND);
    if (is_alone && later)
        return doubt_judge(turn, DOUBT_BEHIND_WEAKLY);
    return judge_late(turn);
}

/* Whether a message was made before its session began: a straggler of the session
 * before, unless the device's clock has been set back since. */
static bool is_stale(const struct turn *turn)
{
    const struct session *session = turn->session;

    if (session->has_init && stamps_compare(turn->stamp, session->init_time) == STAMPS_OLDER)
        return true;
    return session->begun && tracker_is_ahead(turn->number, session->highest) &&
           stamps_compare(turn->stamp, session->first_time) == STAMPS_OLDER;
}

static enum muster_verdict judge_number(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;

    if (is_stale(turn))
        return doubt_judge(turn, DOUBT_STALE);
    if (!session->begun) {
        doubt_refute(turn);
        session_begin(turn, turn->number, turn->stamp);
        tracker->counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (!tracker_is_ahead(turn->number, session->highest))
        return judge_behind(turn);
    if (leap_is_believed(turn, turn->number - session->highest))
        return go_on(turn, turn->number - session->highest);
    return doubt_judge(turn, DOUBT_AHEAD);
}

/* Whether something came since the INIT that is newer. */
static bool is_newer_since_init(const struct turn *turn)
{
    const struct session *session = turn->session;
    const struct rivals *rivals = turn->rivals;

    if (!session->begun || (rivals->init_begun && session->highest == rivals->init_highest))
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
    turn->rivals->init_highest = session->highest;
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

/* An INIT begins a session, unless it is a copy, or late. */
static enum muster_verdict judge_init(const struct turn *turn)
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
        tracker_report(tracker, session, TRACKER_RESTART, turn->number, turn->number);
    session_end(turn);
    session->attention = 0;
    memset(turn->rivals->rows, 0, sizeof turn->rivals->rows);
    if (is_numbered(turn->record))
        session_begin(turn, turn->number, turn->stamp);
    take_init(turn);
    if (session->known) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    tracker->counts->first++;
    return MUSTER_VERDICT_FIRST;
}

/* Whether the next number may have been made before its session began, at a glance. */
__attribute__((always_inline)) static inline bool may_be_stale(const struct session *session,
                                                               uint32_t stamp)
{
    return stamps_may_be_older(stamp, session->first_time) ||
           (session->has_init && stamps_may_be_older(stamp, session->init_time));
}

/* The usual message: the next number, when nothing is in doubt and nothing is lost.  If
 * the window is full, what leaves it and what enters share a bit, which is set; it need not be
 * looked at if nothing is missing, which saves a line of cache.  Inline in both callers: it is the
 * way of nearly all messages. */
__attribute__((always_inline)) static inline bool
is_plain_step(const struct tracker *tracker, const struct session *session, const uint64_t *window,
              const struct muster_record *record, uint32_t stamp)
{
    return number_of(record) == session->highest + 1 && is_numbered(record) && session->begun &&
           session->attention == 0 && record->msg_type != MUSTER_MSG_INIT &&
           !tracker->options.reference && !may_be_stale(session, stamp) &&
           (session->span < tracker->options.window || session->open == 0 ||
            window_has_seen(window, tracker->options.window, number_of(record)));
}

/* The same as window_advance by one, in an order that needs no undo record.  Until the number is
 * the highest, neither its bit nor its time stamp says anything of another; and until it is counted
 * in the span, the session's first is not, which is not missing. */
__attribute__((always_inline)) static inline void
step_plainly(struct tracker *tracker, struct session *session, uint64_t *window,
             struct muster_record *record, uint32_t stamp)
{
    bool grows = session->span < tracker->options.window;

    if (grows)
        window_mark(window, tracker->options.window, number_of(record));
    session->highest_time = stamp;
    session->highest_at = tracker->now;
    undo_keep_order();
    session->highest = number_of(record);
    undo_keep_order();
    if (grows)
        session->span++;
    if (pace_is_due(session, tracker->now))
        pace_renew(session, tracker->now);
    tracker->counts->in_order++;
    record->verdict = MUSTER_VERDICT_NEW;
}

/* The other usual message: a heartbeat changes nothing but a count. */
static bool is_plainly_unnumbered(const struct tracker *tracker, const struct session *session,
                                  const struct muster_record *record)
{
    return session->known && !is_numbered(record) && record->msg_type != MUSTER_MSG_INIT &&
           !tracker->options.reference;
}

/* What holds between two messages. */
static bool is_consistent(const struct turn *turn)
{
    const struct session *session = turn->session;
    const struct row *row = &turn->rivals->rows[0];

    return session->span <= turn->tracker->options.window &&
           ((session->attention & ATTENTION_DOUBT) != 0) == (row->doubt != row->end) &&
           (session->begun ? session->open < session->span : session->open == 0);
}

static enum muster_verdict judge(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;
    struct muster_record *record = turn->record;
    enum muster_verdict verdict;

    assert(tracker->options.reference || is_consistent(turn));
    if (!session->known) {
        tracker->counts->devices++;
        tracker_report(tracker, session, TRACKER_DEVICE, turn->number, turn->number);
    }
    if (tracker->options.reference) {
        verdict = reference_judge(session, tracker->counts, record);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = judge_init(turn);
    } else if (is_numbered(record)) {
        verdict = judge_number(turn);
    } else {
        tracker->counts->unnumbered++;
        verdict = MUSTER_VERDICT_UNNUMBERED;
    }
    session->known = true;
    return verdict;
}

/* Of a device that is not known, what an earlier run left was not looked at: it should be zeros.
 * A window is cleared when a session begins. */
static void meet(struct tables *tables, uint32_t number)
{
    struct device *device = tables_device(tables, number);

    memset(&device->session, 0, sizeof device->session);
    losses_begin(&tables->losses[number], tables->shared->has_forgotten != 0);
    memset(&tables->rivals[number], 0, sizeof tables->rivals[number]);
    tables_know(tables, number);
}

/* Off the usual way. */
static void judge_oddly(struct tracker *tracker, struct muster_record *record)
{
    const struct turn turn = {.tracker = tracker,
                              .session = &tables_device(tracker->tables, record->device)->session,
                              .rivals = &tracker->tables->rivals[record->device],
                              .window = tables_window(tracker->tables, record->device),
                              .device = record->device,
                              .record = record,
                              .number = number_of(record),
                              .stamp = timing_stamp(record)};

    if (tracker->options.passed != NULL) {
        uint32_t now = tracker->options.passed(tracker->options.context);

        if (now - tracker->now <= INT32_MAX) /* it may have come a moment before the last tick */
            tracker->now = now;
    }
    record->verdict = (uint8_t)judge(&turn);
}

void tracker_judge(struct tracker *tracker, struct muster_record *record)
{
    struct session *session = &tables_device(tracker->tables, record->device)->session;
    uint64_t *window = tables_window(tracker->tables, record->device);
    uint32_t stamp = timing_stamp(record);

    if (is_plain_step(tracker, session, window, record, stamp)) {
        step_plainly(tracker, session, window, record, stamp);
        return;
    }
    if (is_plainly_unnumbered(tracker, session, record)) {
        tracker->counts->unnumbered++;
        record->verdict = MUSTER_VERDICT_UNNUMBERED;
        return;
    }
    if (!tables_is_known(tracker->tables, record->device))
        meet(tracker->tables, record->device);
    if (tracker->undo != NULL)
        undo_begin(tracker->undo, tracker->counts, tracker->tables, record->device);
    judge_oddly(tracker, record);
    if (tracker->undo != NULL)
        undo_end(tracker->undo);
}

void tracker_pass(struct tracker *tracker, uint32_t seconds)
{
    tracker->now = seconds;
}

/* Whether a record is the reading `further` behind another one, of the same datagram. */
static bool is_further(const struct muster_record *record, const struct muster_record *judged,
                       uint32_t further)
{
    return record->reading == judged->reading + further && record->device == judged->device &&
           record->arrival_ns == judged->arrival_ns &&
           record->device_time_ns == judged->device_time_ns && record->kind == judged->kind &&
           record->msg_type == judged->msg_type;
}

uint32_t tracker_judge_further(struct tracker *tracker, struct muster_record *judged,
                               uint32_t count)
{
    struct session *session = &tables_device(tracker->tables, judged->device)->session;
    uint64_t *window = tables_window(tracker->tables, judged->device);
    uint32_t stamp = timing_stamp(judged), i;

    assert(judged->verdict != MUSTER_VERDICT_NONE);
    /* All are compared with the first: the last has just been written, and would be waited for. */
    for (i = 1; i <= count && is_further(&judged[i], judged, i) &&
                is_plain_step(tracker, session, window, &judged[i], stamp);
         i++)
        step_plainly(tracker, session, window, &judged[i], stamp);
    return i - 1;
}

/* What is in doubt is not believed, and what is missing is lost. */
static void finish(struct tracker *tracker, uint32_t device)
{
    struct session *session = &tables_device(tracker->tables, device)->session;
    const struct turn turn = {.tracker = tracker,
                              .session = session,
                              .rivals = &tracker->tables->rivals[device],
                              .window = tables_window(tracker->tables, device),
                              .device = device};

    doubt_end(&turn);
    if (session->open > 0)
        session_end(&turn);
}

void tracker_forget(struct tracker *tracker, uint32_t device)
{
    struct session *session = &tables_device(tracker->tables, device)->session;

    assert(session->known && device % tracker->workers == tracker->worker);
    if (tracker->undo != NULL)
        undo_begin(tracker->undo, tracker->counts, tracker->tables, device);
    finish(tracker, device);
    memset(session, 0, sizeof *session);
    memset(&tracker->tables->rivals[device], 0, sizeof tracker->tables->rivals[device]);
    tracker->counts->devices--;
    if (tracker->undo != NULL)
        undo_end(tracker->undo);
    tables_forget(tracker->tables, device);
}

void tracker_finish(struct tracker *tracker)
{
    struct tables *tables = tracker->tables;
    uint32_t id;

    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        if (id % tracker->workers == tracker->worker)
            finish(tracker, id);
    }
}

const struct tracker_counts *tracker_counts(const struct tracker *tracker)
{
    return tracker->counts;
}
