/* SPDX-License-Identifier: MIT
 *
 * How much came, second by second, for the last minute: the daemon's counters as they were.
 */
#ifndef COLLECTOR_CONTROL_SAMPLES_H
#define COLLECTOR_CONTROL_SAMPLES_H

#include <stdint.h>

enum { SAMPLES_KEPT = 61, SAMPLES_RECENT = 10 /* seconds that a rate is of */ };

struct sample {
    uint64_t at_ns; /* monotonic */
    uint64_t received, kernel_drops;
};

/* Begins as zeros. */
struct samples {
    struct sample list[SAMPLES_KEPT]; /* a ring */
    unsigned next, count;
};

void samples_add(struct samples *samples, const struct sample *sample);

/* Datagrams received a second, over the last SAMPLES_RECENT seconds, or since the start. */
double samples_rate(const struct samples *samples);

#endif
