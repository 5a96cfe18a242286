/* SPDX-License-Identifier: MIT
 *
 * How an interval is learnt: from steady devices, over networks that lose, and from devices that
 * sleep.
 */
#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/habits.h"

#define SECOND UINT64_C(1000000000)                  /* ns */
#define UNIT   (UINT64_C(1) << LISTENING_UNIT_SHIFT) /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND)       /* when a test begins, by the wall clock */

static struct habits habits;

static void forget(void)
{
    memset(&habits, 0, sizeof habits);
}

static bool hear_at(uint32_t at, uint32_t stamp, bool is_broken)
{
    const struct muster_record record = {.msg_type = MUSTER_MSG_HEARTBEAT,
                                         .device_time_ns = (int64_t)stamp * 1000000000,
                                         .readings = 1};
    const struct listening_moment moment = {.at = at};

    return habits_heartbeat(&habits, &record, &moment, is_broken);
}

static bool hear(uint32_t at)
{
    return hear_at(at, at, false);
}

/* ---- how much is enough --------------------------------------------------------------- */

START_TEST(learnt_from_two_long_ones)
{
    forget();
    ck_assert(!hear(75));
    ck_assert(!hear(523));
    ck_assert_uint_eq(habits.interval, 0);
    ck_assert(hear(971)); /* a minute of it */
    ck_assert_uint_eq(habits.interval, 448);
    ck_assert(!hear(1419));
}
END_TEST

START_TEST(alike_is_to_a_quarter)
{
    static const struct {
        uint32_t second;
        bool alike;
    } cases[] = {{400, true}, {490, true}, {510, false}, {310, true}, {295, false}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forget();
        hear(1000);
        hear(1400);
        hear(1400 + cases[i].second);
        ck_assert_int_eq(habits.interval != 0, cases[i].alike);
    }
}
END_TEST

/* Three quick heartbeats, after a start or when somebody asks, say nothing of the usual pace. */
START_TEST(quick_ones_teach_nothing)
{
    uint32_t at = 1000, i, round;

    forget();
    hear(at);
    hear(at += 15);
    hear(at += 15);
    ck_assert_uint_eq(habits.interval, 0);
    for (i = 0; i < 3; i++)
        hear(at += 448);
    ck_assert_uint_eq(habits.interval, 448);
    for (round = 0; round < 10; round++) {
        for (i = 0; i < 3; i++)
            hear(at += 15);
        for (i = 0; i < 10; i++)
            hear(at += 448);
        ck_assert_uint_eq(habits.interval, 448);
    }
    for (i = 0; i < 10; i++) /* but the pace may change */
        hear(at += 15);
    ck_assert_uint_eq(habits.interval, 448);
    for (i = 0; i < 10; i++)
        hear(at += 15);
    ck_assert_uint_eq(habits.interval, 15);
}
END_TEST

START_TEST(longer_from_four)
{
    uint32_t at = 1000, i;

    forget();
    for (i = 0; i < 17; i++)
        hear(at += 400);
    ck_assert_uint_eq(habits.interval, 400);
    for (i = 0; i < 3; i++) {
        hear(at += 800);
        ck_assert_uint_eq(habits.interval, 400);
    }
    hear(at += 800);
    ck_assert_uint_eq(habits.interval, 800);
    for (i = 0; i < 6; i++)
        hear(at += 400);
    ck_assert_uint_le(habits.interval, 400); /* back when the short ones are usual again */
}
END_TEST

/* ---- devices that sleep --------------------------------------------------------------- */

/* So many heartbeats in so many steps, and so long a sleep: how often it is found silent. */
static uint32_t count_silences(uint32_t beats, uint32_t step, uint32_t sleep, uint32_t cycles)
{
    uint32_t at = 1000, silences = 0, cycle, i;

    forget();
    for (cycle = 0; cycle < cycles; cycle++) {
        uint32_t pause = sleep + below(sleep / 8);

        for (i = 0; i < beats; i++)
            hear(at += i == 0 ? pause : step + below(2));
        silences += habits.interval != 0 && sleep > habits.interval * 7 / 2;
    }
    return silences;
}

START_TEST(waking_in_bursts_is_no_silence)
{
    static const uint32_t sleeps[] = {60, 150, 450, 5400, 53000};
    size_t i;
    uint32_t beats;

    random_seed(3);
    for (i = 0; i < sizeof sleeps / sizeof sleeps[0]; i++) {
        for (beats = 1; beats <= 4; beats++)
            ck_assert_msg(count_silences(beats, 15, sleeps[i], 200) == 0, "%u beats, sleep %u",
                          beats, sleeps[i]);
        for (; beats <= 7; beats++)
            ck_assert_msg(count_silences(beats, 15, sleeps[i], 200) <= 1, "%u beats, sleep %u",
                          beats, sleeps[i]);
    }
}
END_TEST

/* ---- odd clocks ----------------------------------------------------------------------- */

START_TEST(copies_are_no_intervals)
{
    uint32_t at = 1000, i;

    forget();
    for (i = 0; i < 3; i++, at += 448) {
        hear(at);
        hear_at(at + 5, at + 1, false); /* nearer than any interval */
        hear_at(at + 224, at, false);   /* the time stamp of the last */
    }
    ck_assert_uint_eq(habits.interval, 448);
}
END_TEST

