/* SPDX-License-Identifier: MIT
 *
 * Files as trees: both readers give the same tree for the same content, with the place of each
 * node; what cannot be read is said with its place.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/node.h"
#include "base/node_yaml.h"
#include "collector/config/node_conf.h"
#include "common/runner.h"
#include "files.h"

static struct node_tree tree;
static struct problems problems;

static void dump(const struct node *node, FILE *out)
{
    static const char *const brackets[] = {[NODE_LIST] = "[]", [NODE_MAP] = "{}"};
    size_t i;

    switch (node->kind) {
    case NODE_NULL:
        fputs("~", out);
        return;
    case NODE_WORD:
        fprintf(out, "%s", node->text);
        return;
    case NODE_TEXT:
        fprintf(out, "'%s'", node->text);
        return;
    case NODE_BAD:
        fputs("!", out);
        return;
    default:
        fputc(brackets[node->kind][0], out);
        for (i = 0; i < node->count; i++) {
            fputs(i > 0 ? ", " : "", out);
            if (node->items[i].key != NULL)
                fprintf(out, "%s: ", node->items[i].key->text);
            dump(node->items[i].value, out);
        }
        fputc(brackets[node->kind][1], out);
    }
}

static void expect_tree(const char *expected)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(tree.root);
    dump(tree.root, out);
    fclose(out);
    ck_assert_str_eq(text, expected);
    free(text);
}

static void read_conf(const char *text)
{
    files_write("f.conf", text);
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_read(&tree, "f.conf", &problems), 0);
}

static void read_yaml(const char *text)
{
    files_write("f.yaml", text);
    node_tree_free(&tree);
    ck_assert_int_eq(node_yaml_read(&tree, "f.yaml", &problems), 0);
}

static void expect_said_begins(const char *expected)
{
    char *said = files_said(&problems);

    ck_assert_msg(strncmp(said, expected, strlen(expected)) == 0, "%s", said);
    free(said);
}

static void refuse_conf(const char *text, const char *said)
{
    files_write("f.conf", text);
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_read(&tree, "f.conf", &problems), -1);
    ck_assert_ptr_null(tree.root);
    files_expect_said(&problems, said);
}

static void refuse_yaml(const char *text, size_t size, const char *said)
{
    files_write_bytes("f.yaml", text, size);
    node_tree_free(&tree);
    ck_assert_int_eq(node_yaml_read(&tree, "f.yaml", &problems), -1);
    ck_assert_ptr_null(tree.root);
    files_expect_said(&problems, said);
}

/* The node at a path of keys. */
static const struct node *at(const char *first, const char *second)
{
    const struct node *node = node_find(tree.root, first);

    ck_assert_ptr_nonnull(node);
    if (second != NULL)
        node = node_find(node, second);
    ck_assert_ptr_nonnull(node);
    return node;
}

static void expect_place(const struct node *node, const char *file, unsigned line, unsigned column)
{
    ck_assert_str_eq(node->file, file);
    ck_assert_uint_eq(node->line, line);
    ck_assert_uint_eq(node->column, column);
}

START_TEST(the_same_content)
{
    static const struct {
        const char *conf, *yaml, *tree;
    } same[] = {
        {"", "{}", "{}"},
        {"a = 1; b = -7;", "a: 1\nb: -7", "{a: 1, b: -7}"},
        {"a = true; b = FALSE;", "a: true\nb: false", "{a: true, b: false}"},
        {"a = 1.5; b = 2.0; c = -1e300;", "a: 1.5\nb: 2.0\nc: -1e+300",
         "{a: 1.5, b: 2.0, c: -1e+300}"},
        {"a = \"\"; b = \"x y\"; c = \"5\";", "a: ''\nb: \"x y\"\nc: '5'",
         "{a: '', b: 'x y', c: '5'}"},
        {"a = \"say \\\"no\\\" \\\\\";", "a: 'say \"no\" \\'", "{a: 'say \"no\" \\'}"},
        {"a = ();", "a: []", "{a: []}"},
        {"a = [1, 2];", "a: [1, 2]", "{a: [1, 2]}"},
        {"a = (\"x\", 2, (), { b = 1; });", "a:\n- \"x\"\n- 2\n- []\n- b: 1\n",
         "{a: ['x', 2, [], {b: 1}]}"},
        {"a = { b = { c = 1; }; d = {}; }; e = 2;", "a:\n  b:\n    c: 1\n  d: {}\ne: 2\n",
         "{a: {b: {c: 1}, d: {}}, e: 2}"},
        {"a = 9223372036854775807L;", "a: 9223372036854775807", "{a: 9223372036854775807}"},
    };
    size_t i;

    for (i = 0; i < sizeof same / sizeof same[0]; i++) {
        read_conf(same[i].conf);
        expect_tree(same[i].tree);
        ck_assert_int_eq(tree.root->syntax, NODE_CONF);
        read_yaml(same[i].yaml);
        expect_tree(same[i].tree);
        ck_assert_int_eq(tree.root->syntax, NODE_YAML);
    }
    files_expect_said(&problems, "");
}
END_TEST

