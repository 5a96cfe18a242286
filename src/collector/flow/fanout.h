/* SPDX-License-Identifier: MIT
 *
 * The last step of a pipeline: a run of records is offered to every sink that wants some of it.
 */
#ifndef COLLECTOR_FLOW_FANOUT_H
#define COLLECTOR_FLOW_FANOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "block.h"
#include "queue.h"
#include "sink.h"

/* What a sink has missed of each device, since its queue was full, and has not been told of. */
struct fanout_missed {
    uint32_t *of;     /* records, by the device's number */
    uint32_t size;    /* of that table, which grows with need, to FANOUT_MISSED at most */
    uint32_t devices; /* of which there is something */
};

enum { FANOUT_MISSED = 1 << 20 };

struct fanout {
    unsigned pipeline; /* its number: which of each sink's queues is its own */
    enum overflow overflow;
    struct sink *sinks; /* the chain's, in the places that they keep */
    unsigned sink_count;
    uint16_t *active; /* which of them are offered something: `active_count` of them */
    unsigned active_count;
    uint32_t *kinds;              /* what each takes: MUSTER_TAKES_* */
    uint64_t *before;             /* of those kinds, what had come here when each was added */
    struct pool *pool;            /* the pipeline's */
    struct fanout_missed *missed; /* one for each sink */
    /* One for each sink, or NULL: where the records of a sink go that takes no
     * messages.  In the common block it would hold a thousand messages for an event. */
    struct block **sides;
    struct counter offered[SINK_KINDS]; /* records of each kind that came here */
    atomic_bool hurried;
};

/* The sinks are initialised, `sink_count` of at most `room` that there will ever be, and their
 * queues are opened here, in `pool`.  Returns 0, or -1 with errno; then fanout_close too. */
int fanout_open(struct fanout *fanout, unsigned pipeline, enum overflow overflow,
                struct sink *sinks, unsigned sink_count, unsigned room, struct pool *pool);
void fanout_close(struct fanout *fanout);

/* How many blocks the queues and sides of these sinks can hold at the same time. */
uint32_t fanout_blocks(const struct sink *sinks, unsigned sink_count);

/* [main] While the worker waits between two batches: the sink in that place, whose queue is open,
 * gets what comes from now on; or gets nothing any more. */
void fanout_add(struct fanout *fanout, unsigned place);
void fanout_remove(struct fanout *fanout, unsigned place);

/* [worker] Offers a run of at least one record. */
void fanout_offer(struct fanout *fanout, const struct run *run);

/* [worker] Wakes every sink: for a front that waits, and that knows that nothing comes for now. */
void fanout_wake(struct fanout *fanout);

/* [worker] Waits until the sinks have taken all that was offered, or until somebody is in a hurry.
 */
void fanout_settle(struct fanout *fanout);

/* Any thread: from now on nobody waits for a sink. */
void fanout_hurry(struct fanout *fanout);

/* How many records came here, of all kinds; and whether each sink was offered those of the kinds
 * that it takes.  [worker], or [main] once the front has ended. */
uint64_t fanout_offered(const struct fanout *fanout);
bool fanout_adds_up(const struct fanout *fanout);

#endif
