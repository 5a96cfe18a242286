/* SPDX-License-Identifier: MIT
 *
 * What is no good and set aside, and which of two files counts.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "runs.h"

static void later_run(struct state_file_header *header)
{
    header->started_ns += UINT64_C(1000000000);
}

static void next_year(struct state_file_header *header)
{
    header->started_ns += UINT64_C(31536000000000000);
}

static void other_order(struct state_file_header *header)
{
    header->byte_order = __builtin_bswap32(header->byte_order);
}

static void other_layout(struct state_file_header *header)
{
    header->layout++;
}

static void other_pages(struct state_file_header *header)
{
    header->content_offset *= 4;
}

static void unknown_run(struct state_file_header *header)
{
    header->run = 9;
}

/* ---- What is no good ---------------------------------------------------------------- */

/* It is set aside whole, for that reason, and the instance begins anew. */
static void expect_aside(const char *why)
{
    struct image before = read_image(home_file()), after;
    char name[NAME_MAX + 1];
    unsigned count = count_aside(home);

    forget_log();
    start(home, NULL, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_msg(logged(why) == 1, "not logged: %s", why);
    ck_assert_uint_eq(logged("warning"), 1);
    ck_assert_uint_eq(logged("it is set aside as \""), 1);
    ck_assert_uint_eq(count_aside(home), count + 1);
    if (count == 0) {
        count_files(home, "it.state.aside-", name);
        ck_assert_uint_eq(logged(name), 1);
        after = read_image(in(home, name));
        ck_assert_uint_eq(before.bytes, after.bytes);
        ck_assert_int_eq(memcmp(before.at, after.at, before.bytes), 0);
        free(after.at);
    }
    free(before.at);
    end();
    empty(home);
}

START_TEST(damaged_content)
{
    static const size_t places[] = {0, 1, 65535, 65536, 100000, 199999, BYTES - 1};
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        run(NULL, 11);
        flip(home_file(), PAGE + places[i]);
        expect_aside("its content is damaged: the checksum is another");
    }
}
END_TEST

START_TEST(damaged_header)
{
    size_t at;

    for (at = 16; at < PAGE; at += at < 256 ? 13 : 601) {
        run(NULL, 12);
        flip(home_file(), at);
        expect_aside("its header is damaged");
    }
}
END_TEST

START_TEST(not_ours)
{
    static const struct {
        void (*change)(struct state_file_header *header);
        const char *why;
    } cases[] = {{other_order, "it is from a machine with another byte order"},
                 {other_layout, "its layout is of version 2, expected 1"},
                 {other_pages, "it is from a machine with pages of "},
                 {unknown_run, "its header is damaged"}};
    static const uint8_t text[PAGE + BYTES] = "a letter to somebody else";
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(NULL, 13);
        edit(home, cases[i].change);
        expect_aside(cases[i].why);
    }
    write_bytes(home_file(), text, sizeof text);
    expect_aside("it is not a state that musterd wrote");
    write_bytes(home_file(), text, 10);
    expect_aside("it is too short for a header");
    write_bytes(home_file(), text, 0);
    expect_aside("it is too short for a header");
    run(NULL, 13);
    ck_assert_int_eq(truncate(home_file(), PAGE + BYTES - 1), 0);
    expect_aside("its length is 204098 bytes, expected 204099");
    run(NULL, 13);
    ck_assert_int_eq(truncate(home_file(), PAGE + BYTES + 1), 0);
    expect_aside("its length is 204100 bytes, expected 204099");
}
END_TEST

/* A run with another plugin, format or size. */
static void run_other(const char *plugin, uint32_t format, uint64_t bytes)
{
    start(home, NULL, 0);
    wanted = (struct muster_state){.size = sizeof wanted, .format = format, .bytes = bytes};
    state = state_open(store, "it", plugin, &wanted, &said);
    ck_assert_ptr_nonnull(state);
    state_store_begin(store, &said);
    end();
}

START_TEST(of_another_plugin)
{
    run_other("other", FORMAT, BYTES);
    expect_aside("it is of the plugin \"other\", expected \"keeper\"");
    run_other("keeper", 6, BYTES);
    expect_aside("its format is 6, expected 7");
    run_other("keeper", FORMAT, 10);
    expect_aside("it is for 10 bytes, expected 200003");
}
END_TEST

