/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence": the tracker as a plugin, with one tracker a worker.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster/plugin.h>

#include "tracker.h"

enum { COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t) };

static const char *const modes[] = {"session", "reference", NULL};

static const struct muster_option options[] = {
    {.name = "mode", .type = MUSTER_OPTION_CHOICE, .fallback = "session", .choices = modes,
     .summary = "How messages are judged: by session and window, or as the reference server does"},
    {.name = "window", .type = MUSTER_OPTION_INT, .fallback = "1024", .min = TRACKER_WINDOW_LEAST,
     .max = TRACKER_WINDOW_MOST,
     .summary = "How many numbers back a late one is recognised, a power of two"},
    {.name = "max_jump", .type = MUSTER_OPTION_INT, .fallback = "3000", .min = 1,
     .max = 1 << 30,
     .summary = "A step farther ahead is believed when a second datagram confirms it"},
};

struct sequence {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct tracker_options options;
};

struct sequence_worker {
    struct tracker *tracker;
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
    {"missing", "numbers", "missing when a gap was revealed; = recovered + lost + open", MUSTER_METRIC_COUNTER},
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
    sequence->options.window = (uint32_t)host->get_int(instance, "window");
    sequence->options.max_jump = (uint32_t)host->get_int(instance, "max_jump");
    *state = sequence;
    return 0;
}

static void close_instance(void *state)
{
    free(state);
}

static int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    struct sequence *sequence = state;
    struct sequence_worker *self = calloc(1, sizeof *self);
    int i;

    (void)worker;
    if (self != NULL)
        self->tracker = tracker_new(&sequence->options, workers);
    if (self == NULL || self->tracker == NULL) {
        sequence->host->log(sequence->instance, MUSTER_LOG_ERROR,
                            "out of memory for the table of devices");
        free(self);
        return MUSTER_FAILED;
    }
    for (i = 0; i < COUNTS; i++)
        self->cells[i] = sequence->host->counter(sequence->instance, metrics[i].name,
                                                 metrics[i].kind, metrics[i].unit,
                                                 metrics[i].help);
    *worker_state = self;
    return 0;
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

    for (i = 0; i < batch->count; i++)
        if (batch->records[i].kind == MUSTER_KIND_MESSAGE)
            tracker_judge(self->tracker, &batch->records[i]);
    publish(self);
}

static void worker_close(void *worker_state, struct muster_batch *batch)
{
    struct sequence_worker *self = worker_state;

    (void)batch;
    tracker_finish(self->tracker);
    publish(self);
    tracker_free(self->tracker);
    free(self);
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
    .worker_close = worker_close,
};
