/* SPDX-License-Identifier: MIT
 *
 * For each device a list, sorted by number, of what is still open.  Its elements are
 * in one array, linked by index, so that nothing is allocated once it is large enough.
 * The workers share the array: each takes new elements from every n-th place.
 */
#include "gaps.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { NONE = 0 };

struct gaps {
    const struct tables *tables;
    uint32_t worker, workers;
    gap_end_fn *end;
    void *context;
    uint32_t *used_end; /* in the tables: no element there or beyond was ever used by this worker */
    uint32_t fresh;     /* the next one that was not, of this worker's */
    uint32_t free;      /* those that were: a list */
    struct gap *more;   /* elements from GAPS_KEPT on */
    uint32_t more_used, more_room;
    uint32_t *recent; /* elements that were put in use in this tick, or the one before */
    uint32_t recent_count, recent_room;
};

static uint32_t find_used_end(const struct tables *tables)
{
    uint32_t end = 1, i;

    for (i = 0; i < WORKERS_MOST; i++)
        if (tables_slot(tables, i)->gaps_end > end)
            end = tables_slot(tables, i)->gaps_end;
    return end;
}

struct gaps *gaps_new(const struct tables *tables, uint32_t worker, uint32_t workers,
                      gap_end_fn *end, void *context)
{
    struct gaps *gaps = calloc(1, sizeof *gaps);
    uint32_t used_end = find_used_end(tables), i;

    if (gaps == NULL)
        return NULL;
    gaps->tables = tables;
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
    return index < GAPS_KEPT ? &gaps->tables->gaps[index] : &gaps->more[index - GAPS_KEPT];
}

static uint32_t *list_of(const struct gaps *gaps, uint16_t device_id)
{
    return &tables_vitals(gaps->tables, device_id)->gaps;
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
    return GAPS_KEPT + gaps->more_used++;
}

/* Without memory, what is noticed at the end of this tick is not told of that gap. */
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
    } else if (gaps->fresh < GAPS_KEPT) {
        index = gaps->fresh;
        gaps->fresh += gaps->workers;
        *gaps->used_end = index + 1;
    } else {
        index = take_more(gaps);
    }
    if (index != NONE) {
        struct gap unused = *gap;

        /* It is in use when all of it is there: the process may be killed in between. */
        unused.used = false;
        *element(gaps, index) = unused;
        atomic_signal_fence(memory_order_seq_cst);
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

    *link = gap->next;
    gap->used = false;
    gap->next = gaps->free;
    gaps->free = index;
}

static void tell(const struct gaps *gaps, const struct gap *gap, uint32_t first, uint32_t last,
                 bool lost)
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
    uint32_t index = put(gaps, &gap), *link = list_of(gaps, device_id);

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
    tell(gaps, &rest, number, number, false);
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
    /* What was lost before it is told now, since nothing of this gap is open any more. */
    if (gap->from != number)
        tell(gaps, gap, gap->from, number - 1, true);
    for (link = list_of(gaps, device_id); *link != index; link = &element(gaps, *link)->next)
        ;
    drop(gaps, link);
}

void gaps_lose(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last)
{
    uint32_t *link = list_of(gaps, device_id);

    while (*link != NONE) {
        struct gap *gap = element(gaps, *link);

        if (gap->first - first > last - first) {
            link = &gap->next;
        } else if (last - gap->first < gap->last - gap->first) {
            gap->first = last + 1;
            return;
        } else {
            tell(gaps, gap, gap->from, gap->last, true);
            drop(gaps, link);
        }
    }
}

void gaps_lose_all(struct gaps *gaps, uint16_t device_id)
{
    uint32_t *link = list_of(gaps, device_id);

    while (*link != NONE) {
        const struct gap *gap = element(gaps, *link);

        tell(gaps, gap, gap->from, gap->last, true);
        drop(gaps, link);
    }
}

void gaps_tick(struct gaps *gaps, uint32_t tick, uint8_t causes)
{
    /* A worker that does not move the ticks on looks in the middle of one. */
    uint32_t oldest = gaps->worker == 0 ? tick : tick - 1, kept = 0, i;

    for (i = 0; i < gaps->recent_count; i++) {
        struct gap *gap = element(gaps, gaps->recent[i]);

        if (!gap->used || gap->opened_tick - oldest >= UINT32_MAX / 2)
            continue;
        gap->causes |= causes;
        if (gap->opened_tick != oldest)
            gaps->recent[kept++] = gaps->recent[i];
    }
    gaps->recent_count = kept;
}

/* ---- what an earlier run left --------------------------------------------------------- */

/* A gap, and where it stands in its device's window. */
struct placed {
    struct gap gap;
    uint32_t index;
    uint32_t place; /* of its first open number, counted from the window's oldest */
};

static int compare(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->gap.device_id != y->gap.device_id)
        return x->gap.device_id < y->gap.device_id ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* What the lists are made of. */
struct rebuild {
    const struct tables *tables;
    struct placed *told; /* the gaps that there were, sorted by device and number */
    uint32_t count;
    uint32_t at;     /* the first that may hold what comes next */
    uint32_t next;   /* where to look for a free element */
    bool is_full;    /* there is none, until some of those that there were are freed */
    uint32_t untold; /* gaps that there was none for */
    uint64_t now_ns;
};

