/* SPDX-License-Identifier: MIT
 *
 * How a run is offered to the sinks.
 */
#include "fanout.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Records that wait for a sink while the front is held back: half a MiB, which caches know. */
enum { AHEAD = 4096 };

#define LOOK (50 * CLOCK_MILLISECOND) /* between two looks for a hurry while a sink works */

uint32_t fanout_blocks(const struct sink *sinks, unsigned sink_count)
{
    uint32_t blocks = 0;
    unsigned i;

    for (i = 0; i < sink_count; i++) {
        blocks += queue_blocks(sinks[i].queue_capacity) + 1; /* and the side block */
        if (sinks[i].spill != NULL)
            blocks += queue_blocks(spill_lane_capacity(sinks[i].queue_capacity));
    }
    return blocks;
}

int fanout_open(struct fanout *fanout, unsigned pipeline, enum overflow overflow,
                struct sink *sinks, unsigned sink_count, unsigned room, struct pool *pool)
{
    unsigned i;

    assert(sink_count <= room && room <= UINT16_MAX);
    fanout->pipeline = pipeline;
    fanout->overflow = overflow;
    fanout->sinks = sinks;
    fanout->pool = pool;
    fanout->active = calloc(room + 1, sizeof *fanout->active);
    fanout->kinds = calloc(room + 1, sizeof *fanout->kinds);
    fanout->before = calloc(room + 1, sizeof *fanout->before);
    fanout->sides = calloc(room + 1, sizeof *fanout->sides);
    fanout->missed = calloc(room + 1, sizeof *fanout->missed);
    if (fanout->active == NULL || fanout->kinds == NULL || fanout->before == NULL ||
        fanout->sides == NULL || fanout->missed == NULL)
        return -1;
    for (i = 0; i < sink_count; i++) {
        const struct sink *sink = &sinks[i];

        if (queue_open(&sink->queues[pipeline], pool, sink->queue_capacity) < 0 ||
            (sink->spill != NULL && queue_open(&sink->spill->lanes[pipeline].queue, pool,
                                               spill_lane_capacity(sink->queue_capacity)) < 0))
            return -1;
        fanout_add(fanout, i);
    }
    return 0;
}

/* What came here of the kinds that the sink in that place takes. */
static uint64_t came_for(const struct fanout *fanout, unsigned place)
{
    uint64_t sum = 0;
    unsigned kind;

    for (kind = 0; kind < SINK_KINDS; kind++)
        if (fanout->kinds[place] >> kind & 1)
            sum += counter_value(&fanout->offered[kind]);
    return sum;
}

void fanout_add(struct fanout *fanout, unsigned place)
{
    fanout->sink_count = place + 1;
    fanout->kinds[place] = fanout->sinks[place].instance->kinds;
    fanout->before[place] = came_for(fanout, place);
    fanout->active[fanout->active_count++] = (uint16_t)place;
}

static void forget_missed(struct fanout_missed *missed)
{
    free(missed->of);
    *missed = (struct fanout_missed){0};
}

void fanout_remove(struct fanout *fanout, unsigned place)
{
    unsigned i, kept = 0;

    for (i = 0; i < fanout->active_count; i++)
        if (fanout->active[i] != place)
            fanout->active[kept++] = fanout->active[i];
    fanout->active_count = kept;
    if (fanout->sides[place] != NULL)
        block_release(fanout->sides[place]);
    fanout->sides[place] = NULL;
    forget_missed(&fanout->missed[place]);
}

void fanout_close(struct fanout *fanout)
{
    unsigned s;

    for (s = 0; fanout->missed != NULL && s < fanout->sink_count; s++)
        forget_missed(&fanout->missed[s]);
    free(fanout->missed);
    free(fanout->sides);
    free(fanout->before);
    free(fanout->kinds);
    free(fanout->active);
    memset(fanout, 0, sizeof *fanout);
}

