/* SPDX-License-Identifier: MIT
 *
 * The way of a worker, and what the sink's thread does.
 */
#include "spill.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/thread.h"
#include "sink.h"
#include "spill_thread.h"

#define LOAD_AGAIN (2 * CLOCK_SECOND)

enum { LOADED_BLOCKS = 12 /* that a chunk may take */ };

/* ---- begin and end -------------------------------------------------------------------- */

/* A number that no other run has. */
static uint64_t make_run(void)
{
    uint64_t run = 0;

    if (getrandom(&run, sizeof run, GRND_NONBLOCK) != (ssize_t)sizeof run)
        run = clock_wall();
    return run;
}

struct spill *spill_new(struct sink *sink, const struct entry *entries, uint32_t entry_count)
{
    const struct entry *entry = sink->instance->entry;
    const uint64_t most = (uint64_t)entry->spill_size;
    const uint32_t blocks = queue_blocks(SPILL_REPLAY) + 2;
    struct spill *spill = aligned_alloc(_Alignof(struct spill), sizeof *spill);
    unsigned i;

    if (spill == NULL)
        return NULL;
    memset(spill, 0, sizeof *spill);
    pthread_mutex_init(&spill->lock, NULL);
    spill->sink = sink;
    spill->drop = (enum spill_drop)entry->spill_drop;
    spill->finished_fd = sink->finished_fd;
    spill->way = (struct spill_chunk_way){sink->instance->host, entries, entry_count, make_run()};
    spill->store = (struct spill_store){
        .directory = entry->spill,
        .name = entry->name,
        .most = most,
        .segment_most = most / 8 < SPILL_SEGMENT_MOST ? most / 8 : SPILL_SEGMENT_MOST,
        .log = sink_log(sink),
        .folder = -1,
        .write_fd = -1,
        .read_fd = -1,
        .lock = -1};
    spill->lanes =
        aligned_alloc(_Alignof(struct spill_lane), sink->queue_count * sizeof *spill->lanes);
    if (spill->lanes == NULL || pool_open(&spill->pool, blocks, blocks) < 0 ||
        queue_open(&sink->queues[sink->queue_count], &spill->pool, SPILL_REPLAY) < 0) {
        spill_free(spill);
        return NULL;
    }
    memset(spill->lanes, 0, sink->queue_count * sizeof *spill->lanes);
    spill->lane_count = sink->queue_count;
    for (i = 0; i < spill->lane_count; i++)
        atomic_store(&spill->lanes[i].spills, true);
    return spill;
}

void spill_free(struct spill *spill)
{
    unsigned i;

    if (spill == NULL)
        return;
    assert(!spill->started);
    for (i = 0; i < spill->lane_count; i++)
        queue_close(&spill->lanes[i].queue);
    queue_close(&spill->sink->queues[spill->sink->queue_count]);
    pool_close(&spill->pool);
    pthread_mutex_destroy(&spill->lock);
    free(spill->lanes);
    free(spill->chunk.bytes);
    free(spill->bytes);
    free(spill);
}

int spill_start(struct spill *spill)
{
    int error = pthread_create(&spill->thread, NULL, spill_run, spill);

    spill->started = error == 0;
    if (spill->started)
        thread_call(spill->thread, "spill");
    return error;
}

bool spill_end(struct spill *spill)
{
    if (!spill->started)
        return true;
    if (!atomic_exchange(&spill->ends, true))
        eventcount_notify(&spill->work);
    if (!atomic_load(&spill->finished))
        return false;
    pthread_join(spill->thread, NULL);
    spill->started = false;
    return true;
}

/* ---- The way of a worker -------------------------------------------------------------- */

/* Whether all that was ever put into the lane is out of it.  Its atomics alone. */
static bool is_empty(const struct spill_lane *lane)
{
    const struct queue *queue = &lane->queue;
    uint64_t consumed = atomic_load(&queue->consumed);

    return counter_value(&queue->offered) - counter_value(&queue->dropped) == consumed;
}

struct queue *spill_way(struct spill *spill, unsigned pipeline, const struct queue *queue,
                        const struct run *run, uint32_t wanted)
{
    struct spill_lane *lane = &spill->lanes[pipeline];
    bool spills = atomic_load_explicit(&lane->spills, memory_order_relaxed);

    /* In this order: what leaves a lane for the store is counted there before. */
    if (spills && is_empty(lane) && atomic_load(&spill->state) != SPILL_UNKNOWN &&
        atomic_load(&spill->unsettled) == 0)
        spills = false;
    if (!spills && !queue_has_room(queue, run, wanted))
        spills = true;
    atomic_store(&lane->spills, spills);
    return spills ? &lane->queue : NULL;
}

