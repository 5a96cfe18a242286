/* SPDX-License-Identifier: MIT
 *
 * The callbacks of a sink in all legal orders.
 */
#ifndef PLUGIN_TOOL_DRIVE_SINK_H
#define PLUGIN_TOOL_DRIVE_SINK_H

#include <muster/test.h>

/* Steps: w write, f flush, r rotate, l reload, t tick, x disconnect and connect, d disconnect only
 * (r, l and t may follow, and then x).  All from connect to disconnect, on a thread of its own, of
 * an instance that is open. */
void drive_sink(struct muster_instance *instance, const char *steps);

#endif
