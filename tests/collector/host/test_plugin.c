/* SPDX-License-Identifier: MIT
 *
 * The loader and plugins of this version, of others, and files that are none.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/host/plugin.h"
#include "common/runner.h"

static char built[PATH_MAX]; /* the folder of the odd plugins */
static const char *directories[] = {"/nowhere/at/all", built, NULL};
static struct plugin plugin;
static char why[1024];

static void set_up(void)
{
    const char *top = getenv("top_builddir");

    snprintf(built, sizeof built, "%s/tests/collector/host/.libs", top != NULL ? top : ".");
    memset(&plugin, 0xff, sizeof plugin);
    why[0] = '\0';
}

static void expect_loaded(const char *name)
{
    int result = plugin_load(&plugin, name, directories, why, sizeof why);

    ck_assert_msg(result == 0, "%s: %s", name, why);
    ck_assert_str_eq(plugin.api.name, "odd");
    ck_assert_str_eq(plugin_role_name(&plugin), "sink");
    ck_assert_ptr_nonnull(plugin.sink.write);
    ck_assert_ptr_null(plugin.sink.tick);
    ck_assert_uint_eq(plugin.sink.takes, MUSTER_TAKES_MESSAGES);
    ck_assert_uint_eq(plugin.options.count, 2);
    ck_assert_str_eq(option_at(&plugin.options, 0).name, "one");
    ck_assert_str_eq(option_at(&plugin.options, 1).name, "two");
    ck_assert_str_eq(option_at(&plugin.options, 1).fallback, "2");
}

static void expect_refused(const char *name, const char *reason)
{
    ck_assert_int_eq(plugin_load(&plugin, name, directories, why, sizeof why), -1);
    ck_assert_msg(strstr(why, reason) != NULL, "%s: %s; expected: %s", name, why, reason);
    ck_assert_ptr_null(plugin.handle); /* nothing to unload */
    ck_assert_ptr_null(plugin.path);
}

START_TEST(of_this_version)
{
    char path[PATH_MAX + 32];

    expect_loaded("odd_good");
    ck_assert_uint_eq(plugin.api.size, sizeof(struct muster_plugin));
    plugin_unload(&plugin);
    ck_assert_ptr_null(plugin.handle);
    snprintf(path, sizeof path, "%s/odd_good.so", built); /* that very file */
    expect_loaded(path);
    ck_assert_str_eq(plugin.path, path);
    plugin_unload(&plugin);
}
END_TEST

START_TEST(of_a_later_version)
{
    expect_loaded("odd_future");
    ck_assert_uint_gt(plugin.api.size, sizeof(struct muster_plugin));
    ck_assert_uint_gt(plugin.options.stride, sizeof(struct muster_option));
    ck_assert_uint_gt(plugin.api.abi_minor, MUSTER_ABI_MINOR);
    plugin_unload(&plugin);
}
END_TEST

START_TEST(refused)
{
    char expected[100];

    snprintf(expected, sizeof expected, "of %zu bytes and ABI %d.%d; expected at least %zu bytes",
             sizeof(struct muster_plugin) - sizeof(void *), MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR,
             sizeof(struct muster_plugin));
    expect_refused("odd_short", expected);
    snprintf(expected, sizeof expected, "and ABI %d.%d; expected", MUSTER_ABI_MAJOR + 1,
             MUSTER_ABI_MINOR);
    expect_refused("odd_major", expected);
    expect_refused("odd_no_write", "it is a sink without write()");
    expect_refused("odd_options", "its option table is missing or of a wrong size");
    expect_refused("odd_reserved", "its options are named plugin, name, queue or required");
    expect_refused("odd_no_role", "it is neither a filter nor a sink");
    expect_refused("odd_no_name", "its name, version or summary is missing or malformed");
    expect_refused("odd_no_symbol", "it has no symbol muster_plugin_v1");
}
END_TEST

START_TEST(not_there)
{
    char expected[2 * PATH_MAX];

    expect_refused("odd_god", "; did you mean \"odd_good\"?");
    snprintf(expected, sizeof expected,
             "there is no plugin \"zzz\" (no zzz.so in \"/nowhere/at/all\", \"%s\")", built);
    expect_refused("zzz", expected);
    expect_refused("./zzz.so", "cannot read the plugin \"./zzz.so\": No such file or directory");
    expect_refused("", "there is no plugin \"\"");
}
END_TEST

START_TEST(no_shared_object)
{
    char folder[] = "/tmp/muster-loader-XXXXXX", path[64];
    FILE *out;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/text.so", folder);
    out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs("this is no shared object\n", out);
    fclose(out);
    expect_refused(path, "cannot load the plugin: ");
    expect_refused(folder, "cannot load the plugin: "); /* a folder */
    unlink(path);
    rmdir(folder);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {of_this_version, of_a_later_version, refused, not_there,
                                  no_shared_object};
    Suite *suite = suite_create("loader");
    TCase *tcase = tcase_create("loader");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
