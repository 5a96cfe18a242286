/* SPDX-License-Identifier: MIT
 *
 * The thread of a sink: take a run of records from each worker's queue, hand the
 * plugin those that it wants, sleep when there is nothing.
 *
 * A wake-up costs more than all the rest (futex, scheduler, a cold cache).  So on
 * a busy line the sink does not wait for a notification but takes a short nap, during which
 * nobody has to wake it, and finds a larger run afterwards.  Where the pipelines wait for the sinks
 * it need not: there it is woken only when there is much to do (fanout.c).
 */
#include "sink.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "collector/host/callback.h"

#define NAP           (1 * CLOCK_MILLISECOND)
#define FIRST_RETRY   (10 * CLOCK_MILLISECOND)
#define LONGEST_RETRY (2 * CLOCK_SECOND)

#define SLOW                                                                                       \
    (100 * CLOCK_MILLISECOND) /* a callback that takes longer is told, to those who debug */

enum { BUSY = 16 /* records between two naps: the line is busy */ };

static struct log *log_of(const struct sink *sink)
{
    return sink->instance->host->log;
}

static const char *name_of(const struct sink *sink)
{
    return instance_name(sink->instance);
}

int sink_init(struct sink *sink, struct muster_instance *instance, unsigned pipelines,
              enum overflow overflow, int finished_fd)
{
    size_t size = pipelines * sizeof *sink->queues;

    assert(instance->opened && pipelines > 0);
    memset(sink, 0, sizeof *sink);
    sink->instance = instance;
    sink->overflow = overflow;
    sink->finished_fd = finished_fd;
    sink->queue_count = pipelines;
    sink->queue_capacity = (uint32_t)instance->entry->queue / pipelines;
    if (sink->queue_capacity < QUEUE_LEAST)
        sink->queue_capacity = QUEUE_LEAST;
    sink->queues = aligned_alloc(_Alignof(struct queue), size);
    if (sink->queues == NULL)
        return -1;
    memset(sink->queues, 0, size);
    return 0;
}

void sink_destroy(struct sink *sink)
{
    unsigned i;

    metrics_remove(sink->instance->host->metrics, sink);
    for (i = 0; sink->queues != NULL && i < sink->queue_count; i++)
        queue_close(&sink->queues[i]);
    free(sink->queues);
    sink->queues = NULL;
}

/* Cuts off the next stretch of records that the sink wants, mostly all.  Returns its
 * length, 0 at the end. */
static uint32_t next_stretch(const struct sink *sink, const struct run *run, uint32_t *at)
{
    const struct muster_record *records = &run->block->records[run->from];
    uint32_t end;

    if (run->whole)
        return run->count - *at;
    while (*at < run->count && !sink_wants(sink, &records[*at]))
        (*at)++;
    for (end = *at; end < run->count && sink_wants(sink, &records[end]); end++)
        ;
    return end - *at;
}

static bool is_draining(struct sink *sink)
{
    return atomic_load(&sink->draining) != 0;
}

static bool is_late(struct sink *sink)
{
    return is_draining(sink) && clock_monotonic() >= atomic_load(&sink->deadline_ns);
}

/* consumed = written + dropped, which are all this thread's own. */
static void check_sums(struct sink *sink)
{
    uint64_t consumed = 0;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        consumed += atomic_load_explicit(&sink->queues[i].consumed, memory_order_relaxed);
    if (sink->violated || consumed == counter_value(&sink->written) +
                                          counter_value(&sink->dropped_failed) +
                                          counter_value(&sink->dropped_stop))
        return;
    sink->violated = true;
    log_line(log_of(sink), LOG_ERROR, name_of(sink),
             "bug: the ledger of this sink does not add up; the summary has the figures");
}

static void fail(struct sink *sink)
{
    sink->failed = true;
    log_line(log_of(sink), LOG_ERROR, name_of(sink),
             "this sink has failed and is out of service; records for it are dropped and counted");
}

static void rotate(struct sink *sink)
{
    if (instance_api(sink->instance)->rotate == NULL)
        return;
    if (callback_rotate(sink->instance) != 0)
        log_line(log_of(sink), LOG_ERROR, name_of(sink),
                 "the output could not be reopened; the old one stays in use");
    else
        log_line(log_of(sink), LOG_DEBUG, name_of(sink), "the output was reopened");
}

static void tick(struct sink *sink, uint64_t now)
{
    uint64_t told = host_now(sink->instance->host, MUSTER_CLOCK_MONOTONIC), begun = clock_coarse();
    uint64_t asked = callback_tick(sink->instance, told);
    uint64_t took = clock_coarse() - begun;

    /* What it asks for is on the clock that it was told, which in a replay is another. */
    sink->next_tick_ns = instance_next_tick(now, asked > told ? now + (asked - told) : asked);
    if (took >= SLOW)
        log_format(log_of(sink), LOG_DEBUG, name_of(sink), "a tick took %" PRIu64 " ms",
                   took / CLOCK_MILLISECOND);
}

