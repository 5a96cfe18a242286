/* SPDX-License-Identifier: MIT
 *
 * A chain without files, sockets and threads of a front: a filter that counts, drops and adds, and
 * a sink that remembers; for the tests of pipelines and chains.
 */
#ifndef TESTS_COLLECTOR_FLOW_PATH_H
#define TESTS_COLLECTOR_FLOW_PATH_H

#include <stdatomic.h>

#include "collector/flow/chain.h"

enum { PATH_PIPELINES = 2, PATH_LARGEST = 1472 };

struct path {
    struct host host;
    struct entry entries[2]; /* the filter, and the sink */
    struct chain chain;
    struct problems problems;
};

/* What the plugins of all paths do and have seen; path_open makes it anew. */
struct path_seen {
    uint32_t drop_every; /* the filter drops each of so many records; 0: none */
    uint32_t hold_every; /* ...and holds of so many, for ever */
    uint32_t emit_every; /* ...and emits an event behind each of so many */
    bool emit_via;       /* which came as that did, and has its number */
    void (*look)(const struct muster_record *records, uint32_t count); /* the sink calls it */
    uint32_t tick_emits;             /* events of each tick; 0: one */
    uint32_t ticks;                  /* of the filter, in all pipelines */
    _Atomic uint32_t opened, closed; /* of both */
    atomic_ullong messages, events;  /* that the sink has written */
    atomic_bool held;                /* the sink takes nothing */
};
extern struct path_seen path_seen;

/* The chain is open, and its sink, whose queues are the smallest, does not run. */
void path_open(struct path *path, unsigned pipelines, enum overflow overflow);

/* Another chain of the same entries. */
void path_open_chain(struct path *path, struct chain *chain, unsigned pipelines,
                     enum overflow overflow);

/* A datagram of DATA goes through its pipeline. */
void path_take(struct chain *chain, uint16_t device, uint32_t number);

/* Drains, closes and frees the chain. */
void path_close_chain(struct chain *chain);
void path_close(struct path *path);

#endif
