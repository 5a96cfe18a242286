/* SPDX-License-Identifier: MIT
 *
 * The filter on a worker: hands each record to those who judge, and what comes of it on to gaps
 * and events.
 */
#include "worker.h"

#include <stdlib.h>

#include "causes.h"
#include "elapsed.h"
#include "events.h"
#include "gaps.h"
#include "listening.h"
#include "metrics.h"
#include "presence.h"
#include "sequence.h"
#include "timing.h"
#include "tracker.h"

enum { AHEAD = 8 /* records whose devices are fetched while others are judged */ };

struct worker {
    const struct sequence *sequence;
    struct tables *tables;
    uint32_t number, workers;
    struct tracker *tracker;
    struct gaps *gaps; /* NULL if there are to be no events */
    struct listening listening;
    struct causes causes;
    struct elapsed elapsed;
    struct events events;
    struct metrics metrics;
    struct metrics_devices devices;
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

/* ---- presence ------------------------------------------------------------------------- */

static void report_presence(struct worker *self, enum muster_event event, uint32_t device,
                            uint64_t heard_ns)
{
    if (self->sequence->events)
        events_presence(&self->events, event, device, heard_ns);
}

/* How often the catalog says that the device is heard. */
static void configure_presence(const struct sequence *sequence, uint32_t number,
                               struct contact *contact)
{
    struct muster_device about = {.size = sizeof about};

    sequence->host->device(sequence->instance, number, &about);
    presence_configure(contact, about.heartbeat_ns != 0 ? about.heartbeat_ns : about.data_ns);
}

static void note_contact(struct worker *self, const struct muster_record *record)
{
    struct contact *contact = &tables_device(self->tables, record->device)->contact;
    uint64_t heard_ns = contact->heard_ns;
    enum presence before =
        presence_heard(contact, record, listening_at(&self->listening, record->arrival_ns),
                       listening_units(self->listening.resumed_ns));

    if (before == PRESENCE_ONLINE)
        return;
    self->devices.late -= before == PRESENCE_LATE;
    self->devices.silent -= before == PRESENCE_SILENT;
    report_presence(self, MUSTER_EVENT_DEVICE_BACK, record->device, heard_ns);
}

/* Looks at every device that there may be something wrong with. */
static void judge_silence(struct worker *self)
{
    struct tables *tables = self->tables;
    uint32_t now = listening_units(self->listening.now_ns);
    uint32_t resumed = listening_units(self->listening.resumed_ns), id;

    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        struct contact *contact = &tables_device(tables, id)->contact;
        enum presence before, presence;

        if (id % self->workers != self->number)
            continue;
        before = (enum presence)contact->presence;
        presence = presence_judge(contact, now, resumed, self->sequence->silent_after);
        if (presence == before)
            continue;
        self->devices.late -= before == PRESENCE_LATE;
        self->devices.late += presence == PRESENCE_LATE;
        self->devices.silent += presence == PRESENCE_SILENT;
        report_presence(
            self, presence == PRESENCE_LATE ? MUSTER_EVENT_DEVICE_LATE : MUSTER_EVENT_DEVICE_SILENT,
            id, contact->heard_ns);
    }
}

/* The devices that are known from an earlier run. */
static void meet_known(struct worker *self)
{
    struct tables *tables = self->tables;
    uint32_t id;

    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        struct device *device = tables_device(tables, id);

        if (id % self->workers != self->number || !device->session.known)
            continue;
        configure_presence(self->sequence, id, &device->contact);
        self->devices.known++;
        self->devices.late += device->contact.presence == PRESENCE_LATE;
        self->devices.silent += device->contact.presence == PRESENCE_SILENT;
    }
}

/* ---- open and close ------------------------------------------------------------------- */

static void free_worker(struct worker *self)
{
    if (self == NULL)
        return;
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
    metrics_publish(&self->metrics, tracker_counts(self->tracker), &self->rest, &self->devices);
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
    struct shared *shared = self->tables->shared;
    const struct listening_clocks clocks =
        listening_read_clocks(sequence->host, sequence->instance);
    const struct causes_drops drops =
        causes_read_drops(&sequence->counters, sequence->host, sequence->instance);

    listening_begin(&self->listening, &shared->listened_ns, self->number == 0, &clocks);
    causes_begin(&self->causes, &shared->causes, self->number == 0, &drops);
    elapsed_begin(&self->elapsed, &shared->elapsed, self->number == 0, &clocks);
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
    meet_known(self);
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
    bool is_new = !device->session.known;

    note_contact(self, record);
    tracker_judge(self->tracker, record);
    if (is_highest(record))
        device->highest_tick = causes_current_tick(&self->causes);
    if (is_new) {
        self->devices.known++;
        configure_presence(self->sequence, record->device, &device->contact);
    }
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
    struct listening_clocks clocks;
    struct causes_drops drops;
    uint8_t noticed;

    (void)now_ns;
    if (sequence->options.reference)
        return 0;
    clocks = listening_read_clocks(sequence->host, sequence->instance);
    drops = causes_read_drops(&sequence->counters, sequence->host, sequence->instance);
    noticed = causes_tick(&self->causes, &drops, listening_has_slept(&self->listening, &clocks));
    listening_tick(&self->listening, &clocks, (noticed & MUSTER_CAUSE_KERNEL) != 0);
    elapsed_tick(&self->elapsed, &clocks);
    if (self->gaps != NULL)
        gaps_tick(self->gaps, tick, noticed);
    events_follow(&self->events, batch, 0, clocks.wall_ns);
    judge_silence(self);
    publish(self);
    return 0;
}
