/* SPDX-License-Identifier: MIT
 *
 * The filter "reorder": each record waits for a while, and goes on in the order of the time stamps
 * that the devices gave.
 *
 * A record must go at the first tick after it has waited for the window, or early if too many wait;
 * whatever has an older time stamp goes before it.  So what goes is in order, but for a record that
 * comes when a newer one has gone, and one without a time stamp to go by: these go at once.
 */
#include <stdlib.h>

#include <muster/plugin.h>

#include "../common/plugin_metric.h"
#include "waiting.h"

/* A tick that is asked for is not earlier than that: records that follow each other share one. */
#define TICK_LEAST UINT64_C(10000000)

static const struct muster_option options[] = {
    {.name = "window",
     .type = MUSTER_OPTION_DURATION,
     .fallback = "2s",
     .min = INT64_C(1000000),
     .max = INT64_C(3600000000000),
     .summary = "How long each record waits for older ones"},
    {.name = "most",
     .type = MUSTER_OPTION_INT,
     .fallback = "65536",
     .min = 1,
     .max = 1 << 24,
     .summary = "How many records wait on a worker at most; beyond that the oldest goes early"},
};

struct reorder {
    const struct muster_host *host;
    struct muster_instance *instance;
    uint64_t window_ns;
    uint32_t most;
};

struct worker {
    const struct reorder *reorder;
    const struct muster_host *host;
    struct waiting waiting;
    uint32_t *last; /* by device: the place of its last record that waits, plus 1; 0: none does */
    uint32_t devices;
    bool has_released; /* something, in this batch */
    bool has_gone;     /* a record in its turn; its time stamp: */
    int64_t gone_ns;
    struct muster_cell *too_late, *early, *untimed;
};

/* The message that is in front of an event, in the batch. */
struct front {
    bool known;
    uint32_t device;
    uint32_t place; /* WAITING_NONE: it goes on at once */
};

/* ---- out ------------------------------------------------------------------------------ */

static void forget_last(struct worker *self, uint32_t place, uint32_t device)
{
    if (device < self->devices && self->last[device] == place + 1)
        self->last[device] = 0;
}

/* Lets the first one go, behind record `after` of the batch.  Returns false if memory is short:
 * then it waits on. */
static bool let_go(struct worker *self, struct muster_batch *batch, uint32_t after)
{
    const uint32_t first = waiting_first(&self->waiting);
    struct waiting_place *place = &self->waiting.places[first];
    uint32_t at, device = UINT32_MAX;

    if (place->record != NULL && (place->record->marks & MUSTER_MARK_DEVICE) != 0)
        device = place->record->device;
    for (at = first; at != WAITING_NONE; at = place->follower) {
        place = &self->waiting.places[at];
        if (place->record != NULL && self->host->release(batch, after, place->record) != 0)
            return false;
        place->record = NULL;
        self->has_released = true;
        if (at == first) {
            self->has_gone = true;
            self->gone_ns = place->time_ns;
            forget_last(self, first, device);
        }
    }
    waiting_remove_first(&self->waiting);
    return true;
}

static uint32_t end_of(const struct muster_batch *batch)
{
    return batch->count > 0 ? batch->count - 1 : 0;
}

/* All that must go by then, and what is older. */
static void let_go_until(struct worker *self, struct muster_batch *batch, uint64_t now_ns)
{
    while (waiting_first(&self->waiting) != WAITING_NONE &&
           waiting_until(&self->waiting) <= now_ns && let_go(self, batch, end_of(batch)))
        ;
}

/* ---- in ------------------------------------------------------------------------------- */

/* Has the oldest go if there is no room.  Returns false if there is none after all. */
static bool make_room(struct worker *self, struct muster_batch *batch)
{
    if (!waiting_is_full(&self->waiting))
        return true;
    muster_cell_add(self->early, 1);
    return let_go(self, batch, end_of(batch));
}

/* Goes on at once: as it is, or behind what was let go out of the same batch. */
static void pass(struct worker *self, struct muster_batch *batch, uint32_t index)
{
    const struct muster_record *held = self->has_released ? self->host->hold(batch, index) : NULL;

    if (held != NULL)
        self->host->release(batch, end_of(batch), held);
}

/* Whether the time stamp says something.  One of the future would have all others go before it, and
 * what comes then be too late. */
static bool is_timed(const struct worker *self, const struct muster_record *record)
{
    return record->device_time_ns != 0 &&
           record->device_time_ns <= (int64_t)(record->arrival_ns + self->reorder->window_ns);
}

/* Whether there is no room, and it would be the first to go. */
static bool is_oldest_of_too_many(const struct worker *self, const struct muster_record *record)
{
    const struct waiting *waiting = &self->waiting;

    return waiting_is_full(waiting) &&
           record->device_time_ns < waiting->places[waiting_first(waiting)].time_ns;
}

/* Returns its place, or WAITING_NONE if it goes on at once. */
static uint32_t take_message(struct worker *self, struct muster_batch *batch, uint32_t index,
                             uint64_t now_ns)
{
    const struct muster_record *record = &batch->records[index], *held;
    uint32_t place;

    if (!is_timed(self, record)) {
        muster_cell_add(self->untimed, 1);
        pass(self, batch, index);
        return WAITING_NONE;
    }
    if (self->has_gone && record->device_time_ns < self->gone_ns) {
        muster_cell_add(self->too_late, 1);
        pass(self, batch, index);
        return WAITING_NONE;
    }
    if (is_oldest_of_too_many(self, record)) {
        muster_cell_add(self->early, 1);
        self->has_gone = true;
        self->gone_ns = record->device_time_ns;
        pass(self, batch, index);
        return WAITING_NONE;
    }
    if (!make_room(self, batch))
        return WAITING_NONE;
    held = self->host->hold(batch, index);
    if (held == NULL)
        return WAITING_NONE;
    place =
        waiting_add(&self->waiting, held, held->device_time_ns, now_ns + self->reorder->window_ns);
    if ((held->marks & MUSTER_MARK_DEVICE) != 0 && held->device < self->devices)
        self->last[held->device] = place + 1;
    return place;
}

