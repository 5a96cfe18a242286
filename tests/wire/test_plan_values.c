/* SPDX-License-Identifier: MIT
 *
 * Values of declared formats: scaled, absent, with words; against an exact oracle.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "common/random.h"
#include "common/runner.h"
#include "plan_fixture.h"
#include "wire/plan_parts.h"

/* A format of a device and one value. */
static struct plan *plan_of(const char *type, const struct format_value *value)
{
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field(type, value->name)};
    const struct format format = {.at = &fixture_node,
                                  .name = "f",
                                  .header = {header, 2},
                                  .message = FORMAT_DATA,
                                  .values = value,
                                  .value_count = 1};

    return fixture_plan(&format);
}

static void expect(const char *type, const struct format_value *value, const char *hex,
                   const char *wanted)
{
    struct plan *plan = plan_of(type, value);
    const char *said = fixture_said(plan, hex);

    ck_assert_msg(strncmp(said, "data 0:", 7) == 0 &&
                      strcmp(said + 7 + (said[7] == ' '), wanted) == 0,
                  "%s: %s, expected %s", type, said, wanted);
    plan_free(plan);
}

static struct format_value scaled(int64_t scale, uint64_t by, int64_t offset, uint64_t offset_by)
{
    struct format_value value = fixture_value("x", scale, by);

    value.offset_numerator = offset;
    value.offset_denominator = offset_by;
    return value;
}

START_TEST(types)
{
    const struct format_value plain = fixture_value("x", 1, 1);

    expect("u8", &plain, "00 ff", "x=255");
    expect("i8", &plain, "00 ff", "x=-1");
    expect("u24", &plain, "00 010203", "x=66051");
    expect("u24 le", &plain, "00 010203", "x=197121");
    expect("i24", &plain, "00 ffffff", "x=-1");
    expect("i48 le", &plain, "00 feffffffffff", "x=-2");
    expect("u48", &plain, "00 010000000000", "x=1099511627776");
    expect("u64", &plain, "00 ffffffffffffffff", "x=18446744073709551615");
    expect("i64", &plain, "00 8000000000000000", "x=-9223372036854775808");
    expect("f32", &plain, "00 41a9999a", "x=21.2");
    expect("f32 le", &plain, "00 9a99a941", "x=21.2");
    expect("f64", &plain, "00 4035333333333333", "x=21.2");
    expect("f32", &plain, "00 7fc00000", "x=nan");
    expect("text:4", &plain, "00 61620000", "x=\"ab\"");
    expect("text:4", &plain, "00 61206220", "x=\"a b\"");
    expect("text:u8", &plain, "00 03 616220", "x=\"ab \"");
    expect("hex:3", &plain, "00 00abcd", "x=00abcd");
    expect("bcd:3", &plain, "00 012345", "x=12345");
    expect("bcd:2", &plain, "00 123f", "x=123");
    expect("bcd:2", &plain, "00 1a34", "");
    expect("bcd:10", &plain, "00 0123456789012345678f", "x=0123456789012345678f");
    expect("number", &plain, "00 2d31322e3530", "x=-12.5");
    expect("number", &plain, "00 202b3720 0d0a", "x=7");
    expect("number", &plain, "00 312e322e33", "");
    expect("number", &plain, "00", "");
    expect("number", &plain, "00 2e", "");
    expect("number", &plain, "00 39393939393939393939393939393939393939", "x=1e+19");
}
END_TEST

