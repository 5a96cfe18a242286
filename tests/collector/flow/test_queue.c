/* SPDX-License-Identifier: MIT
 *
 * Blocks and queues: bounds, the way they fill and empty, and threads that pass records on.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "collector/flow/block.h"
#include "collector/flow/queue.h"
#include "common/runner.h"

enum { CAPACITY = QUEUE_LEAST, CONSUMERS = 3 };

#define LONG (60 * CLOCK_SECOND) /* nothing here takes as long */

/* ---- one thread: a worker with one queue or several ------------------------------------ */

struct line {
    struct pool pool;
    struct queue queues[CONSUMERS];
    unsigned queue_count;
    struct block *block; /* being filled */
    uint64_t next;       /* number of the next record; its payload's place tells nothing */
};

static void line_open(struct line *line, unsigned queue_count, uint32_t capacity)
{
    unsigned i;

    memset(line, 0, sizeof *line);
    ck_assert_int_eq(pool_open(&line->pool, 2 + queue_count * queue_blocks(capacity),
                               2 + queue_count * queue_blocks(capacity)),
                     0);
    for (i = 0; i < queue_count; i++)
        ck_assert_int_eq(queue_open(&line->queues[i], &line->pool, capacity), 0);
    line->queue_count = queue_count;
    line->block = pool_take(&line->pool);
}

static unsigned free_blocks(const struct pool *pool)
{
    const struct block *block;
    unsigned count = 0;

    for (block = atomic_load(&pool->free); block != NULL; block = block->next_free)
        count++;
    return count;
}

/* Nobody but the worker may hold a block any more. */
static void line_close(struct line *line)
{
    unsigned i;

    ck_assert(block_rewind(line->block));
    block_release(line->block);
    ck_assert_uint_eq(free_blocks(&line->pool), line->pool.fresh);
    for (i = 0; i < line->queue_count; i++)
        queue_close(&line->queues[i]);
    pool_close(&line->pool);
}

/* The worker's part: a new block when this one is full, of records or of payload bytes. */
static void make_room(struct line *line, uint32_t bytes)
{
    struct block *full = line->block;

    if (full->records_used < BLOCK_RECORDS && BLOCK_BYTES - full->bytes_used >= bytes)
        return;
    line->block = pool_take(&line->pool);
    ck_assert_uint_eq(line->block->records_used, 0);
    ck_assert_uint_eq(line->block->bytes_used, 0);
    block_release(full);
}

/* Fills in `count` records, all in one block, with `bytes` of payload each. */
static struct run fill(struct line *line, uint32_t count, uint32_t bytes)
{
    struct run run;
    uint32_t i;

    if (line->block->records_used + count > BLOCK_RECORDS)
        line->block->records_used = BLOCK_RECORDS;
    make_room(line, count * bytes);
    run = (struct run){.block = line->block, .from = line->block->records_used, .count = count};
    for (i = 0; i < count; i++)
        line->block->records[line->block->records_used++].arrival_ns = line->next++;
    line->block->bytes_used += count * bytes;
    return run;
}

static enum queue_answer offer(struct line *line, uint32_t count, uint32_t wanted)
{
    struct run run = fill(line, count, 0);

    return queue_offer(&line->queues[0], &run, wanted);
}

/* Takes what is one run: `count` records from number `first` on, in `slots` slots. */
static void expect_run(struct queue *queue, uint64_t first, uint32_t count, uint32_t slots)
{
    struct run run;
    uint32_t taken;

    ck_assert(queue_peek(queue, &run, &taken));
    ck_assert_uint_eq(run.count, count);
    ck_assert_uint_eq(taken, slots);
    ck_assert_uint_eq(run.block->records[run.from].arrival_ns, first);
    ck_assert_uint_eq(run.block->records[run.from + count - 1].arrival_ns, first + count - 1);
    queue_take(queue, count);
    queue_next(queue, taken);
    queue_settle(queue);
}

static void expect_empty(struct queue *queue)
{
    struct run run;
    uint32_t slots;

    ck_assert(queue_is_empty(queue));
    ck_assert(!queue_peek(queue, &run, &slots));
}

