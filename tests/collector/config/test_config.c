/* SPDX-License-Identifier: MIT
 *
 * collector.conf becomes values: every setting, its default, and entries of the chain.  What is
 * said of a wrong file is tested end to end, too.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/config/config.h"
#include "collector/config/settings.h"
#include "collector/flow/queue.h"
#include "common/runner.h"
#include "files.h"

#define SECOND INT64_C(1000000000)
#define ODD    "{ plugin = \"odd_good\"; }" /* a sink called odd, with the options one and two */

static char built[PATH_MAX]; /* the folder of the odd plugins */
static const char *const directories[] = {built, NULL};
static struct problems problems;
static struct config *config;

static void set_up(void)
{
    const char *top = getenv("top_builddir");

    snprintf(built, sizeof built, "%s/tests/collector/host/.libs", top != NULL ? top : ".");
    if (built[0] != '/') {
        char *whole = realpath(built, NULL);

        ck_assert_ptr_nonnull(whole);
        snprintf(built, sizeof built, "%s", whole);
        free(whole);
    }
    memset(&problems, 0, sizeof problems);
    config = NULL;
    files_enter();
}

static void tear_down(void)
{
    config_free(config);
    problems_free(&problems);
    files_leave();
}

/* Loads a file of which `said` is said. */
static void load(const char *text, const char *said)
{
    config_free(config);
    files_write("f.conf", text);
    config = config_load("f.conf", directories, &problems);
    ck_assert_ptr_nonnull(config);
    files_expect_said(&problems, said);
}

static void expect_listen(unsigned index, const char *expected)
{
    char text[ADDRESS_TEXT];

    ck_assert_uint_lt(index, config->listen_count);
    ck_assert_str_eq(address_text(address_get(&config->listen[index].address), text), expected);
}

START_TEST(defaults)
{
    load("chain = ( " ODD " );", "");
    ck_assert_uint_eq(config->listen_count, 1);
    expect_listen(0, "127.0.0.1:8888");
    ck_assert_uint_eq(config->workers, 1);
    ck_assert_int_eq(config->receive_buffer, 4 << 20);
    ck_assert_uint_eq(config->largest, 1472);
    ck_assert_int_eq(config->queue, 65536);
    ck_assert_int_eq(config->stop_ns, 10 * SECOND);
    ck_assert_int_eq(config->log_level, LOG_INFO);
    ck_assert_ptr_null(config->state_directory);
    ck_assert_ptr_null(config->state_live_directory);
    ck_assert_uint_eq(config->state_interval_ns, 600 * SECOND);
    ck_assert_uint_eq(catalog_device_count(config->catalog), 0);
    ck_assert_uint_eq(config->entry_count, 1);
    ck_assert_uint_eq(config->filter_count, 0);
}
END_TEST

START_TEST(every_setting)
{
    files_write("devices.yaml", "devices: [{id: 7, name: x}]\n");
    load("listen = ( { address = \"::1\"; port = 7; }, { port = 9; } );\n"
         "workers = 3; receive_buffer = \"64KiB\"; largest_datagram = 512; queue = 4096;\n"
         "log_level = \"debug\"; stop_timeout = \"250ms\"; catalog = \"devices.yaml\";\n"
         "state_dir = \"/a\"; state_live_dir = \"/b\"; state_interval = 0;\n"
         "chain = ( " ODD " );",
         "");
    ck_assert_uint_eq(config->listen_count, 2);
    expect_listen(0, "[::1]:7");
    expect_listen(1, "127.0.0.1:9");
    ck_assert_uint_eq(config->workers, 3);
    ck_assert_int_eq(config->receive_buffer, 65536);
    ck_assert_uint_eq(config->largest, 512);
    ck_assert_int_eq(config->queue, 4096);
    ck_assert_int_eq(config->chain[0].queue, 4096);
    ck_assert_int_eq(config->stop_ns, SECOND / 4);
    ck_assert_int_eq(config->log_level, LOG_DEBUG);
    ck_assert_str_eq(config->state_directory, "/a");
    ck_assert_str_eq(config->state_live_directory, "/b");
    ck_assert_uint_eq(config->state_interval_ns, 0);
    ck_assert_uint_eq(catalog_device_count(config->catalog), 1);
    load("workers = 0; chain = ( " ODD " );", "");
    ck_assert_uint_ge(config->workers, 1); /* one for each CPU */
}
END_TEST

/* Settings do not know the path, but they know what it needs. */
START_TEST(the_shortest_queue)
{
    ck_assert_uint_eq(SETTINGS_QUEUE_LEAST, QUEUE_LEAST);
}
END_TEST

