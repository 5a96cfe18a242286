/* SPDX-License-Identifier: MIT
 *
 * Presence and hearing alone: the limits of silence, how an interval is learnt, the listening
 * clock; and both together against an oracle that keeps a list of when the collector listened.
 */
#include <assert.h>
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/hearing.h"
#include "sequence/presence.h"

#define SECOND UINT64_C(1000000000)                /* ns */
#define UNIT   (UINT64_C(1) << HEARING_UNIT_SHIFT) /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND)     /* when a test begins, by the wall clock */

/* ---- one device ----------------------------------------------------------------------- */

static struct rhythm rhythm;
static struct vitals vitals;

static void forget_device(void)
{
    memset(&rhythm, 0, sizeof rhythm);
    memset(&vitals, 0, sizeof vitals);
}

static enum presence hear_at(uint32_t at, uint8_t type, uint32_t timestamp)
{
    const struct muster_record record = {
        .arrival_ns = EPOCH + at * UNIT, .msg_type = type, .timestamp = timestamp, .readings = 1};

    return presence_heard(&rhythm, &vitals, &record, at, vitals.beat_at);
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
            rhythm.interval = n;
            ck_assert_int_eq(hear_at(heard, MUSTER_MSG_DATA, 1), PRESENCE_ONLINE);
            ck_assert_int_eq(presence_judge(&rhythm, &vitals, heard, vitals.heard_at, after),
                             PRESENCE_ONLINE);
            ck_assert_int_eq(presence_judge(&rhythm, &vitals, heard + late, vitals.heard_at, after),
                             PRESENCE_ONLINE);
            ck_assert_int_eq(
                presence_judge(&rhythm, &vitals, heard + late + 1, vitals.heard_at, after),
                PRESENCE_LATE);
            ck_assert_int_eq(
                presence_judge(&rhythm, &vitals, heard + silent, vitals.heard_at, after),
                PRESENCE_LATE);
            ck_assert_int_eq(
                presence_judge(&rhythm, &vitals, heard + silent + 1, vitals.heard_at, after),
                PRESENCE_SILENT);
            ck_assert_int_eq(rhythm.presence, PRESENCE_SILENT);
            ck_assert_int_eq(hear_at(heard + silent + 2, MUSTER_MSG_DATA, 2), PRESENCE_SILENT);
            ck_assert_int_eq(rhythm.presence, PRESENCE_ONLINE);
            ck_assert_uint_eq(vitals.heard_ns, EPOCH + (heard + silent + 2) * UNIT);
            ck_assert_int_eq(
                presence_judge(&rhythm, &vitals, heard + silent + 3, vitals.heard_at, after),
                PRESENCE_ONLINE);
            /* Both at once. */
            ck_assert_int_eq(
                presence_judge(&rhythm, &vitals, heard + 2 * silent + 3, vitals.heard_at, after),
                PRESENCE_SILENT);
        }
    }
}
END_TEST

START_TEST(no_interval_is_never_late)
{
    forget_device();
    hear_at(0, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, INT32_MAX, vitals.heard_at, 2),
                     PRESENCE_ONLINE);
}
END_TEST

/* What came after the clock was read is no silence of many years. */
START_TEST(heard_after_the_look)
{
    forget_device();
    rhythm.interval = 10;
    hear_at(100, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 99, vitals.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 70, vitals.heard_at, 3), PRESENCE_ONLINE);
}
END_TEST

START_TEST(the_listening_clock_wraps)
{
    uint32_t at = UINT32_MAX - 800, i;

    forget_device();
    for (i = 0; i < 3; i++, at += 448)
        heartbeat(at);
    at -= 448;
    ck_assert_uint_eq(rhythm.interval, 448);
    ck_assert_uint_lt(at, 1000);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, at + 672, vitals.heard_at, 3),
                     PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, at + 673, vitals.heard_at, 3), PRESENCE_LATE);
    forget_device();
    rhythm.interval = 448;
    hear_at(UINT32_MAX - 5, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 666, vitals.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 667, vitals.heard_at, 3), PRESENCE_LATE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 1568 - 6, vitals.heard_at, 3), PRESENCE_LATE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 1569 - 6, vitals.heard_at, 3),
                     PRESENCE_SILENT);
}
END_TEST

