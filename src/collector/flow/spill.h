/* SPDX-License-Identifier: MIT
 *
 * What a sink's queue cannot hold goes to a disk, and comes back in order.
 *
 * Beside the queue from each worker there is a lane, a second one.  Once the queue is full, the
 * worker puts what comes into its lane, and from there it goes
 *
 *   - to the store (spill_store.h), by the spill thread, which waits for nobody but the disk; the
 *     sink, once through with its queue, loads what is stored into one more queue, the replay;
 *   - or straight into the queue, if nothing is stored: adopted by the sink.
 *
 * The worker goes back to the queue when its lane is empty and nothing is stored, as it then knows
 * that all it ever put there is settled.  So of a worker, and with it of a device, everything stays
 * in order: queue, store, lane.  It waits for nobody, and touches no disk.
 *
 * Every lane begins as the way that is taken, since an earlier run may have left something.
 */
#ifndef COLLECTOR_FLOW_SPILL_H
#define COLLECTOR_FLOW_SPILL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "queue.h"
#include "spill_chunk.h"
#include "spill_store.h"

struct sink;
struct entry;

enum {
    SPILL_REPLAY = 16384, /* records that the replay holds, at most */
    SPILL_LANE = 16384    /* records of a lane, at least: the disk, or the CPU, may be busy */
};

enum spill_drop { SPILL_DROP_NEWEST, SPILL_DROP_OLDEST }; /* in the order of the setting's words */

enum spill_state {
    SPILL_UNKNOWN, /* what an earlier run has left is not known yet */
    SPILL_READY,
    SPILL_BROKEN /* the directory cannot be used; it is tried again */
};

struct spill_lane {
    struct queue queue;
    atomic_bool spills; /* the worker's: it is the way that is taken */
};

struct spill {
    struct sink *sink;
    struct spill_chunk_way way;
    enum spill_drop drop;
    struct spill_lane *lanes; /* one for each pipeline */
    unsigned lane_count;
    struct pool pool; /* of the replay, which is the last of the sink's queues */
    int finished_fd;

    pthread_t thread;
    bool started;
    struct eventcount work; /* notified when there is something in a lane, and at the end */
    atomic_bool ends;       /* what is left is to be stored, of the sink's queues, too */
    atomic_bool finished;

    atomic_int state;        /* enum spill_state */
    atomic_bool moves;       /* the spill thread is about to have the lock */
    atomic_bool wanted;      /* the sink's thread waits for the lock */
    atomic_bool has_more;    /* something is stored and not loaded */
    atomic_ullong unsettled; /* records that are stored and not settled */
    pthread_mutex_t lock;    /* of all below, and of the taking ends of the lanes */
    struct spill_store store;
    struct spill_chunk chunk;
    uint8_t *bytes; /* a chunk that is read */
    size_t room;

    /* Records.  Written with the lock. */
    struct counter found;           /* that an earlier run has left */
    struct counter stored;          /* to the disk, in this run */
    struct counter dropped_oldest;  /* to make room for newer ones */
    struct counter dropped_damaged; /* that could not be read again */
    struct counter dropped_stop;    /* that were left at the end, and could not be stored */
    uint64_t hole_first, hole_last; /* arrivals of the dropped oldest ones; 0: none */
    uint64_t hole_told, hole_told_ns, told_ns, told_stored;
    bool is_in_trouble, says_spilling;
    uint64_t retry_ns; /* monotonic */

    /* The sink's thread's. */
    uint64_t load_again_ns;  /* monotonic: after an error */
    uint64_t replay_settled; /* records of the replay that the store knows to be settled */
};

/* For a sink that is initialised, with room for the replay behind its queues.  Returns NULL if
 * memory is short. */
struct spill *spill_new(struct sink *sink, const struct entry *entries, uint32_t entry_count);
void spill_free(struct spill *spill); /* NULL is ignored */

/* Records of each lane beside queues of so many. */
static inline uint32_t spill_lane_capacity(uint32_t queue_capacity)
{
    return queue_capacity > SPILL_LANE ? queue_capacity : SPILL_LANE;
}

/* Returns 0, or an errno. */
int spill_start(struct spill *spill);

/* [worker] The way of a run of that pipeline: its lane, or NULL for the sink's queue. */
struct queue *spill_way(struct spill *spill, unsigned pipeline, const struct queue *queue,
                        const struct run *run, uint32_t wanted);

/* [worker] There is something in a lane. */
static inline void spill_notify(struct spill *spill)
{
    eventcount_notify(&spill->work);
}

/* ---- The sink's thread ---- */

/* Adopts what can be, and loads what is next.  Then the replay may be served if spill_may_replay.
 */
void spill_feed(struct spill *spill);
bool spill_may_replay(const struct spill *spill);

/* Whether spill_feed would do something. */
bool spill_has_work(const struct spill *spill);

/* Some of the replay may be settled. */
void spill_settled(struct spill *spill);

/* When to look again, on the monotonic clock; UINT64_MAX: no need. */
uint64_t spill_next_look(const struct spill *spill);

/* ---- The end ---- */

/* [main] The sink's thread has ended, or can touch nothing any more: what is left in its queues is
 * stored, too.  Returns whether that is done; else finished_fd will tell. */
bool spill_end(struct spill *spill);

/* ---- The account, any thread ---- */

/* Records that are stored and not taken by the sink. */
uint64_t spill_stored(const struct spill *spill);

/* Brought to the lanes, and dropped since one was full. */
uint64_t spill_offered(const struct spill *spill);
uint64_t spill_dropped_full(const struct spill *spill);

/* The same of one lane. */
static inline uint64_t spill_offered_by(const struct spill *spill, unsigned pipeline)
{
    return counter_value(&spill->lanes[pipeline].queue.offered);
}

#endif
