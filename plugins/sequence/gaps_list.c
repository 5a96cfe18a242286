/* SPDX-License-Identifier: MIT
 *
 * The gaps of a worker as elements of lists.
 *
 * The process may be killed between any two stores.  So an element is in use when all of it is
 * there, and a device's numbers are rather in two gaps for a moment than in none: gaps_rebuild.c
 * sorts that out.
 */
#include "gaps_list.h"

#include <assert.h>
#include <stdlib.h>

#include "undo.h"

uint32_t gaps_list_used_end(const struct tables *tables)
{
    uint32_t end = tables->devices, i;

    for (i = 0; i < TABLES_WORKERS; i++)
        if (tables_read_slot(tables, i)->gaps_end > end)
            end = tables_read_slot(tables, i)->gaps_end;
    return end;
}

/* ---- the open ones, by when they opened ----------------------------------------------- */

static void link_latest(struct gaps_list *list, uint32_t index)
{
    struct gap *gap = gaps_list_at(list, index);

    gap->earlier = list->latest;
    gap->later = GAPS_NONE;
    if (list->latest != GAPS_NONE)
        gaps_list_at(list, list->latest)->later = index;
    else
        list->earliest = index;
    list->latest = index;
}

/* Those before and behind lead to `before` and `behind` from now on. */
static void relink(struct gaps_list *list, const struct gap *gap, uint32_t before, uint32_t behind)
{
    if (gap->earlier != GAPS_NONE)
        gaps_list_at(list, gap->earlier)->later = behind;
    else
        list->earliest = behind;
    if (gap->later != GAPS_NONE)
        gaps_list_at(list, gap->later)->earlier = before;
    else
        list->latest = before;
}

static void unlink_open(struct gaps_list *list, const struct gap *gap)
{
    if (!gap->settled)
        relink(list, gap, gap->earlier, gap->later);
}

struct by_age {
    uint32_t index, age;
};

static int compare_age(const void *a, const void *b)
{
    const struct by_age *x = a, *y = b;

    if (x->age != y->age)
        return x->age > y->age ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Puts this worker's open gaps, which are in their devices' lists, in order.  Returns -1 if memory
 * is short. */
static int sort_open(struct gaps_list *list, uint32_t at)
{
    struct tables *tables = list->tables;
    struct by_age *sorted = NULL;
    uint32_t count = 0, room = 0, id, index, i;

    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        if (id % list->workers != list->worker)
            continue;
        for (index = gaps_list_first(list, id); index != GAPS_NONE;
             index = gaps_list_at(list, index)->next) {
            const struct gap *gap = gaps_list_at(list, index);

            if (gap->settled)
                continue;
            if (count == room) {
                struct by_age *more =
                    reallocarray(sorted, room = room > 0 ? 2 * room : 256, sizeof *sorted);

                if (more == NULL) {
                    free(sorted);
                    return -1;
                }
                sorted = more;
            }
            sorted[count++] = (struct by_age){index, at - gap->opened_at};
        }
    }
    if (count > 0)
        qsort(sorted, count, sizeof *sorted, compare_age);
    for (i = 0; i < count; i++)
        link_latest(list, sorted[i].index);
    free(sorted);
    return 0;
}

/* ---- the pool ------------------------------------------------------------------------- */

int gaps_list_begin(struct gaps_list *list, struct tables *tables, uint32_t worker,
                    uint32_t workers, uint32_t at)
{
    uint32_t used_end = gaps_list_used_end(tables), i;

    assert(worker < workers && workers <= TABLES_WORKERS);
    *list = (struct gaps_list){.tables = tables,
                               .worker = worker,
                               .workers = workers,
                               .used_end = &tables_slot(tables, worker)->gaps_end,
                               .free = GAPS_NONE,
                               .earliest = GAPS_NONE,
                               .latest = GAPS_NONE};
    for (i = tables->devices + worker; i < used_end; i += workers) {
        struct gap *gap = gaps_list_at(list, i);

        if (gap->used)
            continue;
        gap->next = list->free;
        list->free = i;
    }
    list->fresh = i;
    return sort_open(list, at);
}

bool gaps_list_has_room(const struct gaps_list *list, uint32_t device)
{
    uint32_t count = list->tables->losses[device].count;

    return count == 0 || (count < GAPS_EACH &&
                          (list->free != GAPS_NONE || list->fresh < list->tables->gap_count));
}

