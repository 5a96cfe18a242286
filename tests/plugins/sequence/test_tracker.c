/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker: each line of its table of verdicts.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "sequence/tracker.h"
#include "memory.h"

#define FIRST     MUSTER_VERDICT_FIRST
#define NEW       MUSTER_VERDICT_NEW
#define GAP       MUSTER_VERDICT_GAP
#define LATE      MUSTER_VERDICT_LATE
#define DUPLICATE MUSTER_VERDICT_DUPLICATE
#define RESTART   MUSTER_VERDICT_RESTART
#define OUTLIER   MUSTER_VERDICT_OUTLIER

/* One tracker, window 64, max_jump 100 unless a test says otherwise. */

static struct tables tables;
static struct tracker *tracker;
static uint32_t now;    /* the device's clock */
static uint32_t passed; /* ours */

static uint32_t read_passed(void *context)
{
    (void)context;
    return passed;
}

static void open_tracker(uint32_t window, uint32_t max_jump, bool reference, uint32_t workers)
{
    const struct tracker_options options = {.window = window,
                                            .max_jump = max_jump,
                                            .reference = reference,
                                            .persistent = true,
                                            .passed = read_passed};

    memory_tables(&tables, window);
    tracker = tracker_new(&options, &tables, 0, workers);
    ck_assert_ptr_nonnull(tracker);
    now = 1000;
    passed = 0;
}

static void close_tracker(void)
{
    tracker_free(tracker);
    memory_free(&tables);
}

static void set_up(void)
{
    open_tracker(64, 100, false, 1);
}

static void tear_down(void)
{
    const struct tracker_counts *c = tracker_counts(tracker);

    ck_assert_uint_eq(c->missing, c->recovered + c->lost + c->open);
    tracker_finish(tracker);
    ck_assert_uint_eq(c->open, 0);
    ck_assert_uint_eq(c->missing, c->recovered + c->lost);
    close_tracker();
}

static struct muster_record message(uint16_t id, uint8_t type, uint32_t seq, uint32_t timestamp)
{
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = seq,
                                   .device_time_ns = (int64_t)timestamp * 1000000000,
                                   .seq_bits = type == MUSTER_MSG_DATA ? 32 : 0,
                                   .readings = 1};

    return record;
}

static void expect(struct muster_record record, enum muster_verdict verdict, uint32_t gap)
{
    tracker_judge(tracker, &record);
    ck_assert_msg(record.verdict == verdict && record.message.gap == gap,
                  "number %u: verdict %u, gap %u; expected %u, %u", (unsigned)record.seq,
                  record.verdict, (unsigned)record.message.gap, verdict, gap);
}

static void data(uint32_t seq, enum muster_verdict verdict, uint32_t gap)
{
    expect(message(7, MUSTER_MSG_DATA, seq, now), verdict, gap);
}

/* So much time that any jump is possible. */
static void wait_long(void)
{
    passed += 30000000;
}

static void init(uint32_t timestamp, enum muster_verdict verdict)
{
    expect(message(7, MUSTER_MSG_INIT, 0, timestamp), verdict, 0);
}

static void expect_numbers(uint64_t missing, uint64_t recovered, uint64_t lost, uint64_t open)
{
    const struct tracker_counts *c = tracker_counts(tracker);

    ck_assert_uint_eq(c->missing, missing);
    ck_assert_uint_eq(c->recovered, recovered);
    ck_assert_uint_eq(c->lost, lost);
    ck_assert_uint_eq(c->open, open);
}

START_TEST(in_order_gap_late_duplicate)
{
    data(500, FIRST, 0);
    data(501, NEW, 0);
    data(501, DUPLICATE, 0);
    data(505, GAP, 3);
    expect_numbers(3, 0, 0, 3);
    data(503, LATE, 0);
    data(503, DUPLICATE, 0);
    data(500, DUPLICATE, 0);
    data(506, NEW, 0);
    expect_numbers(3, 1, 0, 2);
    ck_assert_uint_eq(tracker_counts(tracker)->first, 1);
    ck_assert_uint_eq(tracker_counts(tracker)->in_order, 2);
    ck_assert_uint_eq(tracker_counts(tracker)->gaps, 1);
    ck_assert_uint_eq(tracker_counts(tracker)->late, 1);
    ck_assert_uint_eq(tracker_counts(tracker)->duplicates, 3);
    ck_assert_uint_eq(tracker_counts(tracker)->devices, 1);
}
END_TEST

