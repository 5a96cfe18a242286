/* SPDX-License-Identifier: MIT
 *
 * Settings against their table: types, ranges, units, defaults, and tables of other versions.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/host/options.h"
#include "common/runner.h"

#define SECOND INT64_C(1000000000)

static const char *const colors[] = {"red", "green", "blue", NULL};

enum { FLAG, COUNT, SIZE, PAUSE, NAME, COLOR, PARTS, WORDS, NEEDED, OPTIONS };

static const struct muster_option options[OPTIONS] = {
    [FLAG] = {.name = "flag", .summary = "s", .type = MUSTER_OPTION_BOOL, .fallback = "true"},
    [COUNT] = {.name = "count",
               .summary = "s",
               .type = MUSTER_OPTION_INT,
               .fallback = "5",
               .min = -3,
               .max = 9},
    [SIZE] = {.name = "size",
              .summary = "s",
              .type = MUSTER_OPTION_SIZE,
              .fallback = "64KiB",
              .min = 16,
              .max = 1 << 20},
    [PAUSE] = {.name = "pause", .summary = "s", .type = MUSTER_OPTION_DURATION, .fallback = "10s"},
    [NAME] = {.name = "name_of_it", .summary = "s", .type = MUSTER_OPTION_STRING},
    [COLOR] = {.name = "color",
               .summary = "s",
               .type = MUSTER_OPTION_CHOICE,
               .fallback = "green",
               .choices = colors},
    [PARTS] = {.name = "parts",
               .summary = "s",
               .type = MUSTER_OPTION_LIST,
               .fallback = "blue,red",
               .choices = colors},
    [WORDS] = {.name = "words", .summary = "s", .type = MUSTER_OPTION_LIST},
    [NEEDED] = {.name = "needed",
                .summary = "what it is",
                .type = MUSTER_OPTION_INT,
                .flags = MUSTER_OPTION_REQUIRED},
};

static const struct option_table table = {
    .options = options, .count = OPTIONS, .stride = sizeof options[0]};
static const char *const nobody[] = {NULL};
static const char *const others[] = {"plugin", NULL};

static config_t file;
static struct option_value values[OPTIONS];
static char *said;  /* the problems, as they are printed */
static int outcome; /* what options_read returned */

static void read_with(const struct option_table *with, const char *text,
                      const char *const *other_names)
{
    struct problems problems = {0};
    size_t size;
    FILE *out = open_memstream(&said, &size);

    config_init(&file);
    ck_assert_int_eq(config_read_string(&file, text), CONFIG_TRUE);
    outcome = options_read(with, config_root_setting(&file), other_names, "the thing", "f", 77,
                           values, &problems);
    ck_assert_int_ge(outcome, 0);
    problems_print(&problems, out);
    fclose(out);
    problems_free(&problems);
}

static void done(void)
{
    options_free(values, OPTIONS);
    config_destroy(&file);
    free(said);
}

/* A setting that is good (`problem` is ""), or what is said of it. */
static void read_text(const char *text, const char *problem)
{
    char whole[512];

    snprintf(whole, sizeof whole, "needed = 1;\n%s\n", text);
    read_with(&table, whole, nobody);
    ck_assert_str_eq(said, problem);
}

static void expect_number(const char *text, int option, int64_t number)
{
    read_text(text, "");
    ck_assert_int_eq(values[option].number, number);
    ck_assert_uint_eq(values[option].line, 2);
    done();
}

/* What is said of a bad setting; its default stands in for it. */
static void expect_problem(const char *text, int option, const char *problem)
{
    int64_t fallbacks[OPTIONS] = {
        [FLAG] = 1, [COUNT] = 5, [SIZE] = 65536, [PAUSE] = 10 * SECOND, [COLOR] = 1};

    read_text(text, problem);
    ck_assert_int_eq(values[option].number, fallbacks[option]);
    ck_assert_uint_eq(values[option].line, 2); /* for a plugin that complains of it */
    if (option == COLOR)
        ck_assert_str_eq(values[option].text, "green");
    else
        ck_assert_ptr_null(values[option].text);
    ck_assert_uint_eq(values[option].item_count, option == PARTS ? 2 : 0);
    done();
}

