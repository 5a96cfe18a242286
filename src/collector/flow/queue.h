/* SPDX-License-Identifier: MIT
 *
 * The bounded queue between one worker and one sink.  It carries runs: stretches
 * of records in a block.  One thread offers, one takes; no lock.
 *
 * A queue that has become full takes nothing more until it is half empty, so
 * that what is dropped is one stretch rather than every other record, and a
 * block is held for a run of records rather than for a few.
 *
 * The sink takes records, and settles them when it is through with them: until then they stay in
 * their blocks, and it can go back to them.
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

/* Record number `position` of those that were ever accepted is the first of its device after so
 * many that found no room. */
struct queue_mark {
    uint64_t position, dropped;
};

struct queue {
    struct pool *pool;
    struct slot *slots;
    struct queue_mark *marks; /* a ring, as large: of a record that waits there is one at most */
    uint32_t slot_count;      /* a power of two, at least `capacity` */
    uint32_t capacity;        /* records */
    uint32_t block_capacity;

    /* The worker's. */
    _Alignas(64) atomic_uint head; /* slots ever filled */
    uint32_t accepted_blocks;
    uint64_t accepted;
    uint64_t placed;       /* what `accepted` was at the worker's last offer; of the worker alone */
    atomic_uint mark_head; /* marks ever made */
    const struct block *last_block;
    atomic_bool full;                /* as of the last offer */
    struct counter offered, dropped; /* records; ever */

    /* The sink's. */
    _Alignas(64) atomic_uint released_blocks;
    atomic_ullong taken;    /* records; ever, less those that the sink went back to */
    atomic_ullong consumed; /* records, of whole slots; ever: settled */
    uint32_t tail;          /* slots ever emptied */
    uint32_t cursor;        /* slots that the sink is through with, settled or not */
    uint32_t run_taken;     /* records taken of the run at the cursor */
    uint32_t mark_tail;     /* marks of records that are settled */
    uint32_t tail_settled;  /* records settled of the run at the tail */

    /* Of a worker that waits for the sink; else room_at is UINT64_MAX. */
    _Alignas(64) atomic_ullong room_at; /* when so many records are taken, the worker goes on */
    struct eventcount room;             /* and is notified here */

    /* Of those who wait until records are written: see answers.h.  Set before the sink starts. */
    void (*tell)(void *context);
    void *tell_context;
    atomic_ullong told_at; /* when so many records are settled, the sink tells once; UINT64_MAX:
                              nobody waits */
    atomic_ullong lost_to; /* of settled records, those from there on are all written */
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

/* [worker] Sleeps until no more than `most` records wait to be taken, but `ns` at the longest. */
void queue_wait(struct queue *queue, uint64_t most, uint64_t ns);

/* [worker] Sleeps until the sink settles what it has taken, but `ns` at the longest. */
void queue_wait_settled(struct queue *queue, uint64_t ns);

/* [worker] Offers a run of which the sink wants `wanted` records, at least one.
 * A run that is taken holds its block. */
enum queue_answer queue_offer(struct queue *queue, const struct run *run, uint32_t wanted);

/* The same for records that are in the account of another queue, from which they come, by whoever
 * is the only one to offer then; of a run that queue_has_room for. */
void queue_adopt(struct queue *queue, const struct run *run, uint32_t wanted);

/* [worker] Of a run that queue_has_room for, before it is offered: record number `index` of those
 * that the sink wants of it is the first of its device after `dropped` that found no room. */
void queue_mark(struct queue *queue, uint32_t index, uint64_t dropped);

/* [sink] What was said of the record that is taken `ahead` records after the next; 0: nothing. */
uint64_t queue_dropped_before(const struct queue *queue, uint64_t ahead);

/* [sink] Looks at the oldest run that the sink is not through with, together with those behind it
 * that continue it in the same block; false if there is none.  queue->run_taken of the records that
 * the sink wants of it are taken already.  The sink then calls queue_take as it goes, and
 * queue_next at its end. */
bool queue_peek(struct queue *queue, struct run *run, uint32_t *slots);
void queue_take(struct queue *queue, uint32_t records);
void queue_next(struct queue *queue, uint32_t slots);

/* [sink] What is taken is settled: its blocks are released, and there is room for more. */
void queue_settle(struct queue *queue);

/* [sink] Before queue_settle: some of what is taken and not settled was not written. */
void queue_lose(struct queue *queue);

/* [sink] Goes back to the first record that is not settled. */
void queue_rewind(struct queue *queue);

/* [worker] Records that wait to be taken. */
static inline uint64_t queue_waiting(const struct queue *queue)
{
    return queue->accepted - atomic_load_explicit(&queue->taken, memory_order_acquire);
}

/* [sink] Records that are taken and not settled, as far as they take room. */
static inline uint64_t queue_unsettled(const struct queue *queue)
{
    return atomic_load_explicit(&queue->taken, memory_order_relaxed) -
           atomic_load_explicit(&queue->consumed, memory_order_relaxed);
}

/* Any thread.  Whether it drops what is offered: it has become full, and something still waits. */
static inline bool queue_is_full(const struct queue *queue)
{
    return atomic_load_explicit(&queue->full, memory_order_relaxed) &&
           counter_value(&queue->offered) - counter_value(&queue->dropped) >
               atomic_load_explicit(&queue->consumed, memory_order_relaxed);
}

/* [sink] Whether it is through with all. */
static inline bool queue_is_empty(struct queue *queue)
{
    return atomic_load(&queue->head) == queue->cursor;
}

#endif
