/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker in what happens in the field: clocks that are not set, reboots with any
 * number, two senders of one id, strays, and numbers that were doubted and came.
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

enum { WINDOW = 1024, MAX_JUMP = 3000, START = 1750000000 };

static struct tables tables;
static struct tracker *tracker;
static uint32_t passed, clock_ahead; /* s */
static uint64_t interval_ns;
static unsigned told_two_senders, told_restarts;
static uint64_t taken_back;

static uint32_t read_passed(void *context)
{
    (void)context;
    return passed;
}

static uint64_t read_interval(void *context, uint32_t device)
{
    (void)context;
    (void)device;
    return interval_ns;
}

static void take_note(void *context, const struct tracker_note *note)
{
    (void)context;
    told_two_senders += note->kind == TRACKER_TWO_SENDERS;
    told_restarts += note->kind == TRACKER_RESTART;
    if (note->kind == TRACKER_TAKEN_BACK)
        taken_back += note->last - note->first + 1;
}

static uint64_t dropped;

static uint64_t read_dropped(void *context, uint32_t device)
{
    (void)context;
    ck_assert_uint_eq(device, 7);
    return dropped;
}

static void set_up(void)
{
    const struct tracker_options options = {.window = WINDOW,
                                            .max_jump = MAX_JUMP,
                                            .persistent = true,
                                            .note = take_note,
                                            .passed = read_passed,
                                            .interval = read_interval,
                                            .overlooked = read_dropped};

    memory_tables(&tables, WINDOW);
    tracker = tracker_new(&options, &tables, 0, 1);
    ck_assert_ptr_nonnull(tracker);
    passed = clock_ahead = 0;
    interval_ns = dropped = 0;
    told_two_senders = told_restarts = 0;
    taken_back = 0;
}

static void tear_down(void)
{
    const struct tracker_counts *c = tracker_counts(tracker);

    ck_assert_uint_eq(c->missing, c->recovered + c->lost + c->open);
    tracker_finish(tracker);
    ck_assert_uint_eq(c->missing, c->recovered + c->lost);
    tracker_free(tracker);
    memory_free(&tables);
}

/* A message of number `seq` with that time stamp, from the sender with that port. */
static enum muster_verdict judge_from(uint16_t port, uint8_t type, uint32_t seq, uint32_t stamp)
{
    const struct muster_arrival arrival = {
        .size = sizeof arrival, .family = 4, .source = {127, 0, 0, 1}, .source_port = port};
    struct muster_record record = {.device_id = 7,
                                   .device = 7,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = seq,
                                   .device_time_ns = (int64_t)stamp * 1000000000,
                                   .seq_bits = type == MUSTER_MSG_DATA ? 32 : 0,
                                   .readings = 1};

    if (port != 0)
        record.via.arrival = &arrival;
    tracker_pass(tracker, passed);
    tracker_judge(tracker, &record);
    return (enum muster_verdict)record.verdict;
}

static uint32_t stamp_now(void)
{
    return START + passed + clock_ahead;
}

static enum muster_verdict data(uint32_t seq)
{
    return judge_from(0, MUSTER_MSG_DATA, seq, stamp_now());
}

/* Numbers first to last, one every `every` seconds. */
static void row(uint32_t first, uint32_t last, uint32_t every)
{
    uint32_t n;

    for (n = first; n != last + 1; n++) {
        data(n);
        passed += every;
    }
}

static const struct tracker_counts *counts(void)
{
    return tracker_counts(tracker);
}

/* ---- time stamps ---------------------------------------------------------------------- */

static void every_tenth(uint32_t stamp)
{
    uint32_t n;

    for (n = 1; n <= 100; n++) {
        enum muster_verdict verdict =
            judge_from(0, MUSTER_MSG_DATA, n, n % 10 == 0 ? stamp : stamp_now());

        ck_assert_uint_eq(verdict, n == 1 ? FIRST : NEW);
        passed += 6;
    }
    ck_assert_uint_eq(counts()->missing, 0);
}