START_TEST(wrap)
{
    data(UINT32_MAX - 1, FIRST, 0);
    data(UINT32_MAX, NEW, 0);
    data(0, NEW, 0);
    data(UINT32_MAX, DUPLICATE, 0);
    data(1, NEW, 0);
    expect_numbers(0, 0, 0, 0);
}
END_TEST

START_TEST(gap_over_the_wrap)
{
    data(UINT32_MAX - 3, FIRST, 0);
    data(4, GAP, 7);
    data(0, LATE, 0);
    data(UINT32_MAX, LATE, 0);
    data(UINT32_MAX, DUPLICATE, 0);
    data(0, DUPLICATE, 0);
    data(UINT32_MAX - 3, DUPLICATE, 0);
    data(UINT32_MAX - 4, LATE, 0); /* before the first: it was not missing */
    expect_numbers(7, 2, 0, 5);
    data(104, OUTLIER, 0);
    data(105, GAP, 99); /* the five leave the window */
    expect_numbers(106, 2, 42, 62);
}
END_TEST

START_TEST(window_edge)
{
    data(1000, FIRST, 0);
    data(1001, NEW, 0);
    data(1064, GAP, 62);
    expect_numbers(62, 0, 0, 62);
    data(1001, DUPLICATE, 0); /* W - 1 behind */
    data(1000, OUTLIER, 0);   /* W behind: too old to tell */
    expect_numbers(62, 0, 0, 62);
    data(1065, NEW, 0); /* 1001 leaves, which had come */
    expect_numbers(62, 0, 0, 62);
    data(1066, NEW, 0); /* 1002 leaves, which had not */
    expect_numbers(62, 0, 1, 61);
    data(1003, LATE, 0);
    data(1067, NEW, 0);
    expect_numbers(62, 1, 1, 60);
}
END_TEST

static void jump(uint32_t step, uint32_t lost)
{
    data(10, FIRST, 0);
    data(12, GAP, 1); /* 11 is open */
    data(12 + step, OUTLIER, 0);
    data(13 + step, GAP, step - 1);
    expect_numbers(step, 0, lost, step - lost);
    data(12 + step, DUPLICATE, 0);
    data(13 + step - 63, step == 62 ? DUPLICATE : LATE, 0);
}

START_TEST(jump_the_window)
{
    jump(64, 3 - 1);
}
END_TEST

START_TEST(jump_one_more_than_the_window)
{
    jump(65, 3);
}
END_TEST

START_TEST(jump_two_more_than_the_window)
{
    jump(66, 4);
}
END_TEST

START_TEST(largest_jump_believed)
{
    close_tracker();
    open_tracker(256, 100, false, 1);
    data(10, FIRST, 0);
    wait_long();
    data(110, GAP, 99);
    wait_long();
    data(211, OUTLIER, 0);
    expect_numbers(99, 0, 0, 99);
    data(111, NEW, 0);
    data(212, OUTLIER, 0); /* 111 came between: no two in a row */
    ck_assert_uint_eq(tracker_counts(tracker)->outliers, 1);
    ck_assert_uint_eq(tracker_counts(tracker)->doubted, 1);
}
END_TEST

START_TEST(probation_ahead)
{
    data(10, FIRST, 0);
    wait_long();
    data(5000, OUTLIER, 0);
    data(5000, DUPLICATE, 0); /* its copy is no second witness */
    data(5002, OUTLIER, 0);   /* does not follow */
    expect(message(7, MUSTER_MSG_HEARTBEAT, 0, now), MUSTER_VERDICT_UNNUMBERED, 0);
    data(5003, GAP, 4990); /* number 5000 came */
    expect_numbers(4990, 0, 4990 - 61, 61);
    data(5002, DUPLICATE, 0);
    data(5001, LATE, 0); /* it was missing after all */
    data(5000, DUPLICATE, 0);
    data(5004, NEW, 0);
}
END_TEST

