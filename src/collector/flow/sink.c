/* SPDX-License-Identifier: MIT
 *
 * A sink as others see it: how it begins and ends, the orders it gets, and its account.
 */
#include "sink.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "sink_run.h"

#define SPILL_PATIENCE CLOCK_SECOND /* for what is left when a plugin does not come back */

/* ---- begin and end -------------------------------------------------------------------- */

static void wake(void *context, struct muster_instance *instance)
{
    struct sink *sink = context;

    (void)instance;
    atomic_store(&sink->woken, true);
    eventcount_notify(&sink->work);
}

/* [sink] in write. */
static uint64_t dropped_before(const void *context, const struct muster_record *record)
{
    const struct sink *sink = context;

    if (sink->offered == NULL || record < sink->offered ||
        record >= sink->offered + sink->offered_count)
        return 0;
    return queue_dropped_before(sink->offered_of, (uint64_t)(record - sink->offered));
}

int sink_init(struct sink *sink, struct muster_instance *instance, unsigned pipelines,
              enum overflow overflow, int finished_fd)
{
    size_t size = (pipelines + 1) * sizeof *sink->queues;

    assert(instance->opened && pipelines > 0);
    memset(sink, 0, sizeof *sink);
    sink->instance = instance;
    sink->overflow = overflow;
    atomic_init(&sink->state_ns, clock_wall());
    sink->finished_fd = finished_fd;
    sink->queue_count = pipelines;
    sink->queue_capacity = (uint32_t)instance->entry->queue / pipelines;
    if (sink->queue_capacity < QUEUE_LEAST)
        sink->queue_capacity = QUEUE_LEAST;
    sink->queues = aligned_alloc(_Alignof(struct queue), size);
    if (sink->queues == NULL)
        return -1;
    memset(sink->queues, 0, size);
    instance->wake_context = sink;
    instance->dropped_before = dropped_before;
    atomic_store(&instance->wake, wake);
    return 0;
}

void sink_close_queues(struct sink *sink)
{
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        queue_close(&sink->queues[i]);
}

void sink_destroy(struct sink *sink)
{
    unsigned i;

    metrics_remove(sink->instance->host->metrics, sink);
    spill_free(sink->spill);
    sink->spill = NULL;
    for (i = 0; sink->queues != NULL && i < sink->queue_count; i++)
        queue_close(&sink->queues[i]);
    free(sink->queues);
    sink->queues = NULL;
}

static int watch_counters(struct sink *sink)
{
    const struct {
        const char *name, *help;
        const struct counter *counter;
    } list[] = {
        {"written", "delivered by this sink", &sink->written},
        {"dropped.given_up", "taken by this sink, and not delivered in the end",
         &sink->dropped_given_up},
        {"dropped.failed", "dropped: the sink gave up", &sink->dropped_failed},
        {"dropped.stop", "dropped: the time to stop was over", &sink->dropped_stop},
    };
    struct metrics *m = sink->instance->host->metrics;
    const char *name = instance_name(sink->instance);
    unsigned i;

    for (i = 0; i < sink->queue_count; i++)
        if (metrics_watch(m, sink, name, "offered", "records", "brought to this sink",
                          &sink->queues[i].offered) < 0 ||
            metrics_watch(m, sink, name, "dropped.full", "records", "dropped: the queue was full",
                          &sink->queues[i].dropped) < 0)
            return -1;
    if (metrics_watch_gauge(m, sink, name, "held", "records",
                            "taken by this sink, and not yet known to be delivered",
                            &sink->held) < 0 ||
        metrics_watch_gauge(m, sink, name, "queued", "records", "waiting for this sink",
                            &sink->queued) < 0)
        return -1;
    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        if (metrics_watch(m, sink, name, list[i].name, "records", list[i].help, list[i].counter) <
            0)
            return -1;
    return 0;
}

static int watch_spill(struct sink *sink)
{
    const struct spill *spill = sink->spill;
    const struct {
        const char *name, *help;
        const struct counter *counter;
    } list[] = {
        {"found", "of those offered: spilled by an earlier run", &spill->found},
        {"stored", "spilled to the disk", &spill->stored},
        {"dropped.spill", "dropped: the oldest of a full spill", &spill->dropped_oldest},
        {"dropped.damaged", "dropped: spilled, and not to be read", &spill->dropped_damaged},
        {"dropped.stop", "dropped: the time to stop was over", &spill->dropped_stop},
    };
    struct metrics *m = sink->instance->host->metrics;
    const char *name = instance_name(sink->instance);
    unsigned i;

    for (i = 0; i < spill->lane_count; i++)
        if (metrics_watch(m, sink, name, "offered", "records", "brought to this sink",
                          &spill->lanes[i].queue.offered) < 0 ||
            metrics_watch(m, sink, name, "dropped.full", "records", "dropped: the queue was full",
                          &spill->lanes[i].queue.dropped) < 0)
            return -1;
    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        if (metrics_watch(m, sink, name, list[i].name, "records", list[i].help, list[i].counter) <
            0)
            return -1;
    return metrics_watch_gauge(m, sink, name, "spilled", "records",
                               "on the disk, waiting for this sink", &sink->spilled);
}

int sink_spill(struct sink *sink, const struct entry *entries, uint32_t entry_count)
{
    if (sink->instance->entry->spill == NULL || sink->overflow == OVERFLOW_WAIT)
        return 0;
    sink->spill = spill_new(sink, entries, entry_count);
    return sink->spill != NULL ? 0 : -1;
}