START_TEST(defaults)
{
    char why[200];

    ck_assert(options_valid(&table, why, sizeof why));
    read_text("", "");
    ck_assert_int_eq(values[FLAG].number, 1);
    ck_assert_int_eq(values[COUNT].number, 5);
    ck_assert_int_eq(values[SIZE].number, 65536);
    ck_assert_int_eq(values[PAUSE].number, 10 * SECOND);
    ck_assert_ptr_null(values[NAME].text);
    ck_assert_int_eq(values[COLOR].number, 1);
    ck_assert_str_eq(values[COLOR].text, "green");
    ck_assert_uint_eq(values[PARTS].item_count, 2);
    ck_assert_str_eq(values[PARTS].items[0], "blue");
    ck_assert_str_eq(values[PARTS].items[1], "red");
    ck_assert_uint_eq(values[WORDS].item_count, 0);
    ck_assert_uint_eq(values[COUNT].line, 0); /* the file does not set it */
    done();
}
END_TEST

START_TEST(numbers)
{
    expect_number("flag = false;", FLAG, 0);
    expect_number("flag = true;", FLAG, 1);
    expect_number("count = -3;", COUNT, -3);
    expect_number("count = 9;", COUNT, 9);
    expect_number("count = 0x8;", COUNT, 8);
    expect_number("size = 16;", SIZE, 16);
    expect_number("size = 1048576L;", SIZE, 1048576);
    expect_number("size = \"2KiB\";", SIZE, 2048);
    expect_number("size = \"1MiB\";", SIZE, 1048576);
    expect_number("pause = 2;", PAUSE, 2 * SECOND);
    expect_number("pause = \"2\";", PAUSE, 2 * SECOND);
    expect_number("pause = 0;", PAUSE, 0);
    expect_number("pause = \"250ms\";", PAUSE, SECOND / 4);
    expect_number("pause = \"1h\";", PAUSE, 3600 * SECOND);
    expect_number("pause = \"1d\";", PAUSE, 86400 * SECOND);
    expect_number("color = \"blue\";", COLOR, 2);
    expect_number("color = \"red\";", COLOR, 0);
}
END_TEST

START_TEST(texts_and_lists)
{
    read_text("name_of_it = \"a \\\"b\"; words = (\"x\", \"\", \"x\"); parts = [\"red\"];", "");
    ck_assert_str_eq(values[NAME].text, "a \"b");
    ck_assert_uint_eq(values[WORDS].item_count, 3);
    ck_assert_str_eq(values[WORDS].items[0], "x");
    ck_assert_str_eq(values[WORDS].items[1], "");
    ck_assert_uint_eq(values[PARTS].item_count, 1);
    ck_assert_str_eq(values[PARTS].items[0], "red");
    done();
    read_text("name_of_it = \"\"; parts = ();", ""); /* empty is not absent */
    ck_assert_str_eq(values[NAME].text, "");
    ck_assert_uint_eq(values[PARTS].item_count, 0);
    done();
}
END_TEST

START_TEST(ranges)
{
    expect_problem("count = -4;", COUNT, "f:2: count: -4 is out of range; expected -3 to 9\n");
    expect_problem("count = 10;", COUNT, "f:2: count: 10 is out of range; expected -3 to 9\n");
    expect_problem("size = \"2MiB\";", SIZE,
                   "f:2: size: 2MiB is out of range; expected 16B to 1MiB\n");
    expect_problem("size = 15;", SIZE, "f:2: size: 15B is out of range; expected 16B to 1MiB\n");
    expect_problem("pause = -1;", PAUSE, "f:2: pause: -1s is too small; expected at least 0s\n");
}
END_TEST