/* The readings of one datagram are one witness, however many they are. */
static void readings(uint32_t seq, uint16_t count, enum muster_verdict verdict)
{
    uint16_t i;

    for (i = 0; i < count; i++) {
        struct muster_record record = message(7, MUSTER_MSG_DATA, seq + i, now);

        record.reading = i;
        record.readings = count;
        expect(record, verdict, 0);
    }
}

START_TEST(a_datagram_does_not_confirm_itself_ahead)
{
    data(10, FIRST, 0);
    readings(5000, 3, OUTLIER);
    readings(11, 3, NEW);
    expect_numbers(0, 0, 0, 0);
}
END_TEST

START_TEST(a_datagram_does_not_confirm_itself_behind)
{
    data(5000, FIRST, 0);
    now += 60;
    readings(1, 3, OUTLIER);
    readings(5001, 3, NEW);
    ck_assert_uint_eq(tracker_counts(tracker)->restarts, 0);
}
END_TEST

START_TEST(probation_over_the_wrap)
{
    data(UINT32_MAX - 1000, FIRST, 0);
    wait_long();
    data(UINT32_MAX, OUTLIER, 0);
    data(0, GAP, 999);
    data(UINT32_MAX, DUPLICATE, 0);
}
END_TEST

START_TEST(half_the_numbers)
{
    data(0, FIRST, 0);
    data(UINT32_C(1) << 31, OUTLIER, 0); /* the farthest behind */
    data(UINT32_MAX >> 1, OUTLIER, 0);   /* the farthest ahead */
    data((UINT32_C(1) << 31) + 1, OUTLIER, 0);
    data((UINT32_C(1) << 31) + 2, RESTART, 0);
}
END_TEST

START_TEST(greatest_jump_confirmed)
{
    data(0, FIRST, 0);
    wait_long();
    data((1u << 30) - 1, OUTLIER, 0);
    data(1u << 30, GAP, (1u << 30) - 2);
    expect_numbers((1u << 30) - 2, 0, (1u << 30) - 2 - 62, 62);
}
END_TEST

START_TEST(restart_by_probation)
{
    data(5000, FIRST, 0);
    data(5002, GAP, 1);
    now += 60;
    data(1, OUTLIER, 0);
    data(2, RESTART, 0);
    expect_numbers(1, 0, 1, 0); /* what was open is lost */
    data(1, DUPLICATE, 0);
    data(0, LATE, 0); /* before the session's first */
    data(3, NEW, 0);
    expect_numbers(1, 0, 1, 0);
    ck_assert_uint_eq(tracker_counts(tracker)->restarts, 1);
    ck_assert_uint_eq(tracker_counts(tracker)->outliers, 0); /* number 1 is judged again */
    ck_assert_uint_eq(tracker_counts(tracker)->in_order, 2);
}
END_TEST

/* The numbers begin again where the window still knows the old ones. */
START_TEST(restart_within_the_window)
{
    uint32_t i;

    for (i = 1; i <= 20; i++)
        data(i, i == 1 ? FIRST : NEW, 0);
    data(23, GAP, 2);
    now += 6;
    data(1, OUTLIER, 0); /* a copy of number 1 would not be newer than number 23 */
    ck_assert_uint_eq(tracker_counts(tracker)->duplicates, 0);
    now += 6;
    data(2, RESTART, 0);
    expect_numbers(2, 0, 2, 0);
    now += 6;
    data(3, NEW, 0);
    now -= 18;
    data(23, DUPLICATE, 0); /* of the old session */
    now += 24;
    data(4, NEW, 0);
    data(2, DUPLICATE, 0);
    ck_assert_uint_eq(tracker_counts(tracker)->restarts, 1);
    expect_numbers(2, 0, 2, 0);
}
END_TEST

/* What was under way when the device restarted does not belong to the new session. */
START_TEST(stragglers_behind_an_init)
{
    data(900, FIRST, 0);
    init(1010, RESTART);
    data(901, OUTLIER, 0); /* made at 1000 */
    now = 1010;
    data(1, FIRST, 0);
    now = 1000;
    data(902, OUTLIER, 0);
    now = 1016;
    data(2, NEW, 0);
    expect_numbers(0, 0, 0, 0);
    ck_assert_uint_eq(tracker_counts(tracker)->outliers, 2);
}
END_TEST

