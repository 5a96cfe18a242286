/* SPDX-License-Identifier: MIT
 *
 * A binary heap of places by time, and a list of them as they came.
 */
#include "waiting.h"

#include <assert.h>
#include <stdlib.h>

int waiting_open(struct waiting *waiting, uint32_t most)
{
    assert(most > 0 && most < WAITING_NONE);
    *waiting = (struct waiting){
        .most = most, .free = WAITING_NONE, .oldest = WAITING_NONE, .newest = WAITING_NONE};
    waiting->places = calloc(most, sizeof *waiting->places);
    waiting->heap = calloc(most, sizeof *waiting->heap);
    return waiting->places != NULL && waiting->heap != NULL ? 0 : -1;
}

void waiting_close(struct waiting *waiting)
{
    free(waiting->places);
    free(waiting->heap);
    *waiting = (struct waiting){0};
}

/* ---- places --------------------------------------------------------------------------- */

/* One that was used lately is in the cache. */
static uint32_t take_place(struct waiting *waiting, const struct muster_record *record)
{
    uint32_t place = waiting->free;

    assert(!waiting_is_full(waiting));
    if (place != WAITING_NONE)
        waiting->free = waiting->places[place].follower;
    else
        place = waiting->fresh++;
    waiting->count++;
    waiting->places[place] = (struct waiting_place){.record = record,
                                                    .number = waiting->number++,
                                                    .earlier = WAITING_NONE,
                                                    .later = WAITING_NONE,
                                                    .follower = WAITING_NONE,
                                                    .farthest = place};
    return place;
}

static void give_place(struct waiting *waiting, uint32_t place)
{
    waiting->places[place].follower = waiting->free;
    waiting->free = place;
    waiting->count--;
}

/* ---- the heap ------------------------------------------------------------------------- */

static bool is_before(const struct waiting *waiting, uint32_t a, uint32_t b)
{
    const struct waiting_place *left = &waiting->places[a], *right = &waiting->places[b];

    return left->time_ns != right->time_ns ? left->time_ns < right->time_ns
                                           : left->number < right->number;
}

static void rise(struct waiting *waiting, uint32_t at)
{
    uint32_t *heap = waiting->heap, place = heap[at];

    while (at > 0 && is_before(waiting, place, heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = place;
}

static void fall(struct waiting *waiting, uint32_t at)
{
    uint32_t *heap = waiting->heap, place = heap[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= waiting->heaped)
            break;
        if (child + 1 < waiting->heaped && is_before(waiting, heap[child + 1], heap[child]))
            child++;
        if (!is_before(waiting, heap[child], place))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = place;
}

/* ---- in and out ----------------------------------------------------------------------- */

uint32_t waiting_add(struct waiting *waiting, const struct muster_record *record, int64_t time_ns,
                     uint64_t until_ns)
{
    uint32_t place = take_place(waiting, record);
    struct waiting_place *its = &waiting->places[place];

    its->time_ns = time_ns;
    its->until_ns = until_ns;
    its->earlier = waiting->newest;
    if (waiting->newest != WAITING_NONE)
        waiting->places[waiting->newest].later = place;
    else
        waiting->oldest = place;
    waiting->newest = place;
    waiting->heap[waiting->heaped++] = place;
    rise(waiting, waiting->heaped - 1);
    return place;
}

void waiting_follow(struct waiting *waiting, uint32_t place, const struct muster_record *record)
{
    uint32_t follower = take_place(waiting, record);
    struct waiting_place *its = &waiting->places[place];

    waiting->places[its->farthest].follower = follower;
    its->farthest = follower;
}

uint32_t waiting_first(const struct waiting *waiting)
{
    return waiting->heaped > 0 ? waiting->heap[0] : WAITING_NONE;
}

static void leave_list(struct waiting *waiting, const struct waiting_place *its)
{
    if (its->earlier != WAITING_NONE)
        waiting->places[its->earlier].later = its->later;
    else
        waiting->oldest = its->later;
    if (its->later != WAITING_NONE)
        waiting->places[its->later].earlier = its->earlier;
    else
        waiting->newest = its->earlier;
}

void waiting_remove_first(struct waiting *waiting)
{
    uint32_t place = waiting_first(waiting);

    assert(place != WAITING_NONE);
    leave_list(waiting, &waiting->places[place]);
    waiting->heap[0] = waiting->heap[--waiting->heaped];
    if (waiting->heaped > 0)
        fall(waiting, 0);
    while (place != WAITING_NONE) {
        uint32_t next = waiting->places[place].follower;

        give_place(waiting, place);
        place = next;
    }
}

uint64_t waiting_until(const struct waiting *waiting)
{
    return waiting->oldest != WAITING_NONE ? waiting->places[waiting->oldest].until_ns : UINT64_MAX;
}
