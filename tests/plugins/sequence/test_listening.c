/* SPDX-License-Identifier: MIT
 *
 * The listening clock alone: when it goes on, and when it stands still.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "plugins/fake_host.h"
#include "sequence/listening.h"

#define SECOND UINT64_C(1000000000)                  /* ns */
#define UNIT   (UINT64_C(1) << LISTENING_UNIT_SHIFT) /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND)       /* when a test begins, by the wall clock */

static uint64_t shared_ns;
static struct listening listening;
static struct listening_clocks clocks;

static void set_up(void)
{
    shared_ns = 0;
    clocks = (struct listening_clocks){EPOCH, 1000 * SECOND, 1000 * SECOND};
    listening_begin(&listening, &shared_ns, true, &clocks);
}

static void pass(uint64_t ns)
{
    clocks.wall_ns += ns;
    clocks.monotonic_ns += ns;
    clocks.boot_ns += ns;
}

static void tick_after(uint64_t ns)
{
    pass(ns);
    listening_tick(&listening, &clocks, false);
}

static void deaf_tick_after(uint64_t ns)
{
    pass(ns);
    listening_tick(&listening, &clocks, true);
}

START_TEST(the_clock_goes_on)
{
    tick_after(SECOND);
    tick_after(SECOND / 2);
    tick_after(2 * SECOND);
    ck_assert_uint_eq(shared_ns, 7 * SECOND / 2);
    ck_assert_uint_eq(listening.now_ns, shared_ns);
}
END_TEST

START_TEST(a_stalled_tick_counts_two_seconds)
{
    tick_after(10 * SECOND);
    ck_assert_uint_eq(shared_ns, 2 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(shared_ns, 3 * SECOND);
}
END_TEST

START_TEST(a_deaf_second_does_not_count)
{
    tick_after(SECOND);
    deaf_tick_after(SECOND);
    ck_assert_uint_eq(shared_ns, SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(shared_ns, 2 * SECOND);
}
END_TEST

START_TEST(sleep_does_not_count)
{
    tick_after(SECOND);
    clocks.boot_ns += 3600 * SECOND;
    clocks.wall_ns += 3600 * SECOND;
    pass(SECOND);
    ck_assert(listening_has_slept(&listening, &clocks));
    listening_tick(&listening, &clocks, false);
    ck_assert_uint_eq(shared_ns, 2 * SECOND);
    ck_assert(!listening_has_slept(&listening, &clocks));
    /* The clocks are not read at the same time. */
    clocks.boot_ns += SECOND / 20;
    ck_assert(!listening_has_slept(&listening, &clocks));
    tick_after(SECOND);
    clocks.boot_ns -= SECOND / 20;
    ck_assert(!listening_has_slept(&listening, &clocks));
}
END_TEST

START_TEST(it_goes_on_over_a_stop)
{
    tick_after(SECOND);
    tick_after(SECOND);
    clocks = (struct listening_clocks){EPOCH + 3600 * SECOND, 5 * SECOND, 5 * SECOND};
    listening_begin(&listening, &shared_ns, true, &clocks);
    ck_assert_uint_eq(listening.now_ns, 2 * SECOND);
    ck_assert_uint_eq(listening.resumed_ns, 2 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(shared_ns, 3 * SECOND);
}
END_TEST

static uint64_t at_ns(uint64_t arrival_ns)
{
    return listening_at(&listening, arrival_ns) * UNIT;
}

START_TEST(the_wall_clock_is_set)
{
    tick_after(SECOND);
    ck_assert_uint_eq(at_ns(clocks.wall_ns), SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(clocks.wall_ns + SECOND / 2), 3 * SECOND / 2 / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(clocks.wall_ns + 2 * SECOND), 3 * SECOND / UNIT * UNIT);
    /* Forwards: two seconds at most; backwards, or held up by then: none. */
    ck_assert_uint_eq(at_ns(clocks.wall_ns + 86400 * SECOND), 3 * SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(clocks.wall_ns - 1), SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(0), SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(UINT64_MAX), 3 * SECOND / UNIT * UNIT);
    clocks.wall_ns -= 3600 * SECOND;
    tick_after(SECOND);
    clocks.wall_ns += 7200 * SECOND;
    tick_after(SECOND);
    ck_assert_uint_eq(shared_ns, 3 * SECOND);
    ck_assert_uint_eq(at_ns(clocks.wall_ns + SECOND / 2), 7 * SECOND / 2 / UNIT * UNIT);
}
END_TEST

START_TEST(a_follower_moves_nothing)
{
    struct listening follower;

    listening_begin(&follower, &shared_ns, false, &clocks);
    pass(SECOND / 2);
    listening_tick(&follower, &clocks, false);
    ck_assert_uint_eq(shared_ns, 0);
    ck_assert_uint_eq(follower.now_ns, SECOND / 2);
    tick_after(SECOND / 2);
    pass(SECOND / 2);
    listening_tick(&follower, &clocks, true);
    ck_assert_uint_eq(follower.now_ns, SECOND / 2);
    ck_assert_uint_eq(shared_ns, SECOND);
}
END_TEST

START_TEST(a_break_is_noticed)
{
    tick_after(SECOND);
    ck_assert_uint_eq(listening.resumed_ns, 0);
    tick_after(10 * SECOND); /* a stall */
    ck_assert_uint_eq(listening.resumed_ns, 3 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(listening.resumed_ns, 3 * SECOND);
    deaf_tick_after(SECOND);
    ck_assert_uint_eq(listening.resumed_ns, 4 * SECOND);
    tick_after(SECOND);
    clocks.boot_ns += 3600 * SECOND;
    tick_after(SECOND);
    ck_assert_uint_eq(listening.resumed_ns, 6 * SECOND);
}
END_TEST

START_TEST(the_host_has_the_clocks)
{
    struct muster_instance *instance = muster_test_new(&muster_plugin_v1, NULL);
    struct listening_clocks before, now;

    muster_test_set_clock(instance, EPOCH, 1000 * SECOND);
    before = listening_read_clocks(&muster_test_host, instance);
    ck_assert_uint_eq(before.wall_ns, EPOCH);
    ck_assert_uint_eq(before.monotonic_ns, 1000 * SECOND);
    muster_test_advance(instance, SECOND);
    muster_test_sleep(instance, 3600 * SECOND);
    now = listening_read_clocks(&muster_test_host, instance);
    ck_assert_uint_eq(now.wall_ns - before.wall_ns, 3601 * SECOND);
    ck_assert_uint_eq(now.monotonic_ns - before.monotonic_ns, SECOND);
    ck_assert_uint_eq(now.boot_ns - before.boot_ns, 3601 * SECOND);
    muster_test_free(instance);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {the_clock_goes_on,
                                  a_stalled_tick_counts_two_seconds,
                                  a_deaf_second_does_not_count,
                                  sleep_does_not_count,
                                  it_goes_on_over_a_stop,
                                  the_wall_clock_is_set,
                                  a_follower_moves_nothing,
                                  a_break_is_noticed,
                                  the_host_has_the_clocks};
    Suite *suite = suite_create("listening");
    TCase *tests = tcase_create("listening");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, NULL);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
