/* SPDX-License-Identifier: MIT
 *
 * One step of the tracker is one call of tracker_judge; the table of verdicts is
 * in muster-sequence(7), and judge_number follows it line by line.
 */
#include "tracker_data.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    OVERTAKEN_MOST = 60, /* s: an INIT that its session's first number overtook is not older */
    STALE_BELIEVED = 4   /* messages in a row, if they do not go on where the session is */
};

struct tracker *tracker_new(const struct tracker_options *options, const struct tables *tables,
                            uint32_t worker, uint32_t workers)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);
    struct slot *slot = tables_slot(tables, worker);

    if (tracker == NULL)
        return NULL;
    assert((options->window & (options->window - 1)) == 0 &&
           options->window >= TRACKER_WINDOW_LEAST && options->window <= TRACKER_WINDOW_MOST);
    assert(options->window == tables->window && worker < WORKERS_MOST);
    tracker->options = *options;
    tracker->worker = worker;
    tracker->workers = workers;
    tracker->tables = tables;
    tracker->counts = &slot->counts;
    tracker->undo = options->kept ? &slot->undo : NULL;
    return tracker;
}

void tracker_free(struct tracker *tracker)
{
    free(tracker);
}

/* ---- a kill at any time --------------------------------------------------------------- */

/* Stores before this are in memory before those behind it, as far as the compiler goes: a
 * process that is killed has made all stores up to some instruction. */
