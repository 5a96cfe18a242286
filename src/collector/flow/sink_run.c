/* SPDX-License-Identifier: MIT
 *
 * What a sink's thread does: it connects the output, offers records, goes back to those that are
 * not delivered when the output is lost, attends to what else is due, and rests.
 *
 * On a busy line it does not sleep until there are records, but naps when it has emptied its
 * queues: workers then wake nobody, and it finds whole stretches.  While a front waits for it, it
 * is woken only when there is much to do (fanout.c).
 */
#include "sink_run.h"

#include <assert.h>
#include <inttypes.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "collector/host/callback.h"
#include "sink.h"

#define NAP           (1 * CLOCK_MILLISECOND)
#define FIRST_RETRY   (10 * CLOCK_MILLISECOND)
#define LONGEST_RETRY (2 * CLOCK_SECOND)
#define HURRIED_RETRY (100 * CLOCK_MILLISECOND) /* the longest while draining */

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

static bool is_draining(struct sink *sink)
{
    return atomic_load(&sink->draining) != 0;
}

static bool is_late(struct sink *sink)
{
    return is_draining(sink) && clock_monotonic() >= atomic_load(&sink->deadline_ns);
}

static uint32_t call_flags(struct sink *sink)
{
    return is_draining(sink) ? MUSTER_CALL_STOPPING : 0;
}

static uint64_t call_deadline(struct sink *sink)
{
    return is_draining(sink) ? atomic_load(&sink->deadline_ns) : 0;
}

static uint64_t longer(uint64_t pause_ns)
{
    return pause_ns == 0                  ? FIRST_RETRY
           : pause_ns * 2 < LONGEST_RETRY ? pause_ns * 2
                                          : LONGEST_RETRY;
}

/* ---- sums ----------------------------------------------------------------------------- */

static void count(struct counter *counter, uint64_t records)
{
    if (records > 0)
        counter_add(counter, records);
}

/* What the plugin holds goes to that account, all but `given_up` of them. */
static void settle(struct sink *sink, struct counter *account, uint64_t given_up)
{
    uint64_t held = counter_value(&sink->held);
    unsigned i;

    assert(given_up <= held);
    for (i = 0; i < sink->queue_count; i++)
        queue_settle(&sink->queues[i]);
    if (account == &sink->written && sink->lost_pause_ns > 0) {
        sink->lost_pause_ns = 0;
        instance_connected(sink->instance);
    }
    count(account, held - given_up);
    count(&sink->dropped_given_up, given_up);
    counter_set(&sink->held, 0);
}

/* Taken from the queues = written + held + dropped, which are all this thread's own. */
static void check_sums(struct sink *sink)
{
    uint64_t taken = 0;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        taken += atomic_load_explicit(&sink->queues[i].taken, memory_order_relaxed);
    if (sink->violated || taken == counter_value(&sink->written) + counter_value(&sink->held) +
                                       counter_value(&sink->dropped_given_up) +
                                       counter_value(&sink->dropped_failed) +
                                       counter_value(&sink->dropped_stop))
        return;
    sink->violated = true;
    log_line(log_of(sink), LOG_ERROR, name_of(sink),
             "bug: the ledger of this sink does not add up; the summary has the figures");
}

/* ---- the output ----------------------------------------------------------------------- */

static void answer_first_try(struct sink *sink, enum sink_connection answer)
{
    if (atomic_load(&sink->first_try) != SINK_CONNECTING)
        return;
    atomic_store(&sink->first_try, answer);
    eventfd_write(sink->finished_fd, 1);
}

static void fail(struct sink *sink)
{
    sink->failed = true;
    settle(sink, &sink->dropped_failed, 0);
    log_line(log_of(sink), LOG_ERROR, name_of(sink),
             "this sink has failed and is out of service; records for it are dropped and counted");
}

static void disconnect(struct sink *sink)
{
    if (sink->connected)
        callback_disconnect(sink->instance, call_flags(sink), call_deadline(sink));
    sink->connected = false;
}

/* What is held is offered again, to the next output; or dropped, if it is too late for another. */
static void let_go(struct sink *sink)
{
    unsigned i;

    disconnect(sink);
    if (is_late(sink)) {
        settle(sink, &sink->dropped_stop, 0);
        return;
    }
    for (i = 0; i < sink->queue_count; i++)
        queue_rewind(&sink->queues[i]);
    counter_set(&sink->held, 0);
}

static void tell_lost(const struct sink *sink, uint64_t held)
{
    log_format(log_of(sink), LOG_WARNING, name_of(sink),
               "the output is lost; it is connected again, and %" PRIu64
               " records that were taken and may not have arrived are offered again",
               held);
}

