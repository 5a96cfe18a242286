/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence": the tracker as a plugin, with one tracker a worker, over tables that
 * all share and that may outlive the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <muster/plugin.h>

#include "gaps.h"
#include "hearing.h"
#include "presence.h"
#include "tables.h"
#include "timing.h"
#include "tracker.h"

enum {
    COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t),
    DROPPERS_MOST = 64, /* metrics of what is dropped before this filter */
    AHEAD = 8           /* records whose devices are fetched while others are judged */
};

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
     .summary = "Whether gaps, restarts, silence and the like become records of their own"},
    {.name = "silent_after",
     .type = MUSTER_OPTION_INT,
     .fallback = "3",
     .min = 2,
     .max = 1000,
     .summary = "How many heartbeats a device misses before it is silent"},
};

struct sequence {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct tracker_options options;
    struct tables tables;
    void *own;      /* the tables' memory, if it is not the host's */
    uint64_t bytes; /* of that memory */
    bool events;
    uint32_t silent_after;
    uint32_t drops_metric;             /* number of the metric collector.kernel_drops */
    uint32_t droppers[DROPPERS_MOST]; /* numbers of others, see find_droppers */
    uint32_t dropper_count;
};

struct sequence_worker {
    const struct sequence *sequence;
    uint32_t worker, workers;
    struct tracker *tracker;
    struct gaps *gaps; /* NULL if there are to be no events */
    struct hearing hearing;
    uint32_t late, silent;                /* devices that are so */
    uint32_t devices;                     /* that are known */
    struct tracker_counts rest;           /* of workers that there are no more */
    struct muster_batch *batch;           /* being judged */
    uint32_t at;                          /* which of its records */
    uint64_t now_ns;                      /* its arrival: ns since the Unix epoch */
    bool restarting;                      /* the session that ends now ends by a restart */
    struct muster_counter *untold;        /* events that could not be added */
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

static void check(const struct muster_host *host, struct muster_instance *instance)
{
    int64_t window = host->get_int(instance, "window");

    if ((window & (window - 1)) != 0)
        host->config_error(instance, "window", "expected a power of two, such as 512 or 1024");
}

/* ---- the tables ----------------------------------------------------------------------- */

#define WINDOW_BITS 0x1ffffu /* of muster_state.format; the rest is TABLES_FORMAT */

static int is_sound(const struct muster_state *state)
{
    struct tables tables;

    if (state->age == MUSTER_STATE_STALE)
        return 1; /* little of it is believed */
    tables_lay_out(&tables, state->memory, state->format & WINDOW_BITS);
    return tables_are_sound(&tables);
}

/* In the reference mode nothing is kept: the reference forgets, too. */
static int map_own(struct sequence *sequence)
{
    void *memory = mmap(NULL, sequence->bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return -1;
    sequence->own = memory;
    tables_lay_out(&sequence->tables, memory, sequence->options.window);
    hearing_resume(sequence->tables.shared, false);
    return 0;
}

/* Takes up what the last run left. */
static int resume(struct sequence *sequence, uint32_t age)
{
    const struct tables *tables = &sequence->tables;
    uint64_t now = sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL);

    if (age == MUSTER_STATE_STALE) {
        tables_forget_sessions(tables);
        sequence->host->log(sequence->instance, MUSTER_LOG_WARNING,
                            "what came last before the machine went down is not known: every "
                            "device's session begins anew, without a gap");
    } else if (age != MUSTER_STATE_NEW) {
        tables_recover(tables);
    } else {
        tables->shared->since_ns = now;
    }
    hearing_resume(tables->shared, age != MUSTER_STATE_NEW);
    if (sequence->events)
        return gaps_rebuild(tables, now);
    gaps_forget(tables);
    return 0;
}

static int map_kept(struct sequence *sequence)
{
    struct muster_state state = {
        .size = sizeof state,
        .format = TABLES_FORMAT << 20 | sequence->options.window,
        .bytes = sequence->bytes,
        .is_sound = is_sound,
    };

    if (sequence->host->state(sequence->instance, &state) != 0)
        return -1;
    sequence->options.kept = state.is_kept != 0;
    tables_lay_out(&sequence->tables, state.memory, sequence->options.window);
    return resume(sequence, state.age);
}

static void close_instance(void *state)
{
    struct sequence *sequence = state;

    if (sequence->own != NULL)
        munmap(sequence->own, sequence->bytes);
    free(sequence);
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
    sequence->silent_after = (uint32_t)host->get_int(instance, "silent_after");
    sequence->bytes = tables_bytes(sequence->options.window);
    if ((sequence->options.reference ? map_own(sequence) : map_kept(sequence)) != 0) {
        host->log(instance, MUSTER_LOG_ERROR, "no memory for the table of devices");
        close_instance(sequence);
        return MUSTER_FAILED;
    }
    *state = sequence;
    return 0;
}

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
    struct muster_record record =
        event_of(self, end->device_id,
                 end->lost ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_RECOVERED);

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
    uint8_t causes = hearing_causes(tables->shared, tables_vitals(tables, note->device_id)->highest_tick);

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
        presence_heard(rhythm, vitals, record, hearing_at(&self->hearing, record->arrival_ns));

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
    uint32_t now = hearing_units(self->hearing.listened_ns), id;