START_TEST(places)
{
    read_conf("a = 1;\nb =\n  { c = \"x\"; };\n");
    expect_place(tree.root, "f.conf", 1, 0);
    expect_place(at("a", NULL), "f.conf", 1, 0);
    expect_place(at("b", NULL), "f.conf", 2, 0);
    expect_place(at("b", "c"), "f.conf", 3, 0);
    expect_place(tree.root->items[1].key, "f.conf", 2, 0);

    read_yaml("a: 1\nb:\n  { c: \"x\" }\n");
    expect_place(tree.root, "f.yaml", 1, 1);
    expect_place(at("a", NULL), "f.yaml", 1, 4);
    expect_place(at("b", NULL), "f.yaml", 3, 3);
    expect_place(at("b", "c"), "f.yaml", 3, 8);
    expect_place(tree.root->items[1].key, "f.yaml", 2, 1);
    node_problem(at("b", "c"), &problems, "is %d", 5);
    files_expect_said(&problems, "f.yaml:3:8: is 5\n");
}
END_TEST

START_TEST(looking_up)
{
    read_yaml("a: 1\nb: ~\na: 2\n? [x]\n: 3\n");
    ck_assert_str_eq(node_find(tree.root, "a")->text, "1"); /* the first */
    ck_assert_ptr_null(node_find(tree.root, "b"));
    ck_assert_ptr_null(node_find(tree.root, "c"));
    ck_assert_uint_eq(tree.root->count, 4);
}
END_TEST

START_TEST(kinds)
{
    read_conf("a = 1; b = true; c = \"x\"; d = (); e = {};");
    ck_assert_str_eq(node_kind_name(at("a", NULL)), "a number");
    ck_assert_str_eq(node_kind_name(at("b", NULL)), "a boolean");
    ck_assert_str_eq(node_kind_name(at("c", NULL)), "a text");
    ck_assert_str_eq(node_kind_name(at("d", NULL)), "a list");
    ck_assert_str_eq(node_kind_name(at("e", NULL)), "a group");
    read_yaml("[1, true, 'x', [], {}, ~]");
    ck_assert_str_eq(node_kind_name(tree.root->items[0].value), "a text");
    ck_assert_str_eq(node_kind_name(tree.root->items[1].value), "a text");
    ck_assert_str_eq(node_kind_name(tree.root->items[2].value), "a text");
    ck_assert_str_eq(node_kind_name(tree.root->items[3].value), "a list");
    ck_assert_str_eq(node_kind_name(tree.root->items[4].value), "a mapping");
    ck_assert_str_eq(node_kind_name(tree.root->items[5].value), "nothing");
}
END_TEST

START_TEST(included_files)
{
    files_write("part.conf", "\nb = 2;\n");
    read_conf("a = 1;\n@include \"part.conf\"\nc = { d = 3; };\n");
    expect_tree("{a: 1, b: 2, c: {d: 3}}");
    expect_place(at("a", NULL), "f.conf", 1, 0);
    expect_place(at("b", NULL), "part.conf", 2, 0);
    expect_place(at("c", "d"), "f.conf", 3, 0);
    files_write("part.conf", "\nb = = 2;\n");
    refuse_conf("a = 1;\n@include \"part.conf\"\n",
                "part.conf:2: syntax error; what is before this line may lack a ';' or a closing "
                "')' or '}'\n");
}
END_TEST

START_TEST(numbers_that_libconfig_cuts_off)
{
    read_conf("a = 4294967297;\nb : 4294967298;\nc = 4294967299L;\nd = 0x10;\ne = 7;\n"
              "f = ( { g = 1; }, { g = 4294967300; } );\n");
    ck_assert_int_eq(at("a", NULL)->kind, NODE_BAD);
    ck_assert_int_eq(at("b", NULL)->kind, NODE_BAD);
    ck_assert_int_eq(at("e", NULL)->kind, NODE_WORD);
    ck_assert_str_eq(at("c", NULL)->text, "4294967299");
    ck_assert_str_eq(at("d", NULL)->text, "16");
    ck_assert_str_eq(at("e", NULL)->text, "7");
    files_expect_said(&problems,
                      "f.conf:1: a: 4294967297 is too large; expected at most 2147483647, or more "
                      "with an L behind it if the option has room for that\n"
                      "f.conf:2: b: 4294967298 is too large; expected at most 2147483647, or more "
                      "with an L behind it if the option has room for that\n"
                      "f.conf:6: g: 4294967300 is too large; expected at most 2147483647, or more "
                      "with an L behind it if the option has room for that\n");
}
END_TEST

