/* SPDX-License-Identifier: MIT
 *
 * The gaps of a tracker: what is told of each number, against an account that is kept number by
 * number; how they merge when there is no room; what is found again of them; and how much is looked
 * at for a message.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/losses.h"
#include "sequence/gaps.h"
#include "sequence/gaps_rebuild.h"
#include "sequence/recovery.h"
#include "sequence/tracker.h"
#include "memory.h"
#include "notes.h"

enum { DEVICE = 7, NOW = 100, TICK = 5, AT = 1000, NEWS_MOST = 64, WINDOW = 64, NUMBERS = 1 << 14 };
enum { OPENED = MUSTER_EVENT_GAP_OPENED, LOST = MUSTER_EVENT_GAP_LOST };
enum { RECOVERED = MUSTER_EVENT_GAP_RECOVERED, NETWORK = MUSTER_CAUSE_NETWORK };

enum { TABLED = 8192 /* devices that the tables have room for */ };

static struct tables tables;
static struct tracker *tracker;
static struct notes notes;
static struct gaps_news news[NEWS_MOST];
static size_t told, expected;

static void take_news(void *context, const struct gaps_news *what)
{
    (void)context;
    ck_assert_uint_lt(told, NEWS_MOST);
    news[told++] = *what;
}

static void begin(uint32_t window, gaps_tell_fn *tell)
{
    const struct tracker_options options = {.window = window,
                                            .max_jump = 3000,
                                            .persistent = true,
                                            .note = notes_tracker_note,
                                            .context = &notes};
    const struct gaps_options of_gaps = {.workers = 1, .persistent = true, .tell = tell};

    memory_tables_for(&tables, TABLED, window);
    notes = (struct notes){.now_ns = NOW, .at = AT, .tick = TICK};
    notes.gaps = gaps_new(&of_gaps, &tables, AT);
    tracker = tracker_new(&options, &tables, 0, 1);
    ck_assert(notes.gaps != NULL && tracker != NULL);
    told = expected = 0;
}

static void set_up(void)
{
    begin(WINDOW, take_news);
}

static void tear_down(void)
{
    tracker_free(tracker);
    gaps_free(notes.gaps);
    memory_free(&tables);
}

static uint8_t judge(uint32_t device, uint32_t number, uint32_t made)
{
    struct muster_record record = {.device_id = device,
                                   .device = device,
                                   .msg_type = MUSTER_MSG_DATA,
                                   .seq = number,
                                   .seq_bits = 32,
                                   .readings = 1,
                                   .device_time_ns = (int64_t)made * 1000000000};

    tracker_judge(tracker, &record);
    return record.verdict;
}

static void send(uint32_t number)
{
    judge(DEVICE, number, 1000);
}

/* The device starts anew, and its session ends. */
static void restart(void)
{
    struct muster_record init = {.device_id = DEVICE,
                                 .device = DEVICE,
                                 .msg_type = MUSTER_MSG_INIT,
                                 .readings = 1,
                                 .device_time_ns = INT64_C(2000000000000)};

    tracker_judge(tracker, &init);
}

/* The next thing that was told. */
static void expect(uint8_t was, uint8_t was_causes, uint8_t is, uint8_t causes, uint32_t first,
                   uint32_t last)
{
    const struct gaps_news *what = &news[expected++];

    ck_assert_uint_le(expected, told);
    ck_assert_uint_eq(what->device, DEVICE);
    ck_assert_uint_eq(what->was, was);
    ck_assert_uint_eq(what->is, is);
    ck_assert_uint_eq(what->first, first);
    ck_assert_uint_eq(what->last, last);
    ck_assert_uint_eq(what->was_causes, NETWORK | was_causes);
    ck_assert_uint_eq(what->causes, NETWORK | causes);
    ck_assert_uint_eq(what->opened_ns, NOW);
    ck_assert_uint_eq(what->heard_ns, NOW - 1);
}

