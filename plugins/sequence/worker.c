/* SPDX-License-Identifier: MIT
 *
 * The filter on a worker: judges records, and tells what comes of it as events.
 */
#include <stdlib.h>
#include <string.h>

#include "gaps.h"
#include "presence.h"
#include "sequence.h"
#include "timing.h"

enum {
    COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t),
    AHEAD = 8 /* records whose devices are fetched while others are judged */
};

struct sequence_worker {
    const struct sequence *sequence;
    uint32_t worker, workers;
    struct tracker *tracker;
    struct gaps *gaps; /* NULL if there are to be no events */
    struct hearing hearing;
    uint32_t late, silent;         /* devices that are so */
    uint32_t devices;              /* that are known */
    struct tracker_counts rest;    /* of workers that there are no more */
    struct muster_batch *batch;    /* being judged */
    uint32_t at;                   /* which of its records */
    uint64_t now_ns;               /* its arrival: ns since the Unix epoch */
    bool restarting;               /* the session that ends now ends by a restart */
    struct muster_counter *untold; /* events that could not be added */
    struct muster_counter *online_cell, *late_cell, *silent_cell;
    struct muster_counter *cells[COUNTS]; /* in the order of struct tracker_counts */
};

/* In the order of struct tracker_counts. */
static const struct {
    const char *name, *unit, *help;
    uint32_t kind;
} metrics[COUNTS] = {
    {"first", "records", "first of their session", MUSTER_METRIC_COUNTER},
    {"in_order", "records", "in order", MUSTER_METRIC_COUNTER},
    {"gaps", "records", "that revealed a gap", MUSTER_METRIC_COUNTER},
    {"late", "records", "late: numbers after them came earlier", MUSTER_METRIC_COUNTER},
    {"duplicates", "records", "duplicates", MUSTER_METRIC_COUNTER},
    {"restarts", "records", "that showed a restart of their device", MUSTER_METRIC_COUNTER},
    {"outliers", "records", "with a number too far off to be believed", MUSTER_METRIC_COUNTER},
    {"unnumbered", "records", "without a number, such as heartbeats", MUSTER_METRIC_COUNTER},
    {"doubted", "records", "with such a number that the next may confirm", MUSTER_METRIC_GAUGE},
    {"missing", "numbers", "missing when a gap was revealed; = recovered + lost + open",
     MUSTER_METRIC_COUNTER},
    {"recovered", "numbers", "missing once, that came late", MUSTER_METRIC_COUNTER},
    {"lost", "numbers", "missing for good", MUSTER_METRIC_COUNTER},
    {"open", "numbers", "missing, that may still come", MUSTER_METRIC_GAUGE},
    {"devices", "devices", "heard of", MUSTER_METRIC_COUNTER},
};

/* ---- events --------------------------------------------------------------------------- */

/* An event of the device, now. */
static struct muster_record event_of(const struct sequence_worker *self, uint16_t device_id,
                                     uint32_t event)
{
    struct muster_record record;

    memset(&record, 0, sizeof record);
    record.kind = MUSTER_KIND_EVENT;
    record.event = (uint8_t)event;
    record.device_id = device_id;
    record.arrival_ns = self->now_ns;
    return record;
}

static void emit(struct sequence_worker *self, const struct muster_record *record)
{
    if (self->sequence->host->emit(self->batch, self->at, record) != 0)
        muster_counter_add(self->untold, 1);
}

/* An event about numbers. */
static void emit_numbers(struct sequence_worker *self, uint32_t event,
                         const struct tracker_note *note)
{
    struct muster_record record = event_of(self, note->device_id, event);

    record.seq_num = record.first = note->first;
    record.last = note->last;
    if (event == MUSTER_EVENT_GAP_OPENED)
        record.opened_ns = self->now_ns;
    emit(self, &record);
}