/* Each that libconfig would cut off, with how the refusal goes on; and each that it would not. */
START_TEST(numbers_in_every_spelling)
{
    static const char *const refused[][2] = {
        {"2147483648", "2147483648 is too large"},
        {"+2147483648", "+2147483648 is too large"},
        {"002147483648", "002147483648 is too large"},
        {"-2147483649", "-2147483649 is too small"},
        {"0x80000000", "0x80000000 is too large"},
        {"0XFFFFFFFFF", "0XFFFFFFFFF is too large"},
        {"9223372036854775808L", "9223372036854775808L is too large"},
        {"9223372036854775808LL", "9223372036854775808LL is too large"},
        {"-9223372036854775809L", "-9223372036854775809L is too small"},
        {"0x8000000000000000L", "0x8000000000000000L is too large"},
        {"0x123456789ABCDEF01L", "0x123456789ABCDEF01L is too large"},
    };
    static const char *const read[][2] = {
        {"2147483647", "2147483647"},
        {"-2147483648", "-2147483648"},
        {"0x7FFFffff", "2147483647"},
        {"0x00000007fffffff", "2147483647"},
        {"9223372036854775807L", "9223372036854775807"},
        {"0x7FFFFFFFFFFFFFFFLL", "9223372036854775807"},
        {"4294967296.0", "4294967296.0"},
        {"1e300", "1e+300"},
        {"1e999", "1e999"}, /* which the option refuses */
        {"010", "10"},
    };
    char text[64], said[64];
    size_t i;

    for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        snprintf(text, sizeof text, "a = %s;", refused[i][0]);
        read_conf(text);
        ck_assert_int_eq(at("a", NULL)->kind, NODE_BAD);
        snprintf(said, sizeof said, "f.conf:1: a: %s; expected at ", refused[i][1]);
        expect_said_begins(said);
    }
    for (i = 0; i < sizeof read / sizeof read[0]; i++) {
        snprintf(text, sizeof text, "a = %s;", read[i][0]);
        read_conf(text);
        ck_assert_str_eq(at("a", NULL)->text, read[i][1]);
        files_expect_said(&problems, "");
    }
    read_conf("a = \"4294967296\"; # 4294967296\n/* 4294967296 */ b4294967296 = 1;\n");
    files_expect_said(&problems, "");
}
END_TEST

START_TEST(texts_as_editors_leave_them)
{
    read_conf("a = 1;\n# the end");
    expect_tree("{a: 1}");
    read_conf("a = 1;\n// the end");
    expect_tree("{a: 1}");
    read_conf("a = 1 # the end");
    expect_tree("{a: 1}");
    read_conf("\xef\xbb\xbf"
              "a = 1;\r\n# more\r\nb = \"x\";\r\n");
    expect_tree("{a: 1, b: 'x'}");
    expect_place(at("b", NULL), "f.conf", 3, 0);
    read_conf("");
    expect_tree("{}");
    files_expect_said(&problems, "");
    files_write_bytes("f.conf", "a = 1;\n  \0b = 2;", 16);
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_read(&tree, "f.conf", &problems), -1);
    files_expect_said(&problems, "f.conf:2:3: there is a byte 0 here; expected text\n");
    refuse_conf("a = 1;\n\n/* open\n\n", "f.conf:3: the comment that begins here does not end in "
                                         "this file; expected a closing \"*/\"\n");
    refuse_conf("a = 1;\nb = \"x;\n\n", "f.conf:2: the text that begins here does not end in this "
                                        "file; expected a closing '\"'\n");
}
END_TEST

