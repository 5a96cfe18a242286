/* SPDX-License-Identifier: MIT
 *
 * A ring of slots with free-running indices.  The store that publishes a slot
 * is sequentially consistent, since the worker next looks whether the sink
 * sleeps, and the sink, before it sleeps, whether there is a slot.
 */
#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int queue_open(struct queue *queue, struct pool *pool, uint32_t capacity)
{
    void *memory;
    uint32_t slots = 1;

    assert(capacity >= QUEUE_LEAST && capacity <= UINT32_C(1) << 30);
    while (slots < capacity)
        slots *= 2;
    memory = mmap(NULL, slots * sizeof(struct slot), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    memset(queue, 0, sizeof *queue);
    atomic_init(&queue->room_at, UINT64_MAX);
    atomic_init(&queue->told_at, UINT64_MAX);
    queue->pool = pool;
    queue->slots = memory;
    queue->marks = mmap(NULL, slots * sizeof *queue->marks, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (queue->marks == MAP_FAILED) {
        munmap(queue->slots, slots * sizeof(struct slot));
        queue->slots = NULL;
        return -1;
    }
    queue->slot_count = slots;
    queue->capacity = capacity;
    queue->block_capacity = queue_blocks(capacity) - 1; /* the sink's last may still be held */
    return 0;
}

void queue_close(struct queue *queue)
{
    if (queue->slots != NULL)
        munmap(queue->slots, queue->slot_count * sizeof(struct slot));
    if (queue->slots != NULL)
        munmap(queue->marks, queue->slot_count * sizeof *queue->marks);
    queue->slots = NULL;
}

uint32_t queue_blocks(uint32_t capacity)
{
    /* Those that a full queue of small records fills, one partly used at each
     * end, one to spare for payloads, and the one that the sink works on, which
     * released_blocks counts as released already. */
    return capacity / BLOCK_RECORDS + 4;
}

static bool has_room(const struct queue *queue, const struct run *run, uint32_t wanted,
                     uint32_t capacity, uint32_t block_capacity)
{
    uint64_t unsettled =
        queue->accepted - atomic_load_explicit(&queue->consumed, memory_order_acquire);
    uint32_t held = queue->accepted_blocks -
                    atomic_load_explicit(&queue->released_blocks, memory_order_acquire);

    if (run->block != queue->last_block)
        held++;
    return unsettled + wanted <= capacity && held <= block_capacity;
}

static bool is_full(const struct queue *queue)
{
    return atomic_load_explicit(&queue->full, memory_order_relaxed);
}

bool queue_has_room(const struct queue *queue, const struct run *run, uint32_t wanted)
{
    if (is_full(queue) && !has_room(queue, run, BLOCK_RECORDS, queue->capacity / 2 + BLOCK_RECORDS,
                                    queue->block_capacity / 2 + 1))
        return false;
    return has_room(queue, run, wanted, queue->capacity, queue->block_capacity);
}

void queue_wait(struct queue *queue, uint64_t most, uint64_t ns)
{
    uint64_t enough = queue->accepted > most ? queue->accepted - most : 0;

    assert(ns != UINT64_MAX); /* a sink may hang */

    atomic_store(&queue->room_at, enough);
    eventcount_prepare(&queue->room);
    if (atomic_load(&queue->taken) < enough)
        eventcount_wait(&queue->room, ns);
    eventcount_cancel(&queue->room);
    atomic_store_explicit(&queue->room_at, UINT64_MAX, memory_order_relaxed);
}

void queue_wait_settled(struct queue *queue, uint64_t ns)
{
    uint64_t before = atomic_load(&queue->consumed);

    atomic_store(&queue->room_at, 0);
    eventcount_prepare(&queue->room);
    if (atomic_load(&queue->consumed) == before)
        eventcount_wait(&queue->room, ns);
    eventcount_cancel(&queue->room);
    atomic_store_explicit(&queue->room_at, UINT64_MAX, memory_order_relaxed);
}

enum queue_answer queue_offer(struct queue *queue, const struct run *run, uint32_t wanted)
{
    assert(wanted > 0 && wanted <= run->count);
    assert(run->from + run->count <= BLOCK_RECORDS && run->block->pool == queue->pool);
    counter_add(&queue->offered, wanted);
    if (is_full(queue)) {
        if (!has_room(queue, run, BLOCK_RECORDS, queue->capacity / 2 + BLOCK_RECORDS,
                      queue->block_capacity / 2 + 1)) {
            counter_add(&queue->dropped, wanted);
            return QUEUE_IS_FULL;
        }
        atomic_store_explicit(&queue->full, false, memory_order_relaxed);
    }
    if (!has_room(queue, run, wanted, queue->capacity, queue->block_capacity)) {
        atomic_store_explicit(&queue->full, true, memory_order_relaxed);
        counter_add(&queue->dropped, wanted);
        return QUEUE_BECAME_FULL;
    }
    queue_adopt(queue, run, wanted);
    queue->placed = queue->accepted;
    return QUEUE_TOOK;
}

void queue_adopt(struct queue *queue, const struct run *run, uint32_t wanted)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    struct slot *slot = &queue->slots[head & (queue->slot_count - 1)];
    bool new_block = run->block != queue->last_block;

    block_hold(run->block);
    slot->block = (uint32_t)(run->block - queue->pool->blocks);
    slot->from = (uint16_t)run->from;
    slot->count_flags = (uint16_t)(run->count * SLOT_RECORD + (new_block ? SLOT_NEW_BLOCK : 0) +
                                   (wanted == run->count ? SLOT_WHOLE : 0));
    queue->last_block = run->block;
    queue->accepted_blocks += new_block;
    queue->accepted += wanted;
    atomic_store(&queue->head, head + 1);
}

bool queue_peek(struct queue *queue, struct run *run, uint32_t *slots)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
    uint32_t i;

    if (head == queue->cursor)
        return false;
    for (i = 0; queue->cursor + i != head; i++) {
        const struct slot *slot = &queue->slots[(queue->cursor + i) & (queue->slot_count - 1)];
        uint32_t count = slot->count_flags / SLOT_RECORD;
        bool whole = slot->count_flags & SLOT_WHOLE;

        if (i == 0) {
            run->block = &queue->pool->blocks[slot->block];
            run->from = slot->from;
            run->count = count;
            run->whole = whole;
        } else if ((slot->count_flags & SLOT_NEW_BLOCK) == 0 &&
                   slot->from == run->from + run->count) {
            run->count += count;
            run->whole &= whole;
        } else {
            break;
        }
    }
    *slots = i;
    return true;
}

