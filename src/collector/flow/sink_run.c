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

#include <inttypes.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "collector/host/callback.h"
#include "sink_output.h"

#define NAP           (1 * CLOCK_MILLISECOND)
#define HURRIED_RETRY (100 * CLOCK_MILLISECOND) /* the longest while draining */

#define SLOW                                                                                       \
    (100 * CLOCK_MILLISECOND) /* a callback that takes longer is told, to those who debug */

enum { BUSY = 16 /* records between two naps: the line is busy */ };

/* ---- sums ----------------------------------------------------------------------------- */

/* Taken from the queues = written + held + dropped, which are all this thread's own. */
static void check_sums(struct sink *sink)
{
    uint64_t taken = 0;
    unsigned i;

    for (i = 0; i < sink_all_queues(sink); i++)
        taken += atomic_load_explicit(&sink->queues[i].taken, memory_order_relaxed);
    if (sink->violated || taken == counter_value(&sink->written) + counter_value(&sink->held) +
                                       counter_value(&sink->dropped_given_up) +
                                       counter_value(&sink->dropped_failed) +
                                       counter_value(&sink->dropped_stop))
        return;
    sink->violated = true;
    log_line(sink_log(sink), LOG_ERROR, sink_name(sink),
             "bug: the ledger of this sink does not add up; the summary has the figures");
}

/* ---- what is due besides records ------------------------------------------------------ */

static void rotate(struct sink *sink)
{
    int result;

    sink->connect_pause_ns = sink->connect_pause_ns > 0 ? SINK_FIRST_RETRY : 0;
    sink->retry_ns = 0;
    if (sink->connected && counter_value(&sink->held) > 0)
        sink_output_flush(sink, 0);
    if (!sink->connected)
        return;
    if (instance_sink(sink->instance)->rotate == NULL) {
        if (instance_sink(sink->instance)->connect != NULL)
            sink_output_let_go(sink);
        return;
    }
    result = callback_rotate(sink->instance);
    if (result == MUSTER_LOST)
        sink_output_lose(sink);
    else if (result != 0)
        log_line(sink_log(sink), LOG_ERROR, sink_name(sink),
                 "the output could not be reopened; the old one stays in use");
    else
        log_line(sink_log(sink), LOG_DEBUG, sink_name(sink), "the output was reopened");
}

static void reload(struct sink *sink, const struct option_value *values)
{
    if (sink->connected && counter_value(&sink->held) > 0)
        sink_output_flush(sink, 0);
    if (instance_reload(sink->instance, values) == MUSTER_RENEW) {
        atomic_store(&sink->renew, true);
        eventfd_write(sink->finished_fd, 1);
    }
    sink->retry_ns = 0; /* it may have been a setting that was wrong */
}

static void tick(struct sink *sink, uint64_t now)
{
    uint64_t told = host_now(sink->instance->host, MUSTER_CLOCK_MONOTONIC), begun = clock_coarse();
    uint64_t asked = callback_tick(sink->instance, told);
    uint64_t took = clock_coarse() - begun;

    /* What it asks for is on the clock that it was told, which in a replay is another. */
    sink->next_tick_ns = instance_next_tick(now, asked > told ? now + (asked - told) : asked);
    if (took >= SLOW)
        log_format(sink_log(sink), LOG_DEBUG, sink_name(sink), "a tick took %" PRIu64 " ms",
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
        counter_set(&sink->queued, sink_waiting(sink));
        counter_set(&sink->spilled, sink->spill != NULL ? spill_stored(sink->spill) : 0);
        sink->next_check_ns = now + CLOCK_SECOND;
    }
    if (values != NULL)
        reload(sink, values);
    if (must_rotate)
        rotate(sink);
    if (sink->flush_pause_ns > 0 && now >= sink->next_flush_ns && sink->connected)
        sink_output_flush(sink, 0); /* on a busy line the queue never runs empty */
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
    if (sink_is_draining(sink)) {
        struct timespec ts = clock_to_timespec(ns < HURRIED_RETRY ? ns : HURRIED_RETRY);

        nanosleep(&ts, NULL);
        return;
    }
    eventcount_prepare(&sink->orders);
    if (!sink_is_draining(sink) && !has_order(sink))
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
        sink_output_settle(sink, &sink->written, 0);
    else if ((counter_value(&sink->held) >= most_held(sink) ||
              queue_unsettled(queue) >= sink->queue_capacity / 4) &&
             sink->flush_pause_ns == 0)
        sink_output_flush(sink, 0);
}

