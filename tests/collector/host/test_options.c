/* SPDX-License-Identifier: MIT
 *
 * Options and their values: types, ranges, units, choices, defaults, and tables of other versions.
 */
#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "collector/host/options.h"
#include "common/runner.h"

#define SECOND INT64_C(1000000000)

static const char *const colors[] = {"red", "green", "blue", NULL};

enum { FLAG, COUNT, SIZE, PAUSE, EVERY, NAME, COLOR, PARTS, WORDS, NEEDED, OPTIONS };

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
    [EVERY] = {.name = "every",
               .summary = "s",
               .type = MUSTER_OPTION_DURATION,
               .min = 1,
               .max = INT64_MAX},
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

static struct option_value values[OPTIONS];
static char why[OPTION_ROOM];

static void set_up(void)
{
    memset(values, 0, sizeof values);
    strcpy(why, "nothing");
}

static void tear_down(void)
{
    options_free(values, OPTIONS);
}

static int read_text(int option, const char *text)
{
    return option_read(&options[option], text, &values[option], why);
}

static void expect_number(int option, const char *text, int64_t number)
{
    ck_assert_msg(read_text(option, text) == 0, "%s: %s", text, why);
    ck_assert_int_eq(values[option].number, number);
    option_clear(&values[option]);
}

static void expect_refused(int option, const char *text, const char *reason)
{
    values[option].line = 7;
    ck_assert_int_eq(read_text(option, text), 1);
    ck_assert_str_eq(why, reason);
    ck_assert_int_eq(values[option].number, 0);
    ck_assert_ptr_null(values[option].text);
    ck_assert_ptr_null(values[option].items);
    ck_assert_uint_eq(values[option].item_count, 0);
    ck_assert_uint_eq(values[option].line, 7); /* for whoever complains of it */
}

START_TEST(numbers)
{
    expect_number(FLAG, "false", 0);
    expect_number(FLAG, "true", 1);
    expect_number(COUNT, "-3", -3);
    expect_number(COUNT, "9", 9);
    expect_number(COUNT, "0", 0);
    expect_number(SIZE, "16", 16);
    expect_number(SIZE, "2KiB", 2048);
    expect_number(SIZE, "1MiB", 1048576);
    expect_number(PAUSE, "2", 2 * SECOND);
    expect_number(PAUSE, "0", 0);
    expect_number(PAUSE, "250ms", SECOND / 4);
    expect_number(PAUSE, "1h", 3600 * SECOND);
    expect_number(PAUSE, "1d", 86400 * SECOND);
    expect_number(NEEDED, "9223372036854775807", INT64_MAX);
    expect_number(COLOR, "blue", 2);
    expect_number(COLOR, "red", 0);
}
END_TEST

START_TEST(texts)
{
    ck_assert_int_eq(read_text(NAME, "a \"b"), 0);
    ck_assert_str_eq(values[NAME].text, "a \"b");
    option_clear(&values[NAME]);
    ck_assert_int_eq(read_text(NAME, ""), 0); /* empty is not absent */
    ck_assert_str_eq(values[NAME].text, "");
    ck_assert_int_eq(read_text(COLOR, "green"), 0);
    ck_assert_str_eq(values[COLOR].text, "green");
}
END_TEST

START_TEST(lists)
{
    ck_assert_int_eq(read_text(WORDS, "x,, y z ,x"), 0);
    ck_assert_uint_eq(values[WORDS].item_count, 4);
    ck_assert_str_eq(values[WORDS].items[0], "x");
    ck_assert_str_eq(values[WORDS].items[1], "");
    ck_assert_str_eq(values[WORDS].items[2], "y z");
    ck_assert_str_eq(values[WORDS].items[3], "x");
    ck_assert_int_eq(option_read_item(&options[WORDS], " more, ", &values[WORDS], why), 0);
    ck_assert_uint_eq(values[WORDS].item_count, 5);
    ck_assert_str_eq(values[WORDS].items[4], " more, "); /* one item as it is */
    ck_assert_int_eq(read_text(PARTS, ""), 0);
    ck_assert_uint_eq(values[PARTS].item_count, 0);
    ck_assert_int_eq(read_text(PARTS, "red"), 0);
    ck_assert_int_eq(option_read_item(&options[PARTS], "mauve", &values[PARTS], why), 1);
    ck_assert_uint_eq(values[PARTS].item_count, 1); /* those before stay */
}
END_TEST

