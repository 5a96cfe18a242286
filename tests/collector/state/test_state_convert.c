/* SPDX-License-Identifier: MIT
 *
 * A state of another format or size: what its plugin takes over, and that nothing is lost by it.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/runner.h"
#include "runs.h"

enum { LARGER = 2 * BYTES, OTHER = FORMAT + 1 };

/* What the plugin does, and what it saw. */
static struct {
    int answer; /* of convert */
    bool is_killed, is_unsound;
    unsigned asked, sound_asked;
    uint32_t age;
} plugin;

static int is_sound_too(const struct muster_state *kept)
{
    ck_assert_ptr_eq(kept->context, &plugin);
    ck_assert_uint_eq(kept->bytes, LARGER);
    plugin.sound_asked++;
    return !plugin.is_unsound;
}

static void expect_read_only(void *memory)
{
    int fd = open("/dev/zero", O_RDONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, memory, 1), -1);
    ck_assert_int_eq(errno, EFAULT);
    close(fd);
}

/* Takes the old content over to the end of the new memory. */
static int convert(const struct muster_state *old, const struct muster_state *new)
{
    ck_assert_ptr_eq(old->context, &plugin);
    ck_assert_ptr_eq(new->context, &plugin);
    ck_assert_uint_eq(old->format, FORMAT);
    ck_assert_uint_eq(old->bytes, BYTES);
    ck_assert_uint_eq(new->format, OTHER);
    ck_assert_uint_eq(new->bytes, LARGER);
    ck_assert(is_zero(new->memory));
    ck_assert(is_zero((uint8_t *)new->memory + BYTES));
    expect_read_only(old->memory);
    plugin.asked++;
    plugin.age = old->age;
    memcpy((uint8_t *)new->memory + BYTES, old->memory, BYTES);
    if (plugin.is_killed)
        kill(getpid(), SIGKILL);
    return plugin.answer;
}

static bool try_larger(int (*with)(const struct muster_state *, const struct muster_state *))
{
    wanted = (struct muster_state){.size = sizeof wanted,
                                   .format = OTHER,
                                   .bytes = LARGER,
                                   .is_sound = is_sound_too,
                                   .convert = with,
                                   .context = &plugin};
    state = state_open(store, "it", "keeper", &wanted, &said);
    return state != NULL;
}

/* Opens it as the later plugin does, and expects the content taken over; seed 0: nothing at all. */
static void expect_larger(uint32_t age, uint8_t seed)
{
    const uint8_t *second;

    ck_assert(try_larger(convert));
    second = (const uint8_t *)wanted.memory + BYTES;
    ck_assert_uint_eq(wanted.age, age);
    ck_assert_uint_eq(wanted.is_kept, 1);
    ck_assert(is_zero(wanted.memory));
    ck_assert(seed == 0 ? is_zero(second) : is_filled(second, seed));
}

static void begin_and_end(void)
{
    state_store_begin(store, &said);
    end();
}

static void set_up_plugin(void)
{
    set_up();
    memset(&plugin, 0, sizeof plugin);
    plugin.answer = 1;
}

START_TEST(taken_over)
{
    run(NULL, 31);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_STOPPED, 31);
    ck_assert_uint_eq(plugin.asked, 1);
    ck_assert_uint_eq(plugin.age, MUSTER_STATE_STOPPED);
    ck_assert_uint_eq(plugin.sound_asked, 1);
    ck_assert_uint_eq(logged("was of format 7 and 200003 bytes: it is taken over to format 8 and "
                             "400006 bytes"),
                      1);
    ck_assert_uint_eq(logged("warning") + logged("error"), 0);
    begin_and_end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_STOPPED, 31); /* it is the later plugin's now */
    ck_assert_uint_eq(plugin.asked, 1);
    end();
}
END_TEST

START_TEST(of_a_run_that_was_killed)
{
    run_killed(32);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_KILLED, 32);
    ck_assert_uint_eq(plugin.age, MUSTER_STATE_KILLED);
    begin_and_end();
}
END_TEST