START_TEST(no_time_stamp)
{
    every_tenth(0);
}
END_TEST

START_TEST(time_stamps_decades_off)
{
    every_tenth(100);
}
END_TEST

START_TEST(time_stamps_decades_ahead)
{
    every_tenth(UINT32_C(3) << 30);
}
END_TEST

/* A day is not that much: such a one is doubted, and is not lost. */
START_TEST(what_was_doubted_is_not_missing)
{
    uint32_t n;

    for (n = 1; n <= 100; n++) {
        judge_from(0, MUSTER_MSG_DATA, n, n % 10 == 0 ? stamp_now() - 86400 : stamp_now());
        passed += 6;
    }
    ck_assert_uint_eq(counts()->missing, 0);
    ck_assert_uint_eq(counts()->outliers, 9);
}
END_TEST

/* One of the missing numbers, with a new time stamp. */
START_TEST(what_was_doubted_is_recovered)
{
    row(1, 4, 6);
    ck_assert_uint_eq(data(7), GAP);
    passed += 6;
    ck_assert_uint_eq(data(8), NEW);
    passed += 6;
    ck_assert_uint_eq(data(5), OUTLIER);
    passed += 6;
    ck_assert_uint_eq(data(9), NEW);
    ck_assert_uint_eq(counts()->recovered, 1);
    ck_assert_uint_eq(counts()->open, 1);
}
END_TEST

/* ---- far jumps ------------------------------------------------------------------------ */

START_TEST(a_reboot_with_a_random_first_number)
{
    row(1, 20, 6);
    row(1500000000, 1500000020, 6);
    ck_assert_uint_eq(counts()->restarts, 1);
    ck_assert_uint_eq(counts()->missing, 0);
    ck_assert_uint_eq(counts()->outliers, 0);
}
END_TEST

START_TEST(a_far_jump_that_time_allows)
{
    row(1, 20, 6);
    passed += 6 * 5000;
    row(5020, 5030, 6);
    ck_assert_uint_eq(counts()->restarts, 0);
    ck_assert_uint_eq(counts()->missing, 4999);
}
END_TEST

START_TEST(a_far_jump_that_the_class_allows)
{
    interval_ns = 100000000;
    ck_assert_uint_eq(data(1), FIRST);
    passed += 1000;
    ck_assert_uint_eq(data(10001), OUTLIER);
    ck_assert_uint_eq(data(10002), GAP);
    ck_assert_uint_eq(counts()->missing, 9999);
}
END_TEST

START_TEST(a_device_of_unknown_pace)
{
    data(1);
    passed += 9;
    data(1000); /* 64 + 8 * 10 a second are believed */
    ck_assert_uint_eq(data(1001), OUTLIER);
    ck_assert_uint_eq(data(1002), OUTLIER);
    ck_assert_uint_eq(data(1003), RESTART);
}
END_TEST

/* With less than one number in a minute its pace is known, too. */
START_TEST(a_slow_device)
{
    row(1, 20, 900);
    ck_assert_uint_eq(data(221), OUTLIER);
    row(21, 40, 900);
    ck_assert_uint_eq(counts()->missing, 0);
    data(141);
    row(41, 60, 900); /* that was possible, but none of it */
    row(20000, 20010, 900);
    ck_assert_uint_eq(counts()->restarts, 1);
    ck_assert_uint_eq(counts()->lost + counts()->open, 0);
    row(20060, 20070, 900);
    ck_assert_uint_eq(counts()->open, 49);
}
END_TEST

/* The fast times of a device count, though it has been slow since. */
START_TEST(a_device_that_is_fast_at_times)
{
    uint32_t n;

    for (n = 1; n <= 2000; n++) {
        data(n);
        passed += n % 20 == 0;
    }
    row(2001, 2100, 60);
    passed += 10;
    ck_assert_uint_eq(data(2500), GAP);
    ck_assert_uint_eq(data(2501), NEW);
}
END_TEST

