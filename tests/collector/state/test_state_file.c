/* SPDX-License-Identifier: MIT
 *
 * One file by itself: made, found, copied, marked, set aside.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "runs.h"

static const struct state_file_owner owner = {
    .instance = "it", .plugin = "keeper", .format = FORMAT, .bytes = BYTES};

static struct state_directory home_directory, live_directory;
static char why[STATE_FILE_WHY];

static void open_directories(void)
{
    set_up();
    ck_assert_int_eq(state_directory_open(&home_directory, "state_dir", home, &said), 0);
    ck_assert_int_eq(state_directory_open(&live_directory, "state_live_dir", live, &said), 0);
}

static void close_directories(void)
{
    close(home_directory.fd);
    close(live_directory.fd);
    tear_down();
}

static struct state_file make(void)
{
    struct state_file_header header = state_file_header_new(&owner);
    struct state_file file;

    ck_assert_int_eq(state_file_create(&file, &home_directory, "it", &header), 0);
    return file;
}

/* Writes a byte of the content. */
static void put(const struct state_file *file, size_t at, uint8_t byte)
{
    ck_assert_int_eq(pwrite(file->fd, &byte, 1, (off_t)(PAGE + at)), 1);
}

START_TEST(a_new_file_is_zeros_with_all_of_its_space)
{
    struct state_file file = make(), found;
    struct image image = read_image(home_file());
    struct stat status;

    ck_assert_uint_eq(image.bytes, PAGE + BYTES);
    ck_assert(is_zero(image.at + PAGE));
    ck_assert_int_eq(fstat(file.fd, &status), 0);
    ck_assert_int_ge(status.st_blocks * 512, BYTES);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    ck_assert_int_eq(state_file_find(&found, &home_directory, &owner, why), STATE_FILE_GOOD);
    ck_assert_uint_eq(found.header.run, STATE_FILE_RUNNING);
    ck_assert_str_eq(found.header.plugin, "keeper");
    ck_assert(!found.is_made);
    state_file_close(&found);
    state_file_close(&file);
    free(image.at);
}
END_TEST

START_TEST(it_replaces_another_or_leaves_it_alone)
{
    struct state_file_header header = state_file_header_new(&owner);
    struct state_file file = make(), other;
    char byte;

    put(&file, 5, 'x');
    state_file_close(&file);
    write_bytes(in(home, "it.state.new"), "cut off", 7); /* by a run that was killed */
    limit_files(100000);
    ck_assert_int_ne(state_file_create(&other, &home_directory, "it", &header), 0);
    ck_assert_int_eq(other.fd, -1);
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    ck_assert_int_eq(state_file_find(&other, &home_directory, &owner, why), STATE_FILE_GOOD);
    ck_assert_int_eq(pread(other.fd, &byte, 1, PAGE + 5), 1);
    ck_assert_int_eq(byte, 'x');
    state_file_close(&other);
    file = make();
    ck_assert_int_eq(pread(file.fd, &byte, 1, PAGE + 5), 1);
    ck_assert_int_eq(byte, 0);
    state_file_close(&file);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
}
END_TEST

START_TEST(only_a_made_one_goes_away_when_dropped)
{
    struct state_file file = make();

    state_file_close(&file);
    ck_assert_int_eq(state_file_find(&file, &home_directory, &owner, why), STATE_FILE_GOOD);
    state_file_drop(&file);
    ck_assert(exists(home_file()));
    file = make();
    state_file_drop(&file);
    ck_assert(!exists(home_file()));
    ck_assert_int_eq(file.fd, -1);
    state_file_drop(&file); /* once more is nothing */
    ck_assert_int_eq(state_file_find(&file, &home_directory, &owner, why), STATE_FILE_NONE);
}
END_TEST

START_TEST(a_stopped_one_has_a_checksum)
{
    struct state_file file = make();

    put(&file, 100000, 7);
    ck_assert(state_file_is_whole(&file, why)); /* it runs */
    file.header.run = STATE_FILE_STOPPED;
    ck_assert(!state_file_is_whole(&file, why));
    ck_assert_str_eq(why, "its content is damaged: the checksum is another");
    ck_assert_int_eq(state_file_checksum(&file, &file.header.content_checksum), 0);
    ck_assert(state_file_is_whole(&file, why));
    put(&file, BYTES - 1, 1);
    ck_assert(!state_file_is_whole(&file, why));
    ck_assert_int_eq(ftruncate(file.fd, PAGE), 0);
    ck_assert(!state_file_is_whole(&file, why));
    ck_assert_str_eq(why, "its content cannot be read: Input/output error");
    state_file_close(&file);
}
END_TEST