START_TEST(the_catalog_goes_first)
{
    uint32_t i;

    forget_device();
    for (i = 0; i < 3; i++)
        heartbeat(i * 100);
    ck_assert_uint_eq(rhythm.interval, 100);
    presence_configure(&rhythm, 0);
    ck_assert_uint_eq(rhythm.interval, 100); /* learnt, and stays */
    presence_configure(&rhythm, 30 * SECOND);
    ck_assert_uint_ge(rhythm.interval * UNIT, 30 * SECOND);
    ck_assert_uint_le(rhythm.interval * UNIT, 30 * SECOND + UNIT);
    for (i = 3; i < 20; i++)
        heartbeat(i * 100);
    ck_assert_uint_ge(rhythm.interval * UNIT, 30 * SECOND); /* nothing is learnt */
    presence_configure(&rhythm, 1);
    ck_assert_uint_eq(rhythm.interval, 1);
    presence_configure(&rhythm, UINT64_MAX);
    ck_assert_uint_ge(rhythm.interval * UNIT, 180 * 86400 * SECOND);
    hear_at(5000, MUSTER_MSG_DATA, 1);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 5000 + INT32_MAX / 8, vitals.heard_at, 1000),
                     PRESENCE_ONLINE);
    presence_configure(&rhythm, 0);
    ck_assert_uint_eq(rhythm.interval, 0); /* it was the catalog's */
}
END_TEST

/* ---- learning ------------------------------------------------------------------------- */

START_TEST(learnt_from_two)
{
    forget_device();
    hear_at(0, MUSTER_MSG_INIT, 0);
    heartbeat(75); /* the first comes soon after the INIT, which is none */
    heartbeat(523);
    ck_assert_uint_eq(rhythm.interval, 0);
    heartbeat(971);
    ck_assert_uint_eq(rhythm.interval, 448);
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
        ck_assert_int_eq(rhythm.interval != 0, cases[i].alike);
    }
}
END_TEST

START_TEST(longer_from_four)
{
    uint32_t at = 1000, i;

    forget_device();
    for (i = 0; i < 3; i++)
        heartbeat(at += 400);
    ck_assert_uint_eq(rhythm.interval, 400);
    for (i = 0; i < 3; i++)
        heartbeat(at += 800);
    heartbeat(at += 400);
    for (i = 0; i < 3; i++) {
        heartbeat(at += 800);
        ck_assert_uint_eq(rhythm.interval, 400);
    }
    heartbeat(at += 800);
    ck_assert_uint_eq(rhythm.interval, 800);
    heartbeat(at += 400);
    ck_assert_uint_eq(rhythm.interval, 800);
    heartbeat(at += 400);
    ck_assert_uint_eq(rhythm.interval, 400); /* shorter: from two */
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
        ck_assert_uint_eq(vitals.heard_at, at + 224);  /* but a sign of life */
    }
    ck_assert_uint_eq(rhythm.interval, 448);
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
    uint64_t learnt = rhythm.interval * UNIT;

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
        is_short = rhythm.interval != 0 && rhythm.interval * UNIT + UNIT < s->interval_ns * 3 / 4;
        if (is_short || (s->loss == 0 && arrived >= 10 && !is_right(s)))
            ck_abort_msg("%" PRIu64 " s, loss %u %%, jitter %u %%: learnt %" PRIu64 " ns",
                         s->interval_ns / SECOND, s->loss, s->jitter, rhythm.interval * UNIT);
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

/* ---- hearing -------------------------------------------------------------------------- */

static struct shared shared;
static struct hearing hearing;
static struct hearing_look clocks;

static void begin_hearing(void)
{
    memset(&shared, 0, sizeof shared);
    clocks = (struct hearing_look){EPOCH, 1000 * SECOND, 1000 * SECOND, 4, 7};
    hearing_resume(&shared, false);
    hearing_begin(&hearing, &shared, true, &clocks);
}

static void pass(uint64_t ns)
{
    clocks.wall_ns += ns;
    clocks.monotonic_ns += ns;
    clocks.boot_ns += ns;
}

static uint8_t tick_after(uint64_t ns)
{
    pass(ns);
    return hearing_tick(&hearing, &clocks);
}

