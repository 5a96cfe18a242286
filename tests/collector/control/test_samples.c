/* SPDX-License-Identifier: MIT
 *
 * Rates, from counters as they were second by second.
 */
#include <check.h>

#include "base/clock.h"
#include "collector/control/samples.h"
#include "common/runner.h"

static void add(struct samples *samples, uint64_t second, uint64_t received)
{
    const struct sample sample = {.at_ns = second * CLOCK_SECOND, .received = received};

    samples_add(samples, &sample);
}

START_TEST(rate)
{
    struct samples samples = {0};
    uint64_t i;

    ck_assert_double_eq(samples_rate(&samples), 0);
    add(&samples, 5, 1000); /* of before it began */
    ck_assert_double_eq(samples_rate(&samples), 0);
    add(&samples, 7, 1010);
    ck_assert_double_eq(samples_rate(&samples), 5);
    for (i = 8; i < 200; i++)
        add(&samples, i, 1010 + (i - 7) * 3);
    ck_assert_double_eq(samples_rate(&samples), 3);
    for (i = 200; i < 205; i++) /* half of the last ten seconds */
        add(&samples, i, 1010 + UINT64_C(192) * 3);
    ck_assert_double_eq_tol(samples_rate(&samples), 1.5, 0.01);
}
END_TEST

START_TEST(same_moment)
{
    struct samples samples = {0};

    add(&samples, 5, 1);
    add(&samples, 5, 2);
    ck_assert_double_eq(samples_rate(&samples), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("samples");
    TCase *tc = tcase_create("samples");

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, rate);
    tcase_add_test(tc, same_moment);
    return suite;
}
