/* SPDX-License-Identifier: MIT
 *
 * One step of the tracker is one call of tracker_judge; the table of verdicts is
 * in muster-sequence(7), and judge_number follows it line by line.
 */
#include "tracker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "losses.h"
#include "reference.h"
#include "tracker_data.h"
#include "undo.h"
#include "window.h"

#define HALF (UINT32_C(1) << 31) /* farther ahead than this is behind: RFC 1982, 3.2 */

enum {
    OVERTAKEN_MOST = 60, /* s: an INIT that its session's first number overtook is not older */
    STALE_BELIEVED = 4   /* messages in a row, if they do not go on where the session is */
};

struct tracker *tracker_new(const struct tracker_options *options, struct tables *tables,
                            uint32_t worker, uint32_t workers)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);
    struct slot *slot = tables_slot(tables, worker);

    assert(options->window == tables->window && options->max_jump > 0 && options->max_jump < HALF);
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

/* ---- doubt ---------------------------------------------------------------------------- */

/* What was doubted is not confirmed. */
static void refute(struct tracker *tracker, struct session *session)
{
    if (session->doubt_count == 0)
        return;
    tracker_report(tracker, session, TRACKER_OUTLIER, session->doubted, session->doubt_end - 1);
    tracker->counts->outliers += session->doubt_count;
    tracker->counts->doubted -= session->doubt_count;
    session->doubt_count = 0;
    session->doubt = DOUBT_NONE;
}

/* Whether a number goes on where the doubted ones end. */
static bool follows_doubt(const struct session *session, const struct muster_record *record,
                          enum doubt kind)
{
    return session->doubt == kind && number_of(record) == session->doubt_end;
}

/* Whether it confirms them: a datagram's further readings do not confirm its first. */
static bool confirms_doubt(const struct session *session, const struct muster_record *record,
                           enum doubt kind)
{
    return follows_doubt(session, record, kind) && record->reading == 0;
}