START_TEST(pool_is_a_stack)
{
    struct pool pool;
    struct block *a, *b, *c;

    ck_assert_int_eq(pool_open(&pool, 3, 3), 0);
    a = pool_take(&pool);
    b = pool_take(&pool);
    a->records_used = a->bytes_used = 5;
    block_hold(a);
    ck_assert(!block_rewind(a));
    block_release(a);
    ck_assert(block_rewind(a));
    ck_assert_ptr_null(atomic_load(&pool.free));
    block_release(b);
    block_release(a);
    c = pool_take(&pool); /* the one given back last */
    ck_assert_ptr_eq(c, a);
    ck_assert_uint_eq(c->records_used, 0);
    ck_assert_uint_eq(c->bytes_used, 0);
    ck_assert_ptr_eq(pool_take(&pool), b);
    ck_assert_uint_eq(pool.fresh, 2);
    ck_assert_ptr_eq(pool_take(&pool), &pool.blocks[2]);
    pool_close(&pool);
}
END_TEST

START_TEST(runs_that_touch_are_one)
{
    struct line line;
    struct queue *queue = &line.queues[0];

    line_open(&line, 1, CAPACITY);
    expect_empty(queue);
    ck_assert_int_eq(offer(&line, 10, 10), QUEUE_TOOK);
    ck_assert(!queue_is_empty(queue));
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_TOOK);
    ck_assert_int_eq(offer(&line, 100, 100), QUEUE_TOOK);
    fill(&line, 5, 0); /* not for this sink */
    ck_assert_int_eq(offer(&line, 7, 7), QUEUE_TOOK);
    ck_assert_int_eq(offer(&line, 1000, 1000), QUEUE_TOOK); /* in the next block */
    ck_assert_int_eq(offer(&line, 24, 24), QUEUE_TOOK);
    expect_run(queue, 0, 111, 3);
    expect_run(queue, 116, 7, 1);
    expect_run(queue, 123, 1024, 2);
    expect_empty(queue);
    line_close(&line);
}
END_TEST

START_TEST(full_until_half_empty)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    struct run run;
    uint32_t i, slots, seen = 0;

    line_open(&line, 1, 2 * CAPACITY);
    for (i = 0; i < 3; i++)
        ck_assert_int_eq(offer(&line, 1024, 1024), QUEUE_TOOK);
    ck_assert_int_eq(offer(&line, 1023, 1023), QUEUE_TOOK);
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_TOOK); /* to the last place */
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_BECAME_FULL);
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_IS_FULL);
    ck_assert_uint_eq(queue->offered.value, 2 * CAPACITY + 2);
    ck_assert_uint_eq(queue->dropped.value, 2);
    for (i = 0; i < 2; i++) { /* half of it goes */
        ck_assert_int_eq(offer(&line, 1, 1), QUEUE_IS_FULL);
        ck_assert(queue_peek(queue, &run, &slots));
        ck_assert_uint_eq(run.count, 1024);
        queue_take(queue, 1023);
        ck_assert_int_eq(offer(&line, 1, 1), QUEUE_IS_FULL);
        queue_take(queue, 1);
        queue_next(queue, slots);
        queue_settle(queue);
    }
    ck_assert_uint_eq(queue->dropped.value, 6);
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_TOOK);
    ck_assert_int_eq(offer(&line, 1024, 1024), QUEUE_TOOK);
    /* Room for 1023 more, and 1024 do not fit: then none of them is taken. */
    ck_assert_int_eq(offer(&line, 1024, 1024), QUEUE_BECAME_FULL);
    ck_assert_uint_eq(queue->dropped.value, 6 + 1024);
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_IS_FULL);
    ck_assert_uint_eq(queue->offered.value, queue->accepted + queue->dropped.value);
    while (queue_peek(queue, &run, &slots)) {
        seen += run.count;
        queue_take(queue, run.count);
        queue_next(queue, slots);
        queue_settle(queue);
    }
    ck_assert_uint_eq(seen, 2 * 1024 + 1025);
    ck_assert_int_eq(offer(&line, 1024, 1024), QUEUE_TOOK);
    expect_run(queue, line.next - 1024, 1024, 1);
    line_close(&line);
}
END_TEST

