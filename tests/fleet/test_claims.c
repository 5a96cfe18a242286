/* SPDX-License-Identifier: MIT
 *
 * What a collector ought to tell: by hand, and when nothing is claimed.
 */
#include <check.h>

#include "common/runner.h"
#include <muster/record.h>

#include "fleet/claims.h"
#include "scenes.h"

/* Of the only device, in the order of sending.  What is not said is 0. */
struct sent {
    uint8_t type;
    uint32_t session, number, timestamp;
    uint64_t index;
    bool copy, is_random;
    uint32_t sender, sent_s;
};

#define INIT(s, time)                                                                              \
    {                                                                                              \
        .type = MUSTER_MSG_INIT, .session = (s), .timestamp = (time)                               \
    }
#define BEAT                                                                                       \
    {                                                                                              \
        .type = MUSTER_MSG_HEARTBEAT                                                               \
    }
/* Of a session; its index, number, timestamp; and whether it is a copy. */
#define DATA(s, i, n, time)                                                                        \
    {                                                                                              \
        MUSTER_MSG_DATA, (s), (n), (time), (i), false, false, 0, 0                                 \
    }
#define COPY(s, i, n, time)                                                                        \
    {                                                                                              \
        MUSTER_MSG_DATA, (s), (n), (time), (i), true, false, 0, 0                                  \
    }
#define LATER(i, n, seconds)                                                                       \
    {                                                                                              \
        MUSTER_MSG_DATA, 1, (n), 90, (i), false, false, 0, (seconds)                               \
    }

static struct claims_figures take(const struct sent *sent, size_t count)
{
    static const uint8_t bytes[16];
    struct scenario scenario;
    struct claims_figures figures;
    struct claims *claims;
    struct stage *stage;
    size_t i;

    scene_load(&scenario, "for: 1s\ndevices: { a: { count: 1 } }\n"
                          "timeline: [ { at: 0, do: share } ]\n");
    claims = claims_new(&scenario, 1);
    stage = stage_new(&scenario, SCENE_WALL);
    for (i = 0; i < count; i++) {
        const struct stage_datagram datagram = {
            .type = sent[i].type,
            .session = sent[i].session,
            .place = sent[i].index,
            .number = sent[i].number,
            .timestamp = sent[i].timestamp,
            .copy = sent[i].copy,
            .is_random = sent[i].is_random,
            .sender = sent[i].sender,
            .sent_ns = sent[i].sent_s * 1000 * NS_PER_MS,
        };

        claims_sent(claims, &datagram, bytes, sizeof bytes);
    }
    ck_assert_uint_eq(claims_totals(claims)->datagrams, count);
    claims_group(claims, stage, 0, &figures);
    ck_assert_uint_eq(figures.expect.records, count);
    stage_free(stage);
    claims_free(claims);
    scenario_free(&scenario);
    return figures;
}

#define TAKE(list) take((list), sizeof(list) / sizeof *(list))

START_TEST(two_sessions_by_hand)
{
    /* 1, 3, 2, 6; then, behind an INIT, 1 and 2, one twice.  4 and 5 never came. */
    static const struct sent sent[] = {
        INIT(1, 100),
        DATA(1, 0, 1, 100),
        BEAT,
        DATA(1, 2, 3, 101),
        DATA(1, 1, 2, 101),
        DATA(1, 5, 6, 102),
        INIT(2, 110),
        DATA(2, 0, 1, 110),
        COPY(2, 0, 1, 110),
        BEAT,
        DATA(2, 1, 2, 111),
    };
    const struct claims_figures figures = TAKE(sent);

    ck_assert_uint_eq(figures.first, 3);
    ck_assert_uint_eq(figures.in_order, 1);
    ck_assert_uint_eq(figures.expect.gaps, 2);
    ck_assert_uint_eq(figures.expect.late, 1);
    ck_assert_uint_eq(figures.expect.duplicates, 1);
    ck_assert_uint_eq(figures.restarts, 1);
    ck_assert_uint_eq(figures.expect.unnumbered, 2);
    ck_assert_uint_eq(figures.expect.missing, 3);
    ck_assert_uint_eq(figures.expect.recovered, 1);
    ck_assert_uint_eq(figures.expect.lost, 2);
    ck_assert_uint_eq(figures.lost_by_restart, 2);
    ck_assert_uint_eq(figures.unclaimed, 0);
    ck_assert_uint_eq(figures.doubts[CLAIMS_CERTAIN], 1);
}
END_TEST

