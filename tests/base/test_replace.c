/* SPDX-License-Identifier: MIT
 *
 * Replacing a file as a whole: what it keeps, what it refuses, and what it leaves behind.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/replace.h"
#include "common/runner.h"

static char folder[] = "/tmp/test_replace.XXXXXX";
static char why[DESTINATION_WHY];
static const struct replace plainly = {.mode = 0}, durably = {.is_durable = true};

static void enter_folder(void)
{
    memcpy(strrchr(folder, '.') + 1, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    umask(022);
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

static void holds(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_str_eq(found, text);
}

static struct stat status_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(lstat(path, &status), 0);
    return status;
}

static unsigned count_files(void)
{
    DIR *directory = opendir(".");
    const struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(directory);
    while ((entry = readdir(directory)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void replaced(const char *path, const struct replace *how, const char *text)
{
    ck_assert_msg(replace_file(path, how, text, strlen(text), why) == 0, "%s: %s", path, why);
}

START_TEST(makes_and_replaces)
{
    replaced("f", &plainly, "first");
    holds("f", "first");
    ck_assert_uint_eq(status_of("f").st_mode & 07777, 0640);
    replaced("f", &durably, "2");
    holds("f", "2");
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(makes_with_a_mode)
{
    const struct replace how = {.mode = 0666};

    replaced("asked", &how, "x");
    ck_assert_uint_eq(status_of("asked").st_mode & 07777, 0666); /* whatever the umask */
    umask(077);
    replaced("default", &plainly, "x");
    ck_assert_uint_eq(status_of("default").st_mode & 07777, 0600);
}
END_TEST

START_TEST(keeps_mode_and_owner)
{
    const struct replace how = {.mode = 0666};
    const bool is_root = geteuid() == 0;

    put("f", "old");
    ck_assert_int_eq(chmod("f", 0604), 0);
    if (is_root)
        ck_assert_int_eq(chown("f", 65534, 12345), 0);
    replaced("f", &how, "new");
    holds("f", "new");
    ck_assert_uint_eq(status_of("f").st_mode & 07777, 0604);
    if (is_root) {
        ck_assert_uint_eq(status_of("f").st_uid, 65534);
        ck_assert_uint_eq(status_of("f").st_gid, 12345);
    }
}
END_TEST

START_TEST(keeps_links)
{
    ck_assert_int_eq(mkdir("real", 0755), 0);
    ck_assert_int_eq(symlink("real/f", "link"), 0);
    replaced("link", &plainly, "made");
    holds("real/f", "made");
    replaced("link", &plainly, "again");
    holds("real/f", "again");
    ck_assert(S_ISLNK(status_of("link").st_mode));
    ck_assert_uint_eq(count_files(), 2);
}
END_TEST

/* Whoever foresees a name and puts a link there harms nobody: it was not the right one. */
START_TEST(is_not_led_elsewhere)
{
    put("victim", "precious");
    ck_assert_int_eq(symlink("victim", "f.new"), 0);
    ck_assert_int_eq(link("victim", "f"), 0);
    replaced("f", &plainly, "x");
    holds("victim", "precious");
    holds("f", "x");
}
END_TEST

static bool never(int fd, char text[DESTINATION_WHY])
{
    ck_assert_int_ge(fd, 0);
    snprintf(text, DESTINATION_WHY, "it is holy");
    return false;
}

START_TEST(asks_whether_it_may)
{
    const struct replace how = {.may_replace = never};

    put("f", "old");
    ck_assert_int_eq(replace_check("f", &how, why), EEXIST);
    ck_assert_str_eq(why, "it is holy");
    ck_assert_int_eq(replace_file("f", &how, "x", 1, why), EEXIST);
    holds("f", "old");
    ck_assert_uint_eq(count_files(), 1);
    replaced("other", &how, "x"); /* nothing is there to ask about */
}
END_TEST

START_TEST(writes_to_devices)
{
    struct stat status;

    replaced("/dev/null", &plainly, "x");
    ck_assert_int_eq(stat("/dev/null", &status), 0);
    ck_assert(S_ISCHR(status.st_mode));
    ck_assert_int_eq(replace_file("/dev/full", &plainly, "x", 1, why), ENOSPC);
    ck_assert_str_eq(why, strerror(ENOSPC));
}
END_TEST

/* Nobody reads it, somebody does, and he takes nothing more. */
START_TEST(writes_to_fifos)
{
    static char large[1024 * 1024];
    char found[8];
    int reader;

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    ck_assert_int_eq(replace_check("pipe", &plainly, why), 0);
    ck_assert_int_eq(replace_file("pipe", &plainly, "x", 1, why), ENXIO);
    reader = open("pipe", O_RDONLY | O_NONBLOCK);
    replaced("pipe", &plainly, "report");
    ck_assert_int_eq((int)read(reader, found, sizeof found), 6);
    ck_assert_int_eq(replace_file("pipe", &plainly, large, sizeof large, why), EAGAIN);
    ck_assert_ptr_nonnull(strstr(why, "takes nothing more"));
    ck_assert(S_ISFIFO(status_of("pipe").st_mode));
    close(reader);
}
END_TEST

