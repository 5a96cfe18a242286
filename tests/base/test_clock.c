/* SPDX-License-Identifier: MIT
 *
 * Nanoseconds and struct timespec, and how far the clocks are apart.
 */
#include <check.h>

#include "base/clock.h"
#include "common/runner.h"

START_TEST(there_and_back)
{
    static const uint64_t times[] = {0,
                                     1,
                                     CLOCK_SECOND - 1,
                                     CLOCK_SECOND,
                                     CLOCK_SECOND + 1,
                                     UINT64_C(1700000000123456789),
                                     UINT64_C(4294967296999999999)};
    size_t i;

    for (i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct timespec ts = clock_to_timespec(times[i]);

        ck_assert_int_lt(ts.tv_nsec, 1000000000);
        ck_assert_int_eq(ts.tv_sec, (int64_t)(times[i] / CLOCK_SECOND));
        ck_assert_uint_eq(clock_from_timespec(&ts), times[i]);
    }
}
END_TEST

START_TEST(clocks_go_on)
{
    uint64_t before = clock_monotonic(), boot = clock_boot(), coarse = clock_coarse();
    uint64_t after = clock_monotonic();

    ck_assert_uint_ge(after, before);
    ck_assert_uint_ge(boot, before); /* it counts suspend, too */
    ck_assert_uint_le(coarse, after);
    ck_assert_uint_gt(clock_wall(), UINT64_C(1700000000) * CLOCK_SECOND);
}
END_TEST

START_TEST(the_coarse_clock_is_not_far_behind)
{
    uint64_t now, coarse;
    int tries = 1000; /* a machine that is not run for a while may be late with its ticks */

    do {
        now = clock_monotonic();
        coarse = clock_coarse();
    } while (coarse + CLOCK_COARSE_LAG < now && --tries > 0);
    ck_assert_int_gt(tries, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = tcase_create("clock");

    tcase_add_test(tcase, there_and_back);
    tcase_add_test(tcase, clocks_go_on);
    tcase_add_test(tcase, the_coarse_clock_is_not_far_behind);
    suite_add_tcase(suite, tcase);
    return suite;
}