static void in_this_order(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

/* Before a change of a device that takes several stores; see tables_recover. */
static void begin_change(struct tracker *tracker, uint32_t device_id)
{
    struct undo *undo = tracker->undo;

    if (undo == NULL)
        return;
    undo->device_id = device_id;
    undo->counts = *tracker->counts;
    undo->device = *tables_device(tracker->tables, device_id);
    memcpy(undo + 1, tables_window(tracker->tables, device_id),
           tracker->tables->words * sizeof(uint64_t));
    in_this_order();
    undo->busy = 1;
    in_this_order();
}

static void end_change(struct tracker *tracker)
{
    if (tracker->undo == NULL)
        return;
    in_this_order();
    tracker->undo->busy = 0;
    in_this_order();
}

/* ---- doubt ---------------------------------------------------------------------------- */

/* What was doubted is not confirmed. */
static void refute(struct tracker *tracker, struct device *device)
{
    if (device->doubt_count == 0)
        return;
    tracker_tell(tracker, device, TRACKER_OUTLIER, device->doubted, device->doubt_end - 1);
    tracker->counts->outliers += device->doubt_count;
    tracker->counts->doubted -= device->doubt_count;
    device->doubt_count = 0;
    device->doubt = DOUBT_NONE;
}

/* Whether a number goes on where the doubted ones end. */
static bool follows_doubt(const struct device *device, const struct muster_record *record,
                          enum doubt kind)
{
    return device->doubt == kind && record->seq_num == device->doubt_end;
}

/* Whether it confirms them: a datagram's further readings do not confirm its first. */
static bool confirms_doubt(const struct device *device, const struct muster_record *record,
                           enum doubt kind)
{
    return follows_doubt(device, record, kind) && record->reading == 0;
}

static enum muster_verdict doubt(struct tracker *tracker, struct device *device,
                                 const struct muster_record *record, enum doubt kind)
{
    if (!follows_doubt(device, record, kind)) {
        refute(tracker, device);
        device->doubted = record->seq_num;
        device->doubt_time = record->timestamp;
        device->doubt_length = 0;
    }
    device->doubt = (uint8_t)kind;
    device->doubt_end = record->seq_num + 1;
    if (record->reading == 0 && device->doubt_length < UINT8_MAX)
        device->doubt_length++;
    device->doubt_count++;
    tracker->counts->doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

/* The doubted numbers are judged again: they came, all of them and in order.  Moves
 * the window over those that it is not over yet. */
static void accept_doubted(struct tracker *tracker, struct device *device, uint64_t *window)
{
    while (device->highest + 1 != device->doubt_end)
        tracker_advance(tracker, device, window, 1);
    tracker->counts->in_order += device->doubt_count;
    tracker->counts->doubted -= device->doubt_count;
    device->doubt_count = 0;
    device->doubt = DOUBT_NONE;
}

/* ---- sessions ------------------------------------------------------------------------- */

static void end_session(struct tracker *tracker, struct device *device)
{
    if (device->begun)
        tracker_tell(tracker, device, TRACKER_END, 0, 0);
    tracker->counts->lost += device->open;
    tracker->counts->open -= device->open;
    device->open = 0;
    device->begun = false;
}

static void begin_session(struct tracker *tracker, struct device *device, uint64_t *window,
                          uint32_t number, uint32_t timestamp)
{
    memset(window, 0, tracker->tables->words * sizeof *window);
    device->highest = number;
    device->highest_time = device->first_time = timestamp;
    device->span = 1;
    device->open = 0;
    device->begun = true;
    tracker_mark(tracker, window, number);
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
    record->gap = missing;
    return MUSTER_VERDICT_GAP;
}

/* Farther ahead than can be believed of one datagram: RFC 3550, appendix A.1. */
static enum muster_verdict judge_far_ahead(struct tracker *tracker, struct device *device,
                                           uint64_t *window, struct muster_record *record)
{
    uint32_t missing = device->doubted - device->highest - 1;

    if (!confirms_doubt(device, record, DOUBT_AHEAD))
        return doubt(tracker, device, record, DOUBT_AHEAD);
    /* The second in a row: the device went on while nothing was heard. */
    tracker_advance(tracker, device, window, device->doubted - device->highest);
    accept_doubted(tracker, device, window);
    tracker_advance(tracker, device, window, 1);
    device->highest_time = record->timestamp;
    return gap(tracker, record, missing);
}

/* A number from behind that is no late one and no copy of what came before: perhaps
 * the device's numbers begin again. */
static enum muster_verdict judge_again_from_below(struct tracker *tracker, struct device *device,
                                                  uint64_t *window, struct muster_record *record)
{
    if (!confirms_doubt(device, record, DOUBT_BEHIND))
        return doubt(tracker, device, record, DOUBT_BEHIND);
    tracker_tell(tracker, device, TRACKER_RESTART, device->doubted, device->doubted);
    end_session(tracker, device);
    begin_session(tracker, device, window, device->doubted, device->doubt_time);
    accept_doubted(tracker, device, window);
    tracker_advance(tracker, device, window, 1);
    device->highest_time = record->timestamp;
    device->init_came = false;
    tracker->counts->restarts++;
    return MUSTER_VERDICT_RESTART;
}

static enum muster_verdict judge_behind(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t behind = device->highest - record->seq_num;
    bool far = behind >= tracker->options.window;

    /* A late message and a copy were made before the highest.  Not so a reading that a
     * later datagram repeats; so for batches, the window decides.  Far behind, where the window
     * does not tell, one of the same second is given the benefit of the doubt. */
    if (far ? !is_newer(device->highest_time, record->timestamp)
            : record->readings <= 1 && is_newer(record->timestamp, device->highest_time))
        return judge_again_from_below(tracker, device, window, record);
    refute(tracker, device);
    if (far) {
        tracker_tell(tracker, device, TRACKER_OUTLIER, record->seq_num, record->seq_num);
        tracker->counts->outliers++;
        return MUSTER_VERDICT_OUTLIER;
    }
    if (tracker_has_seen(tracker, window, record->seq_num)) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    tracker_mark(tracker, window, record->seq_num);
    tracker->counts->late++;
    if (behind < device->span) { /* else it is from before the session's first: not missing */
        tracker_tell(tracker, device, TRACKER_RECOVERED, record->seq_num, record->seq_num);
        tracker->counts->recovered++;
        tracker->counts->open--;
        device->open--;
    }
    return MUSTER_VERDICT_LATE;
}

/* Whether a message was made before its session began: a straggler of the session
 * before, unless the device's clock has been set back since. */
static bool is_stale(const struct device *device, const struct muster_record *record,
                     uint32_t ahead)
{
    bool beyond = device->begun && ahead != 0 && ahead < HALF;

    return (device->has_init && is_newer(device->init_time, record->timestamp)) ||
           (beyond && is_newer(device->first_time, record->timestamp));
}

/* Whether what is doubted as stale may be believed with this message: stragglers too
 * can come two in a row, so it takes more if it does not just go on. */
static bool confirms_stale(const struct device *device, const struct muster_record *record)
{
    bool goes_on = device->begun && device->doubted == device->highest + 1;

    return confirms_doubt(device, record, DOUBT_STALE) &&
           device->doubt_length >= (goes_on ? 1 : STALE_BELIEVED - 1);
}

/* So many stale messages in a row: it was the clock. */
static enum muster_verdict accept_stale(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = device->doubted - device->highest;
    bool goes_on = device->begun && ahead > 0 && ahead <= tracker->options.max_jump;
    bool restarts = device->begun && !goes_on;

    if (restarts)
        tracker_tell(tracker, device, TRACKER_RESTART, device->doubted, device->doubted);
    if (goes_on) {
        tracker_advance(tracker, device, window, ahead);
    } else {
        end_session(tracker, device);
        begin_session(tracker, device, window, device->doubted, device->doubt_time);
    }
    device->first_time = device->doubt_time;
    if (device->has_init)
        device->init_time = device->doubt_time;
    accept_doubted(tracker, device, window);
    tracker_advance(tracker, device, window, 1);
    device->highest_time = record->timestamp;
    if (restarts) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    if (goes_on && ahead > 1)
        return gap(tracker, record, ahead - 1);
    tracker->counts->in_order++;
    return MUSTER_VERDICT_NEW;
}

static enum muster_verdict judge_number(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = record->seq_num - device->highest;

    if (is_stale(device, record, ahead))
        return confirms_stale(device, record) ? accept_stale(tracker, device, window, record)
                                              : doubt(tracker, device, record, DOUBT_STALE);
    if (!device->begun) {
        refute(tracker, device);
        begin_session(tracker, device, window, record->seq_num, record->timestamp);
        tracker->counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (ahead == 0 || ahead >= HALF)
        return judge_behind(tracker, device, window, record);
    if (ahead > tracker->options.max_jump)
        return judge_far_ahead(tracker, device, window, record);
    refute(tracker, device);
    tracker_advance(tracker, device, window, ahead);
    device->highest_time = record->timestamp;
    if (ahead == 1) {
        tracker->counts->in_order++;
        return MUSTER_VERDICT_NEW;
    }
    return gap(tracker, record, ahead - 1);
}

/* An INIT begins a session, unless it is a copy of the one that began this session,
 * or one that was held up: older than that, or than the session's first number. */
static enum muster_verdict judge_init(struct tracker *tracker, struct device *device,
                                      uint64_t *window, struct muster_record *record)
{
    if (device->has_init && record->timestamp == device->init_time) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if ((device->has_init && is_newer(device->init_time, record->timestamp)) ||
        (device->begun && !device->init_came &&
         device->first_time - record->timestamp <= OVERTAKEN_MOST)) {
        tracker->counts->late++;
        if (!device->has_init || is_newer(record->timestamp, device->init_time)) {
            /* It began this session, though its first number overtook it. */
            device->has_init = device->init_came = true;
            device->init_time = record->timestamp;
        }
        return MUSTER_VERDICT_LATE;
    }
    refute(tracker, device);
    if (device->known)
        tracker_tell(tracker, device, TRACKER_RESTART, record->seq_num, record->seq_num);
    end_session(tracker, device);
    device->has_init = device->init_came = true;
    device->init_time = record->timestamp;
    if (record->numbered)
        begin_session(tracker, device, window, record->seq_num, record->timestamp);
    if (device->known) {
        tracker->counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    tracker->counts->first++;
    return MUSTER_VERDICT_FIRST;
}

static enum muster_verdict judge_as_reference(struct tracker *tracker, struct device *device,
                                              struct muster_record *record)
{
    uint64_t last = device->highest;
    bool begun = device->begun;

    device->highest = record->seq_num;
    device->begun = true;
    if (!begun) {
        tracker->counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (record->seq_num == last) {
        tracker->counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (record->seq_num > last + 1) {
        uint32_t missing = (uint32_t)(record->seq_num - last - 1);

        tracker->counts->missing += missing;
        tracker->counts->lost += missing;
        return gap(tracker, record, missing);
    }
    tracker->counts->in_order++;
    return MUSTER_VERDICT_NEW;
}

/* The usual message: the next number, when nothing is in doubt and nothing is lost.  If
 * the window is full, what leaves it and what enters share a bit, which is set; it need not be
 * looked at if nothing is missing, which saves a line of cache.  Inline in both callers: a call
 * takes a nanosecond of 13. */
__attribute__((always_inline)) static inline bool is_plain_step(const struct tracker *tracker,
                                                                const struct device *device,
                                                                const uint64_t *window,
                                                                const struct muster_record *record)
{
    return record->seq_num == device->highest + 1 && record->numbered && device->begun &&
           device->doubt_count == 0 && record->msg_type != MUSTER_MSG_INIT &&
           !tracker->options.reference && !is_stale(device, record, 1) &&
           (device->span < tracker->options.window || device->open == 0 ||
            tracker_has_seen(tracker, window, record->seq_num));
}

/* The same as tracker_advance by one, in an order that needs no undo record.  Until the number is
 * the highest, neither its bit nor its time stamp says anything of another; and until it is counted
 * in the span, the session's first is not, which is not missing. */
__attribute__((always_inline)) static inline void step_plainly(struct tracker *tracker,
                                                               struct device *device,
                                                               uint64_t *window,
                                                               struct muster_record *record)
{
    bool grows = device->span < tracker->options.window;

    if (grows)
        tracker_mark(tracker, window, record->seq_num);
    device->highest_time = record->timestamp;
    in_this_order();
    device->highest = record->seq_num;
    in_this_order();
    if (grows)
        device->span++;
    tracker->counts->in_order++;
    record->verdict = MUSTER_VERDICT_NEW;
}

/* The other usual message: a heartbeat changes nothing but a count. */
static bool is_plainly_unnumbered(const struct tracker *tracker, const struct device *device,
                                  const struct muster_record *record)
{
    return device->known && !record->numbered && record->msg_type != MUSTER_MSG_INIT &&
           !tracker->options.reference;
}

static enum muster_verdict judge(struct tracker *tracker, struct device *device, uint64_t *window,
                                 struct muster_record *record)
{
    enum muster_verdict verdict;

    if (!device->known) {
        tracker->counts->devices++;
        tracker_tell(tracker, device, TRACKER_DEVICE, record->seq_num, record->seq_num);
    }
    if (tracker->options.reference) {
        verdict = judge_as_reference(tracker, device, record);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = judge_init(tracker, device, window, record);
    } else if (record->numbered) {
        verdict = judge_number(tracker, device, window, record);
    } else {
        tracker->counts->unnumbered++;
        verdict = MUSTER_VERDICT_UNNUMBERED;
    }
    device->known = true;
    return verdict;
}

void tracker_judge(struct tracker *tracker, struct muster_record *record)
{
    struct device *device = tables_device(tracker->tables, record->device_id);
    uint64_t *window = tables_window(tracker->tables, record->device_id);

    if (is_plain_step(tracker, device, window, record)) {
        step_plainly(tracker, device, window, record);
        return;
    }
    if (is_plainly_unnumbered(tracker, device, record)) {
        tracker->counts->unnumbered++;
        record->verdict = MUSTER_VERDICT_UNNUMBERED;
        return;
    }
    if (!device->known)
        tables_know(tracker->tables, record->device_id);
    begin_change(tracker, record->device_id);
    record->verdict = (uint8_t)judge(tracker, device, window, record);
    end_change(tracker);
}

/* Whether a record is the reading `further` behind another one, of the same datagram. */
static bool is_further(const struct muster_record *record, const struct muster_record *judged,
                       uint32_t further)
{
    return record->reading == judged->reading + further && record->device_id == judged->device_id &&
           record->arrival_ns == judged->arrival_ns && record->timestamp == judged->timestamp &&
           record->kind == judged->kind && record->msg_type == judged->msg_type;
}

uint32_t tracker_judge_further(struct tracker *tracker, struct muster_record *judged,
                               uint32_t count)
{
    struct device *device = tables_device(tracker->tables, judged->device_id);
    uint64_t *window = tables_window(tracker->tables, judged->device_id);
    uint32_t i;

    /* All are compared with the first: the last has just been written, and to wait for that took
     * 4 ns. */
    for (i = 1; i <= count && is_further(&judged[i], judged, i) &&
                is_plain_step(tracker, device, window, &judged[i]);
         i++)
        step_plainly(tracker, device, window, &judged[i]);
    return i - 1;
}

void tracker_finish(struct tracker *tracker)
{
    const struct tables *tables = tracker->tables;
    uint32_t id;

    for (id = tables_next_known(tables, 0); id < MUSTER_DEVICE_IDS;
         id = tables_next_known(tables, id + 1)) {
        struct device *device = tables_device(tables, id);

        if (id % tracker->workers != tracker->worker)
            continue;
        if (device->doubt_count > 0)
            refute(tracker, device);
        if (device->open > 0)
            end_session(tracker, device);
    }
}

const struct tracker_counts *tracker_counts(const struct tracker *tracker)
{
    return tracker->counts;
}
