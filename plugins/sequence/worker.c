/* SPDX-License-Identifier: MIT
 *
 * The filter on a worker: hands each record to those who judge, and what comes of it on to gaps
 * and events.
 */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "../common/plugin_metric.h"
#include "causes.h"
#include "disorder.h"
#include "events.h"
#include "gaps.h"
#include "listening.h"
#include "losses.h"
#include "metrics.h"
#include "report.h"
#include "sequence.h"
#include "timing.h"
#include "tracker.h"
#include "watch.h"

enum { AHEAD = 8 /* records whose devices are fetched while others are judged */ };

struct worker {
    const struct sequence *sequence;
    struct tables *tables;
    uint32_t number, workers;
    struct tracker *tracker;
    struct gaps *gaps;     /* NULL in the reference mode */
    struct contact before; /* the device's, before the message that is judged */
    uint8_t listener;      /* of that message */
    bool restarting;       /* the session that ends now ends by a restart */
    bool is_closing;       /* no message is judged any more */
    bool is_timed;         /* events.at is that of the record that events follow */
    struct listening listening;
    struct watch *watch; /* NULL in the reference mode */
    struct causes causes;
    uint32_t not_believable; /* devices */
    struct events events;
    struct metrics metrics;
    struct muster_cell *left_out; /* duplicates that were dropped */
    struct tracker_counts rest;   /* of workers that there are no more */
};

/* From now on events follow that record of the batch, which arrived at `now_ns`. */
static void follow(struct worker *self, struct muster_batch *batch, uint32_t after, uint64_t now_ns)
{
    events_follow(&self->events, batch, after, now_ns);
    self->restarting = false;
    self->is_timed = false;
}

/* When that was, by the clock of gaps_settle: only for what is not usual. */
static uint32_t at(struct worker *self)
{
    if (!self->is_timed)
        self->events.at = worker_at(
            listening_moment_of(&self->listening, self->listener, self->events.now_ns).passed_ns);
    self->is_timed = true;
    return self->events.at;
}

static uint32_t seconds(uint64_t ns)
{
    return (uint32_t)(ns / 1000000000);
}

/* ---- what comes of a judgement -------------------------------------------------------- */

static void on_gap(void *context, const struct gaps_news *news)
{
    struct worker *self = context;

    at(self);
    events_gap(&self->events, news, &tables_read_device(self->tables, news->device)->session);
}

/* Why numbers of the device may be missing since its highest came. */
static uint8_t find_causes(const struct worker *self, uint32_t number)
{
    const struct device *device = tables_read_device(self->tables, number);
    uint8_t causes = causes_since(self->causes.log, device->highest_tick, device->listener);

    if (causes_is_since(self->tables->losses[number].rejected_tick, device->highest_tick))
        causes |= MUSTER_CAUSE_COLLECTOR;
    if (disorder_is_marked(device->disorder))
        causes |= MUSTER_CAUSE_NOT_BELIEVABLE;
    return causes;
}

/* How long ago the device's last DATA came before the message that is judged, or its last message
 * if that is none. */
static uint64_t heard_before(struct worker *self, uint32_t number)
{
    const struct muster_record *record = &self->events.batch->records[self->events.after];
    uint64_t heard_ns = self->before.heard_ns;

    if (self->is_closing)
        return (seconds(listening_passed(&self->listening)) -
                tables_read_device(self->tables, number)->session.highest_at) *
               UINT64_C(1000000000);
    if (record->msg_type == MUSTER_MSG_DATA && (self->before.flags & CONTACT_DATA_LAST) == 0)
        heard_ns = self->tables->habits[number].data_ns;
    return listening_moment_of(&self->listening, self->listener, self->events.now_ns).passed_ns -
           heard_ns;
}

static void open_gap(struct worker *self, const struct tracker_note *note)
{
    uint64_t ago = heard_before(self, note->device_id), now_ns = self->events.now_ns;
    const struct gaps_opening opening = {
        .device = note->device_id,
        .first = (uint32_t)note->first,
        .last = (uint32_t)note->last,
        .at_least = note->at_least,
        .tick = causes_current_tick(&self->causes),
        .at = at(self),
        .causes = find_causes(self, note->device_id),
        .opened_ns = now_ns,
        .heard_ns = ago < now_ns ? now_ns - ago : now_ns,
    };

    gaps_open(self->gaps, &opening);
}

