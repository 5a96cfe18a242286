/* SPDX-License-Identifier: MIT
 *
 * Where paths lead: links, streams, what is no file, whose it is.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/destination.h"
#include "common/runner.h"

static char folder[] = "/tmp/test_destination.XXXXXX";
static char why[DESTINATION_WHY];

static void enter_folder(void)
{
    memcpy(strrchr(folder, '.') + 1, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static struct destination found(const char *path)
{
    struct destination destination;

    ck_assert_msg(destination_find(&destination, path, why) == 0, "%s: %s", path, why);
    return destination;
}

static void not_found(const char *path, int error)
{
    struct destination destination;

    ck_assert_int_eq(destination_find(&destination, path, why), error);
    ck_assert_int_eq(destination.directory, -1);
    ck_assert_uint_gt(strlen(why), 0);
}

START_TEST(leads_to_a_file)
{
    struct destination there, absent;

    put("a", "x");
    there = found("./a");
    absent = found("b");
    ck_assert(there.is_there && !there.is_stream && there.status.st_size == 1);
    ck_assert(!absent.is_there && !absent.is_stream);
    ck_assert_str_eq(absent.name, "b");
    destination_close(&there);
    destination_close(&absent);
}
END_TEST

/* Links to links, through folders, up and down; and one to what is still to be made. */
START_TEST(follows_links)
{
    struct destination destination, direct;

    ck_assert_int_eq(mkdir("real", 0755), 0);
    ck_assert_int_eq(mkdir("other", 0755), 0);
    ck_assert_int_eq(symlink("other/second", "first"), 0);
    ck_assert_int_eq(symlink("../real/file", "other/second"), 0);
    destination = found("first");
    direct = found("real/file");
    ck_assert(!destination.is_there && destination_is_same(&destination, &direct));
    destination_close(&destination);
    destination_close(&direct);
    put("real/file", "x");
    destination = found("first");
    direct = found("other/../real//file");
    ck_assert(destination.is_there && destination_is_same(&destination, &direct));
    destination_close(&destination);
    destination_close(&direct);
}
END_TEST

START_TEST(tells_files_apart)
{
    struct destination a, b, linked, absent;

    put("a", "");
    put("b", "");
    ck_assert_int_eq(link("a", "linked"), 0);
    a = found("a");
    b = found("b");
    linked = found("linked");
    absent = found("absent");
    ck_assert(!destination_is_same(&a, &b));
    ck_assert(destination_is_same(&a, &linked));
    ck_assert(!destination_is_same(&a, &absent));
    destination_close(&a);
    destination_close(&b);
    destination_close(&linked);
    destination_close(&absent);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    ck_assert_int_eq(mkdir("d", 0755), 0);
    ck_assert_int_eq(symlink("round", "round"), 0);
    not_found("d", EISDIR);
    not_found("d/", EISDIR);
    not_found("d/..", EISDIR);
    not_found("nowhere/a", ENOENT);
    ck_assert_ptr_nonnull(strstr(why, "directory"));
    not_found("round", ELOOP);
    ck_assert_int_eq(mknod("socket", S_IFSOCK | 0600, 0), 0);
    not_found("socket", ENOTSUP);
}
END_TEST

/* A FIFO that nobody reads is an error at once, and one that is read is opened. */
START_TEST(does_not_wait_for_a_reader)
{
    struct destination destination;
    int reader, fd;

    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    destination = found("pipe");
    ck_assert(destination.is_stream);
    ck_assert_int_eq(destination_open(&destination, O_RDWR | O_CREAT | O_TRUNC, 0600, why), -1);
    ck_assert_int_eq(errno, ENXIO);
    ck_assert_ptr_nonnull(strstr(why, "reader"));
    reader = open("pipe", O_RDONLY | O_NONBLOCK);
    fd = destination_open(&destination, O_RDWR | O_CREAT | O_TRUNC, 0600, why);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, "x", 1), 1);
    close(fd);
    close(reader);
    destination_close(&destination);
}
END_TEST

