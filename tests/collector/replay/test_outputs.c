/* SPDX-License-Identifier: MIT
 *
 * Where the outputs of a replay go.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/replay/outputs.h"
#include "common/runner.h"

static const struct muster_option options[] = {
    {.name = "speed", .summary = "s", .type = MUSTER_OPTION_INT},
    {.name = "path", .summary = "s", .type = MUSTER_OPTION_PATH},
    {.name = "list", .summary = "s", .type = MUSTER_OPTION_PATH, .flags = MUSTER_OPTION_INPUT},
};
enum { SPEED, PATH, LIST, OPTIONS };

static char folder[] = "/tmp/muster-outputs-XXXXXX"; /* the current directory */
static struct option_value values[2][OPTIONS];
static struct entry chain[2];
static struct problems problems;

static void enter(void)
{
    unsigned i;

    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    for (i = 0; i < 2; i++) {
        memset(values[i], 0, sizeof values[i]);
        chain[i] = (struct entry){
            .name = (char *)(i == 0 ? "one" : "two"), .file = (char *)"c.conf", .line = 7 + i};
        chain[i].plugin.options =
            (struct option_table){.options = options, .count = OPTIONS, .stride = sizeof *options};
        chain[i].values = values[i];
    }
}

static void leave(void)
{
    char command[sizeof folder + 16];
    unsigned i, k;

    for (i = 0; i < 2; i++)
        for (k = 0; k < OPTIONS; k++)
            free(values[i][k].text);
    problems_free(&problems);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Paths without a "/" in front are below the current directory, as the getter has them. */
static void set(unsigned entry, unsigned option, const char *path)
{
    struct option_value *value = &values[entry][option];

    free(value->text);
    value->text = NULL;
    if (path != NULL && path[0] != '/')
        ck_assert_int_gt(asprintf(&value->text, "%s/%s", folder, path), 0);
    else if (path != NULL)
        value->text = strdup(path);
}

static void make(const char *name, const char *content)
{
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
}

/* `below` the current directory. */
static void expect_moved(const char *path, const char *into, const char *below)
{
    char expected[256];

    set(0, PATH, path);
    ck_assert_int_eq(outputs_move(chain, 2, into, &problems), 0);
    snprintf(expected, sizeof expected, "%s/%s", folder, below);
    ck_assert_str_eq(values[0][PATH].text, expected);
}

static void expect_problem(const char *start, const char *rest)
{
    char *text = NULL, *expected = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    problems_print(&problems, out);
    fclose(out);
    ck_assert_int_gt(asprintf(&expected, "%s%s%s\n", start, folder, rest), 0);
    ck_assert_str_eq(text, expected);
    free(text);
    free(expected);
    problems_free(&problems);
}

static void refuse_move(const char *into, const char *start, const char *rest)
{
    ck_assert_int_eq(outputs_move(chain, 2, into, &problems), -1);
    expect_problem(start, rest);
}

START_TEST(every_path_is_moved_below)
{
    char beside[64], below[80];

    expect_moved("a.csv", "out", "out/a.csv");
    expect_moved("b/a.csv", "out", "out/b/a.csv");
    expect_moved("./b//../a.csv", "./x/../out/", "out/a.csv");
    /* What leaves the current directory is as if it was absolute. */
    expect_moved("../a.csv", "out", "out/tmp/a.csv");
    expect_moved("../../../../a.csv", "out", "out/a.csv");
    expect_moved("/var/lib/a.csv", "out", "out/var/lib/a.csv");
    expect_moved("/var/../../a.csv", "out", "out/a.csv");
    expect_moved("/", "out", "out");
    /* A name that only begins as the directory's. */
    snprintf(beside, sizeof beside, "%s2/a.csv", folder);
    snprintf(below, sizeof below, "out%s", beside);
    expect_moved(beside, "out", below);
    ck_assert_int_eq(chdir("/"), 0);
    expect_moved("/var/a.csv", folder, "var/a.csv");
}
END_TEST

START_TEST(inputs_and_what_is_not_set_stay)
{
    set(0, LIST, "list.txt");
    set(1, PATH, "a.csv");
    expect_moved("b.csv", "out", "out/b.csv");
    ck_assert_ptr_nonnull(strstr(values[0][LIST].text, "/list.txt"));
    ck_assert_ptr_null(strstr(values[0][LIST].text, "/out/"));
    ck_assert_ptr_nonnull(strstr(values[1][PATH].text, "/out/a.csv"));
    ck_assert_ptr_null(values[1][LIST].text);
}
END_TEST

START_TEST(none_stays_or_meets_another)
{
    set(0, PATH, "a.csv");
    set(1, PATH, "out/a.csv");
    refuse_move(".", "c.conf:7: one: path: with --into \".\" it would still be \"",
                "/a.csv\", an output of the collector; name another directory");
    refuse_move("out", "c.conf:7: one: path: with --into \"out\" it would still be \"",
                "/out/a.csv\", an output of the collector; name another directory");
    ck_assert_int_eq(mkdir("there", 0777), 0);
    ck_assert_int_eq(symlink(".", "here"), 0);
    refuse_move("here", "c.conf:7: one: path: with --into \"here\" it would still be \"",
                "/a.csv\", an output of the collector; name another directory");
    make("a.csv", "rows\n");
    ck_assert_int_eq(link("a.csv", "there/a.csv"), 0);
    refuse_move("there", "c.conf:7: one: path: with --into \"there\" it would still be \"",
                "/a.csv\", an output of the collector; name another directory");
    ck_assert_ptr_null(strstr(values[0][PATH].text, "/there/"));
    set(0, PATH, "var/a.csv");
    set(1, PATH, "/var/a.csv");
    refuse_move("out", "c.conf:8: two: path: with --into it would be \"",
                "/out/var/a.csv\", and so would path of one; change one of them");
    /* One file of two plugins is theirs to judge. */
    set(1, PATH, "var/a.csv");
    ck_assert_int_eq(outputs_move(chain, 2, "out", &problems), 0);
}
END_TEST

START_TEST(room_is_made)
{
    struct stat found;

    set(1, PATH, "/var/lib/b.csv");
    expect_moved("a.csv", "x/out", "x/out/a.csv");
    ck_assert_int_eq(outputs_make_room(chain, 2, "x/out", &problems), 0);
    ck_assert_int_eq(outputs_make_room(chain, 2, "x/out", &problems), 0);
    ck_assert(stat("x/out/var/lib", &found) == 0 && S_ISDIR(found.st_mode));
    ck_assert_int_ne(stat("x/out/a.csv", &found), 0);
    ck_assert_int_eq(outputs_make_room(chain, 0, "empty", &problems), 0);
    ck_assert_int_eq(stat("empty", &found), 0);
    make("file", "");
    ck_assert_int_eq(outputs_make_room(chain, 0, "file/x", &problems), -1);
    problems_free(&problems);
    set(0, PATH, "file/x");
    ck_assert_int_eq(outputs_make_room(chain, 1, "x", &problems), -1);
    expect_problem("cannot make the directory \"", "/file\": there is something else of that name");
}
END_TEST

START_TEST(what_has_something_in_it_is_refused)
{
    set(0, PATH, "a.csv");
    set(0, LIST, "list.txt");
    set(1, PATH, "fifo");
    make("a.csv", "");
    make("list.txt", "1\n");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_int_eq(outputs_refuse(chain, 2, &problems), 0);
    make("a.csv", "row\n");
    values[0][PATH].line = 3;
    ck_assert_int_eq(outputs_refuse(chain, 2, &problems), -1);
    expect_problem("c.conf:3: one: path: \"",
                   "/a.csv\" exists, and a replay does not write into what may be the live "
                   "collector's; give its outputs a directory of their own with --into DIR");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("outputs");
    TCase *moves = tcase_create("moves");

    tcase_add_checked_fixture(moves, enter, leave);
    tcase_add_test(moves, every_path_is_moved_below);
    tcase_add_test(moves, inputs_and_what_is_not_set_stay);
    tcase_add_test(moves, none_stays_or_meets_another);
    tcase_add_test(moves, room_is_made);
    tcase_add_test(moves, what_has_something_in_it_is_refused);
    suite_add_tcase(suite, moves);
    return suite;
}
