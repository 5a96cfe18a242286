/* SPDX-License-Identifier: MIT
 *
 * A filter that adds an event at every tick: the time that it was told, and the time that the
 * host's clocks show then.  A device whose number is 7 has it ask for the next tick early.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <muster/plugin.h>

struct ticker {
    const struct muster_host *host;
    struct muster_instance *instance;
};

struct worker {
    struct ticker *ticker;
    int hurry;
};

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct ticker *self = calloc(1, sizeof *self);

    if (self == NULL)
        return MUSTER_FAILED;
    self->host = host;
    self->instance = instance;
    *state = self;
    return 0;
}

static int open_worker(void *state, uint32_t number, uint32_t workers, void **worker_state)
{
    struct worker *worker = calloc(1, sizeof *worker);

    (void)number;
    (void)workers;
    if (worker == NULL)
        return MUSTER_FAILED;
    worker->ticker = state;
    *worker_state = worker;
    return 0;
}

static int process(void *worker_state, struct muster_batch *batch)
{
    struct worker *worker = worker_state;
    uint32_t i;

    for (i = 0; i < batch->count; i++)
        worker->hurry |= batch->records[i].seq == 7;
    return 0;
}

static uint64_t tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct worker *worker = worker_state;
    struct ticker *self = worker->ticker;
    struct muster_record event = {.kind = MUSTER_KIND_EVENT, .event.event = MUSTER_EVENT_OWN};
    char text[128];
    int hurry = worker->hurry;

    event.payload_size =
        (uint32_t)snprintf(text, sizeof text, "tick-%" PRIu64 "-%" PRIu64 "-%" PRIu64, now_ns,
                           self->host->now(self->instance, MUSTER_CLOCK_MONOTONIC),
                           self->host->now(self->instance, MUSTER_CLOCK_WALL));
    event.payload.bytes = (const uint8_t *)text;
    self->host->emit(batch, 0, &event);
    worker->hurry = 0;
    return hurry ? now_ns + 250000000 : 0;
}

static void close_worker(void *worker_state, struct muster_batch *batch,
                         const struct muster_call *call)
{
    (void)batch;
    (void)call;
    free(worker_state);
}

static void close_instance(void *state, const struct muster_call *call)
{
    (void)call;
    free(state);
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .worker_open = open_worker,
    .process = process,
    .worker_tick = tick,
    .worker_close = close_worker,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof(struct muster_option),
    .name = "ticker",
    .version = "1.0",
    .summary = "tells the time",
    .open = open_instance,
    .close = close_instance,
    .filter = &filter,
};