static bool is_hurried(struct fanout *fanout)
{
    return atomic_load_explicit(&fanout->hurried, memory_order_relaxed);
}

/* Holds a run back until the queue has room for it.  So the two take turns: the sinks sleep until
 * there is much to do, and the front until half of that is done; nobody naps, since a CPU that naps
 * may lose its caches. */
static void wait_for_room(struct fanout *fanout, struct queue *queue, const struct run *run,
                          uint32_t wanted)
{
    while (queue_waiting(queue) + wanted > AHEAD || !queue_has_room(queue, run, wanted)) {
        if (is_hurried(fanout))
            return;
        fanout_wake(fanout);
        if (queue_waiting(queue) > 0)
            queue_wait(queue, queue_waiting(queue) / 2, LOOK);
        else /* the sink has taken all, and holds it */
            queue_wait_settled(queue, LOOK);
    }
}

/* ---- what a sink has missed ----------------------------------------------------------- */

static bool make_room(struct fanout_missed *missed, uint32_t device)
{
    uint32_t size = missed->size > 0 ? missed->size : 1024;
    uint32_t *of;

    if (device < missed->size)
        return true;
    while (size <= device && size < FANOUT_MISSED)
        size *= 2;
    of = device < size ? realloc(missed->of, size * sizeof *of) : NULL;
    if (of == NULL)
        return false;
    memset(of + missed->size, 0, (size - missed->size) * sizeof *of);
    missed->of = of;
    missed->size = size;
    return true;
}

/* The sink has not got this run. */
static void note_missed(struct fanout *fanout, unsigned s, const struct run *run)
{
    struct fanout_missed *missed = &fanout->missed[s];
    uint32_t i;

    for (i = 0; i < run->count; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        if ((record->marks & MUSTER_MARK_DEVICE) == 0 || !sink_wants(&fanout->sinks[s], record) ||
            !make_room(missed, record->device))
            continue;
        missed->devices += missed->of[record->device] == 0;
        missed->of[record->device] += missed->of[record->device] < UINT32_MAX;
    }
}

/* The sink will get this run: it will be told with the first record of each device. */
static void mark_missed(struct fanout *fanout, unsigned s, const struct run *run,
                        struct queue *queue)
{
    struct fanout_missed *missed = &fanout->missed[s];
    uint32_t index = 0, i;

    for (i = 0; i < run->count && missed->devices > 0; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        if (!sink_wants(&fanout->sinks[s], record))
            continue;
        if ((record->marks & MUSTER_MARK_DEVICE) != 0 && record->device < missed->size &&
            missed->of[record->device] > 0) {
            queue_mark(queue, index, missed->of[record->device]);
            missed->of[record->device] = 0;
            missed->devices--;
        }
        index++;
    }
}

/* ---- offers --------------------------------------------------------------------------- */

/* Offers a run, of which the sink takes `wanted` records. */
static void offer(struct fanout *fanout, unsigned s, const struct run *run, uint32_t wanted)
{
    struct sink *sink = &fanout->sinks[s];
    struct queue *queue = &sink->queues[fanout->pipeline], *lane = NULL;

    if (sink->spill != NULL)
        lane = spill_way(sink->spill, fanout->pipeline, queue, run, wanted);
    if (lane != NULL)
        queue = lane;
    if (fanout->overflow == OVERFLOW_WAIT)
        wait_for_room(fanout, queue, run, wanted);
    if (fanout->missed[s].devices > 0 && queue_has_room(queue, run, wanted))
        mark_missed(fanout, s, run, queue);
    if (queue_offer(queue, run, wanted) != QUEUE_TOOK)
        note_missed(fanout, s, run);
    else if (fanout->overflow == OVERFLOW_DROP)
        eventcount_notify(&sink->work);
    if (lane != NULL)
        spill_notify(sink->spill);
}

