/* SPDX-License-Identifier: MIT
 *
 * A pipeline, driven without a front: every step counts, and the sums agree.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "path.h"

static struct path path;

static void take_bytes(struct pipeline *pipeline, const uint8_t *bytes, uint32_t size)
{
    const struct sockaddr_in6 source = {.sin6_family = AF_INET6};
    const struct datagram datagram = {
        .bytes = bytes,
        .size = size,
        .stored = size <= PATH_LARGEST ? size : PATH_LARGEST + 1,
        .source = (const struct sockaddr *)&source,
    };

    pipeline_take(pipeline, &datagram);
}

START_TEST(filters_drop_and_add)
{
    struct filter_account account;
    uint32_t i;

    path_open(&path, 1, OVERFLOW_DROP);
    path_seen.drop_every = 3;
    path_seen.emit_every = 5;
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    for (i = 0; i < 150; i++)
        path_take(&path.chain, 7, i);
    path_close_chain(&path.chain);
    account = chain_filter_account(&path.chain, 0);
    ck_assert_uint_eq(account.in, 150);
    ck_assert_uint_eq(account.dropped, 50);
    ck_assert_uint_eq(account.emitted, 30);
    ck_assert_uint_eq(account.out, 130);
    ck_assert_uint_eq(path_seen.messages, 100);
    ck_assert_uint_eq(path_seen.events, 30);
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

/* What is held is in the sum, and what is never released is dropped at the end. */
START_TEST(filters_hold)
{
    struct filter_account account;
    struct pipeline *pipeline;
    uint32_t i;

    path_open(&path, 1, OVERFLOW_DROP);
    path_seen.hold_every = 5;
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    for (i = 0; i < 150; i++)
        path_take(&path.chain, 7, i);
    pipeline = &path.chain.pipelines[0];
    account = chain_filter_account(&path.chain, 0);
    ck_assert_uint_eq(account.held, 30);
    ck_assert_uint_eq(account.out, 120);
    ck_assert(pipeline_adds_up(pipeline));
    path_close_chain(&path.chain);
    account = chain_filter_account(&path.chain, 0);
    ck_assert_uint_eq(account.held, 0);
    ck_assert_uint_eq(account.dropped, 30);
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

START_TEST(what_is_no_datagram_is_rejected)
{
    static const uint8_t bytes[PATH_LARGEST + 1] = {[10] = 99};
    struct chain_account account;
    struct pipeline *pipeline;

    path_open(&path, 1, OVERFLOW_DROP);
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    pipeline = &path.chain.pipelines[0];
    pipeline_begin(pipeline);
    take_bytes(pipeline, bytes, 0);
    take_bytes(pipeline, bytes, MUSTER_HEADER_SIZE - 1);
    take_bytes(pipeline, bytes, MUSTER_HEADER_SIZE);
    take_bytes(pipeline, bytes, sizeof bytes);
    take_bytes(pipeline, bytes, 60000); /* on the wire; what is there is cut off */
    pipeline_publish(pipeline);
    path_close_chain(&path.chain);
    account = chain_account(&path.chain);
    ck_assert_uint_eq(account.received, 5);
    ck_assert_uint_eq(account.decoded, 0);
    ck_assert_uint_eq(account.rejected[MUSTER_REJECT_TOO_SHORT], 2);
    ck_assert_uint_eq(account.rejected[MUSTER_REJECT_UNKNOWN_TYPE], 1);
    ck_assert_uint_eq(account.rejected[MUSTER_REJECT_TOO_LONG], 2);
    ck_assert_uint_eq(account.reject_records, 0); /* no sink takes them */
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

/* More in one batch than a block has room for. */
START_TEST(a_batch_goes_over_blocks)
{
    static const struct muster_header header = {.device_id = 1, .msg_type = MUSTER_MSG_DATA};
    uint8_t bytes[MUSTER_HEADER_SIZE + 1000];
    static const char text[1000];
    size_t size = muster_text_encode(bytes, sizeof bytes, &header, text, sizeof text);
    uint32_t i;

    path_open(&path, 1, OVERFLOW_WAIT);
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    pipeline_begin(&path.chain.pipelines[0]);
    for (i = 0; i < 5000; i++)
        take_bytes(&path.chain.pipelines[0], bytes, (uint32_t)size);
    pipeline_publish(&path.chain.pipelines[0]);
    path_close_chain(&path.chain);
    ck_assert_uint_eq(path_seen.messages, 5000);
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

START_TEST(a_full_queue_drops_and_counts)
{
    struct sink_account account;
    uint32_t i;

    path_open(&path, 1, OVERFLOW_DROP);
    for (i = 0; i < QUEUE_LEAST + 100; i++) /* nobody takes them out yet */
        path_take(&path.chain, 1, i);
    account = sink_account(&path.chain.sinks[0]);
    ck_assert_uint_eq(account.queued, QUEUE_LEAST);
    ck_assert_uint_eq(account.dropped_full, 100);
    ck_assert(sink_account_adds_up(&account));
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    path_close_chain(&path.chain);
    account = sink_account(&path.chain.sinks[0]);
    /* And the event that tells of it. */
    ck_assert_uint_eq(account.written + account.dropped_full, QUEUE_LEAST + 100 + 1);
    ck_assert_uint_eq(path_seen.messages, QUEUE_LEAST);
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

START_TEST(a_front_waits_unless_it_is_hurried)
{
    struct sink_account account;
    uint32_t i;

    path_open(&path, 1, OVERFLOW_WAIT);
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    for (i = 0; i < 5 * QUEUE_LEAST; i++)
        path_take(&path.chain, 1, i);
    fanout_settle(&path.chain.pipelines[0].fanout);
    ck_assert_uint_eq(path_seen.messages, 5 * QUEUE_LEAST);
    atomic_store(&path_seen.held, true);
    chain_hurry(&path.chain);
    for (i = 0; i < 2 * QUEUE_LEAST; i++) /* waits for nobody */
        path_take(&path.chain, 1, i);
    account = sink_account(&path.chain.sinks[0]);
    ck_assert_uint_gt(account.dropped_full, 0);
    atomic_store(&path_seen.held, false);
    path_close_chain(&path.chain);
    account = sink_account(&path.chain.sinks[0]);
    ck_assert_uint_eq(account.written + account.dropped_full, 7 * QUEUE_LEAST + 1);
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

START_TEST(ticks_are_due_or_asked_for)
{
    struct pipeline *pipeline;
    uint64_t now = CLOCK_SECOND;

    path_open(&path, 1, OVERFLOW_DROP);
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    pipeline = &path.chain.pipelines[0];
    ck_assert_uint_eq(pipeline_tick(pipeline, now), now + 10 * CLOCK_MILLISECOND);
    ck_assert_uint_eq(path_seen.ticks, 1);
    pipeline_tick(pipeline, now + 9 * CLOCK_MILLISECOND);
    ck_assert_uint_eq(path_seen.ticks, 1);
    pipeline_tick_all(pipeline, now + 9 * CLOCK_MILLISECOND);
    ck_assert_uint_eq(path_seen.ticks, 2);
    path_close_chain(&path.chain);
    ck_assert_uint_eq(path_seen.events, 2); /* what a tick emits arrives */
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

/* It goes on in pieces, so that all of it is never in memory at a time. */
START_TEST(a_filter_with_a_lot_to_say)
{
    enum { MANY = 100000 };
    struct pipeline *pipeline;
    struct filter_account account;

    path_open(&path, 1, OVERFLOW_DROP);
    path_seen.tick_emits = MANY;
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    pipeline = &path.chain.pipelines[0];
    pipeline_tick(pipeline, CLOCK_SECOND);
    ck_assert_uint_eq(path_seen.ticks, 1);
    ck_assert_uint_le(pipeline->batch.emission_room, 2 * BATCH_PIECE);
    path_take(&path.chain, 7, 1); /* the pipeline is as it was */
    ck_assert(pipeline_adds_up(pipeline));
    path_close_chain(&path.chain);
    account = chain_filter_account(&path.chain, 0);
    ck_assert_uint_eq(account.emitted, MANY);
    ck_assert_uint_ge(account.in, 1); /* dropped by the sink, which did not run, and told */
    ck_assert_uint_gt(path_seen.events, 0);
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {filters_drop_and_add,
                                  filters_hold,
                                  what_is_no_datagram_is_rejected,
                                  a_batch_goes_over_blocks,
                                  a_full_queue_drops_and_counts,
                                  a_front_waits_unless_it_is_hurried,
                                  ticks_are_due_or_asked_for,
                                  a_filter_with_a_lot_to_say};
    Suite *suite = suite_create("pipeline");
    TCase *tcase = tcase_create("pipeline");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