START_TEST(scales)
{
    struct format_value value = scaled(5, 1000, 0, 1);

    expect("i16", &value, "00 0169", "x=1.805");
    expect("i16", &value, "00 8000", "x=-163.84");
    value = scaled(1, 1000, 16, 10);
    expect("u16", &value, "00 03b5", "x=2.549");
    value = scaled(2, 1, -40, 1);
    expect("u8", &value, "00 0a", "x=-20");
    expect("f32", &value, "00 3fc00000", "x=-37");
    value = scaled(1, 1, 50000, 1);
    expect("u64", &value, "00 ffffffffffffffff", "x=1.84467440737096e+19");
    value = scaled(1, 3, 0, 1);
    expect("u8", &value, "00 01", "x=0.3333333333333333");
    value = scaled(-1, 10, 0, 1);
    expect("u8", &value, "00 15", "x=-2.1");
    expect("number", &value, "00 3231", "x=-2.1");
    value = scaled(1, UINT64_C(1000000000000000000), 0, 1);
    expect("u64", &value, "00 0de0b6b3a7640001", "x=1");
}
END_TEST

START_TEST(absent_and_words)
{
    static const struct format_name words[] = {{2, "two"}, {(uint64_t)-1, "less"}, {1, "one"}};
    static const uint64_t absent[] = {(uint64_t)-32768, 7};
    struct format_value value = scaled(1, 10, 0, 1);

    value.unit = "Cel";
    value.absent = absent;
    value.absent_count = 2;
    value.names = words;
    value.name_count = 3;
    expect("i16", &value, "00 8000", "");
    expect("i16", &value, "00 0007", "");
    expect("i16", &value, "00 0002", "x=\"two\" Cel");
    expect("i16", &value, "00 ffff", "x=\"less\" Cel");
    expect("i16", &value, "00 0001", "x=\"one\" Cel");
    expect("i16", &value, "00 0003", "x=0.3 Cel");
}
END_TEST

/* raw * n / d is what the decimal text of raw, with the point moved, reads as. */
START_TEST(a_decimal_scale_is_exact)
{
    static const struct {
        int64_t n;
        uint64_t d;
        int shift; /* d is n * 10^shift / wanted */
    } cases[] = {{1, 10, 1},         {1, 100, 2},  {1, 1000, 3},
                 {1, 1000000000, 9}, {5, 1000, 3}, {25, 10000, 4}};
    char text[64];
    size_t c;
    int i;

    for (c = 0; c < COUNT_OF(cases); c++)
        for (i = 0; i < 65536; i++) {
            double found = plan_ratio((__int128)i * cases[c].n, cases[c].d);

            snprintf(text, sizeof text, "%llde-%d", (long long)i * cases[c].n, cases[c].shift);
            ck_assert_msg(found == strtod(text, NULL), "%d, %zu", i, c);
        }
}
END_TEST

/* Against division with more bits than any result needs, by hand. */
static double slow_ratio(unsigned __int128 n, uint64_t d)
{
    unsigned __int128 rest = n % d, whole = n / d;
    long double high = (long double)(uint64_t)(whole >> 64) * 0x1p64L;
    int bit, taken = 0, exponent = 0;
    uint64_t mantissa = 0;
    bool more;

    (void)high;
    for (bit = 127; bit >= 0 && whole >> bit == 0; bit--)
        ;
    /* 55 bits from the first that is set, then whether anything is left. */
    for (; taken < 55 && bit >= 0; bit--, taken++)
        mantissa = mantissa << 1 | (uint64_t)(whole >> bit & 1);
    exponent = bit + 1;
    more = bit >= 0 && (whole & (((unsigned __int128)1 << (bit + 1)) - 1)) != 0;
    for (; taken < 55 && n != 0; exponent--) {
        rest <<= 1;
        mantissa = mantissa << 1 | (rest >= d);
        if (rest >= d)
            rest -= d;
        taken += mantissa != 0;
        if (exponent < -400)
            break;
    }
    more = more || rest != 0;
    return ldexp((double)(mantissa << 1 | more), exponent - 1);
}

START_TEST(any_ratio_is_rounded_once)
{
    int i;

    for (i = 0; i < 200000; i++) {
        unsigned shift = below(126), less = below(63);
        unsigned __int128 n = ((unsigned __int128)random_u64() << 64 | random_u64()) >> 1 >> shift;
        uint64_t d = (random_u64() >> 1 >> less) + 1;

        ck_assert_msg(plan_ratio((__int128)n, d) == slow_ratio(n, d), "%d", i);
        ck_assert(plan_ratio(-(__int128)n, d) == -slow_ratio(n, d));
    }
}
END_TEST