START_TEST(wrong_types)
{
    expect_problem("flag = 1;", FLAG, "f:2: flag: expected true or false\n");
    expect_problem("flag = \"true\";", FLAG, "f:2: flag: expected true or false\n");
    expect_problem("count = \"5\";", COUNT, "f:2: count: expected a whole number\n");
    expect_problem("count = 5.0;", COUNT, "f:2: count: expected a whole number\n");
    expect_problem("count = true;", COUNT, "f:2: count: expected a whole number\n");
    expect_problem("count = (5);", COUNT, "f:2: count: expected a whole number\n");
    expect_problem("size = 1.5;", SIZE,
                   "f:2: size: expected a size such as \"64KiB\" or \"2MiB\"\n");
    expect_problem("size = \"64kB\";", SIZE,
                   "f:2: size: cannot read \"64kB\"; expected a size such as \"64KiB\" or "
                   "\"2MiB\"\n");
    expect_problem("pause = \"10 s\";", PAUSE,
                   "f:2: pause: cannot read \"10 s\"; expected a duration such as \"250ms\" or "
                   "\"10s\"\n");
    expect_problem("name_of_it = 5;", NAME, "f:2: name_of_it: expected a text in quotes\n");
    expect_problem("color = 1;", COLOR,
                   "f:2: color: expected one of \"red\", \"green\", \"blue\"\n");
    expect_problem("parts = \"red\";", PARTS,
                   "f:2: parts: expected a list of texts such as ( \"a\", \"b\" )\n");
    expect_problem("parts = (\"red\", 5);", PARTS,
                   "f:2: parts: expected a list of texts such as ( \"a\", \"b\" )\n");
    expect_problem("words = { a = 1; };", WORDS,
                   "f:2: words: expected a list of texts such as ( \"a\", \"b\" )\n");
}
END_TEST

START_TEST(unknown_choices)
{
    expect_problem("color = \"gren\";", COLOR,
                   "f:2: color: unknown \"gren\"; did you mean \"green\"? (one of \"red\", "
                   "\"green\", \"blue\")\n");
    expect_problem("color = \"mauve\";", COLOR,
                   "f:2: color: unknown \"mauve\"; expected one of \"red\", \"green\", \"blue\"\n");
    expect_problem("parts = (\"red\", \"mauve\");", PARTS,
                   "f:2: parts: unknown \"mauve\"; expected one of \"red\", \"green\", \"blue\"\n");
}
END_TEST

START_TEST(unknown_names)
{
    read_with(&table, "needed = 1; plugin = \"x\";\ncuont = 3;\nnothing_like_it = 3;", others);
    ck_assert_str_eq(said, "f:2: the thing has no setting \"cuont\"; did you mean \"count\"?\n"
                           "f:3: the thing has no setting \"nothing_like_it\"\n");
    done();
    read_with(&table, "needed = 1; cuont = 3;", NULL); /* somebody else looks */
    ck_assert_str_eq(said, "");
    done();
}
END_TEST

START_TEST(a_required_one)
{
    read_with(&table, "count = 3;", nobody);
    ck_assert_str_eq(said, "f:77: the thing needs the setting \"needed\": what it is\n");
    ck_assert_int_eq(outcome, 1);
    done();
    read_with(&table, "needed = \"no\";", nobody); /* it is there, if wrong */
    ck_assert_str_eq(said, "f:1: needed: expected a whole number\n");
    ck_assert_int_eq(outcome, 1);
    done();
    read_with(&table, "needed = 1; count = \"no\";", nobody); /* that one has a default */
    ck_assert_int_eq(outcome, 0);
    done();
}
END_TEST

START_TEST(no_group)
{
    struct problems problems = {0};

    ck_assert_int_eq(options_read(&table, NULL, nobody, "the thing", "f", 3, values, &problems), 1);
    ck_assert_uint_eq(problems_count(&problems), 1); /* the required one */
    ck_assert_int_eq(values[COUNT].number, 5);
    problems_free(&problems);
    options_free(values, OPTIONS);
}
END_TEST

/* An option of a later version: the host reads what it knows, and steps over the rest. */
struct later_option {
    struct muster_option option;
    uint64_t unknown[3];
};

