/* SPDX-License-Identifier: MIT
 *
 * Maps against tables of options, in both syntaxes: what is said of what is wrong, and where.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/node_yaml.h"
#include "collector/config/check.h"
#include "collector/config/node_conf.h"
#include "common/runner.h"
#include "files.h"

#define SECOND INT64_C(1000000000)

static const char *const colors[] = {"red", "green", "blue", NULL};
static const char *const switches[] = {"auto", "false", "24", NULL};

enum { FLAG, COUNT, SIZE, PAUSE, NAME, COLOR, SWITCH, PARTS, WORDS, NEEDED, OPTIONS };

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
    [SWITCH] = {.name = "switch",
                .summary = "s",
                .type = MUSTER_OPTION_CHOICE,
                .fallback = "auto",
                .choices = switches},
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

static struct option_value values[OPTIONS];
static struct node_tree tree;
static struct problems problems;
static int outcome; /* what check_map returned */

static void check_root(const char *const *other_keys)
{
    const struct check check = {&table, other_keys, "the thing"};

    options_free(values, OPTIONS);
    outcome = check_map(&check, tree.root, values, &problems);
    ck_assert_int_ge(outcome, 0);
}

static void read_conf(const char *text, const char *const *other_keys)
{
    files_write("f", text);
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_read(&tree, "f", &problems), 0);
    check_root(other_keys);
}

static void read_yaml(const char *text, const char *const *other_keys)
{
    files_write("f", text);
    node_tree_free(&tree);
    ck_assert_int_eq(node_yaml_read(&tree, "f", &problems), 0);
    check_root(other_keys);
}

/* A setting on line 2 in either syntax, that is good (`said` is ""), or what is said of it. */
static void read_setting(enum node_syntax syntax, const char *text, const char *said)
{
    char whole[512];

    if (syntax == NODE_CONF)
        snprintf(whole, sizeof whole, "needed = 1;\n%s;\n", text);
    else
        snprintf(whole, sizeof whole, "needed: 1\n%s\n", text);
    (syntax == NODE_CONF ? read_conf : read_yaml)(whole, nobody);
    files_expect_said(&problems, said);
    ck_assert_int_eq(outcome, 0);
}

static void expect_number(enum node_syntax syntax, const char *text, int option, int64_t number)
{
    read_setting(syntax, text, "");
    ck_assert_int_eq(values[option].number, number);
    ck_assert_uint_eq(values[option].line, 2);
}

/* What is said of a bad setting; its default stands in for it. */
static void expect_problem(enum node_syntax syntax, const char *text, int option, const char *said)
{
    static const int64_t fallbacks[OPTIONS] = {
        [FLAG] = 1, [COUNT] = 5, [SIZE] = 65536, [PAUSE] = 10 * SECOND, [COLOR] = 1};

    read_setting(syntax, text, said);
    ck_assert_int_eq(values[option].number, fallbacks[option]);
    ck_assert_uint_eq(values[option].line, 2); /* for a plugin that complains of it */
    if (options[option].type == MUSTER_OPTION_CHOICE)
        ck_assert_str_eq(values[option].text, options[option].fallback);
    else
        ck_assert_ptr_null(values[option].text);
    ck_assert_uint_eq(values[option].item_count, option == PARTS ? 2 : 0);
}

START_TEST(nothing_set)
{
    read_conf("needed = 1;", nobody);
    files_expect_said(&problems, "");
    ck_assert_int_eq(values[COUNT].number, 5);
    ck_assert_str_eq(values[COLOR].text, "green");
    ck_assert_uint_eq(values[PARTS].item_count, 2);
    ck_assert_ptr_null(values[NAME].text);
    ck_assert_uint_eq(values[COUNT].line, 0); /* the file does not set it */
}
END_TEST