static void expect_open(uint32_t first, uint32_t last)
{
    expect(MUSTER_EVENT_NONE, 0, OPENED, notes.causes, first, last);
}

static void expect_lost(uint32_t first, uint32_t last)
{
    expect(OPENED, 0, LOST, 0, first, last);
}

static void expect_recovered(uint32_t number)
{
    expect(OPENED, 0, RECOVERED, 0, number, number);
}

static void expect_nothing(void)
{
    ck_assert_uint_eq(told, expected);
}

/* Lost and open numbers under one cause, and none under others. */
static void expect_sums(uint16_t cause, uint64_t lost, uint64_t open)
{
    const struct gaps_sums *sums = gaps_sums(notes.gaps);
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++) {
        ck_assert_uint_eq(sums->lost[i], 1u << i == cause ? lost : 0);
        ck_assert_uint_eq(sums->open[i], 1u << i == cause ? open : 0);
    }
}

/* ---- one by one ----------------------------------------------------------------------- */

START_TEST(lost_as_one)
{
    send(9);
    send(13);
    expect_open(10, 12);
    expect_sums(NETWORK, 0, 3);
    send(44);
    expect_open(14, 43);
    send(74);
    expect_open(45, 73);
    expect_nothing();
    send(75);
    send(76);
    expect_lost(10, 12);
    expect_sums(NETWORK, 3, 59);
    expect_nothing();
}
END_TEST

START_TEST(recovered_in_the_middle)
{
    send(9);
    send(15);
    expect_open(10, 14);
    send(12);
    expect_recovered(12);
    send(10);
    expect_recovered(10);
    send(14);
    expect_recovered(14);
    restart();
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 11, 11);
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 13, 13);
    expect_nothing();
    expect_sums(MUSTER_CAUSE_RESTART, 2, 0);
}
END_TEST

/* A run that the window has left behind is told when what follows has come, or is lost, too. */
START_TEST(a_run_ends)
{
    send(9);
    send(15);
    send(12);
    send(45);
    send(75); /* 10 and 11 are out, 12 came */
    expect_open(10, 14);
    expect_recovered(12);
    expect_open(16, 44);
    expect_open(46, 74);
    expect_lost(10, 11);
    expect_nothing();
    send(77);
    expect_open(76, 76);
    expect_nothing(); /* 13 is out, 14 is not */
    send(14);
    expect_recovered(14);
    expect_lost(13, 13);
}
END_TEST

START_TEST(over_the_wrap)
{
    send(UINT32_MAX - 2);
    send(3);
    expect_open(UINT32_MAX - 1, 2);
    send(0);
    expect_recovered(0);
    restart();
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, UINT32_MAX - 1, UINT32_MAX);
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 1, 2);
}
END_TEST

START_TEST(longer_than_the_window)
{
    send(1);
    send(3);
    tracker_pass(tracker, 100000);
    send(1003);
    send(1004);
    expect_open(2, 2);
    expect_open(4, 1002);
    expect_lost(2, 2);
    expect_nothing();
    expect_sums(NETWORK, 1 + 1002 - 3 - 62, 62);
    restart();
    expect_lost(4, 940);
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 941, 1002);
}
END_TEST

