/* SPDX-License-Identifier: MIT
 *
 * The loop of a worker: wait, receive, take, publish; and how it starts and ends.
 */
#include "worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "listener.h"
#include "pace.h"

enum {
    ROUNDS = 16, /* receive calls for one socket before the others have their turn */
    ERRORS = 8   /* of them that may fail */
};

static int watch_counters(struct worker *worker)
{
    struct metrics *m = worker->host->metrics;
    const struct worker_counters *c = &worker->counters;
    static const struct {
        const char *name, *unit, *help;
        size_t offset;
    } list[] = {
        {"received", "datagrams", "taken from the kernel",
         offsetof(struct worker_counters, received)},
        {"bytes", "bytes", "size of the datagrams received",
         offsetof(struct worker_counters, bytes)},
        {"decoded", "datagrams", "received and decoded", offsetof(struct worker_counters, decoded)},
        {"rejected.too_short", "datagrams", "shorter than the header",
         offsetof(struct worker_counters, rejected[MUSTER_REJECT_TOO_SHORT])},
        {"rejected.too_long", "datagrams", "longer than largest_datagram",
         offsetof(struct worker_counters, rejected[MUSTER_REJECT_TOO_LONG])},
        {"rejected.unknown_type", "datagrams", "of a message type that does not exist",
         offsetof(struct worker_counters, rejected[MUSTER_REJECT_UNKNOWN_TYPE])},
        {"rejected.bad_payload", "datagrams",
         "with a payload that the device's class does not send",
         offsetof(struct worker_counters, rejected[MUSTER_REJECT_BAD_PAYLOAD])},
        {"records", "records", "made of the decoded datagrams",
         offsetof(struct worker_counters, records)},
        {"kernel_drops", "datagrams", "dropped by the kernel: the receive buffer was full",
         offsetof(struct worker_counters, kernel_drops)},
        {"refused", "datagrams", "refused by the kernel while the collector stopped",
         offsetof(struct worker_counters, refused)},
        {"receive_calls", "calls", "receive calls that brought datagrams",
         offsetof(struct worker_counters, calls)},
    };
    size_t i;

    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        if (metrics_watch(m, worker, "collector", list[i].name, list[i].unit, list[i].help,
                          (const struct counter *)((const char *)c + list[i].offset)) < 0)
            return -1;
    return 0;
}

static int open_filter(struct worker *worker, struct filter *filter,
                       struct muster_instance *instance)
{
    const struct muster_plugin *api = &instance->entry->plugin.api;
    struct metrics *m = worker->host->metrics;
    const char *name = instance->entry->name;

    filter->instance = instance;
    filter->state = instance->state;
    if (api->worker_open != NULL &&
        api->worker_open(instance->state, worker->id, worker->count, &filter->state) != 0)
        return -1;
    filter->opened = true;
    if (metrics_watch(m, worker, name, "in", "records", "came to this filter", &filter->in) < 0 ||
        metrics_watch(m, worker, name, "emitted", "records", "added by this filter",
                      &filter->emitted) < 0 ||
        metrics_watch(m, worker, name, "out", "records", "left this filter", &filter->out) < 0 ||
        metrics_watch(m, worker, name, "dropped", "records", "taken out by this filter",
                      &filter->dropped) < 0)
        return -1;
    return 0;
}

static int allocate(struct worker *worker, const struct worker_setup *setup)
{
    /* The one being filled; while a rebuilt batch moves on, the one that it came
     * from and the one that is full. */
    uint32_t blocks = 3;
    unsigned i;

    for (i = 0; i < setup->sink_count; i++)
        blocks += queue_blocks(setup->sinks[i].queue_capacity) + 1; /* and the side block */
    if (pool_open(&worker->pool, blocks) < 0)
        return -1;
    for (i = 0; i < setup->sink_count; i++)
        if (queue_open(&setup->sinks[i].queues[setup->id], &worker->pool,
                       setup->sinks[i].queue_capacity) < 0)
            return -1;
    worker->block = pool_take(&worker->pool);
    worker->receiver = receiver_new(setup->largest);
    worker->sockets = malloc(setup->socket_count * sizeof *worker->sockets);
    worker->drops = calloc(setup->socket_count, sizeof *worker->drops);
    worker->filters = calloc(setup->filter_count + 1, sizeof *worker->filters);
    worker->full_limits = calloc(setup->sink_count + 1, sizeof *worker->full_limits);
    worker->sides = calloc(setup->sink_count + 1, sizeof *worker->sides);
    if (worker->receiver == NULL || worker->sockets == NULL || worker->drops == NULL ||
        worker->filters == NULL || worker->full_limits == NULL || worker->sides == NULL)
        return -1;
    for (i = 0; i < setup->sink_count; i++)
        worker->full_limits[i] = (struct log_limit){.burst = 3, .period_ns = 60 * CLOCK_SECOND};
    memcpy(worker->sockets, setup->sockets, setup->socket_count * sizeof *worker->sockets);
    return watch_counters(worker);
}