/* Copies the records that the sink takes into its side block, and offers them there. */
static void offer_aside(struct fanout *fanout, unsigned s, const struct run *run)
{
    struct block *side = fanout->sides[s];
    struct run copied = {.block = side};
    struct block_way way = {0};
    uint32_t i;

    if (side != NULL)
        block_rewind(side);
    for (i = 0; i < run->count; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        if (!sink_wants(&fanout->sinks[s], record))
            continue;
        if (side == NULL || !block_append(side, &way, record)) {
            if (copied.count > 0)
                offer(fanout, s, &copied, copied.count);
            if (side != NULL)
                block_release(side);
            side = fanout->sides[s] = pool_take(fanout->pool);
            copied = (struct run){.block = side};
            way = (struct block_way){0};
            block_append(side, &way, record);
        }
        if (copied.count++ == 0)
            copied.from = side->records_used - 1;
    }
    if (copied.count > 0)
        offer(fanout, s, &copied, copied.count);
}

/* How many records of each kind there are.  Nearly all are messages, and those are not counted in
 * memory. */
static void count_kinds(const struct run *run, uint32_t kinds[SINK_KINDS])
{
    uint32_t messages = 0, i;

    for (i = 0; i < run->count; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        if (record->kind == MUSTER_KIND_MESSAGE)
            messages++;
        else
            kinds[sink_kind(record)]++;
    }
    kinds[MUSTER_KIND_MESSAGE] += messages;
}

void fanout_offer(struct fanout *fanout, const struct run *run)
{
    uint32_t kinds[SINK_KINDS] = {0};
    unsigned i, kind;

    assert(run->count > 0 && run->from + run->count <= BLOCK_RECORDS);
    count_kinds(run, kinds);
    for (kind = 0; kind < SINK_KINDS; kind++)
        if (kinds[kind] > 0)
            counter_add(&fanout->offered[kind], kinds[kind]);
    for (i = 0; i < fanout->active_count; i++) {
        const unsigned s = fanout->active[i];
        uint32_t mask = fanout->kinds[s], wanted = 0;

        for (kind = 0; kind < SINK_KINDS; kind++)
            if (mask >> kind & 1)
                wanted += kinds[kind];
        if (wanted > 0 && (mask & MUSTER_TAKES_MESSAGES))
            offer(fanout, s, run, wanted);
        else if (wanted > 0)
            offer_aside(fanout, s, run);
    }
}

void fanout_wake(struct fanout *fanout)
{
    unsigned i;

    for (i = 0; i < fanout->active_count; i++)
        eventcount_notify(&fanout->sinks[fanout->active[i]].work);
}

void fanout_settle(struct fanout *fanout)
{
    unsigned i;

    fanout_wake(fanout);
    for (i = 0; i < fanout->active_count; i++) {
        struct queue *queue = &fanout->sinks[fanout->active[i]].queues[fanout->pipeline];

        while (queue_waiting(queue) > 0 && !is_hurried(fanout))
            queue_wait(queue, 0, LOOK);
    }
}

void fanout_hurry(struct fanout *fanout)
{
    atomic_store(&fanout->hurried, true);
}

uint64_t fanout_offered(const struct fanout *fanout)
{
    uint64_t sum = 0;
    unsigned kind;

    for (kind = 0; kind < SINK_KINDS; kind++)
        sum += counter_value(&fanout->offered[kind]);
    return sum;
}

bool fanout_adds_up(const struct fanout *fanout)
{
    bool good = true;
    unsigned i;

    for (i = 0; i < fanout->active_count; i++) {
        const unsigned s = fanout->active[i], p = fanout->pipeline;
        const struct queue *queue = &fanout->sinks[s].queues[p];
        const struct spill *spill = fanout->sinks[s].spill;

        good &= counter_value(&queue->offered) + (spill != NULL ? spill_offered_by(spill, p) : 0) ==
                came_for(fanout, s) - fanout->before[s];
    }
    return good;
}
