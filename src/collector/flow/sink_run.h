/* SPDX-License-Identifier: MIT
 *
 * What a sink's thread does.
 */
#ifndef COLLECTOR_FLOW_SINK_RUN_H
#define COLLECTOR_FLOW_SINK_RUN_H

/* The thread of a struct sink. */
void *sink_run(void *argument);

#endif