START_TEST(ranges)
{
    expect_refused(COUNT, "-4", "-4 is out of range; expected -3 to 9");
    expect_refused(COUNT, "10", "10 is out of range; expected -3 to 9");
    expect_refused(COUNT, "18446744073709551617",
                   "18446744073709551617 is out of range; expected -3 to 9");
    expect_refused(SIZE, "2MiB", "2MiB is out of range; expected 16B to 1MiB");
    expect_refused(SIZE, "15", "15 is out of range; expected 16B to 1MiB");
    expect_refused(SIZE, "99999999TiB", "99999999TiB is out of range; expected 16B to 1MiB");
    expect_refused(PAUSE, "-1", "-1 is too small; expected at least 0s");
    expect_refused(PAUSE, "99999999999d",
                   "99999999999d is too large; expected at most 9223372036854775807ns");
    expect_refused(EVERY, "0s", "0s is too small; expected at least 1ns, or leave it out");
    expect_refused(NEEDED, "-1", "-1 is too small; expected at least 0");
    expect_refused(NEEDED, "9223372036854775808",
                   "9223372036854775808 is too large; expected at most 9223372036854775807");
}
END_TEST

START_TEST(unreadable)
{
    static const char *const no_numbers[] = {"",    "-",    "+1", "0x8", "010", "-01",
                                             "1.0", "five", " 5", "5 ",  "1e3"};
    size_t i;
    char expected[OPTION_ROOM];

    for (i = 0; i < sizeof no_numbers / sizeof no_numbers[0]; i++) {
        snprintf(expected, sizeof expected,
                 "cannot read \"%s\"; expected a whole number, -3 to 9, in decimal", no_numbers[i]);
        expect_refused(COUNT, no_numbers[i], expected);
    }
    expect_refused(FLAG, "1", "cannot read \"1\"; expected true or false");
    expect_refused(FLAG, "True", "cannot read \"True\"; expected true or false");
    expect_refused(SIZE, "64kB",
                   "cannot read \"64kB\"; expected a whole number of bytes, or one with KiB, MiB, "
                   "GiB or TiB: 64KiB");
    expect_refused(PAUSE, "10 s",
                   "cannot read \"10 s\"; expected a whole number with ns, us, ms, s, m, h or d, "
                   "such as 10s");
    expect_refused(PAUSE, "s",
                   "cannot read \"s\"; expected a whole number with ns, us, ms, s, m, h or d, such "
                   "as 10s");
}
END_TEST

START_TEST(unknown_choices)
{
    expect_refused(COLOR, "gren",
                   "unknown \"gren\"; did you mean \"green\"? (one of \"red\", \"green\", "
                   "\"blue\")");
    expect_refused(COLOR, "mauve",
                   "unknown \"mauve\"; expected one of \"red\", \"green\", \"blue\"");
    expect_refused(PARTS, "red,mauve",
                   "unknown \"mauve\"; expected one of \"red\", \"green\", \"blue\"");
}
END_TEST

START_TEST(defaults)
{
    uint32_t i;

    ck_assert(options_valid(&table, why, sizeof why));
    for (i = 0; i < OPTIONS; i++)
        ck_assert_int_eq(option_read_fallback(&options[i], &values[i], why), 0);
    ck_assert_int_eq(values[FLAG].number, 1);
    ck_assert_int_eq(values[COUNT].number, 5);
    ck_assert_int_eq(values[SIZE].number, 65536);
    ck_assert_int_eq(values[PAUSE].number, 10 * SECOND);
    ck_assert_int_eq(values[EVERY].number, 0); /* there is none, whatever the range */
    ck_assert_ptr_null(values[NAME].text);
    ck_assert_int_eq(values[COLOR].number, 1);
    ck_assert_str_eq(values[COLOR].text, "green");
    ck_assert_uint_eq(values[PARTS].item_count, 2);
    ck_assert_str_eq(values[PARTS].items[0], "blue");
    ck_assert_str_eq(values[PARTS].items[1], "red");
    ck_assert_uint_eq(values[WORDS].item_count, 0);
    ck_assert_int_eq(values[NEEDED].number, 0);
}
END_TEST

