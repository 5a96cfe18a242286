/* SPDX-License-Identifier: MIT
 *
 * Where records live: blocks of memory that one worker fills and every sink
 * reads in place.  A record is written once, however many sinks there are.
 *
 * A block is held by the pipeline that fills it and by every run of its records
 * that waits in a queue.  When nobody holds it, it goes back to its pool.
 */
#ifndef COLLECTOR_FLOW_BLOCK_H
#define COLLECTOR_FLOW_BLOCK_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <muster/record.h>

#include "pool.h"

enum {
    BLOCK_RECORDS = 1024,
    BLOCK_BYTES = 65536 /* for payloads; one of the largest datagram fits */
};

struct block {
    struct pool *pool;
    struct block *next_free;
    uint32_t records_used; /* the pipeline's */
    uint32_t bytes_used;   /* the pipeline's */
    _Alignas(64) atomic_uint holders;
    _Alignas(64) struct muster_record records[BLOCK_RECORDS];
    uint8_t bytes[BLOCK_BYTES];
};

/* Whether one more record fits, with a payload of `bytes` bytes. */
static inline bool block_has_room(const struct block *block, uint32_t bytes)
{
    return block->records_used < BLOCK_RECORDS && BLOCK_BYTES - block->bytes_used >= bytes;
}

/* Copies a payload into the block, which has room for it, and returns where it is. */
static inline const uint8_t *block_store(struct block *block, const uint8_t *bytes, uint32_t size)
{
    uint8_t *place = block->bytes + block->bytes_used;

    assert(size <= BLOCK_BYTES - block->bytes_used);
    memcpy(place, bytes, size);
    block->bytes_used += size;
    return place;
}

/* Whether these bytes are among the block's payloads. */
static inline bool block_has(const struct block *block, const uint8_t *bytes)
{
    return bytes >= block->bytes && bytes < block->bytes + BLOCK_BYTES;
}

static inline void block_hold(struct block *block)
{
    atomic_fetch_add_explicit(&block->holders, 1, memory_order_relaxed);
}

/* Any thread. */
static inline void block_release(struct block *block)
{
    if (atomic_fetch_sub_explicit(&block->holders, 1, memory_order_acq_rel) == 1)
        pool_give(block);
}

/* [worker] If the pipeline is the only holder, the block is empty again: on a quiet
 * line the same few cache lines serve for ever.  Returns whether it is. */
static inline bool block_rewind(struct block *block)
{
    if (atomic_load_explicit(&block->holders, memory_order_acquire) != 1)
        return false;
    block->records_used = 0;
    block->bytes_used = 0;
    return true;
}

#endif