static void on_gap_end(void *context, const struct gap_end *end)
{
    struct sequence_worker *self = context;
    struct muster_record record = event_of(
        self, end->device_id, end->lost ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_RECOVERED);

    record.seq_num = record.first = end->first;
    record.last = end->last;
    record.opened_ns = end->opened_ns;
    record.closed_ns = self->now_ns;
    record.cause = MUSTER_CAUSE_NETWORK;
    if (end->lost) /* what came was not dropped */
        record.cause |= end->causes;
    if (self->restarting)
        record.cause |= MUSTER_CAUSE_RESTART;
    emit(self, &record);
}

static void open_gap(struct sequence_worker *self, const struct tracker_note *note)
{
    const struct tables *tables = &self->sequence->tables;
    uint8_t causes =
        hearing_causes(tables->shared, tables_vitals(tables, note->device_id)->highest_tick);

    if (gaps_open(self->gaps, note->device_id, note->first, note->last, self->now_ns,
                  hearing_now(&self->hearing), causes) != 0)
        muster_counter_add(self->untold, 1);
    emit_numbers(self, MUSTER_EVENT_GAP_OPENED, note);
}

static void on_note(void *context, const struct tracker_note *note)
{
    struct sequence_worker *self = context;

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
        self->restarting = true;
        emit_numbers(self, MUSTER_EVENT_RESTART, note);
        break;
    case TRACKER_OUTLIER:
        emit_numbers(self, MUSTER_EVENT_OUTLIER, note);
        break;
    case TRACKER_DEVICE:
        emit_numbers(self, MUSTER_EVENT_DEVICE_NEW, note);
        break;
    }
}

/* ---- presence ------------------------------------------------------------------------- */

/* A device is late, silent or back; it was last heard at `heard_ns`. */
static void emit_presence(struct sequence_worker *self, uint16_t device_id, uint32_t event,
                          uint64_t heard_ns)
{
    struct muster_record record = event_of(self, device_id, event);

    record.opened_ns = heard_ns;
    if (event == MUSTER_EVENT_DEVICE_BACK)
        record.closed_ns = self->now_ns;
    if (self->sequence->events)
        emit(self, &record);
}

/* How often the catalog says that the device is heard. */
static void configure_presence(const struct sequence *sequence, uint16_t device_id,
                               struct rhythm *rhythm)
{
    struct muster_device about = {.size = sizeof about};

    sequence->host->device(sequence->instance, device_id, &about);
    presence_configure(rhythm, about.heartbeat_ns != 0 ? about.heartbeat_ns : about.data_ns);
}

static void hear(struct sequence_worker *self, const struct muster_record *record)
{
    const struct tables *tables = &self->sequence->tables;
    struct rhythm *rhythm = &tables_device(tables, record->device_id)->rhythm;
    struct vitals *vitals = tables_vitals(tables, record->device_id);
    uint64_t heard_ns = vitals->heard_ns;
    enum presence before =
        presence_heard(rhythm, vitals, record, hearing_at(&self->hearing, record->arrival_ns),
                       hearing_units(self->hearing.resumed_ns));

    if (before == PRESENCE_ONLINE)
        return;
    self->late -= before == PRESENCE_LATE;
    self->silent -= before == PRESENCE_SILENT;
    emit_presence(self, record->device_id, MUSTER_EVENT_DEVICE_BACK, heard_ns);
}

/* Looks at every device that there may be something wrong with. */
static void judge_silence(struct sequence_worker *self)
{
    const struct tables *tables = &self->sequence->tables;
    uint32_t now = hearing_units(self->hearing.listened_ns);
    uint32_t resumed = hearing_units(self->hearing.resumed_ns), id;

    for (id = tables_next_known(tables, 0); id < MUSTER_DEVICE_IDS;
         id = tables_next_known(tables, id + 1)) {
        struct rhythm *rhythm = &tables_device(tables, id)->rhythm;
        enum presence before, presence;

        if (id % self->workers != self->worker)
            continue;
        before = (enum presence)rhythm->presence;
        presence = presence_judge(rhythm, tables_vitals(tables, id), now, resumed,
                                  self->sequence->silent_after);
        if (presence == before)
            continue;
        self->late -= before == PRESENCE_LATE;
        self->late += presence == PRESENCE_LATE;
        self->silent += presence == PRESENCE_SILENT;
        emit_presence(self, (uint16_t)id,
                      presence == PRESENCE_LATE ? MUSTER_EVENT_DEVICE_LATE
                                                : MUSTER_EVENT_DEVICE_SILENT,
                      tables_vitals(tables, id)->heard_ns);
    }
}

