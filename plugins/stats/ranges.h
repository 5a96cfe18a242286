/* SPDX-License-Identifier: MIT
 *
 * Where the values of each device lie: the least, the mean, the largest and the last number of each
 * of its values, since the start.
 *
 * Memory is bounded: there is room for so many pairs of a device and a value.  Those that are new
 * when it is full are left out, and counted.
 */
#ifndef PLUGINS_STATS_RANGES_H
#define PLUGINS_STATS_RANGES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <muster/plugin.h>

#include "../common/values.h"

struct range {
    uint32_t device; /* its number */
    uint32_t column; /* which value: muster_value.column */
    const char *unit;
    uint64_t count; /* numbers */
    double least, mean, largest, last;
    bool is_single; /* the least, the largest and the last are of single precision */
};

struct ranges {
    struct values values;
    struct range *all; /* in the order in which they came */
    uint32_t count, most;
    uint32_t *slots; /* a hash table: 1 + the index of a range; 0: free */
    uint32_t slot_count;
    uint64_t left_out; /* numbers */
};

/* With room for `most`; 0: nothing is done.  Returns 0, or -1 if memory is short; ranges_close in
 * any case. */
int ranges_open(struct ranges *ranges, uint32_t most, const struct muster_host *host,
                struct muster_instance *instance);
void ranges_close(struct ranges *ranges);

/* Takes the numbers of a message, unless it was seen before or is not believed, or a filter made
 * it.  In write. */
void ranges_take(struct ranges *ranges, const struct muster_record *record);

/* Two members of a JSON object, each with a comma behind it. */
void ranges_write_json(FILE *out, const struct ranges *ranges);

#endif
