/* SPDX-License-Identifier: MIT
 *
 * The steps of a pipeline, in the order in which a datagram meets them.
 */
#include "pipeline.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>

#include "accuse.h"
#include "answers.h"
#include "take.h"

/* ---- records of a batch --------------------------------------------------------------- */

void pipeline_add(struct pipeline *pipeline, const struct muster_record *record)
{
    struct block_way way = {0};

    if (!block_append(pipeline->block, &way, record)) {
        pipeline_publish(pipeline);
        take_next_block(pipeline);
        block_append(pipeline->block, &way, record);
    }
    counter_add(&pipeline->counters.events, 1);
}

void pipeline_begin(struct pipeline *pipeline)
{
    assert(pipeline->from == pipeline->block->records_used); /* all is published */
    if (block_rewind(pipeline->block))
        pipeline->from = 0;
}

/* ---- filters -------------------------------------------------------------------------- */

/* Carries out what a filter asked for, and counts it. */
static void settle(struct pipeline *pipeline, struct filter *filter, uint32_t in)
{
    struct batch_change change = batch_settle(&pipeline->batch);

    counter_add(&filter->in, in);
    counter_add(&filter->emitted, change.emitted);
    counter_add(&filter->dropped, change.dropped);
    counter_add(&filter->held, (uint64_t)change.held - change.released);
    counter_add(&filter->out, pipeline->batch.view.count);
    if (change.failed > 0)
        counter_add(&filter->refused, change.failed);
    if (change.meddled || change.altered || change.why != 0)
        accuse_filter(filter, &change);
}

static void fail(const struct pipeline *pipeline, struct filter *filter)
{
    filter->failed = true;
    log_format(pipeline->host->log, LOG_ERROR, instance_name(filter->instance),
               "this filter has failed and is out of service on worker %u; records pass by it, and "
               "are counted",
               pipeline->id);
}

/* From now on that filter may work on the batch, on this thread. */
static void take_turn(struct pipeline *pipeline, struct filter *filter)
{
    batch_turn(&pipeline->batch, filter->origin);
    pipeline->batch.instance = filter->instance;
    pipeline->batch.plugin = &filter->instance->entry->plugin;
}

/* Runs the batch through the filters from number `first` on. */
static void run_filters(struct pipeline *pipeline, unsigned first)
{
    unsigned i;

    for (i = first; i < pipeline->filter_count && pipeline->batch.view.count > 0; i++) {
        struct filter *filter = &pipeline->filters[i];
        uint32_t in = pipeline->batch.view.count;

        if (!filter->opened) /* the start has failed, and those in front of it are closed */
            continue;
        take_turn(pipeline, filter);
        if (filter->failed)
            counter_add(&filter->passed, in);
        else if (callback_process(filter->instance, filter->state, &pipeline->batch.view) != 0)
            fail(pipeline, filter);
        settle(pipeline, filter, in);
    }
}

/* ---- publish -------------------------------------------------------------------------- */

/* Offers the records of the block from `pipeline->from` on to every sink. */
static void fan_out(struct pipeline *pipeline)
{
    const struct run run = {.block = pipeline->block,
                            .from = pipeline->from,
                            .count = pipeline->block->records_used - pipeline->from};

    if (run.count > 0 && pipeline->answers != NULL && answers_await(pipeline->answers))
        answers_offer(pipeline->answers, &run);
    else if (run.count > 0)
        fanout_offer(&pipeline->fanout, &run);
    pipeline->from = pipeline->block->records_used;
}

/* Puts a batch that filters have put together anew back into the block, in place
 * of what was decoded, and offers it.  It may have outgrown the block; the first
 * block is held until the end, for what its records point to. */
static void fan_out_rebuilt(struct pipeline *pipeline)
{
    struct block *first = pipeline->block;
    struct block_way way = {0};
    uint32_t i;

    block_hold(first);
    pipeline->block->records_used = pipeline->from;
    for (i = 0; i < pipeline->batch.view.count; i++) {
        const struct muster_record *record = &pipeline->batch.view.records[i];

        if (block_append(pipeline->block, &way, record))
            continue;
        fan_out(pipeline);
        take_next_block(pipeline);
        way = (struct block_way){0};
        block_append(pipeline->block, &way, record);
    }
    fan_out(pipeline);
    block_release(first);
}