START_TEST(includes_that_cannot_be)
{
    refuse_conf("a = 1;\n@include \"none.conf\"\n",
                "f.conf:2: cannot include \"none.conf\": No such file or directory\n");
    refuse_conf("@include \"/\"\n",
                "f.conf:1: cannot include \"/\": it is a directory; expected a file\n");
    refuse_conf("@include \"/dev/null\"\n",
                "f.conf:1: cannot include \"/dev/null\": it is a device "
                "or a socket; expected a file, a FIFO or a pipe\n");
    refuse_conf("\n@include \"f.conf\"\n",
                "f.conf:2: cannot include \"f.conf\": it is the file that "
                "this stands in, or one that includes that\n");
    files_write("part.conf", "\n\n@include \"f.conf\"");
    refuse_conf(
        "@include \"part.conf\"\n",
        "part.conf:3: cannot include \"f.conf\": it is the file that this stands in, or one "
        "that includes that\n");
    files_write("part.conf", "b = \"2;\n");
    refuse_conf("@include \"part.conf\"\n\";\n",
                "part.conf:1: the text that begins here does not end in this file; expected a "
                "closing '\"'\n");
    refuse_conf("@include \"part.conf\n",
                "f.conf:1: the name of a file that begins here does not end in this file; expected "
                "a closing '\"' in this line\n");
}
END_TEST

START_TEST(includes_within_a_line)
{
    files_write("part.conf", "\n{ b = 2; }, # last");
    read_conf("a = (\n\t@include \t\"part.conf\" @include \"part.conf\"{ c = 3; } );\n# @include "
              "\"none\"\n"
              "d = \"\n@include \\\"none\\\"\";\n");
    expect_tree("{a: [{b: 2}, {b: 2}, {c: 3}], d: '\n@include \"none\"'}");
    expect_place(at("a", NULL)->items[1].value, "part.conf", 2, 0);
    expect_place(at("a", NULL)->items[2].value, "f.conf", 2, 0);
    expect_place(at("d", NULL), "f.conf", 4, 0);
    files_expect_said(&problems, "");
}
END_TEST

START_TEST(settings_without_a_file)
{
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_parse(&tree, "a = 1;", "f.conf", &problems), 0);
    expect_tree("{a: 1}");
    expect_place(at("a", NULL), "f.conf", 1, 0);
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_parse(&tree, "a = ;", "f.conf", &problems), -1);
    ck_assert_ptr_null(tree.root);
    ck_assert_uint_eq(problems_count(&problems), 1);
}
END_TEST

START_TEST(bad_conf)
{
    char deep[256] = "a = ";

    refuse_conf("a = 1;\na = 2;\n", "f.conf:2: duplicate setting name\n");
    memset(deep + 4, '(', 32);
    memset(deep + 36, ')', 32);
    strcpy(deep + 68, ";");
    refuse_conf(deep, "f.conf:1: lists and groups nest deeper than 32; expected fewer\n");
    node_tree_free(&tree);
    ck_assert_int_eq(node_conf_read(&tree, "none.conf", &problems), -1);
    files_expect_said(&problems,
                      "cannot read the configuration \"none.conf\": No such file or directory\n");
}
END_TEST

START_TEST(aliases)
{
    read_yaml("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n");
    expect_tree("{a: {b: 1}, c: {b: 1}, d: [{b: 1}, {b: 1}]}");
    ck_assert_ptr_eq(at("c", NULL), at("a", NULL));
    expect_place(at("c", NULL), "f.yaml", 1, 4); /* where it is written */
    read_yaml("a: &all [*all]\n");
    ck_assert_ptr_eq(at("a", NULL)->items[0].value, at("a", NULL));
}
END_TEST

/* `count` times the text, with the number of each in it. */
static void write_many(const char *format, unsigned count)
{
    FILE *file = fopen("f.yaml", "w");
    unsigned i;

    ck_assert_ptr_nonnull(file);
    for (i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(file, format, i);
#pragma GCC diagnostic pop
    }
    ck_assert_int_eq(fclose(file), 0);
}

/* What would take libyaml minutes: 100,000 of each. */
START_TEST(more_than_can_be_read_in_time)
{
    static const struct {
        const char *format, *said;
    } files[] = {
        {"- &a%u x\n", "f.yaml:257:3: there are more than 256 anchors (&NAME); expected fewer\n"},
        {"- !t%u x\n", "f.yaml:257:3: there are more than 256 tags (!NAME); expected fewer\n"},
        {"- !t {a%u: 1}\n", "f.yaml:257:3: there are more than 256 tags (!NAME); expected fewer\n"},
        {"- &a [%u]\n", "f.yaml:257:3: there are more than 256 anchors (&NAME); expected fewer\n"},
        {"%%TAG !t%u! x\n", "f.yaml:257:1: more than 256 lines begin with '%'; expected fewer\n"},
        {"- *a # %u\n",
         "f.yaml:65537:3: there are more than 65536 aliases (*NAME); expected fewer\n"},
    };
    size_t i;

    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_many(files[i].format, 100000);
        node_tree_free(&tree);
        ck_assert_int_eq(node_yaml_read(&tree, "f.yaml", &problems), -1);
        files_expect_said(&problems, files[i].said);
    }
    write_many("- &a%u x\n", 256);
    node_tree_free(&tree);
    ck_assert_int_eq(node_yaml_read(&tree, "f.yaml", &problems), 0);
    files_expect_said(&problems, "");
}
END_TEST