/* What is noticed in the tick in which a gap opened may explain it; later it does not. */
START_TEST(causes_of_its_tick)
{
    notes.causes = MUSTER_CAUSE_COLLECTOR_DOWN;
    send(1);
    send(3);
    expect_open(2, 2);
    expect_sums(MUSTER_CAUSE_COLLECTOR_DOWN, 0, 1);
    tables.shared->causes.noticed[CAUSES_COLLECTOR] = TICK;
    gaps_tick(notes.gaps, TICK, notes.at);
    expect(OPENED, MUSTER_CAUSE_COLLECTOR_DOWN, OPENED,
           MUSTER_CAUSE_COLLECTOR_DOWN | MUSTER_CAUSE_COLLECTOR, 2, 2);
    expect_sums(MUSTER_CAUSE_COLLECTOR, 0, 1);
    tables.shared->causes.kernel[0] = TICK + 1;
    gaps_tick(notes.gaps, TICK + 1, notes.at);
    gaps_tick(notes.gaps, TICK + 2, notes.at);
    expect_nothing();
    gaps_add_causes(notes.gaps, DEVICE, MUSTER_CAUSE_NOT_BELIEVABLE);
    expect(OPENED, MUSTER_CAUSE_COLLECTOR_DOWN | MUSTER_CAUSE_COLLECTOR, OPENED,
           MUSTER_CAUSE_COLLECTOR_DOWN | MUSTER_CAUSE_COLLECTOR | MUSTER_CAUSE_NOT_BELIEVABLE, 2,
           2);
    expect_sums(MUSTER_CAUSE_NOT_BELIEVABLE, 0, 1);
}
END_TEST

/* One that is open for a while is told to be, once. */
START_TEST(stands)
{
    send(1);
    send(5);
    expect_open(2, 4);
    send(3);
    expect_recovered(3);
    gaps_tick(notes.gaps, TICK, AT + GAPS_STANDS - 1);
    expect_nothing();
    gaps_tick(notes.gaps, TICK + 1, AT + GAPS_STANDS);
    expect(OPENED, 0, OPENED, 0, 2, 2);
    expect(OPENED, 0, OPENED, 0, 4, 4);
    gaps_tick(notes.gaps, TICK + 2, AT + GAPS_STANDS + 15);
    expect_nothing();
}
END_TEST

/* ---- settled by time ------------------------------------------------------------------ */

START_TEST(settled_after_a_time)
{
    send(1);
    send(5);
    expect_open(2, 4);
    notes.at += 50;
    send(7);
    expect_open(6, 6);
    gaps_settle(notes.gaps, AT + 99, 100);
    expect_nothing();
    gaps_settle(notes.gaps, AT + 100, 100);
    expect_lost(2, 4);
    expect_sums(NETWORK, 3, 1);
    gaps_settle(notes.gaps, AT + 149, 100);
    expect_nothing();
    /* One that comes after all is taken back. */
    send(3);
    expect(LOST, 0, RECOVERED, 0, 3, 3);
    expect_sums(NETWORK, 2, 1);
    /* The window, and the end, tell what is lost once. */
    send(36);
    expect_open(8, 35);
    send(66);
    expect_open(37, 65);
    restart();
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 6, 6);
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 8, 35);
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 37, 65);
    expect_nothing();
    ck_assert_uint_eq(tables.losses[DEVICE].lost[0], 2);
    ck_assert_uint_eq(tables.losses[DEVICE].recovered, 1);
}
END_TEST

START_TEST(partly_gone_then_settled)
{
    send(1);
    send(5);
    send(35);
    send(66); /* 2 has left the window */
    expect_open(2, 4);
    expect_open(6, 34);
    expect_open(36, 65);
    gaps_settle(notes.gaps, AT + 100, 100);
    expect_lost(2, 4);
    expect_lost(6, 34);
    expect_lost(36, 65);
    expect_nothing();
    expect_sums(NETWORK, 62, 0);
    send(67);
    send(68);
    expect_nothing();
    expect_sums(NETWORK, 62, 0);
}
END_TEST

/* ---- taken back ----------------------------------------------------------------------- */

/* Ten seconds later. */
static void send_four(uint32_t first)
{
    uint32_t i;

    tracker_pass(tracker, 10);
    for (i = 0; i < 4; i++)
        send(first + i);
}

START_TEST(a_gap_is_taken_back)
{
    send(1);
    send(3);
    send(20);
    expect_open(2, 2);
    expect_open(4, 19);
    send_four(4);
    for (uint32_t i = 4; i < 8; i++)
        expect_recovered(i);
    expect(OPENED, 0, MUSTER_EVENT_GAP_TAKEN_BACK, 0, 8, 19);
    expect_nothing();
    expect_sums(NETWORK, 0, 1);
    send(8);
    send(10);
    expect_open(9, 9);
    restart();
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 2, 2);
    expect(OPENED, 0, LOST, MUSTER_CAUSE_RESTART, 9, 9);
}
END_TEST

