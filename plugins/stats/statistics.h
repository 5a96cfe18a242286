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

#include "devices.h"
#include "ranges.h"

struct statistics {
    uint64_t received, bytes, decoded, records, kernel_drops, refused; /* the daemon's */
    uint64_t rejected;
    bool tracked; /* there is a tracker; else the next are 0 and mean nothing */
    uint64_t lost, open, missing, recovered, gaps, late, duplicates, restarts, outliers, devices;
    /* By cause: whether the tracker tells, and numbers; of devices that are not believable apart.
     */
    bool by_cause;
    uint64_t missing_by_cause[MUSTER_CAUSES], lost_by_cause[MUSTER_CAUSES];
    uint64_t not_believable; /* devices */
    bool present; /* the tracker says which devices are there; else the next are 0 and mean nothing
                   */
    uint64_t online, late_devices, silent;
    uint32_t jitter_us;     /* the largest of all devices, 0 if none has any */
    uint32_t jitter_device; /* whose it is: its number */
    uint64_t counted_since; /* when the tracker's counters began: Unix seconds; 0: with this run */
    uint64_t judged;        /* messages that the tracker has given a verdict */
    double cpu_ms;          /* that the process has used, in user and system mode */
    double seconds;         /* since the plugin was opened */
    double rate;            /* datagrams a second since the last report */
    uint64_t wall_ns;       /* when they were gathered: ns since the Unix epoch */
    bool final;
};

/* Reads everything but the processor time, jitter, seconds, rate, wall_ns and final.  `tracker` is
 * the name of the tracker's instance. */
void statistics_gather(struct statistics *statistics, const struct muster_host *host,
                       struct muster_instance *instance, const char *tracker);

/* Numbers that are lost, and those that are missing and may still come: of the devices that are
 * believable. */
uint64_t statistics_lost(const struct statistics *statistics);
uint64_t statistics_open(const struct statistics *statistics);

/* Mean size of a datagram in bytes, 0 if there was none. */
double statistics_mean_size(const struct statistics *statistics);

/* Bytes of datagrams for each record, and milliseconds of processor time; NAN if there was none. */
double statistics_bytes_per_report(const struct statistics *statistics);
double statistics_cpu_ms_per_report(const struct statistics *statistics);
/* Duplicates by judged messages; NAN if there was none, or there is no tracker. */
double statistics_duplicate_rate(const struct statistics *statistics);

/* Writes one JSON object: the statistics, the worst devices, the values, every metric. */
void statistics_write_json(FILE *out, const struct statistics *statistics,
                           const struct devices *devices, const struct worst_devices *worst,
                           const struct ranges *ranges, const struct muster_host *host,
                           struct muster_instance *instance);

#endif