static enum muster_verdict doubt(struct tracker *tracker, struct session *session,
                                 const struct muster_record *record, enum doubt kind)
{
    if (!follows_doubt(session, record, kind)) {
        refute(tracker, session);
        session->doubted = number_of(record);
        session->doubt_time = timing_stamp(record);
        session->doubt_length = 0;
    }
    session->doubt = (uint8_t)kind;
    session->doubt_end = number_of(record) + 1;
    if (record->reading == 0 && session->doubt_length < UINT8_MAX)
        session->doubt_length++;
    session->doubt_count++;
    tracker->counts->doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

/* The doubted numbers are judged again: they came, all of them and in order.  Moves
 * the window over those that it is not over yet. */
static void accept_doubted(struct tracker *tracker, struct session *session, uint64_t *window)
{
    assert(session->doubt_end - session->doubted == session->doubt_count);
    while (session->highest + 1 != session->doubt_end)
        window_advance(tracker, session, window, 1);
    tracker->counts->in_order += session->doubt_count;
    tracker->counts->doubted -= session->doubt_count;
    session->doubt_count = 0;
    session->doubt = DOUBT_NONE;
}

/* ---- sessions ------------------------------------------------------------------------- */

static void end_session(struct tracker *tracker, struct session *session)
{
    if (session->begun)
        tracker_report(tracker, session, TRACKER_END, 0, 0);
    tracker->counts->lost += session->open;
    tracker->counts->open -= session->open;
    session->open = 0;
    session->begun = false;
}

static void begin_session(struct tracker *tracker, struct session *session, uint64_t *window,
                          uint32_t number, uint32_t timestamp)
{
    uint32_t words = tracker->tables->words, i;

    for (i = 0; i < words; i++) {
        undo_save(tracker->undo, window, i);
        window[i] = 0;
    }
    tracker->steps += words;
    session->highest = number;
    session->highest_time = session->first_time = timestamp;
    session->span = 1;
    session->open = 0;
    session->begun = true;
    window_mark(window, tracker->options.window, number);
}

/* ---- verdicts ------------------------------------------------------------------------- */

/* Time stamps wrap as numbers do. */
static bool is_newer(uint32_t timestamp, uint32_t than)
{
    return timestamp != than && timestamp - than < HALF;
}

static enum muster_verdict gap(struct tracker *tracker, struct muster_record *record,
                               uint32_t missing)
{
    tracker->counts->gaps++;
    record->message.gap = missing;
    return MUSTER_VERDICT_GAP;
}

/* Farther ahead than can be believed of one datagram: RFC 3550, appendix A.1. */
static enum muster_verdict judge_far_ahead(struct tracker *tracker, struct session *session,
                                           uint64_t *window, struct muster_record *record)
{
    uint32_t missing = session->doubted - session->highest - 1;

    if (!confirms_doubt(session, record, DOUBT_AHEAD))
        return doubt(tracker, session, record, DOUBT_AHEAD);
    /* The second in a row: the device went on while nothing was heard. */
    window_advance(tracker, session, window, session->doubted - session->highest);
    accept_doubted(tracker, session, window);
    window_advance(tracker, session, window, 1);
    session->highest_time = timing_stamp(record);
    return gap(tracker, record, missing);
}

/* A number from behind that is no late one and no copy of what came before: perhaps
 * the device's numbers begin again. */
static enum muster_verdict judge_again_from_below(struct tracker *tracker, struct session *session,
                                                  uint64_t *window, struct muster_record *record)
{
    if (!confirms_doubt(session, record, DOUBT_BEHIND))
        return doubt(tracker, session, record, DOUBT_BEHIND);
    tracker_report(tracker, session, TRACKER_RESTART, session->doubted, session->doubted);
    end_session(tracker, session);
    begin_session(tracker, session, window, session->doubted, session->doubt_time);
    accept_doubted(tracker, session, window);
    window_advance(tracker, session, window, 1);
    session->highest_time = timing_stamp(record);
    session->init_came = false;
    tracker->counts->restarts++;
    return MUSTER_VERDICT_RESTART;
}

static enum muster_verdict judge_behind(struct tracker *tracker, struct session *session,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t behind = session->highest - number_of(record);
    bool far = behind >= tracker->options.window;

    /* A late message and a copy were made before the highest.  Not so a reading that a
     * later datagram repeats; so for batches, the window decides.  Far behind, where the window
     * does not tell, one of the same second is given the benefit of the doubt. */
    if (far ? !is_newer(session->highest_time, timing_stamp(record))
            : record->readings <= 1 && is_newer(timing_stamp(record), session->highest_time))
        return judge_again_from_below(tracker, session, window, record);
    refute(tracker, session);
    if (far) {
        tracker_report(tracker, session, TRACKER_OUTLIER, number_of(record), number_of(record));
        tracker->counts->outliers++;
        return MUSTER_VERDICT_OUTLIER;
    }
    if (window_has_seen(window, tracker->options.window, number_of(record))) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    undo_save(tracker->undo, window, window_word(tracker->options.window, number_of(record)));
    window_mark(window, tracker->options.window, number_of(record));
    tracker->counts->late++;
    if (behind < session->span) { /* else it is from before the session's first: not missing */
        tracker_report(tracker, session, TRACKER_RECOVERED, number_of(record), number_of(record));
        tracker->counts->recovered++;
        tracker->counts->open--;
        session->open--;
    }
    return MUSTER_VERDICT_LATE;
}

/* Whether a message was made before its session began: a straggler of the session
 * before, unless the device's clock has been set back since. */
__attribute__((always_inline)) static inline bool is_stale(const struct session *session,
                                                           uint32_t stamp, uint32_t ahead)
{
    bool beyond = session->begun && ahead != 0 && ahead < HALF;

    return (session->has_init && is_newer(session->init_time, stamp)) ||
           (beyond && is_newer(session->first_time, stamp));
}

/* Whether what is doubted as stale may be believed with this message: stragglers too
 * can come two in a row, so it takes more if it does not just go on. */
static bool confirms_stale(const struct session *session, const struct muster_record *record)
{
    bool goes_on = session->begun && session->doubted == session->highest + 1;

    return confirms_doubt(session, record, DOUBT_STALE) &&
           session->doubt_length >= (goes_on ? 1 : STALE_BELIEVED - 1);
}

/* So many stale messages in a row: it was the clock. */
static enum muster_verdict accept_stale(struct tracker *tracker, struct session *session,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = session->doubted - session->highest;
    bool goes_on = session->begun && ahead > 0 && ahead <= tracker->options.max_jump;
    bool restarts = session->begun && !goes_on;

    if (restarts)
        tracker_report(tracker, session, TRACKER_RESTART, session->doubted, session->doubted);
    if (goes_on) {
        window_advance(tracker, session, window, ahead);
    } else {
        end_session(tracker, session);
        begin_session(tracker, session, window, session->doubted, session->doubt_time);
    }
    session->first_time = session->doubt_time;
    if (session->has_init)
        session->init_time = session->doubt_time;
    accept_doubted(tracker, session, window);
    window_advance(tracker, session, window, 1);
    session->highest_time = timing_stamp(record);
    if (restarts) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    if (goes_on && ahead > 1)
        return gap(tracker, record, ahead - 1);
    tracker->counts->in_order++;
    return MUSTER_VERDICT_NEW;
}

static enum muster_verdict judge_number(struct tracker *tracker, struct session *session,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = number_of(record) - session->highest;

    if (is_stale(session, timing_stamp(record), ahead))
        return confirms_stale(session, record) ? accept_stale(tracker, session, window, record)
                                               : doubt(tracker, session, record, DOUBT_STALE);
    if (!session->begun) {
        refute(tracker, session);
        begin_session(tracker, session, window, number_of(record), timing_stamp(record));
        tracker->counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (ahead == 0 || ahead >= HALF)
        return judge_behind(tracker, session, window, record);
    if (ahead > tracker->options.max_jump)
        return judge_far_ahead(tracker, session, window, record);
    refute(tracker, session);
    window_advance(tracker, session, window, ahead);
    session->highest_time = timing_stamp(record);
    if (ahead == 1) {
        tracker->counts->in_order++;
        return MUSTER_VERDICT_NEW;
    }
    return gap(tracker, record, ahead - 1);
}

/* An INIT begins a session, unless it is a copy of the one that began this session,
 * or one that was held up: older than that, or than the session's first number. */
static enum muster_verdict judge_init(struct tracker *tracker, struct session *session,
                                      uint64_t *window, struct muster_record *record)
{
    if (session->has_init && timing_stamp(record) == session->init_time) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if ((session->has_init && is_newer(session->init_time, timing_stamp(record))) ||
        (session->begun && !session->init_came &&
         session->first_time - timing_stamp(record) <= OVERTAKEN_MOST)) {
        tracker->counts->late++;
        if (!session->has_init || is_newer(timing_stamp(record), session->init_time)) {
            /* It began this session, though its first number overtook it. */
            session->has_init = session->init_came = true;
            session->init_time = timing_stamp(record);
        }
        return MUSTER_VERDICT_LATE;
    }
    refute(tracker, session);
    if (session->known)
        tracker_report(tracker, session, TRACKER_RESTART, number_of(record), number_of(record));
    end_session(tracker, session);
    session->has_init = session->init_came = true;
    session->init_time = timing_stamp(record);
    if (is_numbered(record))
        begin_session(tracker, session, window, number_of(record), timing_stamp(record));
    if (session->known) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    tracker->counts->first++;
    return MUSTER_VERDICT_FIRST;
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
           session->doubt_count == 0 && record->msg_type != MUSTER_MSG_INIT &&
           !tracker->options.reference && !is_stale(session, stamp, 1) &&
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
    undo_keep_order();
    session->highest = number_of(record);
    undo_keep_order();
    if (grows)
        session->span++;
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
static bool is_consistent(const struct tracker *tracker, const struct session *session)
{
    return session->span <= tracker->options.window && session->doubt <= DOUBT_STALE &&
           (session->doubt == DOUBT_NONE) == (session->doubt_count == 0) &&
           (session->begun ? session->open < session->span : session->open == 0);
}

static enum muster_verdict judge(struct tracker *tracker, struct session *session, uint64_t *window,
                                 struct muster_record *record)
{
    enum muster_verdict verdict;

    assert(tracker->options.reference || is_consistent(tracker, session));
    if (!session->known) {
        tracker->counts->devices++;
        tracker_report(tracker, session, TRACKER_DEVICE, number_of(record), number_of(record));
    }
    if (tracker->options.reference) {
        verdict = reference_judge(session, tracker->counts, record);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = judge_init(tracker, session, window, record);
    } else if (is_numbered(record)) {
        verdict = judge_number(tracker, session, window, record);
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
    tables_know(tables, number);
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
    record->verdict = (uint8_t)judge(tracker, session, window, record);
    if (tracker->undo != NULL)
        undo_end(tracker->undo);
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

    if (session->doubt_count > 0)
        refute(tracker, session);
    if (session->open > 0)
        end_session(tracker, session);
}

void tracker_forget(struct tracker *tracker, uint32_t device)
{
    struct session *session = &tables_device(tracker->tables, device)->session;

    assert(session->known && device % tracker->workers == tracker->worker);
    if (tracker->undo != NULL)
        undo_begin(tracker->undo, tracker->counts, tracker->tables, device);
    finish(tracker, device);
    memset(session, 0, sizeof *session);
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
