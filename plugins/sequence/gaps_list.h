/* SPDX-License-Identifier: MIT
 *
 * The gaps of a worker as elements of lists; for gaps.c.
 *
 * A device's own gap, the one of its number, is the first of its list.  The workers share the pool:
 * each takes new elements from every n-th place.  Those that are open are in one more list, by when
 * they opened.
 */
#ifndef SEQUENCE_GAPS_LIST_H
#define SEQUENCE_GAPS_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "gaps.h"

struct gaps_list {
    struct tables *tables;
    uint32_t worker, workers;
    uint32_t *used_end; /* in the tables: no element of the pool there or beyond was ever used */
    uint32_t fresh;     /* the next one that was not, of this worker's */
    uint32_t free;      /* those that were: a list by `next` */
    uint32_t earliest, latest; /* of the open ones */
    uint64_t steps;            /* elements that were looked at */
};

/* Takes up what gaps_rebuild left; `at` is now.  Returns -1 if memory is short. */
int gaps_list_begin(struct gaps_list *list, struct tables *tables, uint32_t worker,
                    uint32_t workers, uint32_t at);

/* No gap of the pool at this index or beyond was ever used, by any worker. */
uint32_t gaps_list_used_end(const struct tables *tables);

static inline struct gap *gaps_list_at(const struct gaps_list *list, uint32_t index)
{
    return &list->tables->gaps[index];
}

/* The device's first gap, or GAPS_NONE. */
static inline uint32_t gaps_list_first(const struct gaps_list *list, uint32_t device)
{
    return list->tables->losses[device].count > 0 ? device : GAPS_NONE;
}

/* Appends a copy of that gap, which is open, to its device's. */
void gaps_list_append(struct gaps_list *list, const struct gap *gap);

/* Whether there is room for one more gap of that device. */
bool gaps_list_has_room(const struct gaps_list *list, uint32_t device);

/* The device's gap that holds the number, or GAPS_NONE. */
uint32_t gaps_list_find(struct gaps_list *list, uint32_t device, uint32_t number);

/* Makes one gap of this one and the next. */
void gaps_list_merge(struct gaps_list *list, uint32_t index);

/* The gap is settled: it is none of the open ones. */
void gaps_list_settle(struct gaps_list *list, uint32_t index);

/* Takes the gap out.  Returns the index of the one behind it, which may have moved, or GAPS_NONE.
 */
uint32_t gaps_list_drop(struct gaps_list *list, uint32_t index);

#endif
