/* SPDX-License-Identifier: MIT
 *
 * The loop of a worker: wait, receive, take, publish; and how it starts and ends.
 */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "collector/host/note.h"
#include "pace.h"
#include "socket.h"

enum {
    ROUNDS = 16, /* receive calls for one socket before the others have their turn */
    ERRORS = 8   /* of them that may fail */
};

int worker_init(struct worker *worker, struct pipeline *pipeline, const struct listener *listeners,
                unsigned listener_count, int stop_fd, int ended_fd)
{
    unsigned i;

    memset(worker, 0, sizeof *worker);
    worker->pipeline = pipeline;
    worker->listeners = listeners;
    worker->socket_count = listener_count;
    worker->ended_fd = ended_fd;
    worker->error_limit = (struct log_limit){.burst = 3, .period_ns = 60 * CLOCK_SECOND};
    worker->receiver = receiver_new(pipeline->largest);
    worker->fds = calloc(listener_count + 2, sizeof *worker->fds);
    worker->drops = calloc(listener_count + 1, sizeof *worker->drops);
    if (worker->receiver == NULL || worker->fds == NULL || worker->drops == NULL)
        return -1;
    for (i = 0; i < listener_count; i++) {
        assert(pipeline->id < listeners[i].socket_count);
        worker->fds[i] =
            (struct pollfd){.fd = listeners[i].sockets[pipeline->id], .events = POLLIN};
    }
    worker->fds[i++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    worker->fds[i] = (struct pollfd){.fd = pipeline->wake_fd, .events = POLLIN};
    return 0;
}

void worker_free(struct worker *worker)
{
    free(worker->drops);
    free(worker->fds);
    receiver_free(worker->receiver);
    memset(worker, 0, sizeof *worker);
}

/* ---- sockets -------------------------------------------------------------------------- */

static void count_drops(struct worker *worker, struct counter *counter)
{
    unsigned i;

    for (i = 0; i < worker->socket_count; i++) {
        uint32_t before = worker->drops[i];

        socket_drops(worker->fds[i].fd, &worker->drops[i]);
        counter_add(counter, worker->drops[i] - before); /* modulo 2^32 */
    }
}

static void report_receive_error(struct worker *worker)
{
    uint64_t held_back;
    int error = errno;

    if (log_limit_pass(&worker->error_limit, clock_coarse(), &held_back))
        log_format(worker->pipeline->host->log, LOG_ERROR, NULL, "cannot receive: %s",
                   strerror(error));
}

/* Takes what a listener's socket holds, for at most `rounds` calls.  Returns whether there may be
 * more. */
static bool empty_socket(struct worker *worker, unsigned listener, int rounds)
{
    struct pipeline *pipeline = worker->pipeline;
    const struct listener *from = &worker->listeners[listener];
    const uint8_t *local = from->has_local ? from->local : NULL;
    int count, i, round = 0, errors = 0;

    do {
        count = receiver_receive(worker->receiver, worker->fds[listener].fd);
        if (count > 0)
            pipeline_begin(pipeline);
        for (i = 0; i < count; i++) {
            struct datagram datagram;

            receiver_get(worker->receiver, i, &datagram);
            datagram.listener = (uint8_t)listener;
            datagram.local = local;
            datagram.local_port = from->port;
            pipeline_take(pipeline, &datagram);
        }
        if (count > 0) {
            counter_add(&pipeline->counters.calls, 1);
            pipeline_publish(pipeline);
        }
        if (count < 0) {
            report_receive_error(worker);
            errors++;
        }
        /* What is behind an error is still there. */
    } while ((count == RECEIVER_BATCH || (count < 0 && errors < ERRORS)) && ++round != rounds);
    return round == rounds;
}

/* Takes what the sockets hold that have something, as poll says.  Returns whether there may be
 * more. */
static bool empty_sockets(struct worker *worker)
{
    bool more = false;
    unsigned i;

    for (i = 0; i < worker->socket_count; i++)
        if (worker->fds[i].revents != 0)
            more |= empty_socket(worker, i, ROUNDS);
    return more;
}

static uint32_t smallest_buffer(const struct worker *worker)
{
    uint32_t smallest = UINT32_MAX;
    unsigned i;

    for (i = 0; i < worker->socket_count; i++) {
        uint32_t bytes = socket_buffer(worker->fds[i].fd);

        if (bytes < smallest)
            smallest = bytes;
    }
    return smallest;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void tick(struct worker *worker)
{
    uint64_t now = clock_monotonic();

    if (now >= worker->next_check_ns) {
        count_drops(worker, &worker->pipeline->counters.kernel_drops);
        pipeline_check(worker->pipeline);
        worker->next_check_ns = now + PIPELINE_TICK;
    }
    worker->next_tick_ns = pipeline_tick(worker->pipeline, now);
    if (worker->next_tick_ns > worker->next_check_ns)
        worker->next_tick_ns = worker->next_check_ns;
}

/* Waits until something comes, or for so long if the line is busy; and for the next tick at the
 * longest.  Returns whether it is time to stop. */
static bool wait_for_datagrams(struct worker *worker, uint64_t nap_ns, uint64_t now_ns)
{
    struct pollfd *stop = &worker->fds[worker->socket_count];
    uint64_t wait =
        worker->next_tick_ns > now_ns ? worker->next_tick_ns - now_ns + CLOCK_COARSE_LAG : 0;
    struct timespec limit = clock_to_timespec(nap_ns > 0 && nap_ns < wait ? nap_ns : wait);
    unsigned i;

    if (nap_ns == 0) {
        if (ppoll(worker->fds, worker->socket_count + 2, &limit, NULL) <= 0)
            for (i = 0; i < worker->socket_count + 2; i++)
                worker->fds[i].revents = 0;
        return stop->revents != 0;
    }
    for (i = 0; i < worker->socket_count; i++)
        worker->fds[i].revents = POLLIN; /* nobody looked */
    worker->fds[worker->socket_count + 1].revents = 0;
    return ppoll(stop, 1, &limit, NULL) > 0;
}

/* Drops up to here are losses; what comes from here on is refused. */
static void finish(struct worker *worker)
{
    struct pipeline *pipeline = worker->pipeline;
    unsigned i;

    count_drops(worker, &pipeline->counters.kernel_drops);
    for (i = 0; i < worker->socket_count; i++)
        socket_keep_out(worker->fds[i].fd);
    for (i = 0; i < worker->socket_count; i++)
        empty_socket(worker, i, INT_MAX);
    for (i = 0; i < worker->socket_count; i++)
        socket_retire(worker->fds[i].fd);
    count_drops(worker, &pipeline->counters.refused);
    pipeline_close(pipeline);
    pipeline_check(pipeline);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    uint64_t now = clock_coarse(), before = 0, nap = 0;
    struct pace pace;

    note_begin();
    worker->next_tick_ns = worker->next_check_ns = now + PIPELINE_TICK;
    pace_begin(&pace, smallest_buffer(worker), worker->pipeline->largest, now);
    while (!wait_for_datagrams(worker, nap, now)) {
        bool more = empty_sockets(worker);
        uint64_t received = counter_value(&worker->pipeline->counters.received);

        now = clock_coarse();
        if (now >= worker->next_tick_ns || pipeline_is_woken(worker->pipeline) ||
            worker->fds[worker->socket_count + 1].revents != 0)
            tick(worker);
        nap = pace_next(&pace, received - before, now);
        before = received;
        if (more)
            nap = 0;
    }
    finish(worker);
    note_end();
    atomic_store(&worker->ended, true);
    eventfd_write(worker->ended_fd, 1);
    return NULL;
}

/* ---- start and end -------------------------------------------------------------------- */

int worker_start(struct worker *worker)
{
    char name[16];
    unsigned i;
    int error;

    for (i = 0; i < worker->socket_count; i++) {
        if (socket_let_in(worker->fds[i].fd) < 0)
            return errno;
        socket_drops(worker->fds[i].fd, &worker->drops[i]);
    }
    error = pthread_create(&worker->thread, NULL, run, worker);
    worker->started = error == 0;
    if (worker->started) {
        snprintf(name, sizeof name, "worker-%u", worker->pipeline->id);
        pthread_setname_np(worker->thread, name);
    }
    return error;
}

bool worker_join(struct worker *worker)
{
    if (!worker->started)
        return true;
    if (!atomic_load(&worker->ended))
        return false;
    pthread_join(worker->thread, NULL);
    worker->started = false;
    return true;
}
