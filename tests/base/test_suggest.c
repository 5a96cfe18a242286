/* SPDX-License-Identifier: MIT
 *
 * "Did you mean", and the list of problems that it appears in.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/problems.h"
#include "base/suggest.h"
#include "common/runner.h"

static const char *const words[] = {"payload", "numbers", "heartbeat",   "data",
                                    "date",    "id",      "max_records", "max_recorder"};

#define WORDS (sizeof words / sizeof *words)

static const struct {
    const char *word, *nearest;
} cases[] = {
    {"payload", "payload"},  /* itself */
    {"paylod", "payload"},   /* one missing */
    {"paylload", "payload"}, /* one too many */
    {"paxload", "payload"},  /* another one */
    {"apyload", "payload"},  /* two swapped, at the beginning */
    {"payloda", "payload"},  /* at the end */
    {"PAYLOAD", "payload"},  /* case */
    {"numebrs", "numbers"},
    {"haertbaet", "heartbeat"}, /* two swaps */
    {"hrtbeat", "heartbeat"},
    {"hrtbt", NULL},  /* four missing */
    {"dato", "data"}, /* as near as "date": the first */
    {"date", "date"}, /* exact, although "data" is near and first */
    {"di", "id"},
    {"d", NULL}, /* one change, but nothing is left of it */
    {"xy", NULL},
    {"", NULL},
    {"colour", NULL},
    {"max_recordee", "max_recorder"}, /* "max_records" is first, and near, but less so */
    {"max-records", "max_records"},
    {"the quick brown fox jumps over the lazy dog and then over the other dog too", NULL},
};

START_TEST(nearest)
{
    const char *found = suggest(cases[_i].word, words, WORDS);

    if (cases[_i].nearest)
        ck_assert_pstr_eq(found, cases[_i].nearest);
    else
        ck_assert_msg(!found, "\"%s\": \"%s\"", cases[_i].word, found);
}
END_TEST

START_TEST(long_words)
{
    char candidate[66], word[66];
    const char *list[] = {candidate};

    memset(candidate, 'a', sizeof candidate);
    memset(word, 'a', sizeof word);
    word[0] = 'b';
    word[65] = candidate[65] = '\0';
    ck_assert_ptr_null(suggest(word, list, 1)); /* 65 letters both */
    word[64] = '\0';
    ck_assert_ptr_null(suggest(word, list, 1)); /* 64 and 65 */
    candidate[64] = '\0';
    ck_assert_ptr_eq(suggest(word, list, 1), candidate);
    ck_assert_ptr_null(suggest(word, list, 0));
}
END_TEST

START_TEST(hints)
{
    char out[SUGGEST_ROOM];
    char small[12];

    ck_assert_str_eq(suggest_hint(out, sizeof out, "dat", words, 4), "did you mean \"data\"?");
    ck_assert_str_eq(suggest_hint(out, sizeof out, "x", words, 3),
                     "expected payload, numbers or heartbeat");
    ck_assert_str_eq(suggest_hint(out, sizeof out, "x", words, 2), "expected payload or numbers");
    ck_assert_str_eq(suggest_hint(out, sizeof out, "x", words, 1), "expected payload");
    ck_assert_str_eq(suggest_hint(out, sizeof out, "x", words, 0), "");
    ck_assert_str_eq(suggest_hint(small, sizeof small, "x", words, 4), "expected pa");
    ck_assert_str_eq(suggest_hint(small, sizeof small, "dat", words, 4), "did you mea");
}
END_TEST

static void check_printed(const struct problems *problems, const char *expected)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);

    ck_assert_ptr_nonnull(stream);
    problems_print(problems, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_str_eq(out, expected);
    free(out);
}

START_TEST(problems_are_sorted)
{
    struct problems problems = {0};

    check_printed(&problems, "");
    ck_assert_uint_eq(problems_count(&problems), 0);
    problems_add(&problems, "b", 10, 1, "one");
    problems_add(&problems, "b", 9, 0, "two");
    problems_add(&problems, "b", 10, 1, "three");
    problems_add(&problems, "a", 11, 7, "four %d", 4);
    problems_add(&problems, "b", 0, 0, "five");
    problems_add(&problems, "a", 11, 6, "six");
    problems_add(&problems, "b", 10, 1, "seven\n\x1b");
    problems_add(&problems, NULL, 0, 0, "eight");
    ck_assert_uint_eq(problems_count(&problems), 8);
    check_printed(&problems, "eight\na:11:6: six\na:11:7: four 4\nb: five\nb:9: two\nb:10:1: one\n"
                             "b:10:1: three\nb:10:1: seven\\x0a\\x1b\n");
    problems_free(&problems);
    ck_assert_uint_eq(problems_count(&problems), 0);
    check_printed(&problems, "");
}
END_TEST

START_TEST(too_many_problems_are_counted)
{
    struct problems problems = {0};
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);
    unsigned i;

    ck_assert_ptr_nonnull(stream);
    for (i = 0; i < PROBLEMS_KEPT + 3; i++)
        problems_add(&problems, "f", PROBLEMS_KEPT + 3 - i, 1, "x");
    ck_assert_uint_eq(problems_count(&problems), PROBLEMS_KEPT + 3);
    problems_print(&problems, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_int_eq(strncmp(out, "f:4:1: x\nf:5:1: x\n", 18), 0);
    ck_assert_ptr_nonnull(strstr(out, "f:1003:1: x\nand 3 more problems that are not shown\n"));
    free(out);
    problems_free(&problems);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("suggest");
    TCase *tests = tcase_create("suggest");

    tcase_add_loop_test(tests, nearest, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tests, long_words);
    tcase_add_test(tests, hints);
    tcase_add_test(tests, problems_are_sorted);
    tcase_add_test(tests, too_many_problems_are_counted);
    suite_add_tcase(suite, tests);
    return suite;
}
