/* SPDX-License-Identifier: MIT
 *
 * The pool is a stack, so the block that was given back last, which the caches
 * still know, is taken first.  With one taker the head's successor cannot change
 * under it: a compare-and-swap is safe without tags.
 */
#include "pool.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "block.h"

int pool_open(struct pool *pool, uint32_t size, uint32_t most)
{
    void *memory;

    assert(size > 0 && most >= size);
    memory = mmap(NULL, most * sizeof(struct block), PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    pool->blocks = memory;
    pool->size = 0;
    pool->most = most;
    pool->fresh = 0;
    atomic_init(&pool->free, NULL);
    return pool_grow(pool, size);
}

int pool_grow(struct pool *pool, uint32_t size)
{
    if (size <= pool->size)
        return 0;
    if (size > pool->most) {
        errno = ENOMEM;
        return -1;
    }
    if (mprotect(pool->blocks, size * sizeof(struct block), PROT_READ | PROT_WRITE) < 0)
        return -1;
    pool->size = size;
    return 0;
}

void pool_close(struct pool *pool)
{
    if (pool->blocks != NULL)
        munmap(pool->blocks, pool->most * sizeof(struct block));
    pool->blocks = NULL;
}

struct block *pool_take(struct pool *pool)
{
    struct block *block = atomic_load_explicit(&pool->free, memory_order_acquire);

    while (block != NULL &&
           !atomic_compare_exchange_weak_explicit(&pool->free, &block, block->next_free,
                                                  memory_order_acquire, memory_order_acquire))
        ;
    if (block == NULL) {
        assert(pool->fresh < pool->size);
        block = &pool->blocks[pool->fresh++];
        block->pool = pool;
    }
    block_clear(block);
    atomic_store_explicit(&block->holders, 1, memory_order_relaxed);
    return block;
}

void pool_give(struct block *block)
{
    struct pool *pool = block->pool;

    assert(block >= pool->blocks && block < pool->blocks + pool->size);
    block->next_free = atomic_load_explicit(&pool->free, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&pool->free, &block->next_free, block,
                                                  memory_order_release, memory_order_relaxed))
        ;
}
