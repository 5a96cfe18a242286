/* SPDX-License-Identifier: MIT
 *
 * A worker: the thread that takes datagrams from its sockets, makes records of
 * them, runs the filters over them, and offers them to every sink.
 */
#ifndef COLLECTOR_LIVE_WORKER_H
#define COLLECTOR_LIVE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "collector/host/batch.h"
#include "collector/flow/block.h"
#include "base/clock.h"
#include "collector/host/instance.h"
#include "receive.h"
#include "collector/flow/sink.h"

#define WORKER_TICK CLOCK_SECOND /* how often sums are checked and kernel drops are read */

/* A filter on this worker. */
struct filter {
    struct muster_instance *instance;
    void *state; /* the plugin's, for this worker */
    bool opened;
    uint64_t next_tick_ns;                    /* monotonic */
    struct counter in, emitted, out, dropped; /* records */
};

struct worker_counters {
    struct counter received; /* datagrams */
    struct counter bytes;    /* of those, UDP payload */
    struct counter decoded;  /* datagrams */
    struct counter rejected[MUSTER_REJECT_REASONS];
    struct counter records;            /* made of the decoded datagrams */
    struct counter kept;               /* records made of rejected datagrams */
    struct counter fanned[SINK_KINDS]; /* records of each kind, offered to the sinks */
    struct counter kernel_drops;       /* datagrams; no room in a socket's buffer */
    struct counter refused;            /* datagrams that came while the collector stopped */
    struct counter calls;              /* receive calls that brought something */
};

struct worker {
    unsigned id, count; /* this one; how many there are */
    const struct host *host;
    pthread_t thread;
    bool started;
    int stop_fd; /* an eventfd, shared by the workers: readable when it is time to stop */

    int *sockets;    /* one for each listener */
    uint32_t *drops; /* the sockets' drop counters when they were last read */
    unsigned socket_count;
    uint32_t largest; /* bytes of the largest datagram allowed */
    struct receiver *receiver;

    struct pool pool;
    struct block *block; /* being filled */
    uint32_t from;       /* first of its records that sinks have not been offered */
    struct batch batch;
    struct filter *filters;
    unsigned filter_count;
    struct sink *sinks;
    unsigned sink_count;
    bool keep_rejects; /* some sink takes them */

    struct worker_counters counters;
    struct log_limit reject_limits[MUSTER_REJECT_REASONS];
    struct log_limit socket_limit;
    struct log_limit *full_limits; /* one for each sink */
    /* One for each sink, or NULL: where the records of a sink go that takes no
     * messages.  In the common block it would hold a thousand messages for an event. */
    struct block **sides;
    uint64_t next_tick_ns;  /* monotonic */
    uint64_t next_check_ns; /* monotonic */
    bool violated;          /* its sums did not agree: a bug, logged once */

    /* In a replay: holds a run back until the queue has room for it, or until it is
     * time to stop.  NULL: nobody waits for a sink. */
    void (*wait_for_room)(void *context, struct queue *queue, const struct run *run,
                          uint32_t wanted);
    void *wait_context;
    /* A run that is offered does not wake its sink.  Whoever feeds the worker wakes all of them
     * before it waits for anything, and at the end. */
    bool wakes_late;
};

/* What a worker is made of.  `sockets` are taken over as an array, not as
 * descriptors: the listeners close those. */
struct worker_setup {
    unsigned id, count;
    const struct host *host;
    int stop_fd;
    const int *sockets;
    unsigned socket_count;
    uint32_t largest;
    struct muster_instance *const *filters;
    unsigned filter_count;
    struct sink *sinks;
    unsigned sink_count;
};

/* [main] Allocates, opens the queues of this worker in every sink, and opens the
 * filters' states.  Returns 0, or -1 after a log line; then worker_destroy too. */
int worker_init(struct worker *worker, const struct worker_setup *setup);
void worker_destroy(struct worker *worker);

/* [main] Lets datagrams into the sockets, and starts the thread.  Returns 0, or an
 * errno. */
int worker_start(struct worker *worker);

/* Whether the sums of this worker agree: the law of the ledger up to the queues.
 * [worker], or [main] once the thread has ended. */
bool worker_adds_up(const struct worker *worker);

/* [worker] Before the first datagram of a receive call: if every sink is done with
 * what is in the block, as on a quiet line, it is filled from the start again, and
 * the same few cache lines serve for ever. */
void worker_begin(struct worker *worker);

/* [worker] receive.c's datagram becomes records in the block: the decode step. */
void worker_take(struct worker *worker, const struct datagram *datagram);

/* [worker] Runs the filters over what was taken since the last call, and offers
 * the result to the sinks. */
void worker_publish(struct worker *worker);

/* [worker] The work of the filters that is due; returns when the next is.  And
 * their end. */
uint64_t worker_tick_filters(struct worker *worker, uint64_t now_ns);
void worker_close_filters(struct worker *worker);

#endif