START_TEST(a_copy_is_the_same_without_the_holes)
{
    struct state_file file = make(), copy;
    struct state_file_header header = file.header;
    struct image from, to;
    struct stat status;
    uint64_t checksum;

    put(&file, 150000, 9);
    header.run = STATE_FILE_SNAPSHOT;
    ck_assert_int_eq(state_file_copy(&copy, &live_directory, "it", &header, &file, false), 0);
    ck_assert_int_eq(state_file_checksum(&file, &checksum), 0);
    ck_assert_uint_eq(copy.header.content_checksum, checksum);
    ck_assert_int_eq(fstat(copy.fd, &status), 0);
    ck_assert_int_lt(status.st_blocks * 512, BYTES / 2);
    from = read_image(home_file());
    to = read_image(live_file());
    ck_assert_uint_eq(from.bytes, to.bytes);
    ck_assert_int_eq(memcmp(from.at + PAGE, to.at + PAGE, BYTES), 0);
    ck_assert_int_eq(state_file_reserve(&copy), 0);
    ck_assert_int_eq(fstat(copy.fd, &status), 0);
    ck_assert_int_ge(status.st_blocks * 512, BYTES);
    state_file_close(&copy);
    state_file_close(&file);
    free(from.at);
    free(to.at);
}
END_TEST

START_TEST(outdated_by_a_run_that_did_not_have_it)
{
    struct state_file file = make();

    state_file_close(&file);
    ck_assert_uint_eq(header_of(home_file()).stale, 0);
    ck_assert_int_eq(state_file_outdate(&home_directory, "it.state"), 0);
    ck_assert_uint_eq(header_of(home_file()).stale, 1);
    ck_assert_int_eq(state_file_outdate(&home_directory, "it.state"), 0);
    ck_assert_int_eq(state_file_find(&file, &home_directory, &owner, why), STATE_FILE_GOOD);
    state_file_close(&file);
}
END_TEST

START_TEST(what_is_no_state_is_not_outdated)
{
    static const uint8_t text[PAGE + 10] = "a letter to somebody else";
    struct image after;

    write_bytes(home_file(), text, sizeof text);
    ck_assert_int_eq(state_file_outdate(&home_directory, "it.state"), 0);
    after = read_image(home_file());
    ck_assert_mem_eq(after.at, text, sizeof text);
    free(after.at);
    unlink(home_file());
    ck_assert_int_eq(symlink("/etc/passwd", home_file()), 0);
    ck_assert_int_eq(state_file_outdate(&home_directory, "it.state"), 0);
    unlink(home_file());
    ck_assert_int_eq(mkfifo(home_file(), 0600), 0);
    ck_assert_int_eq(state_file_outdate(&home_directory, "it.state"), 0);
}
END_TEST

START_TEST(set_aside_under_a_free_name)
{
    char name[2][NAME_MAX + 1];
    unsigned i;

    for (i = 0; i < 2; i++) {
        struct state_file file = make();

        ck_assert_int_eq(state_file_set_aside(&file, name[i]), 0);
        ck_assert_int_eq(file.fd, -1);
        ck_assert(exists(in(home, name[i])));
    }
    ck_assert_str_ne(name[0], name[1]);
    ck_assert(!exists(home_file()));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        a_new_file_is_zeros_with_all_of_its_space, it_replaces_another_or_leaves_it_alone,
        only_a_made_one_goes_away_when_dropped,    a_stopped_one_has_a_checksum,
        a_copy_is_the_same_without_the_holes,      outdated_by_a_run_that_did_not_have_it,
        what_is_no_state_is_not_outdated,          set_aside_under_a_free_name};
    Suite *suite = suite_create("state_file");
    TCase *tcase = tcase_create("state_file");
    size_t i;

    tcase_add_checked_fixture(tcase, open_directories, close_directories);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
