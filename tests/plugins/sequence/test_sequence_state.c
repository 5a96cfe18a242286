/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence" over several runs: what outlives a stop in order, a kill, and a machine
 * that goes down.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/recovery.h"
#include "account.h"
#include "collector.h"
#include "fleet.h"
#include "memory.h"

enum { NETWORK = MUSTER_CAUSE_NETWORK };

/* ---- from run to run ------------------------------------------------------------------ */

/* A gap is open when the collector ends, and one opens over the end. */
static void go_on(uint32_t age, uint32_t before, uint32_t behind)
{
    const uint16_t down = MUSTER_CAUSE_COLLECTOR_DOWN;
    struct collector c;
    struct muster_record event;
    uint64_t opened[2];

    collector_new(&c, before);
    ck_assert_uint_eq(collector_counter(&c, "counted_since"), EPOCH / SECOND);
    collector_wait(&c, 1, 0);
    ck_assert_uint_eq(collector_expect(&c, 10, 100, MUSTER_VERDICT_FIRST, 0, &event), 1);
    collector_wait(&c, 1, 0);
    opened[0] = c.now_ns;
    ck_assert_uint_eq(collector_expect(&c, 14, 104, MUSTER_VERDICT_GAP, 3, &event), 1);
    collector_wait(&c, 3, 0);
    if (age == MUSTER_STATE_KILLED)
        collector_kill(&c);
    else
        collector_stop(&c);

    c.now_ns += 3600 * SECOND;
    collector_start(&c, age, behind);
    ck_assert_uint_eq(collector_counter(&c, "counted_since"), EPOCH / SECOND);
    ck_assert_uint_eq(collector_counter(&c, "first"), 1);
    ck_assert_uint_eq(collector_counter(&c, "gaps"), 1);
    ck_assert_uint_eq(collector_counter(&c, "devices"), 1);
    ck_assert_uint_eq(collector_counter(&c, "online"), 1);
    collector_expect_numbers(&c, 3, 0, 0, 3);
    collector_wait(&c, 1, 0);
    opened[1] = c.now_ns;
    ck_assert_uint_eq(collector_expect(&c, 20, 3800, MUSTER_VERDICT_GAP, 5, &event), 1);
    collector_expect_range(&event, MUSTER_EVENT_GAP_OPENED, 15, 19, NETWORK | down);
    ck_assert_uint_eq(collector_expect(&c, 12, 102, MUSTER_VERDICT_LATE, 0, &event), 1);
    collector_expect_range(&event, MUSTER_EVENT_GAP_RECOVERED, 12, 12, NETWORK);
    ck_assert_uint_eq(event.event.opened_ns, opened[0]);
    ck_assert_uint_eq(event.event.closed_ns, c.now_ns);
    ck_assert_uint_eq(collector_expect(&c, 14, 104, MUSTER_VERDICT_DUPLICATE, 0, &event), 0);
    ck_assert_uint_eq(collector_expect(&c, 21, 3801, MUSTER_VERDICT_NEW, 0, &event), 0);
    collector_expect_numbers(&c, 8, 1, 0, 7);

    /* The window passes all of them; 11 and 13 are no longer one gap. */
    for (uint32_t i = 37; i < 70; i += 16)
        collector_expect(&c, i, 3850, MUSTER_VERDICT_GAP, 15, &event);
    ck_assert_uint_eq(collector_expect(&c, 11 + WINDOW, 3860, MUSTER_VERDICT_GAP, 5, &event), 2);
    collector_expect_range(&event, MUSTER_EVENT_GAP_LOST, 11, 11, NETWORK);
    ck_assert_uint_eq(event.event.opened_ns, opened[0]);
    ck_assert_uint_eq(collector_expect(&c, 13 + WINDOW, 3862, MUSTER_VERDICT_GAP, 1, &event), 2);
    collector_expect_range(&event, MUSTER_EVENT_GAP_LOST, 13, 13, NETWORK);
    ck_assert_uint_eq(event.event.opened_ns, opened[0]);
    ck_assert_uint_eq(collector_expect(&c, 19 + WINDOW, 3868, MUSTER_VERDICT_GAP, 5, &event), 2);
    collector_expect_range(&event, MUSTER_EVENT_GAP_LOST, 15, 19, NETWORK | down);
    ck_assert_uint_eq(event.event.opened_ns, opened[1]);
    collector_expect_numbers(&c, 64, 1, 7, 56);
    collector_free(&c);
}

