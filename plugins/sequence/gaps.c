/* SPDX-License-Identifier: MIT
 *
 * For each device a list, sorted by number, of what is still open.  Its elements are
 * in one array, linked by index, so that nothing is allocated once it is large enough.
 */
#include "gaps.h"

#include <assert.h>
#include <stdlib.h>

enum { DEVICE_IDS = 65536, NONE = 0 };

struct gap {
    uint32_t next;        /* index, or NONE */
    uint32_t from;        /* first number that was lost or is open, and has not been told of */
    uint32_t first, last; /* numbers that are still open, at least one */
    uint64_t opened_ns;
    uint64_t drops_before; /* by the kernel, when the device was last heard before */
    uint64_t drops_after;  /* and a tick after the gap opened; valid if not fresh */
    bool fresh;            /* there was no tick since */
};

struct heard {
    uint64_t drops; /* by the kernel, when the device was last heard */
    uint32_t list;  /* its first gap */
};

struct gaps {
    uint32_t worker, workers;
    gap_end_fn *end;
    void *context;
    struct heard *devices;
    struct gap *list; /* element NONE is not used */
    uint32_t used, room, free;
    uint64_t drops; /* by the kernel, at the last tick */
};

struct gaps *gaps_new(uint32_t worker, uint32_t workers, gap_end_fn *end, void *context)
{
    struct gaps *gaps = calloc(1, sizeof *gaps);

    if (gaps == NULL)
        return NULL;
    gaps->worker = worker;
    gaps->workers = workers;
    gaps->end = end;
    gaps->context = context;
    gaps->used = 1;
    gaps->devices = calloc((DEVICE_IDS + workers - 1) / workers, sizeof *gaps->devices);
    if (gaps->devices == NULL) {
        free(gaps);
        return NULL;
    }
    return gaps;
}

void gaps_free(struct gaps *gaps)
{
    if (gaps == NULL)
        return;
    free(gaps->list);
    free(gaps->devices);
    free(gaps);
}

static struct heard *device_of(struct gaps *gaps, uint16_t device_id)
{
    return &gaps->devices[device_id / gaps->workers];
}

/* An unused element, or NONE.  May move the list. */
static uint32_t take(struct gaps *gaps)
{
    uint32_t index = gaps->free;

    if (index != NONE) {
        gaps->free = gaps->list[index].next;
        return index;
    }
    if (gaps->used >= gaps->room) {
        uint32_t room = gaps->room == 0 ? 256 : gaps->room * 2;
        struct gap *list = reallocarray(gaps->list, room, sizeof *list);

        if (list == NULL)
            return NONE;
        gaps->list = list;
        gaps->room = room;
    }
    return gaps->used++;
}

/* Takes the element that *link leads to out of its list. */
static void drop(struct gaps *gaps, uint32_t *link)
{
    uint32_t index = *link;

    *link = gaps->list[index].next;
    gaps->list[index].next = gaps->free;
    gaps->free = index;
}

static void tell(const struct gaps *gaps, uint16_t device_id, const struct gap *gap, uint32_t first,
                 uint32_t last, bool lost)
{
    uint64_t after = gap->fresh ? gaps->drops : gap->drops_after;
    struct gap_end end = {
        .device_id = device_id,
        .first = first,
        .last = last,
        .opened_ns = gap->opened_ns,
        .lost = lost,
        .kernel = after != gap->drops_before,
    };

    gaps->end(gaps->context, &end);
}

void gaps_heard(struct gaps *gaps, uint16_t device_id)
{
    device_of(gaps, device_id)->drops = gaps->drops;
}

int gaps_open(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last, uint64_t now_ns)
{
    struct heard *device = device_of(gaps, device_id);
    uint32_t index = take(gaps), *link = &device->list;

    if (index == NONE)
        return -1;
    gaps->list[index] = (struct gap){
        .from = first,
        .first = first,
        .last = last,
        .opened_ns = now_ns,
        .drops_before = device->drops,
        .fresh = true,
    };
    while (*link != NONE)
        link = &gaps->list[*link].next;
    *link = index;
    return 0;
}

/* The link to the gap that holds the number, or to NONE. */
static uint32_t *find(struct gaps *gaps, uint16_t device_id, uint32_t number)
{
    uint32_t *link = &device_of(gaps, device_id)->list;

    while (*link != NONE) {
        const struct gap *gap = &gaps->list[*link];

        if (number - gap->first <= gap->last - gap->first)
            break;
        link = &gaps->list[*link].next;
    }
    return link;
}

void gaps_recover(struct gaps *gaps, uint16_t device_id, uint32_t number)
{
    uint32_t *link = find(gaps, device_id, number), index = *link, rest;

    if (index == NONE)
        return; /* memory was short when it opened */
    tell(gaps, device_id, &gaps->list[index], number, number, false);
    if (number != gaps->list[index].last) {
        /* What is behind it is a gap of its own from now on. */
        rest = take(gaps);
        if (rest != NONE) {
            gaps->list[rest] = gaps->list[index];
            gaps->list[rest].from = gaps->list[rest].first = number + 1;
            gaps->list[index].next = rest;
        }
    }
    gaps->list[index].last = number - 1;
    if (number != gaps->list[index].first)
        return;
    /* What was lost before it is told now, since nothing of this gap is open any more. */
    if (gaps->list[index].from != number)
        tell(gaps, device_id, &gaps->list[index], gaps->list[index].from, number - 1, true);
    for (link = &device_of(gaps, device_id)->list; *link != index; link = &gaps->list[*link].next)
        ;
    drop(gaps, link);
}

void gaps_lose(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last)
{
    uint32_t *link = find(gaps, device_id, first);
    struct gap *gap;

    if (*link == NONE)
        return;
    gap = &gaps->list[*link];
    assert(gap->first == first && last - first <= gap->last - first);
    gap->first = last + 1;
    if (last != gap->last)
        return;
    tell(gaps, device_id, gap, gap->from, gap->last, true);
    drop(gaps, link);
}

void gaps_lose_all(struct gaps *gaps, uint16_t device_id)
{
    uint32_t *link = &device_of(gaps, device_id)->list;

    while (*link != NONE) {
        tell(gaps, device_id, &gaps->list[*link], gaps->list[*link].from, gaps->list[*link].last,
             true);
        drop(gaps, link);
    }
}

void gaps_tick(struct gaps *gaps, uint64_t kernel_drops)
{
    uint32_t i;

    /* Drops are known a second late at most, so the tick behind a gap's opening knows
     * those of its time. */
    gaps->drops = kernel_drops;
    for (i = 1; i < gaps->used; i++) {
        if (!gaps->list[i].fresh)
            continue;
        gaps->list[i].fresh = false;
        gaps->list[i].drops_after = kernel_drops;
    }
}
