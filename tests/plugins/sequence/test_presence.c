/* SPDX-License-Identifier: MIT
 *
 * Presence alone: the limits of silence, and how an interval is learnt.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/listening.h"
#include "sequence/presence.h"

#define SECOND UINT64_C(1000000000)                  /* ns */
#define UNIT   (UINT64_C(1) << LISTENING_UNIT_SHIFT) /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND)       /* when a test begins, by the wall clock */

/* ---- one device ----------------------------------------------------------------------- */

static struct contact contact;

static void forget_device(void)
{
    memset(&contact, 0, sizeof contact);
}

static enum presence hear_at(uint32_t at, uint8_t type, uint32_t timestamp)
{
    const struct muster_record record = {.arrival_ns = EPOCH + at * UNIT,
                                         .msg_type = type,
                                         .device_time_ns = (int64_t)timestamp * 1000000000,
                                         .readings = 1};

    return presence_heard(&contact, &record, at, contact.heartbeat_at);
}

static enum presence heartbeat(uint32_t at)
{
    return hear_at(at, MUSTER_MSG_HEARTBEAT, at);
}

START_TEST(limits)
{
    static const uint32_t intervals[] = {1, 2, 3, 15, 448, 53644, INT32_MAX / 8};
    static const uint32_t afters[] = {2, 3, 7};
    size_t i, j;

    for (i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        for (j = 0; j < sizeof afters / sizeof afters[0]; j++) {
            uint32_t n = intervals[i], after = afters[j], late = n + n / 2;
            uint32_t silent = n * after + n / 2, heard = 1000;

            forget_device();
            contact.interval = n;
            ck_assert_int_eq(hear_at(heard, MUSTER_MSG_DATA, 1), PRESENCE_ONLINE);
            ck_assert_int_eq(presence_judge(&contact, heard, contact.heard_at, after),
                             PRESENCE_ONLINE);
            ck_assert_int_eq(presence_judge(&contact, heard + late, contact.heard_at, after),
                             PRESENCE_ONLINE);
            ck_assert_int_eq(presence_judge(&contact, heard + late + 1, contact.heard_at, after),
                             PRESENCE_LATE);
            ck_assert_int_eq(presence_judge(&contact, heard + silent, contact.heard_at, after),
                             PRESENCE_LATE);
            ck_assert_int_eq(presence_judge(&contact, heard + silent + 1, contact.heard_at, after),
                             PRESENCE_SILENT);
            ck_assert_int_eq(contact.presence, PRESENCE_SILENT);
            ck_assert_int_eq(hear_at(heard + silent + 2, MUSTER_MSG_DATA, 2), PRESENCE_SILENT);
            ck_assert_int_eq(contact.presence, PRESENCE_ONLINE);
            ck_assert_uint_eq(contact.heard_ns, EPOCH + (heard + silent + 2) * UNIT);
            ck_assert_int_eq(presence_judge(&contact, heard + silent + 3, contact.heard_at, after),
                             PRESENCE_ONLINE);
            /* Both at once. */
            ck_assert_int_eq(
                presence_judge(&contact, heard + 2 * silent + 3, contact.heard_at, after),
                PRESENCE_SILENT);
        }
    }
}
END_TEST

START_TEST(no_interval_is_never_late)
{
    forget_device();
    hear_at(0, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&contact, INT32_MAX, contact.heard_at, 2), PRESENCE_ONLINE);
}
END_TEST

/* What came after the clock was read is no silence of many years. */
START_TEST(heard_after_the_look)
{
    forget_device();
    contact.interval = 10;
    hear_at(100, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&contact, 99, contact.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&contact, 70, contact.heard_at, 3), PRESENCE_ONLINE);
}
END_TEST

