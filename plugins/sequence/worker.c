/* SPDX-License-Identifier: MIT
 *
 * The filter on a worker: hands each record to those who judge, and what comes of it on to gaps
 * and events.
 */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "causes.h"
#include "events.h"
#include "gaps.h"
#include "listening.h"
#include "metrics.h"
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
    struct gaps *gaps; /* NULL if there are to be no events */
    struct listening listening;
    struct watch *watch; /* NULL in the reference mode */
    struct causes causes;
    struct events events;
    struct metrics metrics;
    struct tracker_counts rest; /* of workers that there are no more */
};

/* ---- what comes of a judgement -------------------------------------------------------- */

static void on_gap_end(void *context, const struct gap_end *end)
{
    struct worker *self = context;

    events_gap_end(&self->events, end);
}

static void open_gap(struct worker *self, const struct tracker_note *note)
{
    const struct device *device = tables_read_device(self->tables, note->device_id);
    uint8_t causes = causes_since(self->causes.log, device->highest_tick);

    if (gaps_open(self->gaps, note->device_id, note->first, note->last, self->events.now_ns,
                  causes_current_tick(&self->causes), causes) != 0)
        muster_cell_add(self->metrics.events_not_reported, 1);
    events_numbers(&self->events, MUSTER_EVENT_GAP_OPENED, note);
}

static void on_note(void *context, const struct tracker_note *note)
{
    struct worker *self = context;

    switch (note->kind) {
    case TRACKER_GAP:
        open_gap(self, note);
        break;
    case TRACKER_RECOVERED:
        gaps_recover(self->gaps, note->device_id, note->first);
        break;
    case TRACKER_LOST:
        gaps_lose(self->gaps, note->device_id, note->first, note->last);
        break;
    case TRACKER_END:
        gaps_lose_all(self->gaps, note->device_id);
        break;
    case TRACKER_RESTART:
        self->events.restarting = true;
        events_numbers(&self->events, MUSTER_EVENT_RESTART, note);
        break;
    case TRACKER_OUTLIER:
        events_numbers(&self->events, MUSTER_EVENT_OUTLIER, note);
        break;
    case TRACKER_DEVICE:
        events_numbers(&self->events, MUSTER_EVENT_DEVICE_NEW, note);
        break;
    }
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
    muster_cell_set(self->metrics.events_not_reported, sequence->gaps_not_reported);
    if (sequence->options.persistent)
        metrics_declare_since(sequence->host, sequence->instance, self->tables->shared->since_ns);
}

static void publish(const struct worker *self)
{
    static const struct watch_counts none;

    metrics_publish(&self->metrics, tracker_counts(self->tracker), &self->rest,
                    self->watch != NULL ? watch_counts(self->watch) : &none);
}

/* Tracker and gaps.  Returns -1 if memory is short. */
static int make_judges(struct worker *self)
{
    struct tracker_options options = self->sequence->options;

    if (self->sequence->events) {
        options.note = on_note;
        options.context = self;
        self->gaps = gaps_new(self->tables, self->number, self->workers, on_gap_end, self);
        if (self->gaps == NULL)
            return -1;
    }
    self->tracker = tracker_new(&options, self->tables, self->number, self->workers);
    return self->tracker != NULL ? 0 : -1;
}

/* From now on it is known when the collector listened, and what it noticed. */
static void begin_clocks(struct worker *self, const struct sequence *sequence)
{
    struct listening_heard heard[LISTENING_EARS];
    unsigned ears = listening_read_heard(sequence->host, sequence->instance, heard);
    struct shared *shared = self->tables->shared;
    const struct listening_clocks clocks =
        listening_read_clocks(sequence->host, sequence->instance);
    const struct causes_drops drops =
        causes_read_drops(&sequence->counters, sequence->host, sequence->instance);

    listening_begin(&self->listening, &shared->listening, self->number == 0, &clocks, heard, ears);
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
    if (make_judges(self) != 0)
        goto no_memory;
    if (worker == 0) {
        causes_find_counters(&sequence->counters, sequence->host, sequence->instance);
        self->rest = tables_counts_from(&sequence->tables, workers);
    }
    begin_clocks(self, sequence);
    if (begin_watch(self) != 0)
        goto no_memory;
    declare_metrics(self);
    publish(self);
    *worker_state = self;
    return 0;

no_memory:
    sequence->host->log(sequence->instance, MUSTER_LOG_ERROR, "out of memory for a worker");
    free_worker(self);
    return MUSTER_FAILED;
}

