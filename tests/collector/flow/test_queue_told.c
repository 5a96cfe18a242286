/* SPDX-License-Identifier: MIT
 *
 * A queue tells when records are settled, and which of them may be lost.
 */
#include <check.h>
#include <string.h>

#include "collector/flow/block.h"
#include "collector/flow/queue.h"
#include "common/runner.h"

static struct pool pool;
static struct queue queue;
static struct block *block;
static unsigned calls;

static void count_call(void *context)
{
    ++*(unsigned *)context;
}

static void set_up(void)
{
    ck_assert_int_eq(pool_open(&pool, 2 + queue_blocks(QUEUE_LEAST), 2 + queue_blocks(QUEUE_LEAST)),
                     0);
    ck_assert_int_eq(queue_open(&queue, &pool, QUEUE_LEAST), 0);
    queue.tell = count_call;
    queue.tell_context = &calls;
    calls = 0;
    block = pool_take(&pool);
}

static void tear_down(void)
{
    block_release(block);
    queue_close(&queue);
    pool_close(&pool);
}

static void offer(uint32_t count)
{
    const struct run run = {.block = block, .from = block->records_used, .count = count};

    block->records_used += count;
    ck_assert_int_eq(queue_offer(&queue, &run, count), QUEUE_TOOK);
}

/* The sink is through with the run, and has settled nothing. */
static void take(uint32_t count)
{
    struct run run;
    uint32_t slots;

    ck_assert(queue_peek(&queue, &run, &slots));
    ck_assert_uint_eq(run.count, count);
    queue_take(&queue, count);
    queue_next(&queue, slots);
}

START_TEST(told_once_when_settled)
{
    struct run run;
    uint32_t slots;

    offer(10);
    atomic_store(&queue.told_at, 10);
    ck_assert(queue_peek(&queue, &run, &slots));
    queue_take(&queue, 9);
    queue_settle(&queue); /* in the middle of the run */
    queue_take(&queue, 1);
    queue_next(&queue, slots);
    ck_assert_uint_eq(calls, 0);
    queue_settle(&queue);
    ck_assert_uint_eq(calls, 1);
    queue_settle(&queue);
    offer(5);
    take(5);
    queue_settle(&queue);
    ck_assert_uint_eq(calls, 1);
    atomic_store(&queue.told_at, 12); /* too late to be told in time: at the next */
    queue_settle(&queue);
    ck_assert_uint_eq(calls, 2);
}
END_TEST

START_TEST(lost_up_to_a_place)
{
    offer(10);
    take(10);
    queue_settle(&queue);
    queue_lose(&queue); /* there is nothing to lose */
    ck_assert_uint_eq(atomic_load(&queue.lost_to), 0);
    offer(5);
    take(5);
    queue_rewind(&queue);
    queue_lose(&queue); /* will be offered again */
    ck_assert_uint_eq(atomic_load(&queue.lost_to), 0);
    take(5);
    queue_lose(&queue);
    queue_settle(&queue);
    ck_assert_uint_eq(atomic_load(&queue.lost_to), 15);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("queue told");
    TCase *tests = tcase_create("queue told");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, told_once_when_settled);
    tcase_add_test(tests, lost_up_to_a_place);
    suite_add_tcase(suite, tests);
    return suite;
}
