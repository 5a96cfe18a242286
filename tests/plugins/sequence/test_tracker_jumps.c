/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker and numbers that are far ahead: reboots with any number, strays, and losses.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "field.h"

START_TEST(a_reboot_with_a_random_first_number)
{
    field_row(1, 20, 6);
    field_row(1500000000, 1500000020, 6);
    ck_assert_uint_eq(field_counts()->restarts, 1);
    ck_assert_uint_eq(field_counts()->missing, 0);
    ck_assert_uint_eq(field_counts()->outliers, 0);
}
END_TEST

START_TEST(a_far_jump_that_time_allows)
{
    field_row(1, 20, 6);
    field.passed += 6 * 5000;
    field_row(5020, 5030, 6);
    ck_assert_uint_eq(field_counts()->restarts, 0);
    ck_assert_uint_eq(field_counts()->missing, 4999);
}
END_TEST

START_TEST(a_far_jump_that_the_class_allows)
{
    field.interval_ns = 100000000;
    ck_assert_uint_eq(field_data(1), FIRST);
    field.passed += 1000;
    ck_assert_uint_eq(field_data(10001), OUTLIER);
    ck_assert_uint_eq(field_data(10002), GAP);
    ck_assert_uint_eq(field_counts()->missing, 9999);
}
END_TEST

START_TEST(a_device_of_unknown_pace)
{
    field_data(1);
    field.passed += 9;
    field_data(1000); /* 64 + 8 * 10 a second are believed */
    ck_assert_uint_eq(field_data(1001), OUTLIER);
    ck_assert_uint_eq(field_data(1002), OUTLIER);
    ck_assert_uint_eq(field_data(1003), RESTART);
}
END_TEST

/* With less than one number in a minute its pace is known, too. */
START_TEST(a_slow_device)
{
    field_row(1, 20, 900);
    ck_assert_uint_eq(field_data(221), OUTLIER);
    field_row(21, 40, 900);
    ck_assert_uint_eq(field_counts()->missing, 0);
    field_data(141);
    field_row(41, 60, 900); /* that was possible, but none of it */
    field_row(20000, 20010, 900);
    ck_assert_uint_eq(field_counts()->restarts, 1);
    ck_assert_uint_eq(field_counts()->lost + field_counts()->open, 0);
    field_row(20060, 20070, 900);
    ck_assert_uint_eq(field_counts()->open, 49);
}
END_TEST

/* The fast times of a device count, though it has been slow since. */
START_TEST(a_device_that_is_fast_at_times)
{
    uint32_t n;

    for (n = 1; n <= 2000; n++) {
        field_data(n);
        field.passed += n % 20 == 0;
    }
    field_row(2001, 2100, 60);
    field.passed += 10;
    ck_assert_uint_eq(field_data(2500), GAP);
    ck_assert_uint_eq(field_data(2501), NEW);
}
END_TEST

START_TEST(a_stray_far_ahead)
{
    field_row(1, 20, 6);
    ck_assert_uint_eq(field_data(2000), OUTLIER);
    field_row(21, 2010, 6); /* over its number, too */
    ck_assert_uint_eq(field_counts()->missing, 0);
    ck_assert_uint_eq(field_counts()->outliers, 1);
    ck_assert_uint_eq(field_counts()->in_order, 2009);
}
END_TEST

/* Where the session before ended, numbers are missed as anywhere. */
START_TEST(past_the_end_of_the_session_before)
{
    field_row(1, 30, 6);
    field_row(1, 19, 6);
    field_row(21, 29, 6);
    ck_assert_uint_eq(field_data(31), GAP);
    field.passed += 6;
    field_row(32, 40, 6);
    ck_assert_uint_eq(field_counts()->restarts, 1);
    ck_assert_uint_eq(field_counts()->missing, 2);
    ck_assert_uint_eq(field_counts()->open, 2);
    ck_assert_uint_eq(field_counts()->gaps, 2);
}
END_TEST

/* A burst that the kernel field.dropped, of a device that was slow before. */
START_TEST(what_the_kernel_dropped)
{
    field_row(1, 20, 6);
    ck_assert_uint_eq(field_data(420), OUTLIER); /* so far nothing is known of it */
    field.dropped = 398;
    tracker_finish(field.tracker);
    ck_assert_uint_eq(field_counts()->missing, 0); /* one too few */
    ck_assert_uint_eq(field_data(800), OUTLIER);
    field.dropped = 1000;
    tracker_finish(field.tracker);
    ck_assert_uint_eq(field_counts()->missing, 800 - 20 - 1 - 1); /* that other one came */
    ck_assert_uint_eq(field_counts()->lost, 778);
    ck_assert_uint_eq(field_counts()->doubted, 0);
    field_row(801, 810, 6);
    ck_assert_uint_eq(field_data(1810), GAP);
}
END_TEST

