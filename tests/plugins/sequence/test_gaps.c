/* SPDX-License-Identifier: MIT
 *
 * The lists of open gaps alone: how they split and end, what is known of their causes, and what
 * happens when there are more than the tables have room for; and the lists that are made anew from
 * what an earlier run left.
 */
#include <check.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "sequence/gaps.h"
#include "sequence/gaps_rebuild.h"
#include "sequence/tracker.h"
#include "memory.h"

enum { DEVICE = 7, ENDS_MOST = 16, NOW = 100, TICK = 5, WINDOW = 64 };

static struct tables tables;
static struct gaps *gaps;
static struct gap_end ends[ENDS_MOST];
static size_t end_count, expected_count;

static void on_end(void *context, const struct gap_end *end)
{
    (void)context;
    ck_assert_uint_lt(end_count, ENDS_MOST);
    ends[end_count++] = *end;
}

static void set_up(void)
{
    mallopt(M_PERTURB, 0x55); /* new memory is not zeros */
    memory_tables(&tables, WINDOW);
    gaps = gaps_new(&tables, 0, 1, on_end, NULL);
    ck_assert_ptr_nonnull(gaps);
    end_count = expected_count = 0;
}

static void tear_down(void)
{
    ck_assert_uint_eq(end_count, expected_count);
    gaps_free(gaps);
    memory_free(&tables);
}

static void open_gap(uint32_t first, uint32_t last)
{
    ck_assert_int_eq(gaps_open(gaps, DEVICE, first, last, NOW, TICK, 0), 0);
}

/* The next one that has ended. */
static void expect(bool lost, uint32_t first, uint32_t last)
{
    const struct gap_end *end = &ends[expected_count++];

    ck_assert_uint_le(expected_count, end_count);
    ck_assert_uint_eq(end->device_id, DEVICE);
    ck_assert_int_eq(end->lost, lost);
    ck_assert_uint_eq(end->first, first);
    ck_assert_uint_eq(end->last, last);
    ck_assert_uint_eq(end->opened_ns, NOW);
}

static void expect_nothing(void)
{
    ck_assert_uint_eq(end_count, expected_count);
}

START_TEST(lost_as_one)
{
    open_gap(10, 12);
    gaps_lose(gaps, DEVICE, 10, 10);
    gaps_lose(gaps, DEVICE, 11, 11);
    expect_nothing();
    gaps_lose(gaps, DEVICE, 12, 12);
    expect(true, 10, 12);
    gaps_lose_all(gaps, DEVICE);
}
END_TEST

START_TEST(lost_together)
{
    open_gap(10, 12);
    open_gap(14, 14);
    open_gap(16, 20);
    gaps_lose(gaps, DEVICE, 10, 17);
    expect(true, 10, 12);
    expect(true, 14, 14);
    expect_nothing();
    gaps_lose_all(gaps, DEVICE);
    expect(true, 16, 20);
}
END_TEST

START_TEST(recovered_in_the_middle)
{
    open_gap(10, 14);
    gaps_recover(gaps, DEVICE, 12);
    expect(false, 12, 12);
    gaps_recover(gaps, DEVICE, 10);
    expect(false, 10, 10);
    gaps_recover(gaps, DEVICE, 14);
    expect(false, 14, 14);
    gaps_lose_all(gaps, DEVICE);
    expect(true, 11, 11);
    expect(true, 13, 13);
}
END_TEST

/* What was lost of a gap before is reported when nothing of it is open any more. */
START_TEST(recovered_behind_a_loss)
{
    open_gap(10, 12);
    gaps_lose(gaps, DEVICE, 10, 11);
    expect_nothing();
    gaps_recover(gaps, DEVICE, 12);
    expect(false, 12, 12);
    expect(true, 10, 11);
    gaps_lose_all(gaps, DEVICE);
}
END_TEST

START_TEST(over_the_wrap)
{
    open_gap(UINT32_MAX - 1, 2);
    gaps_recover(gaps, DEVICE, 0);
    expect(false, 0, 0);
    gaps_lose(gaps, DEVICE, UINT32_MAX - 1, 1);
    expect(true, UINT32_MAX - 1, UINT32_MAX);
    gaps_lose(gaps, DEVICE, 2, 2);
    expect(true, 1, 2);
}
END_TEST

/* When it opened memory was short, say. */
START_TEST(not_in_a_gap)
{
    gaps_recover(gaps, DEVICE, 5);
    gaps_lose(gaps, DEVICE, 5, 6);
    gaps_lose_all(gaps, DEVICE);
}
END_TEST

