/* SPDX-License-Identifier: MIT
 *
 * The first step of a pipeline: pipeline_take and pipeline_overrun, see pipeline.h.
 */
#ifndef COLLECTOR_FLOW_TAKE_H
#define COLLECTOR_FLOW_TAKE_H

struct pipeline;

/* [worker] Goes on to an empty block.  What is in the old one must have been published. */
void take_next_block(struct pipeline *pipeline);

#endif
