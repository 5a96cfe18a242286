/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker in what happens in the field: clocks that are not set, two senders of one
 * id, numbers that were doubted and came, and starts.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "field.h"

/* ---- time stamps ---------------------------------------------------------------------- */

static void every_tenth(uint32_t stamp)
{
    uint32_t n;

    for (n = 1; n <= 100; n++) {
        enum muster_verdict verdict =
            field_judge_from(0, MUSTER_MSG_DATA, n, n % 10 == 0 ? stamp : field_stamp_now());

        ck_assert_uint_eq(verdict, n == 1 ? FIRST : NEW);
        field.passed += 6;
    }
    ck_assert_uint_eq(field_counts()->missing, 0);
}

START_TEST(no_time_stamp)
{
    every_tenth(0);
}
END_TEST

START_TEST(time_stamps_decades_off)
{
    every_tenth(100);
}
END_TEST

START_TEST(time_stamps_decades_ahead)
{
    every_tenth(UINT32_C(3) << 30);
}
END_TEST

/* A day is not that much: such a one is doubted, and is not lost. */
START_TEST(what_was_doubted_is_not_missing)
{
    uint32_t n;

    for (n = 1; n <= 100; n++) {
        field_judge_from(0, MUSTER_MSG_DATA, n,
                         n % 10 == 0 ? field_stamp_now() - 86400 : field_stamp_now());
        field.passed += 6;
    }
    ck_assert_uint_eq(field_counts()->missing, 0);
    ck_assert_uint_eq(field_counts()->outliers, 9);
}
END_TEST

/* One of the missing numbers, with a new time stamp. */
START_TEST(what_was_doubted_is_recovered)
{
    field_row(1, 4, 6);
    ck_assert_uint_eq(field_data(7), GAP);
    field.passed += 6;
    ck_assert_uint_eq(field_data(8), NEW);
    field.passed += 6;
    ck_assert_uint_eq(field_data(5), OUTLIER);
    field.passed += 6;
    ck_assert_uint_eq(field_data(9), NEW);
    ck_assert_uint_eq(field_counts()->recovered, 1);
    ck_assert_uint_eq(field_counts()->open, 1);
}
END_TEST

/* ---- two senders ---------------------------------------------------------------------- */

/* Two rows, message by message, from those ports. */
static void two_rows(uint32_t a, uint32_t b, uint32_t count, uint16_t port_a, uint16_t port_b)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        field_judge_from(port_a, MUSTER_MSG_DATA, a + i, field_stamp_now());
        field.passed += i % 2;
        field_judge_from(port_b, MUSTER_MSG_DATA, b + i, field_stamp_now());
    }
}

START_TEST(two_senders_of_one_id)
{
    static const uint32_t offsets[] = {30, 100, 700, 1024, 2500, 3001, 50000, 1u << 30, 3u << 30};
    unsigned i;

    for (i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        two_rows(1, 1 + offsets[i], 500, 1000, 2000);
        ck_assert_msg(field.told_two_senders == 1, "offset %u: %u events", offsets[i],
                      field.told_two_senders);
        ck_assert_msg(field_counts()->lost + field_counts()->open == 0,
                      "offset %u: %u lost, %u open", offsets[i], (unsigned)field_counts()->lost,
                      (unsigned)field_counts()->open);
        ck_assert_uint_le(field_counts()->restarts, 4);
        field_tear_down();
        field_set_up();
    }
}
END_TEST

/* The same behind one address. */
START_TEST(two_rows_of_one_source)
{
    two_rows(1, 2501, 500, 1000, 1000);
    ck_assert_uint_eq(field.told_two_senders, 1);
    ck_assert_uint_eq(field_counts()->lost + field_counts()->open, 0);
}
END_TEST

/* A step that was taken back is of a row beside: two of that in a row are no gap. */
START_TEST(two_senders_at_first)
{
    uint32_t n;

    ck_assert_uint_eq(field_judge_from(1000, MUSTER_MSG_DATA, 1, field_stamp_now()), FIRST);
    ck_assert_uint_eq(field_judge_from(2000, MUSTER_MSG_DATA, 61, field_stamp_now()), GAP);
    ck_assert_uint_eq(field_judge_from(1000, MUSTER_MSG_DATA, 2, field_stamp_now()), LATE);
    ck_assert_uint_eq(field_judge_from(2000, MUSTER_MSG_DATA, 62, field_stamp_now()), OUTLIER);
    field_judge_from(2000, MUSTER_MSG_DATA, 63, field_stamp_now());
    for (n = 3; n < 40; n++, field.passed++) {
        field_judge_from(1000, MUSTER_MSG_DATA, n, field_stamp_now());
        field_judge_from(2000, MUSTER_MSG_DATA, 61 + n, field_stamp_now());
    }
    ck_assert_uint_eq(field_counts()->lost + field_counts()->open, 0);
    ck_assert_uint_eq(field.told_two_senders, 1);
}
END_TEST