/* Publishes the number of records taken, and wakes a worker that waits for it. */
static void publish_taken(struct queue *queue, uint64_t taken)
{
    atomic_store(&queue->taken, taken);
    if (taken >= atomic_load(&queue->room_at))
        eventcount_notify(&queue->room);
}

void queue_take(struct queue *queue, uint32_t records)
{
    queue->run_taken += records;
    publish_taken(queue, atomic_load_explicit(&queue->taken, memory_order_relaxed) + records);
}

void queue_next(struct queue *queue, uint32_t slots)
{
    queue->cursor += slots;
    queue->run_taken = 0;
}

/* Those of records that are settled.  So there are never more than places: a worker does not look
 * whether there is one. */
static void forget_marks(struct queue *queue, uint64_t consumed)
{
    uint32_t head = atomic_load_explicit(&queue->mark_head, memory_order_acquire);

    while (queue->mark_tail != head &&
           queue->marks[queue->mark_tail & (queue->slot_count - 1)].position < consumed)
        queue->mark_tail++;
}

void queue_mark(struct queue *queue, uint32_t index, uint64_t dropped)
{
    uint32_t head = atomic_load_explicit(&queue->mark_head, memory_order_relaxed);

    queue->marks[head & (queue->slot_count - 1)] =
        (struct queue_mark){.position = queue->accepted + index, .dropped = dropped};
    atomic_store_explicit(&queue->mark_head, head + 1, memory_order_release);
}

uint64_t queue_dropped_before(const struct queue *queue, uint64_t ahead)
{
    uint64_t position = atomic_load_explicit(&queue->taken, memory_order_relaxed) + ahead;
    uint32_t from = queue->mark_tail;
    uint32_t count = atomic_load_explicit(&queue->mark_head, memory_order_acquire) - from;

    while (count > 0) { /* they are in order */
        const struct queue_mark *mark = &queue->marks[(from + count / 2) & (queue->slot_count - 1)];

        if (mark->position == position)
            return mark->dropped;
        if (mark->position < position) {
            from += count / 2 + 1;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return 0;
}

void queue_settle(struct queue *queue)
{
    uint64_t taken = atomic_load_explicit(&queue->taken, memory_order_relaxed);
    uint32_t finished = 0;

    for (; queue->tail != queue->cursor; queue->tail++) {
        const struct slot *slot = &queue->slots[queue->tail & (queue->slot_count - 1)];

        /* With the first slot of a block, the block before it is finished. */
        finished += (slot->count_flags & SLOT_NEW_BLOCK) != 0;
        block_release(&queue->pool->blocks[slot->block]);
    }
    queue->tail_settled = queue->run_taken;
    if (finished > 0)
        atomic_fetch_add_explicit(&queue->released_blocks, finished, memory_order_release);
    forget_marks(queue, taken - queue->tail_settled); /* before there is room for others */
    atomic_store(&queue->consumed, taken - queue->tail_settled);
    if (atomic_load(&queue->room_at) == 0)
        eventcount_notify(&queue->room);
    if (taken - queue->tail_settled >= atomic_load(&queue->told_at)) {
        atomic_store(&queue->told_at, UINT64_MAX);
        queue->tell(queue->tell_context);
    }
}

void queue_lose(struct queue *queue)
{
    if (queue_unsettled(queue) > 0)
        atomic_store(&queue->lost_to, atomic_load(&queue->taken));
}

void queue_rewind(struct queue *queue)
{
    uint64_t settled = atomic_load_explicit(&queue->consumed, memory_order_relaxed);

    queue->cursor = queue->tail;
    queue->run_taken = queue->tail_settled;
    atomic_store(&queue->taken, settled + queue->tail_settled);
}
