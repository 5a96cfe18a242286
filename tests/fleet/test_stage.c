/* SPDX-License-Identifier: MIT
 *
 * The play of a scenario: each verb does what it says.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "fleet/stage.h"
#include "scenes.h"

#define MOST  4096
#define HEAD  "for: 2s\ndevices: { a: { count: 1, interval: 100ms, heartbeat: 0 } }\ntimeline:\n"
#define CLOCK ((uint32_t)(SCENE_WALL / 1000000000u))

/* A play: what came out, and when. */
struct show {
    struct scenario scenario;
    struct stage *stage;
    size_t count;
    struct stage_datagram datagrams[MOST];
    uint64_t ms[MOST];
};

/* Plays it, and ends it before its time if `until_ms` is not 0. */
static void play(struct show *show, const char *text, uint64_t until_ms)
{
    uint64_t due, before = 0;

    scene_load(&show->scenario, text);
    show->stage = stage_new(&show->scenario, SCENE_WALL);
    ck_assert_ptr_nonnull(show->stage);
    show->count = 0;
    while (stage_due(show->stage, &due) && (until_ms == 0 || due < until_ms * NS_PER_MS)) {
        int came = stage_step(show->stage, &show->datagrams[show->count]);

        ck_assert_uint_ge(due, before);
        before = due;
        ck_assert_int_ge(came, 0);
        show->ms[show->count] = due / NS_PER_MS;
        show->count += (size_t)came;
        ck_assert_uint_lt(show->count, MOST);
    }
    while (stage_end(show->stage, &show->datagrams[show->count])) {
        show->ms[show->count++] = UINT64_MAX;
        ck_assert_uint_lt(show->count, MOST);
    }
}

static void done(struct show *show)
{
    stage_free(show->stage);
    scenario_free(&show->scenario);
}

static struct show show, other;

static size_t count_of(const struct show *of, uint32_t sender, uint8_t type, uint64_t from_ms,
                       uint64_t to_ms)
{
    size_t count = 0, i;

    for (i = 0; i < of->count; i++)
        count += of->datagrams[i].sender == sender && of->datagrams[i].type == type &&
                 of->ms[i] >= from_ms && of->ms[i] < to_ms;
    return count;
}

START_TEST(a_timetable)
{
    uint64_t i;

    play(&show,
         "for: 1s\ndevices: { a: { count: 2, interval: 100ms, heartbeat: 400ms, start: 7 } }", 0);
    ck_assert_uint_eq(show.count, 2 * (1 + 10 + 2));
    for (i = 0; i < 2; i++) {
        ck_assert_uint_eq(count_of(&show, (uint32_t)i, MUSTER_MSG_INIT, 50 * i, 50 * i + 1), 1);
        ck_assert_uint_eq(count_of(&show, (uint32_t)i, MUSTER_MSG_DATA, 50 * i + 2, 1000), 10);
        ck_assert_uint_eq(count_of(&show, (uint32_t)i, MUSTER_MSG_HEARTBEAT, 400 + 50 * i, 1000),
                          2);
    }
    ck_assert_uint_eq(show.datagrams[1].number, 7);
    ck_assert_uint_eq(show.datagrams[1].session, 1);
    ck_assert_uint_eq(show.datagrams[1].timestamp, CLOCK);
    done(&show);
}
END_TEST

START_TEST(a_device_that_stops_goes_on_with_the_next_number)
{
    size_t i;

    play(&show, HEAD " - { at: 500ms, for: 1s, do: stop }\n", 0);
    ck_assert_uint_eq(count_of(&show, 0, MUSTER_MSG_DATA, 500, 1500), 0);
    ck_assert_uint_eq(show.count, 1 + 5 + 5);
    for (i = 1; i < show.count; i++)
        ck_assert_uint_eq(show.datagrams[i].number, i);
    done(&show);
}
END_TEST