START_TEST(a_restart_by_numbers_alone)
{
    static const struct sent sent[] = {
        INIT(1, 100),       DATA(1, 0, 50, 100), DATA(1, 2, 52, 101),
        DATA(2, 0, 1, 103), DATA(2, 1, 2, 103),  DATA(2, 3, 4, 104),
    };
    const struct claims_figures figures = TAKE(sent);

    ck_assert_uint_eq(figures.restarts, 1);
    ck_assert_uint_eq(figures.first, 2);
    ck_assert_uint_eq(figures.in_order, 1); /* the one that was doubted */
    ck_assert_uint_eq(figures.expect.gaps, 2);
    ck_assert_uint_eq(figures.expect.lost, 2);
    ck_assert_uint_eq(figures.lost_by_restart, 1);
    ck_assert_uint_eq(figures.unclaimed, 0);
}
END_TEST

/* To any number ahead it takes four. */
START_TEST(a_restart_far_ahead)
{
    static const struct sent sent[] = {
        INIT(1, 100),
        DATA(1, 0, 50, 100),
        DATA(2, 0, 1 << 30, 103),
        DATA(2, 1, (1 << 30) + 1, 103),
        DATA(2, 2, (1 << 30) + 2, 104),
        DATA(2, 3, (1 << 30) + 3, 105),
        DATA(2, 4, (1 << 30) + 4, 105),
    };

    ck_assert_uint_eq(TAKE(sent).restarts, 1);
    ck_assert_uint_eq(TAKE(sent).in_order, 4);
    ck_assert_uint_eq(take(sent, 5).unclaimed, 5);
}
END_TEST

START_TEST(one_without_a_first_message)
{
    /* The INIT of the first session was lost, and that of the second, which had no number before.
     */
    static const struct sent sent[] = {
        BEAT, DATA(1, 3, 4, 100), INIT(2, 110), DATA(3, 0, 1, 120), DATA(3, 1, 2, 120),
    };
    const struct claims_figures figures = TAKE(sent);

    ck_assert_uint_eq(figures.first, 2);
    ck_assert_uint_eq(figures.restarts, 1);
    ck_assert_uint_eq(figures.in_order, 1);
    ck_assert_uint_eq(figures.expect.missing, 0);
    ck_assert_uint_eq(figures.unclaimed, 0);
}
END_TEST

static const struct {
    enum claims_doubt doubt;
    size_t count;
    struct sent sent[6];
} uncertain[] = {
    {CLAIMS_TWO_SENDERS,
     3,
     {INIT(1, 100), DATA(1, 0, 1, 100), {MUSTER_MSG_DATA, 1, 1, 100, 0, false, false, 1, 0}}},
    {CLAIMS_RANDOM, 2, {INIT(1, 100), {MUSTER_MSG_DATA, 1, 77, 100, 0, false, true, 0, 0}}},
    /* A number, a copy and an INIT of the session before; and an INIT that was overtaken. */
    {CLAIMS_STRAGGLER, 4, {INIT(1, 100), DATA(1, 0, 1, 100), INIT(2, 105), DATA(1, 1, 2, 100)}},
    {CLAIMS_STRAGGLER, 4, {INIT(1, 100), DATA(1, 0, 1, 100), INIT(2, 105), COPY(1, 0, 1, 100)}},
    {CLAIMS_STRAGGLER, 3, {INIT(1, 100), INIT(2, 105), INIT(1, 100)}},
    {CLAIMS_STRAGGLER, 2, {DATA(1, 0, 1, 100), INIT(1, 100)}},
    /* A gap over what was the last number before a restart that numbers alone told. */
    {CLAIMS_RESTART,
     6,
     {INIT(1, 90), DATA(1, 0, 9, 100), DATA(2, 0, 7, 105), DATA(2, 1, 8, 105), DATA(2, 3, 10, 106),
      DATA(2, 4, 11, 106)}},
    /* In the second of the last INIT, or with a clock that begins anew. */
    {CLAIMS_RESTART, 2, {INIT(1, 100), INIT(2, 100)}},
    {CLAIMS_RESTART, 3, {INIT(1, 0), DATA(1, 0, 1, 5), INIT(2, 0)}},
    /* By numbers: in the same second, ahead, only one, or not in a row. */
    {CLAIMS_RESTART, 4, {INIT(1, 90), DATA(1, 0, 9, 100), DATA(2, 0, 1, 100), DATA(2, 1, 2, 100)}},
    {CLAIMS_RESTART,
     4,
     {INIT(1, 90), DATA(1, 0, 9, 100), DATA(2, 0, 90, 105), DATA(2, 1, 91, 106)}},
    {CLAIMS_RESTART, 3, {INIT(1, 90), DATA(1, 0, 9, 100), DATA(2, 0, 1, 105)}},
    {CLAIMS_RESTART, 4, {INIT(1, 90), DATA(1, 0, 9, 100), DATA(2, 0, 1, 105), DATA(2, 2, 3, 106)}},
    {CLAIMS_RESTART, 4, {INIT(1, 90), DATA(1, 0, 9, 100), DATA(2, 0, 1, 105), DATA(1, 1, 10, 100)}},
    {CLAIMS_CLOCK, 4, {INIT(1, 90), DATA(1, 0, 1, 100), DATA(1, 2, 3, 100), DATA(1, 1, 2, 500)}},
    {CLAIMS_CLOCK, 3, {INIT(1, 90), DATA(1, 0, 1, 100), DATA(1, 1, 2, 80)}},
    {CLAIMS_CLOCK, 2, {INIT(1, 90), DATA(1, 0, 1, 80)}},
    /* Four of those that were overtaken by one, for nine seconds; and one far ahead at once. */
    {CLAIMS_DISORDER,
     6,
     {LATER(0, 1, 0), LATER(5, 6, 0), LATER(1, 2, 1), LATER(2, 3, 2), LATER(3, 4, 3),
      LATER(4, 5, 9)}},
    {CLAIMS_DISORDER, 2, {DATA(1, 0, 1, 90), DATA(1, 99, 100, 90)}},
};

