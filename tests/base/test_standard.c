/* SPDX-License-Identifier: MIT
 *
 * Standard output and error as files, and full.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/standard.h"
#include "common/runner.h"

static char path[] = "/tmp/test_standard.XXXXXX";

static void make_file(void)
{
    memcpy(strrchr(path, '.') + 1, "XXXXXX", 6);
    close(mkstemp(path));
}

static void remove_file(void)
{
    unlink(path);
}

/* As a process of its own, with both of them going to `to`.  Returns its exit status. */
static int run(const char *to, int (*work)(void))
{
    pid_t pid;
    int status;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        int fd = open(to, O_WRONLY);

        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        _exit(work());
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int empty_between(void)
{
    standard_append();
    if (write(STDOUT_FILENO, "before\n", 7) != 7 || truncate(path, 0) != 0 ||
        write(STDOUT_FILENO, "out\n", 4) != 4 || write(STDERR_FILENO, "err\n", 4) != 4)
        return 1;
    return 0;
}

START_TEST(a_file_that_is_emptied_has_no_hole)
{
    struct stat status;

    ck_assert_int_eq(run(path, empty_between), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, 8);
}
END_TEST

static int print_little(void)
{
    printf("little\n");
    return standard_finish("test") == 0 ? 0 : 3;
}

/* More than the buffer has room for: the error was noticed, and forgotten, before. */
static int print_much(void)
{
    int i;

    for (i = 0; i < 100000; i++)
        printf("much\n");
    fflush(stdout);
    return standard_finish("test") == 0 ? 0 : 3;
}

START_TEST(what_is_not_written_is_told)
{
    ck_assert_int_eq(run(path, print_little), 0);
    ck_assert_int_eq(run(path, print_much), 0);
    ck_assert_int_eq(run("/dev/full", print_little), 3);
    ck_assert_int_eq(run("/dev/full", print_much), 3);
}
END_TEST

static int open_closed(void)
{
    int fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    if (standard_open(false) != 0)
        return 1;
    fd = open("/", O_RDONLY);
    if (fd <= STDERR_FILENO)
        return 2;
    printf("to nobody\n");
    return standard_finish("test") == 0 ? 3 : 0;
}

static int open_all(void)
{
    return standard_open(true) == 0 && write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
}

START_TEST(what_is_closed_is_opened)
{
    ck_assert_int_eq(run(path, open_closed), 0);
    ck_assert_int_eq(run(path, open_all), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("standard");
    TCase *tests = tcase_create("standard");

    tcase_add_checked_fixture(tests, make_file, remove_file);
    tcase_add_test(tests, a_file_that_is_emptied_has_no_hole);
    tcase_add_test(tests, what_is_not_written_is_told);
    tcase_add_test(tests, what_is_closed_is_opened);
    suite_add_tcase(suite, tests);
    return suite;
}
