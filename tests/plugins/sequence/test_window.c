/* SPDX-License-Identifier: MIT
 *
 * The window of a session alone: runs of numbers that did not come, found by words as if one by
 * one; and how much of it a message looks at.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/tracker_data.h"
#include "sequence/window.h"
#include "memory.h"

enum { SIZE = 256, TRIES = 20000 };

/* Numbers around the wrap, too; and whole words that came, or did not. */
static void make_window(uint64_t *window)
{
    uint32_t i;

    for (i = 0; i < SIZE / 64; i++)
        window[i] = one_in(3)   ? 0
                    : one_in(2) ? UINT64_MAX
                                : (uint64_t)random_u32() << 32 | random_u32();
}

static struct window_run plain_run(const uint64_t *window, uint32_t first, uint32_t count)
{
    struct window_run run = {0};
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (window_has_seen(window, SIZE, first + i)) {
            if (run.count > 0)
                break;
            continue;
        }
        if (run.count++ == 0)
            run.first = first + i;
    }
    return run;
}

START_TEST(by_words_as_one_by_one)
{
    uint64_t window[SIZE / 64];
    uint32_t tries;

    random_seed(11);
    for (tries = 0; tries < TRIES; tries++) {
        uint32_t first = one_in(2) ? 0u - below(2 * SIZE) : random_u32();
        uint32_t count = below(SIZE + 1), missing = 0, at = 0;

        make_window(window);
        while (at < count) {
            const struct window_run plain = plain_run(window, first + at, count - at);
            const struct window_run run = window_next_run(window, SIZE, first + at, count - at);

            ck_assert_uint_eq(run.count, plain.count);
            if (run.count == 0)
                break;
            ck_assert_uint_eq(run.first, plain.first);
            at = run.first - first + run.count;
            missing += run.count;
        }
        ck_assert_uint_eq(window_missing(window, SIZE, first, count), missing);
    }
}
END_TEST

/* ---- work ----------------------------------------------------------------------------- */

/* Words that the busiest of many messages takes, each `step` numbers ahead. */
static uint64_t most_steps(uint32_t window, uint32_t step)
{
    const struct tracker_options options = {.window = window, .max_jump = 3000, .persistent = true};
    struct tables tables;
    struct tracker *tracker;
    uint64_t most = 0, before;
    uint32_t i;

    memory_tables(&tables, window);
    tracker = tracker_new(&options, &tables, 0, 1);
    ck_assert_ptr_nonnull(tracker);
    for (i = 0; i < 6 * window / step + 20; i++) {
        struct muster_record record = {.msg_type = MUSTER_MSG_DATA,
                                       /* Two in a row, so that any step is believed. */
                                       .seq = (uint64_t)i / 2 * (step + 1) + i % 2,
                                       .seq_bits = 32,
                                       .readings = 1,
                                       .device_time_ns = 1000000000};

        tracker_pass(tracker, i * 100000);
        before = tracker->steps;
        tracker_judge(tracker, &record);
        if (i > 0 && tracker->steps - before > most)
            most = tracker->steps - before;
    }
    ck_assert_uint_gt(tracker_counts(tracker)->lost, 0);
    tracker_free(tracker);
    memory_free(&tables);
    return most;
}

START_TEST(no_more_work_with_a_larger_window)
{
    static const uint32_t steps[] = {2, 3, 100, 3000};
    size_t i;

    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint64_t words = steps[i] / 64 + 4;

        /* Those that leave, those that enter, and at the ends of a run once more. */
        ck_assert_uint_le(most_steps(4096, steps[i]), 3 * words);
        ck_assert_uint_le(most_steps(65536, steps[i]), 3 * words);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("window");
    TCase *tests = tcase_create("window");

    tcase_add_test(tests, by_words_as_one_by_one);
    tcase_add_test(tests, no_more_work_with_a_larger_window);
    suite_add_tcase(suite, tests);
    return suite;
}