START_TEST(one_wanted_in_each_block)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    enum queue_answer answer = QUEUE_TOOK;
    uint32_t blocks = 0, i;
    struct run run;

    line_open(&line, 1, CAPACITY);
    for (i = 0; i < 100; i++) {
        run = fill(&line, BLOCK_RECORDS, 0);
        answer = queue_offer(queue, &run, 1);
        blocks += answer == QUEUE_TOOK;
    }
    ck_assert_int_eq(answer, QUEUE_IS_FULL); /* of blocks: few records wait */
    ck_assert_uint_ge(blocks, CAPACITY / BLOCK_RECORDS);
    ck_assert_uint_le(blocks, queue_blocks(CAPACITY));
    ck_assert_uint_le(line.pool.fresh, line.pool.size);
    for (i = 0; i < blocks; i++) {
        uint32_t slots;

        ck_assert(queue_peek(queue, &run, &slots));
        ck_assert_uint_eq(run.block->records[run.from].arrival_ns, i * BLOCK_RECORDS);
        queue_take(queue, 1);
        queue_next(queue, slots);
        queue_settle(queue);
    }
    expect_empty(queue);
    ck_assert_int_eq(offer(&line, 1, 1), QUEUE_TOOK);
    expect_run(queue, line.next - 1, 1, 1);
    line_close(&line);
}
END_TEST

/* The block that a sink is done with may come again at once, and is a new one to the queue. */
START_TEST(a_block_used_again)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    uint32_t i;

    line_open(&line, 1, CAPACITY);
    for (i = 0; i < 10 * BLOCK_RECORDS; i++) {
        block_rewind(line.block);
        ck_assert_int_eq(offer(&line, 1, 1), QUEUE_TOOK);
        expect_run(queue, i, 1, 1);
    }
    ck_assert_uint_eq(line.pool.fresh, 1);
    for (i = 0; i < 20; i++) { /* and with others in between */
        ck_assert_int_eq(offer(&line, 1000, 1000), QUEUE_TOOK);
        expect_run(queue, line.next - 1000, 1000, 1);
        fill(&line, 1000, 0);
    }
    ck_assert_uint_le(line.pool.fresh, 3);
    line_close(&line);
}
END_TEST

/* What is not settled comes again, from the first record on, and takes its room until it is. */
START_TEST(back_to_what_is_not_settled)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    struct run run;
    uint32_t slots;

    line_open(&line, 1, CAPACITY);
    ck_assert_int_eq(offer(&line, 1000, 1000), QUEUE_TOOK);
    ck_assert_int_eq(offer(&line, 1000, 1000), QUEUE_TOOK); /* in the next block */
    ck_assert(queue_peek(queue, &run, &slots));
    queue_take(queue, 1000);
    queue_next(queue, slots);
    ck_assert(queue_peek(queue, &run, &slots));
    queue_take(queue, 300);
    ck_assert_uint_eq(queue_waiting(queue), 700);
    queue_rewind(queue);
    ck_assert_uint_eq(queue_waiting(queue), 2000);
    ck_assert_int_eq(offer(&line, 49, 49), QUEUE_BECAME_FULL);
    ck_assert(queue_peek(queue, &run, &slots));
    ck_assert_uint_eq(run.block->records[run.from].arrival_ns, 0);
    ck_assert_uint_eq(queue->run_taken, 0);
    queue_take(queue, 1000);
    queue_next(queue, slots);
    ck_assert(queue_peek(queue, &run, &slots));
    queue_take(queue, 300);
    queue_settle(queue); /* in the middle of a run */
    queue_take(queue, 400);
    queue_rewind(queue);
    ck_assert_uint_eq(queue_waiting(queue), 700);
    ck_assert(queue_peek(queue, &run, &slots));
    ck_assert_uint_eq(run.block->records[run.from].arrival_ns, 1000);
    ck_assert_uint_eq(queue->run_taken, 300);
    queue_take(queue, 700);
    queue_next(queue, slots);
    expect_empty(queue);
    queue_settle(queue);
    queue_rewind(queue); /* to nothing */
    expect_empty(queue);
    ck_assert_uint_eq(atomic_load(&queue->consumed), 2000);
    line_close(&line);
}
END_TEST

