/* SPDX-License-Identifier: MIT
 *
 * The clocks alone: when the listening clocks go on, and time that passed.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/runner.h"
#include "plugins/fake_host.h"
#include "sequence/listening.h"

#define SECOND UINT64_C(1000000000)                  /* ns */
#define UNIT   (UINT64_C(1) << LISTENING_UNIT_SHIFT) /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND)       /* when a test begins, by the wall clock */

static struct listening_log kept;
static struct listening_heard heard[2];
static struct listening listening;
static struct listening_clocks clocks;

static void set_up(void)
{
    memset(&kept, 0, sizeof kept);
    memset(heard, 0, sizeof heard);
    clocks = (struct listening_clocks){EPOCH, 1000 * SECOND, 1000 * SECOND};
    listening_begin(&listening, &kept, true, &clocks, heard, 1);
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
    listening_tick(&listening, &clocks, heard, 1);
}

static void deaf_tick_after(uint64_t ns)
{
    pass(ns);
    heard[0].dropped++;
    listening_tick(&listening, &clocks, heard, 1);
}

static void tick_ears(uint64_t ns)
{
    pass(ns);
    listening_tick(&listening, &clocks, heard, 2);
}

START_TEST(the_clock_goes_on)
{
    tick_after(SECOND);
    tick_after(SECOND / 2);
    tick_after(2 * SECOND);
    ck_assert_uint_eq(kept.listened_ns, 7 * SECOND / 2);
    ck_assert_uint_eq(listening.ears[0].now_ns, kept.listened_ns);
}
END_TEST

