/* SPDX-License-Identifier: MIT
 *
 * How a datagram came: its readings share one arrival, wherever filters and blocks take them.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "path.h"

enum { READINGS = 700, DATAGRAMS = 60, MOST = READINGS * DATAGRAMS };

static struct path path;

/* What the sink saw of each record. */
struct seen {
    const struct muster_arrival *where;
    struct muster_arrival arrival;
    uint64_t seq;
    uint16_t reading;
    uint8_t kind, origin;
};
static struct seen seen[2 * MOST];
static uint32_t seen_count;

/* [sink] */
static void look(const struct muster_record *records, uint32_t count)
{
    uint32_t i;

    ck_assert_uint_eq((uintptr_t)records % 16, 0);
    for (i = 0; i < count; i++) {
        struct seen *one = &seen[seen_count++];

        *one = (struct seen){.where = records[i].via.arrival,
                             .seq = records[i].seq,
                             .reading = records[i].reading,
                             .kind = records[i].kind,
                             .origin = records[i].origin};
        ck_assert_ptr_nonnull(one->where);
        one->arrival = *one->where;
        if (one->kind == MUSTER_KIND_MESSAGE)
            ck_assert_int_eq(records[i].value.integer, muster_get_u16(records[i].payload.bytes));
    }
}

/* The sink takes these kinds. */
static void open_path(uint32_t kinds)
{
    const struct catalog_class class = {
        .speech = {.payload = WIRE_PAYLOAD_U16, .numbers = 1u << MUSTER_MSG_DATA}};

    path_open(&path, 1, OVERFLOW_WAIT);
    catalog_set_class((struct catalog *)path.host.catalog, 0, &class);
    path.chain.instances[1].kinds = kinds;
    path.chain.pipelines[0].fanout.kinds[0] = (uint8_t)kinds;
    path_seen.look = look;
    path_seen.emit_via = true;
    seen_count = 0;
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
}

static void close_path(void)
{
    path_close_chain(&path.chain);
    chain_free(&path.chain);
    path_close(&path);
}

/* Datagram `n` comes from port 1000 + n and goes to ::n+1. */
static void take(uint32_t n, uint32_t readings)
{
    const struct sockaddr_in6 source = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)(1000 + n)), .sin6_scope_id = 3};
    const struct muster_header header = {
        .device_id = 5, .seq_num = n * READINGS, .msg_type = MUSTER_MSG_DATA};
    static uint16_t values[READINGS];
    uint8_t bytes[MUSTER_HEADER_SIZE + 2 * READINGS], local[16] = {[15] = (uint8_t)(n + 1)};
    uint32_t size = (uint32_t)muster_u16_encode(bytes, sizeof bytes, &header, values, readings);
    const struct datagram datagram = {.bytes = bytes,
                                      .size = size,
                                      .stored = size,
                                      .arrival_ns = 1,
                                      .source = (const struct sockaddr *)&source,
                                      .local = local,
                                      .local_port = 8888};

    ck_assert_uint_gt(size, 0);
    pipeline_take(&path.chain.pipelines[0], &datagram);
}

/* Each record has the arrival of its datagram; and those of one in one block have the same. */
static void expect_arrivals(uint32_t most_copies)
{
    uint32_t i, copies = 0;

    for (i = 0; i < seen_count; i++) {
        const struct seen *one = &seen[i];
        uint32_t n = (uint32_t)(one->seq / READINGS);

        ck_assert_uint_eq(one->arrival.size, sizeof one->arrival);
        ck_assert_uint_eq(one->arrival.source_port, 1000 + n);
        ck_assert_uint_eq(one->arrival.source_scope, 3);
        ck_assert_uint_eq(one->arrival.family, 6);
        ck_assert_uint_eq(one->arrival.has_local, 1);
        ck_assert_uint_eq(one->arrival.local[15], n + 1);
        ck_assert_uint_eq(one->arrival.local_port, 8888);
        ck_assert_uint_eq(one->arrival.interface, 0);
        ck_assert_ptr_null(one->arrival.peer.text);
        copies += i == 0 || one->where != one[-1].where;
    }
    ck_assert_uint_le(copies, most_copies);
}

/* 1,024 records are a block, so a datagram of 700 often goes over two. */
START_TEST(readings_share)
{
    uint32_t n, blocks = (MOST + BLOCK_RECORDS - 1) / BLOCK_RECORDS;

    open_path(MUSTER_TAKES_MESSAGES);
    pipeline_begin(&path.chain.pipelines[0]);
    for (n = 0; n < DATAGRAMS; n++)
        take(n, READINGS);
    pipeline_publish(&path.chain.pipelines[0]);
    close_path();
    ck_assert_uint_eq(seen_count, MOST);
    expect_arrivals(DATAGRAMS + blocks);
}
END_TEST

/* The batch is put together anew, and outgrows its block. */
START_TEST(readings_share_when_a_filter_adds_and_drops)
{
    uint32_t n, i, derived = 0;

    open_path(MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS);
    path_seen.emit_every = 2;
    path_seen.drop_every = 5;
    pipeline_begin(&path.chain.pipelines[0]);
    for (n = 0; n < DATAGRAMS; n++)
        take(n, READINGS);
    pipeline_publish(&path.chain.pipelines[0]);
    close_path();
    ck_assert_uint_eq(seen_count, MOST - MOST / 5 + MOST / 2);
    for (i = 0; i < seen_count; i++) {
        ck_assert_uint_eq(seen[i].origin, seen[i].kind == MUSTER_KIND_EVENT);
        derived += seen[i].origin;
    }
    ck_assert_uint_eq(derived, MOST / 2);
    /* Each block of what was decoded may become two. */
    expect_arrivals(DATAGRAMS + 3 * (seen_count / BLOCK_RECORDS + 1));
}
END_TEST

/* A sink that takes no messages gets copies, in a block of its own. */
START_TEST(events_share_when_they_are_copied_aside)
{
    uint32_t n;

    open_path(MUSTER_TAKES_EVENTS);
    path_seen.emit_every = 2;
    pipeline_begin(&path.chain.pipelines[0]);
    for (n = 0; n < DATAGRAMS; n++)
        take(n, READINGS);
    pipeline_publish(&path.chain.pipelines[0]);
    close_path();
    ck_assert_uint_eq(seen_count, MOST / 2);
    expect_arrivals(DATAGRAMS + 5 * (MOST / BLOCK_RECORDS + 1));
}
END_TEST

/* What a filter drops leaves its arrival behind until the block is empty again. */
START_TEST(arrivals_run_out)
{
    uint32_t n;

    open_path(MUSTER_TAKES_MESSAGES);
    path_seen.drop_every = 1;
    atomic_store(&path_seen.held, true);
    pipeline_begin(&path.chain.pipelines[0]);
    for (n = 0; n < 3 * BLOCK_RECORDS; n++) {
        take(n % DATAGRAMS, 1);
        pipeline_publish(&path.chain.pipelines[0]);
    }
    atomic_store(&path_seen.held, false);
    close_path();
    ck_assert_uint_eq(seen_count, 0);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {readings_share, readings_share_when_a_filter_adds_and_drops,
                                  events_share_when_they_are_copied_aside, arrivals_run_out};
    Suite *suite = suite_create("arrival");
    TCase *tcase = tcase_create("arrival");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
