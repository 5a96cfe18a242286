/* SPDX-License-Identifier: MIT
 *
 * The lists of open gaps, made anew from what an earlier run left.
 */
#include "gaps_rebuild.h"

#include <stdbool.h>
#include <stdlib.h>

#include "gaps.h"
#include "window.h"

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
    struct tables *tables;
    struct placed *earlier; /* the gaps that there were, sorted by device and number */
    uint32_t count;
    uint32_t at;           /* the first that may hold what comes next */
    uint32_t next;         /* where to look for a free element */
    bool is_full;          /* there is none, until some of those that there were are freed */
    uint32_t not_reported; /* gaps that there was none for */
    uint64_t now_ns;
};

/* Returns -1 if memory is short. */
static int read_earlier(struct rebuild *r)
{
    const struct tables *tables = r->tables;
    uint32_t end = gaps_used_end(tables), i;

    for (i = 1; i < end; i++)
        r->count += tables->gaps[i].used != 0;
    r->earlier = calloc(r->count + 1, sizeof *r->earlier);
    if (r->earlier == NULL)
        return -1;
    r->count = 0;
    for (i = 1; i < end; i++) {
        const struct gap *gap = &tables->gaps[i];
        const struct session *session;

        if (!gap->used || gap->device_id >= tables->devices)
            continue;
        session = &tables_read_device(tables, gap->device_id)->session;
        r->earlier[r->count].gap = *gap;
        r->earlier[r->count].index = i;
        r->earlier[r->count++].place = gap->first - (session->highest - session->span + 1);
    }
    qsort(r->earlier, r->count, sizeof *r->earlier, compare);
    return 0;
}

/* From r->next on, and once again from the start, where some have become free. */
static bool find_free(struct rebuild *r)
{
    uint32_t looked;

    for (looked = 1; looked < TABLES_GAPS; looked++, r->next++) {
        if (r->next >= TABLES_GAPS)
            r->next = 1;
        if (!r->tables->gaps[r->next].used)
            return true;
    }
    return false;
}

/* Appends a gap to the device's list, whose end is *link.  Returns the new end.  Without room, the
 * end of that gap will not be reported. */
static uint32_t *append(struct rebuild *r, uint32_t *link, const struct gap *gap)
{
    struct slot *slot = tables_slot(r->tables, 0);
    struct gap *element;

    /* What there was stays until its device is done: the process may be killed now, too. */
    r->is_full = r->is_full || !find_free(r);
    if (r->is_full) {
        r->not_reported++;
        return link;
    }
    element = &r->tables->gaps[r->next];
    *element = *gap;
    element->next = GAPS_NONE;
    element->used = true;
    *link = r->next++;
    if (slot->gaps_end < r->next)
        slot->gaps_end = r->next;
    return &element->next;
}

/* The gap of numbers `first` to `last` at most, which are missing and one behind the other: with
 * what was known of it, or else as of now. */
static struct gap describe(struct rebuild *r, uint16_t device_id, uint32_t oldest, uint32_t first,
                           uint32_t last)
{
    struct gap gap = {.opened_ns = r->now_ns,
                      .opened_tick = r->tables->shared->causes.tick,
                      .device_id = device_id};
    uint32_t place = first - oldest, i;

    gap.from = gap.first = first;
    gap.last = last;
    for (i = r->at; i < r->count && r->earlier[i].gap.device_id == device_id; i++) {
        const struct gap *there = &r->earlier[i].gap;

        if (first - there->first <= there->last - there->first) {
            gap = *there;
            if (there->first != first || first != oldest)
                gap.from = gap.first = first;
            if (there->last - first > last - first)
                gap.last = last;
            break;
        }
        if (r->earlier[i].place > place) {
            if (there->first - first <= gap.last - first)
                gap.last = there->first - 1; /* there the next one begins */
            break;
        }
        r->at = i + 1; /* it is behind */
    }
    return gap;
}

/* Frees the elements that there were, from number `from` on up to those of that device.  Returns
 * the number of the first that is left. */
static uint32_t forget_earlier(struct rebuild *r, uint32_t from, uint32_t id)
{
    for (; from < r->count && r->earlier[from].gap.device_id < id; from++)
        r->tables->gaps[r->earlier[from].index].used = r->is_full = false;
    return from;
}

static void rebuild_device(struct rebuild *r, uint32_t id)
{
    struct tables *tables = r->tables;
    const struct session *session = &tables_read_device(tables, id)->session;
    const uint64_t *window = tables_read_window(tables, id);
    uint32_t oldest = session->highest - session->span + 1, run = 0, begin, i;
    uint32_t *link = &tables_device(tables, id)->gaps;

    *link = GAPS_NONE;
    begin = forget_earlier(r, r->at, id); /* of devices that are not known */
    r->at = begin;
    for (i = 0; session->open > 0 && i < session->span; i++) {
        if (!window_has_seen(window, tables->window, oldest + i)) {
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
    r->at = forget_earlier(r, begin, id + 1);
}

int gaps_rebuild(struct tables *tables, uint64_t now_ns, uint32_t *not_reported)
{
    struct rebuild r = {.tables = tables, .next = 1, .now_ns = now_ns};
    uint32_t id;

    if (read_earlier(&r) != 0)
        return -1;
    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1))
        rebuild_device(&r, id);
    forget_earlier(&r, r.at, tables->devices);
    *not_reported = r.not_reported;
    free(r.earlier);
    return 0;
}
