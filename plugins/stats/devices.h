/* SPDX-License-Identifier: MIT
 *
 * What each device did wrong, from its messages and the events of its gaps.
 *
 * Each number that is missing is counted under one cause, see muster_cause_counted, and moves when
 * an event says so: from open to lost or recovered, or from one cause to another.  The share is of
 * the last hour, in twelve parts: what was missing of what was due, which is what came and what did
 * not.  What was missed while the collector was down was not due, and of a device that is not
 * believable nothing is.
 */
#ifndef PLUGINS_STATS_DEVICES_H
#define PLUGINS_STATS_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

enum {
    DEVICES_PARTS = 12, /* of the hour */
    DEVICES_WORST_MAX = 32
};

#define DEVICES_PART_NS UINT64_C(300000000000)

/* Numbers of one part. */
struct device_part {
    uint32_t came, missing;
};

struct device_counts {
    uint64_t missing;                                    /* numbers in its gaps */
    uint32_t gaps, late, duplicates, restarts, outliers; /* records */
    uint32_t jitter_us;   /* of its last message; 0 too if its clock is not believed */
    uint32_t part;        /* the part that it was heard in last */
    uint32_t stamp : 31;  /* the low bits of its last timestamp */
    uint32_t is_fine : 1; /* these have parts of a second, and move */
    struct device_part parts[DEVICES_PARTS]; /* a ring */
    int64_t open[MUSTER_CAUSES];             /* numbers; below 0: they opened in an earlier run */
    int64_t lost[MUSTER_CAUSES];
};

struct devices {
    struct device_counts *counts; /* by number */
    uint32_t count;
    uint64_t now_ns;
    uint32_t part; /* that it is */
};

/* Returns -1 if there is no memory. */
int devices_open(struct devices *devices, uint32_t count);
void devices_close(struct devices *devices);

/* Now is that time, on whichever clock goes on. */
void devices_pass(struct devices *devices, uint64_t now_ns);

/* Takes a message that was judged, or an event of a gap. */
void devices_take(struct devices *devices, const struct muster_record *record);

/* The last hour of a device. */
struct device_hour {
    uint64_t due, missing; /* numbers */
};

struct device_hour devices_hour(const struct devices *devices, uint32_t number);

/* Missing for good or for now, under that cause. */
static inline int64_t devices_missing(const struct device_counts *counts, unsigned cause)
{
    return counts->open[cause] + counts->lost[cause];
}

struct worst_devices {
    uint32_t devices[DEVICES_WORST_MAX]; /* their numbers */
    uint32_t count;
};

/* The worst devices, at most `most`, the worst first; of equals the lower number. */
void devices_find_worst(const struct devices *devices, uint32_t most, struct worst_devices *worst);

#endif