/* What a killed process left goes; what somebody is just writing, or is called otherwise, stays. */
START_TEST(tidies_up)
{
    struct destination destination;
    struct replacement under_way;

    put(".f.0123456789abcdef.new", "left over");
    put(".f.0123456789abcdeX.new", "another's");
    put(".g.0123456789abcdef.new", "of another file");
    ck_assert_int_eq(destination_find(&destination, "f", why), 0);
    ck_assert_int_eq(replacement_begin(&under_way, &destination, &plainly, why), 0);
    ck_assert_int_eq(replace_check("f", &plainly, why), 0);
    ck_assert_int_ne(access(".f.0123456789abcdef.new", F_OK), 0);
    ck_assert_int_eq(access(".f.0123456789abcdeX.new", F_OK), 0);
    ck_assert_int_eq(access(".g.0123456789abcdef.new", F_OK), 0);
    ck_assert_int_eq(access(under_way.name, F_OK), 0);
    ck_assert_int_eq(replacement_end(&under_way, false), 0);
    ck_assert_int_eq(access("f", F_OK), 0);
    destination_close(&destination);
}
END_TEST

/* As long as a name may be. */
START_TEST(takes_long_names)
{
    char name[NAME_MAX + 2];

    memset(name, 'n', sizeof name);
    name[NAME_MAX + 1] = '\0';
    ck_assert_int_eq(replace_file(name, &plainly, "x", 1, why), ENAMETOOLONG);
    name[NAME_MAX] = '\0';
    replaced(name, &plainly, "x");
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

/* As root only, who can play others.  What is not readable, and what cannot be given back to its
 * owner, is not replaced by another user. */
START_TEST(refuses_what_is_not_ours)
{
    if (geteuid() != 0)
        return;
    put("theirs", "x");
    put("secret", "x");
    ck_assert_int_eq(chmod("secret", 0600), 0);
    ck_assert_int_eq(chmod(".", 0755), 0);
    ck_assert_int_eq(chown(".", 65534, 65534), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(replace_file("secret", &plainly, "y", 1, why), EACCES);
    ck_assert_ptr_nonnull(strstr(why, "cannot be read"));
    ck_assert_int_eq(replace_file("theirs", &plainly, "y", 1, why), EPERM);
    ck_assert_ptr_nonnull(strstr(why, "change its owner"));
    ck_assert_int_eq(seteuid(0), 0);
    holds("theirs", "x");
    holds("secret", "x");
    ck_assert_uint_eq(count_files(), 2);
    /* Nor by root, where anybody could have put it. */
    ck_assert_int_eq(chown(".", 0, 0), 0);
    ck_assert_int_eq(chmod(".", 01777), 0);
    ck_assert_int_eq(chown("theirs", 65534, 65534), 0);
    ck_assert_int_eq(replace_file("theirs", &plainly, "y", 1, why), EACCES);
    holds("theirs", "x");
}
END_TEST

/* Two that replace one file again and again, and one who always finds it whole. */
static void *replace_often(void *stop)
{
    char text[4096];
    int i;

    memset(text, *(const char *)stop, sizeof text);
    for (i = 0; i < 200; i++)
        if (replace_file("f", &plainly, text, sizeof text, why) != 0)
            return (void *)1;
    return NULL;
}

START_TEST(is_whole_at_any_time)
{
    pthread_t threads[2];
    void *failed;
    int i, k;

    replaced("f", &plainly, "");
    for (i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, replace_often, i == 0 ? "a" : "b"), 0);
    for (i = 0; i < 200; i++) {
        char text[8192];
        int fd = open("f", O_RDONLY);
        ssize_t size = read(fd, text, sizeof text);

        close(fd);
        ck_assert(size == 0 || size == 4096);
        for (k = 1; k < size; k++)
            ck_assert_int_eq(text[k], text[0]);
    }
    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("replace");
    TCase *tests = tcase_create("replace");

    tcase_add_checked_fixture(tests, enter_folder, leave_folder);
    tcase_add_test(tests, makes_and_replaces);
    tcase_add_test(tests, makes_with_a_mode);
    tcase_add_test(tests, keeps_mode_and_owner);
    tcase_add_test(tests, keeps_links);
    tcase_add_test(tests, is_not_led_elsewhere);
    tcase_add_test(tests, asks_whether_it_may);
    tcase_add_test(tests, writes_to_devices);
    tcase_add_test(tests, writes_to_fifos);
    tcase_add_test(tests, tidies_up);
    tcase_add_test(tests, takes_long_names);
    tcase_add_test(tests, refuses_what_is_not_ours);
    tcase_add_test(tests, is_whole_at_any_time);
    suite_add_tcase(suite, tests);
    return suite;
}