void worker_close(void *worker_state, struct muster_batch *batch, const struct muster_call *call)
{
    struct worker *self = worker_state;
    const struct sequence *sequence = self->sequence;

    (void)call;
    events_follow(&self->events, batch, 0,
                  sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL));
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

static void judge(struct worker *self, struct muster_record *record)
{
    struct device *device = tables_device(self->tables, record->device);

    if (!watch_usual(&self->listening, device, record))
        watch_message(self->watch, device, record, !device->session.known);
    tracker_judge(self->tracker, record);
    if (is_highest(record))
        device->highest_tick = causes_current_tick(&self->causes);
    if (record->verdict == MUSTER_VERDICT_RESTART)
        timing_restart(&device->timing);
    if (record->reading > 0 || record->verdict == MUSTER_VERDICT_DUPLICATE ||
        record->verdict == MUSTER_VERDICT_OUTLIER)
        timing_show(&device->timing, record);
    else
        timing_message(&device->timing, record);
}

/* Records behind one that was judged which are further readings of its datagram: nothing is new to
 * them but the number.  Returns how many were judged. */
static uint32_t judge_further(struct worker *self, struct muster_record *judged, uint32_t count)
{
    uint32_t done = tracker_judge_further(self->tracker, judged, count), i;

    if (done > 0)
        tables_device(self->tables, judged->device)->highest_tick =
            causes_current_tick(&self->causes);
    for (i = 1; i <= done; i++)
        timing_copy(&judged[i], judged);
    return done;
}

/* Whether it is a message of a device; not so what a filter in front has derived of one. */
static bool is_judged(const struct muster_record *record)
{
    return record->kind == MUSTER_KIND_MESSAGE && record->origin == 0 &&
           (record->marks & MUSTER_MARK_DEVICE) != 0;
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
        if (!is_judged(record))
            continue;
        events_follow(&self->events, batch, i, record->arrival_ns);
        if (reference) {
            tracker_judge(self->tracker, record);
            continue;
        }
        judge(self, record);
        if (record->readings > 1) {
            uint32_t next = i + record->readings - record->reading; /* of another datagram */

            if (next < batch->count)
                tables_prefetch(tables, &batch->records[next]);
            i += judge_further(self, record, batch->count - i - 1);
        }
    }
    publish(self);
    return 0;
}

uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct worker *self = worker_state;
    const struct sequence *sequence = self->sequence;
    uint32_t tick = causes_current_tick(&self->causes);
    struct listening_heard heard[LISTENING_EARS];
    struct listening_clocks clocks;
    struct causes_drops drops;
    unsigned ears;
    uint8_t noticed;

    (void)now_ns;
    if (sequence->options.reference)
        return 0;
    clocks = listening_read_clocks(sequence->host, sequence->instance);
    drops = causes_read_drops(&sequence->counters, sequence->host, sequence->instance);
    noticed = causes_tick(&self->causes, &drops, listening_has_slept(&self->listening, &clocks));
    ears = listening_read_heard(sequence->host, sequence->instance, heard);
    listening_tick(&self->listening, &clocks, heard, ears);
    if (self->gaps != NULL)
        gaps_tick(self->gaps, tick, noticed);
    events_follow(&self->events, batch, 0, clocks.wall_ns);
    watch_tick(self->watch);
    publish(self);
    return 0;
}