START_TEST(a_stray_far_ahead)
{
    row(1, 20, 6);
    ck_assert_uint_eq(data(2000), OUTLIER);
    row(21, 2010, 6); /* over its number, too */
    ck_assert_uint_eq(counts()->missing, 0);
    ck_assert_uint_eq(counts()->outliers, 1);
    ck_assert_uint_eq(counts()->in_order, 2009);
}
END_TEST

/* Where the session before ended, numbers are missed as anywhere. */
START_TEST(past_the_end_of_the_session_before)
{
    row(1, 30, 6);
    row(1, 19, 6);
    row(21, 29, 6);
    ck_assert_uint_eq(data(31), GAP);
    passed += 6;
    row(32, 40, 6);
    ck_assert_uint_eq(counts()->restarts, 1);
    ck_assert_uint_eq(counts()->missing, 2);
    ck_assert_uint_eq(counts()->open, 2);
    ck_assert_uint_eq(counts()->gaps, 2);
}
END_TEST

/* A burst that the kernel dropped, of a device that was slow before. */
START_TEST(what_the_kernel_dropped)
{
    row(1, 20, 6);
    ck_assert_uint_eq(data(420), OUTLIER); /* so far nothing is known of it */
    dropped = 398;
    tracker_finish(tracker);
    ck_assert_uint_eq(counts()->missing, 0); /* one too few */
    ck_assert_uint_eq(data(800), OUTLIER);
    dropped = 1000;
    tracker_finish(tracker);
    ck_assert_uint_eq(counts()->missing, 800 - 20 - 1 - 1); /* that other one came */
    ck_assert_uint_eq(counts()->lost, 778);
    ck_assert_uint_eq(counts()->doubted, 0);
    row(801, 810, 6);
    ck_assert_uint_eq(data(1810), GAP);
}
END_TEST

START_TEST(a_stray_a_little_ahead)
{
    row(1, 20, 6);
    ck_assert_uint_eq(data(50), GAP);
    ck_assert_uint_eq(counts()->missing, 29);
    passed += 6;
    row(21, 60, 6); /* the first of them was made later than the stray */
    ck_assert_uint_eq(counts()->open + counts()->lost, 0);
    ck_assert_uint_eq(counts()->outliers, 1);
    ck_assert_uint_eq(taken_back, 28);
    ck_assert_uint_eq(counts()->gaps, 0);
}
END_TEST

/* Each passes over the numbers of those before it. */
START_TEST(strays_again_and_again)
{
    uint32_t n;

    for (n = 1; n <= 200; n++) {
        if (n % 10 == 0)
            data(n + 25);
        data(n);
        passed++;
    }
    row(201, 201, 1); /* made later than the last stray */
    for (n = 202; n <= 300; n++, passed++)
        ck_assert_uint_eq(data(n), NEW);
    ck_assert_uint_eq(counts()->open + counts()->lost, 0);
    ck_assert_uint_eq(counts()->restarts, 0);
    ck_assert_uint_eq(counts()->outliers, 20);
    ck_assert_uint_eq(counts()->gaps, 0);
}
END_TEST

/* The same of a clock that stands: it takes four, and some time. */
START_TEST(a_stray_without_a_clock)
{
    uint32_t n;

    row(1, 20, 0);
    ck_assert_uint_eq(data(50), GAP);
    for (n = 21; n <= 24; n++) {
        passed += 3;
        ck_assert_uint_eq(judge_from(0, MUSTER_MSG_DATA, n, START), LATE);
    }
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_DATA, 25, START), NEW);
    ck_assert_uint_eq(counts()->open, 0);
    ck_assert_uint_eq(taken_back, 25);
}
END_TEST

/* It has overtaken many on the way, and is none. */
START_TEST(all_that_was_overtaken)
{
    uint32_t n;

    row(1, 20, 0);
    ck_assert_uint_eq(data(50), GAP);
    for (n = 21; n <= 49; n++)
        ck_assert_uint_eq(data(n), LATE);
    ck_assert_uint_eq(data(50), DUPLICATE);
    ck_assert_uint_eq(data(51), NEW);
    ck_assert_uint_eq(counts()->recovered, 29);
    ck_assert_uint_eq(counts()->gaps, 1);
    ck_assert_uint_eq(taken_back, 0);
}
END_TEST