/* The output is gone. */
static void lose(struct sink *sink)
{
    uint64_t held = counter_value(&sink->held);

    atomic_store(&sink->instance->trying, true); /* what is said again and again is shown once */
    if (sink->lost_pause_ns == 0)
        tell_lost(sink, held);
    sink->lost_pause_ns = longer(sink->lost_pause_ns);
    let_go(sink);
}

static uint64_t waiting(const struct sink *sink)
{
    struct sink_account account = sink_account(sink);

    return account.queued;
}

static void tell_connected(struct sink *sink)
{
    uint64_t took = clock_monotonic() - sink->trouble_ns;

    log_format(log_of(sink), LOG_INFO, name_of(sink),
               "connected, after %" PRIu64 ".%" PRIu64 " s; %" PRIu64 " records have waited",
               took / CLOCK_SECOND, took / (CLOCK_SECOND / 10) % 10, waiting(sink));
}

static void tell_trouble(struct sink *sink)
{
    sink->trouble_ns = clock_monotonic();
    log_format(log_of(sink), LOG_WARNING, name_of(sink),
               "not connected; it is tried again until it works; %" PRIu64
               " records wait, and the queue has room for %" PRIu64,
               waiting(sink), (uint64_t)sink->queue_capacity * sink->queue_count);
}

/* Tries to connect.  Returns whether it is. */
static bool connect_output(struct sink *sink)
{
    int result;

    atomic_store(&sink->instance->trying, true);
    result = callback_connect(sink->instance, call_flags(sink), call_deadline(sink));
    switch (result) {
    case 0:
        if (sink->lost_pause_ns == 0)
            instance_connected(sink->instance);
        sink->connected = true;
        if (sink->connect_pause_ns > 0)
            tell_connected(sink);
        sink->connect_pause_ns = 0;
        answer_first_try(sink, SINK_CONNECTED);
        return true;
    case MUSTER_AGAIN:
        if (sink->connect_pause_ns == 0)
            tell_trouble(sink);
        sink->connect_pause_ns = longer(sink->connect_pause_ns);
        answer_first_try(sink, SINK_WAITS);
        return false;
    default:
        fail(sink);
        answer_first_try(sink, SINK_REFUSED);
        return false;
    }
}

/* Has the plugin deliver what it holds.  If it cannot yet, that stays held. */
static void flush(struct sink *sink, uint32_t flags)
{
    uint64_t held = counter_value(&sink->held);
    int64_t result =
        callback_flush(sink->instance, held, call_flags(sink) | flags, call_deadline(sink));

    sink->flush_pause_ns = result == MUSTER_AGAIN ? longer(sink->flush_pause_ns) : 0;
    sink->next_flush_ns = clock_coarse() + sink->flush_pause_ns;
    switch (result) {
    case MUSTER_AGAIN:
        log_format(log_of(sink), LOG_DEBUG, name_of(sink),
                   "flush left something, and is called again in %" PRIu64 " ms",
                   sink->flush_pause_ns / CLOCK_MILLISECOND);
        break;
    case MUSTER_LOST:
        lose(sink);
        break;
    case MUSTER_FAILED:
        fail(sink);
        break;
    default:
        settle(sink, &sink->written, (uint64_t)result);
    }
}

/* The last one, when the time to stop is over. */
static void flush_at_last(struct sink *sink)
{
    flush(sink, MUSTER_CALL_FINAL);
    if (counter_value(&sink->held) == 0)
        return;
    log_format(log_of(sink), LOG_ERROR, name_of(sink),
               "%" PRIu64 " records that the sink still holds could not be delivered in the time "
               "to stop",
               counter_value(&sink->held));
    settle(sink, &sink->dropped_stop, 0);
}

/* ---- what is due besides records ------------------------------------------------------ */

static void rotate(struct sink *sink)
{
    int result;

    sink->connect_pause_ns = sink->connect_pause_ns > 0 ? FIRST_RETRY : 0;
    if (sink->connected && counter_value(&sink->held) > 0)
        flush(sink, 0);
    if (!sink->connected || sink->failed)
        return;
    if (instance_sink(sink->instance)->rotate == NULL) {
        if (instance_sink(sink->instance)->connect != NULL)
            let_go(sink);
        return;
    }
    result = callback_rotate(sink->instance);
    if (result == MUSTER_LOST)
        lose(sink);
    else if (result != 0)
        log_line(log_of(sink), LOG_ERROR, name_of(sink),
                 "the output could not be reopened; the old one stays in use");
    else
        log_line(log_of(sink), LOG_DEBUG, name_of(sink), "the output was reopened");
}

