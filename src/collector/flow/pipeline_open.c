/* SPDX-License-Identifier: MIT
 *
 * How a pipeline is made: its memory, its queues, its filters, and the metrics of all that.
 */
#include "pipeline.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "admit.h"
#include "answers.h"
#include "collector/host/callback.h"

/* The block being filled; while a rebuilt batch moves on, the one that it came from and the one
 * that is full. */
enum { OWN_BLOCKS = 3 };

/* For sinks that are added later, besides those that there are; only addresses. */
enum { FURTHER_BLOCKS = 512 };

static int watch_counters(struct pipeline *pipeline)
{
    struct metrics *m = pipeline->host->metrics;
    const struct pipeline_counters *c = &pipeline->counters;
    const struct {
        const char *name, *unit, *help;
        const struct counter *counter;
    } list[] = {
        {"received", "datagrams", "taken from the kernel", &c->received},
        {"bytes", "bytes", "size of the datagrams received", &c->bytes},
        {"decoded", "datagrams", "received and decoded", &c->decoded},
        {"rejected.too_short", "datagrams", "shorter than the header",
         &c->rejected[MUSTER_REJECT_TOO_SHORT]},
        {"rejected.too_long", "datagrams", "longer than largest_datagram",
         &c->rejected[MUSTER_REJECT_TOO_LONG]},
        {"rejected.unknown_type", "datagrams", "of a message type that does not exist",
         &c->rejected[MUSTER_REJECT_UNKNOWN_TYPE]},
        {"rejected.bad_payload", "datagrams",
         "with a payload that the device's class does not send",
         &c->rejected[MUSTER_REJECT_BAD_PAYLOAD]},
        {"ignored", "datagrams", "decoded, and of a type that their format says to ignore",
         &c->ignored},
        {"records", "records", "made of the decoded datagrams", &c->records},
        {"events", "records", "added by the collector itself, on what it drops and rejects",
         &c->events},
        {"kernel_drops", "datagrams", "dropped by the kernel: the receive buffer was full",
         &c->kernel_drops},
        {"checksum_errors", "datagrams", "dropped by the kernel: wrong checksum",
         &c->checksum_errors},
        {"refused", "datagrams", "refused by the kernel while the collector stopped", &c->refused},
        {"copies", "datagrams", "copies of broadcast and multicast, left to another worker",
         &c->copies},
        {"handed_over", "datagrams", "received by a worker and handed to the device's own",
         &c->handed_over},
        {"overrun", "datagrams", "of a device whose worker had no room for what others received",
         &c->overrun},
        {"receive_calls", "calls", "receive calls that brought datagrams", &c->calls},
    };
    size_t i;

    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        if (metrics_watch(m, pipeline, "collector", list[i].name, list[i].unit, list[i].help,
                          list[i].counter) < 0)
            return -1;
    return 0;
}

/* Reasons that there are only if the configuration has them. */
static int watch_further_reasons(struct pipeline *pipeline)
{
    const struct counter *rejected = pipeline->counters.rejected;
    const bool admits = pipeline->admit != NULL, declared = pipeline->formats != NULL;
    const struct {
        bool is_there;
        const char *name, *help;
        const struct counter *counter;
    } list[] = {
        {admits, "rejected.source", "from an address that may not send them",
         &rejected[MUSTER_REJECT_SOURCE]},
        {admits, "rejected.rate", "more than may come from an address, or of a device",
         &rejected[MUSTER_REJECT_RATE]},
        {admits || declared, "rejected.unknown_device",
         "of a device that the catalog does not list, or that cannot be received",
         &rejected[MUSTER_REJECT_UNKNOWN_DEVICE]},
        {declared, "rejected.no_format", "of no format that their listener takes",
         &rejected[MUSTER_REJECT_NO_FORMAT]},
        {declared, "rejected.bad_length", "whose length does not fit their format",
         &rejected[MUSTER_REJECT_BAD_LENGTH]},
        {declared, "rejected.bad_check", "with a wrong check of their format's own",
         &rejected[MUSTER_REJECT_BAD_CHECK]},
    };
    size_t i;

    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        if (list[i].is_there &&
            metrics_watch(pipeline->host->metrics, pipeline, "collector", list[i].name, "datagrams",
                          list[i].help, list[i].counter) < 0)
            return -1;
    return 0;
}

static int open_filter(struct pipeline *pipeline, struct filter *filter,
                       struct muster_instance *instance, uint8_t origin)
{
    const struct {
        const char *name, *help;
        const struct counter *counter;
    } list[] = {
        {"in", "came to this filter", &filter->in},
        {"emitted", "added by this filter", &filter->emitted},
        {"out", "left this filter", &filter->out},
        {"dropped", "taken out by this filter", &filter->dropped},
        {"passed", "passed by this filter, which has failed", &filter->passed},
        {"refused", "were to be added by this filter, and could not be", &filter->refused},
    };
    size_t i;

    filter->instance = instance;
    filter->origin = origin;
    if (callback_worker_open(instance, pipeline->id, pipeline->count, &filter->state) != 0)
        return -1;
    filter->opened = true;
    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        if (metrics_watch(pipeline->host->metrics, pipeline, instance_name(instance), list[i].name,
                          "records", list[i].help, list[i].counter) < 0)
            return -1;
    return metrics_watch_gauge(pipeline->host->metrics, pipeline, instance_name(instance), "held",
                               "records", "held by this filter, which hands them on later",
                               &filter->held);
}