START_TEST(a_stray_of_another_sender)
{
    uint32_t n;

    for (n = 1; n <= 20; n++)
        judge_from(1000, MUSTER_MSG_DATA, n, START);
    ck_assert_uint_eq(judge_from(2000, MUSTER_MSG_DATA, 50, START), GAP);
    ck_assert_uint_eq(judge_from(1000, MUSTER_MSG_DATA, 21, START), LATE);
    ck_assert_uint_eq(judge_from(1000, MUSTER_MSG_DATA, 22, START), NEW);
    ck_assert_uint_eq(counts()->open, 0);
}
END_TEST

/* One that was overtaken is late, and the step stays. */
START_TEST(an_overtaken_message)
{
    row(1, 20, 0);
    ck_assert_uint_eq(data(23), GAP);
    ck_assert_uint_eq(data(21), LATE);
    ck_assert_uint_eq(data(24), NEW);
    ck_assert_uint_eq(data(22), LATE);
    ck_assert_uint_eq(data(25), NEW);
    ck_assert_uint_eq(counts()->recovered, 2);
    ck_assert_uint_eq(counts()->open, 0);
    ck_assert_uint_eq(taken_back, 0);
}
END_TEST

/* ---- two senders ---------------------------------------------------------------------- */

/* Two rows, message by message, from those ports. */
static void two_rows(uint32_t a, uint32_t b, uint32_t count, uint16_t port_a, uint16_t port_b)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        judge_from(port_a, MUSTER_MSG_DATA, a + i, stamp_now());
        passed += i % 2;
        judge_from(port_b, MUSTER_MSG_DATA, b + i, stamp_now());
    }
}

START_TEST(two_senders_of_one_id)
{
    static const uint32_t offsets[] = {30, 100, 700, 1024, 2500, 3001, 50000, 1u << 30, 3u << 30};
    unsigned i;

    for (i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        two_rows(1, 1 + offsets[i], 500, 1000, 2000);
        ck_assert_msg(told_two_senders == 1, "offset %u: %u events", offsets[i], told_two_senders);
        ck_assert_msg(counts()->lost + counts()->open == 0, "offset %u: %u lost, %u open",
                      offsets[i], (unsigned)counts()->lost, (unsigned)counts()->open);
        ck_assert_uint_le(counts()->restarts, 4);
        tear_down();
        set_up();
    }
}
END_TEST

/* The same behind one address. */
START_TEST(two_rows_of_one_source)
{
    two_rows(1, 2501, 500, 1000, 1000);
    ck_assert_uint_eq(told_two_senders, 1);
    ck_assert_uint_eq(counts()->lost + counts()->open, 0);
}
END_TEST

/* A step that was taken back is of a row beside: two of that in a row are no gap. */
START_TEST(two_senders_at_first)
{
    uint32_t n;

    ck_assert_uint_eq(judge_from(1000, MUSTER_MSG_DATA, 1, stamp_now()), FIRST);
    ck_assert_uint_eq(judge_from(2000, MUSTER_MSG_DATA, 61, stamp_now()), GAP);
    ck_assert_uint_eq(judge_from(1000, MUSTER_MSG_DATA, 2, stamp_now()), LATE);
    ck_assert_uint_eq(judge_from(2000, MUSTER_MSG_DATA, 62, stamp_now()), OUTLIER);
    judge_from(2000, MUSTER_MSG_DATA, 63, stamp_now());
    for (n = 3; n < 40; n++, passed++) {
        judge_from(1000, MUSTER_MSG_DATA, n, stamp_now());
        judge_from(2000, MUSTER_MSG_DATA, 61 + n, stamp_now());
    }
    ck_assert_uint_eq(counts()->lost + counts()->open, 0);
    ck_assert_uint_eq(told_two_senders, 1);
}
END_TEST