/* Returns -1 if memory is short. */
static int read_told(struct rebuild *r)
{
    const struct tables *tables = r->tables;
    uint32_t end = find_used_end(tables), i;

    for (i = 1; i < end; i++)
        r->count += tables->gaps[i].used != 0;
    r->told = calloc(r->count + 1, sizeof *r->told);
    if (r->told == NULL)
        return -1;
    r->count = 0;
    for (i = 1; i < end; i++) {
        const struct gap *gap = &tables->gaps[i];
        const struct device *device = tables_device(tables, gap->device_id);

        if (!gap->used)
            continue;
        r->told[r->count].gap = *gap;
        r->told[r->count].index = i;
        r->told[r->count++].place = gap->first - (device->highest - device->span + 1);
    }
    qsort(r->told, r->count, sizeof *r->told, compare);
    return 0;
}

/* From r->next on, and once again from the start, where some have become free. */
static bool find_free(struct rebuild *r)
{
    uint32_t looked;

    for (looked = 1; looked < GAPS_KEPT; looked++, r->next++) {
        if (r->next >= GAPS_KEPT)
            r->next = 1;
        if (!r->tables->gaps[r->next].used)
            return true;
    }
    return false;
}

/* Appends a gap to the device's list, whose end is *link.  Returns the new end.  Without room, that
 * gap is not told of. */
static uint32_t *append(struct rebuild *r, uint32_t *link, const struct gap *gap)
{
    struct slot *slot = tables_slot(r->tables, 0);
    struct gap *element;

    /* What there was stays until its device is done: the process may be killed now, too. */
    r->is_full = r->is_full || !find_free(r);
    if (r->is_full) {
        r->untold++;
        return link;
    }
    element = &r->tables->gaps[r->next];
    *element = *gap;
    element->next = NONE;
    element->used = true;
    *link = r->next++;
    if (slot->gaps_end < r->next)
        slot->gaps_end = r->next;
    return &element->next;
}

/* The gap of numbers `first` to `last` at most, which are missing and one behind the other: with
 * what was told of it, or else as of now. */
static struct gap describe(struct rebuild *r, uint16_t device_id, uint32_t oldest, uint32_t first,
                           uint32_t last)
{
    struct gap gap = {
        .opened_ns = r->now_ns, .opened_tick = r->tables->shared->tick, .device_id = device_id};
    uint32_t place = first - oldest, i;

    gap.from = gap.first = first;
    gap.last = last;
    for (i = r->at; i < r->count && r->told[i].gap.device_id == device_id; i++) {
        const struct gap *told = &r->told[i].gap;

        if (first - told->first <= told->last - told->first) {
            gap = *told;
            if (told->first != first || first != oldest)
                gap.from = gap.first = first;
            if (told->last - first > last - first)
                gap.last = last;
            break;
        }
        if (r->told[i].place > place) {
            if (told->first - first <= gap.last - first)
                gap.last = told->first - 1; /* there the next one begins */
            break;
        }
        r->at = i + 1; /* it is behind */
    }
    return gap;
}

/* Frees the elements that there were, from number `from` on up to those of that device.  Returns
 * the number of the first that is left. */
static uint32_t forget_told(struct rebuild *r, uint32_t from, uint32_t id)
{
    for (; from < r->count && r->told[from].gap.device_id < id; from++)
        r->tables->gaps[r->told[from].index].used = r->is_full = false;
    return from;
}

static void rebuild_device(struct rebuild *r, uint32_t id)
{
    const struct tables *tables = r->tables;
    const struct device *device = tables_device(tables, id);
    const uint64_t *window = tables_window(tables, id);
    uint32_t oldest = device->highest - device->span + 1, run = 0, begin, i;
    uint32_t *link = &tables_vitals(tables, id)->gaps;

    *link = NONE;
    begin = forget_told(r, r->at, id); /* of devices that are not known */
    r->at = begin;
    for (i = 0; device->open > 0 && i < device->span; i++) {
        if (!tables_has_seen(tables, window, oldest + i)) {
            run++;
            continue;
        }
        while (run > 0) {
            const struct gap gap =
                describe(r, (uint16_t)id, oldest, oldest + i - run, oldest + i - 1);

            link = append(r, link, &gap);
            run -= gap.last - gap.first + 1;
        }
    }
    r->at = forget_told(r, begin, id + 1);
}

void gaps_forget(const struct tables *tables)
{
    uint32_t end = find_used_end(tables), i;

    for (i = 1; i < end; i++)
        tables->gaps[i].used = false;
}

int gaps_rebuild(const struct tables *tables, uint64_t now_ns, uint32_t *untold)
{
    struct rebuild r = {.tables = tables, .next = 1, .now_ns = now_ns};
    uint32_t id;

    if (read_told(&r) != 0)
        return -1;
    for (id = tables_next_known(tables, 0); id < MUSTER_DEVICE_IDS;
         id = tables_next_known(tables, id + 1))
        rebuild_device(&r, id);
    forget_told(&r, r.at, MUSTER_DEVICE_IDS);
    *untold = r.untold;
    free(r.told);
    return 0;
}
