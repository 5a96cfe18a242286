/* SPDX-License-Identifier: MIT
 *
 * The bounded queue between one worker and one sink.  It carries runs: stretches
 * of records in a block.  One thread offers, one takes; no lock.
 *
 * A queue that has become full takes nothing more until it is half empty, so
 * that what is dropped is one stretch rather than every other record, and a
 * block is held for a run of records rather than for a few.
 */
#ifndef COLLECTOR_FLOW_QUEUE_H
#define COLLECTOR_FLOW_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "block.h"
#include "base/counter.h"
#include "base/eventcount.h"

/* What becomes of a run for which a queue has no room. */
enum overflow {
    OVERFLOW_DROP, /* it is dropped and counted: nobody waits for a sink */
    OVERFLOW_WAIT  /* the front is held back: of a capture, nothing is lost */
};

enum { QUEUE_LEAST = 2 * BLOCK_RECORDS }; /* records; so that any run fits a half-empty queue */

struct run {
    struct block *block;
    uint32_t from, count;
    bool whole; /* of one that was taken: the sink wants every record */
};

enum {
    SLOT_NEW_BLOCK = 1, /* another than the last run's */
    SLOT_WHOLE = 2,     /* the sink wants every record */
    SLOT_RECORD = 4
};

struct slot {
    uint32_t block;       /* index into the pool */
    uint16_t from;        /* record of the block */
    uint16_t count_flags; /* records, times SLOT_RECORD, and the flags */
};

struct queue {
    struct pool *pool;
    struct slot *slots;
    uint32_t slot_count; /* a power of two, at least `capacity` */
    uint32_t capacity;   /* records */
    uint32_t block_capacity;

    /* The worker's. */
    _Alignas(64) atomic_uint head; /* slots ever filled */
    uint32_t accepted_blocks;
    uint64_t accepted;
    const struct block *last_block;
    bool full;
    struct counter offered, dropped; /* records; ever */

    /* The sink's. */
    _Alignas(64) atomic_uint tail; /* slots ever emptied */
    atomic_uint released_blocks;
    atomic_ullong consumed; /* records; ever */

    /* Of a worker that waits for the sink; else room_at is UINT64_MAX. */
    _Alignas(64) atomic_ullong room_at; /* when so many records are consumed, the worker goes on */
    struct eventcount room;             /* and is notified here */
};

/* Returns 0, or -1 with errno.  `capacity` is in records, QUEUE_LEAST at least. */
int queue_open(struct queue *queue, struct pool *pool, uint32_t capacity);
void queue_close(struct queue *queue);

/* How many blocks a queue of that capacity can hold at the same time. */
uint32_t queue_blocks(uint32_t capacity);

enum queue_answer {
    QUEUE_TOOK,
    QUEUE_BECAME_FULL, /* dropped; the first since it was half empty */
    QUEUE_IS_FULL      /* dropped */
};

/* [worker] Whether queue_offer would take that run. */
bool queue_has_room(const struct queue *queue, const struct run *run, uint32_t wanted);

/* [worker] Sleeps until no more than `most` records wait, but `ns` at the longest. */
void queue_wait(struct queue *queue, uint64_t most, uint64_t ns);

/* [worker] Offers a run of which the sink wants `wanted` records, at least one.
 * A run that is taken holds its block. */
enum queue_answer queue_offer(struct queue *queue, const struct run *run, uint32_t wanted);

/* [sink] Once before each queue_done: looks at the oldest run, together with those behind it that
 * continue it in the same block; false if there is none.  The sink then calls queue_consume as it
 * goes, and queue_done, which takes it out, at the end. */
bool queue_peek(struct queue *queue, struct run *run, uint32_t *slots);
void queue_consume(struct queue *queue, uint32_t records);
void queue_done(struct queue *queue, const struct run *run, uint32_t slots);

/* [worker] Records that wait. */
static inline uint64_t queue_waiting(const struct queue *queue)
{
    return queue->accepted - atomic_load_explicit(&queue->consumed, memory_order_acquire);
}

static inline bool queue_is_empty(struct queue *queue)
{
    return atomic_load(&queue->head) == atomic_load_explicit(&queue->tail, memory_order_relaxed);
}

#endif