START_TEST(two_senders_of_different_pace)
{
    uint32_t a = 1, b = 100000, i;

    for (i = 0; i < 3000; i++) {
        if (i % 11 == 0)
            judge_from(1000, MUSTER_MSG_DATA, a++, stamp_now());
        else
            judge_from(2000, MUSTER_MSG_DATA, b++, stamp_now());
        passed += i % 3 == 0;
    }
    ck_assert_uint_eq(told_two_senders, 1);
    ck_assert_uint_eq(counts()->lost + counts()->open, 0);
    ck_assert_uint_le(counts()->restarts, 4);
}
END_TEST

/* When the other one stops it is the device's again. */
START_TEST(one_of_two_senders_stops)
{
    uint32_t n;

    two_rows(1, 100001, 100, 1000, 2000);
    for (n = 0; n < 16; n++)
        judge_from(2000, MUSTER_MSG_DATA, 100101 + n, stamp_now());
    ck_assert_uint_eq(judge_from(2000, MUSTER_MSG_DATA, 100117, stamp_now()), NEW);
    ck_assert_uint_eq(judge_from(2000, MUSTER_MSG_DATA, 100119, stamp_now()), GAP);
}
END_TEST

/* ---- no datagram blinds a device ------------------------------------------------------ */

START_TEST(two_datagrams_far_ahead_of_a_future_clock)
{
    row(1, 100, 6);
    judge_from(0, MUSTER_MSG_DATA, 2000000000, UINT32_C(4000000000));
    judge_from(0, MUSTER_MSG_DATA, 2000000001, UINT32_C(4000000000));
    row(101, 3100, 6);
    ck_assert_uint_eq(counts()->missing, 0);
    ck_assert_uint_eq(counts()->outliers, 2);
    ck_assert_uint_eq(data(3101), NEW);
}
END_TEST

/* However many there are. */
START_TEST(a_row_far_ahead_of_a_future_clock)
{
    uint32_t n;

    row(1, 100, 6);
    for (n = 0; n < 10; n++)
        judge_from(0, MUSTER_MSG_DATA, 2000000000 + n, UINT32_C(2150000000) + n);
    row(101, 3100, 6);
    ck_assert_uint_eq(counts()->missing, 0);
    ck_assert_uint_le(counts()->outliers, 2);
    ck_assert_uint_eq(data(3101), NEW);
}
END_TEST

START_TEST(a_clock_that_was_a_day_ahead_and_a_lost_init)
{
    clock_ahead = 86400;
    judge_from(0, MUSTER_MSG_INIT, 0, stamp_now());
    row(1, 5000, 6);
    clock_ahead = 0;
    row(1, 10, 6);
    ck_assert_uint_eq(data(11), NEW);
    ck_assert_uint_le(counts()->outliers, 4);
    ck_assert_uint_eq(counts()->restarts, 1);
}
END_TEST

/* The same within the window, where its numbers look like copies. */
START_TEST(a_clock_that_was_a_day_ahead_within_the_window)
{
    row(1, 10, 6);
    clock_ahead = 86400;
    row(11, 500, 6);
    clock_ahead = 0;
    passed += 10;
    row(1, 10, 6);
    ck_assert_uint_eq(data(11), NEW);
    ck_assert_uint_eq(counts()->restarts, 1);
}
END_TEST

START_TEST(an_init_of_the_future)
{
    row(1, 100, 6);
    judge_from(0, MUSTER_MSG_INIT, 0, START + 100000000);
    row(101, 110, 6);
    ck_assert_uint_eq(data(111), NEW);
    ck_assert_uint_eq(counts()->missing, 0);
}
END_TEST

/* ---- starts --------------------------------------------------------------------------- */

START_TEST(boots_with_an_init_at_time_0)
{
    unsigned boot;

    for (boot = 0; boot < 3; boot++) {
        judge_from(0, MUSTER_MSG_INIT, 0, 0);
        ck_assert_uint_eq(judge_from(0, MUSTER_MSG_DATA, 1, 1), FIRST);
        passed += 2;
        row(2, 19, 0);
        passed += 2;
    }
    ck_assert_uint_eq(counts()->restarts, 2);
    ck_assert_uint_eq(counts()->duplicates, 0);
    ck_assert_uint_eq(counts()->missing, 0);
}
END_TEST