/* What is due besides records. */
static void attend(struct sink *sink)
{
    bool must_rotate = atomic_exchange(&sink->rotate, false);
    uint64_t now = clock_coarse();

    if (now >= sink->next_check_ns) {
        check_sums(sink);
        sink->next_check_ns = now + CLOCK_SECOND;
    }
    if (sink->failed)
        return;
    if (must_rotate)
        rotate(sink);
    if (instance_api(sink->instance)->tick != NULL && now >= sink->next_tick_ns)
        tick(sink, now);
}

/* A pause before the rest is offered again; draining cuts it short. */
static void wait_to_retry(struct sink *sink, uint64_t *pause)
{
    if (is_draining(sink)) {
        struct timespec ts = clock_to_timespec(FIRST_RETRY);

        nanosleep(&ts, NULL);
        return;
    }
    eventcount_prepare(&sink->orders);
    if (!is_draining(sink) && !atomic_load(&sink->rotate))
        eventcount_wait(&sink->orders, *pause);
    eventcount_cancel(&sink->orders);
    *pause = *pause * 2 < LONGEST_RETRY ? *pause * 2 : LONGEST_RETRY;
}

/* Hands over one stretch, until the plugin has taken it all or has failed. */
static void deliver(struct sink *sink, struct queue *queue, const struct muster_record *records,
                    uint32_t count)
{
    uint64_t pause = FIRST_RETRY;
    int64_t took;

    while (count > 0 && !sink->failed && !is_late(sink)) {
        took = callback_write(sink->instance, records, count);
        if (took < 0 || took > count) {
            if (took > count)
                log_format(log_of(sink), LOG_ERROR, name_of(sink),
                           "bug in the plugin: write() took %lld of %u records", (long long)took,
                           count);
            fail(sink);
            break;
        }
        sink->unflushed |= took > 0;
        counter_add(&sink->written, (uint64_t)took);
        queue_consume(queue, (uint32_t)took);
        records += took;
        count -= (uint32_t)took;
        if (count > 0) {
            if (took > 0)
                pause = FIRST_RETRY;
            log_format(log_of(sink), LOG_DEBUG, name_of(sink),
                       "write took %lld records and left %u, which are offered again in %" PRIu64
                       " ms",
                       (long long)took, count, pause / CLOCK_MILLISECOND);
            wait_to_retry(sink, &pause);
            attend(sink);
        }
    }
    if (count > 0) {
        counter_add(sink->failed ? &sink->dropped_failed : &sink->dropped_stop, count);
        queue_consume(queue, count);
    }
}

/* One run from each queue.  Returns the number of records looked at. */
static uint32_t serve(struct sink *sink)
{
    uint32_t seen = 0;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++) {
        struct queue *queue = &sink->queues[i];
        struct run run;
        uint32_t slots, at = 0, length;

        if (!queue_peek(queue, &run, &slots))
            continue;
        while ((length = next_stretch(sink, &run, &at)) > 0) {
            deliver(sink, queue, &run.block->records[run.from + at], length);
            at += length;
        }
        queue_done(queue, &run, slots);
        seen += run.count;
    }
    return seen;
}

/* Has the plugin deliver what it holds.  If it cannot yet, unflushed stays, and
 * rest() does not sleep for long. */
static void flush(struct sink *sink, uint64_t deadline_ns)
{
    int64_t given_up = sink->failed ? 0 : callback_flush(sink->instance, deadline_ns);

    sink->unflushed = given_up == MUSTER_AGAIN;
    if (!sink->unflushed)
        sink->flush_pause_ns = 0;
    else if (sink->flush_pause_ns == 0)
        sink->flush_pause_ns = FIRST_RETRY;
    else if (sink->flush_pause_ns * 2 < LONGEST_RETRY)
        sink->flush_pause_ns *= 2;
    else
        sink->flush_pause_ns = LONGEST_RETRY;
    if (sink->unflushed)
        log_format(log_of(sink), LOG_DEBUG, name_of(sink),
                   "flush left something, and is called again in %" PRIu64 " ms",
                   sink->flush_pause_ns / CLOCK_MILLISECOND);
    if (given_up < 0 && !sink->unflushed)
        fail(sink);
    if (given_up > 0)
        counter_add(&sink->given_up, (uint64_t)given_up);
}

/* The last one: again and again until it is done or time is over. */
static void flush_finally(struct sink *sink)
{
    const struct timespec pause = clock_to_timespec(FIRST_RETRY);

    for (;;) {
        bool late = is_late(sink);

        flush(sink, atomic_load(&sink->deadline_ns));
        if (!sink->unflushed)
            return;
        if (late) {
            log_line(log_of(sink), LOG_ERROR, name_of(sink),
                     "what the sink still holds could not be delivered in the time to stop");
            return;
        }
        nanosleep(&pause, NULL);
    }
}

static bool has_work(struct sink *sink)
{
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        if (!queue_is_empty(&sink->queues[i]))
            return true;
    return false;
}

