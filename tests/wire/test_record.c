/* SPDX-License-Identifier: MIT
 *
 * The functions of <muster/record.h>.
 */
#include <check.h>
#include <string.h>

#include <muster/record.h>

#include "common/runner.h"

static uint64_t count(uint8_t seq_bits, uint64_t first, uint64_t last)
{
    const struct muster_record event = {
        .kind = MUSTER_KIND_EVENT, .seq_bits = seq_bits, .event = {.first = first, .last = last}};

    return muster_record_count(&event);
}

START_TEST(ranges_wrap)
{
    ck_assert_uint_eq(count(32, 5, 5), 1);
    ck_assert_uint_eq(count(32, 4, 6), 3);
    ck_assert_uint_eq(count(32, UINT32_MAX - 1, 1), 4);
    ck_assert_uint_eq(count(32, 3, 2), UINT64_C(1) << 32); /* all of them */
    ck_assert_uint_eq(count(16, 65535, 0), 2);
    ck_assert_uint_eq(count(8, 250, 4), 11);
    ck_assert_uint_eq(count(1, 1, 0), 2);
    ck_assert_uint_eq(count(64, UINT64_MAX, 0), 2);
    ck_assert_uint_eq(count(63, (UINT64_C(1) << 63) - 1, 0), 2);
    ck_assert_uint_eq(count(0, 0, 0), 1); /* no numbers at all */
}
END_TEST

/* A record in which every byte is set. */
static struct muster_record full(const struct muster_arrival *arrival)
{
    struct muster_record record;

    memset(&record, 0xa5, sizeof record);
    record.kind = MUSTER_KIND_EVENT;
    record.via.pad = 0;
    record.via.arrival = arrival;
    return record;
}

START_TEST(a_derived_record)
{
    const struct muster_arrival arrival = {.size = sizeof arrival};
    const struct muster_record from = full(&arrival);
    struct muster_record wanted, out;

    memset(&wanted, 0, sizeof wanted);
    wanted.arrival_ns = from.arrival_ns;
    wanted.device_id = from.device_id;
    wanted.device_time_ns = from.device_time_ns;
    wanted.device = from.device;
    wanted.kind = MUSTER_KIND_MESSAGE;
    wanted.msg_type = from.msg_type;
    wanted.flags = from.flags;
    wanted.marks = MUSTER_MARK_DEVICE;
    wanted.format = from.format;
    wanted.listener = from.listener;
    wanted.quality = from.quality;
    wanted.readings = 1;
    wanted.via.arrival = &arrival;
    memset(&out, 0x5a, sizeof out);
    muster_record_derive(&out, &from);
    ck_assert_mem_eq(&out, &wanted, sizeof out);
    out = from; /* in place */
    muster_record_derive(&out, &out);
    ck_assert_mem_eq(&out, &wanted, sizeof out);
}
END_TEST

START_TEST(of_no_device)
{
    struct muster_record from = full(NULL), out;

    from.marks = MUSTER_MARK_SHARED_NUMBER | MUSTER_MARK_CLOCK_OFFSET;
    muster_record_derive(&out, &from);
    ck_assert_uint_eq(out.marks, 0);
    ck_assert_ptr_null(out.via.arrival);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {ranges_wrap, a_derived_record, of_no_device};
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
