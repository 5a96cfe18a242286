/* SPDX-License-Identifier: MIT
 *
 * A tree of ranges of memory, which is made when it is first asked, and gets what has been added
 * since: copies are added in front of their list.  Mostly nobody asks.
 */
#include "batch_index.h"

#include <search.h>
#include <stdint.h>

#include "batch.h"
#include "batch_check.h"

/* Ranges that overlap are the same, so that a byte is found in its range. */
static int compare(const void *left, const void *right)
{
    const struct batch_range *a = left, *b = right;

    if (a->from + a->size <= b->from)
        return -1;
    return b->from + b->size <= a->from;
}

static bool insert(struct batch *batch, struct batch_range *range, const void *from, size_t size)
{
    *range = (struct batch_range){(uintptr_t)from, size};
    return size == 0 || tsearch(range, &batch->tree, compare) != NULL;
}

/* Returns false if memory is short. */
static bool fill(struct batch *batch)
{
    struct batch_copy *copy;

    for (copy = batch->copies; copy != batch->indexed; copy = copy->next) {
        const struct batch_bytes *bytes = copy->bytes;

        if (!insert(batch, &copy->arrival_range, &copy->arrival, sizeof copy->arrival) ||
            !insert(batch, &copy->bytes_range, bytes != NULL ? bytes->bytes : NULL,
                    bytes != NULL ? bytes->size : 0))
            return false;
    }
    batch->indexed = batch->copies;
    return true;
}

static const struct batch_range *find(struct batch *batch, const void *place)
{
    const struct batch_range wanted = {(uintptr_t)place, 1};
    const struct batch_range *const *found;

    if (batch->copies == NULL || !fill(batch))
        return NULL;
    found = tfind(&wanted, &batch->tree, compare);
    return found != NULL ? *found : NULL;
}

size_t batch_index_left(struct batch *batch, const void *place)
{
    const struct batch_range *range = find(batch, place);

    return range != NULL ? range->size - ((uintptr_t)place - range->from) : 0;
}

bool batch_index_has_arrival(struct batch *batch, const struct muster_arrival *arrival)
{
    const struct batch_range *range = find(batch, arrival);

    return range != NULL && range->from == (uintptr_t)arrival && arrival->size != 0 &&
           range->size == sizeof *arrival;
}

/* Ranges are a part of the copies. */
static void keep(void *range)
{
    (void)range;
}

void batch_index_clear(struct batch *batch)
{
    tdestroy(batch->tree, keep);
    batch->tree = NULL;
    batch->indexed = NULL;
}
