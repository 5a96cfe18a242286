/* SPDX-License-Identifier: MIT
 *
 * The front of a capture: it goes the way of live datagrams, from the pipelines on, with the
 * capture's time as the clock.
 *
 * One thread drives all pipelines, and nothing is dropped because it is faster than a sink.  So the
 * output is the same on every run.
 *
 *   replay_open, (until replay_is_ready), (chain_open, chain_start), replay_start,
 *   (until replay_is_over), replay_stop, (until replay_stopped), replay_close
 *
 * All of this is [main].
 */
#ifndef COLLECTOR_REPLAY_REPLAY_H
#define COLLECTOR_REPLAY_REPLAY_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/problems.h"
#include "capture.h"
#include "packet.h"
#include "collector/config/listen.h"
#include "collector/flow/chain.h"
#include "collector/host/host.h"

struct replay {
    pthread_t thread;
    bool started;
    int event_fd; /* an eventfd: readable when to ask again: ready? over? */
    sem_t go;     /* posted when there is a chain, or it is time to stop */
    atomic_bool ready, over, stop;
    const char *path;
    const struct listen *listen; /* which ports count */
    unsigned listen_count;
    struct log *log;
    atomic_ullong *clock_ns; /* the capture's time: ns since the Unix epoch; never goes back */
    struct chain *chain;     /* once it runs */

    /* The thread's, and once it is over, anybody's. */
    struct capture *file;
    struct capture_bytes packet; /* the next one */
    struct packet parsed;        /* what it holds */
    bool has_packet;
    uint64_t next_tick_ns; /* on that clock */
    unsigned *pending;     /* datagrams that each pipeline has taken and not published */
    struct capture_account account;
    bool waits;  /* for the first packet, and has said so */
    bool broken; /* the capture could not be read to its end */
};

struct replay_settings {
    const char *path;            /* "-": standard input; outlives the replay, as does... */
    const struct listen *listen; /* ...this */
    unsigned listen_count;
};

/* Has a thread open the capture and read its first sound packet, which sets the host's clock:
 * plugins, which are opened next, find it set.  Returns 0, or -1 after adding to `problems`; after
 * either, replay_stop. */
int replay_open(struct replay *replay, const struct replay_settings *settings, struct host *host,
                struct problems *problems);

/* Whether the clock is set, or the capture has no packet, or it cannot be read (`broken`, and a
 * line in the log says why). */
bool replay_is_ready(struct replay *replay);

/* Replays it all into the chain, whose sinks run, and waits until they have taken what is queued.
 * Returns 0, or -1 after adding to `problems`. */
int replay_start(struct replay *replay, struct chain *chain, struct problems *problems);

/* Whether that is done. */
bool replay_is_over(struct replay *replay);

/* Has the thread end, if need be before the end of the capture. */
void replay_stop(struct replay *replay);

/* Whether it has.  `event_fd` becomes readable when to ask again. */
bool replay_stopped(struct replay *replay);

/* Leaves it alone if it has not, with its chain; then not replay_close. */
void replay_abandon(struct replay *replay, struct chain *chain);

void replay_close(struct replay *replay);

#endif