/* ---- Adoption ------------------------------------------------------------------------- */

static uint32_t count_wanted(const struct sink *sink, const struct run *run)
{
    uint32_t wanted = 0, i;

    for (i = 0; i < run->count; i++)
        wanted += sink_wants(sink, &run->block->records[run->from + i]);
    return wanted;
}

/* The part of a run of which so many records are taken already that the sink wants. */
static void cut_taken(const struct sink *sink, struct run *run, uint32_t taken)
{
    while (taken > 0) {
        taken -= sink_wants(sink, &run->block->records[run->from]);
        run->from++;
        run->count--;
    }
}

/* Moves what is in a lane to the queue, as far as there is room. */
static void adopt_lane(struct spill *spill, unsigned index)
{
    struct queue *from = &spill->lanes[index].queue, *to = &spill->sink->queues[index];
    struct run run;
    uint32_t slots, wanted, i;

    while (queue_peek(from, &run, &slots)) {
        cut_taken(spill->sink, &run, from->run_taken);
        wanted = count_wanted(spill->sink, &run);
        if (wanted > 0 && !queue_has_room(to, &run, wanted))
            return;
        for (i = 0; i < wanted; i++) {
            uint64_t missed = queue_dropped_before(from, i);

            if (missed > 0)
                queue_mark(to, i, missed);
        }
        if (wanted > 0)
            queue_adopt(to, &run, wanted);
        queue_take(from, wanted);
        queue_next(from, slots);
        queue_settle(from);
    }
}

static bool can_adopt(const struct spill *spill)
{
    unsigned i;

    if (atomic_load(&spill->state) == SPILL_UNKNOWN || atomic_load(&spill->moves) ||
        atomic_load(&spill->unsettled) > 0)
        return false;
    for (i = 0; i < spill->lane_count; i++)
        if (!is_empty(&spill->lanes[i]) && queue_is_empty(&spill->sink->queues[i]))
            return true;
    return false;
}

static void adopt(struct spill *spill)
{
    unsigned i;

    if (!can_adopt(spill) || pthread_mutex_trylock(&spill->lock) != 0)
        return;
    for (i = 0; i < spill->lane_count && atomic_load(&spill->unsettled) == 0; i++)
        adopt_lane(spill, i);
    pthread_mutex_unlock(&spill->lock);
}

/* ---- The replay ----------------------------------------------------------------------- */

static struct queue *replay_of(const struct spill *spill)
{
    return &spill->sink->queues[spill->sink->queue_count];
}

/* Who is still on his way through the queue comes first. */
bool spill_may_replay(const struct spill *spill)
{
    unsigned i;

    for (i = 0; i < spill->lane_count; i++)
        if (atomic_load(&spill->lanes[i].spills) && !queue_is_empty(&spill->sink->queues[i]))
            return false;
    return true;
}

static bool can_load(const struct spill *spill)
{
    const struct queue *replay = replay_of(spill);
    uint64_t held = replay->accepted - atomic_load(&replay->consumed);
    uint32_t blocks = replay->accepted_blocks - atomic_load(&replay->released_blocks);

    return atomic_load(&spill->has_more) && !sink_is_draining(spill->sink) &&
           held + SPILL_CHUNK_RECORDS <= replay->capacity &&
           blocks + LOADED_BLOCKS <= replay->block_capacity &&
           clock_coarse() >= spill->load_again_ns && spill_may_replay(spill);
}

/* Records that are copied to a block of the replay. */
struct filling {
    struct run run;
    struct block_way way;
    unsigned blocks;
};

static void push(struct spill *spill, struct filling *filling)
{
    if (filling->run.block == NULL)
        return;
    if (filling->run.count > 0)
        queue_adopt(replay_of(spill), &filling->run, filling->run.count);
    block_release(filling->run.block);
    *filling = (struct filling){.blocks = filling->blocks};
}

/* Returns false if that is more than any chunk has. */
static bool fill(struct spill *spill, struct filling *filling, const struct muster_record *record,
                 uint64_t missed)
{
    if (filling->run.block == NULL || !block_append(filling->run.block, &filling->way, record)) {
        push(spill, filling);
        if (filling->blocks >= LOADED_BLOCKS)
            return false;
        filling->blocks++;
        filling->run = (struct run){.block = pool_take(&spill->pool), .whole = true};
        block_append(filling->run.block, &filling->way, record);
    }
    if (missed > 0)
        queue_mark(replay_of(spill), filling->run.count, missed);
    filling->run.count++;
    return true;
}

