/* SPDX-License-Identifier: MIT
 *
 * State that outlives a run: how old it is said to be, and what becomes of it if a start fails or a
 * disk is full.  A run that was killed is played by putting back the file as it was in the middle
 * of the run.
 */
#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/runner.h"
#include "runs.h"

static void other_boot(struct state_file_header *header)
{
    header->boot[0] ^= 1;
}

/* ---- Ages --------------------------------------------------------------------------- */

START_TEST(of_a_run_that_stopped)
{
    start(home, NULL, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_int_eq(sound_calls, 0);
    ck_assert_uint_eq(logged("it: the state begins anew, in \""), 1);
    state_store_begin(store, &said);
    fill(wanted.memory, 3);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_RUNNING);
    ck_assert_uint_eq(header_of(home_file()).pid, (uint32_t)getpid());
    end();
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_STOPPED);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 3);
    ck_assert_int_eq(sound_calls, 1);
    ck_assert_uint_eq(logged("it: state of the last run, which stopped in order at 20"), 1);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_RUNNING);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
}
END_TEST

START_TEST(of_a_run_that_was_killed)
{
    run_killed(4);
    start(home, NULL, 0);
    expect(MUSTER_STATE_KILLED, 4);
    ck_assert_int_eq(sound_calls, 1);
    ck_assert_uint_eq(logged("it: state of the last run, which began at 20"), 1);
    ck_assert_uint_eq(logged(" and was killed"), 1);
    end();
}
END_TEST

START_TEST(of_a_machine_that_went_down)
{
    run_killed(5);
    edit(home, other_boot);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STALE, 5);
    ck_assert_uint_eq(logged("it: state of the run that began at 20"), 1);
    end();
}
END_TEST

START_TEST(a_stopped_run_does_not_mind_a_boot)
{
    run(NULL, 6);
    edit(home, other_boot);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 6);
    end();
}
END_TEST

START_TEST(stale_until_the_run_has_begun)
{
    struct image at_start, begun;

    run_killed(7);
    edit(home, other_boot);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STALE, 7);
    at_start = read_image(home_file());
    state_store_begin(store, &said);
    begun = read_image(home_file());
    end();
    put_back(home_file(), &at_start); /* killed before all plugins were open */
    start(home, NULL, 0);
    expect(MUSTER_STATE_STALE, 7);
    end();
    put_back(home_file(), &begun);
    start(home, NULL, 0);
    expect(MUSTER_STATE_KILLED, 7);
    end();
}
END_TEST

/* ---- A start that comes to nothing -------------------------------------------------- */

static void expect_as_found(void)
{
    struct image before = read_image(home_file()), after;

    start(home, NULL, 0);
    open_it();
    end();
    after = read_image(home_file());
    ck_assert_uint_eq(before.bytes, after.bytes);
    ck_assert_int_eq(memcmp(before.at, after.at, before.bytes), 0);
    free(before.at);
    free(after.at);
}

START_TEST(a_failed_start_leaves_it_as_found)
{
    run(NULL, 8);
    expect_as_found();
    run_killed(9);
    expect_as_found();
    edit(home, other_boot);
    expect_as_found();
}
END_TEST

START_TEST(a_failed_start_leaves_no_new_file)
{
    start(home, NULL, 0);
    open_it();
    ck_assert(exists(home_file()));
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 0);
    run(live, 1);
    unlink(live_file());
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 1);
    ck_assert(exists(live_file()));
    end();
    ck_assert_uint_eq(count_files(live, "it.", NULL), 0);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_FILE_STOPPED);
}
END_TEST

START_TEST(what_a_failed_start_wrote_is_not_in_order)
{
    run(NULL, 8);
    start(home, NULL, 0);
    fill(open_it(), 9); /* and fails */
    end_as(false);
    start(home, NULL, 0);
    expect(MUSTER_STATE_KILLED, 9);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
}
END_TEST

START_TEST(a_failed_start_that_closes_its_plugins_is)
{
    run(NULL, 8);
    start(home, NULL, 0);
    fill(open_it(), 9); /* then another plugin fails */
    end();
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 9);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
}
END_TEST