static uint32_t take(struct gaps_list *list)
{
    uint32_t index = list->free;

    if (index != GAPS_NONE) {
        list->free = gaps_list_at(list, index)->next;
        return index;
    }
    index = list->fresh;
    assert(index < list->tables->gap_count);
    list->fresh += list->workers;
    gaps_list_at(list, index)->used = false;
    undo_keep_order();
    *list->used_end = index + 1;
    return index;
}

static void put(struct gaps_list *list, uint32_t index, const struct gap *gap)
{
    struct gap *element = gaps_list_at(list, index);
    struct gap unused = *gap;

    element->used = unused.used = false;
    undo_keep_order();
    *element = unused;
    undo_keep_order();
    element->used = true;
    undo_keep_order();
}

static void give_back(struct gaps_list *list, uint32_t index)
{
    struct gap *gap = gaps_list_at(list, index);

    assert(index >= list->tables->devices && gap->used);
    gap->used = false;
    gap->next = list->free;
    list->free = index;
}

/* ---- a device's gaps ------------------------------------------------------------------ */

void gaps_list_append(struct gaps_list *list, const struct gap *gap)
{
    struct losses *losses = &list->tables->losses[gap->device];
    uint32_t index = gap->device;

    assert(gaps_list_has_room(list, gap->device) && !gap->settled);
    if (losses->count > 0)
        index = take(list);
    put(list, index, gap);
    gaps_list_at(list, index)->next = GAPS_NONE;
    if (losses->count++ > 0)
        gaps_list_at(list, losses->last)->next = index;
    losses->last = index;
    link_latest(list, index);
}

uint32_t gaps_list_find(struct gaps_list *list, uint32_t device, uint32_t number)
{
    uint32_t index;

    for (index = gaps_list_first(list, device); index != GAPS_NONE;
         index = gaps_list_at(list, index)->next) {
        const struct gap *gap = gaps_list_at(list, index);

        list->steps++;
        if (number - gap->first <= gap->last - gap->first)
            break;
    }
    return index;
}

void gaps_list_merge(struct gaps_list *list, uint32_t index)
{
    struct gap *gap = gaps_list_at(list, index);
    uint32_t other = gap->next;
    const struct gap *next = gaps_list_at(list, other);
    struct losses *losses = &list->tables->losses[gap->device];

    assert(other != GAPS_NONE && gap->settled == next->settled && next->lost_count == 0);
    unlink_open(list, gap);
    gap->last = next->last;
    gap->missing += next->missing;
    gap->causes |= next->causes;
    gap->marks |= GAP_MERGED | (next->marks & GAP_AT_LEAST);
    /* It is settled when all of it is due. */
    gap->opened_at = next->opened_at;
    gap->opened_tick = next->opened_tick;
    gap->earlier = next->earlier;
    gap->later = next->later;
    gap->next = next->next;
    if (!gap->settled)
        relink(list, next, index, index);
    undo_keep_order();
    give_back(list, other);
    losses->count--;
    if (losses->last == other)
        losses->last = index;
}

void gaps_list_settle(struct gaps_list *list, uint32_t index)
{
    struct gap *gap = gaps_list_at(list, index);

    assert(!gap->settled);
    unlink_open(list, gap);
    gap->settled = true;
}

/* The device's own gap is gone: the next one takes its place. */
static uint32_t move_up(struct gaps_list *list, struct losses *losses, uint32_t device)
{
    uint32_t next = gaps_list_at(list, device)->next;
    const struct gap *gap = gaps_list_at(list, next);

    put(list, device, gap);
    if (!gap->settled)
        relink(list, gap, device, device);
    if (losses->last == next)
        losses->last = device;
    give_back(list, next);
    return device;
}

uint32_t gaps_list_drop(struct gaps_list *list, uint32_t index)
{
    struct gap *gap = gaps_list_at(list, index);
    struct losses *losses = &list->tables->losses[gap->device];
    uint32_t device = gap->device, next = gap->next, before;

    assert(gap->used && losses->count > 0);
    unlink_open(list, gap);
    losses->count--;
    if (index == device) {
        if (losses->count > 0)
            return move_up(list, losses, device);
        gap->used = false;
        return GAPS_NONE;
    }
    for (before = device; gaps_list_at(list, before)->next != index;
         before = gaps_list_at(list, before)->next)
        list->steps++;
    gaps_list_at(list, before)->next = next;
    if (losses->last == index)
        losses->last = before;
    give_back(list, index);
    return next;
}