START_TEST(what_is_lost_leaves_a_hole)
{
    play(&show, HEAD " - { at: 500ms, for: 1s, do: lose }\n", 0);
    ck_assert_uint_eq(show.count, 1 + 5 + 5);
    ck_assert_uint_eq(show.datagrams[6].number, 16);
    ck_assert_uint_eq(stage_decided(show.stage)->withheld[MUSTER_MSG_DATA], 10);
    ck_assert_uint_eq(stage_withheld(show.stage, 0), 10);
    done(&show);
    /* A share of it, and of heartbeats alone. */
    play(&show, HEAD " - { at: 0, do: lose, share: 50% }\n", 0);
    ck_assert(show.count > 4 && show.count < 18);
    done(&show);
    play(&show, HEAD " - { at: 0, do: lose, what: heartbeat }\n", 0);
    ck_assert_uint_eq(show.count, 21);
    done(&show);
}
END_TEST

START_TEST(what_is_under_way_comes_later)
{
    size_t i;
    bool overtaken = false;

    play(&show, HEAD " - { at: 0, for: 1s, do: delay, by: 450ms }\n", 0);
    ck_assert_uint_eq(show.count, 21);
    ck_assert_uint_eq(show.ms[0], 450);
    ck_assert_uint_eq(show.ms[1], 452);
    ck_assert_uint_eq(show.datagrams[1].timestamp, CLOCK);
    ck_assert_uint_eq(stage_decided(show.stage)->underway, 6);
    done(&show);
    play(&show, HEAD " - { at: 0, do: jitter, by: 450ms }\n", 0);
    ck_assert_uint_eq(show.count, 21);
    ck_assert_uint_eq(show.ms[0], 0);
    for (i = 2; i < show.count; i++)
        overtaken |= show.datagrams[i].number < show.datagrams[i - 1].number;
    ck_assert(overtaken);
    done(&show);
}
END_TEST

START_TEST(copies_come_second)
{
    bool came[32] = {false};
    size_t i;

    play(&show, HEAD " - { at: 0, do: duplicate }\n - { at: 0, do: jitter, by: 1s }\n", 0);
    ck_assert_uint_eq(show.count, 42);
    for (i = 0; i < show.count; i++) {
        const struct stage_datagram *datagram = &show.datagrams[i];

        ck_assert_int_eq(datagram->copy, came[datagram->number]);
        came[datagram->number] = true;
    }
    done(&show);
}
END_TEST

START_TEST(a_reboot_begins_anew)
{
    play(&show, HEAD " - { at: 500ms, for: 700ms, do: reboot, first: 40 }\n", 0);
    ck_assert_uint_eq(count_of(&show, 0, MUSTER_MSG_INIT, 1200, 1201), 1);
    ck_assert_uint_eq(count_of(&show, 0, MUSTER_MSG_DATA, 500, 1202), 0);
    ck_assert_uint_eq(show.datagrams[7].number, 40);
    ck_assert_uint_eq(show.datagrams[7].index, 0);
    ck_assert_uint_eq(show.datagrams[7].session, 2);
    ck_assert_uint_eq(show.count, 1 + 5 + 1 + 8);
    done(&show);
    play(&show, HEAD " - { at: 500ms, do: reboot, init: false, first: random }\n", 0);
    ck_assert_uint_eq(show.datagrams[6].type, MUSTER_MSG_DATA);
    ck_assert_uint_gt(show.datagrams[6].number, 1000000);
    ck_assert_uint_eq(show.datagrams[7].number, show.datagrams[6].number + 1);
    done(&show);
    /* One that does not come back before the end. */
    play(&show, HEAD " - { at: 500ms, for: 5s, do: reboot }\n", 0);
    ck_assert_uint_eq(show.count, 6);
    done(&show);
}
END_TEST

