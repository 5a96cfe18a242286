/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, against the C library.
 */
#include <check.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "common/random.h"
#include "common/runner.h"

/* Fails with both texts.  Ends what was written; so `out` has room for it. */
static void expect(const char *start, char *end, const char *wanted)
{
    *end = '\0';
    if (strcmp(start, wanted) != 0)
        ck_abort_msg("%s became %s", wanted, start);
}

static void expect_u64(uint64_t number)
{
    char text[NUMBER_U64_MAX + 4], wanted[32];

    snprintf(wanted, sizeof wanted, "%" PRIu64, number);
    expect(text, number_u64(text, number), wanted);
    if (number <= UINT32_MAX)
        expect(text, number_u32(text, (uint32_t)number), wanted);
}

START_TEST(whole_numbers)
{
    uint64_t i, power;

    for (i = 0; i < 1001000; i++)
        expect_u64(i);
    for (i = 1001000; i < 1100000; i++) /* every digit at each place */
        expect_u64(i * i * i);
    for (power = 1; power <= UINT64_MAX / 10; power *= 10) {
        expect_u64(power - 1);
        expect_u64(power);
        expect_u64(power * 10 - 1);
    }
    expect_u64(UINT64_MAX);
    expect_u64(UINT32_MAX);
    random_seed(20);
    for (i = 0; i < 100000; i++)
        expect_u64(random_u64() >> below(64));
}
END_TEST

START_TEST(signed_numbers)
{
    static const int64_t numbers[] = {0, 1, -1, 999, -1000, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    char text[NUMBER_I64_MAX + 4], wanted[32];
    size_t i;

    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(wanted, sizeof wanted, "%" PRId64, numbers[i]);
        expect(text, number_i64(text, numbers[i]), wanted);
    }
}
END_TEST

START_TEST(fixed_digits)
{
    char text[32], wanted[32];
    uint32_t n, power = 1;
    int digits, i;

    for (n = 0; n < 1000; n++) {
        snprintf(wanted, sizeof wanted, "%u", n);
        expect(text, number_short(text, n), wanted);
        snprintf(wanted, sizeof wanted, "%03u", n);
        expect(text, number_three(text, n), wanted);
        if (n >= 100)
            continue;
        snprintf(wanted, sizeof wanted, "%02u", n);
        expect(text, number_pair(text, n), wanted);
    }
    random_seed(9);
    for (digits = 1; digits <= 9; digits++) {
        power *= 10;
        for (i = 0; i < 1000; i++) {
            n = i == 0 ? 0 : i == 1 ? power - 1 : below(power);
            snprintf(wanted, sizeof wanted, "%0*u", digits, n);
            expect(text, number_padded(text, n, digits), wanted);
        }
    }
}
END_TEST

START_TEST(decimals)
{
    static const struct {
        int64_t number;
        int digits;
        const char *text;
    } cases[] = {{0, 1, "0.0"},
                 {0, 6, "0.000000"},
                 {7, 3, "0.007"},
                 {-7, 3, "-0.007"},
                 {-1983, 3, "-1.983"},
                 {-12345, 1, "-1234.5"},
                 {1983310, 6, "1.983310"},
                 {INT64_MAX, 9, "9223372036.854775807"},
                 {INT64_MIN, 9, "-9223372036.854775808"},
                 {INT64_MIN, 1, "-922337203685477580.8"},
                 {-1, 9, "-0.000000001"}};
    char text[NUMBER_DECIMAL_MAX + 1];
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *end = number_decimal(text, cases[i].number, cases[i].digits);

        ck_assert_int_le(end - text, NUMBER_DECIMAL_MAX);
        expect(text, end, cases[i].text);
    }
}
END_TEST

static void expect_real(double number)
{
    char text[NUMBER_REAL_MAX + 1];
    double back;
    char *end = number_real(text, number);

    if (end - text > NUMBER_REAL_MAX)
        ck_abort_msg("%a has %d bytes", number, (int)(end - text));
    *end = '\0';
    back = strtod(text, NULL);
    if (memcmp(&back, &number, sizeof back) != 0)
        ck_abort_msg("%a became %s", number, text);
}

START_TEST(reals)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0, "0"},           {-0.0, "-0"},
                 {31.6, "31.6"},     {-12.0625, "-12.0625"},
                 {0.1, "0.1"},       {1.0 / 3, "0.3333333333333333"},
                 {1e20, "1e+20"},    {1e15, "1e+15"},
                 {5e-324, "5e-324"}, {-1.7976931348623157e308, "-1.7976931348623157e+308"},
                 {INFINITY, "inf"},  {-INFINITY, "-inf"}};
    char text[NUMBER_REAL_MAX + 1], wanted[32];
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(text, number_real(text, cases[i].number), cases[i].text);
    expect(text, number_real(text, (double)NAN), "nan");
    expect(text, number_real(text, -(double)NAN), "nan");
    random_seed(754);
    for (i = 0; i < 50000; i++) {
        uint64_t bits = random_u64();
        double number;

        memcpy(&number, &bits, sizeof number);
        if (!isnan(number))
            expect_real(number);
        /* As sensors have it. */
        number = (double)((int)below(2000001) - 1000000) / (one_in(2) ? 1000 : 10);
        expect_real(number);
        snprintf(wanted, sizeof wanted, "%.15g", number);
        expect(text, number_real(text, number), wanted);
    }
}
END_TEST

/* The fewest digits that give a float, by trying them. */
static int digits_of(float number)
{
    char text[64];
    int precision;

    for (precision = 1; precision < 9; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, (double)number);
        if (strtof(text, NULL) == number)
            break;
    }
    return precision;
}

static void expect_real32(float number)
{
    char text[NUMBER_REAL_MAX + 1];
    char *end = number_real32(text, (double)number);
    int digits = 0, zeros = 0;
    const char *at;

    ck_assert(end <= text + NUMBER_REAL_MAX);
    *end = '\0';
    ck_assert_msg(strtof(text, NULL) == number, "%a is %s", (double)number, text);
    for (at = text; *at != '\0' && *at != 'e'; at++) {
        if (*at < '0' || *at > '9' || (digits == 0 && *at == '0'))
            continue;
        digits++;
        zeros = *at == '0' ? zeros + 1 : 0;
    }
    ck_assert_msg(digits - zeros <= digits_of(number), "%a is %s", (double)number, text);
}

START_TEST(reals_of_single_precision)
{
    static const struct {
        float number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0f, "-0"},
        {21.2f, "21.2"},
        {-1.5f, "-1.5"},
        {0.1f, "0.1"},
        {100, "100"},
        {16777216, "16777216"},
        {123456792, "123456790"},
        {3e9f, "3000000000"},
        {1e15f, "1e+15"},
        {3.4e38f, "3.4e+38"},
        {1e-45f, "1e-45"},
        {0.00001f, "1e-05"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {1013.25f, "1013.25"},
    };
    char text[NUMBER_REAL_MAX];
    uint32_t bits = 1;
    float number;
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(text, number_real32(text, (double)cases[i].number), cases[i].text);
    expect(text, number_real32(text, (double)NAN), "nan");
    for (i = 0; i < 20000; i++) {
        expect_real32((float)(int)(i * 7919 % 200000 - 100000) / 100);
        bits = bits * 1664525 + 1013904223;
        memcpy(&number, &bits, sizeof number);
        if (isfinite(number))
            expect_real32(number);
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {whole_numbers, signed_numbers, fixed_digits,
                                  decimals,      reals,          reals_of_single_precision};
    Suite *suite = suite_create("number");
    TCase *tcase = tcase_create("number");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
