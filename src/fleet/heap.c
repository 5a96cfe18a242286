/* SPDX-License-Identifier: MIT
 *
 * A binary heap, the next to come out on top: Knuth, The Art of Computer Programming, vol. 3,
 * 5.2.3.
 */
#include "heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t due_ns;
    uint64_t order; /* how many went in before it */
    max_align_t thing[];
};

struct heap {
    size_t size;   /* of a thing */
    size_t stride; /* of an entry */
    size_t room, count, peak, most;
    uint64_t pushed;
    uint8_t *entries;
};

struct heap *heap_new(size_t size, size_t room, size_t most)
{
    struct heap *heap = calloc(1, sizeof *heap);
    const size_t align = sizeof(max_align_t);

    assert(size > 0 && room > 0 && most >= room);
    if (heap == NULL)
        return NULL;
    heap->size = size;
    heap->stride = sizeof(struct entry) + (size + align - 1) / align * align;
    heap->most = most;
    heap->room = room;
    heap->entries = calloc(room, heap->stride);
    if (heap->entries == NULL) {
        free(heap);
        return NULL;
    }
    return heap;
}

void heap_free(struct heap *heap)
{
    if (heap == NULL)
        return;
    free(heap->entries);
    free(heap);
}

static struct entry *at(const struct heap *heap, size_t place)
{
    return (struct entry *)(void *)(heap->entries + place * heap->stride);
}

static bool is_before(const struct entry *a, uint64_t due_ns, uint64_t order)
{
    return a->due_ns != due_ns ? a->due_ns < due_ns : a->order < order;
}

static void move(struct heap *heap, size_t to, size_t from)
{
    memcpy(at(heap, to), at(heap, from), heap->stride);
}

static int make_room(struct heap *heap)
{
    size_t room = 2 * heap->room;
    uint8_t *entries;

    if (heap->count < heap->room)
        return 0;
    if (heap->count == heap->most)
        return -1;
    if (room > heap->most)
        room = heap->most;
    entries = realloc(heap->entries, room * heap->stride);
    if (entries == NULL)
        return -1;
    heap->entries = entries;
    heap->room = room;
    return 0;
}

int heap_push(struct heap *heap, uint64_t due_ns, const void *thing)
{
    size_t place = heap->count;
    struct entry *entry;

    if (make_room(heap) != 0)
        return -1;
    heap->count++;
    if (heap->count > heap->peak)
        heap->peak = heap->count;
    /* Of the same time, what is in already comes out first. */
    while (place > 0 && at(heap, (place - 1) / 2)->due_ns > due_ns) {
        move(heap, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
    entry = at(heap, place);
    entry->due_ns = due_ns;
    entry->order = heap->pushed++;
    memcpy(entry->thing, thing, heap->size);
    return 0;
}

bool heap_due(const struct heap *heap, uint64_t *due_ns)
{
    if (heap->count == 0)
        return false;
    *due_ns = at(heap, 0)->due_ns;
    return true;
}

bool heap_pop(struct heap *heap, void *thing)
{
    const struct entry *last;
    size_t place = 0, below;

    if (heap->count == 0)
        return false;
    memcpy(thing, at(heap, 0)->thing, heap->size);
    heap->count--;
    if (heap->count == 0)
        return true;
    last = at(heap, heap->count);
    for (below = 1; below < heap->count; below = 2 * place + 1) {
        const struct entry *right = at(heap, below + 1);

        if (below + 1 < heap->count &&
            is_before(right, at(heap, below)->due_ns, at(heap, below)->order))
            below++;
        if (!is_before(at(heap, below), last->due_ns, last->order))
            break;
        move(heap, place, below);
        place = below;
    }
    move(heap, place, heap->count);
    return true;
}

size_t heap_peak(const struct heap *heap)
{
    return heap->peak;
}