/* Unless the clock was set back since the INIT. */
START_TEST(clock_set_back_behind_an_init)
{
    init(5000, FIRST);
    now = 1000;
    data(1, OUTLIER, 0);
    data(2, OUTLIER, 0);
    data(3, OUTLIER, 0);
    data(4, NEW, 0); /* four in a row: it was the clock */
    data(6, GAP, 1);
    ck_assert_uint_eq(tracker_counts(tracker)->outliers, 0);
    ck_assert_uint_eq(tracker_counts(tracker)->in_order, 4);
    now = 900;
    data(7, OUTLIER, 0);
    data(8, NEW, 0); /* going on where the session is, two are enough */
    data(5, LATE, 0);
}
END_TEST

START_TEST(old_duplicates)
{
    data(5000, FIRST, 0);
    now -= 60; /* held up in the network: older than what came before */
    data(1, OUTLIER, 0);
    data(2, OUTLIER, 0);
    data(3, OUTLIER, 0);
    now += 60;
    data(5001, NEW, 0);
    now -= 60;
    data(4, OUTLIER, 0);
    now += 60;
    data(5002, NEW, 0);
    ck_assert_uint_eq(tracker_counts(tracker)->restarts, 0);
    ck_assert_uint_eq(tracker_counts(tracker)->outliers, 4);
}
END_TEST

START_TEST(outliers_do_not_set_the_time)
{
    data(5000, FIRST, 0);
    now += 1000000;
    data(1, OUTLIER, 0);
    now -= 999000;
    data(1, DUPLICATE, 0); /* as far as one can tell */
    data(2, RESTART, 0);
}
END_TEST

START_TEST(the_clock_wraps)
{
    now = UINT32_MAX - 5;
    data(5000, FIRST, 0);
    now = 3; /* nine seconds later, in 2106 */
    data(1, OUTLIER, 0);
    data(2, RESTART, 0);
}
END_TEST

START_TEST(restart_by_init)
{
    init(1000, FIRST);
    data(1, FIRST, 0);
    data(3, GAP, 1);
    init(1000, DUPLICATE); /* the same again */
    data(4, NEW, 0);
    passed += 1000;
    init(2000, RESTART);
    now = 2000;
    expect_numbers(1, 0, 1, 0);
    data(1, FIRST, 0);
    init(1000, LATE); /* the first one's copy, held up */
    init(2000, DUPLICATE);
    data(2, NEW, 0);
    init(2001, RESTART);
    init(2002, RESTART);
    now = 2002;
    data(100, FIRST, 0);
    data(99, LATE, 0);
    data(101, NEW, 0);
    expect_numbers(1, 0, 1, 0);
}
END_TEST

START_TEST(init_of_a_device_in_mid_session)
{
    data(50, FIRST, 0);
    data(51, NEW, 0);
    init(900, RESTART); /* too old to be that of this session, held up */
    data(1, FIRST, 0);
}
END_TEST

START_TEST(init_with_a_number)
{
    struct muster_record record = message(7, MUSTER_MSG_INIT, 10, 1000);

    record.seq_bits = 32;
    expect(record, FIRST, 0);
    data(11, NEW, 0);
    data(10, DUPLICATE, 0);
    expect(record, DUPLICATE, 0);
    now = 1001;
    record.device_time_ns = (int64_t)now * 1000000000;
    expect(record, RESTART, 0);
    data(12, GAP, 1);
    data(11, LATE, 0);
}
END_TEST

/* A restart that numbers alone show does not make the last INIT unknown. */
START_TEST(init_repeated_behind_a_restart)
{
    init(1000, FIRST);
    data(5000, FIRST, 0);
    now += 60;
    data(1, OUTLIER, 0);
    data(2, RESTART, 0);
    init(1000, LATE); /* its copy, or one that its numbers overtook */
    data(3, NEW, 0);
    init(1060, LATE); /* that of the restart, which its numbers overtook */
    init(1060, DUPLICATE);
    data(4, NEW, 0);
}
END_TEST

