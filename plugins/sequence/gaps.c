/* SPDX-License-Identifier: MIT
 *
 * For each device a list, sorted by number, of what is still open.  Its elements are
 * in one array, linked by index, so that nothing is allocated once it is large enough.
 * The workers share the array: each takes new elements from every n-th place.
 */
#include "gaps.h"

#include <assert.h>
#include <stdlib.h>

#include "undo.h"

enum { NONE = GAPS_NONE };

struct gaps {
    struct tables *tables;
    uint32_t worker, workers;
    gap_end_fn *end;
    void *context;
    uint32_t *used_end; /* in the tables: no element there or beyond was ever used by this worker */
    uint32_t fresh;     /* the next one that was not, of this worker's */
    uint32_t free;      /* those that were: a list */
    struct gap *first;  /* elements up to TABLES_GAPS: those in the tables */
    struct gap *more;   /* elements from TABLES_GAPS on */
    uint32_t more_used, more_room;
    uint32_t *recent; /* elements that were put in use in this tick, or the one before */
    uint32_t recent_count, recent_room;
};

uint32_t gaps_used_end(const struct tables *tables)
{
    uint32_t end = 1, i;

    for (i = 0; i < TABLES_WORKERS; i++)
        if (tables_read_slot(tables, i)->gaps_end > end)
            end = tables_read_slot(tables, i)->gaps_end;
    return end;
}

struct gaps *gaps_new(struct tables *tables, uint32_t worker, uint32_t workers, gap_end_fn *end,
                      void *context)
{
    struct gaps *gaps = calloc(1, sizeof *gaps);
    uint32_t used_end = gaps_used_end(tables), i;

    assert(worker < workers && workers <= TABLES_WORKERS && end != NULL);
    if (gaps == NULL)
        return NULL;
    gaps->tables = tables;
    gaps->first = tables->gaps;
    gaps->worker = worker;
    gaps->workers = workers;
    gaps->end = end;
    gaps->context = context;
    gaps->used_end = &tables_slot(tables, worker)->gaps_end;
    for (i = worker == NONE ? workers : worker; i < used_end; i += workers) {
        struct gap *gap = &tables->gaps[i];

        if (gap->used)
            continue;
        gap->next = gaps->free;
        gaps->free = i;
    }
    gaps->fresh = i;
    return gaps;
}

void gaps_free(struct gaps *gaps)
{
    if (gaps == NULL)
        return;
    free(gaps->recent);
    free(gaps->more);
    free(gaps);
}

static struct gap *element(const struct gaps *gaps, uint32_t index)
{
    if (index < TABLES_GAPS)
        return &gaps->first[index];
    assert(index - TABLES_GAPS < gaps->more_used);
    return &gaps->more[index - TABLES_GAPS];
}

static uint32_t *list_of(const struct gaps *gaps, uint16_t device_id)
{
    return &tables_device(gaps->tables, device_id)->gaps;
}

/* An element outside of the tables, or NONE.  May move those. */
static uint32_t take_more(struct gaps *gaps)
{
    if (gaps->more_used >= gaps->more_room) {
        uint32_t room = gaps->more_room == 0 ? 4096 : gaps->more_room * 2;
        struct gap *more = reallocarray(gaps->more, room, sizeof *more);

        if (more == NULL)
            return NONE;
        gaps->more = more;
        gaps->more_room = room;
    }
    gaps->more[gaps->more_used].used = false;
    return TABLES_GAPS + gaps->more_used++;
}

/* Without memory, what is noticed at the end of this tick is not among that gap's causes. */
static void remember(struct gaps *gaps, uint32_t index)
{
    if (gaps->recent_count == gaps->recent_room) {
        uint32_t room = gaps->recent_room == 0 ? 256 : gaps->recent_room * 2;
        uint32_t *recent = reallocarray(gaps->recent, room, sizeof *recent);

        if (recent == NULL)
            return;
        gaps->recent = recent;
        gaps->recent_room = room;
    }
    gaps->recent[gaps->recent_count++] = index;
}

/* An element that holds a copy of that gap, or NONE. */
static uint32_t put(struct gaps *gaps, const struct gap *gap)
{
    uint32_t index = gaps->free;

    if (index != NONE) {
        gaps->free = element(gaps, index)->next;
    } else if (gaps->fresh < TABLES_GAPS) {
        index = gaps->fresh;
        gaps->fresh += gaps->workers;
        *gaps->used_end = index + 1;
    } else {
        index = take_more(gaps);
    }
    if (index != NONE) {
        struct gap unused = *gap;

        assert(!element(gaps, index)->used);
        /* It is in use when all of it is there: the process may be killed in between. */
        unused.used = false;
        *element(gaps, index) = unused;
        undo_keep_order();
        element(gaps, index)->used = true;
        remember(gaps, index);
    }
    return index;
}

