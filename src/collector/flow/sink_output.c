/* SPDX-License-Identifier: MIT
 *
 * The output of a sink: connected and lost, and what became of the records that it was given.
 */
#include "sink_output.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "collector/host/callback.h"

uint64_t sink_output_longer(uint64_t pause_ns)
{
    return pause_ns == 0                       ? SINK_FIRST_RETRY
           : pause_ns * 2 < SINK_LONGEST_RETRY ? pause_ns * 2
                                               : SINK_LONGEST_RETRY;
}

static void count(struct counter *counter, uint64_t records)
{
    if (records > 0)
        counter_add(counter, records);
}

/* Something is delivered: what was wrong is over. */
static void note_delivery(struct sink *sink)
{
    uint64_t took = clock_coarse() - sink->trouble_ns;

    if (sink->lost_pause_ns == 0 && sink->failed_pause_ns == 0)
        return;
    if (sink->failed_pause_ns > 0)
        log_format(sink_log(sink), LOG_INFO, sink_name(sink),
                   "it works again, after %" PRIu64 ".%" PRIu64 " s; %" PRIu64 " records wait",
                   took / CLOCK_SECOND, took / (CLOCK_SECOND / 10) % 10, sink_waiting(sink));
    sink->lost_pause_ns = sink->failed_pause_ns = 0;
    instance_connected(sink->instance);
}

void sink_output_settle(struct sink *sink, struct counter *account, uint64_t given_up)
{
    uint64_t held = counter_value(&sink->held);
    unsigned i;

    assert(given_up <= held);
    for (i = 0; i < sink_all_queues(sink); i++) {
        if (given_up > 0 || account != &sink->written)
            queue_lose(&sink->queues[i]);
        queue_settle(&sink->queues[i]);
    }
    if (sink->spill != NULL)
        spill_settled(sink->spill);
    if (account == &sink->written && held > given_up)
        note_delivery(sink);
    count(account, held - given_up);
    count(&sink->dropped_given_up, given_up);
    counter_set(&sink->held, 0);
}

/* Returns whether that was the first, and somebody waits for it. */
static bool answer_first_try(struct sink *sink, enum sink_connection answer)
{
    int expected = SINK_CONNECTING;

    if (!atomic_compare_exchange_strong(&sink->first_try, &expected, (int)answer))
        return false;
    eventfd_write(sink->finished_fd, 1);
    return true;
}

static void set_state(struct sink *sink, enum sink_state state)
{
    if (atomic_load(&sink->state) == state)
        return;
    atomic_store(&sink->state_ns, clock_wall());
    atomic_store(&sink->state, state);
}

/* The first time since it has delivered something. */
static void tell_failed(const struct sink *sink)
{
    if (sink_output_is_over(sink))
        log_line(sink_log(sink), LOG_ERROR, sink_name(sink),
                 "this sink has failed and is out of service; records for it are dropped and "
                 "counted");
    else
        log_format(sink_log(sink), LOG_ERROR, sink_name(sink),
                   "this sink has failed and is out of service; what comes waits, with room for "
                   "%" PRIu64 " records; it is tried again at once on SIGHUP, else in %d s, and "
                   "later every %d min",
                   (uint64_t)sink->queue_capacity * sink->queue_count,
                   (int)(SINK_FIRST_REVIVAL / CLOCK_SECOND),
                   (int)(SINK_LONGEST_REVIVAL / (60 * CLOCK_SECOND)));
}

void sink_output_disconnect(struct sink *sink)
{
    if (sink->connected)
        callback_disconnect(sink->instance, sink_output_flags(sink), sink_output_deadline(sink));
    sink->connected = false;
}

/* Returns whether that is news. */
static bool fail(struct sink *sink)
{
    const bool is_first = sink->failed_pause_ns == 0;
    const uint64_t now = clock_coarse();

    sink_output_settle(sink, &sink->dropped_failed, 0);
    sink_output_disconnect(sink);
    atomic_store(&sink->instance->trying, true); /* what is said again and again is shown once */
    sink->failed = true;
    set_state(sink, SINK_IS_FAILED);
    if (is_first)
        sink->trouble_ns = now;
    sink->failed_pause_ns = is_first ? SINK_FIRST_REVIVAL : sink->failed_pause_ns * 2;
    if (sink->failed_pause_ns > SINK_LONGEST_REVIVAL)
        sink->failed_pause_ns = SINK_LONGEST_REVIVAL;
    sink->retry_ns = now + sink->failed_pause_ns;
    return is_first;
}

void sink_output_fail(struct sink *sink)
{
    if (fail(sink))
        tell_failed(sink);
}

void sink_output_rewind(struct sink *sink)
{
    unsigned i;

    for (i = 0; i < sink_all_queues(sink); i++)
        queue_rewind(&sink->queues[i]);
    counter_set(&sink->held, 0);
}

void sink_output_let_go(struct sink *sink)
{
    sink_output_disconnect(sink);
    if (sink_is_late(sink) && sink->spill == NULL)
        sink_output_settle(sink, &sink->dropped_stop, 0);
    else
        sink_output_rewind(sink);
}

