/* SPDX-License-Identifier: MIT
 *
 * The loop of a worker: wait, receive, take, publish; and how it starts and ends.
 */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "collector/host/note.h"
#include "intake.h"
#include "pace.h"
#include "socket.h"

enum { STOP, WAKE, INBOX, OTHERS }; /* behind the sockets in worker->fds */

#define LAST_WAIT (CLOCK_SECOND / 2) /* at the stop, for others that do not move on */

int worker_init(struct worker *worker, struct pipeline *pipeline, struct worker_group *group)
{
    struct pollfd *others;
    unsigned i;

    memset(worker, 0, sizeof *worker);
    worker->pipeline = pipeline;
    worker->metrics = pipeline->host->metrics;
    worker->group = group;
    worker->inbox = &group->steering.parts[pipeline->id].inbox;
    worker->error_limit = (struct log_limit){.burst = 3, .period_ns = 60 * CLOCK_SECOND};
    worker->receiver = receiver_new(pipeline->largest);
    worker->fds = calloc(group->listener_count + OTHERS, sizeof *worker->fds);
    worker->ports = calloc(group->listener_count + 1, sizeof *worker->ports);
    if (worker->receiver == NULL || worker->fds == NULL || worker->ports == NULL)
        return -1;
    for (i = 0; i < group->listener_count; i++) {
        if (port_init(&worker->ports[i], &group->listeners[i], i, pipeline->id, worker->metrics,
                      worker) < 0)
            return -1;
        worker->port_count++;
        worker->fds[i] = (struct pollfd){.fd = worker->ports[i].fd, .events = POLLIN};
    }
    others = &worker->fds[i];
    others[STOP] = (struct pollfd){.fd = group->stop_fd, .events = POLLIN};
    others[WAKE] = (struct pollfd){.fd = pipeline->wake_fd, .events = POLLIN};
    others[INBOX] = (struct pollfd){.fd = worker->inbox->fd, .events = POLLIN};
    return 0;
}

void worker_free(struct worker *worker)
{
    if (worker->metrics != NULL)
        metrics_remove(worker->metrics, worker);
    free(worker->ports);
    free(worker->fds);
    receiver_free(worker->receiver);
    memset(worker, 0, sizeof *worker);
}

static uint32_t smallest_buffer(const struct worker *worker)
{
    uint32_t smallest = UINT32_MAX;
    unsigned i;

    for (i = 0; i < worker->port_count; i++) {
        uint32_t bytes = socket_buffer(worker->fds[i].fd);

        if (bytes < smallest)
            smallest = bytes;
    }
    return smallest;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void count_drops(struct worker *worker, bool shut)
{
    struct drops *drops = &worker->group->drops;
    unsigned i;

    for (i = 0; i < worker->port_count; i++)
        port_count_drops(&worker->ports[i], drops, &worker->pipeline->counters, shut);
    if (worker->pipeline->id == 0 && !shut)
        drops_look(drops);
}

static void tick(struct worker *worker)
{
    uint64_t now = clock_monotonic();

    if (now >= worker->next_check_ns) {
        count_drops(worker, false);
        pipeline_check(worker->pipeline);
        intake_report_held_back(worker);
        if (worker->pipeline->id != 0)
            intake_watch_0(worker, now);
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
    struct pollfd *others = &worker->fds[worker->port_count];
    uint64_t wait =
        worker->next_tick_ns > now_ns ? worker->next_tick_ns - now_ns + CLOCK_COARSE_LAG : 0;
    struct timespec limit = clock_to_timespec(nap_ns > 0 && nap_ns < wait ? nap_ns : wait);
    unsigned i;

    if (nap_ns == 0) {
        if (ppoll(worker->fds, worker->port_count + OTHERS, &limit, NULL) <= 0)
            for (i = 0; i < worker->port_count + OTHERS; i++)
                worker->fds[i].revents = 0;
        return others[STOP].revents != 0;
    }
    for (i = 0; i < worker->port_count; i++)
        worker->fds[i].revents = POLLIN; /* nobody looked */
    others[WAKE].revents = others[INBOX].revents = 0;
    return ppoll(&others[STOP], 1, &limit, NULL) > 0;
}

/* Until no worker hands anything over any more, and that is taken; those that hang are not waited
 * for. */
static void await_others(struct worker *worker)
{
    const struct timespec moment = clock_to_timespec(CLOCK_MILLISECOND);
    struct steering *steering = &worker->group->steering;
    uint64_t limit = clock_monotonic() + LAST_WAIT;
    unsigned beats = 0;

    while (!steering_has_ended(steering) && clock_monotonic() < limit) {
        unsigned now = steering_beats(steering);

        if (now != beats)
            limit = clock_monotonic() + LAST_WAIT;
        beats = now;
        ppoll(&worker->fds[worker->port_count + INBOX], 1, &moment, NULL);
        intake_take_handed_over(worker);
    }
    inbox_close(worker->inbox);
    intake_take_handed_over(worker);
}

/* Drops up to here are losses; what comes from here on is refused, until the sockets are closed. */
static void finish(struct worker *worker)
{
    struct pipeline *pipeline = worker->pipeline;
    unsigned i;

    steering_stop(&worker->group->steering);
    count_drops(worker, false);
    for (i = 0; i < worker->port_count && !atomic_load(&worker->group->leaves); i++)
        socket_keep_out(worker->fds[i].fd);
    if (!atomic_load(&worker->group->leaves))
        intake_receive_rest(worker);
    steering_end(&worker->group->steering, pipeline->id);
    await_others(worker);
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
        bool more = intake_receive(worker, worker->fds[worker->port_count + INBOX].revents != 0);
        uint64_t received = counter_value(&worker->pipeline->counters.received) +
                            counter_value(&worker->pipeline->counters.handed_over);

        steering_beat(&worker->group->steering, worker->pipeline->id);
        now = clock_coarse();
        if (now >= worker->next_tick_ns || pipeline_is_woken(worker->pipeline) ||
            worker->fds[worker->port_count + WAKE].revents != 0)
            tick(worker);
        nap = pace_next(&pace, received - before, now);
        before = received;
        if (more)
            nap = 0;
    }
    finish(worker);
    note_end();
    atomic_store(&worker->ended, true);
    eventfd_write(worker->group->ended_fd, 1);
    return NULL;
}

/* ---- start and end -------------------------------------------------------------------- */

int worker_start(struct worker *worker)
{
    char name[16];
    int error = pthread_create(&worker->thread, NULL, run, worker);

    worker->started = error == 0;
    if (worker->started) {
        snprintf(name, sizeof name, "worker-%u", worker->pipeline->id);
        thread_call(worker->thread, name);
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

void worker_retire(struct worker *worker)
{
    unsigned i;

    assert(!worker->started);
    for (i = 0; i < worker->port_count; i++)
        socket_retire(worker->ports[i].fd);
    count_drops(worker, true);
}