/* What came between looking and opening is not opened: neither a link, nor a FIFO. */
START_TEST(opens_what_was_found)
{
    struct destination destination;

    put("victim", "precious");
    destination = found("new");
    ck_assert_int_eq(symlink("victim", "new"), 0);
    ck_assert_int_eq(destination_open(&destination, O_RDWR | O_CREAT | O_TRUNC, 0600, why), -1);
    ck_assert_int_eq(unlink("new"), 0);
    ck_assert_int_eq(mkfifo("new", 0600), 0);
    ck_assert_int_eq(destination_open(&destination, O_RDWR | O_CREAT, 0600, why), -1);
    destination_close(&destination);
    destination = found("victim");
    ck_assert_int_eq(destination.status.st_size, 8);
    destination_close(&destination);
}
END_TEST

/* /dev/stdout and its like lead to an open file, which is written at its end. */
START_TEST(writes_to_open_files)
{
    struct destination destination;
    char path[64];
    int file, fd;

    put("log", "before\n");
    file = open("log", O_WRONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    destination = found(path);
    ck_assert(destination.is_stream && destination.is_descriptor);
    fd = destination_open(&destination, O_WRONLY | O_TRUNC, 0, why);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, "after\n", 6), 6);
    close(fd);
    close(file);
    destination_close(&destination);
    destination = found("log");
    ck_assert_int_eq(destination.status.st_size, 13);
    destination_close(&destination);
}
END_TEST

/* As root only: in a folder where anybody can make files, what others have put there is theirs. */
START_TEST(tells_what_is_somebody_elses)
{
    struct destination destination;

    if (geteuid() != 0)
        return;
    ck_assert_int_eq(mkdir("open", 0755), 0);
    ck_assert_int_eq(chmod("open", 01777), 0);
    put("open/theirs", "x");
    put("ours", "x");
    ck_assert_int_eq(chown("open/theirs", 65534, 65534), 0);
    destination = found("open/theirs");
    ck_assert(destination_is_foreign(&destination, why));
    ck_assert_ptr_nonnull(strstr(why, "65534"));
    destination_close(&destination);
    ck_assert_int_eq(chmod("open", 0755), 0);
    destination = found("open/theirs");
    ck_assert(!destination_is_foreign(&destination, why));
    destination_close(&destination);
    ck_assert_int_eq(chmod("open", 01777), 0);
    ck_assert_int_eq(symlink("../ours", "open/link"), 0);
    destination = found("open/link");
    destination_close(&destination);
    ck_assert_int_eq(lchown("open/link", 65534, 65534), 0);
    not_found("open/link", EACCES);
}
END_TEST

START_TEST(reads_modes)
{
    mode_t mode = 0;

    ck_assert_int_eq(destination_read_mode("0640", &mode), 0);
    ck_assert_uint_eq(mode, 0640);
    ck_assert_int_eq(destination_read_mode("600", &mode), 0);
    ck_assert_uint_eq(mode, 0600);
    ck_assert_int_eq(destination_read_mode("0755", &mode), -1);
    ck_assert_int_eq(destination_read_mode("0440", &mode), -1);
    ck_assert_int_eq(destination_read_mode("4600", &mode), -1);
    ck_assert_int_eq(destination_read_mode("0680", &mode), -1);
    ck_assert_int_eq(destination_read_mode("64", &mode), -1);
    ck_assert_int_eq(destination_read_mode("00640", &mode), -1);
    ck_assert_int_eq(destination_read_mode("", &mode), -1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("destination");
    TCase *tests = tcase_create("destination");

    tcase_add_checked_fixture(tests, enter_folder, leave_folder);
    tcase_add_test(tests, leads_to_a_file);
    tcase_add_test(tests, follows_links);
    tcase_add_test(tests, tells_files_apart);
    tcase_add_test(tests, refuses_what_is_no_file);
    tcase_add_test(tests, does_not_wait_for_a_reader);
    tcase_add_test(tests, opens_what_was_found);
    tcase_add_test(tests, writes_to_open_files);
    tcase_add_test(tests, tells_what_is_somebody_elses);
    tcase_add_test(tests, reads_modes);
    suite_add_tcase(suite, tests);
    return suite;
}