START_TEST(a_settled_gap_is_taken_back)
{
    send(1);
    send(20);
    expect_open(2, 19);
    gaps_settle(notes.gaps, AT + 100, 100);
    expect_lost(2, 19);
    expect_sums(NETWORK, 18, 0);
    send_four(2);
    for (uint32_t i = 2; i < 6; i++)
        expect(LOST, 0, RECOVERED, 0, i, i);
    expect(LOST, 0, MUSTER_EVENT_GAP_TAKEN_BACK, 0, 6, 19);
    expect_sums(NETWORK, 0, 0);
    ck_assert_uint_eq(tables.losses[DEVICE].expired, 0);
}
END_TEST

/* As a damaged state may have it: two gaps for the numbers of one step. */
START_TEST(two_gaps_are_taken_back)
{
    send(1);
    send(20);
    expect_open(2, 19);
    tables.gaps[DEVICE].last = 10;
    gaps_free(notes.gaps);
    ck_assert_int_eq(gaps_rebuild(&tables, NOW, AT), 0);
    notes.gaps = gaps_new(
        &(struct gaps_options){.workers = 1, .persistent = true, .tell = take_news}, &tables, AT);
    ck_assert_ptr_nonnull(notes.gaps);
    send_four(2);
    for (uint32_t i = 2; i < 6; i++)
        expect_recovered(i);
    expect(OPENED, 0, MUSTER_EVENT_GAP_TAKEN_BACK, 0, 6, 10);
    ck_assert_uint_eq(told, expected + 1); /* of the other one it is not known when it opened */
    ck_assert_uint_eq(news[expected].is, MUSTER_EVENT_GAP_TAKEN_BACK);
    ck_assert_uint_eq(news[expected].first, 11);
    ck_assert_uint_eq(news[expected].last, 19);
    expect_sums(NETWORK, 0, 0);
}
END_TEST

/* ---- number by number ----------------------------------------------------------------- */

enum { PLAYED = 5, ROUNDS = 40, STEPS = 3000 };

/* What was told of each number, modulo NUMBERS, of the session. */
static struct book {
    uint8_t state[PLAYED][NUMBERS], causes[PLAYED][NUMBERS];
    uint64_t open[MUSTER_CAUSES], lost[MUSTER_CAUSES], recovered;
} book;

static void keep_book(void *context, const struct gaps_news *what)
{
    uint32_t number = what->first;

    (void)context;
    for (;; number++) {
        uint8_t *state = &book.state[what->device][number % NUMBERS];
        uint8_t *causes = &book.causes[what->device][number % NUMBERS];

        if (what->was == MUSTER_EVENT_NONE)
            *state = *causes = 0; /* of a session before */
        ck_assert_msg(*state == what->was && (*state == 0 || *causes == what->was_causes),
                      "device %" PRIu32 ", %" PRIu32 ": is %u of %x, told to be %u of %x",
                      what->device, number, *state, *causes, what->was, what->was_causes);
        if (*state == OPENED)
            book.open[losses_cause(*causes)]--;
        if (*state == LOST)
            book.lost[losses_cause(*causes)]--;
        *state = what->is;
        *causes = what->causes;
        if (*state == OPENED)
            book.open[losses_cause(*causes)]++;
        if (*state == LOST)
            book.lost[losses_cause(*causes)]++;
        book.recovered += *state == RECOVERED;
        if (number == what->last)
            break;
    }
}