    for (id = tables_next_known(tables, 0); id < DEVICE_IDS;
         id = tables_next_known(tables, id + 1)) {
        struct rhythm *rhythm = &tables_device(tables, id)->rhythm;
        enum presence before, presence;

        if (id % self->workers != self->worker)
            continue;
        before = (enum presence)rhythm->presence;
        presence =
            presence_judge(rhythm, tables_vitals(tables, id), now, self->sequence->silent_after);
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

    for (id = tables_next_known(tables, 0); id < DEVICE_IDS;
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

/* Whether a metric counts datagrams, or their records, that are dropped before they come
 * here: those with a number that is too long or has a bad payload, and what filters take
 * out.  When the first worker is opened, those are the filters in front of this one. */
static bool is_dropper(const char *name)
{
    size_t length = strlen(name);

    return strcmp(name, "collector.rejected.too_long") == 0 ||
           strcmp(name, "collector.rejected.bad_payload") == 0 ||
           (length > 8 && strcmp(name + length - 8, ".dropped") == 0);
}

static void find_droppers(struct sequence *sequence)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    for (i = 0; sequence->dropper_count < DROPPERS_MOST &&
                sequence->host->metric(sequence->instance, i, &metric);
         i++)
        if (is_dropper(metric.name))
            sequence->droppers[sequence->dropper_count++] = i;
}

static uint64_t read_metric(const struct sequence *sequence, uint32_t index)
{
    struct muster_metric metric = {.size = sizeof metric};

    return sequence->host->metric(sequence->instance, index, &metric) ? metric.value : 0;
}

static void look(const struct sequence *sequence, uint64_t monotonic_ns, struct hearing_look *look)
{
    const struct muster_host *host = sequence->host;
    uint32_t i;

    look->monotonic_ns = monotonic_ns;
    look->wall_ns = host->now(sequence->instance, MUSTER_CLOCK_WALL);
    look->boot_ns = host->now(sequence->instance, MUSTER_CLOCK_BOOT);
    look->kernel_drops = read_metric(sequence, sequence->drops_metric);
    look->own_drops = 0;
    for (i = 0; i < sequence->dropper_count; i++)
        look->own_drops += read_metric(sequence, sequence->droppers[i]);
}

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
                                 "that could not be told for want of memory");
    self->online_cell = host->counter(instance, "online", MUSTER_METRIC_GAUGE, "devices",
                                      "heard of, and neither late nor silent");
    self->late_cell = host->counter(instance, "late_devices", MUSTER_METRIC_GAUGE, "devices",
                                    "that missed a heartbeat");
    self->silent_cell = host->counter(instance, "silent", MUSTER_METRIC_GAUGE, "devices",
                                      "that missed as many as silent_after says");
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

static int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
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
        sequence->drops_metric = find_metric(sequence, "collector.kernel_drops");
        find_droppers(sequence);
        self->rest = tables_counts_from(&sequence->tables, workers);
    }
    look(sequence, host->now(sequence->instance, MUSTER_CLOCK_MONOTONIC), &first);
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

static void process(void *worker_state, struct muster_batch *batch)
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
        if (reference)
            tracker_judge(self->tracker, record);
        else
            judge(self, record);
    }
    publish(self);
}

static uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct sequence_worker *self = worker_state;
    const struct sequence *sequence = self->sequence;
    struct hearing_look now;
    uint32_t tick = hearing_now(&self->hearing);
    uint8_t noticed;

    if (sequence->options.reference)
        return 0;
    look(sequence, now_ns, &now);
    noticed = hearing_tick(&self->hearing, &now);
    if (self->gaps != NULL)
        gaps_tick(self->gaps, tick, noticed);
    self->batch = batch;
    self->at = 0;
    self->restarting = false;
    self->now_ns = now.wall_ns;
    /* A deaf second is no silence, and another worker may not have counted it yet. */
    if (!(noticed & MUSTER_CAUSE_KERNEL))
        judge_silence(self);
    publish(self);
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
    if (!sequence->options.kept) /* else what is missing may still come to the next run */
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
