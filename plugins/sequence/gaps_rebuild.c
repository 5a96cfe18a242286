/* SPDX-License-Identifier: MIT
 *
 * The lists of gaps, made anew from what an earlier run left.  Nothing of a gap is trusted: what it
 * says of numbers is brought into accord with the window, and what it says of times and causes is
 * taken as it is.
 */
#include "gaps_rebuild.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "losses.h"
#include "gaps.h"
#include "gaps_list.h"
#include "window.h"

/* A gap, and where it stands in its device's window. */
struct placed {
    uint32_t device, index;
    uint32_t place; /* of its first number, counted from the window's oldest */
};

static int compare(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

struct rebuild {
    struct tables *tables;
    struct placed *placed; /* the gaps that are in use, sorted by device and number */
    uint32_t count, room;
    uint32_t used_end; /* no element of the pool there or beyond was ever used */
    uint32_t free;     /* and none in front of this is to be taken */
    uint64_t now_ns;
    uint32_t at;
};

/* What the gaps of a device must agree with. */
struct device_view {
    const struct session *session;
    const uint64_t *window;
    uint32_t size, oldest;
};

static struct device_view view_of(const struct rebuild *r, uint32_t id)
{
    struct device_view view = {.session = &tables_read_device(r->tables, id)->session,
                               .window = tables_read_window(r->tables, id)};

    view.size = view.session->size;
    view.oldest = (uint32_t)view.session->highest - view.session->span + 1;
    return view;
}

/* How many of the numbers from place `from` on, up to but not at place `to`, are missing. */
static uint32_t missing_between(const struct device_view *view, uint32_t from, uint32_t to)
{
    return from < to ? window_missing(view->window, view->size, view->oldest + from, to - from) : 0;
}

/* ---- which gaps there are ------------------------------------------------------------- */

/* Cuts the gap to the window.  Returns false if nothing is left, or it cannot be. */
static bool cut(const struct device_view *view, struct gap *gap)
{
    uint32_t first = gap->first - view->oldest, last = gap->last - view->oldest;

    if (gap->last - gap->first >= GAPS_LONGEST)
        return false;
    if (first >= view->session->span) { /* before the window, or behind it */
        if (view->oldest - gap->first > gap->last - gap->first)
            return false;
        gap->first = view->oldest;
    }
    if (last >= view->session->span)
        gap->last = (uint32_t)view->session->highest;
    return true;
}

/* Returns -1 if memory is short. */
static int add(struct rebuild *r, uint32_t index)
{
    struct gap *gap = &r->tables->gaps[index];
    struct device_view view;

    if (!gap->used)
        return 0;
    if (index < r->tables->devices)
        gap->device = index;
    gap->used = true;
    if (gap->device >= r->tables->devices || !tables_is_known(r->tables, gap->device)) {
        gap->used = false;
        return 0;
    }
    view = view_of(r, gap->device);
    if (view.session->open == 0 || !cut(&view, gap)) {
        gap->used = false;
        return 0;
    }
    if (r->count == r->room) {
        struct placed *more =
            reallocarray(r->placed, r->room > 0 ? 2 * r->room : 256, sizeof *r->placed);

        if (more == NULL)
            return -1;
        r->placed = more;
        r->room = r->room > 0 ? 2 * r->room : 256;
    }
    r->placed[r->count++] = (struct placed){gap->device, index, gap->first - view.oldest};
    return 0;
}

/* Returns -1 if memory is short. */
static int read_earlier(struct rebuild *r)
{
    uint32_t id, i;

    for (id = tables_next_known(r->tables, 0); id < r->tables->devices;
         id = tables_next_known(r->tables, id + 1))
        if (add(r, id) != 0)
            return -1;
    for (i = r->tables->devices; i < r->used_end; i++)
        if (add(r, i) != 0)
            return -1;
    if (r->count > 0)
        qsort(r->placed, r->count, sizeof *r->placed, compare);
    return 0;
}

/* ---- a device's list ------------------------------------------------------------------ */

/* Nothing is known of these numbers but that some are missing. */
static void begin_anew(const struct rebuild *r, uint32_t index, uint32_t id, uint32_t first,
                       uint32_t last)
{
    struct gap *gap = &r->tables->gaps[index];

    memset(gap, 0, sizeof *gap);
    gap->next = GAPS_NONE;
    gap->device = id;
    gap->first = first;
    gap->last = last;
    gap->opened_at = r->at;
    gap->opened_tick = r->tables->shared->causes.tick;
    gap->opened_ns = r->now_ns;
    gap->marks = GAP_MERGED;
    gap->used = true;
}

/* An element of the pool for one more gap of a device that has `count`, or GAPS_NONE. */
static uint32_t take(struct rebuild *r, uint32_t count)
{
    uint32_t *end = &tables_slot(r->tables, 0)->gaps_end;

    while (r->free < r->used_end && r->tables->gaps[r->free].used)
        r->free++;
    if (r->free >= r->tables->gap_count || count >= GAPS_EACH)
        return GAPS_NONE;
    if (*end <= r->free)
        *end = r->free + 1;
    return r->free++;
}

/* Appends the gap that was at `index` to the device's list, behind `last`.  The first one is at the
 * device's own place.  Returns where it is. */
static uint32_t append(const struct rebuild *r, uint32_t id, uint32_t last, uint32_t index)
{
    struct gap *gaps = r->tables->gaps;

    if (last == GAPS_NONE && index != id) {
        gaps[id].used = false; /* or it would be the first */
        gaps[id] = gaps[index];
        gaps[index].used = false;
        index = id;
    }
    if (last != GAPS_NONE)
        gaps[last].next = index;
    gaps[index].next = GAPS_NONE;
    return index;
}

/* Makes the list of the device's gaps, `count` from `placed` on, without numbers that are in two.
 * Returns how many they are. */
static uint32_t link_up(const struct rebuild *r, uint32_t id, const struct device_view *view,
                        const struct placed *placed, uint32_t count)
{
    struct gap own = r->tables->gaps[id], *gaps = r->tables->gaps;
    uint32_t last = GAPS_NONE, used = 0, end = 0, i; /* the place behind the last one */

    for (i = 0; i < count; i++) {
        uint32_t index = placed[i].index;
        struct gap gap = index == id ? own : gaps[index];
        uint32_t behind = gap.last - view->oldest + 1;

        if (behind <= end || used == GAPS_EACH) {
            if (index != id)
                gaps[index].used = false;
            continue;
        }
        if (gap.first - view->oldest < end)
            gap.first = view->oldest + end;
        if (index == id && last != GAPS_NONE)
            continue; /* only in a damaged state, and the one in front takes its numbers in */
        gaps[index] = gap;
        last = append(r, id, last, index);
        end = behind;
        used++;
    }
    return used;
}

/* The missing numbers in front of the first gap may be lost and forgotten; else they are one more.
 * Returns how many are forgotten. */
static uint32_t cover_front(struct rebuild *r, uint32_t id, const struct device_view *view,
                            uint32_t *count)
{
    struct losses *losses = &r->tables->losses[id];
    struct gap *gap = &r->tables->gaps[id];
    uint32_t forgotten = missing_between(view, 0, gap->first - view->oldest), last, index;

    if (forgotten <= losses->expired)
        return forgotten;
    losses_take_back(losses, losses->expired);
    losses->expired = 0;
    index = take(r, *count);
    if (index == GAPS_NONE) {
        gap->first = view->oldest;
        return 0;
    }
    last = gap->first - 1;
    r->tables->gaps[index] = *gap;
    begin_anew(r, id, id, view->oldest, last);
    gap->next = index;
    ++*count;
    return 0;
}

/* Each missing number is in a gap: those that are in none are one more, or in the one before. */
static uint32_t cover(struct rebuild *r, uint32_t id, const struct device_view *view,
                      uint32_t count)
{
    uint32_t forgotten = cover_front(r, id, view, &count), index = id, next;

    for (; index != GAPS_NONE; index = next) {
        struct gap *gap = &r->tables->gaps[index];
        uint32_t behind = gap->last - view->oldest + 1, end, added = GAPS_NONE;

        next = gap->next;
        end = next != GAPS_NONE ? r->tables->gaps[next].first - view->oldest : view->session->span;
        if (missing_between(view, behind, end) > 0)
            added = take(r, count);
        if (added != GAPS_NONE) {
            begin_anew(r, added, id, view->oldest + behind, view->oldest + end - 1);
            r->tables->gaps[added].next = next;
            gap->next = next = added;
            count++;
        } else if (missing_between(view, behind, end) > 0) {
            gap->last = view->oldest + end - 1;
        }
        gap->missing =
            missing_between(view, gap->first - view->oldest, gap->last - view->oldest + 1);
    }
    return forgotten;
}

/* The oldest missing numbers are those that are lost, as many as it says. */
static void settle(const struct rebuild *r, uint32_t id, uint32_t forgotten)
{
    struct losses *losses = &r->tables->losses[id];
    uint32_t left = losses->expired - forgotten, index;

    for (index = id; index != GAPS_NONE; index = r->tables->gaps[index].next) {
        struct gap *gap = &r->tables->gaps[index];

        gap->settled = gap->missing <= left;
        if (gap->settled) {
            left -= gap->missing;
            continue;
        }
        losses_take_back(losses, left);
        losses->expired -= left;
        left = 0;
    }
}

/* What else must hold of each; a gap without missing numbers is none. */
static void finish(const struct rebuild *r, uint32_t id)
{
    struct losses *losses = &r->tables->losses[id];
    struct gap *gaps = r->tables->gaps;
    uint32_t index, last = GAPS_NONE, next;

    losses->count = 0;
    for (index = id; index != GAPS_NONE; index = next) {
        struct gap *gap = &gaps[index];

        next = gap->next;
        gap->causes &= (1u << MUSTER_CAUSES) - 1;
        gap->marks &= GAP_MERGED | GAP_STANDS | GAP_AT_LEAST;
        /* What the window has left behind is in front of all, and not told yet. */
        if (losses->count > 0 || gap->settled || gap->lost_count > gap->first - gap->lost_first ||
            gap->first - gap->lost_first >= GAPS_LONGEST)
            gap->lost_count = 0;
        if (gap->missing == 0) {
            gap->used = false;
            continue;
        }
        last = append(r, id, last, index);
        losses->last = last;
        losses->count++;
    }
}

static void rebuild_device(struct rebuild *r, uint32_t id, const struct placed *placed,
                           uint32_t count)
{
    const struct device_view view = view_of(r, id);
    struct losses *losses = &r->tables->losses[id];

    losses->count = 0;
    if (view.session->open == 0) {
        losses_take_back(losses, losses->expired);
        losses->expired = 0;
        return;
    }
    count = link_up(r, id, &view, placed, count);
    if (count == 0) {
        begin_anew(r, id, id, view.oldest, (uint32_t)view.session->highest);
        count = 1;
    }
    settle(r, id, cover(r, id, &view, count));
    finish(r, id);
}

int gaps_rebuild(struct tables *tables, uint64_t now_ns, uint32_t at)
{
    struct rebuild r = {.tables = tables,
                        .used_end = gaps_list_used_end(tables),
                        .free = tables->devices,
                        .now_ns = now_ns,
                        .at = at};
    uint32_t id, from = 0, end;

    if (read_earlier(&r) != 0) {
        free(r.placed);
        return -1;
    }
    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        for (end = from; end < r.count && r.placed[end].device == id; end++)
            ;
        rebuild_device(&r, id, r.placed + from, end - from);
        from = end;
    }
    assert(from == r.count);
    free(r.placed);
    return 0;
}