int worker_init(struct worker *worker, const struct worker_setup *setup)
{
    unsigned i;

    memset(worker, 0, sizeof *worker);
    worker->id = setup->id;
    worker->count = setup->count;
    worker->host = setup->host;
    worker->stop_fd = setup->stop_fd;
    worker->socket_count = setup->socket_count;
    worker->largest = setup->largest;
    worker->sinks = setup->sinks;
    worker->sink_count = setup->sink_count;
    for (i = 0; i < MUSTER_REJECT_REASONS; i++)
        worker->reject_limits[i] = (struct log_limit){.burst = 5, .period_ns = 10 * CLOCK_SECOND};
    worker->socket_limit = (struct log_limit){.burst = 3, .period_ns = 60 * CLOCK_SECOND};
    for (i = 0; i < setup->sink_count; i++)
        worker->keep_rejects |= (setup->sinks[i].instance->kinds & MUSTER_TAKES_REJECTS) != 0;
    if (allocate(worker, setup) < 0) {
        log_format(worker->host->log, LOG_ERROR, NULL, "cannot set up worker %u: %s", worker->id,
                   strerror(errno));
        return -1;
    }
    for (i = 0; i < setup->filter_count; i++) {
        worker->filter_count++;
        if (open_filter(worker, &worker->filters[i], setup->filters[i]) < 0) {
            log_format(worker->host->log, LOG_ERROR, NULL,
                       "the filter %s could not be opened on worker %u",
                       setup->filters[i]->entry->name, worker->id);
            return -1;
        }
    }
    return 0;
}

void worker_destroy(struct worker *worker)
{
    batch_free(&worker->batch);
    free(worker->sides);
    free(worker->full_limits);
    free(worker->filters);
    free(worker->drops);
    free(worker->sockets);
    receiver_free(worker->receiver);
    pool_close(&worker->pool);
    memset(worker, 0, sizeof *worker);
}

static void count_drops(struct worker *worker, struct counter *counter)
{
    unsigned i;

    for (i = 0; i < worker->socket_count; i++) {
        uint32_t drops = socket_drops(worker->sockets[i]);

        counter_add(counter, drops - worker->drops[i]); /* modulo 2^32 */
        worker->drops[i] = drops;
    }
}

static void report_receive_error(struct worker *worker)
{
    uint64_t held_back;
    int error = errno;

    if (log_limit_pass(&worker->socket_limit, clock_coarse(), &held_back))
        log_format(worker->host->log, LOG_ERROR, NULL, "cannot receive: %s", strerror(error));
}

/* Takes what a listener's socket holds, for at most `rounds` calls.  Returns whether there may be
 * more. */
static bool empty_socket(struct worker *worker, unsigned listener, int rounds)
{
    int count, i, round = 0, errors = 0;

    do {
        count = receive(worker->receiver, worker->sockets[listener]);
        if (count > 0)
            worker_begin(worker);
        for (i = 0; i < count; i++) {
            struct datagram datagram;

            receive_get(worker->receiver, i, &datagram);
            datagram.listener = (uint8_t)listener;
            worker_take(worker, &datagram);
        }
        if (count > 0) {
            counter_add(&worker->counters.calls, 1);
            worker_publish(worker);
        }
        if (count < 0) {
            report_receive_error(worker);
            errors++;
        }
        /* What is behind an error is still there. */
    } while ((count == RECEIVE_BATCH || (count < 0 && errors < ERRORS)) && ++round != rounds);
    return round == rounds;
}

bool worker_adds_up(const struct worker *worker)
{
    const struct worker_counters *c = &worker->counters;
    uint64_t judged = counter_value(&c->decoded);
    uint64_t left = counter_value(&c->records) + counter_value(&c->kept); /* on the way so far */
    bool good;
    unsigned i, kind;

    for (i = 0; i < MUSTER_REJECT_REASONS; i++)
        judged += counter_value(&c->rejected[i]);
    good = counter_value(&c->received) == judged;
    for (i = 0; i < worker->filter_count; i++) {
        const struct filter *f = &worker->filters[i];

        good &= counter_value(&f->in) == left;
        good &= counter_value(&f->in) + counter_value(&f->emitted) ==
                counter_value(&f->out) + counter_value(&f->dropped);
        left = counter_value(&f->out);
    }
    for (kind = 0; kind < SINK_KINDS; kind++)
        left -= counter_value(&c->fanned[kind]);
    good &= left == 0;
    for (i = 0; i < worker->sink_count; i++) {
        uint64_t offered = counter_value(&worker->sinks[i].queues[worker->id].offered);

        for (kind = 0; kind < SINK_KINDS; kind++)
            if (worker->sinks[i].instance->kinds >> kind & 1)
                offered -= counter_value(&c->fanned[kind]);
        good &= offered == 0;
    }
    return good;
}

static void check_sums(struct worker *worker)
{
    if (worker->violated || worker_adds_up(worker))
        return;
    worker->violated = true;
    log_format(worker->host->log, LOG_ERROR, NULL,
               "bug: the ledger of worker %u does not add up; the summary has the figures",
               worker->id);
}

