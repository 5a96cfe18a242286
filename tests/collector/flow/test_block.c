/* SPDX-License-Identifier: MIT
 *
 * Records that are moved to a block, with what they point to.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/flow/block.h"
#include "common/runner.h"

static struct pool pool;
static struct block *block;

static void set_up(void)
{
    ck_assert_int_eq(pool_open(&pool, 2, 2), 0);
    block = pool_take(&pool);
}

static void tear_down(void)
{
    pool_close(&pool);
}

static struct muster_record came(const struct muster_arrival *arrival, const char *text)
{
    struct muster_record record = {.via.arrival = arrival, .payload_size = (uint32_t)strlen(text)};

    record.payload.bytes = text[0] != '\0' ? (const uint8_t *)text : NULL;
    return record;
}

static void append(struct block_way *way, struct muster_record record)
{
    ck_assert(block_append(block, way, &record));
}

START_TEST(those_that_came_the_same_way_share)
{
    const struct muster_arrival one = {.size = sizeof one, .source_port = 1};
    const struct muster_arrival two = {.size = sizeof two, .source_port = 2};
    const struct muster_record *r = block->records;
    struct block_way way = {0};

    append(&way, came(&one, "a"));
    append(&way, came(&one, "bc"));
    append(&way, came(NULL, "")); /* as an event in between */
    append(&way, came(&one, ""));
    append(&way, came(&two, "d"));
    append(&way, came(&one, "e"));
    ck_assert_uint_eq(block->records_used, 6);
    ck_assert_uint_eq(block->arrivals_used, 3);
    ck_assert_ptr_ne(r[0].via.arrival, &one);
    ck_assert_mem_eq(r[0].via.arrival, &one, sizeof one);
    ck_assert_ptr_eq(r[1].via.arrival, r[0].via.arrival);
    ck_assert_ptr_null(r[2].via.arrival);
    ck_assert_ptr_eq(r[3].via.arrival, r[0].via.arrival);
    ck_assert_uint_eq(r[4].via.arrival->source_port, 2);
    ck_assert_uint_eq(r[5].via.arrival->source_port, 1);
    ck_assert_mem_eq(r[1].payload.bytes, "bc", 2);
    ck_assert_ptr_null(r[3].payload.bytes);
    ck_assert(block_has(block, r[5].payload.bytes));
}
END_TEST

START_TEST(what_is_there_stays)
{
    struct muster_arrival *arrival = block_arrive(block);
    struct muster_record record = {.payload_size = 2, .via.arrival = arrival};
    struct block_way way = {0};

    record.payload.bytes = block_store(block, (const uint8_t *)"xy", 2);
    append(&way, record);
    ck_assert_uint_eq(block->arrivals_used, 1);
    ck_assert_uint_eq(block->bytes_used, 2);
    ck_assert_ptr_eq(block->records[0].via.arrival, arrival);
    ck_assert_ptr_eq(block->records[0].payload.bytes, record.payload.bytes);
}
END_TEST

/* Readings of one datagram share it, too: it is copied whole, once. */
START_TEST(a_datagram_is_copied_whole)
{
    const struct muster_arrival arrival = {.size = sizeof arrival, .datagram_size = 10};
    const uint8_t datagram[10] = "012345678", other[10] = "abcdefghi";
    struct muster_record record = {.format = 1, .via.arrival = &arrival, .payload_size = 4};
    const struct muster_record *r = block->records;
    struct block_way way = {0};

    record.payload.bytes = datagram + 2;
    record.payload_at = 2;
    append(&way, record);
    record.payload.bytes = datagram + 6;
    record.payload_at = 6;
    append(&way, record);
    ck_assert_uint_eq(block->bytes_used, 10);
    ck_assert_mem_eq(r[0].payload.bytes, "2345", 4);
    ck_assert_mem_eq(r[1].payload.bytes, "678", 4);
    ck_assert_ptr_eq(muster_record_datagram(&r[1]), muster_record_datagram(&r[0]));
    ck_assert_mem_eq(muster_record_datagram(&r[0]), datagram, sizeof datagram);
    record.payload.bytes = other + 6;
    append(&way, record);
    ck_assert_mem_eq(muster_record_datagram(&r[2]), other, sizeof other);
    ck_assert_uint_eq(block->bytes_used, 20);
    append(&way, r[0]); /* it is in the block */
    ck_assert_uint_eq(block->bytes_used, 20);
    ck_assert_ptr_eq(r[3].payload.bytes, r[0].payload.bytes);
    block->bytes_used = BLOCK_BYTES - 9; /* the payload would fit */
    record.payload.bytes = datagram + 6;
    ck_assert(!block_append(block, &way, &record));
}
END_TEST

START_TEST(full)
{
    static const uint8_t most[BLOCK_BYTES] = {1};
    struct muster_arrival arrivals[BLOCK_RECORDS + 1];
    struct muster_record record = {.payload_size = BLOCK_BYTES};
    struct block_way way = {0};
    uint32_t i;

    record.payload.bytes = most;
    append(&way, record);
    record.payload_size = 1;
    ck_assert(!block_append(block, &way, &record)); /* no room for the payload */
    record.payload_size = 0;
    append(&way, record);
    /* The last byte of the fullest block has its tail, too. */
    ck_assert_uint_ge(sizeof block->bytes, BLOCK_BYTES + 16);
    block_clear(block);
    memset(arrivals, 0, sizeof arrivals);
    for (i = 0; i < BLOCK_RECORDS; i++) {
        record.via.arrival = &arrivals[i];
        append(&way, record);
        if (i % 2 == 0)
            block->records_used--; /* a filter has dropped it */
    }
    record.via.arrival = &arrivals[i];
    ck_assert_uint_lt(block->records_used, BLOCK_RECORDS);
    ck_assert(!block_append(block, &way, &record)); /* no room for an arrival */
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {those_that_came_the_same_way_share, what_is_there_stays,
                                  a_datagram_is_copied_whole, full};
    Suite *suite = suite_create("block");
    TCase *tcase = tcase_create("block");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