START_TEST(good_conf)
{
    expect_number(NODE_CONF, "flag = false", FLAG, 0);
    expect_number(NODE_CONF, "flag = true", FLAG, 1);
    expect_number(NODE_CONF, "count = -3", COUNT, -3);
    expect_number(NODE_CONF, "count = 0x8", COUNT, 8);
    expect_number(NODE_CONF, "size = 1048576L", SIZE, 1048576);
    expect_number(NODE_CONF, "size = \"2KiB\"", SIZE, 2048);
    expect_number(NODE_CONF, "pause = 2", PAUSE, 2 * SECOND);
    expect_number(NODE_CONF, "pause = \"2\"", PAUSE, 2 * SECOND);
    expect_number(NODE_CONF, "pause = \"250ms\"", PAUSE, SECOND / 4);
    expect_number(NODE_CONF, "color = \"blue\"", COLOR, 2);
    expect_number(NODE_CONF, "switch = false", SWITCH, 1);
    expect_number(NODE_CONF, "switch = \"false\"", SWITCH, 1);
    expect_number(NODE_CONF, "switch = 24", SWITCH, 2);
    read_setting(NODE_CONF,
                 "name_of_it = \"a \\\"b\"; words = (\"x\", \"\", \"x\"); parts = [\"red\"]", "");
    ck_assert_str_eq(values[NAME].text, "a \"b");
    ck_assert_uint_eq(values[WORDS].item_count, 3);
    ck_assert_str_eq(values[WORDS].items[1], "");
    ck_assert_uint_eq(values[PARTS].item_count, 1);
    read_setting(NODE_CONF, "name_of_it = \"\"; parts = ()", ""); /* empty is not absent */
    ck_assert_str_eq(values[NAME].text, "");
    ck_assert_uint_eq(values[PARTS].item_count, 0);
}
END_TEST

/* Quotes make no difference, and a list of one may be a text alone, as in the other syntax. */
START_TEST(good_yaml)
{
    expect_number(NODE_YAML, "flag: false", FLAG, 0);
    expect_number(NODE_YAML, "flag: 'true'", FLAG, 1);
    expect_number(NODE_YAML, "count: -3", COUNT, -3);
    expect_number(NODE_YAML, "count: \"7\"", COUNT, 7);
    expect_number(NODE_YAML, "size: 2KiB", SIZE, 2048);
    expect_number(NODE_YAML, "pause: 2", PAUSE, 2 * SECOND);
    expect_number(NODE_YAML, "pause: \"250ms\"", PAUSE, SECOND / 4);
    expect_number(NODE_YAML, "color: blue", COLOR, 2);
    expect_number(NODE_YAML, "switch: false", SWITCH, 1);
    read_setting(NODE_CONF, "parts = \"red\"", "");
    ck_assert_uint_eq(values[PARTS].item_count, 1);
    ck_assert_str_eq(values[PARTS].items[0], "red");
    read_setting(NODE_YAML, "name_of_it: 5\nwords: [x, '', 5]\nparts: red", "");
    ck_assert_str_eq(values[NAME].text, "5");
    ck_assert_uint_eq(values[WORDS].item_count, 3);
    ck_assert_str_eq(values[WORDS].items[2], "5");
    ck_assert_uint_eq(values[PARTS].item_count, 1);
    ck_assert_str_eq(values[PARTS].items[0], "red");
    read_setting(NODE_YAML, "count: ~\nname_of_it:\nparts: null", ""); /* null is absent */
    ck_assert_int_eq(values[COUNT].number, 5);
    ck_assert_ptr_null(values[NAME].text);
    ck_assert_uint_eq(values[PARTS].item_count, 2);
}
END_TEST

#define LIST_FORM   "a list of texts such as [ \"a\", \"b\" ]"
#define COLORS_FORM "\"red\", \"green\", \"blue\""