/* A mark stays with its record, also when the sink goes back, until that is settled. */
START_TEST(a_mark_is_of_one_record)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    struct run run;
    uint32_t slots;

    line_open(&line, 1, CAPACITY);
    ck_assert_int_eq(offer(&line, 100, 100), QUEUE_TOOK);
    queue_mark(queue, 3, 7);
    queue_mark(queue, 99, 8);
    ck_assert_int_eq(offer(&line, 100, 100), QUEUE_TOOK);
    ck_assert(queue_peek(queue, &run, &slots));
    ck_assert_uint_eq(queue_dropped_before(queue, 103), 7);
    queue_take(queue, 50);
    queue_settle(queue);
    queue_take(queue, 100);
    ck_assert_uint_eq(queue_dropped_before(queue, 0), 0);
    ck_assert_uint_eq(queue_dropped_before(queue, 49), 8);
    queue_rewind(queue);
    ck_assert_uint_eq(queue_dropped_before(queue, 53), 7);
    ck_assert_uint_eq(queue_dropped_before(queue, 149), 8);
    queue_take(queue, 150);
    queue_next(queue, slots);
    ck_assert_uint_eq(queue->mark_tail, 0);
    queue_settle(queue);
    ck_assert_uint_eq(queue->mark_tail, 2);
    line_close(&line);
}
END_TEST

/* The indices run over 2^32. */
START_TEST(indices_wrap)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    uint32_t i;

    line_open(&line, 1, CAPACITY);
    atomic_store(&queue->head, UINT32_MAX - 100);
    queue->tail = queue->cursor = UINT32_MAX - 100;
    queue->accepted_blocks = UINT32_MAX - 1;
    atomic_store(&queue->released_blocks, UINT32_MAX - 1);
    for (i = 0; i < 600; i++)
        ck_assert_int_eq(offer(&line, 3, 3), QUEUE_TOOK);
    expect_run(queue, 0, 1023, 341);
    expect_run(queue, 1023, 777, 259);
    expect_empty(queue);
    line_close(&line);
}
END_TEST

/* A wait that nobody ends, and one that need not begin. */
START_TEST(a_wait_has_an_end)
{
    struct line line;
    struct queue *queue = &line.queues[0];
    uint64_t start;

    line_open(&line, 1, CAPACITY);
    ck_assert_int_eq(offer(&line, 10, 10), QUEUE_TOOK);
    start = clock_monotonic();
    queue_wait(queue, 9, 20 * CLOCK_MILLISECOND);
    ck_assert_uint_ge(clock_monotonic() - start, 20 * CLOCK_MILLISECOND);
    start = clock_monotonic();
    queue_wait(queue, 10, LONG);
    queue_wait(queue, 1000, LONG);
    expect_run(queue, 0, 10, 1);
    queue_wait(queue, 0, LONG);
    ck_assert_uint_lt(clock_monotonic() - start, LONG);
    line_close(&line);
}
END_TEST

/* ---- one thread: the worst that several sinks may do to the pool ------------------------ */

/* A sink that works on a run for a while. */
struct slow_sink {
    struct run run;
    uint32_t slots;
    uint64_t wanted_by_slot[2 * CAPACITY * 2]; /* of the runs that wait, oldest first */
    uint32_t first, count;
    uint32_t percent; /* how eager it is */
    bool busy;
};

enum { SLOTS_KEPT = 2 * CAPACITY * 2 };

static void work(struct queue *queue, struct slow_sink *sink)
{
    uint32_t i;

    if (below(100) >= sink->percent)
        return;
    if (!sink->busy) {
        sink->busy = queue_peek(queue, &sink->run, &sink->slots);
        return;
    }
    for (i = 0; i < sink->slots; i++) {
        queue_take(queue, (uint32_t)sink->wanted_by_slot[sink->first % SLOTS_KEPT]);
        sink->first++;
        sink->count--;
    }
    queue_next(queue, sink->slots);
    if (below(4) > 0) /* else it holds what it has */
        queue_settle(queue);
    sink->busy = false;
}