/* A default may be out of the range: a plugin's way to say "never". */
START_TEST(a_default_out_of_range)
{
    const struct muster_option option = {.name = "a",
                                         .summary = "s",
                                         .type = MUSTER_OPTION_INT,
                                         .fallback = "0",
                                         .min = 1,
                                         .max = 5};
    const struct option_table with = {.options = &option, .count = 1, .stride = sizeof option};

    values[0].number = 7;
    ck_assert(options_valid(&with, why, sizeof why));
    ck_assert_int_eq(option_read_fallback(&option, &values[0], why), 0);
    ck_assert_int_eq(values[0].number, 0);
    ck_assert_int_eq(option_read(&option, "0", &values[0], why), 1);
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

    ck_assert(options_valid(&with, why, sizeof why));
    ck_assert_int_eq(option_find(&with, "b"), 1);
    ck_assert_int_eq(option_find(&with, "c"), -1);
    ck_assert_str_eq(option_at(&with, 1).fallback, "x");
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
}
END_TEST

static void expect_invalid(struct muster_option option, const char *reason)
{
    const struct muster_option two[] = {options[COUNT], option};
    const struct option_table with = {.options = two, .count = 2, .stride = sizeof two[0]};

    ck_assert(!options_valid(&with, why, sizeof why));
    ck_assert_str_eq(why, reason);
}

START_TEST(bad_tables)
{
    struct muster_option good = {.name = "good", .summary = "s", .type = MUSTER_OPTION_INT}, bad;

    bad = good;
    bad.name = NULL;
    expect_invalid(bad, "option 1 has no name");
    bad = good;
    bad.summary = NULL;
    expect_invalid(bad, "option good has no summary");
    bad = good;
    bad.flags = MUSTER_OPTION_REQUIRED;
    bad.fallback = "1";
    expect_invalid(bad, "option good is required, and has a default, which would never be used; "
                        "take one of them out");
    bad = good;
    bad.type = 99;
    expect_invalid(bad, "option good is of type 99, which this version does not know");
    bad.type = 0;
    expect_invalid(bad, "option good is of type 0, which this version does not know");
    bad.type = MUSTER_OPTION_CHOICE;
    expect_invalid(bad, "option good has no choices");
    bad.choices = colors;
    bad.fallback = "pink";
    expect_invalid(bad, "option good has a default \"pink\" that is no value of it: unknown "
                        "\"pink\"; expected one of \"red\", \"green\", \"blue\"");
    bad = good;
    bad.fallback = "many";
    expect_invalid(bad, "option good has a default \"many\" that is no value of it: cannot read "
                        "\"many\"; expected a whole number, in decimal");
    bad.type = MUSTER_OPTION_DURATION;
    expect_invalid(bad, "option good has a default \"many\" that is no value of it: cannot read "
                        "\"many\"; expected " UNITS_DURATION_FORM);
    bad.type = MUSTER_OPTION_BOOL;
    expect_invalid(bad, "option good has a default \"many\" that is no value of it: cannot read "
                        "\"many\"; expected true or false");
    bad.type = MUSTER_OPTION_PATH;
    bad.fallback = "";
    expect_invalid(bad, "option good has a default \"\" that is no value of it: it is empty");
    bad.type = MUSTER_OPTION_SECRET;
    bad.fallback = "hush";
    expect_invalid(
        bad, "option good has a default \"(secret)\" that is no value of it: a secret has none");
    bad = good;
    bad.flags = 10;
    expect_invalid(bad, "option good has the flags 0x8, which this version does not know");
    bad.flags = MUSTER_OPTION_VALUES;
    expect_invalid(bad, "option good has values as choices, too, and is no list with choices");
    bad.flags = MUSTER_OPTION_INPUT;
    expect_invalid(bad, "option good is marked as an input, and is a whole number; only a path can "
                        "be one");
    bad = good;
    bad.name = "count";
    expect_invalid(bad, "option count is there twice");
    bad.name = "Count";
    expect_invalid(bad,
                   "option 1, \"Count\", is not called as one: expected lower case, digits and "
                   "underscores");
}
END_TEST

