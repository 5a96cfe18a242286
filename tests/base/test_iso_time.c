/* SPDX-License-Identifier: MIT
 *
 * Moments as text.
 */
#include "base/iso_time.h"

#include "common/runner.h"

static const struct {
    int64_t ns;
    const char *text;
} moments[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1, "1970-01-01T00:00:00.000000001Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {INT64_C(1766000000250000000), "2025-12-17T19:33:20.25Z"},
    {-INT64_C(1000000000), "1969-12-31T23:59:59Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
    {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
};

START_TEST(as_text)
{
    char text[ISO_TIME_ROOM];

    ck_assert_str_eq(iso_time(text, moments[_i].ns), moments[_i].text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("iso time");
    TCase *tcase = tcase_create("iso time");

    tcase_add_loop_test(tcase, as_text, 0, sizeof moments / sizeof moments[0]);
    suite_add_tcase(suite, tcase);
    return suite;
}