START_TEST(wrong_kinds)
{
    expect_problem(NODE_CONF, "flag = \"true\"", FLAG,
                   "f:2: flag is a text; expected true or false\n");
    expect_problem(NODE_CONF, "count = \"5\"", COUNT,
                   "f:2: count is a text; expected a whole number, -3 to 9\n");
    expect_problem(NODE_CONF, "count = (5)", COUNT,
                   "f:2: count is a list; expected a whole number, -3 to 9\n");
    expect_problem(NODE_CONF, "pause = { a = 1; }", PAUSE,
                   "f:2: pause is a group; expected a duration such as \"250ms\" or \"10s\"\n");
    expect_problem(NODE_CONF, "name_of_it = 5", NAME,
                   "f:2: name_of_it is a number; expected a text in quotes\n");
    expect_problem(NODE_CONF, "color = true", COLOR,
                   "f:2: color is a boolean; expected one of " COLORS_FORM "\n");
    expect_problem(NODE_CONF, "switch = true", SWITCH,
                   "f:2: switch is a boolean; expected one of \"auto\", \"false\", \"24\"\n");
    expect_problem(NODE_CONF, "parts = 5", PARTS,
                   "f:2: parts is a number; expected " LIST_FORM ", each one of " COLORS_FORM "\n");
    expect_problem(NODE_CONF, "words = { a = 1; }", WORDS,
                   "f:2: words is a group; expected " LIST_FORM "\n");
    expect_problem(NODE_CONF, "words = (\"red\", 5)", WORDS,
                   "f:2: words: an item is a number; expected " LIST_FORM "\n");
    expect_problem(NODE_YAML, "count: [5]", COUNT,
                   "f:2:8: count is a list; expected a whole number, -3 to 9\n");
    expect_problem(NODE_YAML, "color: {}", COLOR,
                   "f:2:8: color is a mapping; expected one of " COLORS_FORM "\n");
    expect_problem(NODE_YAML, "words: {}", WORDS,
                   "f:2:8: words is a mapping; expected " LIST_FORM "\n");
    expect_problem(NODE_YAML, "words: [x, ~]", WORDS,
                   "f:2:12: words: an item is nothing; expected " LIST_FORM "\n");
}
END_TEST

START_TEST(wrong_values)
{
    expect_problem(NODE_CONF, "flag = 1", FLAG,
                   "f:2: flag: cannot read \"1\"; expected true or false\n");
    expect_problem(NODE_CONF, "count = 10", COUNT,
                   "f:2: count: 10 is out of range; expected -3 to 9\n");
    expect_problem(
        NODE_CONF, "count = 5.0", COUNT,
        "f:2: count: cannot read \"5.0\"; expected a whole number, -3 to 9, in decimal\n");
    expect_problem(
        NODE_CONF, "count = true", COUNT,
        "f:2: count: cannot read \"true\"; expected a whole number, -3 to 9, in decimal\n");
    expect_problem(NODE_CONF, "size = 1.5", SIZE,
                   "f:2: size: cannot read \"1.5\"; expected a whole number of bytes, or one with "
                   "KiB, MiB, GiB or TiB: 64KiB\n");
    expect_problem(NODE_CONF, "pause = -1", PAUSE,
                   "f:2: pause: -1 is too small; expected at least 0s\n");
    expect_problem(NODE_CONF, "color = \"gren\"", COLOR,
                   "f:2: color: unknown \"gren\"; did you mean \"green\"? (one of " COLORS_FORM
                   ")\n");
    expect_problem(NODE_YAML, "count: 10", COUNT,
                   "f:2:8: count: 10 is out of range; expected -3 to 9\n");
    expect_problem(
        NODE_YAML, "pause: 10 s", PAUSE,
        "f:2:8: pause: cannot read \"10 s\"; expected a whole number with ns, us, ms, s, "
        "m, h or d, such as 10s\n");
    expect_problem(NODE_YAML, "parts: [mauve, red, pink]", PARTS, /* each of them */
                   "f:2:9: parts: unknown \"mauve\"; expected one of " COLORS_FORM "\n"
                   "f:2:21: parts: unknown \"pink\"; expected one of " COLORS_FORM "\n");
}
END_TEST

/* What a reader has complained of is not complained of again. */
START_TEST(values_that_are_bad_already)
{
    expect_problem(NODE_CONF, "count = 4294967297", COUNT,
                   "f:2: count: 4294967297 is too large; expected at most 2147483647, or more with "
                   "an L behind it if the option has room for that\n");
    expect_problem(NODE_YAML, "color: \"\\0\"", COLOR,
                   "f:2:8: color has a control character; expected plain text\n");
    expect_problem(NODE_YAML, "parts: [red, \"\\0\"]", PARTS,
                   "f:2:14: parts has a control character; expected plain text\n");
    read_yaml("needed: 1\n\"c\\0\": 1", nobody);
    files_expect_said(&problems, "f:2:1: a key has a control character; expected plain text\n");
}
END_TEST

