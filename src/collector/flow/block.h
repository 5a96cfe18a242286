/* SPDX-License-Identifier: MIT
 *
 * Where records live: blocks of memory that one worker fills and every sink
 * reads in place.  A record is written once, however many sinks there are.
 *
 * A block is held by the worker that fills it and by every run of its records
 * that waits in a queue.  When nobody holds it, it goes back to its pool.
 */
#ifndef COLLECTOR_FLOW_BLOCK_H
#define COLLECTOR_FLOW_BLOCK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>

enum {
    BLOCK_RECORDS = 1024,
    BLOCK_BYTES = 65536 /* for payloads; one of the largest datagram fits */
};

struct block {
    struct pool *pool;
    struct block *next_free;
    uint32_t records_used; /* the worker's */
    uint32_t bytes_used;   /* the worker's */
    _Alignas(64) atomic_uint holders;
    _Alignas(64) struct muster_record records[BLOCK_RECORDS];
    uint8_t bytes[BLOCK_BYTES];
};

/* A worker's blocks.  One thread takes, any thread gives back. */
struct pool {
    struct block *blocks; /* mapped, not touched before it is used */
    uint32_t size, fresh; /* blocks in all; blocks that were used at least once */
    _Alignas(64) _Atomic(struct block *) free;
};

/* Returns 0, or -1 with errno. */
int pool_open(struct pool *pool, uint32_t size);
void pool_close(struct pool *pool);

/* An empty block with one holder.  The worker only.  The pool is made large
 * enough for the most that queues may hold, so there always is one. */
struct block *pool_take(struct pool *pool);

/* Whether one more record fits, with a payload of `bytes` bytes. */
static inline int block_has_room(const struct block *block, uint32_t bytes)
{
    return block->records_used < BLOCK_RECORDS && BLOCK_BYTES - block->bytes_used >= bytes;
}

static inline void block_hold(struct block *block)
{
    atomic_fetch_add_explicit(&block->holders, 1, memory_order_relaxed);
}

/* Any thread. */
void block_release(struct block *block);

/* [worker] If the worker is the only holder, the block is empty again: on a quiet
 * line the same few cache lines serve for ever.  Returns whether it is. */
static inline int block_rewind(struct block *block)
{
    if (atomic_load_explicit(&block->holders, memory_order_acquire) != 1)
        return 0;
    block->records_used = 0;
    block->bytes_used = 0;
    return 1;
}

#endif