START_TEST(documents_with_nothing)
{
    static const char *const files[] = {"", "# nothing\n", "---\n", "~", "null", "NULL"};
    size_t i;

    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        read_yaml(files[i]);
        expect_tree("~");
        ck_assert_uint_ge(tree.root->line, 1);
        ck_assert_uint_ge(tree.root->column, 1);
    }
    read_yaml("- null\n- ~\n-\n- 'null'\n- \"\"\n");
    expect_tree("[~, ~, ~, 'null', '']");
    read_yaml("\xef\xbb\xbf"
              "a: \xc3\xbc");
    expect_tree("{a: \xc3\xbc}");
}
END_TEST

START_TEST(bad_texts)
{
    char yaml[512] = "a: ";

    memset(yaml + 3, 'x', 256);
    strcpy(yaml + 259, "\nb: [\"\\0\"]\n\"\\u009b\": \"y\\n\"\n? [c]\n: \"\\x7f\"\n");
    read_yaml(yaml);
    ck_assert_int_eq(tree.root->items[0].value->kind, NODE_BAD);
    ck_assert_int_eq(at("b", NULL)->items[0].value->kind, NODE_BAD);
    ck_assert_int_eq(tree.root->items[2].key->kind, NODE_BAD);
    ck_assert_int_eq(tree.root->items[3].value->kind, NODE_BAD);
    files_expect_said(&problems,
                      "f.yaml:1:4: a has 256 bytes; expected at most 255\n"
                      "f.yaml:2:5: b has a control character; expected plain text\n"
                      "f.yaml:3:1: a key has a control character; expected plain text\n"
                      "f.yaml:3:11: a text has a control character; expected plain text\n"
                      "f.yaml:5:3: a text has a control character; expected plain text\n");
}
END_TEST

START_TEST(bad_yaml)
{
    refuse_yaml("a: [\n", 5,
                "f.yaml:2:1: not valid YAML: while parsing a flow node (line 2): did not find "
                "expected node content\n");
    refuse_yaml("# \xc3\xa9\na: \xc3\xa9\xff \n", 12,
                "f.yaml:2:5: invalid leading UTF-8 octet; expected text in UTF-8\n");
    refuse_yaml("a: 1\n\0", 6,
                "f.yaml:2:1: control characters are not allowed; expected text in UTF-8\n");
    refuse_yaml("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 40,
                "f.yaml:1:33: lists and mappings nest deeper than 32; expected fewer\n");
    node_tree_free(&tree);
    ck_assert_int_eq(node_yaml_read(&tree, "none.yaml", &problems), -1);
    ck_assert_int_eq(node_yaml_read(&tree, "..", &problems), -1);
    files_expect_said(&problems, "..: cannot read: it is a directory; expected a file\n"
                                 "none.yaml: cannot read: No such file or directory\n");
    read_yaml("a: 1\n---\nb: 2\n"); /* what there is can still be checked */
    expect_tree("{a: 1}");
    files_expect_said(&problems,
                      "f.yaml:2:1: a second document begins here; expected only one in the file\n");
}
END_TEST

static void set_up(void)
{
    memset(&tree, 0, sizeof tree);
    memset(&problems, 0, sizeof problems);
    files_enter();
}

static void tear_down(void)
{
    node_tree_free(&tree);
    problems_free(&problems);
    files_leave();
}

Suite *test_suite(void)
{
    const TTest *const tests[] = {the_same_content,
                                  places,
                                  looking_up,
                                  kinds,
                                  included_files,
                                  numbers_that_libconfig_cuts_off,
                                  numbers_in_every_spelling,
                                  texts_as_editors_leave_them,
                                  includes_that_cannot_be,
                                  includes_within_a_line,
                                  more_than_can_be_read_in_time,
                                  settings_without_a_file,
                                  bad_conf,
                                  aliases,
                                  documents_with_nothing,
                                  bad_texts,
                                  bad_yaml};
    Suite *suite = suite_create("node");
    TCase *tcase = tcase_create("node");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