#define NAMES "plugin, flag, count, size, pause, name_of_it, color, switch, parts, words or needed"

START_TEST(keys)
{
    read_conf("needed = 1; plugin = \"x\";\ncuont = 3;\nnothing_like_it = 3;", others);
    files_expect_said(&problems,
                      "f:2: the thing has no setting \"cuont\"; did you mean \"count\"?\n"
                      "f:3: the thing has no setting \"nothing_like_it\"; expected " NAMES "\n");
    read_conf("needed = 1; cuont = 3;", NULL); /* somebody else looks */
    files_expect_said(&problems, "");
    read_yaml("needed: 1\nplugin: x\ncuont: 3\n~: 1\n", others);
    files_expect_said(&problems,
                      "f:3:1: the thing has no setting \"cuont\"; did you mean \"count\"?\n"
                      "f:4:1: the thing has no setting \"\"; expected " NAMES "\n");
    read_yaml("needed: 1\ncount: 3\nplugin: x\nplugin: y\ncount: 4\ncount: 5\n? [x]\n: 1\n",
              others);
    files_expect_said(&problems, "f:4:1: setting \"plugin\" is given again; it is first on line 3\n"
                                 "f:5:1: setting \"count\" is given again; it is first on line 2\n"
                                 "f:6:1: setting \"count\" is given again; it is first on line 2\n"
                                 "f:7:3: a key is a list; expected a text\n");
    ck_assert_int_eq(values[COUNT].number, 3);
}
END_TEST

START_TEST(a_required_one)
{
    read_conf("count = 3;", nobody);
    files_expect_said(&problems,
                      "f:1: the thing needs the setting \"needed\" (a whole number): what it is\n");
    ck_assert_int_eq(outcome, 1);
    read_yaml("\n\n  needed: ~\n", nobody);
    files_expect_said(
        &problems, "f:3:3: the thing needs the setting \"needed\" (a whole number): what it is\n");
    ck_assert_int_eq(outcome, 1);
    read_conf("needed = \"no\";", nobody); /* it is there, if wrong */
    files_expect_said(&problems, "f:1: needed is a text; expected a whole number\n");
    ck_assert_int_eq(outcome, 1);
    read_conf("needed = 1; count = \"no\";", nobody); /* that one has a default */
    ck_assert_int_eq(outcome, 0);
}
END_TEST

START_TEST(no_map)
{
    const struct option_table some = {
        .options = options, .count = NEEDED, .stride = sizeof options[0]};
    const struct check check = {&some, nobody, "the thing"};

    ck_assert_int_eq(check_map(&check, NULL, values, &problems), 0);
    files_expect_said(&problems, "");
    ck_assert_int_eq(values[COUNT].number, 5);
}
END_TEST

/* Of a later version: what is known of it is read. */
START_TEST(a_later_table)
{
    static const struct {
        struct muster_option option;
        uint64_t unknown[3];
    } later[] = {
        {.option = {.name = "a", .summary = "s", .type = MUSTER_OPTION_INT, .fallback = "3"},
         .unknown = {~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}},
        {.option = {.name = "b", .summary = "s", .type = MUSTER_OPTION_STRING, .fallback = "x"},
         .unknown = {~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}},
    };
    const struct option_table with = {
        .options = &later[0].option, .count = 2, .stride = sizeof later[0]};
    const struct check check = {&with, nobody, "the thing"};

    files_write("f", "a = 8;");
    ck_assert_int_eq(node_conf_read(&tree, "f", &problems), 0);
    ck_assert_int_eq(check_map(&check, tree.root, values, &problems), 0);
    files_expect_said(&problems, "");
    ck_assert_int_eq(values[0].number, 8);
    ck_assert_str_eq(values[1].text, "x");
}
END_TEST

static const struct muster_option newer[] = {
    {.name = "share", .alias = "part", .summary = "s", .type = MUSTER_OPTION_REAL},
    {.name = "password", .summary = "s", .type = MUSTER_OPTION_SECRET},
    {.name = "path", .summary = "s", .type = MUSTER_OPTION_PATH, .fallback = "x"},
};