static void publish(struct pipeline *pipeline)
{
    struct muster_record *records = &pipeline->block->records[pipeline->from];
    uint32_t count = pipeline->block->records_used - pipeline->from;
    const struct batch_memory memory = {.bytes = pipeline->block->bytes,
                                        .size = pipeline->block->bytes_used,
                                        .arrivals = pipeline->block->arrivals,
                                        .arrival_count = pipeline->block->arrivals_used};

    if (count == 0)
        return;
    batch_begin(&pipeline->batch, records, count, &memory);
    run_filters(pipeline, 0);
    if (pipeline->batch.view.records == records)
        fan_out(pipeline);
    else
        fan_out_rebuilt(pipeline);
}

void pipeline_publish(struct pipeline *pipeline)
{
    publish(pipeline);
    if (pipeline->answers != NULL)
        answers_published(pipeline->answers);
}

/* What filter number `i` emits outside of process goes through the filters behind it. */
static void publish_emitted(struct pipeline *pipeline, unsigned i)
{
    settle(pipeline, &pipeline->filters[i], 0);
    run_filters(pipeline, i + 1);
    fan_out_rebuilt(pipeline);
}

/* ---- ticks, and the end --------------------------------------------------------------- */

static void begin_speech(struct pipeline *pipeline)
{
    struct filter *filter = &pipeline->filters[pipeline->speaker];

    batch_begin(&pipeline->batch, NULL, 0, NULL);
    take_turn(pipeline, filter);
}

/* A filter that has a lot to say outside of process is listened to in pieces, so that all of it
 * never is in memory at a time. */
static void move_on(void *context)
{
    struct pipeline *pipeline = context;

    callback_leave();
    pipeline->batch.full = NULL;
    publish_emitted(pipeline, pipeline->speaker);
    begin_speech(pipeline);
    pipeline->batch.full = move_on;
    callback_enter_batch(pipeline->filters[pipeline->speaker].instance, pipeline->speaking,
                         &pipeline->batch.view);
}

/* Filter number `i` has its tick, or its end: what it emits may be moved on meanwhile. */
static struct filter *let_speak(struct pipeline *pipeline, unsigned i, enum callback callback)
{
    pipeline->speaker = i;
    pipeline->speaking = callback;
    begin_speech(pipeline);
    pipeline->batch.full = move_on;
    pipeline->batch.full_context = pipeline;
    return &pipeline->filters[i];
}

static void end_speech(struct pipeline *pipeline)
{
    pipeline->batch.full = NULL;
    publish_emitted(pipeline, pipeline->speaker);
}

static void tick_filter(struct pipeline *pipeline, unsigned i, uint64_t now_ns)
{
    struct filter *filter = let_speak(pipeline, i, CALLBACK_WORKER_TICK);
    uint64_t asked =
        callback_worker_tick(filter->instance, filter->state, &pipeline->batch.view, now_ns);

    filter->next_tick_ns = instance_next_tick(now_ns, asked);
    end_speech(pipeline);
}

/* As long as it is shut. */
static void wait_at_gate(struct gate *gate)
{
    if (!atomic_load(&gate->shut))
        return;
    pthread_mutex_lock(&gate->lock);
    gate->waiting++;
    pthread_cond_broadcast(&gate->changed);
    while (atomic_load(&gate->shut))
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->waiting--;
    pthread_mutex_unlock(&gate->lock);
}

static uint64_t tick(struct pipeline *pipeline, uint64_t now_ns, bool all)
{
    uint64_t next = now_ns + PIPELINE_TICK;
    eventfd_t unused;
    unsigned i;

    assert(pipeline->from == pipeline->block->records_used); /* all is published */
    /* First, and each time: whoever wakes writes it last, perhaps when all is done. */
    eventfd_read(pipeline->wake_fd, &unused);
    if (atomic_exchange(&pipeline->woken, false))
        wait_at_gate(pipeline->gate);
    visit_serve(pipeline);
    notices_look(pipeline, false);
    for (i = 0; i < pipeline->filter_count; i++) {
        struct filter *filter = &pipeline->filters[i];

        if (instance_filter(filter->instance)->worker_tick == NULL || filter->failed)
            continue;
        if (atomic_exchange(&filter->woken, false) || all || now_ns >= filter->next_tick_ns)
            tick_filter(pipeline, i, now_ns);
        if (filter->next_tick_ns < next)
            next = filter->next_tick_ns;
    }
    if (pipeline->answers != NULL)
        answers_published(pipeline->answers);
    return next;
}