START_TEST(entries)
{
    files_write("part.conf", "{ plugin = \"odd_good\"; name = \"other\";\n  two = \"y\"; }\n");
    load("chain = (\n"
         "  { plugin = \"odd_good\"; one = 5; queue = 2048; },\n"
         "  " ODD ",\n"
         "@include \"part.conf\"\n"
         ");",
         "");
    ck_assert_uint_eq(config->entry_count, 3);
    ck_assert_str_eq(config->chain[0].name, "odd");
    ck_assert_uint_eq(config->chain[0].line, 2);
    ck_assert_str_eq(config->chain[0].file, "f.conf");
    ck_assert_int_eq(config->chain[0].queue, 2048);
    ck_assert_int_eq(config->chain[0].values[0].number, 5);
    ck_assert_uint_eq(config->chain[0].values[0].line, 2);
    ck_assert_str_eq(config->chain[0].values[1].text, "2"); /* its default */
    ck_assert_uint_eq(config->chain[0].values[1].line, 0);
    ck_assert(!config->chain[0].incomplete);
    ck_assert_str_eq(config->chain[1].name, "odd2");
    ck_assert_int_eq(config->chain[1].queue, 65536);
    ck_assert_int_eq(config->chain[1].values[0].number, 1);
    ck_assert_str_eq(config->chain[2].name, "other");
    ck_assert_str_eq(config->chain[2].file, "part.conf");
    ck_assert_uint_eq(config->chain[2].line, 1);
    ck_assert_str_eq(config->chain[2].values[1].text, "y");
    ck_assert_uint_eq(config->chain[2].values[1].line, 2);
}
END_TEST

/* Two stand side by side, also while one is wrong. */
START_TEST(two_configurations)
{
    struct config *second;

    load("queue = 2048; chain = ( " ODD " );", "");
    files_write("g.conf",
                "queue = 5; chain = ( " ODD ", { plugin = \"odd_good\"; one = \"x\"; } );");
    second = config_load("g.conf", directories, &problems);
    ck_assert_ptr_nonnull(second);
    files_expect_said(&problems, "g.conf:1: queue: 5 is out of range; expected 2048 to 16777216\n"
                                 "g.conf:1: one is a text; expected a whole number\n");
    ck_assert_int_eq(config->queue, 2048);
    ck_assert_str_eq(config->chain[0].name, "odd");
    ck_assert_str_eq(second->chain[1].name, "odd2");
    config_free(second);
    ck_assert_str_eq(config->chain[0].plugin.api.name, "odd");
}
END_TEST

START_TEST(shapes)
{
    load("listen = { port = 7; };\nchain = " ODD ";",
         "f.conf:1: listen is a group; expected a list, ( { address = \"...\"; port = ...; } )\n"
         "f.conf:2: chain is a group; expected a list, ( { plugin = \"...\"; ... }, ... )\n");
    load("listen = ( 7 );\nchain = ( \"csv\",\n{}, { plugin = 5; } );",
         "f.conf:1: an entry of listen is a number; expected { address = \"...\"; port = ...; }\n"
         "f.conf:2: an entry of chain is a text; expected { plugin = \"...\"; ... }\n"
         "f.conf:3: chain: an entry needs plugin = \"NAME\"\n"
         "f.conf:3: chain: an entry needs plugin = \"NAME\"\n");
    load("listen = ();\nchain = ();",
         "f.conf:1: listen: the list is empty; nothing could be received\n"
         "f.conf:2: chain: it is empty, so that every record would be forgotten; expected at least "
         "one sink such as { plugin = \"csv\"; }\n");
}
END_TEST

/* The largest number of entries, of either list. */
START_TEST(lists_that_are_too_long)
{
    char text[8192] = "listen = ( { port = 0; }";
    int i;

    for (i = 0; i < 64; i++)
        strcat(text, ", { port = 0; }");
    strcat(text, " );\nchain = ( " ODD);
    for (i = 0; i < 64; i++)
        strcat(text, ", " ODD);
    strcat(text, " );");
    load(text, "f.conf:1: listen: too many listeners; expected 64 at most\n"
               "f.conf:2: chain: too long; expected 64 entries at most\n");
}
END_TEST

START_TEST(state_directories)
{
    load("state_live_dir = \"/b\";\nchain = ( " ODD " );",
         "f.conf:1: state_live_dir: there is no state_dir, so that what is in it would never be "
         "copied; expected both\n");
    load("state_dir = \"\";\nstate_live_dir = \"\";\nchain = ( " ODD " );",
         "f.conf:1: state_dir: it is empty; expected a directory\n"
         "f.conf:2: state_live_dir: it is empty; expected a directory\n");
}
END_TEST

/* A file without a chain has one of four plugins, which are not here. */
START_TEST(the_default_chain)
{
    char *said;
    unsigned i;
    static const char *const plugins[] = {"sequence", "csv", "log", "stats"};

    files_write("f.conf", "");
    config = config_load("f.conf", directories, &problems);
    ck_assert_ptr_nonnull(config);
    ck_assert_uint_eq(problems_count(&problems), 4);
    said = files_said(&problems);
    for (i = 0; i < 4; i++) {
        char expected[80];

        snprintf(expected, sizeof expected, "f.conf:1: there is no plugin \"%s\"", plugins[i]);
        ck_assert_ptr_nonnull(strstr(said, expected));
    }
    free(said);
}
END_TEST

START_TEST(described)
{
    char *text, *line;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    config_describe(out);
    fclose(out);
    ck_assert_ptr_nonnull(
        strstr(text, "  workers\n      Threads that receive; 0: one for each CPU that it may use.\n"
                     "      a whole number, 0 to 256; default: 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "  port\n"));
    for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= 80, "%s", line);
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        defaults,           every_setting, the_shortest_queue,      entries,
        two_configurations, shapes,        lists_that_are_too_long, state_directories,
        the_default_chain,  described};
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("config");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
