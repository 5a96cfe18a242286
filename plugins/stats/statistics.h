/* SPDX-License-Identifier: MIT
 *
 * The statistics of a report, gathered from the metrics of the daemon and the tracker.
 */
#ifndef PLUGINS_STATS_STATISTICS_H
#define PLUGINS_STATS_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <muster/plugin.h>

struct statistics {
    uint64_t received, bytes, decoded, records, kernel_drops, refused; /* the daemon's */
    uint64_t rejected;
    bool tracked; /* there is a tracker; else the next are 0 and mean nothing */
    uint64_t lost, open, missing, recovered, gaps, late, duplicates, restarts, outliers, devices;
    bool present; /* the tracker says which devices are there; else the next are 0 and mean nothing
                   */
    uint64_t online, late_devices, silent;
    uint32_t jitter_us;     /* the largest of all devices, 0 if none has any */
    uint32_t jitter_device; /* whose it is: its number */
    uint64_t counted_since; /* when the tracker's counters began: Unix seconds; 0: with this run */
    double seconds;         /* since the plugin was opened */
    double rate;            /* datagrams a second since the last report */
    uint64_t wall_ns;       /* when they were gathered: ns since the Unix epoch */
    bool final;
};

/* What one device did wrong. */
struct device_counts {
    uint64_t missing;                                    /* numbers in its gaps */
    uint32_t gaps, late, duplicates, restarts, outliers; /* records */
    uint32_t jitter_us;                                  /* of its last message */
};

_Static_assert(sizeof(struct device_counts) == 32, "there are many of them");

#define STATISTICS_WORST_MAX 32

struct worst_devices {
    uint32_t devices[STATISTICS_WORST_MAX]; /* their numbers */
    struct device_counts counts[STATISTICS_WORST_MAX];
    uint32_t count;
};

/* Reads everything but the jitter, seconds, rate, wall_ns and final.  `tracker` is the name of the
 * tracker's instance. */
void statistics_gather(struct statistics *statistics, const struct muster_host *host,
                       struct muster_instance *instance, const char *tracker);

/* Mean size of a datagram in bytes, 0 if there was none. */
double statistics_mean_size(const struct statistics *statistics);

/* Writes one JSON object: the statistics, the worst devices, every metric. */
void statistics_write_json(FILE *out, const struct statistics *statistics,
                           const struct worst_devices *worst, const struct muster_host *host,
                           struct muster_instance *instance);

#endif
