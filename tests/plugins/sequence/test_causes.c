/* SPDX-License-Identifier: MIT
 *
 * The causes of gaps alone: what is noticed, until when it explains a gap, and which of the host's
 * metrics count drops.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "plugins/fake_host.h"
#include "sequence/causes.h"

static struct causes_log causes_log;
static struct causes causes;
static struct causes_drops drops;

static void set_up(void)
{
    memset(&causes_log, 0, sizeof causes_log);
    drops = (struct causes_drops){.collector = 7, .heard = {{.dropped = 4}}, .ears = 2};
    causes_resume(&causes_log, false);
    causes_begin(&causes, &causes_log, true, &drops);
    causes_log.ears = 2;
}

static uint8_t since(uint32_t tick)
{
    return causes_since(&causes_log, tick, 0);
}

/* What that worker notices in its tick. */
static uint8_t tick_of(struct causes *worker, bool slept)
{
    uint32_t number = causes_current_tick(worker);

    memset(causes_log.noticed, 0, sizeof causes_log.noticed);
    memset(causes_log.kernel, 0, sizeof causes_log.kernel);
    causes_tick(worker, &drops, slept);
    return since(number);
}

/* The same without forgetting. */
static void tick(void)
{
    causes_tick(&causes, &drops, false);
}

START_TEST(ticks_go_on)
{
    ck_assert_uint_eq(causes_log.tick, 1);
    tick();
    tick();
    tick();
    ck_assert_uint_eq(causes_current_tick(&causes), 4);
    ck_assert_uint_eq(since(0), 0);
}
END_TEST

/* Drops in ticks that follow each other are one run. */
START_TEST(how_many_are_dropped)
{
    ck_assert_uint_eq(causes_dropped_since(&causes, 1, 0), 0);
    drops.heard[0].dropped += 10;
    tick(); /* 1 */
    drops.heard[0].dropped += 5;
    tick(); /* 2 */
    ck_assert_uint_eq(causes_dropped_since(&causes, 1, 0), 15);
    ck_assert_uint_eq(causes_dropped_since(&causes, 2, 0), 15);
    ck_assert_uint_eq(causes_dropped_since(&causes, 1, 1), 0);
    ck_assert_uint_eq(causes_dropped_since(&causes, 1, 7), 15); /* not told from the first */
    tick();
    ck_assert_uint_eq(causes_dropped_since(&causes, 2, 0), 15);
    ck_assert_uint_eq(causes_dropped_since(&causes, 3, 0), 0);
    drops.heard[0].dropped += 3;
    tick(); /* 4: another run */
    ck_assert_uint_eq(causes_dropped_since(&causes, 1, 0), 3);
}
END_TEST

