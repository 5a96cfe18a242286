/* SPDX-License-Identifier: MIT
 *
 * Which rejected datagrams are told one by one, and what becomes of the others.
 */
#include "collector/flow/repeats.h"

#include "common/runner.h"

enum { SECOND = 1000000000 };

static struct repeats repeats;
static struct repeat sum;

static void set_up(void)
{
    repeats = (struct repeats){0};
}

/* Of `count` datagrams of a source, how many are told. */
static unsigned pass(uint8_t source, uint8_t reason, unsigned count, uint64_t now)
{
    struct muster_arrival arrival = {.family = 4, .source = {127, 0, 0, source}};
    unsigned told = 0;

    for (; count > 0; count--)
        told += repeats_pass(&repeats, reason, &arrival, now, now);
    return told;
}

START_TEST(the_rest_is_a_sum_when_its_time_is_over)
{
    ck_assert_uint_eq(pass(1, 0, 100, SECOND), REPEATS_BURST);
    ck_assert(!repeats_due(&repeats, 10 * (uint64_t)SECOND, false, &sum));
    ck_assert(repeats_due(&repeats, 11 * (uint64_t)SECOND, false, &sum));
    ck_assert_uint_eq(sum.held_back, 95);
    ck_assert_uint_eq(sum.arrival.source[3], 1);
    ck_assert(!repeats_due(&repeats, 11 * (uint64_t)SECOND, false, &sum));
    ck_assert_uint_eq(pass(1, 0, 7, 12 * (uint64_t)SECOND), 0); /* it goes on: sums alone */
    ck_assert(repeats_due(&repeats, 21 * (uint64_t)SECOND, false, &sum));
    ck_assert_uint_eq(sum.held_back, 7);
    ck_assert(!repeats_due(&repeats, 31 * (uint64_t)SECOND, false, &sum)); /* quiet: forgotten */
    ck_assert_uint_eq(pass(1, 0, 7, 32 * (uint64_t)SECOND), REPEATS_BURST);
}
END_TEST

START_TEST(one_source_does_not_hide_another)
{
    ck_assert_uint_eq(pass(1, 0, 1000, SECOND), REPEATS_BURST);
    ck_assert_uint_eq(pass(2, 0, 3, SECOND), 3);
    ck_assert_uint_eq(pass(1, 1, 3, SECOND), 3); /* nor one reason another */
}
END_TEST

START_TEST(many_sources_are_told_in_a_bounded_number_of_lines)
{
    unsigned told = 0, source;

    for (source = 0; source < 256; source++)
        told += pass((uint8_t)source, 0, 10, SECOND);
    ck_assert_uint_eq(told, REPEATS_BURST * (REPEATS_SOURCES + 1));
    for (told = 0; repeats_due(&repeats, SECOND, true, &sum); told += (unsigned)sum.held_back)
        source = sum.arrival.family;
    ck_assert_uint_eq(told, 2560 - REPEATS_BURST * (REPEATS_SOURCES + 1)); /* all is accounted */
    ck_assert_uint_eq(source, 0);                                          /* the last is of many */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("repeats");
    TCase *cases = tcase_create("repeats");

    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, the_rest_is_a_sum_when_its_time_is_over);
    tcase_add_test(cases, one_source_does_not_hide_another);
    tcase_add_test(cases, many_sources_are_told_in_a_bounded_number_of_lines);
    suite_add_tcase(suite, cases);
    return suite;
}
