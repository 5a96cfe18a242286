/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/privileges.h"
#include "common/runner.h"

static const struct {
    const char *user, *group;
    enum privileges_outcome outcome;
    uid_t uid;
    gid_t gid;
} cases[] = {
    {"root", NULL, PRIVILEGES_ROOT, 0, 0},
    {"0", NULL, PRIVILEGES_ROOT, 0, 0},
    {"no such user", NULL, PRIVILEGES_NO_USER, 0, 0},
    {"-1", NULL, PRIVILEGES_NO_USER, 0, 0},
    {"4294967295", NULL, PRIVILEGES_NO_USER, 0, 0}, /* setresuid(2): "as it is" */
    {"99999999999999999999", NULL, PRIVILEGES_NO_USER, 0, 0},
    {"", NULL, PRIVILEGES_NO_USER, 0, 0},
    {"1234567", NULL, PRIVILEGES_NEEDS_GROUP, 0, 0},
    {"1234567", "7654321", PRIVILEGES_FOUND, 1234567, 7654321},
    {"1234567", "no such group", PRIVILEGES_NO_GROUP, 0, 0},
    {"1234567", "root", PRIVILEGES_FOUND, 1234567, 0},
};

START_TEST(users)
{
    struct privileges privileges;

    ck_assert_int_eq(privileges_find(&privileges, cases[_i].user, cases[_i].group),
                     cases[_i].outcome);
    ck_assert_int_eq(privileges.are_given, cases[_i].outcome == PRIVILEGES_FOUND);
    if (!privileges.are_given)
        return;
    ck_assert_uint_eq(privileges.uid, cases[_i].uid);
    ck_assert_uint_eq(privileges.gid, cases[_i].gid);
}
END_TEST

START_TEST(a_name_has_its_own_group)
{
    struct passwd *entry;
    struct privileges privileges;

    setpwent();
    while ((entry = getpwent()) != NULL && entry->pw_uid == 0)
        continue;
    if (entry == NULL)
        return;
    ck_assert_int_eq(privileges_find(&privileges, entry->pw_name, NULL), PRIVILEGES_FOUND);
    ck_assert_uint_eq(privileges.uid, getpwnam(entry->pw_name)->pw_uid);
    endpwent();
}
END_TEST

/* Runs in a process of its own; returns what it exits with. */
static int in_a_child(int (*act)(void))
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(act());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int drop(void)
{
    const struct privileges privileges = {.are_given = true, .uid = 54321, .gid = 54322};

    if (privileges_drop(&privileges) != 0)
        return 1;
    if (getuid() != 54321 || geteuid() != 54321 || getgid() != 54322 || getegid() != 54322 ||
        getgroups(0, NULL) != 1)
        return 2;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
        return 3;
    return privileges_drop(&privileges) == 0 ? 0 : 4; /* who it is already */
}

static int ask_for_another(void)
{
    const struct privileges other = {.are_given = true, .uid = 54323, .gid = 54322};
    const struct privileges group = {.are_given = true, .uid = 54321, .gid = 54323};

    if (drop() != 0)
        return 1;
    return privileges_drop(&other) == EPERM && privileges_drop(&group) == EPERM ? 0 : 2;
}

START_TEST(what_is_left)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(in_a_child(drop), 0);
    ck_assert_int_eq(in_a_child(ask_for_another), 0);
}
END_TEST

START_TEST(nothing_is_asked_for)
{
    const struct privileges privileges = {0};
    uid_t uid = geteuid();

    ck_assert_int_eq(privileges_drop(&privileges), 0);
    ck_assert_uint_eq(geteuid(), uid);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("privileges");
    TCase *tests = tcase_create("privileges");

    tcase_add_loop_test(tests, users, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tests, a_name_has_its_own_group);
    tcase_add_test(tests, what_is_left);
    tcase_add_test(tests, nothing_is_asked_for);
    suite_add_tcase(suite, tests);
    return suite;
}