START_TEST(two_senders_of_different_pace)
{
    uint32_t a = 1, b = 100000, i;

    for (i = 0; i < 3000; i++) {
        if (i % 11 == 0)
            field_judge_from(1000, MUSTER_MSG_DATA, a++, field_stamp_now());
        else
            field_judge_from(2000, MUSTER_MSG_DATA, b++, field_stamp_now());
        field.passed += i % 3 == 0;
    }
    ck_assert_uint_eq(field.told_two_senders, 1);
    ck_assert_uint_eq(field_counts()->lost + field_counts()->open, 0);
    ck_assert_uint_le(field_counts()->restarts, 4);
}
END_TEST

/* When the other one stops it is the device's again. */
START_TEST(one_of_two_senders_stops)
{
    uint32_t n;

    two_rows(1, 100001, 100, 1000, 2000);
    for (n = 0; n < 16; n++)
        field_judge_from(2000, MUSTER_MSG_DATA, 100101 + n, field_stamp_now());
    ck_assert_uint_eq(field_judge_from(2000, MUSTER_MSG_DATA, 100117, field_stamp_now()), NEW);
    ck_assert_uint_eq(field_judge_from(2000, MUSTER_MSG_DATA, 100119, field_stamp_now()), GAP);
}
END_TEST

/* ---- no datagram blinds a device ------------------------------------------------------ */

START_TEST(two_datagrams_far_ahead_of_a_future_clock)
{
    field_row(1, 100, 6);
    field_judge_from(0, MUSTER_MSG_DATA, 2000000000, UINT32_C(4000000000));
    field_judge_from(0, MUSTER_MSG_DATA, 2000000001, UINT32_C(4000000000));
    field_row(101, 3100, 6);
    ck_assert_uint_eq(field_counts()->missing, 0);
    ck_assert_uint_eq(field_counts()->outliers, 2);
    ck_assert_uint_eq(field_data(3101), NEW);
}
END_TEST

/* However many there are. */
START_TEST(a_row_far_ahead_of_a_future_clock)
{
    uint32_t n;

    field_row(1, 100, 6);
    for (n = 0; n < 10; n++)
        field_judge_from(0, MUSTER_MSG_DATA, 2000000000 + n, UINT32_C(2150000000) + n);
    field_row(101, 3100, 6);
    ck_assert_uint_eq(field_counts()->missing, 0);
    ck_assert_uint_le(field_counts()->outliers, 2);
    ck_assert_uint_eq(field_data(3101), NEW);
}
END_TEST

START_TEST(a_clock_that_was_a_day_ahead_and_a_lost_init)
{
    field.clock_ahead = 86400;
    field_judge_from(0, MUSTER_MSG_INIT, 0, field_stamp_now());
    field_row(1, 5000, 6);
    field.clock_ahead = 0;
    field_row(1, 10, 6);
    ck_assert_uint_eq(field_data(11), NEW);
    ck_assert_uint_le(field_counts()->outliers, 4);
    ck_assert_uint_eq(field_counts()->restarts, 1);
}
END_TEST

/* The same within the window, where its numbers look like copies. */
START_TEST(a_clock_that_was_a_day_ahead_within_the_window)
{
    field_row(1, 10, 6);
    field.clock_ahead = 86400;
    field_row(11, 500, 6);
    field.clock_ahead = 0;
    field.passed += 10;
    field_row(1, 10, 6);
    ck_assert_uint_eq(field_data(11), NEW);
    ck_assert_uint_eq(field_counts()->restarts, 1);
}
END_TEST

START_TEST(an_init_of_the_future)
{
    field_row(1, 100, 6);
    field_judge_from(0, MUSTER_MSG_INIT, 0, START + 100000000);
    field_row(101, 110, 6);
    ck_assert_uint_eq(field_data(111), NEW);
    ck_assert_uint_eq(field_counts()->missing, 0);
}
END_TEST

/* ---- starts --------------------------------------------------------------------------- */

START_TEST(boots_with_an_init_at_time_0)
{
    unsigned boot;

    for (boot = 0; boot < 3; boot++) {
        field_judge_from(0, MUSTER_MSG_INIT, 0, 0);
        ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_DATA, 1, 1), FIRST);
        field.passed += 2;
        field_row(2, 19, 0);
        field.passed += 2;
    }
    ck_assert_uint_eq(field_counts()->restarts, 2);
    ck_assert_uint_eq(field_counts()->duplicates, 0);
    ck_assert_uint_eq(field_counts()->missing, 0);
}
END_TEST

START_TEST(copies_of_an_init)
{
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_INIT, 0, START), FIRST);
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_INIT, 0, START), DUPLICATE);
    ck_assert_uint_eq(field_data(1), FIRST);
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_INIT, 0, START), DUPLICATE);
    field.passed += 60;
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_INIT, 0, START), RESTART);
    field.passed++;
    ck_assert_uint_eq(field_data(1), FIRST);
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_INIT, 0, START), RESTART);
}
END_TEST

