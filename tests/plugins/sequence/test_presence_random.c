/* SPDX-License-Identifier: MIT
 *
 * Presence and the listening clock together in random lives, with stops, sleep, drops and clocks
 * that are set, against an oracle that has a list of when the collector listened.
 */
#include <assert.h>
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
#define EPOCH  (UINT64_C(1762534152) * SECOND)       /* when a life begins, by the wall clock */

static struct contact contact;
static struct habits habits;
static struct listening_log listening_log;
static struct listening_clocks clocks;
static struct listening_heard heard;
static struct listening leader; /* of the first worker */

static void pass(uint64_t ns)
{
    clocks.wall_ns += ns;
    clocks.monotonic_ns += ns;
    clocks.boot_ns += ns;
}

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
    struct listening_heard heard_before; /* until the worker's last tick */
    bool has_slept;                      /* the machine has */
    uint64_t since_tick;                 /* when the worker's last tick was, or the start */
    uint64_t resumed;                    /* since when it has listened without a break */
    struct listening follower;           /* of the device's worker, if it does not lead */
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

static struct listening *listening_of_device(void)
{
    return world.follows ? &world.follower : &leader;
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
    const struct listening *own = listening_of_device();
    enum presence before = (enum presence)contact.presence, presence;

    if (!world.is_known)
        return;
    presence = presence_judge(&contact, &habits, listening_units(own->ears[0].now_ns),
                              listening_units(own->ears[0].resumed_ns), world.silent_after);
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
    uint64_t received = heard.received - world.heard_before.received;
    uint64_t dropped = heard.dropped - world.heard_before.dropped;

    listening_tick(listening_of_device(), &clocks, &heard, 1);
    /* Of a stall, the first two seconds; and what was heard of it. */
    listen(world.since_tick,
           world.since_tick +
               (uint64_t)((double)(length < 2 * SECOND ? length : 2 * SECOND) *
                          (dropped == 0 ? 1 : (double)received / (double)(received + dropped))));
    if ((dropped > 0 && received == 0) || world.has_slept || length > 2 * SECOND)
        world.resumed = world.now;
    world.heard_before = heard;
    world.has_slept = false;
    world.since_tick = world.now;
    look_at_device();
}

static void message_arrives(void)
{
    const struct muster_record record = {
        .arrival_ns = clocks.wall_ns, .msg_type = MUSTER_MSG_DATA, .readings = 1};

    const struct listening_moment moment =
        listening_moment_of(listening_of_device(), 0, record.arrival_ns);

    presence_heard(&contact, &habits, &record, &moment, world.silent_after);
    heard.received++;
    world.heard = world.now;
    world.is_known = true;
}

static void collector_starts(void)
{
    listening_begin(&leader, &listening_log, true, &clocks, &heard, 1);
    listening_begin(&world.follower, &listening_log, false, &clocks, &heard, 1);
    world.heard_before = heard;
    world.has_slept = false;
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
        heard = (struct listening_heard){0, 0};
        collector_starts();
        break;
    case 1: /* asleep: no time of the stretch goes by */
        clocks.wall_ns += ns;
        clocks.boot_ns += ns;
        world.has_slept = true;
        break;
    case 2:
        heard.dropped += 1 + below_u64(100);
        heard.received += one_in(2) ? below_u64(200) : 0;
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
        listening_tick(&leader, &clocks, &heard, 1);
    else
        worker_ticks();
}

static void live_a_life(uint64_t number)
{
    bool talks = true;
    unsigned calm, i;

    random_seed(number);
    memset(&world, 0, sizeof world);
    memset(&listening_log, 0, sizeof listening_log);
    memset(&contact, 0, sizeof contact);
    memset(&habits, 0, sizeof habits);
    world.follows = one_in(3);
    world.silent_after = 2 + (uint32_t)below_u64(4);
    world.interval_ns = (2 + below_u64(one_in(4) ? 100 : 20)) * SECOND + below_u64(SECOND);
    calm = one_in(4) ? 8 : 200; /* some lives are full of trouble */
    presence_configure(&habits, world.interval_ns, 0);
    /* Near the end of the listening clock, now and then. */
    listening_log.listened_ns = one_in(3) ? (UINT64_C(1) << 58) - below_u64(1000 * SECOND) : 0;
    clocks = (struct listening_clocks){EPOCH, 1000 * SECOND, 1000 * SECOND};
    heard = (struct listening_heard){0, 0};
    collector_starts();
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
    const TTest *const cases[] = {as_the_oracle_says};
    Suite *suite = suite_create("presence, random");
    TCase *tests = tcase_create("presence, random");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