static int allocate(struct pipeline *pipeline, const struct pipeline_settings *settings)
{
    uint32_t blocks = OWN_BLOCKS + fanout_blocks(settings->sinks, settings->sink_count);
    uint32_t most = settings->overflow == OVERFLOW_DROP ? 4 * blocks + FURTHER_BLOCKS : blocks;

    pipeline->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pipeline->wake_fd < 0 || pool_open(&pipeline->pool, blocks, most) < 0)
        return -1;
    if (fanout_open(&pipeline->fanout, settings->id, settings->overflow, settings->sinks,
                    settings->sink_count, settings->sink_room, &pipeline->pool) < 0)
        return -1;
    if (notices_open(&pipeline->notices, settings->sinks, settings->sink_count, settings->sink_room,
                     settings->id == 0) < 0)
        return -1;
    pipeline->block = pool_take(&pipeline->pool);
    pipeline->filters = calloc(settings->filter_count + 1, sizeof *pipeline->filters);
    if (pipeline->filters == NULL || answers_new(&pipeline->answers, pipeline, settings->front,
                                                 settings->rates, settings->listener_count) < 0)
        return -1;
    log_format(settings->host->log, LOG_DEBUG, NULL,
               "worker %u: %" PRIu32 " blocks of %zu KiB at most, of %d records each", settings->id,
               blocks, sizeof(struct block) / 1024, BLOCK_RECORDS);
    return watch_counters(pipeline) == 0 ? watch_further_reasons(pipeline) : -1;
}

/* Whether anybody wants to have them. */
static void see_rejects(struct pipeline *pipeline)
{
    const struct fanout *fanout = &pipeline->fanout;
    unsigned i;

    pipeline->keep_rejects = pipeline->filters_keep_rejects;
    for (i = 0; i < fanout->active_count; i++)
        pipeline->keep_rejects |= (fanout->kinds[fanout->active[i]] & MUSTER_TAKES_REJECTS) != 0;
}

int pipeline_make_blocks(struct pipeline *pipeline, uint32_t of_sinks)
{
    return pool_grow(&pipeline->pool, OWN_BLOCKS + of_sinks);
}

void pipeline_change_sinks(struct pipeline *pipeline, unsigned first, unsigned added,
                           const unsigned *removed, unsigned removed_count)
{
    unsigned i;

    for (i = 0; i < added; i++)
        fanout_add(&pipeline->fanout, first + i);
    for (i = 0; i < removed_count; i++)
        fanout_remove(&pipeline->fanout, removed[i]);
    pipeline->notices.sink_count = first + added;
    see_rejects(pipeline);
}

int pipeline_open(struct pipeline *pipeline, const struct pipeline_settings *settings,
                  struct problems *problems)
{
    unsigned i;

    assert(settings->id < settings->count && settings->filter_count <= UINT8_MAX);
    memset(pipeline, 0, sizeof *pipeline);
    pipeline->id = settings->id;
    pipeline->count = settings->count;
    pipeline->host = settings->host;
    pipeline->largest = settings->largest;
    pipeline->admit = settings->admit;
    pipeline->formats = settings->formats;
    pipeline->told_strangers = settings->told_strangers;
    pipeline->wake_fd = -1;
    pipeline->gate = settings->gate;
    visit_init(&pipeline->visit);
    batch_init(&pipeline->batch, pipeline->id, pipeline->count, pipeline->host->numbers);
    for (i = 0; i < settings->filter_count; i++)
        pipeline->filters_keep_rejects |=
            (instance_filter(&settings->filters[i])->takes & MUSTER_TAKES_REJECTS) != 0;
    if (allocate(pipeline, settings) < 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot set up worker %u: %s", pipeline->id,
                      strerror(errno));
        return -1;
    }
    see_rejects(pipeline);
    if (pipeline->answers != NULL && answers_deaf_sink(pipeline->answers) != NULL) {
        problems_note(problems, LOG_ERROR, NULL,
                      "answers wait for the sink %s, which takes no messages; see after in the "
                      "reply of the format",
                      answers_deaf_sink(pipeline->answers));
        return -1;
    }
    for (i = 0; i < settings->filter_count; i++) {
        pipeline->filter_count++;
        if (open_filter(pipeline, &pipeline->filters[i], &settings->filters[i], (uint8_t)(i + 1)) <
            0) {
            problems_note(problems, LOG_ERROR, NULL,
                          "the filter %s could not be opened on worker %u (%s:%u)",
                          instance_name(&settings->filters[i]), pipeline->id,
                          settings->filters[i].entry->file, settings->filters[i].entry->line);
            return -1;
        }
    }
    return 0;
}

void pipeline_free(struct pipeline *pipeline)
{
    metrics_remove(pipeline->host->metrics, pipeline);
    batch_free(&pipeline->batch);
    free(pipeline->filters);
    notices_close(&pipeline->notices);
    fanout_close(&pipeline->fanout);
    answers_free(pipeline->answers);
    pool_close(&pipeline->pool);
    visit_free(&pipeline->visit);
    if (pipeline->wake_fd >= 0)
        close(pipeline->wake_fd);
    memset(pipeline, 0, sizeof *pipeline);
}