/* About numbers, if there are to be events. */
static void report(struct worker *self, enum muster_event event, const struct tracker_note *note)
{
    if (self->sequence->events)
        events_numbers(&self->events, event, note);
}

static void on_note(void *context, const struct tracker_note *note)
{
    struct worker *self = context;

    switch (note->kind) {
    case TRACKER_GAP:
        open_gap(self, note);
        break;
    case TRACKER_RECOVERED:
        gaps_recover(self->gaps, note->device_id, (uint32_t)note->first);
        break;
    case TRACKER_LOST:
        gaps_lose(self->gaps, note->device_id, (uint32_t)note->first, (uint32_t)note->last);
        break;
    case TRACKER_END:
        gaps_lose_all(self->gaps, note->device_id, self->restarting ? MUSTER_CAUSE_RESTART : 0);
        break;
    case TRACKER_RESTART:
        self->restarting = true;
        report(self, MUSTER_EVENT_RESTART, note);
        break;
    case TRACKER_OUTLIER:
        report(self, MUSTER_EVENT_OUTLIER, note);
        break;
    case TRACKER_TAKEN_BACK:
        gaps_take_back(self->gaps, note->device_id, (uint32_t)note->first, (uint32_t)note->last);
        break;
    case TRACKER_TWO_SENDERS:
        events_two_senders(&self->events, note, &self->tables->rivals[note->device_id].sender,
                           &self->events.batch->records[self->events.after]);
        break;
    case TRACKER_DEVICE:
        tables_device(self->tables, note->device_id)->key =
            sequence_key(self->sequence, note->device_id);
        self->tables->losses[note->device_id].first_ns = self->events.now_ns;
        report(self, MUSTER_EVENT_DEVICE_NEW, note);
        break;
    }
}

/* ---- what judgement needs ------------------------------------------------------------- */

static uint32_t passed(void *context)
{
    struct worker *self = context;

    return seconds(
        listening_moment_of(&self->listening, self->listener, self->events.now_ns).passed_ns);
}

static uint64_t interval(void *context, uint32_t device)
{
    const struct worker *self = context;
    struct muster_device about = {.size = sizeof about};

    self->sequence->host->device(self->sequence->instance, device, &about);
    return about.data_ns;
}

static uint64_t overlooked(void *context, uint32_t device)
{
    const struct worker *self = context;
    const struct device *known = tables_read_device(self->tables, device);

    return causes_dropped_since(&self->causes, known->highest_tick, known->listener);
}

static void on_presence(void *context, enum muster_event event, uint32_t device, uint64_t since_ns)
{
    struct worker *self = context;

    if (self->sequence->events)
        events_presence(&self->events, event, device, since_ns);
}

static void on_forget(void *context, uint32_t device)
{
    struct worker *self = context;
    struct device *known = tables_device(self->tables, device);

    tracker_forget(self->tracker, device);
    memset(&known->timing, 0, sizeof known->timing);
    known->highest_tick = 0;
}

/* ---- open and close ------------------------------------------------------------------- */

static void free_worker(struct worker *self)
{
    if (self == NULL)
        return;
    watch_free(self->watch);
    gaps_free(self->gaps);
    tracker_free(self->tracker);
    free(self);
}

static void declare_metrics(struct worker *self)
{
    const struct sequence *sequence = self->sequence;

    metrics_declare(&self->metrics, sequence->host, sequence->instance);
    self->events.not_reported = self->metrics.events_not_reported;
    if (self->number != 0)
        return;
    muster_cell_set(self->metrics.events_not_reported, sequence->gaps_gone);
    if (sequence->options.persistent)
        metrics_declare_since(sequence->host, sequence->instance, self->tables->shared->since_ns);
}

static void publish(const struct worker *self)
{
    static const struct watch_counts none;

    metrics_publish(&self->metrics, tracker_counts(self->tracker), &self->rest,
                    self->gaps != NULL ? gaps_sums(self->gaps) : NULL, self->not_believable,
                    self->watch != NULL ? watch_counts(self->watch) : &none);
}

