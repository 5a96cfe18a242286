/* SPDX-License-Identifier: MIT
 *
 * Time that passed: by the boot clock, whatever the wall clock is set to, and over restarts.
 */
#include <check.h>

#include "common/runner.h"
#include "sequence/elapsed.h"

#define SECOND UINT64_C(1000000000)
#define WALL   (UINT64_C(1750000000) * SECOND)

static struct elapsed_log kept;
static struct elapsed elapsed;

static struct listening_clocks at(uint64_t wall, uint64_t boot)
{
    return (struct listening_clocks){
        .wall_ns = WALL + wall * SECOND, .monotonic_ns = 1, .boot_ns = boot * SECOND};
}

static void begin(uint64_t wall, uint64_t boot)
{
    const struct listening_clocks clocks = at(wall, boot);

    elapsed_resume(&kept, clocks.wall_ns);
    elapsed_begin(&elapsed, &kept, true, &clocks);
}

static void tick(uint64_t wall, uint64_t boot)
{
    const struct listening_clocks clocks = at(wall, boot);

    elapsed_tick(&elapsed, &clocks);
}

static void set_up(void)
{
    kept = (struct elapsed_log){0};
    begin(0, 100);
}

START_TEST(passes_by_the_boot_clock)
{
    tick(1, 101);
    ck_assert_uint_eq(elapsed.passed_ns, SECOND);
    ck_assert_uint_eq(kept.passed_ns, SECOND);
    tick(3602, 102); /* the wall clock is set forward */
    tick(3, 103);    /* and back */
    ck_assert_uint_eq(elapsed.passed_ns, 3 * SECOND);
    ck_assert_uint_eq(elapsed_now(&elapsed, 105 * SECOND), 5 * SECOND);
    ck_assert_uint_eq(elapsed_seconds(elapsed_now(&elapsed, 105 * SECOND)), 5);
    ck_assert_uint_eq(elapsed_now(&elapsed, 90 * SECOND), 3 * SECOND); /* never back */
}
END_TEST

START_TEST(passes_between_runs)
{
    tick(10, 110);
    begin(100, 5); /* the machine has booted */
    ck_assert_uint_eq(elapsed.passed_ns, 100 * SECOND);
    tick(101, 6);
    ck_assert_uint_eq(elapsed.passed_ns, 101 * SECOND);
    begin(50, 5); /* with a clock that is behind: nothing has passed that is known of */
    ck_assert_uint_eq(elapsed.passed_ns, 101 * SECOND);
    begin(60, 5);
    ck_assert_uint_eq(elapsed.passed_ns, 111 * SECOND);
}
END_TEST

START_TEST(an_arrival_is_between_the_last_tick_and_now)
{
    tick(10, 110);
    ck_assert_uint_eq(elapsed_at(&elapsed, WALL + 11 * SECOND, 112 * SECOND), 11 * SECOND);
    ck_assert_uint_eq(elapsed_at(&elapsed, WALL + 9 * SECOND, 112 * SECOND), 10 * SECOND);
    ck_assert_uint_eq(elapsed_at(&elapsed, WALL + 3600 * SECOND, 112 * SECOND), 12 * SECOND);
}
END_TEST

START_TEST(one_worker_keeps_it)
{
    const struct listening_clocks clocks = at(0, 100), later = at(7, 107);
    struct elapsed other;

    elapsed_begin(&other, &kept, false, &clocks);
    elapsed_tick(&other, &later);
    ck_assert_uint_eq(other.passed_ns, 7 * SECOND);
    ck_assert_uint_eq(kept.passed_ns, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sequence, elapsed");
    TCase *tcase = tcase_create("elapsed");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, passes_by_the_boot_clock);
    tcase_add_test(tcase, passes_between_runs);
    tcase_add_test(tcase, an_arrival_is_between_the_last_tick_and_now);
    tcase_add_test(tcase, one_worker_keeps_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
