/* SPDX-License-Identifier: MIT
 *
 * The way of a datagram: decode, filters, fan-out; with a counter on every step.
 *
 * A front drives it: pipeline_begin, pipeline_take for each datagram of a batch, pipeline_publish;
 * pipeline_tick when time has passed; pipeline_close at the end.  All of that is one thread's, the
 * pipeline's worker.  All datagrams of a device go through one pipeline.
 */
#ifndef COLLECTOR_FLOW_PIPELINE_H
#define COLLECTOR_FLOW_PIPELINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/problems.h"
#include "collector/host/batch.h"
#include "collector/host/callback.h"
#include "collector/host/instance.h"
#include "fanout.h"
#include "notices.h"
#include "visit.h"

#define PIPELINE_TICK CLOCK_SECOND /* between two ticks, at most */

struct admit;
struct recognized;
struct answers;
struct answers_front;
struct answers_rate;
struct listener_formats;
struct sockaddr;

/* One datagram, as a front hands it over; its bytes are read before pipeline_take returns. */
struct datagram {
    const uint8_t *bytes;
    uint32_t size;   /* its true size on the wire */
    uint32_t stored; /* bytes that are there: `size`, or largest + 1 if it is larger than that */
    uint64_t arrival_ns; /* ns since the Unix epoch */
    const struct sockaddr *source;
    const uint8_t *local; /* 16 bytes: the address it went to, as in muster_arrival; or NULL */
    uint32_t interface;   /* index of the interface it came in by; 0: not known */
    uint16_t local_port;  /* in the host's byte order; 0: not known */
    uint8_t listener;     /* which entry of `listen` it came in by */
    bool to_many;         /* it went to a broadcast or multicast address */
    struct recognized *recognized; /* what it is, if the front has found that out; or NULL */
};

/* A filter in this pipeline. */
struct filter {
    struct muster_instance *instance;
    void *state;    /* the plugin's, for this worker */
    uint8_t origin; /* of the records that it adds */
    bool opened;
    bool failed;                              /* out of service: records pass by */
    atomic_bool woken;                        /* the plugin asks for a tick */
    unsigned accused;                         /* what was said of it: see accuse.c */
    uint64_t next_tick_ns;                    /* on the front's clock */
    struct counter in, emitted, out, dropped; /* records */
    struct counter held;                      /* of those that came in: handed on later */
    struct counter passed;                    /* of those that came in: by a filter that failed */
    struct counter refused;                   /* that it wanted to add, and that could not be */
};

struct pipeline_counters {
    struct counter received; /* datagrams */
    struct counter bytes;    /* of those, UDP payload */
    struct counter decoded;  /* datagrams */
    struct counter rejected[MUSTER_REJECT_REASONS];
    struct counter overrun;        /* datagrams of another worker's device that had no room there */
    struct counter ignored;        /* of the decoded ones: without a record, as their format says */
    struct counter records;        /* made of the decoded datagrams */
    struct counter reject_records; /* made of the rejected ones */
    struct counter events;         /* records that the collector added of its own: see notices.h */
    /* The front's own, which it adds to: */
    struct counter
        kernel_drops; /* datagrams that the kernel dropped: no room in a receive buffer */
    struct counter checksum_errors; /* datagrams that the kernel dropped: wrong checksum */
    struct counter refused;         /* datagrams that came while the collector stopped */
    struct counter copies;      /* of broadcast and multicast datagrams, left to another worker */
    struct counter handed_over; /* datagrams to the worker whose device it is, which counts them */
    struct counter calls;       /* receive calls that brought something */
};

/* Holds the workers of a chain between two batches. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool shut;
    unsigned waiting; /* workers at the gate */
};

struct pipeline {
    unsigned id, count; /* this one, from 0; how many there are */
    struct host *host;
    uint32_t largest; /* bytes of the largest datagram allowed */
    struct pool pool;
    struct block *block; /* being filled */
    uint32_t from;       /* first of its records that was not published */
    struct batch batch;
    struct filter *filters;
    unsigned filter_count;
    unsigned speaker;       /* the filter that is in its tick or close */
    enum callback speaking; /* which of these */
    struct fanout fanout;
    bool keep_rejects;                      /* some sink or filter takes them */
    bool filters_keep_rejects;              /* some filter does */
    struct admit *admit;                    /* the chain's; NULL: everybody may send */
    const struct listener_formats *formats; /* by listener; NULL: all have the built-in one */
    int wake_fd; /* an eventfd: readable when a filter asks for a tick; pipeline_tick reads it */
    struct answers *answers; /* NULL: none are given */
    struct gate *gate;       /* the chain's */
    struct visit visit;      /* who wants to know something of its filters */
    atomic_bool woken;       /* the same, for a front that does not sleep */
    struct pipeline_counters counters;
    struct notices notices;
    atomic_bool *told_strangers;   /* the chain's, by listener: one of its pipelines has said it */
    uint64_t taken[UINT8_MAX + 1]; /* datagrams, by listener */
    bool closed;
    bool violated; /* its sums did not agree: a bug, logged once */
    bool stuck;    /* [main] its front's thread did not come back: it is left alone */
};