/* Takes the element that *link leads to out of its list. */
static void drop(struct gaps *gaps, uint32_t *link)
{
    uint32_t index = *link;
    struct gap *gap = element(gaps, index);

    assert(gap->used);
    *link = gap->next;
    gap->used = false;
    gap->next = gaps->free;
    gaps->free = index;
}

static void report_end(const struct gaps *gaps, const struct gap *gap, uint32_t first,
                       uint32_t last, bool lost)
{
    struct gap_end end = {
        .device_id = gap->device_id,
        .first = first,
        .last = last,
        .opened_ns = gap->opened_ns,
        .lost = lost,
        .causes = gap->causes,
    };

    gaps->end(gaps->context, &end);
}

int gaps_open(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last, uint64_t now_ns,
              uint32_t tick, uint8_t causes)
{
    const struct gap gap = {
        .from = first,
        .first = first,
        .last = last,
        .opened_ns = now_ns,
        .opened_tick = tick,
        .device_id = device_id,
        .causes = causes,
    };
    uint32_t index, *link = list_of(gaps, device_id);

    assert(last - first < GAPS_LONGEST);
    index = put(gaps, &gap);
    if (index == NONE)
        return -1;
    while (*link != NONE)
        link = &element(gaps, *link)->next;
    *link = index;
    return 0;
}

/* The link to the gap that holds the number, or to NONE. */
static uint32_t *find(struct gaps *gaps, uint16_t device_id, uint32_t number)
{
    uint32_t *link = list_of(gaps, device_id);

    while (*link != NONE) {
        struct gap *gap = element(gaps, *link);

        if (number - gap->first <= gap->last - gap->first)
            break;
        link = &gap->next;
    }
    return link;
}

void gaps_recover(struct gaps *gaps, uint16_t device_id, uint32_t number)
{
    uint32_t *link = find(gaps, device_id, number), index = *link;
    struct gap *gap, rest;

    if (index == NONE)
        return; /* memory was short when it opened */
    rest = *element(gaps, index);
    report_end(gaps, &rest, number, number, false);
    if (number != rest.last) {
        /* What is behind it is a gap of its own from now on. */
        uint32_t behind;

        rest.from = rest.first = number + 1;
        behind = put(gaps, &rest);
        if (behind != NONE)
            element(gaps, index)->next = behind;
    }
    gap = element(gaps, index); /* it may have been moved */
    if (number != gap->first) {
        gap->last = number - 1;
        return;
    }
    /* What was lost before it is reported now, since nothing of this gap is open any more. */
    if (gap->from != number)
        report_end(gaps, gap, gap->from, number - 1, true);
    for (link = list_of(gaps, device_id); *link != index; link = &element(gaps, *link)->next)
        ;
    drop(gaps, link);
}

void gaps_lose(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last)
{
    uint32_t *link = list_of(gaps, device_id);

    assert(last - first < GAPS_LONGEST);
    while (*link != NONE) {
        struct gap *gap = element(gaps, *link);

        if (gap->first - first > last - first) {
            link = &gap->next;
        } else if (last - gap->first < gap->last - gap->first) {
            gap->first = last + 1;
            return;
        } else {
            report_end(gaps, gap, gap->from, gap->last, true);
            drop(gaps, link);
        }
    }
}

void gaps_lose_all(struct gaps *gaps, uint16_t device_id)
{
    uint32_t *link = list_of(gaps, device_id);

    while (*link != NONE) {
        const struct gap *gap = element(gaps, *link);

        report_end(gaps, gap, gap->from, gap->last, true);
        drop(gaps, link);
    }
}

void gaps_tick(struct gaps *gaps, uint32_t tick, uint8_t causes)
{
    /* A worker that does not move the ticks on looks in the middle of one. */
    uint32_t oldest = gaps->worker == 0 ? tick : tick - 1, left = 0, i;

    assert(gaps->recent_count <= gaps->recent_room);
    for (i = 0; i < gaps->recent_count; i++) {
        struct gap *gap = element(gaps, gaps->recent[i]);

        if (!gap->used || gap->opened_tick - oldest >= UINT32_MAX / 2)
            continue;
        gap->causes |= causes;
        if (gap->opened_tick != oldest)
            gaps->recent[left++] = gaps->recent[i];
    }
    gaps->recent_count = left;
}

void gaps_forget(struct tables *tables)
{
    uint32_t end = gaps_used_end(tables), i;

    for (i = 1; i < end; i++)
        tables->gaps[i].used = false;
}