START_TEST(a_stalled_tick_counts_two_seconds)
{
    tick_after(10 * SECOND);
    ck_assert_uint_eq(kept.listened_ns, 2 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(kept.listened_ns, 3 * SECOND);
}
END_TEST

START_TEST(a_deaf_second_does_not_count)
{
    tick_after(SECOND);
    deaf_tick_after(SECOND);
    ck_assert_uint_eq(kept.listened_ns, SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(kept.listened_ns, 2 * SECOND);
}
END_TEST

START_TEST(sleep_does_not_count)
{
    tick_after(SECOND);
    clocks.boot_ns += 3600 * SECOND;
    clocks.wall_ns += 3600 * SECOND;
    pass(SECOND);
    ck_assert(listening_has_slept(&listening, &clocks));
    listening_tick(&listening, &clocks, heard, 1);
    ck_assert_uint_eq(kept.listened_ns, 2 * SECOND);
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
    listening_begin(&listening, &kept, true, &clocks, heard, 1);
    ck_assert_uint_eq(listening.ears[0].now_ns, 2 * SECOND);
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 2 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(kept.listened_ns, 3 * SECOND);
}
END_TEST

/* ---- by listener ---------------------------------------------------------------------- */

START_TEST(a_second_is_deaf_in_proportion)
{
    listening_begin(&listening, &kept, true, &clocks, heard, 2);
    heard[0] = (struct listening_heard){.received = 300, .dropped = 100};
    heard[1] = (struct listening_heard){.received = 1, .dropped = 0};
    tick_ears(SECOND);
    ck_assert_uint_eq(listening.ears[0].now_ns, 3 * SECOND / 4);
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 0);
    ck_assert_uint_eq(listening.ears[1].now_ns, SECOND);
    ck_assert_uint_eq(listening.full_ns, SECOND);
    ck_assert_uint_eq(kept.listened_ns, SECOND); /* the farthest */
    ck_assert_ptr_eq(listening_worst(&listening), &listening.ears[0]);
    heard[1].dropped += UINT64_C(1) << 40; /* nothing else */
    tick_ears(SECOND);
    ck_assert_uint_eq(listening.ears[0].now_ns, 7 * SECOND / 4);
    ck_assert_uint_eq(listening.ears[1].now_ns, SECOND);
    ck_assert_uint_eq(listening.ears[1].resumed_ns, SECOND);
    ck_assert_ptr_eq(listening_worst(&listening), &listening.ears[1]);
    heard[0].received += UINT64_C(1) << 50;
    heard[0].dropped += UINT64_C(1) << 50;
    tick_ears(SECOND);
    ck_assert_uint_eq(listening.ears[0].now_ns, 9 * SECOND / 4);
}
END_TEST

/* What was dropped before nobody listened for is not this run's. */
START_TEST(a_listener_is_added)
{
    tick_after(SECOND);
    heard[1] = (struct listening_heard){.received = 0, .dropped = 100};
    tick_ears(SECOND);
    ck_assert_uint_eq(listening.ear_count, 2);
    ck_assert_uint_eq(listening.ears[1].now_ns, 2 * SECOND);
    ck_assert_uint_eq(listening_moment_of(&listening, 1, clocks.wall_ns).ear, 1);
    ck_assert_uint_eq(listening_moment_of(&listening, 2, clocks.wall_ns).ear, 0); /* none such */
}
END_TEST

static void set_metric(struct muster_instance *of, const char *name, const char *label,
                       uint64_t value)
{
    const struct muster_metric metric = {.size = sizeof metric,
                                         .type = MUSTER_METRIC_U64,
                                         .kind = MUSTER_METRIC_COUNTER,
                                         .name = name,
                                         .label = label != NULL ? "listener" : NULL,
                                         .label_value = label,
                                         .value.u64 = value};

    muster_test_set_metric(of, &metric);
}

START_TEST(what_each_listener_heard)
{
    struct muster_instance *instance = muster_test_new(&muster_plugin_v1, NULL);
    struct listening_heard found[LISTENING_EARS];
    static char labels[12][4]; /* live as long as the metrics */
    unsigned i;

    ck_assert_uint_eq(listening_read_heard(&muster_test_host, instance, found), 1);
    ck_assert(found[0].received == 0 && found[0].dropped == 0);
    set_metric(instance, "collector.received", NULL, 7);
    set_metric(instance, "collector.kernel_drops", NULL, 3);
    ck_assert_uint_eq(listening_read_heard(&muster_test_host, instance, found), 1);
    ck_assert(found[0].received == 7 && found[0].dropped == 3);
    for (i = 0; i < 12; i++) {
        snprintf(labels[i], sizeof labels[i], "%u", i);
        set_metric(instance, "collector.listener.received", labels[i], 100 + i);
        set_metric(instance, "collector.listener.kernel_drops", labels[i], 10 + i);
        ck_assert_uint_eq(listening_read_heard(&muster_test_host, instance, found), i + 1);
        ck_assert(found[i].received == 100 + i && found[i].dropped == 10 + i);
    }
    muster_test_free(instance);
}
END_TEST

/* ---- time that passed ----------------------------------------------------------------- */

static struct muster_instance *looked_at; /* whose clocks are looked at between ticks */

static void look(void)
{
    clocks = listening_read_clocks(&muster_test_host, looked_at);
    listening_tick(&listening, &clocks, heard, 1);
}

static uint64_t passed_since(uint64_t then)
{
    uint64_t arrival = muster_test_host.now(looked_at, MUSTER_CLOCK_WALL);

    return listening_moment_of(&listening, 0, arrival).passed_ns - then;
}

static void set_wall(uint64_t by)
{
    muster_test_set_clock(looked_at, muster_test_host.now(looked_at, MUSTER_CLOCK_WALL) + by,
                          muster_test_host.now(looked_at, MUSTER_CLOCK_MONOTONIC));
}

/* At any time of a second, and however far. */
START_TEST(the_wall_clock_is_set)
{
    static const int64_t sets[] = {1,   -1,    2,     -2,       5,         -5,
                                   600, -3600, 86400, -8640000, 315360000, -315360000};
    size_t i;

    looked_at = muster_test_new(&muster_plugin_v1, NULL);
    muster_test_set_clock(looked_at, EPOCH, 1000 * SECOND);
    clocks = listening_read_clocks(&muster_test_host, looked_at);
    listening_begin(&listening, &kept, true, &clocks, heard, 1);
    listening.host = &muster_test_host;
    listening.instance = looked_at;
    for (i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        uint64_t before = passed_since(0), at = listening.ears[0].now_ns, by;

        muster_test_advance(looked_at, SECOND / 2);
        set_wall((uint64_t)sets[i] * SECOND);
        /* By so little it is not told from what passed until the next tick. */
        by = sets[i] == 1 ? SECOND / 4 * 5 : 0;
        ck_assert_uint_ge(passed_since(before), SECOND / 2);
        ck_assert_uint_le(passed_since(before), SECOND / 2 + by);
        muster_test_advance(looked_at, SECOND / 4);
        ck_assert_uint_le(passed_since(before), 3 * SECOND / 4 + by);
        ck_assert_uint_le(
            listening_moment_of(&listening, 0, muster_test_host.now(looked_at, MUSTER_CLOCK_WALL))
                    .at *
                UNIT,
            at + 3 * SECOND / 4 + by);
        muster_test_advance(looked_at, SECOND / 4);
        look();
        ck_assert_uint_eq(passed_since(before), SECOND);
        ck_assert_uint_eq(listening.ears[0].now_ns, at + SECOND);
        muster_test_advance(looked_at, SECOND);
        look();
        ck_assert_uint_eq(passed_since(before), 2 * SECOND);
    }
    muster_test_free(looked_at);
}
END_TEST

/* While the clock is not set, what passed is what the wall clock shows, to the ns. */
START_TEST(passed_is_wall_time)
{
    tick_after(SECOND);
    ck_assert_uint_eq(listening_moment_of(&listening, 0, clocks.wall_ns + 1).passed_ns,
                      clocks.wall_ns + 1);
    clocks.wall_ns += 1000; /* the clocks are not read at one time */
    tick_after(SECOND);
    ck_assert_uint_eq(listening_moment_of(&listening, 0, clocks.wall_ns + 7).passed_ns,
                      clocks.wall_ns + 7);
    ck_assert_uint_eq(listening_moment_of(&listening, 0, clocks.wall_ns - 7).passed_ns,
                      clocks.wall_ns - 7);
    ck_assert_uint_eq(listening_passed(&listening), clocks.wall_ns);
}
END_TEST

/* What the next run finds: the wall clock, or the boot clock, `boot` by then. */
static void restart(int64_t wall, uint64_t boot)
{
    clocks.wall_ns += (uint64_t)wall;
    clocks.monotonic_ns = clocks.boot_ns = boot;
    listening_begin(&listening, &kept, true, &clocks, heard, 1);
}

START_TEST(passed_over_a_stop)
{
    uint64_t before;

    tick_after(SECOND);
    before = listening_passed(&listening);
    restart(10 * (int64_t)SECOND, 1011 * SECOND); /* 10 s later */
    ck_assert_uint_eq(listening_passed(&listening), before + 10 * SECOND);
    restart(3600 * (int64_t)SECOND, 20 * SECOND); /* the machine was started anew */
    ck_assert_uint_eq(listening_passed(&listening), before + 3610 * SECOND);
    restart(3600 * (int64_t)SECOND, 20 * SECOND + 3600 * SECOND); /* the same again */
    ck_assert_uint_eq(listening_passed(&listening), before + 7210 * SECOND);
    restart(-100 * (int64_t)SECOND, 3620 * SECOND + 10 * SECOND); /* set back meanwhile */
    ck_assert_uint_eq(listening_passed(&listening), before + 7220 * SECOND);
    restart(1010 * (int64_t)SECOND, 3630 * SECOND + 10 * SECOND); /* set forward */
    ck_assert_uint_eq(listening_passed(&listening), before + 7230 * SECOND);
    restart(-86400 * (int64_t)SECOND, 30 * SECOND); /* anew, without a clock of its own */
    ck_assert_uint_eq(listening_passed(&listening), before + 7260 * SECOND);
}
END_TEST

START_TEST(a_follower_moves_nothing)
{
    struct listening follower;

    listening_begin(&follower, &kept, false, &clocks, heard, 1);
    pass(SECOND / 2);
    listening_tick(&follower, &clocks, heard, 1);
    ck_assert_uint_eq(kept.listened_ns, 0);
    ck_assert_uint_eq(follower.ears[0].now_ns, SECOND / 2);
    tick_after(SECOND / 2);
    pass(SECOND / 2);
    heard[0].dropped++;
    listening_tick(&follower, &clocks, heard, 1);
    ck_assert_uint_eq(follower.ears[0].now_ns, SECOND / 2);
    ck_assert_uint_eq(kept.listened_ns, SECOND);
}
END_TEST

START_TEST(a_break_is_noticed)
{
    tick_after(SECOND);
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 0);
    tick_after(10 * SECOND); /* a stall */
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 3 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 3 * SECOND);
    deaf_tick_after(SECOND);
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 4 * SECOND);
    tick_after(SECOND);
    clocks.boot_ns += 3600 * SECOND;
    tick_after(SECOND);
    ck_assert_uint_eq(listening.ears[0].resumed_ns, 6 * SECOND);
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
                                  a_second_is_deaf_in_proportion,
                                  a_listener_is_added,
                                  what_each_listener_heard,
                                  the_wall_clock_is_set,
                                  passed_is_wall_time,
                                  passed_over_a_stop,
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
