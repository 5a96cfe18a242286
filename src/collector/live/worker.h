/* SPDX-License-Identifier: MIT
 *
 * A worker: the thread that takes datagrams from its sockets, and drives a pipeline with them.
 */
#ifndef COLLECTOR_LIVE_WORKER_H
#define COLLECTOR_LIVE_WORKER_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "collector/flow/pipeline.h"
#include "drops.h"
#include "listener.h"
#include "port.h"
#include "receiver.h"
#include "steering.h"

/* What the workers share. */
struct worker_group {
    const struct listener *listeners;
    unsigned listener_count;
    struct steering steering;
    struct drops drops;
    atomic_bool leaves; /* sockets to the next process: what is in them is not taken, nor refused */
    int stop_fd;        /* an eventfd: readable when it is time to stop */
    int ended_fd;       /* another, to which each writes when it ends */
};

struct worker {
    struct pipeline *pipeline;
    struct metrics *metrics;
    struct worker_group *group;
    pthread_t thread;
    bool started;
    atomic_bool ended;  /* its last act but for a note in group->ended_fd */
    struct pollfd *fds; /* its sockets, one for each listener, and behind them a few others */
    struct port *ports; /* one for each listener */
    unsigned port_count;
    struct inbox *inbox;
    struct receiver *receiver;
    struct log_limit error_limit;
    int error;              /* the last of those that it limits */
    unsigned turn;          /* of the steering: in which it receives */
    bool passing;           /* it has not taken yet all that came before that turn */
    bool stands_in;         /* takes what worker 0 hangs before */
    bool may_receive;       /* nor need it wait for another to have done so */
    uint64_t gathered;      /* worker 0: datagrams that it received for all, in this turn */
    unsigned beat_of_0;     /* of worker 0, as it was last seen to change... */
    uint64_t beat_ns;       /* ...at that time, monotonic */
    unsigned seen_beat;     /* the main thread's: its beat... */
    uint64_t seen_ns;       /* ...changed last then, monotonic */
    uint64_t next_tick_ns;  /* monotonic */
    uint64_t next_check_ns; /* monotonic */
};

/* [main] For the pipeline of number `pipeline->id`, and the sockets of that number.  Returns 0, or
 * -1 if memory is short; then worker_free too. */
int worker_init(struct worker *worker, struct pipeline *pipeline, struct worker_group *group);
void worker_free(struct worker *worker);

/* [main] Starts the thread.  Returns 0, or an errno. */
int worker_start(struct worker *worker);

/* [main] Whether the thread has ended, or never ran; takes it back if it has.  It ends when it is
 * time to stop and what the kernel had is taken. */
bool worker_join(struct worker *worker);

/* [main] When it has ended: its sockets, which are shut, count nothing any more.  Adds what they
 * have refused meanwhile. */
void worker_retire(struct worker *worker);

#endif