START_TEST(stopped_in_order)
{
    go_on(MUSTER_STATE_STOPPED, 1, 1);
}
END_TEST

START_TEST(killed_between_two_messages)
{
    go_on(MUSTER_STATE_KILLED, 1, 1);
}
END_TEST

START_TEST(more_workers)
{
    go_on(MUSTER_STATE_STOPPED, 1, 3);
    go_on(MUSTER_STATE_KILLED, 2, 4);
}
END_TEST

START_TEST(fewer_workers)
{
    go_on(MUSTER_STATE_STOPPED, 4, 1);
    go_on(MUSTER_STATE_KILLED, 3, 2);
}
END_TEST

START_TEST(silent_over_a_stop)
{
    struct collector c;
    struct muster_record event;
    uint64_t heard;

    collector_new(&c, 1);
    c.heartbeat_ns = 10 * SECOND;
    collector_stop(&c);
    collector_start(&c, MUSTER_STATE_STOPPED, 3);
    collector_wait(&c, 1, 0);
    heard = c.now_ns;
    collector_expect(&c, 1, 1, MUSTER_VERDICT_FIRST, 0, &event);
    ck_assert_uint_eq(collector_wait(&c, 16, MUSTER_EVENT_DEVICE_LATE), 1);
    collector_stop(&c);

    c.now_ns += 3600 * SECOND;
    collector_start(&c, MUSTER_STATE_STOPPED, 2); /* late, and goes on to be silent */
    ck_assert_uint_eq(collector_counter(&c, "late_devices"), 1);
    ck_assert_uint_eq(collector_wait(&c, 34, 0),
                      0); /* from the start: a heartbeat fell into the stop, perhaps */
    ck_assert_uint_eq(collector_wait(&c, 3, MUSTER_EVENT_DEVICE_SILENT), 1);
    collector_kill(&c);

    c.now_ns += 3600 * SECOND;
    collector_start(&c, MUSTER_STATE_KILLED, 4); /* silent, which is not told again */
    ck_assert_uint_eq(collector_counter(&c, "late_devices"), 0);
    ck_assert_uint_eq(collector_counter(&c, "silent"), 1);
    ck_assert_uint_eq(collector_counter(&c, "online"), 0);
    ck_assert_uint_eq(collector_wait(&c, 100, MUSTER_EVENT_DEVICE_SILENT), 0);
    ck_assert_uint_eq(collector_expect(&c, 2, 2, MUSTER_VERDICT_NEW, 0, &event), 1);
    ck_assert_uint_eq(event.event.event, MUSTER_EVENT_DEVICE_BACK);
    ck_assert_uint_eq(event.event.opened_ns, heard);
    ck_assert_uint_eq(event.event.closed_ns, c.now_ns);
    ck_assert_uint_eq(collector_counter(&c, "silent"), 0);
    ck_assert_uint_eq(collector_counter(&c, "online"), 1);
    ck_assert_uint_eq(collector_expect(&c, 3, 3, MUSTER_VERDICT_NEW, 0, &event), 0);
    collector_free(&c);
}
END_TEST