START_TEST(not_sound)
{
    sound = 0;
    run(NULL, 14);
    expect_aside("the plugin keeper says that its content is damaged");
    ck_assert_int_eq(sound_calls, 1);
    run_killed(14);
    expect_aside("the plugin keeper says that its content is damaged");
}
END_TEST

START_TEST(set_aside_under_names_of_their_own)
{
    unsigned i;

    for (i = 0; i < 5; i++) {
        write_bytes(home_file(), "no", 2);
        start(home, NULL, 0);
        expect(MUSTER_STATE_NEW, 0);
        end();
    }
    ck_assert_uint_eq(count_aside(home), 5);
}
END_TEST

static void expect_refused(const char *why)
{
    forget_log();
    start(home, NULL, 0);
    ck_assert(!try_open());
    ck_assert_msg(logged(why) == 1, "not logged: %s", why);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
}

START_TEST(no_regular_file)
{
    char target[PATH_BYTES];

    snprintf(target, sizeof target, "%s", in(folder, "log"));
    ck_assert_int_eq(symlink(target, home_file()), 0);
    expect_refused("home/it.state\": it is a symbolic link");
    unlink(home_file());
    ck_assert_int_eq(mkfifo(home_file(), 0600), 0);
    expect_refused("home/it.state\": it is not a regular file");
    unlink(home_file());
    ck_assert_int_eq(mkdir(home_file(), 0700), 0);
    expect_refused("home/it.state\": Is a directory");
    rmdir(home_file());
}
END_TEST

/* ---- Two directories ---------------------------------------------------------------- */

START_TEST(the_live_one_of_the_same_run)
{
    struct image killed, copy;

    start(home, live, 1);
    open_it();
    state_store_begin(store, &said);
    fill(wanted.memory, 25);
    state_store_copy(store, 1, &said);
    state_store_copy(store, 2, &said);
    fill(wanted.memory, 26);
    copy = read_image(home_file());
    killed = read_image(live_file());
    end();
    put_back(home_file(), &copy);
    put_back(live_file(), &killed);
    start(home, live, 0);
    expect(MUSTER_STATE_KILLED, 26);
    end();
}
END_TEST

START_TEST(the_one_of_the_later_run)
{
    run(live, 27);
    run(NULL, 28); /* for once without */
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 28);
    state_store_begin(store, &said);
    fill(wanted.memory, 29);
    end();
    edit(live, later_run);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 29);
    end();
    ck_assert_uint_eq(count_aside(home) + count_aside(live), 0);
}
END_TEST

START_TEST(the_later_run_by_a_clock_that_was_set_back)
{
    struct image killed, copy;

    run(live, 34);
    edit(home, next_year);
    edit(live, next_year);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 34);
    state_store_begin(store, &said);
    fill(wanted.memory, 35);
    copy = read_image(home_file());
    killed = read_image(live_file());
    end();
    put_back(home_file(), &copy);
    put_back(live_file(), &killed);
    start(home, live, 0);
    expect(MUSTER_STATE_KILLED, 35);
    end();
}
END_TEST

START_TEST(the_copy_if_the_live_one_is_damaged)
{
    run(live, 30);
    flip(live_file(), PAGE + 5);
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 30); /* nobody knows what was in the other */
    ck_assert_uint_eq(count_aside(live), 1);
    state_store_begin(store, &said);
    end();
    sound = 0;
    start(home, live, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_int_eq(sound_calls, 3);
    ck_assert_uint_ge(count_aside(live), 2);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {damaged_content,
                                  damaged_header,
                                  not_ours,
                                  of_another_plugin,
                                  not_sound,
                                  set_aside_under_names_of_their_own,
                                  no_regular_file,
                                  the_live_one_of_the_same_run,
                                  the_one_of_the_later_run,
                                  the_later_run_by_a_clock_that_was_set_back,
                                  the_copy_if_the_live_one_is_damaged};
    Suite *suite = suite_create("state_find");
    TCase *tcase = tcase_create("state_find");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
