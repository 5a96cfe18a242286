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
#include "init.h"
#include "leap.h"
#include "losses.h"
#include "pace.h"
#include "reference.h"
#include "rivals.h"
#include "session.h"
#include "stamps.h"
#include "tracker_data.h"
#include "undo.h"
#include "window.h"

struct tracker *tracker_new(const struct tracker_options *options, struct tables *tables,
                            uint32_t worker, uint32_t workers)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);
    struct slot *slot = tables_slot(tables, worker);

    assert(options->window == tables->window && options->max_jump > 0 &&
           options->max_jump <= TRACKER_FARTHEST);
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

static inline bool is_numbered(const struct muster_record *record)
{
    return record->seq_bits != 0;
}

static inline bool is_shared(const struct muster_record *record)
{
    return (record->marks & MUSTER_MARK_SHARED_NUMBER) != 0;
}

/* ---- verdicts ------------------------------------------------------------------------- */

static enum muster_verdict go_on(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    uint64_t from = turn->session->highest;
    uint32_t missing;

    doubt_go_on(turn);
    leap_go_on(turn);
    missing = session_advance(turn);
    if (turn->ahead > 1)
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
    uint32_t size = session->size;
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

/* Whether a session's first number comes again, or what follows that: of a device without a clock,
 * which has rested and begins anew. */
static bool is_first_again(const struct turn *turn, uint64_t behind)
{
    const struct session *session = turn->session;

    if (turn->tracker->now - session->highest_at < DOUBT_REST || turn->numbers > 1)
        return false;
    return behind + 1 >= session->span || ((session->attention & ATTENTION_DOUBT) != 0 &&
                                           rivals_is_next(&turn->rivals->rows[0], turn));
}

static enum muster_verdict judge_behind(const struct turn *turn)
{
    const struct session *session = turn->session;
    enum stamps_order order = stamps_compare(turn->stamp, session->highest_time);
    uint64_t behind = session->highest - turn->number;
    /* The session has no other number, and none came late from before its first. */
    bool is_alone =
        behind == 0 && session->span == 1 && turn->numbers <= 1 &&
        (session->size == 1 || !window_has_seen(turn->window, session->size, session->highest - 1));
    bool waited = turn->tracker->now - session->highest_at >= DOUBT_COPY;
    /* No time stamp says that it is a copy, and it comes too late for one. */
    bool later = order == STAMPS_NEWER || (order != STAMPS_OLDER && waited);

    if (is_alone && later && session->repeats)
        return doubt_repeat(turn);
    if (behind >= session->size) /* where it does not tell, the same second is
                                                    given the benefit of the doubt */
        return doubt_judge(turn, order == STAMPS_NEWER || order == STAMPS_SAME
                                     ? DOUBT_BEHIND
                                     : DOUBT_BEHIND_WEAKLY);
    /* A late message and a copy were made before the highest.  Not so a reading that a
     * later datagram repeats; so for batches, the window decides. */
    if (order == STAMPS_NEWER && turn->numbers <= 1 && !leap_is_refuted(turn))
        return doubt_judge(turn, DOUBT_BEHIND);
    if (is_alone && later)
        return doubt_judge(turn, DOUBT_BEHIND_WEAKLY);
    if (order != STAMPS_OLDER && is_first_again(turn, behind))
        return doubt_judge(turn, DOUBT_BEHIND);
    return judge_late(turn);
}

/* Whether a message was made before its session began: a straggler of the session
 * before, unless the device's clock has been set back since. */
static bool is_stale(const struct turn *turn)
{
    const struct session *session = turn->session;

    if (session->has_init && stamps_compare(turn->stamp, session->init_time) == STAMPS_OLDER)
        return true;
    return turn->ahead > 0 && stamps_compare(turn->stamp, session->first_time) == STAMPS_OLDER;
}

static enum muster_verdict judge_number(const struct turn *turn)
{
    struct tracker *tracker = turn->tracker;
    struct session *session = turn->session;

    if (is_stale(turn))
        return doubt_judge(turn, DOUBT_STALE);
    if (session->begun && session->bits != turn->bits)
        return doubt_judge(turn, DOUBT_WIDTH);
    if (!session->begun) {
        doubt_refute(turn);
        session_begin(turn, turn->number, turn->bits, turn->stamp);
        tracker->counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (turn->ahead == 0)
        return judge_behind(turn);
    if (leap_is_believed(turn))
        return go_on(turn);
    return doubt_judge(turn, DOUBT_AHEAD);
}

/* Whether the next number may have been made before its session began, at a glance. */
__attribute__((always_inline)) static inline bool may_be_stale(const struct session *session,
                                                               uint32_t stamp)
{
    return stamps_may_be_older(stamp, session->first_time) ||
           (session->has_init && stamps_may_be_older(stamp, session->init_time));
}

/* Whether it has the next number, modulo 2^bits. */
__attribute__((always_inline)) static inline bool is_next(const struct session *session,
                                                          const struct muster_record *record)
{
    const uint64_t away = record->seq - session->highest - 1;

    return record->seq_bits == session->bits && (away == 0 || away << (-session->bits & 63) == 0);
}

/* Whether whole turns of the numbers may be missing before the next one, after a silence. */
static bool may_have_turned(const struct session *session, uint32_t now)
{
    const uint64_t mask = width_mask(session->bits);

    return mask <= UINT32_MAX && pace_is_known(session) &&
           pace_may_have_used(session, now, 0, 1, mask + 2);
}

/* The usual message: the next number, when nothing is in doubt and nothing is lost.  If
 * the window is full, what leaves it and what enters share a bit, which is set; it need not be
 * looked at if nothing is missing, which saves a line of cache.  Inline in both callers: it is the
 * way of nearly all messages. */
__attribute__((always_inline)) static inline bool
is_plain_step(const struct tracker *tracker, const struct session *session, const uint64_t *window,
              const struct muster_record *record, uint32_t stamp)
{
    return is_next(session, record) && session->begun && session->attention == 0 &&
           record->msg_type != MUSTER_MSG_INIT && !tracker->options.reference &&
           !may_be_stale(session, stamp) &&
           (session->span < session->size || session->open == 0 ||
            window_has_seen(window, session->size, session->highest + 1));
}

/* The same as window_advance by one, in an order that needs no undo record.  Until the number is
 * the highest, neither its bit nor its time stamp says anything of another; and until it is counted
 * in the span, the session's first is not, which is not missing. */
__attribute__((always_inline)) static inline void
step_plainly(struct tracker *tracker, struct session *session, uint64_t *window,
             struct muster_record *record, uint32_t stamp)
{
    bool grows = session->span < session->size;
    uint64_t number = session->highest + 1;

    if (grows)
        window_mark(window, session->size, number);
    session->highest_time = stamp;
    if (session->highest_at != tracker->now) {
        if (tracker->now - session->highest_at >= PACE_SILENCE &&
            may_have_turned(session, tracker->now))
            record->marks |= MUSTER_MARK_AT_LEAST;
        session->highest_at = tracker->now;
    }
    undo_keep_order();
    session->highest = number;
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
           ((session->attention & ATTENTION_DOUBT) != 0) == (row->doubted > 0) &&
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
        tracker_report(tracker, session, TRACKER_DEVICE, turn->number, turn->number, turn->bits);
    }
    if (tracker->options.reference) {
        verdict = reference_judge(session, tracker->counts, record);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = init_judge(turn);
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

/* Where the message's number is, seen from the session's highest. */
static void find_place(struct turn *turn)
{
    const struct session *session = turn->session;
    const struct muster_record *record = turn->record;
    uint64_t ahead;

    assert(turn->bits <= 64);
    turn->number = width_sent(record->seq, turn->bits);
    turn->size = width_window(turn->tracker->options.window, turn->bits);
    turn->numbers = is_shared(record) ? 1 : record->readings;
    turn->is_further = record->reading > 0 && !is_shared(record);
    if (!session->begun || session->bits != turn->bits)
        return;
    ahead = width_sent(turn->number - session->highest, turn->bits);
    if (ahead > 0 && (ahead <= width_reach(turn->bits) || doubt_is_beyond_half(turn, ahead))) {
        turn->ahead = ahead;
        turn->number = session->highest + ahead;
    } else {
        turn->number = session->highest - width_sent(session->highest - turn->number, turn->bits);
    }
}

/* Off the usual way. */
static void judge_oddly(struct tracker *tracker, struct muster_record *record)
{
    struct turn turn = {.tracker = tracker,
                        .session = &tables_device(tracker->tables, record->device)->session,
                        .rivals = &tracker->tables->rivals[record->device],
                        .window = tables_window(tracker->tables, record->device),
                        .device = record->device,
                        .record = record,
                        .number = record->seq,
                        .stamp = timing_stamp(record),
                        .numbers = 1,
                        .bits = record->seq_bits};

    if (tracker->options.passed != NULL) {
        uint32_t now = tracker->options.passed(tracker->options.context);

        if (now - tracker->now <= INT32_MAX) /* it may have come a moment before the last tick */
            tracker->now = now;
    }
    if (is_numbered(record) && !tracker->options.reference)
        find_place(&turn);
    record->verdict = (uint8_t)judge(&turn);
}

/* The message has been judged; all readings of its datagram have its number. */
static void same_begin(struct tracker_same *same, const struct muster_record *record)
{
    *same = (struct tracker_same){.seq = record->seq,
                                  .arrival_ns = record->arrival_ns,
                                  .device_time_ns = record->device_time_ns,
                                  .device = record->device,
                                  .reading = record->reading,
                                  .readings = record->readings,
                                  .seq_bits = record->seq_bits,
                                  .msg_type = record->msg_type,
                                  .verdict = record->verdict};
}

/* Who sent it is not compared: of a datagram that comes in two batches, that is two places. */
bool tracker_judge_same(struct tracker *tracker, struct muster_record *record)
{
    struct tracker_same *same = &tracker->same;

    if (!is_shared(record) || record->reading <= same->reading ||
        same->verdict == MUSTER_VERDICT_NONE || record->device != same->device ||
        record->seq != same->seq || record->seq_bits != same->seq_bits ||
        record->arrival_ns != same->arrival_ns || record->readings != same->readings ||
        record->device_time_ns != same->device_time_ns || record->msg_type != same->msg_type)
        return false;
    same->reading = record->reading;
    record->verdict = same->verdict;
    tracker->counts->shared++;
    return true;
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

/* Judges the next reading of a datagram if it is simply the next number. */
static bool judge_next(struct tracker *tracker, struct session *session, uint64_t *window,
                       struct muster_record *record, uint32_t stamp)
{
    if (!is_plain_step(tracker, session, window, record, stamp))
        return false;
    step_plainly(tracker, session, window, record, stamp);
    return true;
}

uint32_t tracker_judge_further(struct tracker *tracker, struct muster_record *judged,
                               uint32_t count)
{
    struct session *session = &tables_device(tracker->tables, judged->device)->session;
    uint64_t *window = tables_window(tracker->tables, judged->device);
    const bool shares = is_shared(judged);
    uint32_t stamp = timing_stamp(judged), i;

    assert(judged->verdict != MUSTER_VERDICT_NONE);
    if (shares)
        same_begin(&tracker->same, judged);
    /* All are compared with the first: the last has just been written, and would be waited for. */
    for (i = 1; i <= count && is_further(&judged[i], judged, i) &&
                (shares ? tracker_judge_same(tracker, &judged[i])
                        : judge_next(tracker, session, window, &judged[i], stamp));
         i++)
        ;
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
                              .device = device,
                              .numbers = 1};

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
    losses_end_session(&tracker->tables->losses[device], session);
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
