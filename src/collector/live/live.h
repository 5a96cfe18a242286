/* SPDX-License-Identifier: MIT
 *
 * The front of live datagrams: the sockets that the collector listens on, and a worker thread for
 * each pipeline.
 *
 *   live_open, (chain_open, chain_start), live_start, live_stop, (until live_stopped),
 * (chain_close), live_retire, live_close
 *
 * All of this is [main].
 */
#ifndef COLLECTOR_LIVE_LIVE_H
#define COLLECTOR_LIVE_LIVE_H

#include "base/address.h"
#include "base/problems.h"
#include "collector/config/listen.h"
#include "collector/flow/chain.h"
#include "listener.h"
#include "worker.h"

struct live {
    struct listener *listeners;
    unsigned listener_count;
    struct worker *workers;
    unsigned worker_count;
    struct worker_group group;
    uint64_t next_look_ns; /* monotonic */
    bool is_held;          /* the sockets outlive the process: a service manager has them, too */
};

struct live_settings {
    const struct listen *listen;
    unsigned listen_count;
    unsigned workers;
    int receive_buffer; /* bytes */
};

/* Opens the sockets: what comes from now on waits in their receive buffers.  Returns 0, or -1 after
 * adding to `problems`; after either, live_close.
 */
int live_open(struct live *live, const struct live_settings *settings, struct problems *problems);

/* Who sends answers, as long as the sockets are open.  Also before live_start. */
struct answers_front live_answers(struct live *live);

/* Now and then: tries again to receive where that was not possible yet, and says so.  Returns when
 * to look again, on the monotonic clock; 0: there is no need to. */
uint64_t live_look(struct live *live, uint64_t now_ns, struct problems *problems);

/* Starts the workers.  The chain has a pipeline for each, and its sinks run.
 * Returns 0, or -1 after adding to `problems`; after either, live_stop, and live_close when all
 * have ended. */
int live_start(struct live *live, struct chain *chain, struct problems *problems);

/* Has the workers let nothing more in, take what the kernel holds, and end; or, if it `leaves` the
 * sockets to another process, only end. */
void live_stop(struct live *live, bool leaves);

/* When all have ended: the sockets are no longer its own, but in *left, to be freed. */
int live_leave(struct live *live, struct inherited *left);

/* Whether every worker has gone on with its work within that time, in ns. */
bool live_moves(struct live *live, uint64_t now_ns, uint64_t within_ns);

/* Has the service manager keep the sockets, if it said that it does ($FDSTORE). */
void live_store(struct live *live);

/* Whether all have ended.  live_ended_fd becomes readable when to ask again. */
bool live_stopped(struct live *live);
int live_ended_fd(const struct live *live);

/* The last act before the figures are final: counts what the sockets have refused since the workers
 * have ended, and has the kernel answer from now on as if they were closed. */
void live_retire(struct live *live);

/* Leaves those alone that have not, with their pipelines; then not live_close. */
void live_abandon(struct live *live, struct chain *chain);

void live_close(struct live *live);

#endif
