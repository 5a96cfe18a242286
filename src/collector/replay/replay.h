/* SPDX-License-Identifier: MIT
 *
 * A capture goes the way of live datagrams, from the workers' decoder on, with the
 * capture's time as the clock.
 *
 * One thread does the work of all workers, and nothing is dropped because it is
 * faster than a sink.  So the output is the same on every run.
 */
#ifndef COLLECTOR_REPLAY_REPLAY_H
#define COLLECTOR_REPLAY_REPLAY_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture_file.h"
#include "collector/collector.h"

struct replay {
    struct capture_file *file;
    struct log *log;
    const sigset_t *signals;
    struct collector *collector; /* once it has started */
    struct capture_bytes packet; /* the next one */
    bool has_packet;
    atomic_ullong *clock_ns; /* the capture's time: ns since the Unix epoch; never goes back */
    uint64_t next_tick_ns;   /* on that clock */
    unsigned *pending;       /* datagrams that each worker has taken and not published */
    struct capture_account account;
    bool waits;   /* for the first packet, and has said so */
    bool stopped; /* by a signal */
    bool broken;  /* the capture could not be read to its end */
};

/* Opens the capture ("-": standard input) and sets the clock to its first packet.
 * `signals` are blocked.  Returns 0, or -1 after a log line. */
int replay_open(struct replay *replay, const char *path, const sigset_t *signals,
                struct host *host);

/* [main] Replays it all into a collector that was started without sockets, and waits
 * until the sinks have taken what is queued; or until SIGTERM or SIGINT. */
void replay_run(struct replay *replay, struct collector *collector);

void replay_close(struct replay *replay);

#endif