START_TEST(removed_while_it_runs)
{
    start(home, NULL, 0);
    open_it();
    state_store_begin(store, &said);
    ck_assert_int_eq(unlink(home_file()), 0);
    state_close(state, true, &said);
    ck_assert_uint_eq(logged("it.state\" was removed while musterd ran"), 1);
    state = NULL;
    end();
}
END_TEST

/* ---- Forgotten at the stop ---------------------------------------------------------- */

START_TEST(too_large_and_too_long)
{
    char name[300];

    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    start(home, NULL, 0);
    wanted = (struct muster_state){.size = sizeof wanted, .bytes = UINT64_MAX - 5};
    ck_assert_ptr_null(state_open(store, "it", "keeper", &wanted, &said));
    ck_assert_uint_eq(logged("more memory for its state than there can be"), 1);
    wanted.bytes = 8;
    ck_assert_ptr_null(state_open(store, name, "keeper", &wanted, &said));
    ck_assert_uint_eq(logged("its name is too long"), 1);
    end();
}
END_TEST

START_TEST(nothing_is_kept_without_one)
{
    struct state_settings replay = {.directory = home, .is_replay = true};
    struct muster_state more = {.size = sizeof more, .bytes = 100};
    struct state *second;

    start(NULL, NULL, 0);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(wanted.is_kept, 0);
    second = state_open(store, "second", "keeper", &more, &said);
    ck_assert_ptr_nonnull(second);
    state_store_begin(store, &said);
    fill(wanted.memory, 15);
    memset(more.memory, 1, 100);
    ck_assert_uint_eq(state_store_copy(store, 5, &said), 0);
    ck_assert_uint_eq(logged("no state_dir is set"), 1);
    state_close(second, true, &said);
    end();
    forget_log();

    run(NULL, 16);
    forget_log();
    store = state_store_open(&replay, &said);
    ck_assert_ptr_nonnull(store);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.is_kept, 0);
    state_store_begin(store, &said);
    fill(wanted.memory, 17);
    ck_assert_uint_eq(logged("state"), 0);
    end();
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 16);
    end();
}
END_TEST

/* ---- Full disks --------------------------------------------------------------------- */

START_TEST(no_room_for_a_file)
{
    limit_files(100000);
    start(home, NULL, 0);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(wanted.is_kept, 0);
    ck_assert_uint_eq(logged("error"), 1);
    ck_assert_uint_eq(logged("home\" has no room for the state, which takes 204099 bytes: File too "
                             "large; what was kept is not used"),
                      1);
    state_store_begin(store, &said);
    fill(wanted.memory, 18);
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 0);
    limit_files(RLIM_INFINITY);
}
END_TEST

START_TEST(a_run_without_room_makes_the_rest_stale)
{
    run(live, 19);
    unlink(live_file());
    limit_files(100000);
    start(home, live, 0);
    open_it();
    ck_assert_uint_eq(wanted.is_kept, 0);
    state_store_begin(store, &said);
    end();
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(count_files(live, "it.", NULL), 0);
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 19);
    end();
}
END_TEST

START_TEST(a_full_disk)
{
    /* In a mount namespace of its own, so that nothing of it stays. */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", home, "tmpfs", 0, "size=64k") != 0)
        return; /* not root */
    start(home, NULL, 0);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.is_kept, 0);
    ck_assert_uint_eq(logged("home\" lacks "), 1);
    ck_assert_uint_eq(logged(" bytes for the state, which takes 204099: No space left on device"),
                      1);
    fill(wanted.memory, 20);
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 0);
    ck_assert_int_eq(umount(home), 0);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {of_a_run_that_stopped,
                                  of_a_run_that_was_killed,
                                  of_a_machine_that_went_down,
                                  a_stopped_run_does_not_mind_a_boot,
                                  stale_until_the_run_has_begun,
                                  a_failed_start_leaves_it_as_found,
                                  a_failed_start_leaves_no_new_file,
                                  what_a_failed_start_wrote_is_not_in_order,
                                  a_failed_start_that_closes_its_plugins_is,
                                  removed_while_it_runs,
                                  too_large_and_too_long,
                                  nothing_is_kept_without_one,
                                  no_room_for_a_file,
                                  a_run_without_room_makes_the_rest_stale,
                                  a_full_disk};
    Suite *suite = suite_create("state");
    TCase *tcase = tcase_create("state");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
