/* SPDX-License-Identifier: MIT
 *
 * What is known of devices and of their missing numbers, for whoever asks while the daemon runs.
 */
#ifndef SEQUENCE_REPORT_H
#define SEQUENCE_REPORT_H

#include <stdint.h>

#include <muster/plugin.h>

#include "gaps.h"
#include "listening.h"
#include "tables.h"

/* Whose devices: those that are `worker` modulo `workers`. */
struct report_source {
    const struct tables *tables;
    const struct listening *listening;
    struct gaps *gaps;
    uint32_t worker, workers;
};

/* As muster_filter.devices and muster_filter.gaps. */
uint32_t report_devices(const struct report_source *source, uint32_t from, uint32_t end,
                        struct muster_device_report *out, uint32_t report_size);
uint32_t report_gaps(const struct report_source *source, uint32_t from, uint32_t skip,
                     struct muster_gap_report *out, uint32_t report_size, uint32_t room);

#endif
