/* SPDX-License-Identifier: MIT
 *
 * The callbacks of a filter in all legal orders.
 */
#ifndef PLUGIN_TOOL_DRIVE_FILTER_H
#define PLUGIN_TOOL_DRIVE_FILTER_H

#include <stdint.h>

#include <muster/test.h>

/* Steps of each of `workers` (1 or 2), which run side by side: p process, t worker_tick, l reload
 * of the instance while none of them runs.  All from worker_open to worker_close, of an instance
 * that is open. */
void drive_filter(struct muster_instance *instance, const char *steps, uint32_t workers);

#endif
