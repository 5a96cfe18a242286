/* SPDX-License-Identifier: MIT
 *
 * Lines that fit into 80 columns.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/wrap.h"
#include "common/runner.h"

#define TEN    "123456789 "
#define SIXTY  TEN TEN TEN TEN TEN TEN
#define EIGHTY "12345678901234567890123456789012345678901234567890123456789012345678901234567890"

static void expect(unsigned first, unsigned rest, const char *text, const char *expected)
{
    char *got = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&got, &size);

    ck_assert_ptr_nonnull(out);
    wrap_print(out, first, rest, "%s", text);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(got, expected);
    free(got);
}

START_TEST(a_short_text_is_one_line)
{
    expect(0, 0, "", "\n");
    expect(2, 4, "a text", "  a text\n");
    expect(0, 4, " with   spaces ", "with spaces\n");
}
END_TEST

START_TEST(a_line_is_full_at_80_columns)
{
    expect(0, 2, SIXTY "123456789 1234567890 x", SIXTY "123456789 1234567890\n  x\n");
    expect(0, 2, SIXTY "123456789 12345678901 x", SIXTY "123456789\n  12345678901 x\n");
    expect(1, 2, SIXTY "123456789 1234567890 x", " " SIXTY "123456789\n  1234567890 x\n");
}
END_TEST

START_TEST(a_long_word_has_a_line_of_its_own)
{
    expect(0, 4, "x " EIGHTY " y", "x\n    " EIGHTY "\n    y\n");
    expect(4, 0, EIGHTY EIGHTY, "    " EIGHTY EIGHTY "\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("wrap");
    TCase *cases = tcase_create("wrap");

    tcase_add_test(cases, a_short_text_is_one_line);
    tcase_add_test(cases, a_line_is_full_at_80_columns);
    tcase_add_test(cases, a_long_word_has_a_line_of_its_own);
    suite_add_tcase(suite, cases);
    return suite;
}