/* The records of a chunk, all but the first ones, which are settled.  What cannot be read is lost;
 * what the sink, as it is configured now, does not take, too. */
static void fill_all(struct spill *spill, size_t size, uint32_t skip)
{
    struct filling filling = {0};
    struct spill_reader reader;
    struct muster_record record;
    uint32_t lost = 0;
    uint64_t missed;

    spill_reader_begin(&reader, &spill->way, spill->bytes, size);
    while (spill_reader_next(&reader, &record, &missed) > 0) {
        if (skip == 0 && sink_wants(spill->sink, &record) && fill(spill, &filling, &record, missed))
            continue;
        filling.way.from = NULL; /* the next arrival may be another one in the same place */
        lost += skip == 0;
        skip -= skip > 0;
    }
    push(spill, &filling);
    lost += reader.left - (skip < reader.left ? skip : reader.left);
    if (lost > 0)
        spill_store_lose(&spill->store, lost);
    counter_add(&spill->dropped_damaged, lost);
    if (lost > 0 && atomic_fetch_sub(&spill->unsettled, lost) == lost)
        spill_tell_over(spill);
}

/* The segment cannot be read on. */
static void reject(struct spill *spill, int error)
{
    uint64_t lost;

    if (error != EBADMSG && error != ENOENT) {
        log_format(sink_log(spill->sink), LOG_ERROR, sink_name(spill->sink),
                   "cannot read what is spilled in \"%s\": %s; it is tried again",
                   spill->store.directory, strerror(error));
        spill->load_again_ns = clock_coarse() + LOAD_AGAIN;
        return;
    }
    lost = spill_store_reject(&spill->store);
    counter_add(&spill->dropped_damaged, lost);
    atomic_fetch_sub(&spill->unsettled, lost);
    log_format(sink_log(spill->sink), LOG_ERROR, sink_name(spill->sink),
               "%" PRIu64 " records of it are lost", lost);
}

/* The spill thread makes way: a mutex alone would go to who had it last. */
static void have_lock(struct spill *spill)
{
    atomic_store(&spill->wanted, true);
    pthread_mutex_lock(&spill->lock);
    atomic_store(&spill->wanted, false);
}

static void load(struct spill *spill)
{
    uint32_t skip;
    int64_t size;

    have_lock(spill);
    size = spill_store_load(&spill->store, &spill->bytes, &spill->room, &skip);
    if (size > 0)
        fill_all(spill, (size_t)size, skip);
    else if (size < 0)
        reject(spill, errno);
    atomic_store(&spill->has_more, spill_store_has_more(&spill->store));
    pthread_mutex_unlock(&spill->lock);
}

void spill_feed(struct spill *spill)
{
    adopt(spill);
    if (can_load(spill))
        load(spill);
}

bool spill_has_work(const struct spill *spill)
{
    return (!queue_is_empty(replay_of(spill)) && spill_may_replay(spill) &&
            !sink_is_draining(spill->sink)) ||
           can_load(spill) || can_adopt(spill);
}

uint64_t spill_next_look(const struct spill *spill)
{
    return atomic_load(&spill->has_more) && spill->load_again_ns > 0 ? spill->load_again_ns
                                                                     : UINT64_MAX;
}

void spill_settled(struct spill *spill)
{
    uint64_t settled = atomic_load(&replay_of(spill)->consumed);
    uint64_t more = settled - spill->replay_settled;

    if (more == 0)
        return;
    have_lock(spill);
    spill_store_settle(&spill->store, more);
    atomic_store(&spill->has_more, spill_store_has_more(&spill->store));
    spill->replay_settled = settled;
    if (atomic_fetch_sub(&spill->unsettled, more) == more)
        spill_tell_over(spill);
    pthread_mutex_unlock(&spill->lock);
}

/* ---- The account ---------------------------------------------------------------------- */

uint64_t spill_stored(const struct spill *spill)
{
    return counter_value(&spill->found) + counter_value(&spill->stored) -
           counter_value(&spill->dropped_oldest) - counter_value(&spill->dropped_damaged) -
           atomic_load(&replay_of(spill)->taken);
}

uint64_t spill_offered(const struct spill *spill)
{
    uint64_t sum = 0;
    unsigned i;

    for (i = 0; i < spill->lane_count; i++)
        sum += counter_value(&spill->lanes[i].queue.offered);
    return sum;
}

uint64_t spill_dropped_full(const struct spill *spill)
{
    uint64_t sum = 0;
    unsigned i;

    for (i = 0; i < spill->lane_count; i++)
        sum += counter_value(&spill->lanes[i].queue.dropped);
    return sum;
}