/* An event waits with the record that it is about: the one in front of it, or the last one of its
 * device that waits. */
static void take_event(struct worker *self, struct muster_batch *batch, uint32_t index,
                       const struct front *front)
{
    const struct muster_record *record = &batch->records[index], *held;
    bool is_front = front->known && front->device == record->device;
    uint32_t place;

    if ((record->marks & MUSTER_MARK_DEVICE) == 0 || record->device >= self->devices ||
        (is_front && front->place == WAITING_NONE) ||
        (!is_front && self->last[record->device] == 0)) {
        pass(self, batch, index);
        return;
    }
    place = is_front ? front->place : self->last[record->device] - 1;
    if (!make_room(self, batch))
        return;
    held = self->host->hold(batch, index);
    if (held == NULL)
        return;
    /* For want of room the one that it is about may have just gone. */
    if (self->last[record->device] == place + 1)
        waiting_follow(&self->waiting, place, held);
    else
        self->host->release(batch, end_of(batch), held);
}

static int process(void *worker_state, struct muster_batch *batch)
{
    struct worker *self = worker_state;
    uint64_t now_ns = self->host->now(self->reorder->instance, MUSTER_CLOCK_MONOTONIC);
    struct front front = {0};
    uint32_t i;

    self->has_released = false;
    for (i = 0; i < batch->count; i++) {
        const struct muster_record *record = &batch->records[i];

        if (record->kind == MUSTER_KIND_MESSAGE) {
            front.known = (record->marks & MUSTER_MARK_DEVICE) != 0;
            front.device = record->device;
            front.place = take_message(self, batch, i, now_ns);
        } else if (record->kind == MUSTER_KIND_EVENT) {
            take_event(self, batch, i, &front);
        }
    }
    let_go_until(self, batch, now_ns);
    return 0;
}

static uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    struct worker *self = worker_state;
    uint64_t until_ns;

    let_go_until(self, batch, now_ns);
    until_ns = waiting_until(&self->waiting);
    if (until_ns == UINT64_MAX)
        return 0;
    return until_ns > now_ns + TICK_LEAST ? until_ns : now_ns + TICK_LEAST;
}

/* ---- open and close ------------------------------------------------------------------- */

static void free_worker(struct worker *self)
{
    if (self == NULL)
        return;
    waiting_close(&self->waiting);
    free(self->last);
    free(self);
}

static void worker_close(void *worker_state, struct muster_batch *batch,
                         const struct muster_call *call)
{
    struct worker *self = worker_state;

    (void)call;
    while (waiting_first(&self->waiting) != WAITING_NONE && let_go(self, batch, 0))
        ;
    free_worker(self);
}

static int worker_open(void *state, uint32_t number, uint32_t workers, void **worker_state)
{
    const struct reorder *reorder = state;
    const struct muster_host *host = reorder->host;
    struct muster_instance *instance = reorder->instance;
    struct worker *self = calloc(1, sizeof *self);

    (void)number;
    (void)workers;
    if (self == NULL)
        goto no_memory;
    self->reorder = reorder;
    self->host = host;
    self->devices = host->device_count(instance);
    self->last = calloc(self->devices, sizeof *self->last);
    if (self->last == NULL || waiting_open(&self->waiting, reorder->most) != 0)
        goto no_memory;
    self->too_late = plugin_metric(host, instance, "too_late", MUSTER_METRIC_COUNTER, "records",
                                   "that came when one with a newer time stamp had gone");
    self->early = plugin_metric(host, instance, "early", MUSTER_METRIC_COUNTER, "records",
                                "that went before their time, since as many as most waited");
    self->untimed = plugin_metric(host, instance, "untimed", MUSTER_METRIC_COUNTER, "records",
                                  "without a time stamp, or with one of the future");
    *worker_state = self;
    return 0;

no_memory:
    host->log(instance, MUSTER_LOG_ERROR, "out of memory for a worker");
    free_worker(self);
    return MUSTER_FAILED;
}

static void close_instance(void *state, const struct muster_call *call)
{
    (void)call;
    free(state);
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct reorder *reorder;

    if (!MUSTER_HOST_HAS(host, release)) {
        host->log(instance, MUSTER_LOG_ERROR,
                  "this musterd cannot hold records; take the one that this plugin came with");
        return MUSTER_FAILED;
    }
    reorder = calloc(1, sizeof *reorder);
    if (reorder == NULL) {
        host->log(instance, MUSTER_LOG_ERROR, "out of memory");
        return MUSTER_FAILED;
    }
    reorder->host = host;
    reorder->instance = instance;
    reorder->window_ns = (uint64_t)host->get_int(instance, "window");
    reorder->most = (uint32_t)host->get_int(instance, "most");
    *state = reorder;
    return 0;
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .worker_open = worker_open,
    .process = process,
    .worker_tick = worker_tick,
    .worker_close = worker_close,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "reorder",
    .version = "1.0",
    .summary = "puts records in the order of their time stamps, within a window",
    .options = options,
    .open = open_instance,
    .close = close_instance,
    .filter = &filter,
};