START_TEST(copies_of_an_init)
{
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_INIT, 0, START), FIRST);
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_INIT, 0, START), DUPLICATE);
    ck_assert_uint_eq(data(1), FIRST);
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_INIT, 0, START), DUPLICATE);
    passed += 60;
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_INIT, 0, START), RESTART);
    passed++;
    ck_assert_uint_eq(data(1), FIRST);
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_INIT, 0, START), RESTART);
}
END_TEST

START_TEST(wake_ups_with_the_same_number)
{
    unsigned i;

    for (i = 0; i < 20; i++) {
        data(1);
        passed += 900;
    }
    ck_assert_uint_eq(counts()->restarts, 18);
    ck_assert_uint_eq(counts()->outliers, 1);
    row(2, 9, 6); /* it stays awake */
    ck_assert_uint_eq(data(10), NEW);
    ck_assert_uint_eq(counts()->restarts, 18);
}
END_TEST

START_TEST(wake_ups_without_a_clock)
{
    unsigned i;

    for (i = 0; i < 20; i++) {
        judge_from(0, MUSTER_MSG_DATA, 1, 0);
        passed += 900;
    }
    ck_assert_uint_eq(counts()->restarts, 16);
}
END_TEST

START_TEST(copies_of_a_single_number)
{
    data(1);
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_DATA, 1, START), DUPLICATE);
    passed += 5;
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_DATA, 1, START), DUPLICATE);
}
END_TEST

/* Without a clock, numbers that begin again are told from copies by when they come. */
START_TEST(a_restart_without_a_clock)
{
    uint32_t n;

    for (n = 1; n <= 500; n++, passed += 6)
        judge_from(0, MUSTER_MSG_DATA, n, 0);
    passed += 10;
    for (n = 1; n <= 10; n++, passed += 6)
        judge_from(0, MUSTER_MSG_DATA, n, 0);
    ck_assert_uint_eq(counts()->restarts, 1);
    ck_assert_uint_eq(judge_from(0, MUSTER_MSG_DATA, 11, 0), NEW);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {no_time_stamp,
                                  time_stamps_decades_off,
                                  time_stamps_decades_ahead,
                                  what_was_doubted_is_not_missing,
                                  what_was_doubted_is_recovered,
                                  a_reboot_with_a_random_first_number,
                                  a_far_jump_that_time_allows,
                                  a_far_jump_that_the_class_allows,
                                  a_device_of_unknown_pace,
                                  a_slow_device,
                                  a_device_that_is_fast_at_times,
                                  a_stray_far_ahead,
                                  past_the_end_of_the_session_before,
                                  what_the_kernel_dropped,
                                  a_stray_a_little_ahead,
                                  a_stray_without_a_clock,
                                  all_that_was_overtaken,
                                  strays_again_and_again,
                                  a_stray_of_another_sender,
                                  an_overtaken_message,
                                  two_senders_of_one_id,
                                  two_rows_of_one_source,
                                  two_senders_at_first,
                                  two_senders_of_different_pace,
                                  one_of_two_senders_stops,
                                  two_datagrams_far_ahead_of_a_future_clock,
                                  a_row_far_ahead_of_a_future_clock,
                                  a_clock_that_was_a_day_ahead_and_a_lost_init,
                                  a_clock_that_was_a_day_ahead_within_the_window,
                                  an_init_of_the_future,
                                  boots_with_an_init_at_time_0,
                                  copies_of_an_init,
                                  wake_ups_with_the_same_number,
                                  wake_ups_without_a_clock,
                                  copies_of_a_single_number,
                                  a_restart_without_a_clock};
    Suite *suite = suite_create("tracker, in the field");
    TCase *tests = tcase_create("field");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
