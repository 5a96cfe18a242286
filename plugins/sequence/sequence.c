/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence": the tracker as a plugin, with one tracker a worker.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster/plugin.h>

#include "gaps.h"
#include "tracker.h"

enum { COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t) };

static const char *const modes[] = {"session", "reference", NULL};

static const struct muster_option options[] = {
    {.name = "mode",
     .type = MUSTER_OPTION_CHOICE,
     .fallback = "session",
     .choices = modes,
     .summary = "How messages are judged: by session and window, or as the reference server does"},
    {.name = "window",
     .type = MUSTER_OPTION_INT,
     .fallback = "1024",
     .min = TRACKER_WINDOW_LEAST,
     .max = TRACKER_WINDOW_MOST,
     .summary = "How many numbers back a late one is recognised, a power of two"},
    {.name = "max_jump",
     .type = MUSTER_OPTION_INT,
     .fallback = "3000",
     .min = 1,
     .max = 1 << 30,
     .summary = "A step farther ahead is believed when a second datagram confirms it"},
    {.name = "events",
     .type = MUSTER_OPTION_BOOL,
     .fallback = "true",
     .summary = "Whether gaps, restarts and the like become records of their own"},
};

struct sequence {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct tracker_options options;
    bool events;
};

struct sequence_worker {
    const struct sequence *sequence;
    struct tracker *tracker;
    struct gaps *gaps;                    /* NULL if there are to be no events */
    struct muster_batch *batch;           /* being judged */
    uint32_t at;                          /* which of its records */
    uint64_t now_ns;                      /* its arrival: ns since the Unix epoch */
    bool restarting;                      /* the session that ends now ends by a restart */
    uint32_t drops_metric;                /* number of the metric collector.kernel_drops */
    struct muster_counter *untold;        /* events that could not be added */
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

static void check(const struct muster_host *host, struct muster_instance *instance)
{
    int64_t window = host->get_int(instance, "window");

    if ((window & (window - 1)) != 0)
        host->config_error(instance, "window", "expected a power of two, such as 512 or 1024");
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct sequence *sequence = calloc(1, sizeof *sequence);

    if (sequence == NULL) {
        host->log(instance, MUSTER_LOG_ERROR, "out of memory");
        return MUSTER_FAILED;
    }
    sequence->host = host;
    sequence->instance = instance;
    sequence->options.reference = host->get_int(instance, "mode") == 1;
    sequence->events = host->get_int(instance, "events") != 0 && !sequence->options.reference;
    sequence->options.window = (uint32_t)host->get_int(instance, "window");
    sequence->options.max_jump = (uint32_t)host->get_int(instance, "max_jump");
    *state = sequence;
    return 0;
}

static void close_instance(void *state)
{
    free(state);
}

/* ---- events --------------------------------------------------------------------------- */

static void emit(struct sequence_worker *self, uint16_t device_id, uint32_t event, uint32_t first,
                 uint32_t last, uint64_t opened_ns, uint16_t cause)
{
    struct muster_record record;

    memset(&record, 0, sizeof record);
    record.kind = MUSTER_KIND_EVENT;
    record.event = (uint8_t)event;
    record.device_id = device_id;
    record.arrival_ns = self->now_ns;
    record.seq_num = record.first = first;
    record.last = last;
    record.cause = cause;
    record.opened_ns = opened_ns;
    if (event != MUSTER_EVENT_GAP_OPENED)
        record.closed_ns = self->now_ns;
    if (self->sequence->host->emit(self->batch, self->at, &record) != 0)
        muster_counter_add(self->untold, 1);
}

static void on_gap_end(void *context, const struct gap_end *end)
{
    struct sequence_worker *self = context;
    uint16_t cause = MUSTER_CAUSE_NETWORK;

    if (end->kernel && end->lost) /* what came was not dropped */
        cause |= MUSTER_CAUSE_KERNEL;
    if (self->restarting)
        cause |= MUSTER_CAUSE_RESTART;
    emit(self, end->device_id, end->lost ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_RECOVERED,
         end->first, end->last, end->opened_ns, cause);
}

static void on_note(void *context, const struct tracker_note *note)
{
    struct sequence_worker *self = context;

    switch (note->kind) {
    case TRACKER_GAP:
        if (gaps_open(self->gaps, note->device_id, note->first, note->last, self->now_ns) != 0)
            muster_counter_add(self->untold, 1);
        emit(self, note->device_id, MUSTER_EVENT_GAP_OPENED, note->first, note->last, self->now_ns,
             0);
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
        emit(self, note->device_id, MUSTER_EVENT_RESTART, note->first, note->first, self->now_ns,
             0);
        break;
    case TRACKER_OUTLIER:
        emit(self, note->device_id, MUSTER_EVENT_OUTLIER, note->first, note->last, self->now_ns, 0);
        break;
    case TRACKER_DEVICE:
        emit(self, note->device_id, MUSTER_EVENT_DEVICE_NEW, note->first, note->first, self->now_ns,
             0);
        break;
    }
}

/* ---- workers -------------------------------------------------------------------------- */

/* Past the last metric if the host has none of that name: then it never reads anything. */
static uint32_t find_metric(const struct sequence *sequence, const char *name)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    for (i = 0; sequence->host->metric(sequence->instance, i, &metric); i++)
        if (strcmp(metric.name, name) == 0)
            break;
    return i;
}