int sink_start(struct sink *sink)
{
    int error = watch_counters(sink) < 0 ? ENOMEM : 0;

    if (error == 0 && sink->spill != NULL)
        error = watch_spill(sink) < 0 ? ENOMEM : spill_start(sink->spill);
    if (error == 0)
        error = pthread_create(&sink->thread, NULL, sink_run, sink);
    sink->started = error == 0;
    if (sink->started)
        thread_call(sink->thread, instance_name(sink->instance)); /* too long: no name */
    return error;
}

bool sink_join(struct sink *sink)
{
    if (sink->stuck)
        return true;
    if (sink->started && !atomic_load(&sink->finished))
        return false;
    if (sink->started)
        pthread_join(sink->thread, NULL);
    sink->started = false;
    return sink->spill == NULL || spill_end(sink->spill);
}

/* ---- orders --------------------------------------------------------------------------- */

static void tell(struct sink *sink)
{
    instance_order(sink->instance);
    eventcount_notify(&sink->work);
    eventcount_notify(&sink->orders);
}

void sink_rotate(struct sink *sink)
{
    atomic_store(&sink->rotate, true);
    tell(sink);
}

void sink_reload(struct sink *sink, const struct option_value *values)
{
    atomic_store(&sink->reload, values);
    tell(sink);
}

void sink_drain(struct sink *sink, uint64_t deadline_ns)
{
    atomic_store(&sink->deadline_ns, deadline_ns);
    atomic_store(&sink->draining, 1);
    instance_stop(sink->instance);
    tell(sink);
}

/* ---- accounts ------------------------------------------------------------------------- */

static void add_spill(const struct spill *spill, struct sink_account *account)
{
    account->found = counter_value(&spill->found);
    account->offered += account->found + spill_offered(spill);
    account->spilled = spill_stored(spill);
    account->dropped_full += spill_dropped_full(spill);
    account->dropped_spill = counter_value(&spill->dropped_oldest);
    account->dropped_damaged = counter_value(&spill->dropped_damaged);
    account->dropped_stop += counter_value(&spill->dropped_stop);
}

static struct sink_account take_account(const struct sink *sink)
{
    struct sink_account account = {
        .written = counter_value(&sink->written),
        .held = counter_value(&sink->held),
        .dropped_given_up = counter_value(&sink->dropped_given_up),
        .dropped_failed = counter_value(&sink->dropped_failed),
        .dropped_stop = counter_value(&sink->dropped_stop),
    };
    unsigned i;

    for (i = 0; i < sink->queue_count; i++) {
        account.dropped_full += counter_value(&sink->queues[i].dropped);
        account.offered += counter_value(&sink->queues[i].offered);
    }
    if (sink->spill != NULL)
        add_spill(sink->spill, &account);
    account.queued = account.offered - account.written - account.held - account.spilled -
                     sink_account_dropped(&account);
    return account;
}

/* The thread is in its plugin and will not come out again, so what it has in its hands is spilled;
 * it may have been delivered, and then comes twice. */
static void spill_rest(struct sink *sink)
{
    const struct timespec pause = clock_to_timespec(10 * CLOCK_MILLISECOND);
    uint64_t until = clock_monotonic() + SPILL_PATIENCE;

    counter_set(&sink->held, 0);
    while (!spill_end(sink->spill) && clock_monotonic() < until)
        nanosleep(&pause, NULL);
}

void sink_abandon(struct sink *sink)
{
    struct sink_account *last = &sink->last_account;

    if (sink->spill != NULL && sink->started && instance_give_up(sink->instance))
        spill_rest(sink);
    /* The thread may wake up in between, so what it has is what remains. */
    *last = take_account(sink);
    sink->stuck = true;
    last->dropped_stuck = last->held + last->queued;
    last->held = last->queued = 0;
}

struct sink_account sink_account(const struct sink *sink)
{
    return sink->stuck ? sink->last_account : take_account(sink);
}

struct sink_account sink_whole_account(const struct sink *sink)
{
    struct sink_account sum = sink_account(sink);

    for (sink = sink->before; sink != NULL; sink = sink->before) {
        const struct sink_account account = sink_account(sink);

        sum.offered += account.offered;
        sum.written += account.written;
        sum.queued += account.queued;
        sum.held += account.held;
        sum.dropped_full += account.dropped_full;
        sum.dropped_given_up += account.dropped_given_up;
        sum.dropped_failed += account.dropped_failed;
        sum.dropped_stop += account.dropped_stop;
        sum.dropped_stuck += account.dropped_stuck;
    }
    return sum;
}

uint64_t sink_waiting(const struct sink *sink)
{
    struct sink_account account = sink_account(sink);

    return account.queued;
}

uint64_t sink_account_dropped(const struct sink_account *account)
{
    return account->dropped_full + account->dropped_given_up + account->dropped_failed +
           account->dropped_stop + account->dropped_stuck + account->dropped_spill +
           account->dropped_damaged;
}

bool sink_account_adds_up(const struct sink_account *account)
{
    uint64_t waiting = account->held + account->queued + account->spilled;

    return account->offered == account->written + waiting + sink_account_dropped(account) &&
           account->written <= account->offered && waiting <= account->offered;
}