/* What is told agrees with what is counted, but that a run may be lost and not told yet. */
static void check_book(void)
{
    const struct gaps_sums *sums = gaps_sums(notes.gaps);
    const struct tracker_counts *counts = tracker_counts(tracker);
    uint64_t lost = 0, open = 0, expired = 0;
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++) {
        ck_assert_uint_eq(sums->open[i] + sums->lost[i], book.open[i] + book.lost[i]);
        ck_assert_uint_ge(sums->lost[i], book.lost[i]);
        lost += sums->lost[i];
        open += sums->open[i];
    }
    for (i = 0; i < PLAYED; i++) {
        expired += tables.losses[i].expired;
        ck_assert_uint_le(tables.losses[i].count, GAPS_EACH);
    }
    ck_assert_uint_eq(counts->missing, counts->recovered + lost + open);
    ck_assert_uint_eq(counts->open, open + expired);
    ck_assert_uint_eq(counts->recovered, book.recovered);
}

/* Stops, and begins anew with what is there. */
static void begin_again(uint32_t window)
{
    const struct tracker_options options = {.window = window,
                                            .max_jump = 3000,
                                            .persistent = true,
                                            .note = notes_tracker_note,
                                            .context = &notes};
    const struct gaps_options of_gaps = {.workers = 1, .persistent = true, .tell = keep_book};

    tracker_free(tracker);
    gaps_free(notes.gaps);
    ck_assert(recovery_is_sound(&tables));
    recovery_take_back(&tables);
    ck_assert_int_eq(gaps_rebuild(&tables, NOW, notes.at), 0);
    notes.gaps = gaps_new(&of_gaps, &tables, notes.at);
    tracker = tracker_new(&options, &tables, 0, 1);
    ck_assert(notes.gaps != NULL && tracker != NULL);
}

/* Numbers go missing, come late, change their causes, and are settled. */
static void play(uint32_t window)
{
    static uint32_t next[PLAYED];
    uint32_t clock = 1000, i;

    memset(&book, 0, sizeof book);
    memset(next, 0, sizeof next);
    begin(window, keep_book);
    for (i = 0; i < STEPS; i++) {
        uint32_t id = below(PLAYED), what = below(100), number = next[id];

        notes.at += below(3);
        notes.causes = one_in(3) ? MUSTER_CAUSE_KERNEL : one_in(9) ? MUSTER_CAUSE_RESTART : 0;
        if (what < 40)
            number += 1 + below(one_in(20) ? window + 100 : 3);
        else if (what < 60)
            number -= 1 + below(one_in(5) ? window : 6);
        if (one_in(60))
            gaps_settle(notes.gaps, notes.at, 50 + below(100));
        if (one_in(50))
            gaps_add_causes(notes.gaps, id, (uint8_t)(1u << below(MUSTER_CAUSES)));
        if (one_in(10)) {
            tables.shared->causes.kernel[0] = one_in(2) ? notes.tick : 0;
            gaps_tick(notes.gaps, notes.tick++, notes.at);
        }
        if (one_in(200))
            begin_again(window);
        if (one_in(300)) {
            number = next[id] = below(3);
            clock += 100;
            judge(id, number, clock); /* doubted; the next one confirms it */
            next[id]++;
            judge(id, next[id], clock);
        } else {
            judge(id, number, clock);
        }
        if (what < 40 || what >= 60)
            next[id] = number;
        next[id] += what < 40 || what >= 60;
        check_book();
    }
    tear_down();
}

START_TEST(number_by_number)
{
    unsigned i;

    random_seed(77);
    for (i = 0; i < ROUNDS; i++)
        play(UINT32_C(64) << below(7));
}
END_TEST

/* ---- more than there is room for ------------------------------------------------------ */

enum { DEVICES = 5000, EACH = 31 };

/* Devices of which every second number is missing. */
static void lose_every_second(void)
{
    uint32_t id, i;

    for (id = 0; id < DEVICES; id++)
        for (i = 0; i <= EACH; i++)
            judge(id, 2 * i, 1000);
}

static uint64_t told_open, told_lost;

static void count_news(void *context, const struct gaps_news *what)
{
    (void)context;
    ck_assert_uint_eq(what->first, what->last);
    told_open += what->is == OPENED;
    told_lost += what->is == LOST;
}