START_TEST(clocks)
{
    size_t i, zero = 0;

    play(&show, HEAD " - { at: 1s, do: clock, offset: -1h }\n", 0);
    ck_assert_uint_eq(show.datagrams[5].timestamp, CLOCK);
    ck_assert_uint_eq(show.datagrams[15].timestamp, CLOCK + 1 - 3600);
    done(&show);
    play(&show, HEAD " - { at: 500ms, do: clock, stop: true }\n", 0);
    ck_assert_uint_eq(show.datagrams[20].timestamp, CLOCK);
    done(&show);
    play(&show, HEAD " - { at: 0, do: clock, uptime: true }\n", 0);
    ck_assert_uint_eq(show.datagrams[0].timestamp, 0);
    ck_assert_uint_eq(show.datagrams[20].timestamp, 1);
    done(&show);
    play(&show, HEAD " - { at: 0, do: clock, zero: true, share: 30% }\n", 0);
    for (i = 0; i < show.count; i++)
        zero += show.datagrams[i].timestamp == 0;
    ck_assert(zero > 0 && zero < 15);
    done(&show);
}
END_TEST

START_TEST(a_second_sender)
{
    size_t i;

    play(&show, HEAD " - { at: 1s, for: 500ms, do: share, first: 900, from: 127.0.0.5 }\n", 0);
    ck_assert_uint_eq(count_of(&show, 1, MUSTER_MSG_DATA, 1000, 1500), 5);
    ck_assert_uint_eq(show.count, 21 + 5);
    for (i = 0; i < show.count; i++) {
        const struct stage_datagram *datagram = &show.datagrams[i];

        ck_assert_uint_eq(datagram->device, 0);
        ck_assert_int_eq(datagram->sender == 1, datagram->number >= 900);
        ck_assert_int_eq(datagram->sender == 1, datagram->from != NULL);
    }
    done(&show);
}
END_TEST

START_TEST(random_numbers)
{
    play(&show, HEAD " - { at: 1s, do: random }\n", 0);
    ck_assert(!show.datagrams[5].is_random && show.datagrams[15].is_random);
    ck_assert_uint_ne(show.datagrams[15].number + 1, show.datagrams[16].number);
    done(&show);
}
END_TEST

START_TEST(strangers_are_nobody)
{
    uint8_t bytes[2000];
    size_t i, strangers = 0;

    play(&show,
         "for: 1s\ndevices: { a: { ids: 0-60000 } }\ntimeline:\n"
         " - { at: 990ms, do: stop }\n"
         " - { at: 0, do: stop }\n"
         " - { at: 0, do: strangers, every: 1ms }\n"
         " - { at: 0, for: 100ms, do: strangers, every: 1ms, size: 1900 }\n",
         0);
    for (i = 0; i < show.count; i++) {
        struct muster_header header;
        size_t size = stage_encode(&show.scenario, &show.datagrams[i], bytes, sizeof bytes);

        ck_assert_uint_eq(show.datagrams[i].sender, SCENARIO_STRANGERS);
        ck_assert_str_eq(show.datagrams[i].from, "127.0.0.66");
        strangers++;
        if (muster_header_decode(&header, bytes, size) == 0)
            ck_assert_uint_gt(header.msg_type, MUSTER_MSG_INIT);
    }
    ck_assert_uint_eq(strangers, 1000 + 100);
    ck_assert_uint_eq(stage_largest(&show.scenario), 1900);
    done(&show);
}
END_TEST

START_TEST(bursts)
{
    play(&show, HEAD " - { at: 1050ms, for: 600ms, do: burst, count: 30, every: 300ms }\n", 0);
    ck_assert_uint_eq(count_of(&show, 0, MUSTER_MSG_DATA, 1050, 1051), 30);
    ck_assert_uint_eq(count_of(&show, 0, MUSTER_MSG_DATA, 1350, 1351), 30);
    ck_assert_uint_eq(show.count, 21 + 60);
    done(&show);
}
END_TEST