/* The devices that are known from an earlier run. */
static void meet_known(struct sequence_worker *self)
{
    const struct tables *tables = &self->sequence->tables;
    uint32_t id;

    for (id = tables_next_known(tables, 0); id < MUSTER_DEVICE_IDS;
         id = tables_next_known(tables, id + 1)) {
        struct rhythm *rhythm = &tables_device(tables, id)->rhythm;

        if (id % self->workers != self->worker || !tables_device(tables, id)->known)
            continue;
        configure_presence(self->sequence, (uint16_t)id, rhythm);
        self->devices++;
        self->late += rhythm->presence == PRESENCE_LATE;
        self->silent += rhythm->presence == PRESENCE_SILENT;
    }
}

/* ---- workers -------------------------------------------------------------------------- */

static void free_worker(struct sequence_worker *self)
{
    if (self == NULL)
        return;
    gaps_free(self->gaps);
    tracker_free(self->tracker);
    free(self);
}

static void declare_metrics(struct sequence_worker *self)
{
    const struct sequence *sequence = self->sequence;
    const struct muster_host *host = sequence->host;
    struct muster_instance *instance = sequence->instance;
    int i;

    for (i = 0; i < COUNTS; i++)
        self->cells[i] = host->counter(instance, metrics[i].name, metrics[i].kind, metrics[i].unit,
                                       metrics[i].help);
    self->untold = host->counter(instance, "untold", MUSTER_METRIC_COUNTER, "events",
                                 "that could not be told for want of room");
    self->online_cell = host->counter(instance, "online", MUSTER_METRIC_GAUGE, "devices",
                                      "heard of, and neither late nor silent");
    self->late_cell = host->counter(instance, "late_devices", MUSTER_METRIC_GAUGE, "devices",
                                    "that missed a heartbeat");
    self->silent_cell = host->counter(instance, "silent", MUSTER_METRIC_GAUGE, "devices",
                                      "that missed as many as silent_after says");
    if (self->worker == 0)
        muster_counter_set(self->untold, sequence->untold);
    if (sequence->options.kept && self->worker == 0)
        muster_counter_set(host->counter(instance, "counted_since", MUSTER_METRIC_GAUGE, "s",
                                         "when the counters began: Unix time"),
                           sequence->tables.shared->since_ns / 1000000000);
}

static void publish(struct sequence_worker *self)
{
    uint64_t values[COUNTS], rest[COUNTS];
    int i;

    memcpy(values, tracker_counts(self->tracker), sizeof values);
    memcpy(rest, &self->rest, sizeof rest);
    for (i = 0; i < COUNTS; i++)
        muster_counter_set(self->cells[i], values[i] + rest[i]);
    muster_counter_set(self->online_cell, self->devices - self->late - self->silent);
    muster_counter_set(self->late_cell, self->late);
    muster_counter_set(self->silent_cell, self->silent);
}

int sequence_worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    struct sequence *sequence = state;
    struct sequence_worker *self = calloc(1, sizeof *self);
    struct tracker_options tracker_options = sequence->options;
    const struct muster_host *host = sequence->host;
    struct hearing_look first;

    if (self == NULL)
        goto no_memory;
    self->sequence = sequence;
    self->worker = worker;
    self->workers = workers;
    if (sequence->events) {
        tracker_options.note = on_note;
        tracker_options.context = self;
        self->gaps = gaps_new(&sequence->tables, worker, workers, on_gap_end, self);
        if (self->gaps == NULL)
            goto no_memory;
    }
    self->tracker = tracker_new(&tracker_options, &sequence->tables, worker, workers);
    if (self->tracker == NULL)
        goto no_memory;
    if (worker == 0) {
        evidence_find(&sequence->evidence, host, sequence->instance);
        self->rest = tables_counts_from(&sequence->tables, workers);
    }
    first = evidence_look(&sequence->evidence, host, sequence->instance);
    hearing_begin(&self->hearing, sequence->tables.shared, worker == 0, &first);
    meet_known(self);
    declare_metrics(self);
    publish(self);
    *worker_state = self;
    return 0;

