/* SPDX-License-Identifier: MIT
 *
 * The loop of a worker: wait, receive, take, publish; and how it starts and ends.
 */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "collector/host/note.h"
#include "pace.h"
#include "socket.h"
#include "wire/steering.h"

enum {
    ROUNDS = 16, /* receive calls for one socket before the others have their turn */
    ERRORS = 8,  /* of them that may fail */
    TRIAL = 1024 /* datagrams; those of a fleet that come as they should show that in so many */
};
enum { STOP, WAKE, INBOX, OTHERS }; /* behind the sockets in worker->fds */

#define LAST_WAIT    CLOCK_SECOND         /* at the stop, for what others still hand over */
#define SEGMENTS_FOR (600 * CLOCK_SECOND) /* who has sent in segments may do it again */

int worker_init(struct worker *worker, struct pipeline *pipeline, struct worker_group *group)
{
    struct pollfd *others;
    unsigned i;

    memset(worker, 0, sizeof *worker);
    worker->pipeline = pipeline;
    worker->metrics = pipeline->host->metrics;
    worker->group = group;
    worker->inbox = &group->steering.inboxes[pipeline->id];
    worker->error_limit = (struct log_limit){.burst = 3, .period_ns = 60 * CLOCK_SECOND};
    worker->receiver = receiver_new(pipeline->largest);
    worker->fds = calloc(group->listener_count + OTHERS, sizeof *worker->fds);
    worker->ports = calloc(group->listener_count + 1, sizeof *worker->ports);
    if (worker->receiver == NULL || worker->fds == NULL || worker->ports == NULL)
        return -1;
    for (i = 0; i < group->listener_count; i++) {
        worker->port_count++;
        if (port_init(&worker->ports[i], &group->listeners[i], i, pipeline->id, worker->metrics,
                      worker) < 0)
            return -1;
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

/* ---- whose a datagram is -------------------------------------------------------------- */

/* A datagram of another worker's device, steered to this one.  While the workers receive apart,
 * and unless it came before they did, the sender's are not steered well that way. */
static void hand_over(struct worker *worker, const struct datagram *datagram, unsigned owner)
{
    struct steering *steering = &worker->group->steering;
    struct pipeline *pipeline = worker->pipeline;

    if (inbox_put(&steering->inboxes[owner], datagram))
        counter_add(&pipeline->counters.handed_over, 1);
    else
        pipeline_overrun(pipeline, datagram);
    if (steering_is_apart(worker->turn) &&
        datagram->arrival_ns >= atomic_load(&steering->turned_ns))
        steering_change(steering, worker->turn);
}

/* Of worker 0 while it receives for all: what it sees of the senders.  Two datagrams that came in
 * the same nanosecond were one when the kernel steered them. */
static void watch_gathered(struct worker *worker, struct port *port,
                           const struct datagram *datagram, unsigned owner)
{
    worker->gathered++;
    if (datagram->arrival_ns == port->last_ns && owner != port->last_worker)
        worker->segments_ns = clock_coarse();
    port->last_worker = owner;
}

/* Takes a datagram, or leaves it to whose it is. */
static void take(struct worker *worker, struct port *port, const struct datagram *datagram)
{
    struct pipeline *pipeline = worker->pipeline;
    unsigned owner =
        pipeline->count == 1 ? 0 : wire_worker(datagram->bytes, datagram->stored, pipeline->count);

    if (pipeline->count > 1 && !steering_is_apart(worker->turn) && !datagram->to_many)
        watch_gathered(worker, port, datagram, owner);
    port->last_ns = datagram->arrival_ns;
    if (owner == pipeline->id)
        pipeline_take(pipeline, datagram);
    else if (datagram->to_many)
        counter_add(&pipeline->counters.copies, 1); /* the owner has one, too */
    else
        hand_over(worker, datagram, owner);
}

/* What others have received that is this worker's. */
static void empty_inbox(struct worker *worker)
{
    struct pipeline *pipeline = worker->pipeline;
    struct datagram datagram;
    bool more;

    inbox_collect(worker->inbox);
    do {
        unsigned i;

        pipeline_begin(pipeline);
        for (i = 0, more = true; i < RECEIVER_BATCH && more; i++)
            if ((more = inbox_next(worker->inbox, &datagram)))
                pipeline_take(pipeline, &datagram);
        pipeline_publish(pipeline);
    } while (more);
}

/* ---- turns ---------------------------------------------------------------------------- */

static void follow_turn(struct worker *worker)
{
    unsigned turn = steering_turn(&worker->group->steering);

    if (turn == worker->turn)
        return;
    worker->turn = turn;
    worker->gathered = 0;
    worker->passing = true;
    worker->may_receive = false;
}

/* With datagrams in its hands that may have come in a new turn: waits until what came in the one
 * before is taken. */
static void await_turn(struct worker *worker)
{
    const struct timespec moment = clock_to_timespec(CLOCK_MILLISECOND);
    struct pollfd *inbox = &worker->fds[worker->port_count + INBOX];

    for (;;) {
        follow_turn(worker);
        worker->may_receive =
            steering_may_receive(&worker->group->steering, worker->pipeline->id, worker->turn);
        empty_inbox(worker); /* what came before is here by now */
        if (worker->may_receive)
            return;
        ppoll(inbox, 1, &moment, NULL);
    }
}

/* ---- sockets -------------------------------------------------------------------------- */

static void report_receive_error(struct worker *worker)
{
    uint64_t held_back;

    worker->error = errno;
    if (log_limit_pass(&worker->error_limit, clock_coarse(), &held_back))
        log_format(worker->pipeline->host->log, LOG_ERROR, NULL, "cannot receive: %s",
                   strerror(worker->error));
}

/* The lines that were held back, when their time is over. */
static void report_held_back(struct worker *worker)
{
    uint64_t held_back = log_limit_due(&worker->error_limit, clock_coarse());

    if (held_back > 0)
        log_format(worker->pipeline->host->log, LOG_ERROR, NULL,
                   "could not receive: %" PRIu64 " times more since the last such line, last: %s",
                   held_back, strerror(worker->error));
}

/* The next `count` of the receiver go into the pipeline. */
static void take_batch(struct worker *worker, unsigned listener, int count)
{
    struct pipeline *pipeline = worker->pipeline;
    struct port *port = &worker->ports[listener];
    int i;

    if (!worker->may_receive || steering_turn(&worker->group->steering) != worker->turn)
        await_turn(worker);
    pipeline_begin(pipeline);
    for (i = 0; i < count; i++) {
        struct datagram datagram;

        receiver_get(worker->receiver, i, &datagram);
        datagram.listener = (uint8_t)listener;
        datagram.local_port = port->number;
        if (datagram.local == NULL && port->has_local)
            datagram.local = port->local;
        take(worker, port, &datagram);
    }
    counter_add(port->received, (uint64_t)count);
    counter_add(&pipeline->counters.calls, 1);
    pipeline_publish(pipeline);
}

/* Takes what a listener's socket holds, for at most `rounds` calls.  Returns whether there may be
 * more. */
static bool empty_socket(struct worker *worker, unsigned listener, int rounds)
{
    int count, round = 0, errors = 0;

    do {
        count = receiver_receive(worker->receiver, worker->fds[listener].fd);
        if (count > 0)
            take_batch(worker, listener, count);
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

    for (i = 0; i < worker->port_count; i++)
        if (worker->fds[i].revents != 0)
            more |= empty_socket(worker, i, ROUNDS);
    return more;
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

/* As empty_sockets, from the beginning of a turn until what came before it is taken. */
static bool pass_turn(struct worker *worker)
{
    struct steering *steering = &worker->group->steering;
    bool complete = steering_is_complete(steering, worker->turn);
    uint64_t turned_ns = atomic_load(&steering->turned_ns);
    bool more = false, all = complete;
    unsigned i;

    for (i = 0; i < worker->port_count; i++) {
        struct port *port = &worker->ports[i];
        bool rest = empty_socket(worker, i, ROUNDS);

        if (complete && (!rest || port->last_ns > turned_ns))
            port->passed = worker->turn;
        all &= port->passed == worker->turn;
        more |= rest;
    }
    if (all) {
        worker->passing = false;
        steering_pass(steering, worker->pipeline->id, worker->turn);
    }
    return more;
}

/* Whether worker 0, which receives for all, has seen enough to leave the others to it. */
static bool may_go_apart(const struct worker *worker)
{
    return worker->pipeline->count > 1 && worker->pipeline->id == 0 &&
           !steering_is_apart(worker->turn) && worker->gathered >= TRIAL &&
           (worker->segments_ns == 0 || clock_coarse() - worker->segments_ns >= SEGMENTS_FOR);
}

/* Takes what has come; from the other workers first, since at a turn that is older than what the
 * sockets hold.  Returns whether there may be more. */
static bool receive(struct worker *worker)
{
    bool more;

    if (!inbox_is_empty(worker->inbox) || worker->fds[worker->port_count + INBOX].revents != 0)
        empty_inbox(worker);
    follow_turn(worker);
    more = worker->passing ? pass_turn(worker) : empty_sockets(worker);
    if (may_go_apart(worker))
        steering_change(&worker->group->steering, worker->turn);
    return more;
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
        report_held_back(worker);
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

/* Until no worker hands anything over any more, and that is taken. */
static void await_others(struct worker *worker)
{
    const struct timespec moment = clock_to_timespec(CLOCK_MILLISECOND);
    struct steering *steering = &worker->group->steering;
    uint64_t limit = clock_monotonic() + LAST_WAIT;

    while (!steering_has_ended(steering) && clock_monotonic() < limit) {
        ppoll(&worker->fds[worker->port_count + INBOX], 1, &moment, NULL);
        empty_inbox(worker);
    }
    inbox_close(worker->inbox);
    empty_inbox(worker);
}

/* Drops up to here are losses; what comes from here on is refused, until the sockets are closed. */
static void finish(struct worker *worker)
{
    struct pipeline *pipeline = worker->pipeline;
    unsigned i;

    count_drops(worker, false);
    for (i = 0; i < worker->port_count; i++)
        socket_keep_out(worker->fds[i].fd);
    for (i = 0; i < worker->port_count; i++)
        empty_socket(worker, i, INT_MAX);
    steering_end(&worker->group->steering);
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
        bool more = receive(worker);
        uint64_t received = counter_value(&worker->pipeline->counters.received) +
                            counter_value(&worker->pipeline->counters.handed_over);

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
        socket_retire(worker->fds[i].fd);
    count_drops(worker, true);
}