START_TEST(bad_ranges)
{
    struct muster_option good = {.name = "good", .summary = "s", .type = MUSTER_OPTION_INT}, bad;

    bad = good;
    bad.min = 3;
    bad.max = 2;
    expect_invalid(bad, "option good has a smallest value that is larger than its largest");
    bad.max = 5;
    bad.fallback = "6";
    expect_invalid(bad,
                   "option good has a default \"6\" that is no value of it: 6 is out of range; "
                   "expected 3 to 5");
    bad = good;
    bad.type = MUSTER_OPTION_REAL;
    bad.real_min = 0.5;
    expect_invalid(bad, "option good has a smallest value that is larger than its largest");
    bad.real_min = NAN;
    expect_invalid(bad, "option good has a smallest value that is larger than its largest");
    bad.real_min = 0;
    bad.real_max = 1.5;
    bad.fallback = "1.6";
    expect_invalid(bad, "option good has a default \"1.6\" that is no value of it: 1.6 is out of "
                        "range; expected 0 to 1.5");
}
END_TEST

START_TEST(bad_aliases)
{
    struct muster_option bad = {
        .name = "good", .summary = "s", .type = MUSTER_OPTION_INT, .alias = "count"};
    struct option_table with = {.options = &bad, .count = 1, .stride = sizeof bad};

    expect_invalid(bad,
                   "option good has the alias \"count\", which is another option's name or its "
                   "own");
    ck_assert(options_valid(&with, why, sizeof why)); /* it is nobody's here */
    ck_assert(options_has(&with, "good"));
    ck_assert(options_has(&with, "count"));
    ck_assert(!options_has(&with, "other"));
    bad.alias = "good";
    expect_invalid(bad,
                   "option good has the alias \"good\", which is another option's name or its own");
    bad.alias = "a b";
    expect_invalid(bad, "option 1, \"a b\", is not called as one: expected lower case, digits and "
                        "underscores");
}
END_TEST

static const struct muster_option share = {
    .name = "share", .summary = "s", .type = MUSTER_OPTION_REAL, .real_min = -0.5, .real_max = 1e6};

static void expect_real(const struct muster_option *option, const char *text, double real)
{
    struct option_value value = {0};

    ck_assert_msg(option_read(option, text, &value, why) == 0, "%s: %s", text, why);
    ck_assert(value.real == real);
    ck_assert_str_eq(option_text(option, &value, why), text);
}

static void expect_no_real(const struct muster_option *option, const char *text, const char *reason)
{
    struct option_value value = {0};

    ck_assert_int_eq(option_read(option, text, &value, why), 1);
    ck_assert_str_eq(why, reason);
    ck_assert(value.real == 0);
}

START_TEST(reals)
{
    struct muster_option any = {.name = "a", .summary = "s", .type = MUSTER_OPTION_REAL};

    expect_real(&share, "-0.5", -0.5);
    expect_real(&share, "0.1", 0.1);
    expect_real(&share, "1e+06", 1e6);
    expect_real(&any, "-1e+300", -1e300);
    expect_no_real(&share, "-0.51", "-0.51 is out of range; expected -0.5 to 1e+06");
    expect_no_real(&share, "1,5",
                   "cannot read \"1,5\"; expected a number such as 0.5, -0.5 to 1e+06");
    expect_no_real(&any, " 1", "cannot read \" 1\"; expected a number such as 0.5");
    expect_no_real(&any, "inf", "cannot read \"inf\"; expected a number such as 0.5");
    expect_no_real(&any, "1e999", "cannot read \"1e999\"; expected a number such as 0.5");
    any.real_max = INFINITY;
    expect_no_real(&any, "-1", "-1 is out of range; expected at least 0");
    ck_assert_str_eq(option_form(&any, why), "a number such as 0.5, at least 0");
    any.real_min = -INFINITY;
    any.real_max = 3;
    expect_no_real(&any, "3.5", "3.5 is out of range; expected at most 3");
}
END_TEST

