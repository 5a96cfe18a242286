/* SPDX-License-Identifier: MIT
 *
 * From a worker's sockets and its inbox into its pipeline.
 */
#include "intake.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "collector/flow/recognize.h"

enum {
    ROUNDS = 16, /* receive calls for one socket before the others have their turn */
    ERRORS = 8,  /* of them that may fail */
    TRIAL = 1024 /* datagrams; those of a fleet that come as they should show that in so many */
};

#define HUNG         (3 * CLOCK_SECOND)   /* a worker that does not move on for so long hangs */
#define SEGMENTS_FOR (600 * CLOCK_SECOND) /* who has sent in segments may do it again */

/* ---- whose a datagram is -------------------------------------------------------------- */

/* A datagram of another worker's device, steered to this one.  While the workers receive apart,
 * and unless it came before they did, the sender's are not steered well that way. */
static void hand_over(struct worker *worker, const struct datagram *datagram, unsigned owner)
{
    const struct wire_place *place = &worker->group->listeners[datagram->listener].listen->place;
    struct steering *steering = &worker->group->steering;
    struct pipeline *pipeline = worker->pipeline;

    if (inbox_put(&steering->parts[owner].inbox, datagram))
        counter_add(&pipeline->counters.handed_over, 1);
    else
        pipeline_overrun(pipeline, datagram);
    if (place->width == 0 ||
        (!place->is_number &&
         wire_worker_at(place, datagram->bytes, datagram->stored, pipeline->count) == pipeline->id))
        return; /* the kernel cannot know better */
    if (!steering_is_apart(worker->turn) || worker->stands_in ||
        datagram->arrival_ns < atomic_load(&steering->turned_ns))
        return;
    steering_saw_segments(steering);
    steering_change(steering, worker->turn);
}

/* Of worker 0 while it receives for all: what it sees of the senders.  Two datagrams that came in
 * the same nanosecond were one when the kernel steered them. */
static void watch_gathered(struct worker *worker, struct port *port,
                           const struct datagram *datagram, unsigned owner)
{
    worker->gathered++;
    if (datagram->arrival_ns == port->last_ns && owner != port->last_worker)
        steering_saw_segments(&worker->group->steering);
    port->last_worker = owner;
}

/* Takes a datagram, or leaves it to whose it is.  `seen` has room for what it is. */
static void take(struct worker *worker, struct port *port, struct datagram *datagram,
                 struct recognized *seen)
{
    struct pipeline *pipeline = worker->pipeline;
    unsigned owner = 0;

    if (pipeline->count > 1) {
        owner =
            recognize_worker(pipeline->formats, pipeline->host, datagram, pipeline->count, seen);
        if (seen->format != 0)
            datagram->recognized = seen;
    }
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

void intake_take_handed_over(struct worker *worker)
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
    struct pollfd inbox = {.fd = worker->inbox->fd, .events = POLLIN};

    for (;;) {
        steering_beat(&worker->group->steering, worker->pipeline->id);
        follow_turn(worker);
        worker->may_receive =
            steering_may_receive(&worker->group->steering, worker->pipeline->id, worker->turn);
        intake_take_handed_over(worker); /* what came before is here by now */
        if (worker->may_receive)
            return;
        ppoll(&inbox, 1, &moment, NULL);
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

void intake_report_held_back(struct worker *worker)
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

    steering_beat(&worker->group->steering, pipeline->id);
    if (!worker->may_receive || steering_turn(&worker->group->steering) != worker->turn)
        await_turn(worker);
    pipeline_begin(pipeline);
    for (i = 0; i < count; i++) {
        struct datagram datagram;
        struct recognized seen;

        receiver_get(worker->receiver, i, &datagram);
        datagram.listener = (uint8_t)listener;
        datagram.local_port = port->number;
        if (datagram.local == NULL && port->has_local)
            datagram.local = port->local;
        take(worker, port, &datagram, &seen);
    }
    counter_add(port->received, (uint64_t)count);
    counter_add(&pipeline->counters.calls, 1);
    pipeline_publish(pipeline);
}

/* Takes what a listener's socket holds, this worker's or another's, for at most `rounds` calls.
 * Returns whether there may be more. */
static bool empty(struct worker *worker, unsigned listener, int fd, int rounds)
{
    int count, round = 0, errors = 0;

    do {
        count = receiver_receive(worker->receiver, fd);
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

static bool empty_socket(struct worker *worker, unsigned listener, int rounds)
{
    return empty(worker, listener, worker->ports[listener].fd, rounds);
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

/* As empty_sockets, from the beginning of a turn until what came before it is taken. */
static bool pass_turn(struct worker *worker)
{
    struct steering *steering = &worker->group->steering;
    unsigned turn = worker->turn;
    bool complete = steering_is_complete(steering, turn);
    uint64_t turned_ns = atomic_load(&steering->turned_ns);
    bool more = false, all = complete;
    unsigned i;

    for (i = 0; i < worker->port_count; i++) {
        struct port *port = &worker->ports[i];
        bool rest = empty_socket(worker, i, ROUNDS);

        if (worker->turn != turn)
            return true; /* there was another one meanwhile */
        if (complete && (!rest || port->last_ns > turned_ns))
            port->passed = turn;
        all &= port->passed == turn;
        more |= rest;
    }
    if (all) {
        worker->passing = false;
        steering_pass(steering, worker->pipeline->id, turn);
    }
    return more;
}

/* Whether worker 0, which receives for all, has seen enough to leave the others to it. */
static bool may_go_apart(const struct worker *worker)
{
    uint64_t segments_ns = atomic_load(&worker->group->steering.segments_ns);

    return worker->pipeline->count > 1 && worker->pipeline->id == 0 &&
           !steering_is_apart(worker->turn) && worker->gathered >= TRIAL &&
           (segments_ns == 0 || clock_coarse() - segments_ns >= SEGMENTS_FOR);
}

bool intake_receive(struct worker *worker, bool is_called)
{
    bool more;

    if (is_called || !inbox_is_empty(worker->inbox))
        intake_take_handed_over(worker);
    follow_turn(worker);
    more = worker->passing ? pass_turn(worker) : empty_sockets(worker);
    if (may_go_apart(worker))
        steering_change(&worker->group->steering, worker->turn);
    return more;
}

/* ---- worker 0 ------------------------------------------------------------------------ */

/* Each receives for itself from now on; what worker 0 has not taken is handed over before that. */
static void stand_in(struct worker *worker, unsigned beat)
{
    const struct worker_group *group = worker->group;
    struct steering *steering = &worker->group->steering;
    unsigned i;

    if (!steering_desert(steering, worker->turn, beat))
        return;
    follow_turn(worker);
    worker->may_receive = worker->stands_in = true;
    for (i = 0; i < worker->port_count; i++)
        empty(worker, i, group->listeners[i].sockets[0], ROUNDS * ROUNDS);
    worker->stands_in = false;
    steering_pass(steering, 0, worker->turn);
}

void intake_watch_0(struct worker *worker, uint64_t now_ns)
{
    struct steering *steering = &worker->group->steering;
    unsigned beat = atomic_load_explicit(&steering->parts[0].beat, memory_order_relaxed);

    if (beat != worker->beat_of_0 || steering_is_apart(worker->turn)) {
        worker->beat_of_0 = beat;
        worker->beat_ns = now_ns;
    } else if (now_ns - worker->beat_ns >= HUNG) {
        stand_in(worker, beat);
    }
}

void intake_receive_rest(struct worker *worker)
{
    unsigned i;

    for (i = 0; i < worker->port_count; i++)
        empty_socket(worker, i, INT_MAX);
}
