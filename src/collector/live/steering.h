/* SPDX-License-Identifier: MIT
 *
 * Which worker's socket the kernel gives a datagram to, and what becomes of it if it is another's.
 *
 * All datagrams of a device are one worker's.  The kernel steers by the device's id, but it sees
 * the first of a super-packet alone: what a program on this host, or behind a veth, sends with
 * UDP_SEGMENT (udp(7)) goes where its first segment goes.  So there are two ways to receive:
 *
 *   apart     each worker from its own sockets.  If it finds another's datagram there, it hands it
 *             over (inbox.h), and asks for the other way.
 *   gathered  worker 0 for all.  It hands to each worker what is that worker's, in the order in
 *             which it came.
 *
 * It begins gathered, since nobody knows the senders yet, and goes apart when the first datagrams
 * show none of that, or the last that did are long past; or when worker 0 does not come back from a
 * plugin.  At each turn from one way to the other, whoever receives from now on waits until what
 * was steered the old way is taken, so that the order is kept.
 *
 * Broadcast and multicast do not take part: the kernel gives a copy to each socket of a group, and
 * each worker takes what is its own of them.
 */
#ifndef COLLECTOR_LIVE_STEERING_H
#define COLLECTOR_LIVE_STEERING_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "inbox.h"
#include "listener.h"

struct steering {
    const struct listener *listeners;
    unsigned listener_count;
    unsigned workers;
    struct log *log;
    pthread_mutex_t lock;         /* of a turn */
    atomic_uint turn;             /* how many there were; even: gathered, odd: apart */
    atomic_uint complete;         /* the last that the kernel follows */
    _Atomic uint64_t turned_ns;   /* since when it does: ns since the Unix epoch */
    _Atomic uint64_t until_ns;    /* monotonic: who has not passed by then is not waited for */
    _Atomic uint64_t segments_ns; /* monotonic: when super-packets were last seen; 0: never */
    bool refused;                 /* the kernel did not turn */
    bool deserted;                /* worker 0 hung when it last turned, at... */
    unsigned deserted_beat;       /* ...that beat */
    atomic_bool stopping;         /* no more turns */
    struct steering_part *parts;  /* one for each worker */
};

/* What a worker tells the others.  A cache line of its own, since it beats all the time. */
struct steering_part {
    _Alignas(64) atomic_uint beat; /* goes on as long as the worker does */
    atomic_uint passed;            /* what was steered before that turn is taken; STEERING_ENDED */
    struct inbox inbox;
};

#define STEERING_ENDED UINT_MAX

/* For listeners that are open, and begin gathered.  Returns 0, or -1 with errno; then steering_free
 * too. */
int steering_init(struct steering *steering, const struct listener *listeners,
                  unsigned listener_count, unsigned workers, struct log *log);
void steering_free(struct steering *steering);

static inline unsigned steering_turn(struct steering *steering)
{
    return atomic_load_explicit(&steering->turn, memory_order_acquire);
}

static inline bool steering_is_apart(unsigned turn)
{
    return turn % 2 != 0;
}

/* [worker] It has come so far: to be called again and again. */
static inline void steering_beat(struct steering *steering, unsigned worker)
{
    atomic_uint *beat = &steering->parts[worker].beat;

    atomic_store_explicit(beat, atomic_load_explicit(beat, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* The sum of all beats: while it changes, somebody works. */
unsigned steering_beats(const struct steering *steering);

/* [worker] Whether it may receive by now, in that turn.  A worker that does not come back from a
 * plugin keeps the others waiting for a second at most. */
bool steering_may_receive(struct steering *steering, unsigned worker, unsigned turn);

/* Whether the kernel steers by that turn: nothing more comes in the way of the one before. */
static inline bool steering_is_complete(struct steering *steering, unsigned turn)
{
    return atomic_load_explicit(&steering->complete, memory_order_acquire) == turn;
}

/* [worker] It has taken all that was steered to it before that turn. */
void steering_pass(struct steering *steering, unsigned worker, unsigned turn);

/* [worker] Turns to the other way, unless somebody has since that turn, or does now.  If the kernel
 * does not let it, that is said, and it is not tried again. */
void steering_change(struct steering *steering, unsigned turn);

/* [worker] Worker 0 has not moved on from that beat for a while, in a turn that is gathered: turns,
 * and returns whether it did.  The caller takes what worker 0 has not, and passes the turn for it.
 */
bool steering_desert(struct steering *steering, unsigned turn, unsigned beat);

/* [worker] Segments of one packet were seen, of devices of several workers. */
void steering_saw_segments(struct steering *steering);

/* [main] listener_look, while nobody steers; what begins to receive is steered as the others. */
bool steering_look(struct steering *steering, struct listener *listener, struct problems *problems);

/* [worker] It is time to stop: there are no more turns. */
void steering_stop(struct steering *steering);

/* [worker] It receives nothing more, and hands nothing over.  Whether nobody does: then nothing
 * comes into its inbox any more. */
void steering_end(struct steering *steering, unsigned worker);
bool steering_has_ended(const struct steering *steering);

#endif