/* Tracker and gaps.  Returns -1 if memory is short. */
static int make_judges(struct worker *self)
{
    struct tracker_options options = self->sequence->options;

    options.passed = passed;
    options.interval = interval;
    options.overlooked = overlooked;
    options.context = self;
    if (!options.reference) {
        const struct gaps_options of_gaps = {.worker = self->number,
                                             .workers = self->workers,
                                             .persistent = options.persistent,
                                             .tell = self->sequence->events ? on_gap : NULL,
                                             .context = self};

        options.note = on_note;
        self->gaps =
            gaps_new(&of_gaps, self->tables, worker_at(listening_passed(&self->listening)));
        if (self->gaps == NULL)
            return -1;
    }
    self->tracker = tracker_new(&options, self->tables, self->number, self->workers);
    return self->tracker != NULL ? 0 : -1;
}

/* From now on it is known when the collector listened, and what it noticed. */
static void begin_clocks(struct worker *self, const struct sequence *sequence)
{
    struct shared *shared = self->tables->shared;
    const struct listening_clocks clocks =
        listening_read_clocks(sequence->host, sequence->instance);
    struct causes_drops drops;

    causes_read_drops(&drops, &sequence->counters, sequence->host, sequence->instance);
    listening_begin(&self->listening, &shared->listening, self->number == 0, &clocks, drops.heard,
                    drops.ears);
    self->listening.host = sequence->host;
    self->listening.instance = sequence->instance;
    causes_begin(&self->causes, &shared->causes, self->number == 0, &drops);
}

/* Returns -1 if memory is short. */
static int begin_watch(struct worker *self)
{
    const struct watch_settings settings = {
        .host = self->sequence->host,
        .instance = self->sequence->instance,
        .tables = self->tables,
        .listening = &self->listening,
        .worker = self->number,
        .workers = self->workers,
        .silent_after = self->sequence->silent_after,
        .forget_after_ns = self->sequence->forget_after_ns,
        .report = on_presence,
        .forget = on_forget,
        .context = self,
    };

    if (self->sequence->options.reference)
        return 0;
    self->watch = watch_new(&settings);
    return self->watch != NULL ? 0 : -1;
}

static void count_not_believable(struct worker *self)
{
    const struct tables *tables = self->tables;
    uint32_t id;

    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1))
        if (id % self->workers == self->number)
            self->not_believable += disorder_is_marked(tables_read_device(tables, id)->disorder);
}

int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    struct sequence *sequence = state;
    struct worker *self = calloc(1, sizeof *self);

    if (self == NULL)
        goto no_memory;
    self->sequence = sequence;
    self->tables = &sequence->tables;
    self->number = worker;
    self->workers = workers;
    self->events.host = sequence->host;
    self->events.instance = sequence->instance;
    self->left_out =
        plugin_metric(sequence->host, sequence->instance, CAUSES_LEFT_OUT, MUSTER_METRIC_COUNTER,
                      "records", "duplicates that were counted and dropped");
    if (worker == 0) {
        causes_find_counters(&sequence->counters, sequence->host, sequence->instance);
        self->rest = tables_counts_from(&sequence->tables, workers);
    }
    begin_clocks(self, sequence);
    if (make_judges(self) != 0 || begin_watch(self) != 0)
        goto no_memory;
    count_not_believable(self);
    tracker_pass(self->tracker, seconds(listening_passed(&self->listening)));
    declare_metrics(self);
    publish(self);
    *worker_state = self;
    return 0;

no_memory:
    sequence->host->log(sequence->instance, MUSTER_LOG_ERROR, "out of memory for a worker");
    free_worker(self);
    return MUSTER_FAILED;
}

/* At the clocks, and at what was dropped since the last look: it may be why gaps opened. */
static void look(struct worker *self, struct muster_batch *batch)
{
    const struct sequence *sequence = self->sequence;
    const struct listening_clocks clocks =
        listening_read_clocks(sequence->host, sequence->instance);
    uint32_t tick = causes_current_tick(&self->causes);
    struct causes_drops drops;

    causes_read_drops(&drops, &sequence->counters, sequence->host, sequence->instance);
    causes_tick(&self->causes, &drops, listening_has_slept(&self->listening, &clocks));
    listening_tick(&self->listening, &clocks, drops.heard, drops.ears);
    if (self->tracker != NULL)
        tracker_pass(self->tracker, seconds(listening_passed(&self->listening)));
    follow(self, batch, 0, clocks.wall_ns);
    gaps_tick(self->gaps, tick, at(self));
}

