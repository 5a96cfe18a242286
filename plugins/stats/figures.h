/* SPDX-License-Identifier: MIT
 *
 * The figures of a report, gathered from the metrics of the daemon and the tracker.
 */
#ifndef STATS_FIGURES_H
#define STATS_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <muster/plugin.h>

struct figures {
    uint64_t received, bytes, decoded, records, kernel_drops, refused; /* the daemon's */
    uint64_t rejected;
    bool tracked; /* there is a tracker; else the next are 0 and mean nothing */
    uint64_t lost, open, missing, recovered, gaps, late, duplicates, restarts, outliers, devices;
    bool present; /* the tracker says which devices are there; else the next are 0 and mean nothing
                   */
    uint64_t online, late_devices, silent;
    uint32_t jitter_us;     /* the largest of all devices, 0 if none has any */
    uint16_t jitter_id;     /* whose it is */
    uint64_t counted_since; /* when the tracker's counters began: Unix seconds; 0: with this run */
    double seconds;         /* since the plugin was opened */
    double rate;            /* datagrams a second since the last report */
    uint64_t wall_ns;       /* when they were gathered: ns since the Unix epoch */
    bool final;
};

/* What one device did wrong. */
struct offender {
    uint64_t missing;                                    /* numbers in its gaps */
    uint32_t gaps, late, duplicates, restarts, outliers; /* records */
    uint32_t jitter_us;                                  /* of its last message */
};

_Static_assert(sizeof(struct offender) == 32, "there are 65,536 of them");

struct offenders {
    uint16_t ids[32];
    struct offender counts[32];
    uint32_t count;
};

/* Reads everything but the jitter, seconds, rate, wall_ns and final.  `tracker` is the name of the
 * tracker's instance. */
void figures_gather(struct figures *figures, const struct muster_host *host,
                    struct muster_instance *instance, const char *tracker);

/* Mean size of a datagram in bytes, 0 if there was none. */
double figures_mean_size(const struct figures *figures);

/* Writes one JSON object: the figures, the worst devices, every metric. */
void figures_write_json(FILE *out, const struct figures *figures, const struct offenders *worst,
                        const struct muster_host *host, struct muster_instance *instance);

#endif
