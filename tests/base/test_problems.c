/* SPDX-License-Identifier: MIT
 *
 * A list of problems: its order, what it counts, and how it is shown.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/problems.h"
#include "common/runner.h"

static void expect_printed(const struct problems *problems, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    problems_print(problems, out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(none_at_first)
{
    struct problems problems = {0};

    ck_assert_uint_eq(problems_count(&problems), 0);
    expect_printed(&problems, "");
    problems_free(&problems);
}
END_TEST

START_TEST(sorted_by_place_and_then_as_added)
{
    struct problems problems = {0};

    problems_add(&problems, "b", 1, 1, "b1:1");
    problems_add(&problems, "a", 10, 0, "a10, the first");
    problems_add(&problems, "a", 9, 5, "a9:5");
    problems_add(&problems, "a", 9, 0, "a9");
    problems_add(&problems, NULL, 0, 0, "of no file");
    problems_add(&problems, "a", 10, 0, "a10, the second");
    problems_add(&problems, "a", 0, 0, "of the file");
    problems_add(&problems, NULL, 0, 0, "of no file either");
    ck_assert_uint_eq(problems_count(&problems), 8);
    expect_printed(&problems, "of no file\n"
                              "of no file either\n"
                              "a: of the file\n"
                              "a:9: a9\n"
                              "a:9:5: a9:5\n"
                              "a:10: a10, the first\n"
                              "a:10: a10, the second\n"
                              "b:1:1: b1:1\n");
    problems_free(&problems);
}
END_TEST

START_TEST(what_is_no_error_is_not_counted_as_one)
{
    struct problems problems = {0};

    problems_note(&problems, LOG_WARNING, "csv", "%d rows", 3);
    problems_note(&problems, LOG_INFO, NULL, "by the way");
    ck_assert_uint_eq(problems_count(&problems), 0);
    problems_note(&problems, LOG_ERROR, NULL, "but this is");
    ck_assert_uint_eq(problems_count(&problems), 1);
    ck_assert_uint_eq(problems.added, 3);
    expect_printed(&problems, "csv: 3 rows\nby the way\nbut this is\n");
    problems_free(&problems);
}
END_TEST

START_TEST(a_warning_has_its_place_and_says_that_it_is_one)
{
    struct problems problems = {0};

    problems_add(&problems, "f", 3, 0, "an error");
    problems_warn(&problems, "f", 2, 5, "%s is odd", "it");
    ck_assert_uint_eq(problems_count(&problems), 1);
    expect_printed(&problems, "f:2:5: warning: it is odd\nf:3: an error\n");
    problems_free(&problems);
}
END_TEST

START_TEST(one_line_each_with_texts_of_their_own)
{
    struct problems problems = {0};
    char file[] = "a\nfile", text[] = "two\nlines\x1b";

    problems_add(&problems, file, 3, 0, "%s", text);
    memset(file, 'x', sizeof file - 1);
    memset(text, 'x', sizeof text - 1);
    expect_printed(&problems, "a\\x0afile:3: two\\x0alines\\x1b\n");
    problems_free(&problems);
}
END_TEST

START_TEST(more_are_only_counted)
{
    struct problems problems = {0};
    char *text = NULL, *end;
    size_t size = 0, i;
    FILE *out = open_memstream(&text, &size);

    for (i = 0; i < PROBLEMS_KEPT + 7; i++)
        problems_add(&problems, "f", 1, 0, "%zu", i);
    ck_assert_uint_eq(problems_count(&problems), PROBLEMS_KEPT + 7);
    problems_print(&problems, out);
    fclose(out);
    end = strstr(text, "\nf:1: 999\n");
    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end, "\nf:1: 999\nand 7 more problems that are not shown\n");
    free(text);
    problems_free(&problems);
}
END_TEST

START_TEST(a_list_can_be_used_again)
{
    struct problems problems = {0};

    problems_add(&problems, "f", 1, 2, "first");
    problems_free(&problems);
    ck_assert_uint_eq(problems_count(&problems), 0);
    ck_assert_uint_eq(problems.added, 0);
    problems_add(&problems, "f", 1, 2, "second");
    expect_printed(&problems, "f:1:2: second\n");
    problems_free(&problems);
    problems_free(&problems);
}
END_TEST

/* To a log, with levels and origins as they were given, and the list is empty then. */
START_TEST(logged_with_their_levels)
{
    struct problems problems = {0};
    char text[1024] = "", *line;
    const char *const expected[] = {"warning csv: odd\n", "info    nice to know\n",
                                    "error   f:1:2: wrong\n"};
    struct log *log;
    int real_stderr = dup(STDERR_FILENO), ends[2];
    size_t i;

    unsetenv("JOURNAL_STREAM");
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    log = log_open(LOG_INFO);
    ck_assert_ptr_nonnull(log);
    problems_add(&problems, "f", 1, 2, "wrong");
    problems_note(&problems, LOG_WARNING, "csv", "odd");
    problems_note(&problems, LOG_INFO, NULL, "nice to know");
    problems_log(&problems, log);
    ck_assert_uint_eq(problems.added, 0);
    problems_log(&problems, log); /* nothing */
    log_close(log);
    dup2(real_stderr, STDERR_FILENO);
    close(ends[1]);
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    for (line = text, i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        line = strstr(line, "Z ") + 2;
        ck_assert_msg(strncmp(line, expected[i], strlen(expected[i])) == 0, "%s", line);
        line = strchr(line, '\n') + 1;
    }
    ck_assert_str_eq(line, "");
    close(ends[0]);
    close(real_stderr);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {none_at_first,
                                  sorted_by_place_and_then_as_added,
                                  what_is_no_error_is_not_counted_as_one,
                                  a_warning_has_its_place_and_says_that_it_is_one,
                                  one_line_each_with_texts_of_their_own,
                                  more_are_only_counted,
                                  a_list_can_be_used_again,
                                  logged_with_their_levels};
    Suite *suite = suite_create("problems");
    TCase *tcase = tcase_create("problems");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