struct pipeline_settings {
    struct gate *gate;
    unsigned id, count;
    struct host *host;
    uint32_t largest;
    enum overflow overflow;
    struct admit *admit;                    /* or NULL */
    const struct listener_formats *formats; /* or NULL; outlives it */
    const struct answers_front *front;      /* who sends answers; NULL: nobody */
    struct answers_rate *rates;             /* one for each of... */
    unsigned listener_count;
    atomic_bool *told_strangers;     /* by listener; or NULL */
    struct muster_instance *filters; /* open; an array */
    unsigned filter_count;
    struct sink *sinks;             /* initialised */
    unsigned sink_count, sink_room; /* how many there are, and will ever be */
};

/* [main] Allocates, opens this pipeline's queue in every sink, and the filters' states.  Returns 0,
 * or -1 after adding to `problems`; then pipeline_free too. */
int pipeline_open(struct pipeline *pipeline, const struct pipeline_settings *settings,
                  struct problems *problems);
/* [main] After pipeline_close. */
void pipeline_free(struct pipeline *pipeline);

/* [main] While the worker waits between two batches: `added` sinks, the first in place `first`, get
 * what comes from now on, those in the places `removed` nothing any more.  Their queues need no
 * more blocks than were made by pipeline_make_blocks, which returns 0, or -1 with errno. */
int pipeline_make_blocks(struct pipeline *pipeline, uint32_t of_sinks);
void pipeline_change_sinks(struct pipeline *pipeline, unsigned first, unsigned added,
                           const unsigned *removed, unsigned removed_count);

/* [worker] Before the first datagram of a batch: if every sink is done with
 * what is in the block, as on a quiet line, it is filled from the start again, and
 * the same few cache lines serve for ever. */
void pipeline_begin(struct pipeline *pipeline);

/* [worker] A datagram becomes records in the block, or a reject and a reason. */
void pipeline_take(struct pipeline *pipeline, const struct datagram *datagram);

/* [worker] A datagram was received that no pipeline can take: its worker has no room for it. */
void pipeline_overrun(struct pipeline *pipeline, const struct datagram *datagram);

/* [worker] Adds a record of the collector's own to what was taken; a copy, with all that it points
 * to. */
void pipeline_add(struct pipeline *pipeline, const struct muster_record *record);

/* [worker] Runs the filters over what was taken since the last call, and offers
 * the result to the sinks. */
void pipeline_publish(struct pipeline *pipeline);

/* [worker] Whether a filter asks for a tick before the next is due. */
static inline bool pipeline_is_woken(struct pipeline *pipeline)
{
    return atomic_load_explicit(&pipeline->woken, memory_order_relaxed);
}

/* [any thread] A filter of this instance asks for a tick. */
void pipeline_wake(struct pipeline *pipeline, const struct muster_instance *instance);

/* [worker] The work of the filters that is due, or of all of them; returns when the next is due, in
 * PIPELINE_TICK at the latest.  `now_ns` is on the clock that filters are told. */
uint64_t pipeline_tick(struct pipeline *pipeline, uint64_t now_ns);
uint64_t pipeline_tick_all(struct pipeline *pipeline, uint64_t now_ns);

/* [worker] Has filter number `i` forget a device, and hands on what it says then.  Returns whether
 * it was known. */
bool pipeline_forget(struct pipeline *pipeline, unsigned i, uint32_t device);

/* [worker] The end of the filters, and what they still emit; or [main], if the worker never ran.
 * More than once is once. */
void pipeline_close(struct pipeline *pipeline);

/* Whether the sums of this pipeline agree: the law of the ledger up to the queues.
 * [worker], or [main] once the front has ended. */
bool pipeline_adds_up(const struct pipeline *pipeline);

/* [worker] The same, with a line in the log when they do not for the first time. */
void pipeline_check(struct pipeline *pipeline);

#endif