START_TEST(the_clock_goes_on)
{
    begin_hearing();
    ck_assert_uint_eq(shared.tick, 1);
    ck_assert_uint_eq(tick_after(SECOND), 0);
    ck_assert_uint_eq(tick_after(SECOND / 2), 0);
    ck_assert_uint_eq(tick_after(2 * SECOND), 0);
    ck_assert_uint_eq(shared.listened_ns, 7 * SECOND / 2);
    ck_assert_uint_eq(hearing.listened_ns, shared.listened_ns);
    ck_assert_uint_eq(hearing_now(&hearing), 4);
    ck_assert_uint_eq(hearing_causes(&shared, 0), 0);
}
END_TEST

START_TEST(a_stalled_tick_counts_two_seconds)
{
    begin_hearing();
    ck_assert_uint_eq(tick_after(10 * SECOND), 0);
    ck_assert_uint_eq(shared.listened_ns, 2 * SECOND);
    ck_assert_uint_eq(tick_after(SECOND), 0);
    ck_assert_uint_eq(shared.listened_ns, 3 * SECOND);
}
END_TEST

START_TEST(a_deaf_second_does_not_count)
{
    begin_hearing();
    tick_after(SECOND);
    clocks.kernel_drops++;
    ck_assert_uint_eq(tick_after(SECOND), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(shared.listened_ns, SECOND);
    ck_assert_uint_eq(hearing_causes(&shared, 2), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(hearing_causes(&shared, 3), 0);
    clocks.own_drops++; /* one of the collector's own is not deaf */
    ck_assert_uint_eq(tick_after(SECOND), MUSTER_CAUSE_COLLECTOR);
    ck_assert_uint_eq(shared.listened_ns, 2 * SECOND);
    ck_assert_uint_eq(hearing_causes(&shared, 2), MUSTER_CAUSE_KERNEL | MUSTER_CAUSE_COLLECTOR);
    ck_assert_uint_eq(hearing_causes(&shared, 3), MUSTER_CAUSE_COLLECTOR);
    ck_assert_uint_eq(tick_after(SECOND), 0);
    clocks.kernel_drops = clocks.own_drops = 0; /* as after a change of the listeners */
    ck_assert_uint_eq(tick_after(SECOND), MUSTER_CAUSE_KERNEL | MUSTER_CAUSE_COLLECTOR);
}
END_TEST

START_TEST(sleep_is_noticed)
{
    begin_hearing();
    tick_after(SECOND);
    clocks.boot_ns += 3600 * SECOND;
    clocks.wall_ns += 3600 * SECOND;
    ck_assert_uint_eq(tick_after(SECOND), MUSTER_CAUSE_COLLECTOR_DOWN);
    ck_assert_uint_eq(shared.listened_ns, 2 * SECOND);
    ck_assert_uint_eq(hearing_causes(&shared, 2), MUSTER_CAUSE_COLLECTOR_DOWN);
    ck_assert_uint_eq(hearing_causes(&shared, 3), 0);
    /* The clocks are not read at the same time. */
    clocks.boot_ns += SECOND / 20;
    ck_assert_uint_eq(tick_after(SECOND), 0);
    clocks.boot_ns -= SECOND / 20;
    ck_assert_uint_eq(tick_after(SECOND), 0);
}
END_TEST

START_TEST(a_stop_is_noticed)
{
    begin_hearing();
    tick_after(SECOND);
    tick_after(SECOND);
    hearing_resume(&shared, true);
    ck_assert_uint_eq(shared.tick, 4);
    clocks = (struct hearing_look){EPOCH + 3600 * SECOND, 5 * SECOND, 5 * SECOND, 0, 0};
    hearing_begin(&hearing, &shared, true, &clocks);
    ck_assert_uint_eq(hearing.listened_ns, 2 * SECOND);
    ck_assert_uint_eq(hearing_causes(&shared, 3), MUSTER_CAUSE_COLLECTOR_DOWN);
    ck_assert_uint_eq(hearing_causes(&shared, 4), 0);
    ck_assert_uint_eq(tick_after(SECOND), 0);
    ck_assert_uint_eq(shared.listened_ns, 3 * SECOND);
}
END_TEST

static uint64_t at_ns(uint64_t arrival_ns)
{
    return hearing_at(&hearing, arrival_ns) * UNIT;
}

START_TEST(the_wall_clock_is_set)
{
    begin_hearing();
    tick_after(SECOND);
    ck_assert_uint_eq(at_ns(clocks.wall_ns), SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(clocks.wall_ns + SECOND / 2), 3 * SECOND / 2 / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(clocks.wall_ns + 2 * SECOND), 3 * SECOND / UNIT * UNIT);
    /* Forwards: two seconds at most; backwards, or held up by then: none. */
    ck_assert_uint_eq(at_ns(clocks.wall_ns + 86400 * SECOND), 3 * SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(clocks.wall_ns - 1), SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(0), SECOND / UNIT * UNIT);
    ck_assert_uint_eq(at_ns(UINT64_MAX), 3 * SECOND / UNIT * UNIT);
    clocks.wall_ns -= 3600 * SECOND;
    ck_assert_uint_eq(tick_after(SECOND), 0);
    clocks.wall_ns += 7200 * SECOND;
    ck_assert_uint_eq(tick_after(SECOND), 0);
    ck_assert_uint_eq(shared.listened_ns, 3 * SECOND);
    ck_assert_uint_eq(at_ns(clocks.wall_ns + SECOND / 2), 7 * SECOND / 2 / UNIT * UNIT);
}
END_TEST

START_TEST(a_follower_moves_nothing)
{
    struct hearing follower;

    begin_hearing();
    hearing_begin(&follower, &shared, false, &clocks);
    pass(SECOND / 2);
    ck_assert_uint_eq(hearing_tick(&follower, &clocks), 0);
    ck_assert_uint_eq(shared.listened_ns, 0);
    ck_assert_uint_eq(shared.tick, 1);
    ck_assert_uint_eq(follower.listened_ns, SECOND / 2);
    tick_after(SECOND / 2);
    clocks.kernel_drops++;
    pass(SECOND / 2);
    ck_assert_uint_eq(hearing_tick(&follower, &clocks), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(follower.listened_ns, SECOND / 2);
    ck_assert_uint_eq(hearing_causes(&shared, 2), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(shared.tick, 2);
}
END_TEST

START_TEST(a_break_is_noticed)
{
    begin_hearing();
    tick_after(SECOND);
    ck_assert_uint_eq(hearing.resumed_ns, 0);
    tick_after(10 * SECOND); /* a stall */
    ck_assert_uint_eq(hearing.resumed_ns, 3 * SECOND);
    tick_after(SECOND);
    ck_assert_uint_eq(hearing.resumed_ns, 3 * SECOND);
    clocks.kernel_drops++;
    tick_after(SECOND);
    ck_assert_uint_eq(hearing.resumed_ns, 4 * SECOND);
    tick_after(SECOND);
    clocks.boot_ns += 3600 * SECOND;
    tick_after(SECOND);
    ck_assert_uint_eq(hearing.resumed_ns, 6 * SECOND);
}
END_TEST

/* A heartbeat may have fallen into a break: silence counts from its end. */
START_TEST(a_break_excuses_a_heartbeat)
{
    forget_device();
    presence_configure(&rhythm, 30 * SECOND);
    heartbeat(1000);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 1000 + 673, 1000 + 300, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 1300 + 672, 1000 + 300, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(presence_judge(&rhythm, &vitals, 1300 + 673, 1000 + 300, 3), PRESENCE_LATE);
}
END_TEST

/* While the clock stands still, it does not show how long an interval is. */
START_TEST(nothing_is_learnt_over_a_break)
{
    const struct muster_record beat = {.msg_type = MUSTER_MSG_HEARTBEAT, .timestamp = 7};
    struct muster_record later = beat;
    uint32_t i, at = 1000;

    forget_device();
    presence_heard(&rhythm, &vitals, &beat, at, 0);
    for (i = 0; i < 10; i++) {
        later.timestamp += 30;
        at += 100;
        presence_heard(&rhythm, &vitals, &later, at, at - 50);
    }
    ck_assert_uint_eq(rhythm.interval, 0);
    for (i = 0; i < 2; i++) {
        later.timestamp += 30;
        at += 448;
        presence_heard(&rhythm, &vitals, &later, at, 1000);
    }
    ck_assert_uint_eq(rhythm.interval, 448);
}
END_TEST

START_TEST(the_tick_wraps)
{
    begin_hearing();
    shared.tick = UINT32_MAX;
    clocks.kernel_drops++;
    ck_assert_uint_eq(tick_after(SECOND), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(hearing_causes(&shared, UINT32_MAX - 1), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(hearing_causes(&shared, UINT32_MAX), MUSTER_CAUSE_KERNEL);
    ck_assert_uint_eq(hearing_causes(&shared, 0), 0);
}
END_TEST

/* ---- against an oracle ---------------------------------------------------------------- */

enum { STRETCHES = 20000 };

/* A stretch of time in which the collector listened, by a clock that nobody sets or stops. */
struct stretch {
    uint64_t from, to; /* ns */
};

static struct {
    struct stretch stretches[STRETCHES];
    size_t count;
    uint64_t now;   /* ns, by that clock */
    uint64_t heard; /* when the device was last heard */
    bool is_known;
    bool is_deaf;            /* the kernel has dropped some since the worker's last tick */
    bool has_slept;          /* the machine has */
    uint64_t since_tick;     /* when the worker's last tick was, or the start */
    uint64_t resumed;        /* since when it has listened without a break */
    struct hearing follower; /* the device's worker, if it does not lead */
    bool follows;
    uint64_t interval_ns;
    uint32_t silent_after;
    unsigned late, silent; /* how often it was found so */
} world;

static void listen(uint64_t from, uint64_t to)
{
    assert(world.count < STRETCHES);
    world.stretches[world.count++] = (struct stretch){from, to};
}

/* How long the device was silent while the collector listened without a break. */
static uint64_t listened_silence(void)
{
    uint64_t since = world.heard > world.resumed ? world.heard : world.resumed, sum = 0;
    size_t i;

    for (i = world.count; i > 0 && world.stretches[i - 1].to > since; i--) {
        const struct stretch *s = &world.stretches[i - 1];

        sum += s->to - (s->from > since ? s->from : since);
    }
    return sum;
}

static struct hearing *ear(void)
{
    return world.follows ? &world.follower : &hearing;
}

static void live(uint64_t ns)
{
    world.now += ns;
    pass(ns);
}

/* What the oracle says of the presence, give or take some seconds. */
static void check_presence(enum presence before, enum presence presence)
{
    /* A message is placed by the wall clock, which may have been set since the last tick: 2 s.
     * And the next tick may come when 2 s more have been listened to. */
    uint64_t early = 2 * SECOND + 2 * UNIT, tardy = early + 2 * SECOND;
    uint64_t silence = listened_silence();
    uint64_t late = world.interval_ns * 3 / 2;
    uint64_t silent = world.interval_ns * world.silent_after + world.interval_ns / 2;
    uint64_t least = presence == PRESENCE_ONLINE ? 0 : presence == PRESENCE_LATE ? late : silent;
    uint64_t limit = presence == PRESENCE_ONLINE ? late : silent;

    if (presence != before && silence + early <= least)
        ck_abort_msg("presence %d too early: interval %" PRIu64 " ms, silence %" PRIu64 " ms",
                     presence, world.interval_ns / 1000000, silence / 1000000);
    if (presence != PRESENCE_SILENT && silence > limit + tardy)
        ck_abort_msg("presence %d for too long: interval %" PRIu64 " ms, silence %" PRIu64 " ms",
                     presence, world.interval_ns / 1000000, silence / 1000000);
}

/* As the plugin does at a tick. */
static void look_at_device(void)
{
    enum presence before = (enum presence)rhythm.presence, presence;

    if (!world.is_known)
        return;
    presence = presence_judge(&rhythm, &vitals, hearing_units(ear()->listened_ns),
                              hearing_units(ear()->resumed_ns), world.silent_after);
    if (presence < before)
        ck_abort_msg("presence %d after %d, unheard", presence, before);
    world.late += presence == PRESENCE_LATE && before != presence;
    world.silent += presence == PRESENCE_SILENT && before != presence;
    check_presence(before, presence);
}

/* The device's worker ticks. */
static void worker_ticks(void)
{
    uint64_t length = world.now - world.since_tick;
    uint8_t noticed = hearing_tick(ear(), &clocks);

    if (((noticed & MUSTER_CAUSE_KERNEL) != 0) != world.is_deaf)
        ck_abort_msg("deaf: %d", !world.is_deaf);
    if (!world.is_deaf) /* of a stall, the first two seconds */
        listen(world.since_tick, world.since_tick + (length < 2 * SECOND ? length : 2 * SECOND));
    if (world.is_deaf || world.has_slept || length > 2 * SECOND)
        world.resumed = world.now;
    world.is_deaf = world.has_slept = false;
    world.since_tick = world.now;
    look_at_device();
}

static void message_arrives(void)
{
    const struct muster_record record = {
        .arrival_ns = clocks.wall_ns, .msg_type = MUSTER_MSG_DATA, .readings = 1};

    presence_heard(&rhythm, &vitals, &record, hearing_at(ear(), record.arrival_ns),
                   hearing_units(ear()->resumed_ns));
    world.heard = world.now;
    world.is_known = true;
}

static void collector_starts(bool resumed)
{
    hearing_resume(&shared, resumed);
    hearing_begin(&hearing, &shared, true, &clocks);
    hearing_begin(&world.follower, &shared, false, &clocks);
    world.is_deaf = world.has_slept = false;
    world.since_tick = world.resumed = world.now;
}

/* Something that keeps the collector from hearing, or its clocks from being right. */
static void disturb(void)
{
    uint64_t ns = below_u64(one_in(3) ? 100 * SECOND : 5000 * SECOND) + SECOND / 2;

    switch (below_u64(5)) {
    case 0: /* stopped or killed */
        live(ns);
        clocks.monotonic_ns = clocks.boot_ns = below_u64(1000 * SECOND); /* perhaps started anew */
        clocks.kernel_drops = clocks.own_drops = 0;
        collector_starts(true);
        break;
    case 1: /* asleep: no time of the stretch goes by */
        clocks.wall_ns += ns;
        clocks.boot_ns += ns;
        world.has_slept = true;
        break;
    case 2:
        clocks.kernel_drops += 1 + below_u64(100);
        world.is_deaf = true;
        break;
    case 3:
        clocks.wall_ns += ns;
        break;
    case 4:
        clocks.wall_ns -= ns;
        break;
    }
}

/* Until the next tick: messages, if the device talks, and disturbances. */
static void pass_tick(bool talks, unsigned calm)
{
    uint64_t left =
        one_in(100) ? 2 * SECOND + below_u64(30 * SECOND) : 9 * SECOND / 10 + below_u64(SECOND / 3);
    uint64_t follower_at = below_u64(left);

    while (left > 0) {
        uint64_t step = 1 + below_u64(left);
        bool follows_now = world.follows && follower_at < left && follower_at >= left - step;

        left -= step;
        live(step);
        if (one_in(calm))
            disturb();
        if (talks && one_in(1 + world.interval_ns / SECOND))
            message_arrives();
        if (follows_now)
            worker_ticks();
    }
    if (world.follows)
        hearing_tick(&hearing, &clocks);
    else
        worker_ticks();
}

static void live_a_life(uint64_t number)
{
    bool talks = true;
    unsigned calm, i;

    random_seed(number);
    memset(&world, 0, sizeof world);
    memset(&shared, 0, sizeof shared);
    forget_device();
    world.follows = one_in(3);
    world.silent_after = 2 + (uint32_t)below_u64(4);
    world.interval_ns = (2 + below_u64(one_in(4) ? 100 : 20)) * SECOND + below_u64(SECOND);
    calm = one_in(4) ? 8 : 200; /* some lives are full of trouble */
    presence_configure(&rhythm, world.interval_ns);
    /* Near the end of the listening clock, now and then. */
    shared.listened_ns = one_in(3) ? (UINT64_C(1) << 58) - below_u64(1000 * SECOND) : 0;
    clocks = (struct hearing_look){EPOCH, 1000 * SECOND, 1000 * SECOND, 0, 0};
    collector_starts(false);
    for (i = 0; i < 4000; i++) {
        if (one_in(2 * world.interval_ns / SECOND))
            talks = !talks;
        pass_tick(talks, calm);
    }
}

START_TEST(as_the_oracle_says)
{
    unsigned late = 0, silent = 0, i;

    for (i = 0; i < 150; i++) {
        live_a_life(i);
        late += world.late;
        silent += world.silent;
    }
    /* Else nothing was tested. */
    ck_assert_uint_gt(late, 1000);
    ck_assert_uint_gt(silent, 200);
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
                                  the_clock_goes_on,
                                  a_stalled_tick_counts_two_seconds,
                                  a_deaf_second_does_not_count,
                                  sleep_is_noticed,
                                  a_stop_is_noticed,
                                  the_wall_clock_is_set,
                                  a_follower_moves_nothing,
                                  the_tick_wraps,
                                  a_break_is_noticed,
                                  a_break_excuses_a_heartbeat,
                                  nothing_is_learnt_over_a_break,
                                  as_the_oracle_says};
    Suite *suite = suite_create("presence");
    TCase *tests = tcase_create("presence");
    size_t i;

    tcase_set_timeout(tests, 120);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
