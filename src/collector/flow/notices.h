/* SPDX-License-Identifier: MIT
 *
 * What a pipeline says of its own accord, in the log and as events: which datagrams it rejects, and
 * what sinks have dropped.
 */
#ifndef COLLECTOR_FLOW_NOTICES_H
#define COLLECTOR_FLOW_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/episode.h"
#include "repeats.h"
#include "sink.h"
#include "strangers.h"

struct pipeline;
struct datagram;

/* What a sink drops, of one episode. */
struct notices_hole {
    struct episode episode;
    struct sink_account before; /* when it began */
    unsigned events;            /* on drops that it has got of late, and may have dropped */
    uint64_t events_until_ns;   /* monotonic */
};

struct notices {
    uint32_t rejected[UINT8_MAX + 1]; /* datagrams, by listener */
    struct repeats repeats;
    struct strangers strangers;
    struct sink *sinks;         /* the chain's */
    struct notices_hole *holes; /* one for each sink; NULL: another pipeline looks after them */
    unsigned sink_count;
    uint64_t next_look_ns; /* monotonic */
};

/* There are `sink_count` sinks, of at most `room` that there will ever be.  Returns 0, or -1 if
 * memory is short. */
int notices_open(struct notices *notices, struct sink *sinks, unsigned sink_count, unsigned room,
                 bool watches_sinks);
void notices_close(struct notices *notices);

/* [worker] A datagram is rejected.  Returns whether it is told by itself; else it is counted for a
 * sum that is told later. */
bool notices_reject(struct pipeline *pipeline, const struct datagram *datagram, unsigned reason);

/* [worker] A datagram of the device of that number is taken, of a listener for which
 * strangers_watch holds. */
void notices_see(struct pipeline *pipeline, const struct datagram *datagram, uint32_t device);

/* [worker] Says what is due, at the end (`is_last`) all that there is; the events are in the
 * pipeline, and published. */
void notices_look(struct pipeline *pipeline, bool is_last);

#endif