START_TEST(decimals)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-0.5", -0.5},
                {"+7", 7},
                {" 12.25\r\n", 12.25},
                {"0000000000000000000000001", 1},
                {".5", 0.5},
                {"5.", 5},
                {"0.1", 0.1},
                {"1234567890123456789", 1234567890123456789.0}};
    static const char *const bad[] = {"",
                                      " ",
                                      "-",
                                      ".",
                                      "1e5",
                                      "1,5",
                                      "0x1",
                                      "1 2",
                                      "--1",
                                      "12345678901234567890",
                                      "0.00000000000000000001"};
    struct plan_decimal decimal;
    size_t i;

    for (i = 0; i < COUNT_OF(good); i++) {
        ck_assert(
            plan_decimal(&decimal, (const uint8_t *)good[i].text, (uint32_t)strlen(good[i].text)));
        ck_assert(plan_decimal_value(&decimal) == good[i].value);
    }
    for (i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!plan_decimal(&decimal, (const uint8_t *)bad[i], (uint32_t)strlen(bad[i])),
                      "%s", bad[i]);
}
END_TEST

/* A value that two bodies have is one. */
START_TEST(what_is_known_of_values)
{
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field("u8", "which")};
    const struct format_field first[] = {fixture_field("i16", "x")};
    const struct format_field second[] = {fixture_field("f32", "y"), fixture_field("u8", "x")};
    const struct format_condition when[] = {{.at = &fixture_node,
                                             .name = "which",
                                             .values = (const uint64_t[]){1, 3},
                                             .value_count = 2}};
    const struct format_body bodies[] = {
        {.at = &fixture_node, .when = {when, 1}, .reading = {first, 1}, .readings = 1},
        {.at = &fixture_node, .reading = {second, 2}}};
    struct format_value value = scaled(5, 1000, 0, 1);
    const struct format format = {.at = &fixture_node,
                                  .name = "f",
                                  .header = {header, 2},
                                  .message = FORMAT_DATA,
                                  .bodies = bodies,
                                  .body_count = 2,
                                  .values = &value,
                                  .value_count = 1};
    struct plan *plan;

    value.unit = "m";
    plan = fixture_plan(&format);
    ck_assert_str_eq(plan_value(plan, 0)->name, "which");
    ck_assert_uint_eq(plan_value(plan, 0)->type, MUSTER_VALUE_UNSIGNED);
    ck_assert_str_eq(plan_value(plan, 1)->name, "x");
    ck_assert_str_eq(plan_value(plan, 1)->unit, "m");
    ck_assert_uint_eq(plan_value(plan, 1)->type, MUSTER_VALUE_REAL);
    ck_assert_uint_eq(plan_value(plan, 1)->decimals, 3);
    ck_assert_str_eq(plan_value(plan, 2)->name, "y");
    ck_assert_uint_eq(plan_value(plan, 2)->type, MUSTER_VALUE_REAL32);
    ck_assert_ptr_null(plan_value(plan, 3));
    ck_assert_str_eq(fixture_said(plan, "07 01 0010"), "data 7: which=1 x=0.08 m");
    ck_assert_str_eq(fixture_said(plan, "07 03 0010"), "data 7: which=3 x=0.08 m");
    ck_assert_str_eq(fixture_said(plan, "07 02 3f800000 02"), "data 7: which=2 x=0.01 m y=1");
    plan_free(plan);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {types,
                                  scales,
                                  absent_and_words,
                                  a_decimal_scale_is_exact,
                                  any_ratio_is_rounded_once,
                                  decimals,
                                  what_is_known_of_values};
    Suite *suite = suite_create("plan values");
    TCase *cases = tcase_create("plan values");
    size_t i;

    for (i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}