/* Each number is told though there are fewer gaps. */
START_TEST(more_than_the_tables_hold)
{
    uint32_t id;

    told_open = told_lost = 0;
    begin(WINDOW, count_news);
    lose_every_second();
    ck_assert_uint_eq(told_open, DEVICES * EACH);
    expect_sums(NETWORK, 0, DEVICES * EACH);
    gaps_free(notes.gaps);
    ck_assert(recovery_is_sound(&tables));
    ck_assert_int_eq(gaps_rebuild(&tables, NOW + 1, AT), 0);
    notes.gaps = gaps_new(&(struct gaps_options){.workers = 1, .tell = count_news}, &tables, AT);
    ck_assert_ptr_nonnull(notes.gaps);
    expect_sums(NETWORK, 0, DEVICES * EACH);
    for (id = 0; id < DEVICES; id++)
        gaps_lose_all(notes.gaps, id, 0);
    ck_assert_uint_eq(told_lost, DEVICES * EACH);
    expect_sums(NETWORK, DEVICES * EACH, 0);
    tear_down();
}
END_TEST

/* What opened last is still known when the oldest have merged. */
START_TEST(the_oldest_merge)
{
    const struct gap *gap;
    uint32_t index, i;

    begin(4 * WINDOW, take_news);
    for (i = 0; i < NEWS_MOST; i++) {
        told = 0;
        notes.now_ns = NOW + i;
        send(2 * i);
    }
    ck_assert_uint_eq(tables.losses[DEVICE].count, GAPS_EACH);
    for (index = DEVICE, i = 0; index != GAPS_NONE; index = gap->next, i++) {
        gap = &tables.gaps[index];
        ck_assert(gap->used && (i == 0) == ((gap->marks & GAP_MERGED) != 0));
        if (i > 0)
            ck_assert_uint_eq(gap->opened_ns, NOW + gap->last / 2 + 1);
    }
    tear_down();
}
END_TEST

/* ---- work ----------------------------------------------------------------------------- */

/* The most steps that a message takes: every second number is left out, and some come late. */
static uint64_t most_steps(uint32_t window)
{
    uint64_t most = 0;
    uint32_t i;

    begin(window, NULL);
    for (i = 0; i < 2 * window; i++) {
        uint64_t before = gaps_steps(notes.gaps);

        judge(DEVICE,
              i % 8 == 7 ? 2 * i - 1 - 2 * below(i < window / 2 ? i : window / 2 - 1) : 2 * i,
              1000);
        if (gaps_steps(notes.gaps) - before > most)
            most = gaps_steps(notes.gaps) - before;
    }
    ck_assert_uint_gt(tracker_counts(tracker)->recovered, 0);
    ck_assert_uint_gt(tracker_counts(tracker)->lost, 0);
    tear_down();
    return most;
}

START_TEST(no_more_work_with_a_larger_window)
{
    random_seed(5);
    ck_assert_uint_le(most_steps(1024), 3 * GAPS_EACH);
    ck_assert_uint_le(most_steps(65536), 3 * GAPS_EACH);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {lost_as_one,
                                  recovered_in_the_middle,
                                  a_run_ends,
                                  over_the_wrap,
                                  longer_than_the_window,
                                  causes_of_its_tick,
                                  stands,
                                  settled_after_a_time,
                                  partly_gone_then_settled,
                                  a_gap_is_taken_back,
                                  a_settled_gap_is_taken_back,
                                  two_gaps_are_taken_back};
    const TTest *const large[] = {number_by_number, more_than_the_tables_hold, the_oldest_merge,
                                  no_more_work_with_a_larger_window};
    Suite *suite = suite_create("gaps");
    TCase *tests = tcase_create("gaps"), *more = tcase_create("many");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    for (i = 0; i < sizeof large / sizeof large[0]; i++)
        tcase_add_test(more, large[i]);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, more);
    return suite;
}
