/* SPDX-License-Identifier: MIT
 *
 * Real numbers as text: short, and the same number when read back.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "common/random.h"
#include "common/runner.h"

START_TEST(shortest)
{
    static const struct {
        double value;
        const char *text;
    } list[] = {
        {0, "0"},
        {-0.0, "-0"},
        {3, "3"},
        {-3, "-3"},
        {0.1, "0.1"},
        {31.6, "31.6"},
        {1e20, "1e+20"},
        {1.0 / 3, "0.3333333333333333"},
        {123456, "123456"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {4.9406564584124654e-324, "5e-324"},
    };
    char text[REAL_ROOM];
    size_t i;

    for (i = 0; i < sizeof list / sizeof list[0]; i++)
        ck_assert_str_eq(real_format(text, list[i].value), list[i].text);
}
END_TEST

START_TEST(there_and_back)
{
    union {
        uint64_t bits;
        double real;
    } any;
    char text[REAL_ROOM];
    int i;

    for (i = 0; i < 20000; i++) {
        any.bits = random_u64();
        if (!isfinite(any.real))
            continue;
        real_format(text, any.real);
        ck_assert_uint_lt(strlen(text), REAL_ROOM);
        ck_assert(strtod(text, NULL) == any.real);
    }
}
END_TEST

START_TEST(shown)
{
    static const struct {
        double value;
        const char *single, *text;
    } list[] = {
        {(double)0.1f, "0.1", "0.10000000149011612"},
        {21.25, "21.25", "21.25"},
        {1e14, "100000000000000", "100000000000000"},
        {-123456789, "-123456790", "-123456789"},
        {1e15, "1e+15", "1e+15"},
        {-0.0, "-0", "-0"},
        {NAN, "nan", "nan"},
        {-INFINITY, "-inf", "-inf"},
        {INFINITY, "inf", "inf"},
    };
    char text[REAL_ROOM];
    size_t i;

    for (i = 0; i < sizeof list / sizeof list[0]; i++) {
        ck_assert_str_eq(real_shown(text, list[i].value, true), list[i].single);
        ck_assert_str_eq(real_shown(text, list[i].value, false), list[i].text);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("real");
    TCase *tcase = tcase_create("real");

    tcase_add_test(tcase, shortest);
    tcase_add_test(tcase, there_and_back);
    tcase_add_test(tcase, shown);
    suite_add_tcase(suite, tcase);
    return suite;
}