static void free_worker(struct sequence_worker *self)
{
    if (self == NULL)
        return;
    gaps_free(self->gaps);
    tracker_free(self->tracker);
    free(self);
}

static int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    struct sequence *sequence = state;
    struct sequence_worker *self = calloc(1, sizeof *self);
    struct tracker_options tracker_options = sequence->options;
    const struct muster_host *host = sequence->host;
    int i;

    if (self == NULL)
        goto no_memory;
    self->sequence = sequence;
    if (sequence->events) {
        tracker_options.note = on_note;
        tracker_options.context = self;
        self->gaps = gaps_new(worker, workers, on_gap_end, self);
        if (self->gaps == NULL)
            goto no_memory;
    }
    self->tracker = tracker_new(&tracker_options, worker, workers);
    if (self->tracker == NULL)
        goto no_memory;
    self->drops_metric = find_metric(sequence, "collector.kernel_drops");
    self->untold = host->counter(sequence->instance, "untold", MUSTER_METRIC_COUNTER, "events",
                                 "that could not be told for want of memory");
    for (i = 0; i < COUNTS; i++)
        self->cells[i] = host->counter(sequence->instance, metrics[i].name, metrics[i].kind,
                                       metrics[i].unit, metrics[i].help);
    *worker_state = self;
    return 0;

no_memory:
    host->log(sequence->instance, MUSTER_LOG_ERROR, "out of memory for the table of devices");
    free_worker(self);
    return MUSTER_FAILED;
}

static void publish(struct sequence_worker *self)
{
    uint64_t values[COUNTS];
    int i;

    memcpy(values, tracker_counts(self->tracker), sizeof values);
    for (i = 0; i < COUNTS; i++)
        muster_counter_set(self->cells[i], values[i]);
}

static void process(void *worker_state, struct muster_batch *batch)
{
    struct sequence_worker *self = worker_state;
    uint32_t i;

    self->batch = batch;
    for (i = 0; i < batch->count; i++) {
        struct muster_record *record = &batch->records[i];

        if (record->kind != MUSTER_KIND_MESSAGE)
            continue;
        self->at = i;
        self->restarting = false;
        self->now_ns = record->arrival_ns;
        tracker_judge(self->tracker, record);
        if (self->gaps != NULL)
            gaps_heard(self->gaps, record->device_id);
    }
    publish(self);
}

static uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct sequence_worker *self = worker_state;
    const struct sequence *sequence = self->sequence;
    struct muster_metric metric = {.size = sizeof metric};

    (void)batch;
    (void)now_ns;
    if (self->gaps != NULL &&
        sequence->host->metric(sequence->instance, self->drops_metric, &metric))
        gaps_tick(self->gaps, metric.value);
    return 0;
}

static void worker_close(void *worker_state, struct muster_batch *batch)
{
    struct sequence_worker *self = worker_state;
    const struct sequence *sequence = self->sequence;

    self->batch = batch;
    self->at = 0;
    self->restarting = false;
    self->now_ns = sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL);
    tracker_finish(self->tracker);
    publish(self);
    free_worker(self);
}

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .role = MUSTER_FILTER,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "sequence",
    .version = "1.0",
    .summary = "tells per device what is new, duplicate, late or missing",
    .options = options,
    .check = check,
    .open = open_instance,
    .close = close_instance,
    .worker_open = worker_open,
    .process = process,
    .worker_tick = worker_tick,
    .worker_close = worker_close,
};