static void torture(uint64_t seed)
{
    static struct slow_sink sinks[CONSUMERS];
    struct line line;
    uint32_t i, s, size, capacity;

    random_seed(seed);
    capacity = CAPACITY + below(3 * CAPACITY / 2);
    line_open(&line, CONSUMERS, capacity);
    memset(sinks, 0, sizeof sinks);
    for (s = 0; s < CONSUMERS; s++)
        sinks[s].percent = below(2) ? below(5) : below(100);
    for (i = 0; i < 6000; i++) {
        struct run run;

        block_rewind(line.block);
        size = below(3) == 0 ? BLOCK_BYTES / (1 + below(3)) : 0; /* a large payload */
        /* pool_take asserts that there is a block */
        run = size > 0 ? fill(&line, 1, size) : fill(&line, 1 + below(BLOCK_RECORDS), 0);
        for (s = 0; s < CONSUMERS; s++) {
            struct slow_sink *sink = &sinks[s];
            uint32_t wanted = below(2) ? run.count : below(run.count + 1);

            work(&line.queues[s], sink);
            if (wanted == 0 || queue_offer(&line.queues[s], &run, wanted) != QUEUE_TOOK)
                continue;
            ck_assert_uint_lt(sink->count, SLOTS_KEPT);
            sink->wanted_by_slot[(sink->first + sink->count++) % SLOTS_KEPT] = wanted;
        }
    }
    for (s = 0; s < CONSUMERS; s++) {
        struct queue *queue = &line.queues[s];

        sinks[s].percent = 100;
        while (sinks[s].busy || !queue_is_empty(queue))
            work(queue, &sinks[s]);
        queue_settle(queue);
        ck_assert_uint_eq(atomic_load(&queue->consumed), queue->accepted);
        ck_assert_uint_eq(queue->offered.value, queue->accepted + queue->dropped.value);
    }
    line_close(&line);
}

START_TEST(the_pool_suffices)
{
    uint64_t seed;

    for (seed = 1; seed <= 12; seed++)
        torture(seed * UINT64_C(0x9e3779b97f4a7c15));
}
END_TEST

/* ---- threads: one worker, sinks of different speeds ------------------------------------- */

enum { RECORDS = 100000 };

struct consumer {
    struct queue *queue;
    pthread_t thread;
    atomic_bool *ended;
    unsigned number;
    uint64_t seen, last;            /* records taken; number of the last, plus 1 */
    uint64_t settled, settled_last; /* as of the last time that they were settled */
    bool disorder;
};

/* Record n is wanted by consumer c, as if it were of a kind that the sink takes. */
static bool wants(unsigned c, uint64_t n)
{
    return c == 0 || (c == 1 ? n % 3 != 0 : n / 700 % 2 == 0);
}

static void settle(struct consumer *self)
{
    queue_settle(self->queue);
    self->settled = self->seen;
    self->settled_last = self->last;
}

static void *consume(void *argument)
{
    struct consumer *self = argument;
    uint64_t rounds = 0, n, skip;

    for (;;) {
        bool ended = atomic_load(self->ended); /* first: then an empty queue stays empty */
        struct run run;
        uint32_t slots, i;

        if (!queue_peek(self->queue, &run, &slots)) {
            settle(self);
            if (ended)
                return NULL;
            sched_yield();
            continue;
        }
        skip = self->queue->run_taken;
        for (i = 0; i < run.count; i++) {
            const struct muster_record *record = &run.block->records[run.from + i];

            n = record->arrival_ns;
            if (!wants(self->number, n))
                continue;
            if (skip > 0) {
                skip--;
                continue;
            }
            if (rounds++ % 1013 == 1012) /* it goes back, and comes here again */
                break;
            if (rounds % 307 == 0)
                settle(self);
            /* In order, never twice, whole. */
            self->disorder |= n < self->last || record->event.opened_ns != ~n ||
                              memcmp(record->payload.bytes, &n, sizeof n) != 0;
            self->last = n + 1;
            self->seen++;
            queue_take(self->queue, 1);
        }
        if (i < run.count) {
            queue_rewind(self->queue);
            self->seen = self->settled;
            self->last = self->settled_last;
            continue;
        }
        if (self->number > 0 && rounds % (8u >> self->number) == 0)
            for (i = 0; i < 20 * self->number; i++)
                sched_yield(); /* a sink that is slow at times */
        queue_next(self->queue, slots);
        if (rounds % 3 == 0)
            settle(self);
    }
}