void worker_close(void *worker_state, struct muster_batch *batch, const struct muster_call *call)
{
    struct worker *self = worker_state;
    const struct sequence *sequence = self->sequence;

    (void)call;
    if (sequence->options.reference)
        follow(self, batch, 0, sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL));
    else
        look(self, batch); /* once more: the last second has no tick */
    self->is_closing = true;
    if (!sequence->options.persistent) /* else what is missing may still come to the next run */
        tracker_finish(self->tracker);
    publish(self);
    free_worker(self);
}

/* ---- records -------------------------------------------------------------------------- */

/* Whether the message has the highest number now.  What is missing behind it was sent later. */
static bool is_highest(const struct muster_record *record)
{
    switch (record->verdict) {
    case MUSTER_VERDICT_FIRST:
    case MUSTER_VERDICT_NEW:
    case MUSTER_VERDICT_GAP:
    case MUSTER_VERDICT_RESTART:
        return true;
    default:
        return false;
    }
}

/* Whether what the device's numbers say is believed. */
static void note_disorder(struct worker *self, struct device *device,
                          const struct muster_record *record)
{
    bool was = disorder_is_marked(device->disorder), is;

    device->disorder = disorder_after(device->disorder, record->verdict);
    is = disorder_is_marked(device->disorder);
    self->not_believable += (uint32_t)is - (uint32_t)was;
    if (is && !was)
        gaps_add_causes(self->gaps, record->device, MUSTER_CAUSE_NOT_BELIEVABLE);
}

/* Inline in both callers: it is the way of all messages. */
__attribute__((always_inline)) static inline void judge(struct worker *self,
                                                        struct muster_record *record)
{
    struct device *device = tables_device(self->tables, record->device);

    self->before = device->contact;
    self->listener = record->listener;
    if (!watch_usual(&self->listening, device, record))
        watch_message(self->watch, device, record, !device->session.known);
    tracker_judge(self->tracker, record);
    device->listener = record->listener;
    if (is_highest(record))
        device->highest_tick = causes_current_tick(&self->causes);
    if (record->verdict != MUSTER_VERDICT_NEW && record->verdict != MUSTER_VERDICT_UNNUMBERED)
        losses_tally(&self->tables->losses[record->device], record);
    if (record->verdict == MUSTER_VERDICT_OUTLIER || device->disorder != 0)
        note_disorder(self, device, record);
    if (record->verdict == MUSTER_VERDICT_RESTART)
        timing_restart(&device->timing);
    if (record->reading > 0 || record->device_time_ns == 0 ||
        record->verdict == MUSTER_VERDICT_DUPLICATE || record->verdict == MUSTER_VERDICT_OUTLIER)
        timing_show(&device->timing, record);
    else
        timing_message(&device->timing, record);
}

/* Records behind one that was judged which are further readings of its datagram: nothing is new to
 * them but the number.  Returns how many were judged. */
static uint32_t judge_further(struct worker *self, struct muster_record *judged, uint32_t count)
{
    uint32_t done = tracker_judge_further(self->tracker, judged, count), i;

    if (done > 0 && is_highest(&judged[done]))
        tables_device(self->tables, judged->device)->highest_tick =
            causes_current_tick(&self->causes);
    for (i = 1; i <= done; i++)
        timing_copy(&judged[i], judged);
    return done;
}

/* A reading of several, behind which are `count` records.  Returns how many of these were judged
 * with it. */
static uint32_t judge_reading(struct worker *self, struct muster_record *record, uint32_t count)
{
    uint32_t next = record->readings - record->reading; /* of another datagram */

    if (tracker_judge_same(self->tracker, record)) {
        timing_show(&tables_device(self->tables, record->device)->timing, record);
        return 0;
    }
    judge(self, record);
    if (next <= count)
        tables_prefetch(self->tables, record + next);
    return judge_further(self, record, count);
}