static void check_newer(const char *text)
{
    const struct option_table with = {.options = newer, .count = 3, .stride = sizeof newer[0]};
    const struct check check = {&with, nobody, "the thing"};

    options_free(values, 3);
    node_tree_free(&tree);
    files_write("f", text);
    ck_assert_int_eq(node_conf_read(&tree, "f", &problems), 0);
    ck_assert_int_ge(check_map(&check, tree.root, values, &problems), 0);
}

START_TEST(reals)
{
    check_newer("share = 0.1;");
    ck_assert(values[0].real == 0.1);
    check_newer("share = -3;");
    ck_assert(values[0].real == -3);
    check_newer("share = \"2.5\";");
    ck_assert(values[0].real == 2.5);
    check_newer("share = 1e3;");
    ck_assert(values[0].real == 1000);
    check_newer("share = 0.12345678901234568;");
    ck_assert(values[0].real == 0.12345678901234568);
    files_expect_said(&problems, "");
    check_newer("\nshare = 1e999;");
    check_newer("share = true;");
    files_expect_said(&problems,
                      "f:1: share: cannot read \"true\"; expected a number such as 0.5\n"
                      "f:2: share: cannot read \"1e999\"; expected a number such as 0.5\n");
}
END_TEST

START_TEST(former_names)
{
    check_newer("\npart = 0.5;");
    ck_assert(values[0].real == 0.5);
    ck_assert_uint_eq(values[0].line, 2);
    ck_assert_uint_eq(problems_count(&problems), 0); /* a warning is no error */
    files_expect_said(&problems, "f:2: warning: setting \"part\" is called \"share\" now; it is "
                                 "still read under its former name, but rename it\n");
    check_newer("share = 0.5;\npart = 0.5;");
    ck_assert_uint_eq(problems_count(&problems), 1);
    check_newer("parr = 1;"); /* nobody is led to a former name */
    files_expect_said(&problems,
                      "f:1: the thing has no setting \"parr\"; expected share, password or path\n"
                      "f:2: setting \"part\" is the former name of \"share\", which is on line 1; "
                      "expected one of them\n");
}
END_TEST

START_TEST(secrets_and_paths)
{
    files_write("hush", "open sesame\nmore\n");
    check_newer("password = \"file:hush\";\npath = \"/a\";");
    ck_assert_str_eq(values[1].text, "open sesame");
    ck_assert_str_eq(values[2].text, "/a");
    check_newer("");
    ck_assert_ptr_null(values[1].text);
    ck_assert_int_eq(values[2].text[0], '/');
    files_expect_said(&problems, "");
    check_newer("password = \"file:none\";\npath = \"\";");
    files_expect_said(&problems,
                      "f:1: password: cannot read the secret from \"none\": No such file or "
                      "directory\n"
                      "f:2: path: it is empty; expected the name of a file or directory\n");
}
END_TEST

START_TEST(kinds)
{
    read_yaml("needed: 1\nwords: [x]\n", nobody);
    ck_assert(check_kind(tree.root, NODE_MAP, "it", "a map", &problems));
    ck_assert(!check_kind(node_find(tree.root, "words"), NODE_MAP, "it", "a map", &problems));
    files_expect_said(&problems, "f:2:8: it is a list; expected a map\n");
}
END_TEST

static void set_up(void)
{
    memset(values, 0, sizeof values);
    memset(&tree, 0, sizeof tree);
    memset(&problems, 0, sizeof problems);
    files_enter();
}

static void tear_down(void)
{
    options_free(values, OPTIONS);
    node_tree_free(&tree);
    problems_free(&problems);
    files_leave();
}

Suite *test_suite(void)
{
    const TTest *const tests[] = {nothing_set,
                                  good_conf,
                                  good_yaml,
                                  wrong_kinds,
                                  wrong_values,
                                  values_that_are_bad_already,
                                  keys,
                                  a_required_one,
                                  no_map,
                                  a_later_table,
                                  reals,
                                  former_names,
                                  secrets_and_paths,
                                  kinds};
    Suite *suite = suite_create("check");
    TCase *tcase = tcase_create("check");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