START_TEST(the_listening_clock_wraps)
{
    uint32_t at = UINT32_MAX - 800, i;

    forget_device();
    for (i = 0; i < 3; i++, at += 448)
        heartbeat(at);
    at -= 448;
    ck_assert_uint_eq(contact.interval, 448);
    ck_assert_uint_lt(at, 1000);
    ck_assert_int_eq(presence_judge(&contact, at + 672, contact.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&contact, at + 673, contact.heard_at, 3), PRESENCE_LATE);
    forget_device();
    contact.interval = 448;
    hear_at(UINT32_MAX - 5, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&contact, 666, contact.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&contact, 667, contact.heard_at, 3), PRESENCE_LATE);
    ck_assert_int_eq(presence_judge(&contact, 1568 - 6, contact.heard_at, 3), PRESENCE_LATE);
    ck_assert_int_eq(presence_judge(&contact, 1569 - 6, contact.heard_at, 3), PRESENCE_SILENT);
}
END_TEST

START_TEST(the_catalog_goes_first)
{
    uint32_t i;

    forget_device();
    for (i = 0; i < 3; i++)
        heartbeat(i * 100);
    ck_assert_uint_eq(contact.interval, 100);
    presence_configure(&contact, 0);
    ck_assert_uint_eq(contact.interval, 100); /* learnt, and stays */
    presence_configure(&contact, 30 * SECOND);
    ck_assert_uint_ge(contact.interval * UNIT, 30 * SECOND);
    ck_assert_uint_le(contact.interval * UNIT, 30 * SECOND + UNIT);
    for (i = 3; i < 20; i++)
        heartbeat(i * 100);
    ck_assert_uint_ge(contact.interval * UNIT, 30 * SECOND); /* nothing is learnt */
    presence_configure(&contact, 1);
    ck_assert_uint_eq(contact.interval, 1);
    presence_configure(&contact, UINT64_MAX);
    ck_assert_uint_ge(contact.interval * UNIT, 180 * 86400 * SECOND);
    hear_at(5000, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&contact, 5000 + INT32_MAX / 8, contact.heard_at, 1000),
                     PRESENCE_ONLINE);
    presence_configure(&contact, 0);
    ck_assert_uint_eq(contact.interval, 0); /* it was the catalog's */
}
END_TEST

/* ---- learning ------------------------------------------------------------------------- */

START_TEST(learnt_from_two)
{
    forget_device();
    hear_at(0, MUSTER_MSG_INIT, 0);
    heartbeat(75); /* the first comes soon after the INIT, which is none */
    heartbeat(523);
    ck_assert_uint_eq(contact.interval, 0);
    heartbeat(971);
    ck_assert_uint_eq(contact.interval, 448);
}
END_TEST

START_TEST(alike_is_to_a_quarter)
{
    static const struct {
        uint32_t second;
        bool alike;
    } cases[] = {{400, true}, {500, true}, {501, false}, {300, true}, {299, false}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forget_device();
        heartbeat(1000);
        heartbeat(1400);
        heartbeat(1400 + cases[i].second);
        ck_assert_int_eq(contact.interval != 0, cases[i].alike);
    }
}
END_TEST

START_TEST(longer_from_four)
{
    uint32_t at = 1000, i;

    forget_device();
    for (i = 0; i < 3; i++)
        heartbeat(at += 400);
    ck_assert_uint_eq(contact.interval, 400);
    for (i = 0; i < 3; i++)
        heartbeat(at += 800);
    heartbeat(at += 400);
    for (i = 0; i < 3; i++) {
        heartbeat(at += 800);
        ck_assert_uint_eq(contact.interval, 400);
    }
    heartbeat(at += 800);
    ck_assert_uint_eq(contact.interval, 800);
    heartbeat(at += 400);
    ck_assert_uint_eq(contact.interval, 800);
    heartbeat(at += 400);
    ck_assert_uint_eq(contact.interval, 400); /* shorter: from two */
}
END_TEST

START_TEST(copies_are_no_intervals)
{
    uint32_t at = 1000, i;

    forget_device();
    for (i = 0; i < 3; i++, at += 448) {
        heartbeat(at);
        hear_at(at + 5, MUSTER_MSG_HEARTBEAT, at + 1); /* nearer than any interval */
        hear_at(at + 224, MUSTER_MSG_HEARTBEAT, at);   /* the time stamp of the last */
        ck_assert_uint_eq(contact.heard_at, at + 224); /* but a sign of life */
    }
    ck_assert_uint_eq(contact.interval, 448);
}
END_TEST