/* What a run without events leaves is no obstacle for one with them. */
START_TEST(a_run_without_events)
{
    struct collector c;
    struct muster_record event;

    collector_new(&c, 1);
    collector_expect(&c, 1, 1, MUSTER_VERDICT_FIRST, 0, &event);
    ck_assert_uint_eq(collector_expect(&c, 6, 6, MUSTER_VERDICT_GAP, 4, &event), 1);
    collector_stop(&c);
    c.events = "false";
    collector_start(&c, MUSTER_STATE_STOPPED, 1);
    ck_assert_uint_eq(collector_expect(&c, 3, 3, MUSTER_VERDICT_LATE, 0, &event), 0);
    ck_assert_uint_eq(collector_expect(&c, 9, 9, MUSTER_VERDICT_GAP, 2, &event), 0);
    collector_stop(&c);
    c.events = "true";
    collector_start(&c, MUSTER_STATE_STOPPED, 1);
    ck_assert_uint_eq(collector_expect(&c, 4, 4, MUSTER_VERDICT_LATE, 0, &event), 1);
    collector_expect_range(&event, MUSTER_EVENT_GAP_RECOVERED, 4, 4, NETWORK);
    ck_assert_uint_eq(event.event.opened_ns, EPOCH);
    ck_assert_uint_eq(collector_expect(&c, 7, 7, MUSTER_VERDICT_LATE, 0, &event), 1);
    collector_expect_range(&event, MUSTER_EVENT_GAP_RECOVERED, 7, 7, NETWORK);
    collector_expect_numbers(&c, 6, 3, 0, 3);
    collector_free(&c);
}
END_TEST

/* Gap 2-6; 4 comes late, and the process is killed at the end of that change: it is taken back. */
static void rolled_back(struct collector *c, uint32_t from, uint32_t number)
{
    struct muster_record event;
    struct tables tables;
    void *left;

    collector_new(c, 1);
    collector_expect(c, 1, 100, MUSTER_VERDICT_FIRST, 0, &event);
    collector_expect(c, from, 160, MUSTER_VERDICT_GAP, from - 2, &event);
    collector_expect(c, number, 101, MUSTER_VERDICT_LATE, 0, &event);
    left = memory_new(c->bytes);
    memcpy(left, c->memory, c->bytes);
    tables_lay_out(&tables, left, MUSTER_DEVICE_IDS, WINDOW);
    tables_slot(&tables, 0)->undo.busy = 1;
    collector_kill_with(c, left);
    munmap(left, c->bytes);
    collector_start(c, MUSTER_STATE_KILLED, 1);
}

START_TEST(gaps_side_by_side)
{
    struct collector c;
    struct muster_record event;

    rolled_back(&c, 7, 4);
    collector_expect_numbers(&c, 5, 0, 0, 5);
    collector_expect(&c, 80, 200, MUSTER_VERDICT_OUTLIER, 0, &event);
    collector_expect(&c, 81, 200, MUSTER_VERDICT_GAP, 72, &event); /* aborts in gaps_lose */
    collector_expect_numbers(&c, 77, 0, 15, 62);
    collector_free(&c);
}
END_TEST

/* ---- the machine went down ------------------------------------------------------------ */