/* What is noticed in the tick in which a gap opened may explain it; later it does not. */
START_TEST(causes_of_its_tick)
{
    ck_assert_int_eq(gaps_open(gaps, DEVICE, 1, 1, NOW, TICK, MUSTER_CAUSE_COLLECTOR_DOWN), 0);
    gaps_tick(gaps, TICK, MUSTER_CAUSE_KERNEL);
    ck_assert_int_eq(gaps_open(gaps, DEVICE, 3, 3, NOW, TICK + 1, 0), 0);
    gaps_tick(gaps, TICK + 1, 0);
    gaps_tick(gaps, TICK + 2, MUSTER_CAUSE_KERNEL);
    gaps_lose_all(gaps, DEVICE);
    expect(true, 1, 1);
    ck_assert_uint_eq(ends[0].causes, MUSTER_CAUSE_COLLECTOR_DOWN | MUSTER_CAUSE_KERNEL);
    expect(true, 3, 3);
    ck_assert_uint_eq(ends[1].causes, 0);
}
END_TEST

/* ---- more than there is room for ------------------------------------------------------ */

static uint64_t all_ends;

static void count_end(void *context, const struct gap_end *end)
{
    (void)context, (void)end;
    all_ends++;
}

static void to_gaps(void *context, const struct tracker_note *note)
{
    (void)context;
    if (note->kind == TRACKER_GAP)
        ck_assert_int_eq(gaps_open(gaps, note->device_id, note->first, note->last, NOW, TICK, 0),
                         0);
    else if (note->kind == TRACKER_END)
        gaps_lose_all(gaps, note->device_id);
}

/* Devices of which every second number is missing. */
static void lose_every_second(struct tracker *tracker, uint32_t devices, uint32_t gaps_each)
{
    uint32_t id, i;

    for (id = 0; id < devices; id++) {
        for (i = 0; i <= gaps_each; i++) {
            struct muster_record record = {.device_id = id,
                                           .device = id,
                                           .msg_type = MUSTER_MSG_DATA,
                                           .seq_bits = 32,
                                           .readings = 1,
                                           .seq = 2 * i};

            tracker_judge(tracker, &record);
        }
    }
}

START_TEST(more_than_the_tables_hold)
{
    const struct tracker_options options = {
        .window = WINDOW, .max_jump = 100, .persistent = true, .note = to_gaps};
    enum { DEVICES = 5000, EACH = 31, ALL = DEVICES * EACH, ROOM = TABLES_GAPS - 1 };
    struct tracker *tracker = tracker_new(&options, &tables, 0, 1);
    uint32_t not_reported, id;

    gaps_free(gaps);
    gaps = gaps_new(&tables, 0, 1, count_end, NULL);
    ck_assert_ptr_nonnull(tracker);
    lose_every_second(tracker, DEVICES, EACH);
    ck_assert_uint_eq(tracker_counts(tracker)->open, ALL);

    /* The next run has those that were in the tables, and some of the others as of now. */
    gaps_free(gaps);
    ck_assert_int_eq(gaps_rebuild(&tables, NOW + 1, &not_reported), 0);
    ck_assert_uint_eq(not_reported, ALL - ROOM);
    gaps = gaps_new(&tables, 0, 1, count_end, NULL);
    for (id = 0, all_ends = 0; id < DEVICES; id++)
        gaps_lose_all(gaps, (uint16_t)id);
    ck_assert_uint_eq(all_ends, ROOM);
    tracker_free(tracker);
}
END_TEST

START_TEST(all_end_without_a_stop)
{
    const struct tracker_options options = {.window = WINDOW, .max_jump = 100, .note = to_gaps};
    enum { DEVICES = 5000, EACH = 31 };
    struct tracker *tracker = tracker_new(&options, &tables, 0, 1);

    gaps_free(gaps);
    gaps = gaps_new(&tables, 0, 1, count_end, NULL);
    ck_assert_ptr_nonnull(tracker);
    all_ends = 0;
    lose_every_second(tracker, DEVICES, EACH);
    tracker_finish(tracker);
    ck_assert_uint_eq(all_ends, DEVICES * EACH);
    tracker_free(tracker);
}
END_TEST

START_TEST(forgotten)
{
    open_gap(10, 12);
    gaps_free(gaps);
    gaps_forget(&tables);
    ck_assert(!tables.gaps[1].used);
    gaps = gaps_new(&tables, 0, 1, on_end, NULL);
    ck_assert_int_eq(gaps_open(gaps, DEVICE + 1, 1, 1, NOW, TICK, 0), 0);
    ck_assert(tables.gaps[1].used);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {lost_as_one,
                                  lost_together,
                                  recovered_in_the_middle,
                                  recovered_behind_a_loss,
                                  over_the_wrap,
                                  not_in_a_gap,
                                  causes_of_its_tick,
                                  more_than_the_tables_hold,
                                  all_end_without_a_stop,
                                  forgotten};
    Suite *suite = suite_create("gaps");
    TCase *tests = tcase_create("gaps");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