START_TEST(ways_to_send)
{
    size_t i, joined = 0, to = 0;

    play(&show,
         "for: 2s\ndevices: { a: { count: 3, interval: 100ms, heartbeat: 0 } }\ntimeline:\n"
         " - { at: 1s, do: segment, count: 4 }\n"
         " - { at: 0, for: 500ms, do: broadcast, to: 10.0.0.255 }\n",
         0);
    ck_assert_uint_eq(show.count, 3 * 21);
    for (i = 0; i < show.count; i++) {
        joined += show.datagrams[i].join != 0;
        to += show.datagrams[i].to != NULL;
        if (show.datagrams[i].join != 0 && i + 1 < show.count)
            ck_assert(show.ms[i] >= 1000);
    }
    ck_assert_uint_eq(joined, 30);
    ck_assert_uint_eq(show.datagrams[show.count - 1].join, 8); /* the last two, at the end */
    ck_assert_uint_eq(show.datagrams[show.count - 3].join, 7);
    ck_assert_uint_eq(to, 3 + 15);
    done(&show);
}
END_TEST

START_TEST(one_that_is_cut_off_brings_out_the_rest)
{
    const struct play_decided *decided;
    uint64_t planned;

    play(&show, HEAD " - { at: 0, do: delay, by: 700ms }\n - { at: 0, do: segment, count: 50 }\n",
         1000);
    decided = stage_decided(show.stage);
    planned = decided->planned[MUSTER_MSG_DATA] + decided->planned[MUSTER_MSG_INIT];
    ck_assert_uint_eq(planned, 1 + 10);
    ck_assert_uint_eq(show.count, planned);
    done(&show);
}
END_TEST

/* Everything at once; the datagrams are compared byte by byte. */
static const char everything[] =
    "for: 3s\nseed: %d\ndevices: { a: { count: 5, interval: 50ms, heartbeat: 90ms },\n"
    "           b: { count: 3, interval: 70ms, payload: u16, readings: 4 } }\n"
    "timeline:\n"
    " - { at: 100ms, for: 2s, do: lose, share: 20%% }\n"
    " - { at: 200ms, for: 1s, do: jitter, by: 500ms }\n"
    " - { at: 300ms, for: 1s, do: duplicate, share: 40%% }\n"
    " - { at: 900ms, for: 300ms, do: reboot, group: a, first: random }\n"
    " - { at: 100ms, do: clock, zero: true, share: 10%% }\n"
    " - { at: 500ms, do: share, group: b, first: random }\n"
    " - { at: 700ms, do: random, group: b }\n"
    " - { at: 0, do: strangers }\n";

static void play_everything(struct show *to, int seed)
{
    char text[sizeof everything + 16];

    snprintf(text, sizeof text, everything, seed);
    play(to, text, 0);
}

static bool is_alike(void)
{
    uint8_t a[256], b[256];
    size_t i, size;

    for (i = 0; i < show.count && i < other.count; i++) {
        size = stage_encode(&show.scenario, &show.datagrams[i], a, sizeof a);
        if (stage_encode(&other.scenario, &other.datagrams[i], b, sizeof b) != size ||
            memcmp(a, b, size) != 0 || show.ms[i] != other.ms[i])
            return false;
    }
    return show.count == other.count;
}

START_TEST(the_same_seed_plays_the_same)
{
    play_everything(&show, 4);
    play_everything(&other, 4);
    ck_assert(show.count > 300);
    ck_assert(is_alike());
    done(&other);
    play_everything(&other, 5);
    ck_assert(!is_alike());
    done(&other);
    done(&show);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {a_timetable,
                                  a_device_that_stops_goes_on_with_the_next_number,
                                  what_is_lost_leaves_a_hole,
                                  what_is_under_way_comes_later,
                                  copies_come_second,
                                  a_reboot_begins_anew,
                                  clocks,
                                  a_second_sender,
                                  random_numbers,
                                  strangers_are_nobody,
                                  bursts,
                                  ways_to_send,
                                  one_that_is_cut_off_brings_out_the_rest,
                                  the_same_seed_plays_the_same};
    Suite *suite = suite_create("stage");
    TCase *tcase = tcase_create("stage");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