START_TEST(sessions_anew)
{
    struct collector c;
    struct muster_record event;
    struct tables tables;
    uint64_t judged;
    uint32_t i;

    collector_new(&c, 2);
    collector_wait(&c, 1, 0);
    for (i = 0; i < 40; i++) { /* heartbeats too: an interval of 10 s is learnt */
        struct muster_test_batch batch;

        collector_receive(&c, collector_message(5, MUSTER_MSG_HEARTBEAT, 0, 100 + 10 * i), &batch);
        muster_test_batch_free(&batch);
        collector_wait(&c, 10, 0);
    }
    collector_expect(&c, 10, 500, MUSTER_VERDICT_FIRST, 0, &event);
    ck_assert_uint_ne(event.kind, MUSTER_KIND_EVENT); /* known by its heartbeats */
    collector_expect(&c, 14, 504, MUSTER_VERDICT_GAP, 3, &event);
    collector_expect(&c, 12, 502, MUSTER_VERDICT_LATE, 0, &event);
    collector_expect(&c, 900, 505, MUSTER_VERDICT_OUTLIER, 0, &event); /* doubted */
    judged = collector_counter(&c, "unnumbered");
    tables_lay_out(&tables, c.memory, MUSTER_DEVICE_IDS, WINDOW);
    ck_assert_uint_ne(tables_device(&tables, 5)->timing.least_time, 0);
    collector_kill(&c);

    collector_start(&c, MUSTER_STATE_STALE, 3);
    ck_assert_uint_eq(muster_test_logged(c.instance, MUSTER_LOG_WARNING, "session"), 1);
    ck_assert_uint_eq(collector_counter(&c, "counted_since"), EPOCH / SECOND);
    collector_expect_numbers(&c, 1, 1, 0, 0); /* what was open then is neither */
    ck_assert_uint_eq(collector_counter(&c, "doubted"), 0);
    ck_assert_uint_eq(collector_counter(&c, "outliers"), 1);
    ck_assert_uint_eq(collector_counter(&c, "unnumbered"), judged);
    ck_assert_uint_eq(collector_counter(&c, "first"), 1);
    ck_assert_uint_eq(collector_counter(&c, "devices"), 1);
    ck_assert_uint_eq(collector_counter(&c, "online"), 1);
    ck_assert_uint_eq(tables_device(&tables, 5)->timing.least_time, 0);
    /* No DEVICE_NEW, no gap, and the interval is kept. */
    ck_assert_uint_eq(collector_expect(&c, 300, 900, MUSTER_VERDICT_FIRST, 0, &event), 0);
    ck_assert_uint_eq(collector_expect(&c, 301, 901, MUSTER_VERDICT_NEW, 0, &event), 0);
    ck_assert_uint_eq(collector_expect(&c, 303, 903, MUSTER_VERDICT_GAP, 1, &event), 1);
    collector_expect_range(&event, MUSTER_EVENT_GAP_OPENED, 302, 302, MUSTER_CAUSE_NETWORK);
    ck_assert_uint_eq(event.event.opened_ns, c.now_ns);
    ck_assert_uint_eq(collector_wait(&c, 17, MUSTER_EVENT_DEVICE_LATE), 1);
    collector_expect_numbers(&c, 2, 1, 0, 1);
    ck_assert(recovery_is_sound(&tables));
    collector_free(&c);
}
END_TEST

/* Each page is of another time: the counters, the table and the entries do not agree. */
START_TEST(pages_of_several_times)
{
    struct fleet fleet = {.clock = 1000};
    struct account *account = calloc(1, sizeof *account);
    struct collector c;
    struct tables tables;
    uint8_t *old[3];
    uint64_t at;
    unsigned i, j;

    ck_assert_ptr_nonnull(account);
    random_seed(7);
    collector_new(&c, 2);
    for (i = 0; i < 3; i++) {
        for (j = 0; j < 500; j++) {
            const struct muster_record record = fleet_next(&fleet);

            account_receive(account, &c, &record);
            if (j % 50 == 0)
                collector_wait(&c, 1, 0);
        }
        old[i] = memory_new(c.bytes);
        memcpy(old[i], c.memory, c.bytes);
    }
    for (i = 0; i < 20; i++) {
        collector_kill(&c);
        for (at = 0; at < c.bytes; at += 4096)
            memcpy((uint8_t *)c.memory + at, old[below(3)] + at, 4096);
        collector_start(&c, MUSTER_STATE_STALE, 1 + below(WORKERS));
        tables_lay_out(&tables, c.memory, MUSTER_DEVICE_IDS, WINDOW);
        ck_assert(recovery_is_sound(&tables));
        ck_assert_uint_eq(collector_counter(&c, "open"), 0);
        memset(account, 0, sizeof *account);
        for (j = 0; j < 200; j++) {
            const struct muster_record record = fleet_next(&fleet);

            account_receive(account, &c, &record);
            ck_assert_uint_eq(collector_counter(&c, "missing"), collector_counter(&c, "recovered") +
                                                                    collector_counter(&c, "lost") +
                                                                    collector_counter(&c, "open"));
        }
        collector_wait(&c, 3, 0);
        ck_assert_uint_eq(collector_counter(&c, "devices"), DEVICES);
    }
    for (i = 0; i < 3; i++)
        munmap(old[i], c.bytes);
    collector_free(&c);
    free(account);
}
END_TEST