no_memory:
    host->log(sequence->instance, MUSTER_LOG_ERROR, "out of memory for a worker");
    free_worker(self);
    return MUSTER_FAILED;
}

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

static void judge(struct sequence_worker *self, struct muster_record *record)
{
    const struct tables *tables = &self->sequence->tables;
    struct device *device = tables_device(tables, record->device_id);
    struct vitals *vitals = tables_vitals(tables, record->device_id);
    bool is_new = !device->known;

    hear(self, record);
    tracker_judge(self->tracker, record);
    if (is_highest(record))
        vitals->highest_tick = hearing_now(&self->hearing);
    if (is_new) {
        self->devices++;
        configure_presence(self->sequence, record->device_id, &device->rhythm);
    }
    if (record->verdict == MUSTER_VERDICT_RESTART)
        timing_restart(&vitals->timing);
    if (record->reading > 0 || record->verdict == MUSTER_VERDICT_DUPLICATE ||
        record->verdict == MUSTER_VERDICT_OUTLIER)
        timing_show(&vitals->timing, record);
    else
        timing_message(&vitals->timing, record);
}

/* Records behind one that was judged which are further readings of its datagram: nothing is new to
 * them but the number.  Returns how many were judged. */
static uint32_t judge_further(struct sequence_worker *self, struct muster_record *judged,
                              uint32_t count)
{
    uint32_t done = tracker_judge_further(self->tracker, judged, count), i;

    if (done > 0)
        tables_vitals(&self->sequence->tables, judged->device_id)->highest_tick =
            hearing_now(&self->hearing);
    for (i = 1; i <= done; i++)
        timing_copy(&judged[i], judged);
    return done;
}

void sequence_process(void *worker_state, struct muster_batch *batch)
{
    struct sequence_worker *self = worker_state;
    const struct tables *tables = &self->sequence->tables;
    bool reference = self->sequence->options.reference;
    uint32_t i;

    self->batch = batch;
    for (i = 0; i < batch->count && i < AHEAD; i++)
        tables_prefetch(tables, &batch->records[i]);
    for (i = 0; i < batch->count; i++) {
        struct muster_record *record = &batch->records[i];

        if (i + AHEAD < batch->count)
            tables_prefetch(tables, &batch->records[i + AHEAD]);
        if (record->kind != MUSTER_KIND_MESSAGE)
            continue;
        self->at = i;
        self->restarting = false;
        self->now_ns = record->arrival_ns;
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
}

uint64_t sequence_worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct sequence_worker *self = worker_state;
    const struct sequence *sequence = self->sequence;
    struct hearing_look now;
    uint32_t tick = hearing_now(&self->hearing);
    uint8_t noticed;

    if (sequence->options.reference)
        return 0;
    (void)now_ns;
    now = evidence_look(&sequence->evidence, sequence->host, sequence->instance);
    noticed = hearing_tick(&self->hearing, &now);
    if (self->gaps != NULL)
        gaps_tick(self->gaps, tick, noticed);
    self->batch = batch;
    self->at = 0;
    self->restarting = false;
    self->now_ns = now.wall_ns;
    judge_silence(self);
    publish(self);
    return 0;
}

void sequence_worker_close(void *worker_state, struct muster_batch *batch)
{
    struct sequence_worker *self = worker_state;
    const struct sequence *sequence = self->sequence;

    self->batch = batch;
    self->at = 0;
    self->restarting = false;
    self->now_ns = sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL);
    if (!sequence->options.kept) /* else what is missing may still come to the next run */
        tracker_finish(self->tracker);
    publish(self);
    free_worker(self);
}
