/* SPDX-License-Identifier: MIT
 *
 * Values for people.
 */
#include <check.h>
#include <stdlib.h>

#include "common/runner.h"
#include "ctl/show.h"

static const struct {
    int64_t number;
    const char *text;
} counts[] = {{0, "0"},          {999, "999"},        {1000, "1,000"},
              {12345, "12,345"}, {413711, "413,711"}, {1234567, "1,234,567"},
              {-1000, "-1,000"}, {-100, "-100"},      {INT64_MAX, "9,223,372,036,854,775,807"}};

START_TEST(count)
{
    char out[SHOW_ROOM];

    ck_assert_str_eq(show_count(out, counts[_i].number), counts[_i].text);
}
END_TEST

static const struct {
    double seconds;
    const char *text;
} durations[] = {{0, "0.0 s"},    {2.14, "2.1 s"},   {10, "10 s"},        {119, "119 s"},
                 {120, "2 min"},  {7199, "119 min"}, {7200, "2 h 0 min"}, {12000, "3 h 20 min"},
                 {172800, "2 d"}, {-1, "-1.0 s"}};

START_TEST(seconds)
{
    char out[SHOW_ROOM];

    ck_assert_str_eq(show_seconds(out, durations[_i].seconds), durations[_i].text);
}
END_TEST

static const struct {
    const char *text, *shown;
    size_t width;
} texts[] = {{"pump-4711", "pump-4711", 9},
             {"B\xc3\xb6iler \xe2\x82\xac \xf0\x9f\x94\xa5",
              "B\xc3\xb6iler \xe2\x82\xac \xf0\x9f\x94\xa5", 10},
             {"a\x1b[2Jb", "a\\x1b[2Jb", 9},
             {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f", 15},
             {"a\xc2\x9b"
              "31m",
              "a\\xc2\\x9b31m", 12},                /* CSI as one character */
             {"a\u202eb", "a\\xe2\\x80\\xaeb", 14}, /* right to left */
             {"a\u200b", "a\\xe2\\x80\\x8b", 13},   /* of no width */
             {"a\\x0ab", "a\\x0ab", 6},             /* escaped already */
             {"", "", 0}};

START_TEST(text)
{
    char *shown = show_text(texts[_i].text);

    ck_assert_ptr_nonnull(shown);
    ck_assert_str_eq(shown, texts[_i].shown);
    ck_assert_uint_eq(show_width(shown), texts[_i].width);
    free(shown);
}
END_TEST

START_TEST(part)
{
    char out[SHOW_ROOM];

    ck_assert_str_eq(show_part(out, 1, 3), "33.3 %");
    ck_assert_str_eq(show_part(out, 0, 3), "0.0 %");
    ck_assert_str_eq(show_part(out, 0, 0), "-");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("show");
    TCase *tc = tcase_create("show");

    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, count, 0, sizeof counts / sizeof counts[0]);
    tcase_add_loop_test(tc, seconds, 0, sizeof durations / sizeof durations[0]);
    tcase_add_loop_test(tc, text, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(tc, part);
    return suite;
}