START_TEST(a_stray_a_little_ahead)
{
    field_row(1, 20, 6);
    ck_assert_uint_eq(field_data(50), GAP);
    ck_assert_uint_eq(field_counts()->missing, 29);
    field.passed += 6;
    field_row(21, 60, 6); /* the first of them was made later than the stray */
    ck_assert_uint_eq(field_counts()->open + field_counts()->lost, 0);
    ck_assert_uint_eq(field_counts()->outliers, 1);
    ck_assert_uint_eq(field.taken_back, 28);
    ck_assert_uint_eq(field_counts()->gaps, 0);
}
END_TEST

/* Each passes over the numbers of those before it. */
START_TEST(strays_again_and_again)
{
    uint32_t n;

    for (n = 1; n <= 200; n++) {
        if (n % 10 == 0)
            field_data(n + 25);
        field_data(n);
        field.passed++;
    }
    field_row(201, 201, 1); /* made later than the last stray */
    for (n = 202; n <= 300; n++, field.passed++)
        ck_assert_uint_eq(field_data(n), NEW);
    ck_assert_uint_eq(field_counts()->open + field_counts()->lost, 0);
    ck_assert_uint_eq(field_counts()->restarts, 0);
    ck_assert_uint_eq(field_counts()->outliers, 20);
    ck_assert_uint_eq(field_counts()->gaps, 0);
}
END_TEST

/* The same of a clock that stands: it takes four, and some time. */
START_TEST(a_stray_without_a_clock)
{
    uint32_t n;

    field_row(1, 20, 0);
    ck_assert_uint_eq(field_data(50), GAP);
    for (n = 21; n <= 24; n++) {
        field.passed += 3;
        ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_DATA, n, START), LATE);
    }
    ck_assert_uint_eq(field_judge_from(0, MUSTER_MSG_DATA, 25, START), NEW);
    ck_assert_uint_eq(field_counts()->open, 0);
    ck_assert_uint_eq(field.taken_back, 25);
}
END_TEST

/* It has overtaken many on the way, and is none. */
START_TEST(all_that_was_overtaken)
{
    uint32_t n;

    field_row(1, 20, 0);
    ck_assert_uint_eq(field_data(50), GAP);
    for (n = 21; n <= 49; n++)
        ck_assert_uint_eq(field_data(n), LATE);
    ck_assert_uint_eq(field_data(50), DUPLICATE);
    ck_assert_uint_eq(field_data(51), NEW);
    ck_assert_uint_eq(field_counts()->recovered, 29);
    ck_assert_uint_eq(field_counts()->gaps, 1);
    ck_assert_uint_eq(field.taken_back, 0);
}
END_TEST

START_TEST(a_stray_of_another_sender)
{
    uint32_t n;

    for (n = 1; n <= 20; n++)
        field_judge_from(1000, MUSTER_MSG_DATA, n, START);
    ck_assert_uint_eq(field_judge_from(2000, MUSTER_MSG_DATA, 50, START), GAP);
    ck_assert_uint_eq(field_judge_from(1000, MUSTER_MSG_DATA, 21, START), LATE);
    ck_assert_uint_eq(field_judge_from(1000, MUSTER_MSG_DATA, 22, START), NEW);
    ck_assert_uint_eq(field_counts()->open, 0);
}
END_TEST

/* One that was overtaken is late, and the step stays. */
START_TEST(an_overtaken_message)
{
    field_row(1, 20, 0);
    ck_assert_uint_eq(field_data(23), GAP);
    ck_assert_uint_eq(field_data(21), LATE);
    ck_assert_uint_eq(field_data(24), NEW);
    ck_assert_uint_eq(field_data(22), LATE);
    ck_assert_uint_eq(field_data(25), NEW);
    ck_assert_uint_eq(field_counts()->recovered, 2);
    ck_assert_uint_eq(field_counts()->open, 0);
    ck_assert_uint_eq(field.taken_back, 0);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {a_reboot_with_a_random_first_number,
                                  a_far_jump_that_time_allows,
                                  a_far_jump_that_the_class_allows,
                                  a_device_of_unknown_pace,
                                  a_slow_device,
                                  a_device_that_is_fast_at_times,
                                  a_stray_far_ahead,
                                  past_the_end_of_the_session_before,
                                  what_the_kernel_dropped,
                                  a_stray_a_little_ahead,
                                  a_stray_without_a_clock,
                                  all_that_was_overtaken,
                                  strays_again_and_again,
                                  a_stray_of_another_sender,
                                  an_overtaken_message};
    Suite *suite = suite_create("tracker, far jumps");
    TCase *tests = tcase_create("jumps");
    size_t i;

    tcase_add_checked_fixture(tests, field_set_up, field_tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