static void tell_lost(const struct sink *sink, uint64_t held)
{
    if (held == 0)
        log_line(sink_log(sink), LOG_WARNING, sink_name(sink),
                 "the output is lost; it is connected again");
    else
        log_format(sink_log(sink), LOG_WARNING, sink_name(sink),
                   "the output is lost; it is connected again, and %" PRIu64
                   " records that were taken and may not have arrived are offered again",
                   held);
}

void sink_output_lose(struct sink *sink)
{
    uint64_t held = counter_value(&sink->held);

    atomic_store(&sink->instance->trying, true); /* what is said again and again is shown once */
    if (sink->lost_pause_ns == 0)
        tell_lost(sink, held);
    sink->lost_pause_ns = sink_output_longer(sink->lost_pause_ns);
    set_state(sink, SINK_IS_WAITING);
    sink_output_let_go(sink);
}

static void tell_connected(struct sink *sink)
{
    uint64_t took = clock_monotonic() - sink->trouble_ns, waiting = sink_waiting(sink);
    char waited[64] = "";

    if (waiting > 0)
        snprintf(waited, sizeof waited, "; %" PRIu64 " records have waited", waiting);
    log_format(sink_log(sink), LOG_INFO, sink_name(sink),
               "connected, after %" PRIu64 ".%" PRIu64 " s%s", took / CLOCK_SECOND,
               took / (CLOCK_SECOND / 10) % 10, waited);
}

static void tell_trouble(struct sink *sink)
{
    uint64_t waiting = sink_waiting(sink);
    char wait[64] = "";

    sink->trouble_ns = clock_monotonic();
    if (waiting > 0)
        snprintf(wait, sizeof wait, "%" PRIu64 " records wait, and ", waiting);
    log_format(sink_log(sink), LOG_WARNING, sink_name(sink),
               "not connected; it is tried again until it works, every %d s and on SIGHUP; %sthe "
               "queue has room for %" PRIu64 " records",
               (int)(SINK_LONGEST_RETRY / CLOCK_SECOND), wait,
               (uint64_t)sink->queue_capacity * sink->queue_count);
    if (!atomic_load(&sink->instance->spoke) && sink->lost_pause_ns == 0)
        instance_bug(sink->instance,
                     "connect() returned MUSTER_AGAIN without a word; call host->log before, and "
                     "say what does not work and what to do about it");
}

bool sink_output_connect(struct sink *sink)
{
    bool is_news;
    int result;

    atomic_store(&sink->instance->trying, true);
    sink->asked_at_stop = sink_is_draining(sink);
    result = callback_connect(sink->instance, sink_output_flags(sink), sink_output_deadline(sink));
    switch (result) {
    case 0:
        if (sink->lost_pause_ns == 0 && sink->failed_pause_ns == 0)
            instance_connected(sink->instance);
        sink->connected = true;
        sink->failed = false;
        set_state(sink, SINK_IS_CONNECTED);
        if (sink->connect_pause_ns > 0)
            tell_connected(sink);
        sink->connect_pause_ns = 0;
        answer_first_try(sink, SINK_CONNECTED);
        return true;
    case MUSTER_AGAIN:
        sink->failed = false;
        if (sink->connect_pause_ns == 0)
            tell_trouble(sink);
        set_state(sink, SINK_IS_WAITING);
        sink->connect_pause_ns = sink_output_longer(sink->connect_pause_ns);
        answer_first_try(sink, SINK_WAITS);
        return false;
    default:
        sink->connect_pause_ns = 0;
        is_news = fail(sink);
        if (answer_first_try(sink, SINK_REFUSED))
            sink->asked_at_stop = true; /* the start is refused, which is said */
        else if (is_news)
            tell_failed(sink);
        return false;
    }
}

void sink_output_flush(struct sink *sink, uint32_t flags)
{
    uint64_t held = counter_value(&sink->held);
    const uint32_t durable = sink->is_awaited ? MUSTER_CALL_DURABLE : 0;
    int64_t result = callback_flush(sink->instance, held, sink_output_flags(sink) | flags | durable,
                                    sink_output_deadline(sink));

    sink->flush_pause_ns = result == MUSTER_AGAIN ? sink_output_longer(sink->flush_pause_ns) : 0;
    sink->next_flush_ns = clock_coarse() + sink->flush_pause_ns;
    switch (result) {
    case MUSTER_AGAIN:
        log_format(sink_log(sink), LOG_DEBUG, sink_name(sink),
                   "flush left something, and is called again in %" PRIu64 " ms",
                   sink->flush_pause_ns / CLOCK_MILLISECOND);
        break;
    case MUSTER_LOST:
        sink_output_lose(sink);
        break;
    case MUSTER_FAILED:
        sink_output_fail(sink);
        break;
    default:
        sink_output_settle(sink, &sink->written, (uint64_t)result);
    }
}

void sink_output_flush_at_last(struct sink *sink)
{
    sink_output_flush(sink, MUSTER_CALL_FINAL);
    if (counter_value(&sink->held) == 0)
        return;
    if (sink->spill != NULL) {
        sink_output_rewind(sink);
        return;
    }
    log_format(sink_log(sink), LOG_ERROR, sink_name(sink),
               "%" PRIu64 " records that the sink still holds could not be delivered in the time "
               "to stop",
               counter_value(&sink->held));
    sink_output_settle(sink, &sink->dropped_stop, 0);
}