START_TEST(a_start_that_fails)
{
    run(NULL, 33);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_STOPPED, 33);
    end_as(false);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_STOPPED, 33);
    ck_assert_uint_eq(plugin.asked, 1);
    end();
}
END_TEST

START_TEST(not_taken_over)
{
    plugin.answer = 0;
    run(NULL, 34);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_NEW, 0);
    ck_assert_uint_eq(
        logged("its format is 7, of 200003 bytes, expected 8, of 400006, and the plugin "
               "keeper cannot take it over; it is set aside as \""),
        1);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
    empty(home);
    plugin.answer = 1;
    plugin.is_unsound = true;
    run(NULL, 34);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_NEW, 0);
    ck_assert_uint_eq(logged("keeper says that what it took over from it is damaged"), 1);
    ck_assert_uint_eq(count_aside(home), 1);
    ck_assert_uint_eq(count_files(home, "it.state.new", NULL), 0);
    end();
}
END_TEST

START_TEST(without_convert)
{
    run(NULL, 35);
    start(home, NULL, 0);
    ck_assert(try_larger(NULL));
    ck_assert_uint_eq(wanted.age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(logged("its format is 7, expected 8"), 1);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
}
END_TEST

START_TEST(damaged)
{
    run(NULL, 36);
    flip(home_file(), PAGE + 5);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_NEW, 0);
    ck_assert_uint_eq(plugin.asked, 0);
    ck_assert_uint_eq(logged("its content is damaged"), 1);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
}
END_TEST

START_TEST(no_room)
{
    struct image before, after;

    run(NULL, 37);
    before = read_image(home_file());
    limit_files(300000);
    start(home, NULL, 0);
    ck_assert(try_larger(convert));
    ck_assert_uint_eq(wanted.age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(wanted.is_kept, 0);
    ck_assert_uint_eq(plugin.asked, 0);
    ck_assert_uint_eq(logged("home\" has no room for the state, which takes 404102 bytes: File too "
                             "large; what was kept is not used"),
                      1);
    end();
    limit_files(RLIM_INFINITY);
    after = read_image(home_file());
    ck_assert_uint_eq(before.bytes, after.bytes);
    ck_assert_int_eq(memcmp(before.at, after.at, before.bytes), 0);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    free(before.at);
    free(after.at);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_STOPPED, 37);
    end();
}
END_TEST

/* In a process of its own. */
static void open_and_die(bool inside)
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        plugin.is_killed = inside;
        start(home, NULL, 0);
        try_larger(convert);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
}

START_TEST(killed_while_it_is_taken_over)
{
    run(NULL, 38);
    open_and_die(true);
    ck_assert_uint_eq(count_files(home, "it.state.new", NULL), 1);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 38); /* the old one, for the old plugin too */
    end();
    open_and_die(true);
    open_and_die(false);
    start(home, NULL, 0);
    expect_larger(MUSTER_STATE_KILLED, 38);
    ck_assert_uint_eq(plugin.asked, 0); /* it was taken over by the one that died behind that */
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
}
END_TEST

START_TEST(two_directories)
{
    struct image image;

    run(live, 39);
    unlink(live_file());
    start(home, live, 0);
    expect_larger(MUSTER_STATE_STOPPED, 39);
    end_as(false); /* a start that fails leaves what it found */
    ck_assert(!exists(live_file()));
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 39);
    end();
    start(home, live, 0);
    expect_larger(MUSTER_STATE_STOPPED, 39);
    state_store_begin(store, &said);
    ck_assert_uint_eq(header_of(home_file()).stale, 1); /* until the next copy */
    end();
    image = read_image(home_file());
    ck_assert_uint_eq(image.bytes, PAGE + LARGER);
    free(image.at);
    unlink(live_file());
    start(home, live, 0);
    expect_larger(MUSTER_STATE_STOPPED, 39);
    end();
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {taken_over,
                                  of_a_run_that_was_killed,
                                  a_start_that_fails,
                                  not_taken_over,
                                  without_convert,
                                  damaged,
                                  no_room,
                                  killed_while_it_is_taken_over,
                                  two_directories};
    Suite *suite = suite_create("state_convert");
    TCase *tcase = tcase_create("state_convert");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up_plugin, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