/* The same in the reference mode. */
static uint32_t judge_as_reference(struct worker *self, struct muster_record *record,
                                   uint32_t count)
{
    if (tracker_judge_same(self->tracker, record))
        return 0;
    tracker_judge(self->tracker, record);
    return tracker_judge_further(self->tracker, record, count);
}

/* Whether it is a message of a device; not so what a filter in front has derived of one. */
static bool is_judged(const struct muster_record *record)
{
    return record->kind == MUSTER_KIND_MESSAGE && record->origin == 0 &&
           (record->marks & MUSTER_MARK_DEVICE) != 0;
}

/* A datagram of the device was rejected: its number, if it had one, may be missing. */
static void note_reject(struct worker *self, const struct muster_record *record)
{
    if (record->kind == MUSTER_KIND_REJECT && record->origin == 0 &&
        (record->marks & MUSTER_MARK_DEVICE) != 0 && !self->sequence->options.reference)
        self->tables->losses[record->device].rejected_tick = causes_current_tick(&self->causes);
}

/* What is behind this filter does not get them. */
static void drop_duplicates(const struct worker *self, struct muster_batch *batch)
{
    uint32_t i;

    for (i = 0; i < batch->count; i++)
        if (batch->records[i].verdict == MUSTER_VERDICT_DUPLICATE && !batch->records[i].keep &&
            is_judged(&batch->records[i]) && self->sequence->host->drop(batch, i) == 0)
            muster_cell_add(self->left_out, 1);
}

int worker_process(void *worker_state, struct muster_batch *batch)
{
    struct worker *self = worker_state;
    const struct tables *tables = self->tables;
    bool reference = self->sequence->options.reference;
    uint32_t i;

    for (i = 0; i < batch->count && i < AHEAD; i++)
        tables_prefetch(tables, &batch->records[i]);
    for (i = 0; i < batch->count; i++) {
        struct muster_record *record = &batch->records[i];

        if (i + AHEAD < batch->count)
            tables_prefetch(tables, &batch->records[i + AHEAD]);
        if (!is_judged(record)) {
            note_reject(self, record);
            continue;
        }
        follow(self, batch, i, record->arrival_ns);
        if (reference)
            i += judge_as_reference(self, record, batch->count - i - 1);
        else if (record->readings > 1)
            i += judge_reading(self, record, batch->count - i - 1);
        else
            judge(self, record);
    }
    if (self->sequence->drop_duplicates)
        drop_duplicates(self, batch);
    publish(self);
    return 0;
}

uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct worker *self = worker_state;
    const struct sequence *sequence = self->sequence;

    (void)now_ns;
    if (sequence->options.reference)
        return 0;
    look(self, batch);
    if (sequence->lost_after > 0)
        gaps_settle(self->gaps, at(self), sequence->lost_after);
    watch_tick(self->watch);
    publish(self);
    return 0;
}

/* ---- whoever asks --------------------------------------------------------------------- */

static struct report_source source_of(const struct worker *self)
{
    return (struct report_source){.tables = self->tables,
                                  .listening = &self->listening,
                                  .gaps = self->gaps,
                                  .worker = self->number,
                                  .workers = self->workers};
}

uint32_t worker_devices(void *worker_state, uint32_t from, uint32_t end,
                        struct muster_device_report *out, uint32_t report_size)
{
    const struct worker *self = worker_state;
    const struct report_source source = source_of(self);

    return self->gaps != NULL ? report_devices(&source, from, end, out, report_size) : 0;
}

uint32_t worker_gaps(void *worker_state, uint32_t from, uint32_t skip,
                     struct muster_gap_report *out, uint32_t report_size, uint32_t room)
{
    const struct worker *self = worker_state;
    const struct report_source source = source_of(self);

    return self->gaps != NULL ? report_gaps(&source, from, skip, out, report_size, room) : 0;
}

int worker_forget(void *worker_state, struct muster_batch *batch, uint32_t device)
{
    struct worker *self = worker_state;
    const struct sequence *sequence = self->sequence;

    if (self->watch == NULL || device >= self->tables->devices ||
        device % self->workers != self->number ||
        !tables_read_device(self->tables, device)->session.known)
        return 0;
    follow(self, batch, 0, sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL));
    watch_forget(self->watch, device);
    publish(self);
    return 1;
}