START_TEST(late_before_the_first)
{
    data(100, FIRST, 0);
    data(98, LATE, 0);
    data(98, DUPLICATE, 0);
    data(37, LATE, 0);    /* W - 1 behind */
    data(36, OUTLIER, 0); /* W behind */
    data(101, NEW, 0);
    data(37, OUTLIER, 0);
    data(102, NEW, 0);
    data(180, OUTLIER, 0);
    data(181, GAP, 77); /* 99 and the like leave, and nobody missed them */
    expect_numbers(77, 0, 15, 62);
}
END_TEST

START_TEST(heartbeats_have_no_number)
{
    uint32_t i;

    expect(message(7, MUSTER_MSG_HEARTBEAT, 0, now), MUSTER_VERDICT_UNNUMBERED, 0);
    data(1, FIRST, 0);
    for (i = 2; i < 10; i++) {
        expect(message(7, MUSTER_MSG_HEARTBEAT, 0, now), MUSTER_VERDICT_UNNUMBERED, 0);
        data(i, NEW, 0);
    }
    ck_assert_uint_eq(tracker_counts(tracker)->unnumbered, 9);
    expect_numbers(0, 0, 0, 0);
}
END_TEST

START_TEST(reference_mode)
{
    close_tracker();
    open_tracker(64, 100, true, 1);
    expect(message(7, MUSTER_MSG_INIT, 0, now), FIRST, 0);
    data(1, NEW, 0);
    data(1, DUPLICATE, 0);
    expect(message(7, MUSTER_MSG_HEARTBEAT, 0, now), NEW, 0);
    data(2, GAP, 1); /* which there is not: the mode is as it is */
    data(9, GAP, 6);
    data(5, NEW, 0);
    data(9, GAP, 3);
    data(UINT32_MAX, GAP, UINT32_MAX - 10);
    data(0, NEW, 0);
    expect_numbers(UINT64_C(1) + 6 + 3 + UINT32_MAX - 10, 0, UINT64_C(10) + UINT32_MAX - 10, 0);
}
END_TEST

START_TEST(devices_of_a_worker)
{
    static const uint32_t workers[] = {1, 2, 3, 7, 255, 256};
    uint32_t w, worker, id;

    for (w = 0; w < sizeof workers / sizeof workers[0]; w++) {
        for (worker = 0; worker < workers[w]; worker += workers[w] / 3 + 1) {
            close_tracker();
            open_tracker(64, 100, false, workers[w]);
            for (id = worker; id < MUSTER_DEVICE_IDS; id += workers[w])
                expect(message((uint16_t)id, MUSTER_MSG_DATA, id, now), FIRST, 0);
            for (id = worker; id < MUSTER_DEVICE_IDS; id += workers[w])
                expect(message((uint16_t)id, MUSTER_MSG_DATA, id + 1, now), NEW, 0);
            ck_assert_uint_eq(tracker_counts(tracker)->devices,
                              (MUSTER_DEVICE_IDS - worker + workers[w] - 1) / workers[w]);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {in_order_gap_late_duplicate,
                                  wrap,
                                  gap_over_the_wrap,
                                  window_edge,
                                  jump_the_window,
                                  jump_one_more_than_the_window,
                                  jump_two_more_than_the_window,
                                  largest_jump_believed,
                                  probation_ahead,
                                  a_datagram_does_not_confirm_itself_ahead,
                                  a_datagram_does_not_confirm_itself_behind,
                                  probation_over_the_wrap,
                                  half_the_numbers,
                                  greatest_jump_confirmed,
                                  restart_by_probation,
                                  restart_within_the_window,
                                  stragglers_behind_an_init,
                                  clock_set_back_behind_an_init,
                                  old_duplicates,
                                  outliers_do_not_set_the_time,
                                  the_clock_wraps,
                                  restart_by_init,
                                  init_of_a_device_in_mid_session,
                                  init_with_a_number,
                                  init_repeated_behind_a_restart,
                                  late_before_the_first,
                                  heartbeats_have_no_number,
                                  reference_mode,
                                  devices_of_a_worker};
    Suite *suite = suite_create("tracker");
    TCase *tests = tcase_create("tracker");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
