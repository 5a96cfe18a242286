/* SPDX-License-Identifier: MIT
 *
 * The blocks of one pipeline.  One thread takes, any thread gives back.
 */
#ifndef COLLECTOR_FLOW_POOL_H
#define COLLECTOR_FLOW_POOL_H

#include <stdatomic.h>
#include <stdint.h>

struct block;

struct pool {
    struct block *blocks; /* mapped, not touched before it is used */
    uint32_t size, fresh; /* blocks in all; blocks that were used at least once */
    uint32_t most;        /* how large it may become */
    _Alignas(64) _Atomic(struct block *) free;
};

/* Of `size` blocks, and later of `most`, for which addresses are kept free.  Returns 0, or -1 with
 * errno.  All zeroes is a closed pool. */
int pool_open(struct pool *pool, uint32_t size, uint32_t most);

/* [main] While the worker waits: there are to be so many blocks, if there are fewer.  Returns 0, or
 * -1 with errno. */
int pool_grow(struct pool *pool, uint32_t size);
void pool_close(struct pool *pool);

/* An empty block with one holder.  [worker]  The pool is made large enough for the most that queues
 * may hold, so there always is one. */
struct block *pool_take(struct pool *pool);

/* Takes back a block that nobody holds any more.  Any thread. */
void pool_give(struct block *block);

#endif