START_TEST(nobody_late_after_a_power_cut)
{
    struct collector c;
    struct muster_record event;
    struct tables tables, older;
    void *old;
    uint32_t i;

    collector_new(&c, 1);
    c.heartbeat_ns = 10 * SECOND;
    collector_stop(&c);
    collector_start(&c, MUSTER_STATE_STOPPED, 1);
    collector_expect(&c, 1, 1, MUSTER_VERDICT_FIRST, 0, &event);
    old = memory_new(c.bytes);
    memcpy(old, c.memory, c.bytes);
    for (i = 2; i < 8; i++) { /* a minute, heard every 10 s */
        collector_wait(&c, 10, 0);
        collector_expect(&c, i, i, MUSTER_VERDICT_NEW, 0, &event);
    }
    collector_kill(&c);
    /* The device's page is a minute older than that of the listening clock. */
    tables_lay_out(&tables, c.memory, MUSTER_DEVICE_IDS, WINDOW);
    tables_lay_out(&older, old, MUSTER_DEVICE_IDS, WINDOW);
    memcpy(tables_device(&tables, 5), tables_device(&older, 5), tables.stride);
    munmap(old, c.bytes);
    collector_start(&c, MUSTER_STATE_STALE, 1);
    ck_assert_uint_eq(collector_wait(&c, 5, MUSTER_EVENT_DEVICE_SILENT), 0); /* was never silent */
    collector_free(&c);
}
END_TEST

/* ---- what the plugin asks for --------------------------------------------------------- */

static struct muster_state asked;

static int ask(struct muster_instance *instance, struct muster_state *state)
{
    asked = *state;
    return muster_test_host.state(instance, state);
}

static void open_with_window(const char *window)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "window", window, NULL);
    struct muster_host host = muster_test_host;
    void *state;

    host.state = ask;
    ck_assert_int_eq(PLUGIN->open(&host, instance, &state), 0);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}

START_TEST(another_window_is_another_state)
{
    static const char *const windows[] = {"64", "128", "1024", "65536"};
    struct muster_state states[4];
    size_t i, j;

    for (i = 0; i < 4; i++) {
        open_with_window(windows[i]);
        states[i] = asked;
        ck_assert_ptr_nonnull(asked.is_sound);
        ck_assert_uint_ne(asked.format, 0);
        for (j = 0; j < i; j++) {
            ck_assert_uint_ne(states[i].format, states[j].format);
            ck_assert_uint_ne(states[i].bytes, states[j].bytes);
        }
    }
    open_with_window("64");
    ck_assert_uint_eq(asked.format, states[0].format);
    ck_assert_uint_eq(asked.bytes, states[0].bytes);
}
END_TEST

START_TEST(nothing_is_kept_in_reference_mode)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "mode", "reference", NULL);
    void *state;

    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    ck_assert_uint_eq(muster_test_state_bytes(instance), 0);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {stopped_in_order,
                                  killed_between_two_messages,
                                  more_workers,
                                  fewer_workers,
                                  silent_over_a_stop,
                                  a_run_without_events,
                                  gaps_side_by_side,
                                  sessions_anew,
                                  pages_of_several_times,
                                  nobody_late_after_a_power_cut,
                                  another_window_is_another_state,
                                  nothing_is_kept_in_reference_mode};
    Suite *suite = suite_create("sequence state");
    TCase *tests = tcase_create("sequence state");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