START_TEST(nothing_is_claimed)
{
    const struct claims_figures figures = take(uncertain[_i].sent, uncertain[_i].count);

    ck_assert_uint_eq(figures.doubts[uncertain[_i].doubt], 1);
    ck_assert_uint_eq(figures.doubts[CLAIMS_CERTAIN], 0);
    ck_assert_uint_eq(figures.unclaimed, uncertain[_i].count);
    ck_assert_uint_eq(figures.two_senders, 0);
    ck_assert_uint_eq(figures.first + figures.in_order + figures.restarts + figures.expect.missing +
                          figures.expect.late + figures.expect.duplicates,
                      0);
}
END_TEST

/* Sooner they were only overtaken. */
START_TEST(many_are_overtaken)
{
    static const struct sent sent[] = {LATER(0, 1, 0), LATER(5, 6, 0), LATER(1, 2, 1),
                                       LATER(2, 3, 2), LATER(3, 4, 3), LATER(4, 5, 8)};
    const struct claims_figures figures = TAKE(sent);

    ck_assert_uint_eq(figures.unclaimed, 0);
    ck_assert_uint_eq(figures.expect.recovered, 4);
}
END_TEST

/* Two that go on beside each other are told; one stray datagram is none of a second sender. */
START_TEST(two_senders_take_turns)
{
    struct sent sent[40] = {INIT(1, 100)};
    uint32_t i;

    for (i = 1; i < 40; i++)
        sent[i] = (struct sent){.type = MUSTER_MSG_DATA,
                                .session = 1,
                                .number = i % 2 == 0 ? i / 2 : 5000 + i / 2,
                                .index = i / 2,
                                .timestamp = 100 + i,
                                .sender = i % 2};
    ck_assert_uint_eq(take(sent, 40).two_senders, 1);
    ck_assert_uint_eq(take(sent, 10).two_senders, 0);
    ck_assert_uint_eq(take(sent, 10).unclaimed, 10);
}
END_TEST

START_TEST(rejects_by_reason)
{
    struct scenario scenario;
    struct claims *claims;
    const struct stage_datagram stranger = {.sender = SCENARIO_STRANGERS};
    const uint8_t bytes[20] = {[10] = 9};

    scene_load(&scenario, "for: 1s\ndevices: { a: { count: 1 } }\n");
    claims = claims_new(&scenario, 1);
    claims_sent(claims, &stranger, bytes, 20);
    claims_sent(claims, &stranger, bytes, 11);
    claims_sent(claims, &stranger, bytes, 11);
    ck_assert_uint_eq(claims_totals(claims)->strangers, 3);
    ck_assert_uint_eq(claims_totals(claims)->rejected[MUSTER_REJECT_TOO_SHORT], 2);
    ck_assert_uint_eq(claims_totals(claims)->rejected[MUSTER_REJECT_UNKNOWN_TYPE], 1);
    ck_assert_str_eq(claims_doubt_name(CLAIMS_CLOCK), "clock");
    claims_free(claims);
    scenario_free(&scenario);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {two_sessions_by_hand, a_restart_by_numbers_alone,
                                  a_restart_far_ahead,  one_without_a_first_message,
                                  many_are_overtaken,   two_senders_take_turns,
                                  rejects_by_reason};
    Suite *suite = suite_create("claims");
    TCase *tcase = tcase_create("claims");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, nothing_is_claimed, 0, (int)(sizeof uncertain / sizeof *uncertain));
    suite_add_tcase(suite, tcase);
    return suite;
}
