/* SPDX-License-Identifier: MIT
 *
 * Where records live: blocks of memory that one worker fills and every sink
 * reads in place.  A record is written once, however many sinks there are.  What a record points
 * to, its payload and its arrival, is in the block that it is in.
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
    BLOCK_BYTES = 65536, /* for payloads; one of the largest datagram fits */
    BLOCK_TAIL = 16      /* bytes that may be read behind every payload */
};

struct block {
    struct pool *pool;
    struct block *next_free;
    uint32_t records_used;  /* the pipeline's */
    uint32_t bytes_used;    /* the pipeline's */
    uint32_t arrivals_used; /* the pipeline's */
    _Alignas(64) atomic_uint holders;
    _Alignas(64) struct muster_record records[BLOCK_RECORDS];
    struct muster_arrival arrivals[BLOCK_RECORDS];
    uint8_t bytes[BLOCK_BYTES + BLOCK_TAIL];
};

/* Whether one more record fits, with an arrival, and with a payload of `bytes` bytes. */
static inline bool block_has_room(const struct block *block, uint32_t bytes)
{
    return block->records_used < BLOCK_RECORDS && block->arrivals_used < BLOCK_RECORDS &&
           BLOCK_BYTES - block->bytes_used >= bytes;
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

/* Room for one more arrival, which block_has_room has found. */
static inline struct muster_arrival *block_arrive(struct block *block)
{
    return &block->arrivals[block->arrivals_used++];
}

/* Whether these bytes are among the block's payloads. */
static inline bool block_has(const struct block *block, const uint8_t *bytes)
{
    return bytes >= block->bytes && bytes < block->bytes + BLOCK_BYTES;
}

/* Whether this is one of the block's arrivals. */
static inline bool block_has_arrival(const struct block *block,
                                     const struct muster_arrival *arrival)
{
    return arrival >= block->arrivals && arrival < block->arrivals + BLOCK_RECORDS;
}

/* The arrival and the datagram that were copied last: where they were, and where they are. */
struct block_way {
    const struct muster_arrival *from, *to;
    const uint8_t *datagram, *copy;
    uint32_t datagram_size;
};

/* Whether the record's payload is to be copied to the block, and with it, if *bytes is that, its
 * datagram: *size bytes, 0 if that was copied last.  A record of a declared format has its whole
 * datagram around it, see struct batch_memory. */
static inline bool block_lacks(const struct block *block, const struct block_way *way,
                               const struct muster_record *record, const uint8_t **bytes,
                               uint32_t *size)
{
    const uint8_t *datagram = record->format != 0 ? muster_record_datagram(record) : NULL;

    *bytes = record->payload.bytes;
    *size = record->payload_size;
    if (datagram != NULL) {
        *bytes = datagram;
        *size = record->via.arrival->datagram_size;
    }
    if (*size == 0 || block_has(block, *bytes)) {
        *size = 0;
        return false;
    }
    if (datagram != NULL && way->datagram == datagram && way->datagram_size == *size)
        *size = 0;
    return true;
}

/* Appends a copy of a record that is elsewhere, with its payload and its arrival unless these are
 * in the block already.  Records that follow one another and came the same way share an arrival,
 * and a datagram, by *way: zeros at the start of a block.  Returns false if there is no room. */
static inline bool block_append(struct block *block, struct block_way *way,
                                const struct muster_record *record)
{
    const struct muster_arrival *arrival = record->via.arrival;
    const uint8_t *bytes;
    uint32_t size;
    bool elsewhere = block_lacks(block, way, record, &bytes, &size);
    struct muster_record *copy;

    if (!block_has_room(block, size))
        return false;
    copy = &block->records[block->records_used++];
    *copy = *record;
    if (elsewhere && size > 0) {
        way->datagram = bytes;
        way->datagram_size = size;
        way->copy = block_store(block, bytes, size);
    }
    if (elsewhere)
        copy->payload.bytes = way->copy + (record->payload.bytes - bytes);
    if (arrival == NULL || block_has_arrival(block, arrival))
        return true;
    if (way->from != arrival) {
        struct muster_arrival *place = block_arrive(block);

        *place = *arrival;
        way->from = arrival;
        way->to = place;
    }
    copy->via.arrival = way->to;
    return true;
}

static inline void block_clear(struct block *block)
{
    block->records_used = 0;
    block->bytes_used = 0;
    block->arrivals_used = 0;
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
    block_clear(block);
    return true;
}

#endif
