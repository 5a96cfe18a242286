/* SPDX-License-Identifier: MIT
 *
 * The output of a sink: connected and lost, and what became of the records that it was given.  All
 * of this is the sink's thread's.
 */
#ifndef COLLECTOR_FLOW_SINK_OUTPUT_H
#define COLLECTOR_FLOW_SINK_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "sink.h"

#define SINK_FIRST_RETRY   (10 * CLOCK_MILLISECOND)
#define SINK_LONGEST_RETRY (2 * CLOCK_SECOND)

/* The same of a sink that has failed: somebody has to do something first. */
#define SINK_FIRST_REVIVAL   (10 * CLOCK_SECOND)
#define SINK_LONGEST_REVIVAL (600 * CLOCK_SECOND)

/* The circumstances of a call, for struct muster_call. */
static inline uint32_t sink_output_flags(const struct sink *sink)
{
    return sink_is_draining(sink) ? MUSTER_CALL_STOPPING : 0;
}

static inline uint64_t sink_output_deadline(const struct sink *sink)
{
    return sink_is_draining(sink) ? atomic_load(&sink->deadline_ns) : 0;
}

/* The next pause, if that one did not suffice; 0: there was none. */
uint64_t sink_output_longer(uint64_t pause_ns);

/* What the plugin holds goes to that account, all but `given_up` of them. */
void sink_output_settle(struct sink *sink, struct counter *account, uint64_t given_up);

/* The plugin has given up: what it holds is dropped, and what comes waits until it is tried again.
 */
void sink_output_fail(struct sink *sink);

/* Whether what waits for a sink that has failed is dropped: it is not tried again. */
static inline bool sink_output_is_over(const struct sink *sink)
{
    return sink->failed &&
           (sink->overflow == OVERFLOW_WAIT || (sink_is_draining(sink) && sink->asked_at_stop));
}

void sink_output_disconnect(struct sink *sink);

/* What is held is to be offered again. */
void sink_output_rewind(struct sink *sink);

/* Disconnects: what is held is offered again, to the next output; or dropped, if it is too late for
 * another. */
void sink_output_let_go(struct sink *sink);

/* The same of an output that is gone. */
void sink_output_lose(struct sink *sink);

/* Tries to connect.  Returns whether it is. */
bool sink_output_connect(struct sink *sink);

/* Has the plugin deliver what it holds.  If it cannot yet, that stays held.  `flags` are
 * MUSTER_CALL_*. */
void sink_output_flush(struct sink *sink, uint32_t flags);

/* The last one, when the time to stop is over. */
void sink_output_flush_at_last(struct sink *sink);

#endif