/* One receive call's worth: up to 64 records, all in one block, offered to every sink. */
static uint32_t produce(struct line *line, uint64_t accepted[CONSUMERS])
{
    uint32_t count = 1 + below(64), i, c;
    struct run run;

    block_rewind(line->block);
    if (line->block->records_used + count > BLOCK_RECORDS)
        line->block->records_used = BLOCK_RECORDS;
    make_room(line, count * 64);
    run = (struct run){.block = line->block, .from = line->block->records_used, .count = count};
    for (i = 0; i < count; i++) {
        struct muster_record *record = &line->block->records[line->block->records_used++];
        uint64_t n = line->next++;

        record->arrival_ns = n;
        record->event.opened_ns = ~n;
        record->payload.bytes = line->block->bytes + line->block->bytes_used;
        record->payload_size = 64;
        memcpy(line->block->bytes + line->block->bytes_used, &n, sizeof n);
        line->block->bytes_used += 64;
    }
    for (c = 0; c < line->queue_count; c++) {
        uint32_t wanted = 0;

        for (i = 0; i < count; i++)
            wanted += wants(c, line->next - count + i);
        if (wanted > 0 && queue_offer(&line->queues[c], &run, wanted) == QUEUE_TOOK)
            accepted[c] += wanted;
    }
    return count;
}

static void run_threads(unsigned consumer_count, bool patient)
{
    struct consumer consumers[CONSUMERS] = {0};
    uint64_t accepted[CONSUMERS] = {0}, wanted[CONSUMERS] = {0}, n;
    atomic_bool ended = false;
    struct line line;
    uint32_t produced = 0;
    unsigned c;

    random_seed(1);
    line_open(&line, consumer_count, CAPACITY);
    for (c = 0; c < consumer_count; c++) {
        consumers[c].queue = &line.queues[c];
        consumers[c].ended = &ended;
        consumers[c].number = c;
        ck_assert_int_eq(pthread_create(&consumers[c].thread, NULL, consume, &consumers[c]), 0);
    }
    while (produced < RECORDS) {
        produced += produce(&line, accepted);
        /* A patient worker waits for the first sink, which then must get every record. */
        while (patient && queue_waiting(&line.queues[0]) > CAPACITY / 4) {
            uint64_t limit = clock_monotonic() + LONG;

            queue_wait(&line.queues[0], CAPACITY / 8, LONG);
            ck_assert_msg(clock_monotonic() < limit, "nobody woke the worker");
        }
    }
    atomic_store(&ended, true);
    for (c = 0; c < consumer_count; c++)
        ck_assert_int_eq(pthread_join(consumers[c].thread, NULL), 0);
    for (n = 0; n < line.next; n++)
        for (c = 0; c < consumer_count; c++)
            wanted[c] += wants(c, n);
    for (c = 0; c < consumer_count; c++) {
        const struct queue *queue = &line.queues[c];

        ck_assert(!consumers[c].disorder);
        ck_assert_uint_eq(consumers[c].seen, accepted[c]);
        ck_assert_uint_eq(queue->accepted, accepted[c]);
        ck_assert_uint_eq(queue->offered.value, wanted[c]);
        ck_assert_uint_eq(queue->offered.value, accepted[c] + queue->dropped.value);
        ck_assert_uint_gt(accepted[c], 0);
    }
    if (patient)
        ck_assert_uint_eq(line.queues[0].dropped.value, 0);
    line_close(&line);
}

START_TEST(one_consumer)
{
    run_threads(1, true);
}
END_TEST

START_TEST(one_consumer_overrun)
{
    run_threads(1, false);
}
END_TEST

START_TEST(three_consumers)
{
    run_threads(CONSUMERS, true);
}
END_TEST

START_TEST(three_consumers_overrun)
{
    run_threads(CONSUMERS, false);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {pool_is_a_stack,
                                  runs_that_touch_are_one,
                                  full_until_half_empty,
                                  one_wanted_in_each_block,
                                  a_block_used_again,
                                  back_to_what_is_not_settled,
                                  a_mark_is_of_one_record,
                                  indices_wrap,
                                  a_wait_has_an_end,
                                  the_pool_suffices,
                                  one_consumer,
                                  one_consumer_overrun,
                                  three_consumers,
                                  three_consumers_overrun};
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