/* Offers the records once, at least one.  Returns how many were taken, 0 if the plugin cannot now,
 * or is not there any more. */
static uint32_t offer(struct sink *sink, struct queue *queue, const struct muster_record *records,
                      uint32_t count)
{
    int64_t took;

    sink->offered = records;
    sink->offered_count = count;
    sink->offered_of = queue;
    took = callback_write(sink->instance, records, count, sink_output_flags(sink),
                          sink_output_deadline(sink));
    sink->offered = NULL;
    if (took == MUSTER_LOST)
        sink_output_lose(sink);
    else if (took == MUSTER_FAILED)
        sink_output_fail(sink);
    else if (took > 0)
        note_taken(sink, queue, (uint32_t)took);
    return took > 0 ? (uint32_t)took : 0;
}

static void tell_stubborn(const struct sink *sink)
{
    log_format(sink_log(sink), LOG_WARNING, sink_name(sink),
               "write() has taken nothing for more than a second; %" PRIu64
               " records wait, and it is tried again every %d s",
               sink_waiting(sink), (int)(SINK_LONGEST_RETRY / CLOCK_SECOND));
}

/* Hands over one stretch.  Returns whether the plugin has taken it all, or it was dropped; if the
 * output is lost on the way, it will be offered again. */
static bool deliver(struct sink *sink, struct queue *queue, const struct muster_record *records,
                    uint32_t count)
{
    const bool has_failed = sink->failed;
    uint64_t pause = 0;

    while (count > 0 && !sink->failed && !sink_is_late(sink)) {
        uint32_t took = offer(sink, queue, records, count);

        if (!sink->connected && !sink->failed)
            return false;
        records += took;
        count -= took;
        if (count == 0 || sink->failed)
            break;
        if (took == 0 && pause < SINK_LONGEST_RETRY &&
            sink_output_longer(pause) == SINK_LONGEST_RETRY)
            tell_stubborn(sink);
        pause = took > 0 ? SINK_FIRST_RETRY : sink_output_longer(pause);
        log_format(sink_log(sink), LOG_DEBUG, sink_name(sink),
                   "write took %u records and left %u, which are offered again in %" PRIu64 " ms",
                   took, count, pause / CLOCK_MILLISECOND);
        pause_for(sink, pause);
        attend(sink);
        if (!sink->connected)
            return false;
    }
    if (count > 0 && !has_failed && !sink->failed && sink->spill != NULL)
        return false; /* the time to stop is over, and it is spilled */
    if (count > 0) {
        queue_take(queue, count);
        queue_lose(queue);
        counter_add(sink->failed ? &sink->dropped_failed : &sink->dropped_stop, count);
    }
    if (sink->failed)
        queue_settle(queue);
    return sink->failed == has_failed; /* else the rest waits until it is tried again */
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

/* One run of a queue.  Returns false if all queues are to begin anew. */
static bool serve_queue(struct sink *sink, struct queue *queue, uint32_t *seen)
{
    uint32_t slots;
    struct run run;

    if (!queue_peek(queue, &run, &slots))
        return true;
    if (!deliver_run(sink, queue, &run)) {
        (*seen)++;
        return false;
    }
    queue_next(queue, slots);
    /* What nobody holds is settled, and its blocks go back. */
    if (counter_value(&sink->held) == 0)
        queue_settle(queue);
    *seen += run.count;
    return true;
}

/* What is spilled, once that is next. */
static void serve_replay(struct sink *sink, uint32_t *seen)
{
    spill_feed(sink->spill);
    if (sink_is_draining(sink) || !spill_may_replay(sink->spill))
        return; /* the next start goes on with it */
    serve_queue(sink, &sink->queues[sink->queue_count], seen);
    spill_settled(sink->spill);
}

/* One run from each queue.  Returns the number of records looked at. */
static uint32_t serve(struct sink *sink)
{
    uint32_t seen = 0;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        if (!serve_queue(sink, &sink->queues[i], &seen))
            return seen;
    if (sink->spill != NULL)
        serve_replay(sink, &seen);
    return seen;
}

static bool has_work(struct sink *sink)
{
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        if (!queue_is_empty(&sink->queues[i]))
            return true;
    return sink->spill != NULL && spill_has_work(sink->spill);
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
    if (sink->spill != NULL && spill_next_look(sink->spill) != UINT64_MAX)
        limit = limit < CLOCK_SECOND ? limit : CLOCK_SECOND;
    eventcount_prepare(&sink->work);
    if (!has_work(sink) && !sink_is_draining(sink) && !has_order(sink) &&
        !atomic_load(&sink->woken))
        eventcount_wait(&sink->work, limit);
    eventcount_cancel(&sink->work);
}

/* The sink has failed: waits until it is to be tried again, mostly since somebody says so.  When
 * the daemon stops it is tried once more, if something waits. */
static void wait_for_revival(struct sink *sink)
{
    uint64_t now = clock_coarse(), left = sink->retry_ns > now ? sink->retry_ns - now : 0;

    if (sink_is_draining(sink) && !has_work(sink))
        sink->asked_at_stop = true;
    else if (left == 0 || sink_is_draining(sink))
        sink_output_connect(sink);
    else
        pause_for(sink, left < CLOCK_SECOND ? left : CLOCK_SECOND);
    attend(sink);
}

/* Without an output: tries to get one.  Returns whether to go on; if not, it is time to end, and
 * nothing waits. */
static bool go_without_output(struct sink *sink)
{
    bool draining = sink_is_draining(sink);

    if (sink->failed) {
        wait_for_revival(sink);
        return true;
    }
    if (sink->lost_pause_ns > SINK_FIRST_RETRY && sink->connect_pause_ns == 0)
        pause_for(sink, sink->lost_pause_ns); /* it was lost before anything was delivered */
    if (sink_output_connect(sink) || sink->failed)
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
    if (sink_is_late(sink)) {
        sink_output_flush_at_last(sink);
        return true;
    }
    pause_for(sink, SINK_FIRST_RETRY);
    return false;
}

/* Whether it is time to end, and what is left stays where it is, since it will be spilled. */
static bool leaves_rest(struct sink *sink)
{
    if (sink->spill == NULL || !sink_is_draining(sink) ||
        (!sink_is_late(sink) && !sink_output_is_over(sink)))
        return false;
    if (sink->connected && counter_value(&sink->held) > 0)
        sink_output_flush_at_last(sink);
    return true;
}

/* Whether it is time for it, and not too late. */
static bool may_flush(struct sink *sink)
{
    if (sink_is_draining(sink))
        return !sink_is_late(sink);
    return sink->flush_pause_ns == 0 || clock_coarse() >= sink->next_flush_ns;
}

static void run(struct sink *sink)
{
    const struct timespec nap = clock_to_timespec(NAP);
    uint32_t since_nap = 0; /* records looked at */

    for (;;) {
        bool draining = sink_is_draining(sink); /* read first: then an empty queue stays empty */
        uint32_t seen;

        if (leaves_rest(sink))
            return;
        if (!sink->connected && !sink_output_is_over(sink) && !sink_is_late(sink)) {
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
            sink_output_flush(sink, 0);
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
    sink_output_disconnect(sink);
    check_sums(sink);
    counter_set(&sink->queued, 0);
    note_end();
    atomic_store(&sink->finished, true);
    eventfd_write(sink->finished_fd, 1);
    return NULL;
}