/* No stamp, or one that never moves: arrivals tell. */
START_TEST(without_a_clock)
{
    static const uint32_t stamps[] = {0, 1, 1762534152, UINT32_MAX};
    size_t i;
    uint32_t at, beat;

    for (i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        forget();
        for (at = 1000, beat = 0; beat < 8; beat++, at += 15) {
            hear_at(at, stamps[i], false);
            hear_at(at + 2, stamps[i], false); /* a copy */
        }
        ck_assert_uint_eq(habits.interval, 15);
    }
}
END_TEST

/* The clock begins anew with each start, or was set back by a little. */
START_TEST(set_back)
{
    uint32_t at = 1000, stamp = 300, i;

    forget();
    for (i = 0; i < 5; i++, at += 448, stamp += 30)
        hear_at(at, stamp, false);
    ck_assert_uint_eq(habits.interval, 448);
    for (i = 0, stamp = 5; i < 8; i++, at += 900, stamp += 60)
        hear_at(at, stamp, false);
    ck_assert_uint_eq(habits.interval, 900); /* not after the 300 s only */
}
END_TEST

/* ---- networks ------------------------------------------------------------------------- */

/* A device that sends heartbeats at a pace of its own, over a network. */
struct sender {
    uint64_t interval_ns;
    unsigned loss;   /* per cent */
    unsigned jitter; /* per cent of the interval: the delay is up to that */
    unsigned copies; /* per cent: of those that arrive, how many do so twice, soon after */
};

static bool is_right(const struct sender *s)
{
    uint64_t learnt = habits.interval * UNIT;

    return learnt >= s->interval_ns * 3 / 4 - UNIT && learnt <= s->interval_ns * 5 / 4 + UNIT;
}

/* Sends 200 heartbeats.  Whether the interval is right at the end. */
static bool send_all(const struct sender *s)
{
    uint64_t phase = below_u64(s->interval_ns);
    uint32_t arrived = 0, i;
    bool is_short;

    forget();
    for (i = 0; i < 200; i++) {
        uint64_t sent = phase + i * s->interval_ns;
        uint64_t arrival = sent + below_u64(s->interval_ns * s->jitter / 100 + 1);
        uint32_t timestamp = (uint32_t)((EPOCH + sent) / SECOND);

        if (below_u64(100) < s->loss)
            continue;
        hear_at((uint32_t)(arrival / UNIT), timestamp, false);
        if (below_u64(100) < s->copies)
            hear_at((uint32_t)((arrival + below_u64(s->interval_ns / 2)) / UNIT), timestamp, false);
        arrived++;
        is_short = habits.interval != 0 && habits.interval * UNIT + UNIT < s->interval_ns * 3 / 4;
        if (is_short || (s->loss == 0 && arrived >= 10 && !is_right(s)))
            ck_abort_msg("%" PRIu64 " s, loss %u %%, jitter %u %%: learnt %" PRIu64 " ns",
                         s->interval_ns / SECOND, s->loss, s->jitter, habits.interval * UNIT);
    }
    return is_right(s);
}

START_TEST(learnt_from_a_network)
{
    static const unsigned seconds[] = {2, 5, 30, 60, 300, 3600};
    static const unsigned losses[] = {0, 1, 5, 10, 20, 30};
    static const unsigned jitters[] = {0, 5, 20};
    enum { TRIES = 200 };
    size_t i, j, k;

    random_seed(1);
    for (i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        for (j = 0; j < sizeof losses / sizeof losses[0]; j++) {
            for (k = 0; k < sizeof jitters / sizeof jitters[0]; k++) {
                const struct sender sender = {seconds[i] * SECOND, losses[j], jitters[k], 5};
                unsigned right = 0, tries;

                for (tries = 0; tries < TRIES; tries++)
                    right += send_all(&sender);
                /* A third of the heartbeats lost is more than can be seen through always. */
                ck_assert_msg(right * 100 >= TRIES * (losses[j] > 20 ? 85u : 95u),
                              "%u s, loss %u %%, jitter %u %%: right %u times of %d", seconds[i],
                              losses[j], jitters[k], right, TRIES);
            }
        }
    }
}
END_TEST

/* While the clock stands still, it does not show how long an interval is. */
START_TEST(nothing_is_learnt_over_a_break)
{
    uint32_t i, at = 1000;

    forget();
    hear(at);
    for (i = 0; i < 10; i++, at += 100)
        hear_at(at + 100, at + 100, true);
    ck_assert_uint_eq(habits.interval, 0);
    for (i = 0; i < 2; i++)
        hear(at += 448);
    ck_assert_uint_eq(habits.interval, 448);
}
END_TEST

START_TEST(what_is_damaged_is_found)
{
    static const struct habits good = {.interval = 448, .count = 3, .has_heartbeat = 1};
    struct habits bad = good;

    ck_assert(habits_are_sound(&good));
    bad.configured = 2;
    ck_assert(!habits_are_sound(&bad));
    bad = good;
    bad.count = 2 * HABITS_INTERVALS;
    ck_assert(!habits_are_sound(&bad));
    bad = good;
    bad.interval = UINT32_MAX;
    ck_assert(!habits_are_sound(&bad));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {learnt_from_two_long_ones,
                                  alike_is_to_a_quarter,
                                  quick_ones_teach_nothing,
                                  longer_from_four,
                                  waking_in_bursts_is_no_silence,
                                  copies_are_no_intervals,
                                  without_a_clock,
                                  set_back,
                                  learnt_from_a_network,
                                  nothing_is_learnt_over_a_break,
                                  what_is_damaged_is_found};
    Suite *suite = suite_create("habits");
    TCase *tests = tcase_create("habits");
    size_t i;

    tcase_set_timeout(tests, 0);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