START_TEST(paths)
{
    const struct muster_option option = {.name = "a", .summary = "s", .type = MUSTER_OPTION_PATH};
    struct option_value value = {0};
    char directory[PATH_MAX], expected[2 * PATH_MAX];

    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    ck_assert_int_eq(option_read(&option, "/a/b", &value, why), 0);
    ck_assert_str_eq(value.text, "/a/b");
    option_clear(&value);
    ck_assert_int_eq(option_read(&option, "a b", &value, why), 0);
    snprintf(expected, sizeof expected, "%s/a b", directory);
    ck_assert_str_eq(value.text, expected);
    option_clear(&value);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(option_read(&option, "a", &value, why), 0);
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_str_eq(value.text, "/a");
    ck_assert_str_eq(option_text(&option, &value, why), "\"/a\"");
    option_clear(&value);
    ck_assert_int_eq(option_read(&option, "", &value, why), 1);
    ck_assert_str_eq(why, "it is empty; expected the name of a file or directory");
}
END_TEST

START_TEST(secrets)
{
    const struct muster_option option = {.name = "a", .summary = "s", .type = MUSTER_OPTION_SECRET};
    struct option_value value = {0};

    ck_assert_str_eq(option_text(&option, &value, why), "none");
    ck_assert_int_eq(option_read(&option, "hush", &value, why), 0);
    ck_assert_str_eq(value.text, "hush");
    ck_assert_str_eq(option_text(&option, &value, why), "(secret)");
    option_clear(&value);
    ck_assert_ptr_null(value.text);
    ck_assert_int_eq(option_read(&option, "env:MUSTER_TEST_NOT_SET", &value, why), 1);
    ck_assert_ptr_nonnull(strstr(why, "\"MUSTER_TEST_NOT_SET\" is not set"));
}
END_TEST

/* Values as one would write them. */
START_TEST(texts_of_values)
{
    static const char *const choices[] = {"a", "b", NULL};
    static const struct {
        uint32_t type;
        const char *written, *shown;
    } list[] = {
        {MUSTER_OPTION_BOOL, "true", "true"},
        {MUSTER_OPTION_INT, "7", "7"},
        {MUSTER_OPTION_SIZE, "2MiB", "2MiB"},
        {MUSTER_OPTION_DURATION, "10s", "10s"},
        {MUSTER_OPTION_STRING, "x y", "\"x y\""},
        {MUSTER_OPTION_CHOICE, "b", "\"b\""},
        {MUSTER_OPTION_LIST, "a,b", "( \"a\", \"b\" )"},
        {MUSTER_OPTION_LIST, "", "( )"},
    };
    size_t i;

    for (i = 0; i < sizeof list / sizeof list[0]; i++) {
        const struct muster_option option = {
            .name = "x",
            .summary = "X",
            .type = list[i].type,
            .choices = list[i].type >= MUSTER_OPTION_CHOICE ? choices : NULL,
            .fallback = list[i].written};
        struct option_value value = {0};
        char text[OPTION_ROOM];

        ck_assert_int_eq(option_read_fallback(&option, &value, why), 0);
        ck_assert_str_eq(option_text(&option, &value, text), list[i].shown);
        option_clear(&value);
    }
}
END_TEST

START_TEST(described)
{
    char *text, *line;
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
    ck_assert_ptr_nonnull(strstr(text, ", at least 1ns; default: none\n"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "      a list of texts such as [ \"a\", \"b\" ], each one of "
                                 "\"red\", \"green\", \"blue\";\n      default: blue,red\n"));
    for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_uint_le(strlen(line), 80);
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {numbers,         texts,
                                  lists,           ranges,
                                  unreadable,      unknown_choices,
                                  defaults,        a_default_out_of_range,
                                  a_later_table,   an_earlier_table,
                                  bad_tables,      bad_ranges,
                                  bad_aliases,     reals,
                                  paths,           secrets,
                                  texts_of_values, described};
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