bool pipeline_forget(struct pipeline *pipeline, unsigned i, uint32_t device)
{
    struct filter *filter = let_speak(pipeline, i, CALLBACK_FORGET);
    bool was_known =
        callback_forget(filter->instance, filter->state, &pipeline->batch.view, device);

    end_speech(pipeline);
    return was_known;
}

void pipeline_wake(struct pipeline *pipeline, const struct muster_instance *instance)
{
    unsigned i;

    for (i = 0; i < pipeline->filter_count; i++)
        if (pipeline->filters[i].instance == instance)
            atomic_store(&pipeline->filters[i].woken, true);
    atomic_store(&pipeline->woken, true);
    eventfd_write(pipeline->wake_fd, 1);
}

uint64_t pipeline_tick(struct pipeline *pipeline, uint64_t now_ns)
{
    return tick(pipeline, now_ns, false);
}

uint64_t pipeline_tick_all(struct pipeline *pipeline, uint64_t now_ns)
{
    return tick(pipeline, now_ns, true);
}

/* What it has not released is lost. */
static void drop_held(struct filter *filter)
{
    uint64_t held = counter_value(&filter->held);

    if (held == 0)
        return;
    counter_add(&filter->dropped, held);
    counter_add(&filter->held, 0 - held);
    instance_bug(filter->instance,
                 "it still holds records when worker_close() returns; they are dropped");
}

void pipeline_close(struct pipeline *pipeline)
{
    unsigned i;

    if (!pipeline->closed)
        notices_look(pipeline, true);
    pipeline->closed = true; /* later, sinks may have ended */
    for (i = 0; i < pipeline->filter_count; i++) {
        struct filter *filter = &pipeline->filters[i];

        if (filter->opened) {
            let_speak(pipeline, i, CALLBACK_WORKER_CLOSE);
            callback_worker_close(filter->instance, filter->state, &pipeline->batch.view,
                                  MUSTER_CALL_STOPPING);
            end_speech(pipeline);
            drop_held(filter);
        }
        filter->opened = false;
    }
    if (pipeline->answers != NULL)
        answers_published(pipeline->answers);
}

/* ---- sums ----------------------------------------------------------------------------- */

bool pipeline_adds_up(const struct pipeline *pipeline)
{
    const struct pipeline_counters *c = &pipeline->counters;
    uint64_t judged = counter_value(&c->decoded) + counter_value(&c->overrun);
    uint64_t left =
        counter_value(&c->records) + counter_value(&c->reject_records) + counter_value(&c->events);
    bool good;
    unsigned i;

    for (i = 0; i < MUSTER_REJECT_REASONS; i++)
        judged += counter_value(&c->rejected[i]);
    good = counter_value(&c->received) == judged;
    for (i = 0; i < pipeline->filter_count; i++) {
        const struct filter *f = &pipeline->filters[i];

        good &= counter_value(&f->in) == left;
        good &= counter_value(&f->in) + counter_value(&f->emitted) ==
                counter_value(&f->out) + counter_value(&f->dropped) + counter_value(&f->held);
        left = counter_value(&f->out);
    }
    if (pipeline->answers != NULL)
        good &= answers_add_up(pipeline->answers);
    return good && left == fanout_offered(&pipeline->fanout) && fanout_adds_up(&pipeline->fanout);
}

void pipeline_check(struct pipeline *pipeline)
{
    if (pipeline->violated || pipeline_adds_up(pipeline))
        return;
    pipeline->violated = true;
    log_format(pipeline->host->log, LOG_ERROR, NULL,
               "bug: the ledger of worker %u does not add up; the summary has the figures",
               pipeline->id);
}