static void reload(struct sink *sink, const struct option_value *values)
{
    if (sink->connected && counter_value(&sink->held) > 0)
        flush(sink, 0);
    if (!sink->failed)
        instance_reload(sink->instance, values);
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

static void attend(struct sink *sink)
{
    unsigned orders = atomic_load(&sink->instance->orders); /* first: none is missed */
    const struct option_value *values = atomic_exchange(&sink->reload, NULL);
    bool must_rotate = atomic_exchange(&sink->rotate, false);
    bool woken = atomic_exchange(&sink->woken, false);
    uint64_t now = clock_coarse();

    atomic_store(&sink->instance->heard_orders, orders);
    if (now >= sink->next_check_ns) {
        check_sums(sink);
        counter_set(&sink->queued, waiting(sink));
        sink->next_check_ns = now + CLOCK_SECOND;
    }
    if (values != NULL && !sink->failed)
        reload(sink, values);
    if (must_rotate && !sink->failed)
        rotate(sink);
    if (sink->flush_pause_ns > 0 && now >= sink->next_flush_ns && sink->connected && !sink->failed)
        flush(sink, 0); /* on a busy line the queue never runs empty */
    if (!sink->failed && instance_sink(sink->instance)->tick != NULL &&
        (now >= sink->next_tick_ns || woken))
        tick(sink, now);
}

static bool has_order(struct sink *sink)
{
    return atomic_load(&sink->rotate) || atomic_load(&sink->reload) != NULL;
}

/* A pause before something is tried again; orders cut it short. */
static void pause_for(struct sink *sink, uint64_t ns)
{
    if (is_draining(sink)) {
        struct timespec ts = clock_to_timespec(ns < HURRIED_RETRY ? ns : HURRIED_RETRY);

        nanosleep(&ts, NULL);
        return;
    }
    eventcount_prepare(&sink->orders);
    if (!is_draining(sink) && !has_order(sink))
        eventcount_wait(&sink->orders, ns);
    eventcount_cancel(&sink->orders);
}

/* ---- records -------------------------------------------------------------------------- */

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

/* How many records are held, at the most, while there are more. */
static uint64_t most_held(const struct sink *sink)
{
    uint64_t wish = instance_sink(sink->instance)->hold;
    uint64_t most = (uint64_t)sink->queue_capacity * sink->queue_count / 4;

    if (wish == 0)
        wish = BLOCK_RECORDS;
    return wish < most ? wish : most;
}

/* The plugin has taken these.  Without flush they are delivered, else held. */
static void note_taken(struct sink *sink, struct queue *queue, uint32_t records)
{
    queue_take(queue, records);
    counter_add(&sink->held, records);
    if (instance_sink(sink->instance)->flush == NULL)
        settle(sink, &sink->written, 0);
    else if ((counter_value(&sink->held) >= most_held(sink) ||
              queue_unsettled(queue) >= sink->queue_capacity / 4) &&
             sink->flush_pause_ns == 0)
        flush(sink, 0);
}

/* Offers the records once, at least one.  Returns how many were taken, 0 if the plugin cannot now,
 * or is not there any more. */
static uint32_t offer(struct sink *sink, struct queue *queue, const struct muster_record *records,
                      uint32_t count)
{
    int64_t took =
        callback_write(sink->instance, records, count, call_flags(sink), call_deadline(sink));

    if (took == MUSTER_LOST)
        lose(sink);
    else if (took == MUSTER_FAILED)
        fail(sink);
    else if (took > 0)
        note_taken(sink, queue, (uint32_t)took);
    return took > 0 ? (uint32_t)took : 0;
}

static void tell_stubborn(const struct sink *sink)
{
    log_format(log_of(sink), LOG_WARNING, name_of(sink),
               "write() has taken nothing for more than a second; %" PRIu64
               " records wait, and it is tried again every %d s",
               waiting(sink), (int)(LONGEST_RETRY / CLOCK_SECOND));
}

/* Hands over one stretch.  Returns whether the plugin has taken it all, or it was dropped; if the
 * output is lost on the way, it will be offered again. */
static bool deliver(struct sink *sink, struct queue *queue, const struct muster_record *records,
                    uint32_t count)
{
    uint64_t pause = 0;

    while (count > 0 && !sink->failed && !is_late(sink)) {
        uint32_t took = offer(sink, queue, records, count);

        if (!sink->connected)
            return false;
        records += took;
        count -= took;
        if (count == 0 || sink->failed)
            break;
        if (took == 0 && pause < LONGEST_RETRY && longer(pause) == LONGEST_RETRY)
            tell_stubborn(sink);
        pause = took > 0 ? FIRST_RETRY : longer(pause);
        log_format(log_of(sink), LOG_DEBUG, name_of(sink),
                   "write took %u records and left %u, which are offered again in %" PRIu64 " ms",
                   took, count, pause / CLOCK_MILLISECOND);
        pause_for(sink, pause);
        attend(sink);
        if (!sink->connected)
            return false;
    }
    if (count > 0) {
        queue_take(queue, count);
        counter_add(sink->failed ? &sink->dropped_failed : &sink->dropped_stop, count);
    }
    return true;
}

/* Hands over one run.  Returns false if the output is lost on the way. */
static bool deliver_run(struct sink *sink, struct queue *queue, const struct run *run)
{
    uint32_t skip = queue->run_taken, at = 0, length;

    while ((length = next_stretch(sink, run, &at)) > 0) {
        uint32_t taken = skip < length ? skip : length;

        skip -= taken;
        at += taken;
        length -= taken;
        if (length > 0 && !deliver(sink, queue, &run->block->records[run->from + at], length))
            return false;
        at += length;
    }
    return true;
}

/* One run from each queue.  Returns the number of records looked at. */
static uint32_t serve(struct sink *sink)
{
    uint32_t seen = 0, slots;
    struct run run;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++) {
        struct queue *queue = &sink->queues[i];

        if (!queue_peek(queue, &run, &slots))
            continue;
        if (!deliver_run(sink, queue, &run))
            return seen + 1; /* all queues begin anew */
        queue_next(queue, slots);
        /* What nobody holds is settled, and its blocks go back. */
        if (counter_value(&sink->held) == 0)
            queue_settle(queue);
        seen += run.count;
    }
    return seen;
}

