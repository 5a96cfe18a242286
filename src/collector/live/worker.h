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
#include "listener.h"
#include "receiver.h"

struct worker {
    struct pipeline *pipeline;
    pthread_t thread;
    bool started;
    const struct listener *listeners;
    atomic_bool ended;  /* its last act but for a note in... */
    int ended_fd;       /* ...this eventfd */
    struct pollfd *fds; /* its sockets, one for each listener, and behind them: time to stop */
    unsigned socket_count;
    uint32_t *drops; /* the sockets' drop counters when they were last read */
    struct receiver *receiver;
    struct log_limit error_limit;
    uint64_t next_tick_ns;  /* monotonic */
    uint64_t next_check_ns; /* monotonic */
};

/* [main] For the pipeline of number `pipeline->id`, and the sockets of that number.  `stop_fd` is
 * an eventfd, shared by the workers: readable when it is time to stop; `ended_fd` another, to which
 * each writes when it ends.  Returns 0, or -1 if memory
 * is short; then worker_free too. */
int worker_init(struct worker *worker, struct pipeline *pipeline, const struct listener *listeners,
                unsigned listener_count, int stop_fd, int ended_fd);
void worker_free(struct worker *worker);

/* [main] Lets datagrams into the sockets, and starts the thread.  Returns 0, or an
 * errno. */
int worker_start(struct worker *worker);

/* [main] Whether the thread has ended, or never ran; takes it back if it has.  It ends when it is
 * time to stop and what the kernel had is taken. */
bool worker_join(struct worker *worker);

#endif
