/* SPDX-License-Identifier: MIT
 *
 * The collector as a whole: everything that runs, in the order of a datagram's way.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "collector/replay/capture.h"
#include "collector/config/config.h"
#include "collector/flow/sink.h"
#include "collector/live/worker.h"

struct collector {
    const struct config *config;
    struct listener *listeners; /* NULL in a replay */
    struct muster_instance *instances;
    const struct host *host;
    int stop_fd;
    struct worker *workers;
    unsigned worker_count; /* that are initialised */
    struct sink *sinks;
    unsigned sink_count; /* that are initialised */
    bool live;           /* it has sockets, and workers with threads; else it is a replay's */
    const struct capture_account *capture; /* where a replay's packets went; NULL: there is none */
    bool stuck;          /* a sink's thread could not be stopped: nothing may be freed */
    bool urged;          /* a second signal asked to stop at once */
    uint64_t started_ns; /* monotonic */
    uint64_t stopped_ns;
};

/* Opens the sockets and every plugin, and starts all threads; if it is not `live`,
 * without sockets and without the workers' threads, so that the caller does their
 * work.  Returns 0, or -1 after a log line; then collector_stop and collector_destroy
 * too. */
int collector_start(struct collector *collector, const struct config *config,
                    const struct host *host, bool live);

/* [main] Asks every sink to reopen its output. */
void collector_rotate(struct collector *collector);

/* Stops in order: let nothing more in, take what the kernel holds, run the queues
 * empty, flush, close the plugins.  Sinks have config->stop_ns for that, unless
 * SIGTERM or SIGINT of `signals`, which are blocked, comes again.  The counters can
 * be read afterwards. */
void collector_stop(struct collector *collector, const sigset_t *signals);

/* Frees everything, or nothing if a sink is stuck: its thread may still be there. */
void collector_destroy(struct collector *collector);

#endif