static bool has_work(struct sink *sink)
{
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        if (!queue_is_empty(&sink->queues[i]))
            return true;
    return false;
}

/* ---- the loop ------------------------------------------------------------------------- */

/* Sleeps until there is something to do. */
static void rest(struct sink *sink)
{
    uint64_t now = clock_coarse();
    uint64_t limit = UINT64_MAX;

    if (instance_sink(sink->instance)->tick != NULL && !sink->failed)
        limit = sink->next_tick_ns > now ? sink->next_tick_ns - now + CLOCK_COARSE_LAG : 1;
    if (sink->flush_pause_ns > 0 && sink->flush_pause_ns < limit)
        limit = sink->flush_pause_ns;
    eventcount_prepare(&sink->work);
    if (!has_work(sink) && !is_draining(sink) && !has_order(sink) && !atomic_load(&sink->woken))
        eventcount_wait(&sink->work, limit);
    eventcount_cancel(&sink->work);
}

/* Without an output: tries to get one.  Returns whether to go on; if not, it is time to end, and
 * nothing waits. */
static bool go_without_output(struct sink *sink)
{
    bool draining = is_draining(sink);

    if (sink->lost_pause_ns > FIRST_RETRY && sink->connect_pause_ns == 0)
        pause_for(sink, sink->lost_pause_ns); /* it was lost before anything was delivered */
    if (connect_output(sink) || sink->failed)
        return true;
    if (draining && !has_work(sink))
        return false;
    pause_for(sink, sink->connect_pause_ns);
    attend(sink);
    return true;
}

/* With empty queues.  Returns whether all is done. */
static bool finish(struct sink *sink)
{
    if (counter_value(&sink->held) == 0 || sink->failed)
        return true;
    if (is_late(sink)) {
        flush_at_last(sink);
        return true;
    }
    pause_for(sink, FIRST_RETRY);
    return false;
}

/* Whether it is time for it, and not too late. */
static bool may_flush(struct sink *sink)
{
    if (is_draining(sink))
        return !is_late(sink);
    return sink->flush_pause_ns == 0 || clock_coarse() >= sink->next_flush_ns;
}

static void run(struct sink *sink)
{
    const struct timespec nap = clock_to_timespec(NAP);
    uint32_t since_nap = 0; /* records looked at */

    for (;;) {
        bool draining = is_draining(sink); /* read first: then an empty queue stays empty */
        uint32_t seen;

        if (!sink->connected && !sink->failed && !is_late(sink)) {
            if (!go_without_output(sink))
                return;
            continue;
        }
        seen = serve(sink);
        attend(sink);
        since_nap += seen;
        if (seen > 0)
            continue;
        if (counter_value(&sink->held) > 0 && sink->connected && may_flush(sink))
            flush(sink, 0);
        if (has_work(sink)) /* the output is lost */
            continue;
        if (draining && finish(sink))
            return;
        if (draining)
            continue;
        if (since_nap >= BUSY && sink->overflow == OVERFLOW_DROP)
            nanosleep(&nap, NULL);
        else
            rest(sink);
        since_nap = 0;
    }
}

void *sink_run(void *argument)
{
    struct sink *sink = argument;

    note_begin();
    sink->next_tick_ns = sink->next_check_ns = clock_coarse() + CLOCK_SECOND;
    run(sink);
    disconnect(sink);
    check_sums(sink);
    counter_set(&sink->queued, 0);
    note_end();
    atomic_store(&sink->finished, true);
    eventfd_write(sink->finished_fd, 1);
    return NULL;
}