/* Sleeps until there is something to do. */
static void rest(struct sink *sink)
{
    uint64_t now = clock_coarse();
    uint64_t limit = UINT64_MAX;

    if (instance_api(sink->instance)->tick != NULL && !sink->failed)
        limit = sink->next_tick_ns > now ? sink->next_tick_ns - now + CLOCK_COARSE_LAG : 1;
    if (sink->unflushed && sink->flush_pause_ns < limit)
        limit = sink->flush_pause_ns;
    eventcount_prepare(&sink->work);
    if (!has_work(sink) && !is_draining(sink) && !atomic_load(&sink->rotate))
        eventcount_wait(&sink->work, limit);
    eventcount_cancel(&sink->work);
}

static void *run(void *argument)
{
    struct sink *sink = argument;
    const struct timespec nap = clock_to_timespec(NAP);
    uint32_t since_nap = 0; /* records looked at */

    sink->next_tick_ns = sink->next_check_ns = clock_coarse() + CLOCK_SECOND;
    for (;;) {
        bool draining = is_draining(sink); /* read first: then an empty queue stays empty */
        uint32_t seen = serve(sink);

        attend(sink);
        since_nap += seen;
        if (seen > 0)
            continue;
        if (draining)
            break;
        if (sink->unflushed)
            flush(sink, 0);
        if (since_nap >= BUSY && sink->overflow == OVERFLOW_DROP)
            nanosleep(&nap, NULL);
        else if (!has_work(sink))
            rest(sink);
        since_nap = 0;
    }
    flush_finally(sink);
    atomic_store(&sink->finished, true);
    eventfd_write(sink->finished_fd, 1);
    return NULL;
}

static int watch_counters(struct sink *sink)
{
    struct metrics *m = sink->instance->host->metrics;
    const char *name = instance_name(sink->instance);
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        if (metrics_watch(m, sink, name, "offered", "records", "brought to this sink",
                          &sink->queues[i].offered) < 0 ||
            metrics_watch(m, sink, name, "dropped.full", "records", "dropped: the queue was full",
                          &sink->queues[i].dropped) < 0)
            return -1;
    if (metrics_watch(m, sink, name, "written", "records", "taken by this sink", &sink->written) <
            0 ||
        metrics_watch(m, sink, name, "dropped.given_up", "records",
                      "of the written ones, those that the sink could not deliver in the end",
                      &sink->given_up) < 0 ||
        metrics_watch(m, sink, name, "dropped.failed", "records", "dropped: the sink gave up",
                      &sink->dropped_failed) < 0 ||
        metrics_watch(m, sink, name, "dropped.stop", "records",
                      "dropped: the time to stop was over", &sink->dropped_stop) < 0)
        return -1;
    return 0;
}

int sink_start(struct sink *sink)
{
    int error = watch_counters(sink) < 0 ? ENOMEM : 0;

    if (error == 0)
        error = pthread_create(&sink->thread, NULL, run, sink);
    sink->started = error == 0;
    if (sink->started)
        pthread_setname_np(sink->thread, name_of(sink)); /* too long a name: no name */
    return error;
}

void sink_rotate(struct sink *sink)
{
    atomic_store(&sink->rotate, true);
    eventcount_notify(&sink->work);
    eventcount_notify(&sink->orders);
}

void sink_drain(struct sink *sink, uint64_t deadline_ns)
{
    atomic_store(&sink->deadline_ns, deadline_ns);
    atomic_store(&sink->draining, 1);
    eventcount_notify(&sink->work);
    eventcount_notify(&sink->orders);
}

bool sink_join(struct sink *sink)
{
    if (!sink->started || sink->stuck)
        return true;
    if (!atomic_load(&sink->finished))
        return false;
    pthread_join(sink->thread, NULL);
    sink->started = false;
    return true;
}

static struct sink_account take_account(const struct sink *sink)
{
    struct sink_account account = {
        .written = counter_value(&sink->written) - counter_value(&sink->given_up),
        .dropped_failed = counter_value(&sink->dropped_failed) + counter_value(&sink->given_up),
        .dropped_stop = counter_value(&sink->dropped_stop),
    };
    uint64_t consumed = 0;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++) {
        consumed += atomic_load(&sink->queues[i].consumed);
        account.dropped_full += counter_value(&sink->queues[i].dropped);
        account.offered += counter_value(&sink->queues[i].offered);
    }
    account.queued = account.offered - account.dropped_full - consumed;
    return account;
}

void sink_abandon(struct sink *sink)
{
    struct sink_account *last = &sink->last_account;

    /* The thread may wake up in between, so what it has is what remains. */
    sink->stuck = true;
    *last = take_account(sink);
    last->queued = 0;
    last->dropped_stuck = last->offered - last->written - last->dropped_full -
                          last->dropped_failed - last->dropped_stop;
}

struct sink_account sink_account(const struct sink *sink)
{
    return sink->stuck ? sink->last_account : take_account(sink);
}

bool sink_account_adds_up(const struct sink_account *account)
{
    return account->offered == account->written + account->queued + account->dropped_full +
                                   account->dropped_failed + account->dropped_stop +
                                   account->dropped_stuck;
}
