/* SPDX-License-Identifier: MIT
 *
 * muster_text_number: the number that a text is, against strtod.
 */
#include <check.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"

/* What the C library is handed must have nothing in it that a locale has a say in. */
static double checked_strtod(const char *text, char **end)
{
    ck_assert_msg(text[strspn(text, "0123456789e+-")] == '\0', "strtod is handed \"%s\"", text);
    return strtod(text, end);
}

#define strtod checked_strtod
#include <muster/plugin.h>
#undef strtod

enum { TEXTS = 200000 };

static int read_text(const char *text, double *number)
{
    /* Without a 0 behind it, in memory of just that size, for those who watch over its end. */
    size_t size = strlen(text);
    uint8_t *bytes = malloc(size + (size == 0));
    int result;

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, text, size);
    result = muster_text_number(bytes, size, number);
    free(bytes);
    return result;
}

static void expect(const char *text, double expected)
{
    double number = 99;

    ck_assert_msg(read_text(text, &number) == 0, "\"%s\" is no number", text);
    ck_assert_msg(memcmp(&number, &expected, sizeof number) == 0, "\"%s\" is %.17g, expected %.17g",
                  text, number, expected);
}

START_TEST(numbers)
{
    expect("0", 0);
    expect("-0", -0.0);
    expect("21.5", 21.5);
    expect("-3", -3);
    expect("+3.", 3);
    expect(".5", 0.5);
    expect("007", 7);
    expect("1e3", 1000);
    expect("1E-3", 0.001);
    expect("1.5e+2", 150);
    expect(" 26.6\r\n", 26.6);
    expect("0e999999999999999999999", 0);
    expect("1e-999999999999999999999", 0);
    expect("1e22", 1e22);
    expect("1e23", 1e23);
    expect("9007199254740993", 9007199254740992.0); /* a tie: to the even one */
    expect("9007199254740993.0000000000000000000001", 9007199254740994.0);
    expect("2.2250738585072011e-308", 2.2250738585072011e-308);
    expect("4.9406564584124654e-324", 4.9406564584124654e-324);
    expect("1.7976931348623157e308", DBL_MAX);
}
END_TEST

START_TEST(no_numbers)
{
    static const char *const texts[] = {"",      " ",     "-",      "+-1",
                                        ".",     "e5",    "1e",     "1e+",
                                        "1.2.3", "1,5",   "0x10",   "nan",
                                        "inf",   "1 2",   "26.6C",  "--1",
                                        "1e5.5", "1e400", "-1e400", "1e99999999999999999999"};
    double number = 7;
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(read_text(texts[i], &number) == -1, "\"%s\" is %g", texts[i], number);
    ck_assert_int_eq(muster_text_number((const uint8_t *)"1\0", 2, &number), -1);
    ck_assert_int_eq(muster_text_number(NULL, 0, &number), -1);
    ck_assert(number == 7); /* nothing is stored */
}
END_TEST

/* More digits than any double depends on, and the one that decides is the last. */
START_TEST(long_numbers)
{
    const double small = 3 * 4.9406564584124654e-324;
    char text[3000], exact[1100];
    int length, i;

    snprintf(exact, sizeof exact, "%.1080g", small); /* 751 digits */
    expect(exact, small);
    length = snprintf(text, sizeof text, "%.*f", 60, 9007199254740992.0);
    text[15] = '3'; /* ...993.000: a tie */
    expect(text, 9007199254740992.0);
    for (i = length; i < 2900; i++)
        text[i] = '0';
    text[i] = '\0';
    expect(text, 9007199254740992.0);
    text[i - 1] = '1';
    expect(text, 9007199254740994.0);
    memset(text, '0', 2000);
    snprintf(text + 2000, sizeof text - 2000, "12.5");
    expect(text, 12.5);
    text[0] = '.';
    snprintf(text + 2000, sizeof text - 2000, "125e2001");
    expect(text, 12.5);
}
END_TEST

/* What a device may send, and what is hard to round. */
static void make_text(char *text, size_t room)
{
    union {
        uint64_t bits;
        double real;
    } any = {.bits = random_u64()};
    int kind = (int)below(5), digits = 1 + (int)below(25);

    if (kind == 0)
        snprintf(text, room, "%.*f", (int)below(6), (double)below(2000000) / 1000 - 1000);
    else if (kind == 1 && isfinite(any.real))
        snprintf(text, room, "%.*g", digits, any.real);
    else if (kind == 2)
        snprintf(text, room, "%llu.%llue%d", (unsigned long long)random_u64(),
                 (unsigned long long)random_u64(), (int)below(600) - 300);
    else if (kind == 3)
        snprintf(text, room, "%llue%d", (unsigned long long)below(1000000), (int)below(80) - 40);
    else
        snprintf(text, room, "%llu", (unsigned long long)random_u64() >> digits);
}

START_TEST(as_strtod_in_the_c_locale)
{
    char text[100];
    int i;

    random_seed(7);
    for (i = 0; i < TEXTS; i++) {
        double expected, number;

        make_text(text, sizeof text);
        expected = strtod(text, NULL);
        if (isinf(expected))
            ck_assert_msg(read_text(text, &number) == -1, "\"%s\" is %g", text, number);
        else
            expect(text, expected);
    }
}
END_TEST

/* Where the C library wants a comma. */
START_TEST(in_a_locale_with_a_comma)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            break;
    if (i == sizeof names / sizeof names[0]) {
        printf("no locale with a decimal comma is installed: not tested in one\n");
        return;
    }
    ck_assert_str_eq(localeconv()->decimal_point, ",");
    expect("21.5", 21.5);
    expect("2.2250738585072011e-308", 2.2250738585072011e-308);
    setlocale(LC_ALL, "C");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {numbers, no_numbers, long_numbers, as_strtod_in_the_c_locale,
                                  in_a_locale_with_a_comma};
    Suite *suite = suite_create("text_number");
    TCase *tcase = tcase_create("text_number");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
