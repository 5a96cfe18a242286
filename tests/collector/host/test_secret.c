/* SPDX-License-Identifier: MIT
 *
 * Where a secret is read from, and that what is said of one that cannot be does not give it away.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/host/secret.h"
#include "common/runner.h"

static char folder[32], path[64], text[80], why[512];
static char *secret;

static void set_up(void)
{
    strcpy(folder, "/tmp/muster-secret-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(text, sizeof text, "file:%s", path);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
    unsetenv("MUSTER_TEST");
}

static void write_file(const char *bytes, size_t size)
{
    FILE *out = fopen(path, "w");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    ck_assert_int_eq(fclose(out), 0);
}

static void expect(const char *from, const char *expected)
{
    why[0] = '\0';
    ck_assert_msg(secret_read(from, &secret, why, sizeof why) == 0, "%s", why);
    ck_assert_str_eq(secret, expected);
    secret_free(secret);
}

static void expect_refused(const char *from, const char *reason)
{
    ck_assert_int_eq(secret_read(from, &secret, why, sizeof why), 1);
    ck_assert_msg(strstr(why, reason) != NULL, "%s; expected: %s", why, reason);
    ck_assert_ptr_null(secret);
}

START_TEST(itself)
{
    expect("hush", "hush");
    expect("files:x", "files:x");
    expect_refused("", "it is empty");
    secret_free(NULL);
}
END_TEST

START_TEST(of_a_file)
{
    char line[5000];

    expect_refused(text, "No such file or directory");
    write_file("", 0);
    expect_refused(text, "is empty");
    write_file("\nhush", 5);
    expect_refused(text, "is empty");
    write_file("hush", 4);
    expect(text, "hush");
    write_file("hush \r\nmore\n", 12);
    expect(text, "hush ");
    write_file("hu\0sh\n", 6);
    expect_refused(text, "has a zero byte");
    memset(line, 'x', sizeof line);
    write_file(line, sizeof line);
    expect_refused(text, "is too long; expected 4096 bytes at most");
    ck_assert_ptr_null(strstr(why, "xxx"));
    line[4096] = '\n';
    write_file(line, sizeof line);
    line[4096] = '\0';
    expect(text, line);
}
END_TEST

START_TEST(of_no_file)
{
    char as_text[80];

    snprintf(as_text, sizeof as_text, "file:%s", folder);
    expect_refused(as_text, "it is no regular file");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_refused(text, "it is no regular file"); /* and does not wait for a writer */
    expect_refused("file:", "No such file or directory");
}
END_TEST

START_TEST(of_the_environment)
{
    expect_refused("env:MUSTER_TEST", "\"MUSTER_TEST\" is not set");
    setenv("MUSTER_TEST", "", 1);
    expect_refused("env:MUSTER_TEST", "\"MUSTER_TEST\" is empty");
    setenv("MUSTER_TEST", "hush", 1);
    expect("env:MUSTER_TEST", "hush");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {itself, of_a_file, of_no_file, of_the_environment};
    Suite *suite = suite_create("secret");
    TCase *tcase = tcase_create("secret");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