START_TEST(a_later_table)
{
    static const struct later_option later[] = {
        {.option = {.name = "a", .summary = "s", .type = MUSTER_OPTION_INT, .fallback = "3"},
         .unknown = {~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}},
        {.option = {.name = "b", .summary = "s", .type = MUSTER_OPTION_STRING, .fallback = "x"},
         .unknown = {~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}},
    };
    const struct option_table with = {
        .options = &later[0].option, .count = 2, .stride = sizeof later[0]};
    char why[200];

    ck_assert(options_valid(&with, why, sizeof why));
    ck_assert_int_eq(option_find(&with, "b"), 1);
    ck_assert_int_eq(option_find(&with, "c"), -1);
    read_with(&with, "a = 8;", nobody);
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(values[0].number, 8);
    ck_assert_str_eq(values[1].text, "x");
    done();
}
END_TEST

/* A table without the last field, as if it had been appended since. */
START_TEST(an_earlier_table)
{
    enum { STRIDE = offsetof(struct muster_option, flags) };
    uint64_t bytes[2 * sizeof(struct muster_option) / sizeof(uint64_t)];
    struct option_table with = {
        .options = (const struct muster_option *)(const void *)bytes, .count = 2, .stride = STRIDE};
    struct muster_option option = options[NEEDED];

    memset(bytes, 0xff, sizeof bytes);
    memcpy(bytes, &option, STRIDE);
    option.name = "second";
    memcpy((char *)bytes + STRIDE, &option, STRIDE);
    ck_assert_uint_eq(option_at(&with, 0).flags, 0); /* not required: it does not say so */
    ck_assert_uint_eq(option_at(&with, 1).flags, 0);
    ck_assert_uint_eq(option_at(&with, 1).type, MUSTER_OPTION_INT);
    ck_assert_int_eq(option_find(&with, "second"), 1);
    read_with(&with, "second = 4;", nobody);
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(values[1].number, 4);
    done();
}
END_TEST

static void expect_invalid(struct muster_option option, const char *reason)
{
    const struct muster_option two[] = {options[COUNT], option};
    const struct option_table with = {.options = two, .count = 2, .stride = sizeof two[0]};
    char why[200] = "";

    ck_assert(!options_valid(&with, why, sizeof why));
    ck_assert_str_eq(why, reason);
}

START_TEST(bad_tables)
{
    struct muster_option good = {.name = "good", .summary = "s", .type = MUSTER_OPTION_INT}, bad;

    bad = good;
    bad.name = NULL;
    expect_invalid(bad, "option 1 has no name or no summary");
    bad = good;
    bad.summary = NULL;
    expect_invalid(bad, "option 1 has no name or no summary");
    bad = good;
    bad.type = 99;
    expect_invalid(bad, "option good is of type 99, which this version does not know");
    bad.type = 0;
    expect_invalid(bad, "option good is of type 0, which this version does not know");
    bad.type = MUSTER_OPTION_CHOICE;
    expect_invalid(bad, "option good has no choices");
    bad.choices = colors;
    bad.fallback = "pink";
    expect_invalid(bad, "option good has an unreadable default \"pink\"");
    bad = good;
    bad.fallback = "many";
    expect_invalid(bad, "option good has an unreadable default \"many\"");
    bad.type = MUSTER_OPTION_DURATION;
    expect_invalid(bad, "option good has an unreadable default \"many\"");
    bad.type = MUSTER_OPTION_BOOL;
    expect_invalid(bad, "option good has an unreadable default \"many\"");
    bad = good;
    bad.name = "count";
    expect_invalid(bad, "option count is there twice");
}
END_TEST

START_TEST(described)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    options_describe(&table, out);
    fclose(out);
    ck_assert_ptr_nonnull(
        strstr(text, "  count\n      s.\n      a whole number, -3 to 9; default: 5\n"));
    ck_assert_ptr_nonnull(strstr(text, "one of \"red\", \"green\", \"blue\"; default: green\n"));
    ck_assert_ptr_nonnull(strstr(text, ", 16B to 1MiB; default: 64KiB\n"));
    ck_assert_ptr_nonnull(strstr(text, "what it is.\n      a whole number; required\n"));
    ck_assert_ptr_nonnull(strstr(text, "a text in quotes; default: none\n"));
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {defaults,    numbers,         texts_and_lists,  ranges,
                                  wrong_types, unknown_choices, unknown_names,    a_required_one,
                                  no_group,    a_later_table,   an_earlier_table, bad_tables,
                                  described};
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
