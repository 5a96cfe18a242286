/* SPDX-License-Identifier: MIT
 *
 * A directory and its lock, and what is said if one cannot be had.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/state/state_directory.h"
#include "common/runner.h"

static char path[64], lock_path[96];
static struct problems said;

static void set_up(void)
{
    strcpy(path, "/tmp/muster-directory-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    snprintf(lock_path, sizeof lock_path, "%s/musterd.lock", path);
}

static void tear_down(void)
{
    problems_free(&said);
    unlink(lock_path);
    rmdir(path);
}

/* All that was said is this one error. */
static void expect_said(const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    problems_print(&said, out);
    fclose(out);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(problems_count(&said), 1);
    free(text);
    problems_free(&said);
}

START_TEST(none_that_can_be_opened)
{
    struct state_directory directory;
    char nowhere[80], expected[512];

    snprintf(nowhere, sizeof nowhere, "%s/no", path);
    ck_assert_int_eq(state_directory_open(&directory, "state_dir", nowhere, &said), -1);
    snprintf(expected, sizeof expected,
             "there is no state_dir \"%s\"; make it: mkdir -p %s, and give it to the user that "
             "musterd runs as\n",
             nowhere, nowhere);
    expect_said(expected);
    ck_assert_int_eq(state_directory_open(&directory, "state_live_dir", "/dev/null", &said), -1);
    expect_said("cannot open the state_live_dir \"/dev/null\": Not a directory\n");
}
END_TEST

START_TEST(one_of_two_names)
{
    struct state_directory one, two, other;
    char dotted[80];

    snprintf(dotted, sizeof dotted, "%s/.", path);
    ck_assert_int_eq(state_directory_open(&one, "state_dir", path, &said), 0);
    ck_assert_int_eq(state_directory_open(&two, "state_live_dir", dotted, &said), 0);
    ck_assert_int_eq(state_directory_open(&other, "state_live_dir", "/tmp", &said), 0);
    ck_assert(state_directory_is_same(&one, &two));
    ck_assert(!state_directory_is_same(&one, &other));
    close(one.fd);
    close(two.fd);
    close(other.fd);
}
END_TEST

START_TEST(one_lock_at_a_time)
{
    struct state_directory directory;
    char expected[256];
    int lock, again;

    ck_assert_int_eq(state_directory_open(&directory, "state_dir", path, &said), 0);
    lock = state_directory_lock(&directory, &said);
    ck_assert_int_ge(lock, 0);
    ck_assert_int_eq(state_directory_lock(&directory, &said), -1);
    snprintf(expected, sizeof expected,
             "the state in \"%s\" is in use by musterd, pid %d; stop that one first, or give this "
             "one a directory of its own\n",
             path, (int)getpid());
    expect_said(expected);
    close(lock); /* the file stays, the lock does not */
    again = state_directory_lock(&directory, &said);
    ck_assert_int_ge(again, 0);
    close(again);
    close(directory.fd);
}
END_TEST

START_TEST(no_lock_through_a_link)
{
    struct state_directory directory;
    char expected[256];

    ck_assert_int_eq(state_directory_open(&directory, "state_dir", path, &said), 0);
    ck_assert_int_eq(symlink("/dev/null", lock_path), 0);
    ck_assert_int_eq(state_directory_lock(&directory, &said), -1);
    snprintf(expected, sizeof expected, "cannot lock \"%s\": it is a symbolic link\n", lock_path);
    expect_said(expected);
    close(directory.fd);
}
END_TEST

/* A victim that somebody has given that name, too, or moved there. */
START_TEST(no_lock_that_is_something_else)
{
    static const char *const contents[] = {"precious\n", "12 34\n",
                                           "1234567890123456789012345678901\n2\n", "17"};
    struct state_directory directory;
    char other[112], text[64];
    size_t i;
    FILE *file;

    snprintf(other, sizeof other, "%s.other", lock_path);
    ck_assert_int_eq(state_directory_open(&directory, "state_dir", path, &said), 0);
    for (i = 0; i <= sizeof contents / sizeof contents[0]; i++) {
        const bool is_linked = i == sizeof contents / sizeof contents[0];
        const char *content = is_linked ? "17\n" : contents[i];

        file = fopen(lock_path, "w");
        ck_assert_int_ge(fputs(content, file), 0);
        ck_assert_int_eq(fclose(file), 0);
        if (is_linked)
            ck_assert_int_eq(link(lock_path, other), 0);
        ck_assert_int_eq(state_directory_lock(&directory, &said), -1);
        ck_assert_uint_eq(problems_count(&said), 1);
        problems_free(&said);
        file = fopen(lock_path, "r");
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        ck_assert_int_eq(fclose(file), 0);
        ck_assert_str_eq(text, content);
    }
    ck_assert_int_eq(unlink(other), 0);
    close(directory.fd);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {none_that_can_be_opened, one_of_two_names, one_lock_at_a_time,
                                  no_lock_through_a_link, no_lock_that_is_something_else};
    Suite *suite = suite_create("state_directory");
    TCase *tcase = tcase_create("state_directory");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