START_TEST(drops_are_noticed)
{
    tick();
    drops.heard[0].dropped++;
    tick();
    ck_assert_uint_eq(since(2), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(since(3), 0);
    drops.collector++;
    drops.checksum++;
    tick();
    ck_assert_uint_eq(since(2),
                      MUSTER_CAUSE_KERNEL | MUSTER_CAUSE_COLLECTOR | MUSTER_CAUSE_CHECKSUM);
    ck_assert_uint_eq(since(3), MUSTER_CAUSE_COLLECTOR | MUSTER_CAUSE_CHECKSUM);
    ck_assert_uint_eq(tick_of(&causes, false), 0);
    drops.heard[0].dropped = drops.collector = 0; /* as after a change of the listeners */
    ck_assert_uint_eq(tick_of(&causes, false), MUSTER_CAUSE_KERNEL | MUSTER_CAUSE_COLLECTOR);
}
END_TEST

/* What is dropped of one listener explains nothing of those that another hears. */
START_TEST(drops_of_one_listener)
{
    drops.heard[1].dropped++;
    tick();
    ck_assert_uint_eq(causes_since(&causes_log, 1, 0), 0);
    ck_assert_uint_eq(causes_since(&causes_log, 1, 1), MUSTER_CAUSE_KERNEL);
    drops.ears = 3; /* one more, which has dropped something already */
    drops.heard[2].dropped = 1;
    tick();
    ck_assert_uint_eq(causes_since(&causes_log, 2, 1), 0);
    ck_assert_uint_eq(causes_since(&causes_log, 2, 2), MUSTER_CAUSE_KERNEL);
}
END_TEST

START_TEST(sleep_is_noticed)
{
    tick();
    ck_assert_uint_eq(tick_of(&causes, true), MUSTER_CAUSE_COLLECTOR_DOWN);
    ck_assert_uint_eq(since(2), MUSTER_CAUSE_COLLECTOR_DOWN);
    ck_assert_uint_eq(since(3), 0);
}
END_TEST

START_TEST(a_stop_is_noticed)
{
    tick();
    tick();
    causes_resume(&causes_log, true);
    ck_assert_uint_eq(causes_log.tick, 4);
    drops = (struct causes_drops){.ears = 1};
    causes_begin(&causes, &causes_log, true, &drops);
    ck_assert_uint_eq(since(3), MUSTER_CAUSE_COLLECTOR_DOWN);
    ck_assert_uint_eq(since(4), 0);
    ck_assert_uint_eq(tick_of(&causes, false), 0);
}
END_TEST

START_TEST(a_follower_moves_no_tick)
{
    struct causes follower;

    causes_begin(&follower, &causes_log, false, &drops);
    ck_assert_uint_eq(tick_of(&follower, false), 0);
    ck_assert_uint_eq(causes_log.tick, 1);
    tick();
    drops.heard[0].dropped++;
    ck_assert_uint_eq(tick_of(&follower, false), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(since(2), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(causes_log.tick, 2);
}
END_TEST

START_TEST(the_tick_wraps)
{
    causes_log.tick = UINT32_MAX;
    drops.heard[0].dropped++;
    tick();
    ck_assert_uint_eq(since(UINT32_MAX - 1), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(since(UINT32_MAX), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(since(0), 0);
}
END_TEST

START_TEST(the_host_counts_drops)
{
    static const struct {
        const char *name;
        uint64_t checksum, collector;
    } metrics[] = {
        {"collector.received", 0, 0},
        {"collector.kernel_drops", 0, 0},
        {"collector.checksum_errors", 5, 0},
        {"collector.rejected.too_short", 0, 0},
        {"collector.rejected.too_long", 0, 0},
        {"collector.rejected.bad_payload", 0, 0},
        {"collector.rejected.unknown_type", 0, 0},
        {"quarantine.dropped", 0, 1000},
        {".dropped", 0, 0},
        {"quarantine.dropped_late", 0, 0},
    };
    struct muster_instance *instance = muster_test_new(&muster_plugin_v1, NULL);
    struct causes_counters counters = {0};
    struct causes_drops found;
    size_t i;

    for (i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        uint64_t sum = metrics[i].checksum + metrics[i].collector;

        fake_set_metric(instance, metrics[i].name, "datagrams", "help", sum != 0 ? sum : 7);
    }
    causes_find_counters(&counters, &muster_test_host, instance);
    ck_assert_uint_eq(counters.collector_count, 1);
    causes_read_drops(&found, &counters, &muster_test_host, instance);
    ck_assert_uint_eq(found.checksum, 5);
    ck_assert_uint_eq(found.heard[0].dropped, 7);
    ck_assert_uint_eq(found.collector, 1000);
    muster_test_free(instance);
}
END_TEST

START_TEST(a_host_without_counters)
{
    struct muster_instance *instance = muster_test_new(&muster_plugin_v1, NULL);
    struct causes_counters counters = {0};
    struct causes_drops found;

    causes_find_counters(&counters, &muster_test_host, instance);
    causes_read_drops(&found, &counters, &muster_test_host, instance);
    ck_assert_uint_eq(found.checksum, 0);
    ck_assert_uint_eq(found.collector, 0);
    muster_test_free(instance);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {how_many_are_dropped,     ticks_go_on,      drops_are_noticed,
                                  drops_of_one_listener,    sleep_is_noticed, a_stop_is_noticed,
                                  a_follower_moves_no_tick, the_tick_wraps,   the_host_counts_drops,
                                  a_host_without_counters};
    Suite *suite = suite_create("causes");
    TCase *tests = tcase_create("causes");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, NULL);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