/* A device that sends heartbeats at a pace of its own, over a network. */
struct sender {
    uint64_t interval_ns;
    unsigned loss;   /* per cent */
    unsigned jitter; /* per cent of the interval: the delay is up to that */
    unsigned copies; /* per cent: of those that arrive, how many do so twice, soon after */
};

static bool is_right(const struct sender *s)
{
    uint64_t learnt = contact.interval * UNIT;

    return learnt >= s->interval_ns * 3 / 4 - UNIT && learnt <= s->interval_ns * 5 / 4 + UNIT;
}

/* Sends 200 heartbeats.  Whether the interval is right at the end. */
static bool send_all(const struct sender *s)
{
    uint64_t phase = below_u64(s->interval_ns);
    uint32_t arrived = 0, i;
    bool is_short;

    forget_device();
    for (i = 0; i < 200; i++) {
        uint64_t sent = phase + i * s->interval_ns;
        uint64_t arrival = sent + below_u64(s->interval_ns * s->jitter / 100 + 1);
        uint32_t timestamp = (uint32_t)((EPOCH + sent) / SECOND);

        if (below_u64(100) < s->loss)
            continue;
        hear_at((uint32_t)(arrival / UNIT), MUSTER_MSG_HEARTBEAT, timestamp);
        if (below_u64(100) < s->copies)
            hear_at((uint32_t)((arrival + below_u64(s->interval_ns / 2)) / UNIT),
                    MUSTER_MSG_HEARTBEAT, timestamp);
        arrived++;
        is_short = contact.interval != 0 && contact.interval * UNIT + UNIT < s->interval_ns * 3 / 4;
        if (is_short || (s->loss == 0 && arrived >= 10 && !is_right(s)))
            ck_abort_msg("%" PRIu64 " s, loss %u %%, jitter %u %%: learnt %" PRIu64 " ns",
                         s->interval_ns / SECOND, s->loss, s->jitter, contact.interval * UNIT);
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

/* A heartbeat may have fallen into a break: silence counts from its end. */
START_TEST(a_break_excuses_a_heartbeat)
{
    forget_device();
    presence_configure(&contact, 30 * SECOND);
    heartbeat(1000);
    ck_assert_int_eq(presence_judge(&contact, 1000 + 673, 1000 + 300, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&contact, 1300 + 672, 1000 + 300, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&contact, 1300 + 673, 1000 + 300, 3), PRESENCE_LATE);
}
END_TEST

/* While the clock stands still, it does not show how long an interval is. */
START_TEST(nothing_is_learnt_over_a_break)
{
    const struct muster_record beat = {.msg_type = MUSTER_MSG_HEARTBEAT,
                                       .device_time_ns = INT64_C(7000000000)};
    struct muster_record later = beat;
    uint32_t i, at = 1000;

    forget_device();
    presence_heard(&contact, &beat, at, 0);
    for (i = 0; i < 10; i++) {
        later.device_time_ns += INT64_C(30000000000);
        at += 100;
        presence_heard(&contact, &later, at, at - 50);
    }
    ck_assert_uint_eq(contact.interval, 0);
    for (i = 0; i < 2; i++) {
        later.device_time_ns += INT64_C(30000000000);
        at += 448;
        presence_heard(&contact, &later, at, 1000);
    }
    ck_assert_uint_eq(contact.interval, 448);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {limits,
                                  no_interval_is_never_late,
                                  heard_after_the_look,
                                  the_listening_clock_wraps,
                                  the_catalog_goes_first,
                                  learnt_from_two,
                                  alike_is_to_a_quarter,
                                  longer_from_four,
                                  copies_are_no_intervals,
                                  learnt_from_a_network,
                                  a_break_excuses_a_heartbeat,
                                  nothing_is_learnt_over_a_break};
    Suite *suite = suite_create("presence");
    TCase *tests = tcase_create("presence");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
