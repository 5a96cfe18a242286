/* SPDX-License-Identifier: MIT
 *
 * Durations and sizes as text, there and back.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/units.h"
#include "common/runner.h"

struct good {
    const char *text;
    int64_t value;
    const char *formatted; /* NULL: as `text` */
};

static const struct good durations[] = {
    {"0", 0, "0s"},
    {"0ns", 0, "0s"},
    {"1ns", 1, NULL},
    {"999us", 999000, NULL},
    {"250ms", 250000000, NULL},
    {"1000ms", 1000000000, "1s"},
    {"10s", 10000000000, NULL},
    {"10", 10000000000, "10s"},
    {"007", 7000000000, "7s"},
    {"90s", 90000000000, NULL},
    {"5m", 300000000000, NULL},
    {"60m", 3600000000000, "1h"},
    {"1h", 3600000000000, NULL},
    {"1d", 86400000000000, NULL},
    {"106751d", INT64_C(9223286400000000000), NULL},
    {"9223372036854775807ns", INT64_MAX, NULL},
};

static const char *const bad_durations[] = {
    "",
    " ",
    "s",
    "ms",
    "-1s",
    "+1s",
    "1.5s",
    "1,5s",
    "10 s",
    " 10s",
    "10s ",
    "1x",
    "10S",
    "1M",
    "1min",
    "1h30m",
    "0x10",
    "1e3",
    "1KiB",
    "10s\n",
    "106752d",
    "9223372036854775808ns",
    "9223372037",
    "99999999999999999999",
    "9223372036854775807d",
};

static const struct good sizes[] = {
    {"0", 0, "0B"},
    {"1", 1, "1B"},
    {"1023B", 1023, NULL},
    {"64KiB", 65536, NULL},
    {"1024", 1024, "1KiB"},
    {"1025", 1025, "1025B"},
    {"64MiB", 67108864, NULL},
    {"2GiB", INT64_C(2147483648), NULL},
    {"1536MiB", INT64_C(1610612736), NULL},
    {"8388607TiB", INT64_C(9223370937343148032), NULL},
    {"9223372036854775807", INT64_MAX, "9223372036854775807B"},
};

static const char *const bad_sizes[] = {
    "",     "B",    "KiB",    "-1",    "+1",    "1.5MiB",     "64 KiB",
    "64KB", "64K",  "64k",    "64kib", "64mib", "1Ki",        "10s",
    "0x40", "1PiB", "64KiBs", " 1",    "1 ",    "8388608TiB", "9223372036854775808",
};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

START_TEST(good_duration)
{
    const struct good *good = &durations[_i];
    char out[UNITS_ROOM];
    int64_t ns = -1;

    ck_assert_int_eq(units_duration(good->text, &ns), 0);
    ck_assert_int_eq(ns, good->value);
    ck_assert_str_eq(units_format_duration(out, ns),
                     good->formatted ? good->formatted : good->text);
    ck_assert_int_eq(units_duration(out, &ns), 0);
    ck_assert_int_eq(ns, good->value);
}
END_TEST

START_TEST(good_size)
{
    const struct good *good = &sizes[_i];
    char out[UNITS_ROOM];
    int64_t bytes = -1;

    ck_assert_int_eq(units_size(good->text, &bytes), 0);
    ck_assert_int_eq(bytes, good->value);
    ck_assert_str_eq(units_format_size(out, bytes), good->formatted ? good->formatted : good->text);
    ck_assert_int_eq(units_size(out, &bytes), 0);
    ck_assert_int_eq(bytes, good->value);
}
END_TEST

START_TEST(bad_duration)
{
    int64_t ns = 77;

    ck_assert_msg(units_duration(bad_durations[_i], &ns) == -1, "\"%s\" is accepted",
                  bad_durations[_i]);
    ck_assert_int_eq(ns, 77);
}
END_TEST

START_TEST(bad_size)
{
    int64_t bytes = 77;

    ck_assert_msg(units_size(bad_sizes[_i], &bytes) == -1, "\"%s\" is accepted", bad_sizes[_i]);
    ck_assert_int_eq(bytes, 77);
}
END_TEST

START_TEST(negative_values_can_be_printed)
{
    char out[UNITS_ROOM];

    ck_assert_str_eq(units_format_duration(out, -1500000000), "-1500ms");
    ck_assert_str_eq(units_format_duration(out, INT64_MIN), "-9223372036854775808ns");
    ck_assert_str_eq(units_format_size(out, -2048), "-2KiB");
    ck_assert_str_eq(units_format_size(out, INT64_MIN), "-8388608TiB");
}
END_TEST

/* What is formatted is read again as the same value. */
START_TEST(there_and_back)
{
    uint64_t random = 88172645463325252u;
    char out[UNITS_ROOM];
    int i;

    for (i = 0; i < 100000; i++) {
        int64_t value, again;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        value = (int64_t)(random >> 1 >> random % 63);
        value -= i % 2 ? value % 1000000 : 0;
        ck_assert_int_eq(units_duration(units_format_duration(out, value), &again), 0);
        ck_assert_int_eq(again, value);
        ck_assert_int_eq(units_size(units_format_size(out, value), &again), 0);
        ck_assert_int_eq(again, value);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("units");
    TCase *tests = tcase_create("units");

    tcase_add_loop_test(tests, good_duration, 0, COUNT(durations));
    tcase_add_loop_test(tests, good_size, 0, COUNT(sizes));
    tcase_add_loop_test(tests, bad_duration, 0, COUNT(bad_durations));
    tcase_add_loop_test(tests, bad_size, 0, COUNT(bad_sizes));
    tcase_add_test(tests, negative_values_can_be_printed);
    tcase_add_test(tests, there_and_back);
    suite_add_tcase(suite, tests);
    return suite;
}