static void tick(struct worker *worker)
{
    uint64_t now = clock_monotonic();

    if (now >= worker->next_check_ns) {
        count_drops(worker, &worker->counters.kernel_drops);
        check_sums(worker);
        worker->next_check_ns = now + WORKER_TICK;
    }
    worker->next_tick_ns = worker_tick_filters(worker, now);
    if (worker->next_tick_ns > worker->next_check_ns)
        worker->next_tick_ns = worker->next_check_ns;
}

/* Bytes of the smallest receive buffer, as the kernel counts them. */
static uint32_t smallest_buffer(const struct worker *worker)
{
    uint32_t smallest = UINT32_MAX;
    unsigned i;

    for (i = 0; i < worker->socket_count; i++) {
        int bytes = 0;
        socklen_t size = sizeof bytes;

        getsockopt(worker->sockets[i], SOL_SOCKET, SO_RCVBUF, &bytes, &size);
        if ((uint32_t)bytes < smallest)
            smallest = (uint32_t)bytes;
    }
    return smallest;
}

/* Takes what the sockets hold that have something, as poll says.  Returns whether there may be
 * more. */
static bool empty_sockets(struct worker *worker, const struct pollfd *fds)
{
    bool more = false;
    unsigned i;

    for (i = 0; i < worker->socket_count; i++)
        if (fds[i].revents != 0)
            more |= empty_socket(worker, i, ROUNDS);
    return more;
}

/* Waits until something comes, or for so long if the line is busy; and for the next tick at the
 * longest.  Returns whether it is time to stop. */
static bool wait_for_datagrams(struct worker *worker, struct pollfd *fds, uint64_t nap_ns,
                               uint64_t now_ns)
{
    struct pollfd *stop = &fds[worker->socket_count];
    uint64_t wait =
        worker->next_tick_ns > now_ns ? worker->next_tick_ns - now_ns + CLOCK_COARSE_LAG : 0;
    struct timespec limit = clock_to_timespec(nap_ns > 0 && nap_ns < wait ? nap_ns : wait);
    unsigned i;

    if (nap_ns == 0) {
        if (ppoll(fds, worker->socket_count + 1, &limit, NULL) <= 0)
            for (i = 0; i <= worker->socket_count; i++)
                fds[i].revents = 0;
        return stop->revents != 0;
    }
    for (i = 0; i < worker->socket_count; i++)
        fds[i].revents = POLLIN; /* nobody looked */
    return ppoll(stop, 1, &limit, NULL) > 0;
}

/* Drops up to here are losses; what comes from here on is refused. */
static void finish(struct worker *worker)
{
    unsigned i;

    count_drops(worker, &worker->counters.kernel_drops);
    for (i = 0; i < worker->socket_count; i++)
        socket_keep_out(worker->sockets[i]);
    for (i = 0; i < worker->socket_count; i++)
        empty_socket(worker, i, INT_MAX);
    for (i = 0; i < worker->socket_count; i++)
        socket_retire(worker->sockets[i]);
    count_drops(worker, &worker->counters.refused);
    worker_close_filters(worker);
    check_sums(worker);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct pollfd *fds = calloc(worker->socket_count + 1, sizeof *fds);
    uint64_t now = clock_coarse(), before = 0, nap = 0;
    struct pace pace;
    unsigned i;

    if (fds == NULL) {
        log_line(worker->host->log, LOG_ERROR, NULL, "a worker ran out of memory");
        abort();
    }
    for (i = 0; i < worker->socket_count; i++)
        fds[i] = (struct pollfd){.fd = worker->sockets[i], .events = POLLIN};
    fds[i] = (struct pollfd){.fd = worker->stop_fd, .events = POLLIN};
    worker->next_tick_ns = worker->next_check_ns = now + WORKER_TICK;
    pace_begin(&pace, smallest_buffer(worker), worker->largest, now);

    while (!wait_for_datagrams(worker, fds, nap, now)) {
        bool more = empty_sockets(worker, fds);
        uint64_t received = counter_value(&worker->counters.received);

        now = clock_coarse();
        if (now >= worker->next_tick_ns)
            tick(worker);
        nap = pace_next(&pace, received - before, now);
        before = received;
        if (more)
            nap = 0;
    }
    finish(worker);
    free(fds);
    return NULL;
}

int worker_start(struct worker *worker)
{
    char name[16];
    unsigned i;
    int error;

    for (i = 0; i < worker->socket_count; i++) {
        if (socket_let_in(worker->sockets[i]) < 0)
            return errno;
        worker->drops[i] = socket_drops(worker->sockets[i]);
    }
    error = pthread_create(&worker->thread, NULL, run, worker);
    worker->started = error == 0;
    if (worker->started) {
        snprintf(name, sizeof name, "worker-%u", worker->id);
        pthread_setname_np(worker->thread, name);
    }
    return error;
}
