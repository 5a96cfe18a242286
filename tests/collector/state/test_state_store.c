/* SPDX-License-Identifier: MIT
 *
 * Directories and their locks, and the copies.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "runs.h"

/* ---- Directories -------------------------------------------------------------------- */

static bool try_start(const char *directory, const char *live_directory)
{
    struct state_settings settings = {.directory = directory, .live_directory = live_directory};
    struct state_store *other = state_store_open(&settings, &said);
    bool started = other != NULL;

    state_store_close(other);
    return started;
}

START_TEST(one_collector_at_a_time)
{
    char expected[PATH_BYTES];

    start(home, live, 0);
    ck_assert(!try_start(home, NULL));
    snprintf(expected, sizeof expected, "the state in \"%s\" is in use by musterd, pid %d; ", home,
             (int)getpid());
    ck_assert_uint_eq(logged(expected), 1);
    ck_assert(!try_start(live, NULL));
    snprintf(expected, sizeof expected, "the state in \"%s\" is in use by musterd, pid %d; ", live,
             (int)getpid());
    ck_assert_uint_eq(logged(expected), 1);
    end();
    ck_assert(try_start(home, live));
}
END_TEST

START_TEST(no_directory)
{
    char nowhere[PATH_BYTES], linked[PATH_BYTES], target[PATH_BYTES];

    snprintf(nowhere, sizeof nowhere, "%s/nowhere", folder);
    ck_assert(!try_start(nowhere, NULL));
    ck_assert_uint_eq(logged("there is no state_dir \""), 1);
    ck_assert_uint_eq(logged("; make it: mkdir -p "), 1);
    ck_assert(!try_start(home, nowhere));
    ck_assert_uint_eq(logged("there is no state_live_dir \""), 1);
    snprintf(nowhere, sizeof nowhere, "%s/log", folder);
    ck_assert(!try_start(nowhere, NULL));
    ck_assert_uint_eq(logged("log\": Not a directory"), 1);
    snprintf(linked, sizeof linked, "%s", in(home, "musterd.lock"));
    unlink(linked);
    snprintf(target, sizeof target, "%s", in(folder, "log"));
    ck_assert_int_eq(symlink(target, linked), 0);
    ck_assert(!try_start(home, NULL));
    ck_assert_uint_eq(logged("musterd.lock\": it is a symbolic link"), 1);
}
END_TEST

START_TEST(two_names_for_one_directory)
{
    char linked[PATH_BYTES];

    snprintf(linked, sizeof linked, "%s/linked", folder);
    ck_assert_int_eq(symlink(home, linked), 0);
    start(home, linked, 1);
    open_it();
    state_store_begin(store, &said);
    fill(wanted.memory, 33);
    ck_assert_uint_eq(state_store_copy(store, 1, &said), 0);
    end();
    unlink(linked);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 33);
    end();
}
END_TEST

/* ---- Copies ------------------------------------------------------------------------- */

START_TEST(copies_while_it_runs)
{
    struct image copy;
    uint64_t next;

    start(home, live, 1000);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert(exists(live_file()));
    ck_assert(!exists(home_file()));
    state_store_begin(store, &said);
    next = state_store_copy(store, 5000, &said);
    ck_assert_uint_eq(next, 6000);
    fill(wanted.memory, 21);
    ck_assert_uint_eq(state_store_copy(store, 5999, &said), 6000);
    ck_assert(!exists(home_file()));
    ck_assert_uint_eq(state_store_copy(store, 6000, &said), 7000);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_SNAPSHOT);
    copy = read_image(home_file());
    ck_assert(is_filled(copy.at + PAGE, 21));
    fill(wanted.memory, 22);
    end();
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_STOPPED);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    unlink(live_file()); /* it was in memory, and the machine was down */
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 22);
    ck_assert(exists(live_file()));
    end();

    put_back(home_file(), &copy);
    ck_assert(!exists(live_file())); /* since that run did not begin */
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 21);
    ck_assert_uint_eq(logged("it: state from a snapshot of 20"), 1);
    end();
    flip(home_file(), PAGE + 100000);
    start(home, live, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
}
END_TEST

START_TEST(copies_leave_holes_out)
{
    struct stat status;

    start(home, live, 0);
    open_it();
    state_store_begin(store, &said);
    ((uint8_t *)wanted.memory)[150000] = 1;
    end();
    ck_assert_int_eq(stat(home_file(), &status), 0);
    ck_assert_int_lt(status.st_blocks * 512, 100000);
    start(home, NULL, 0); /* used in its place now, so that a store must not find a hole */
    open_it();
    ck_assert_uint_eq(((uint8_t *)wanted.memory)[150000], 1);
    ck_assert_int_eq(stat(home_file(), &status), 0);
    ck_assert_int_ge(status.st_blocks * 512, BYTES);
    end();
}
END_TEST

START_TEST(no_copy_until_the_stop)
{
    start(home, live, 0);
    open_it();
    state_store_begin(store, &said);
    ck_assert_uint_eq(state_store_copy(store, 1, &said), 0);
    ck_assert_uint_eq(state_store_copy(store, UINT64_C(1) << 60, &said), 0);
    ck_assert(!exists(home_file()));
    end();
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_STOPPED);
}
END_TEST

START_TEST(a_copy_from_before_the_run_is_stale)
{
    struct image old;

    run(live, 23);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 23);
    state_store_begin(store, &said);
    fill(wanted.memory, 24);
    old = read_image(home_file());
    end();
    put_back(home_file(), &old); /* power cut: no copy was made */
    unlink(live_file());
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 23);
    end();
}
END_TEST

START_TEST(copies_that_fail)
{
    struct image old;

    start(home, live, 1);
    open_it();
    state_store_begin(store, &said);
    fill(wanted.memory, 31);
    state_store_copy(store, 10, &said);
    state_store_copy(store, 20, &said);
    fill(wanted.memory, 32);
    limit_files(100000);
    state_store_copy(store, 30, &said);
    state_store_copy(store, 40, &said);
    ck_assert_uint_eq(logged("it: cannot copy the state to \""), 1);
    ck_assert_uint_eq(logged("home/it.state\": File too large; the last copy stays"), 1);
    old = read_image(home_file());
    ck_assert(is_filled(old.at + PAGE, 31));
    free(old.at);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    limit_files(RLIM_INFINITY);
    state_store_copy(store, 50, &said);
    state_store_copy(store, 60, &said);
    ck_assert_uint_eq(logged("home/it.state\" again"), 1);
    limit_files(100000);
    end();
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(logged("it: cannot copy the state to \""), 2);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 32);
    end();
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {one_collector_at_a_time,
                                  no_directory,
                                  two_names_for_one_directory,
                                  copies_while_it_runs,
                                  copies_leave_holes_out,
                                  no_copy_until_the_stop,
                                  a_copy_from_before_the_run_is_stale,
                                  copies_that_fail};
    Suite *suite = suite_create("state_store");
    TCase *tcase = tcase_create("state_store");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