START_TEST(wake_ups_with_the_same_number)
{
    unsigned i;

    for (i = 0; i < 20; i++) {
        field_data(1);
        field.passed += 900;
    }
    ck_assert_uint_eq(field_counts()->restarts, 18);
    ck_assert_uint_eq(field_counts()->outliers, 1);
    field_row(2, 9, 6); /* it stays awake */
    ck_assert_uint_eq(field_data(10), NEW);
    ck_assert_uint_eq(field_counts()->restarts, 18);
}
END_TEST

START_TEST(wake_ups_without_a_clock)
{
    unsigned i;

    for (i = 0; i < 20; i++) {
        field_judge_from(0, MUSTER_MSG_DATA, 1, 0);
        field.passed += 900;
    }
    ck_assert_uint_eq(field_counts()->restarts, 16);
}
END_TEST

/* Three numbers each time: the second is a restart, and what is lost on the way does not matter. */
START_TEST(wake_ups_with_three_numbers_without_a_clock)
{
    uint32_t i;

    for (i = 0; i < 20; i++) {
        enum muster_verdict verdicts[3];
        uint32_t number;

        for (number = 1; number <= 3; number++) {
            if (i != 7 || number != 1)
                verdicts[number - 1] = field_judge_from(0, MUSTER_MSG_DATA, number, 0);
            field.passed++;
        }
        field.passed += 900;
        if (i == 0 || i == 7 || i == 8)
            continue;
        ck_assert_int_eq(verdicts[0], OUTLIER);
        ck_assert_int_eq(verdicts[1], RESTART);
        ck_assert_int_eq(verdicts[2], NEW);
    }
    ck_assert_uint_ge(field.told_restarts, 18);
}
END_TEST

/* What is sent again behind an outage is the last, not the first. */
START_TEST(resends_without_a_clock)
{
    uint32_t number;

    for (number = 1; number <= 20; number++)
        field_judge_from(0, MUSTER_MSG_DATA, number, 0);
    field.passed += 3600;
    ck_assert_int_eq(field_judge_from(0, MUSTER_MSG_DATA, 18, 0), DUPLICATE);
    ck_assert_int_eq(field_judge_from(0, MUSTER_MSG_DATA, 19, 0), DUPLICATE);
    ck_assert_int_eq(field_judge_from(0, MUSTER_MSG_DATA, 20, 0), DUPLICATE);
    ck_assert_int_eq(field_judge_from(0, MUSTER_MSG_DATA, 21, 0), NEW);
    /* Nor is a copy of the first one that comes soon. */
    field.passed += 290;
    ck_assert_int_eq(field_judge_from(0, MUSTER_MSG_DATA, 1, 0), DUPLICATE);
    ck_assert_int_eq(field_judge_from(0, MUSTER_MSG_DATA, 2, 0), DUPLICATE);
    ck_assert_uint_eq(field.told_restarts, 0);
}
END_TEST

START_TEST(copies_of_a_single_number)
{
    field_data(1);
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_DATA, 1, START), DUPLICATE);
    field.passed += 5;
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_DATA, 1, START), DUPLICATE);
}
END_TEST

/* Without a clock, numbers that begin again are told from copies by when they come. */
START_TEST(a_restart_without_a_clock)
{
    uint32_t n;

    for (n = 1; n <= 500; n++, field.passed += 6)
        field_judge_from(0, MUSTER_MSG_DATA, n, 0);
    field.passed += 10;
    for (n = 1; n <= 10; n++, field.passed += 6)
        field_judge_from(0, MUSTER_MSG_DATA, n, 0);
    ck_assert_uint_eq(field_counts()->restarts, 1);
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_DATA, 11, 0), NEW);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {no_time_stamp,
                                  time_stamps_decades_off,
                                  time_stamps_decades_ahead,
                                  what_was_doubted_is_not_missing,
                                  what_was_doubted_is_recovered,
                                  two_senders_of_one_id,
                                  two_rows_of_one_source,
                                  two_senders_at_first,
                                  two_senders_of_different_pace,
                                  one_of_two_senders_stops,
                                  two_datagrams_far_ahead_of_a_future_clock,
                                  a_row_far_ahead_of_a_future_clock,
                                  a_clock_that_was_a_day_ahead_and_a_lost_init,
                                  a_clock_that_was_a_day_ahead_within_the_window,
                                  an_init_of_the_future,
                                  boots_with_an_init_at_time_0,
                                  copies_of_an_init,
                                  wake_ups_with_the_same_number,
                                  wake_ups_without_a_clock,
                                  wake_ups_with_three_numbers_without_a_clock,
                                  resends_without_a_clock,
                                  copies_of_a_single_number,
                                  a_restart_without_a_clock};
    Suite *suite = suite_create("tracker, in the field");
    TCase *tests = tcase_create("field");
    size_t i;

    tcase_add_checked_fixture(tests, field_set_up, field_tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
