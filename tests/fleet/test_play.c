/* SPDX-License-Identifier: MIT
 *
 * The timetable, the bytes, and the decisions of the network.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "fleet/play.h"
#include "plan.h"

/* ---- The timetable ------------------------------------------------------------------ */

START_TEST(one_device_keeps_the_timetable)
{
    static const struct {
        uint64_t due_ms;
        uint8_t type;
        uint64_t index;
    } expected[] = {
        {0, MUSTER_MSG_INIT, 0},     {2, MUSTER_MSG_DATA, 0},     {5000, MUSTER_MSG_HEARTBEAT, 0},
        {6002, MUSTER_MSG_DATA, 1},  {12002, MUSTER_MSG_DATA, 2}, {18002, MUSTER_MSG_DATA, 3},
        {24002, MUSTER_MSG_DATA, 4}, {30002, MUSTER_MSG_DATA, 5}, {35000, MUSTER_MSG_HEARTBEAT, 1},
        {36002, MUSTER_MSG_DATA, 6},
    };
    struct play_plan plan = a_plan();
    struct play_datagram out[PLAY_STEP_MAX];
    struct play *play;
    size_t i;

    plan.devices = 1;
    plan.count = sizeof expected / sizeof *expected;
    play = play_new(&plan);
    for (i = 0; i < plan.count; i++) {
        uint64_t due;

        ck_assert(play_due(play, &due));
        ck_assert_uint_eq(due, expected[i].due_ms * 1000000);
        ck_assert_uint_eq(play_step(play, CLOCK, CLOCK, out), 1);
        ck_assert_uint_eq(out[0].type, expected[i].type);
        ck_assert_uint_eq(out[0].index, expected[i].index);
        ck_assert(!out[0].copy);
    }
    ck_assert(!play_due(play, &(uint64_t){0}));
    ck_assert_uint_eq(play_end(play, out), 0);
    play_free(play);
}
END_TEST

START_TEST(intervals_are_as_asked)
{
    /* The heartbeat is the shortest, so all three start within it. */
    static const struct {
        uint64_t due_ms;
        uint8_t type;
    } expected[] = {
        {0, MUSTER_MSG_INIT},    {2, MUSTER_MSG_DATA},         {300, MUSTER_MSG_HEARTBEAT},
        {502, MUSTER_MSG_DATA},  {600, MUSTER_MSG_HEARTBEAT},  {900, MUSTER_MSG_HEARTBEAT},
        {1002, MUSTER_MSG_DATA}, {1200, MUSTER_MSG_HEARTBEAT}, {1500, MUSTER_MSG_HEARTBEAT},
        {1502, MUSTER_MSG_DATA},
    };
    struct play_plan plan = a_plan();
    struct play_datagram out[PLAY_STEP_MAX];
    uint64_t start[3] = {0}, due;
    size_t next[3] = {0}, i;
    struct play *play;

    plan.data_ns = NS_PER_S / 2;
    plan.heartbeat_ns = 3 * NS_PER_S / 10;
    plan.count = 3 * sizeof expected / sizeof *expected;
    play = play_new(&plan);
    while (play_due(play, &due)) {
        ck_assert_uint_eq(play_step(play, CLOCK, CLOCK, out), 1);
        if (out[0].type == MUSTER_MSG_INIT)
            start[out[0].device] = due;
        i = next[out[0].device]++;
        if (i == sizeof expected / sizeof *expected)
            break;
        ck_assert_uint_eq(out[0].type, expected[i].type);
        ck_assert_uint_eq(due, start[out[0].device] + expected[i].due_ms * 1000000);
        ck_assert_uint_le(start[out[0].device], NS_PER_S / 5);
    }
    play_free(play);

    /* Without heartbeats. */
    plan.heartbeat_ns = 0;
    plan.count = 1000;
    play = play_new(&plan);
    while (play_due(play, &due)) {
        ck_assert_uint_eq(play_step(play, CLOCK, CLOCK, out), 1);
        ck_assert_int_ne(out[0].type, MUSTER_MSG_HEARTBEAT);
    }
    ck_assert_uint_gt(due, 165 * NS_PER_S);
    play_free(play);
}
END_TEST

/* Notes the order in which the devices start. */
static void starts(uint64_t seed, uint32_t *order, uint32_t devices)
{
    struct play_plan plan = a_plan();
    struct play_datagram out[PLAY_STEP_MAX];
    uint8_t *started = calloc(devices, 1);
    uint32_t count = 0;
    uint64_t due, before = 0;
    struct play *play;

    plan.devices = devices;
    plan.seed = seed;
    play = play_new(&plan);
    ck_assert(play != NULL && started != NULL);
    while (play_due(play, &due) && due < 7 * NS_PER_S) {
        require(due >= before, "time does not go back");
        before = due;
        require(play_step(play, CLOCK, CLOCK, out) == 1, "nothing is withheld or held back");
        if (out[0].type == MUSTER_MSG_INIT) {
            require(due == count * 6 * NS_PER_S / devices, "the starts are spread evenly");
            require(!started[out[0].device], "a device starts once");
            started[out[0].device] = 1;
            order[count++] = out[0].device;
        } else {
            require(started[out[0].device], "a device starts before it sends");
        }
    }
    ck_assert_uint_eq(count, devices);
    play_free(play);
    free(started);
}

START_TEST(starts_are_spread_in_an_order_from_the_seed)
{
    static uint32_t one[PLAY_DEVICES_MAX], same[PLAY_DEVICES_MAX], other[PLAY_DEVICES_MAX];

    starts(1, one, PLAY_DEVICES_MAX);
    starts(1, same, PLAY_DEVICES_MAX);
    starts(2, other, PLAY_DEVICES_MAX);
    ck_assert(memcmp(one, same, sizeof one) == 0);
    ck_assert(memcmp(one, other, sizeof one) != 0);
}
END_TEST

START_TEST(flat_pace_takes_turns)
{
    static const struct {
        uint8_t type;
        uint32_t device;
        uint64_t index;
    } expected[] = {
        {MUSTER_MSG_INIT, 0, 0}, {MUSTER_MSG_INIT, 1, 0}, {MUSTER_MSG_DATA, 0, 0},
        {MUSTER_MSG_DATA, 0, 1}, {MUSTER_MSG_DATA, 1, 0}, {MUSTER_MSG_DATA, 1, 1},
        {MUSTER_MSG_DATA, 0, 2}, {MUSTER_MSG_DATA, 0, 3}, {MUSTER_MSG_DATA, 1, 2},
    };
    struct play_plan plan = a_plan();
    struct play_datagram out[PLAY_STEP_MAX];
    struct play *play;
    size_t i;

    plan.devices = 2;
    plan.pace = PLAY_FLAT;
    plan.interval_ns = 1000;
    plan.turn = 2;
    play = play_new(&plan);
    for (i = 0; i < sizeof expected / sizeof *expected; i++) {
        uint64_t due;

        ck_assert(play_due(play, &due));
        ck_assert_uint_eq(due, i * 1000);
        ck_assert_uint_eq(play_step(play, CLOCK, CLOCK, out), 1);
        ck_assert_uint_eq(out[0].type, expected[i].type);
        ck_assert_uint_eq(out[0].device, expected[i].device);
        ck_assert_uint_eq(out[0].index, expected[i].index);
    }
    play_free(play);
}
END_TEST

/* ---- Bytes -------------------------------------------------------------------------- */

START_TEST(bytes_are_those_of_a_device)
{
    static const uint8_t init[] = {0, 101, 0, 0, 0, 0, 0x65, 0x53, 0xf1, 0, 2, 0};
    static const uint8_t data[] = {0,    101, 0, 0, 0,   1,   0x65, 0x53,
                                   0xf1, 0,   1, 1, '2', '6', '.',  '6'};
    struct play_plan plan = a_plan();
    struct play_datagram datagram = {.clock_ns = 0x6553f100 * NS_PER_S, .type = MUSTER_MSG_INIT};
    uint8_t out[64];

    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof out), sizeof init);
    ck_assert_mem_eq(out, init, sizeof init);
    datagram.type = MUSTER_MSG_DATA;
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof out), sizeof data);
    ck_assert_mem_eq(out, data, sizeof data);
    datagram.index = datagram.place = 1;
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof out), sizeof data);
    ck_assert_mem_eq(out + 12, "27.6", 4);
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof data - 1), 0);
}
END_TEST

START_TEST(numbers_and_ids_wrap)
{
    struct play_plan plan = a_plan();
    struct play_datagram datagram = {.type = MUSTER_MSG_DATA, .device = 2, .index = 1, .place = 3};
    struct muster_header header;
    uint8_t out[64];
    size_t size;

    plan.first_id = 65535;
    plan.start_seq = 0xfffffffe;
    plan.form.payload = MESSAGE_U16;
    plan.form.readings = 3;
    size = play_encode(&plan, &datagram, out, sizeof out);
    ck_assert_uint_eq(size, 12 + 6);
    ck_assert_int_eq(muster_header_decode(&header, out, size), 0);
    ck_assert_uint_eq(header.device_id, 1);
    ck_assert_uint_eq(header.seq_num, 1);
    ck_assert_uint_eq(header.flags, MUSTER_FLAG_ACK);
    /* Readings 3, 4 and 5 of that device, in tenths. */
    ck_assert_uint_eq(muster_get_u16(out + 12), 268 + 30);
    ck_assert_uint_eq(muster_get_u16(out + 14), 268 + 40);
    ck_assert_uint_eq(muster_get_u16(out + 16), 268 + 50);
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, 17), 0);
}
END_TEST

START_TEST(readings_stay_in_bounds)
{
    struct play_plan plan = a_plan();
    struct play_datagram datagram = {.type = MUSTER_MSG_DATA};
    uint8_t out[64];

    for (datagram.device = 0; datagram.device < 300; datagram.device++) {
        for (datagram.index = 0; datagram.index < 200; datagram.index++) {
            double value;

            require(play_encode(&plan, &datagram, out, sizeof out) == 16, "four bytes of text");
            out[16] = '\0';
            value = atof((char *)out + 12);
            require(value >= 26.6 && value <= 76.5, "the reading is believable");
        }
    }
}
END_TEST

/* ---- The network -------------------------------------------------------------------- */

/* A number that depends on all that is delivered, and on the order. */
static uint64_t fingerprint(const struct play_plan *plan)
{
    struct play *play = play_new(plan);
    struct play_datagram out[PLAY_STEP_MAX];
    uint64_t due, print = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    uint8_t bytes[64];
    size_t n, k, i;
    bool more;

    do {
        more = play_due(play, &due);
        n = more ? play_step(play, CLOCK, CLOCK, out) : play_end(play, out);
        for (k = 0; k < n; k++) {
            size_t size = play_encode(plan, &out[k], bytes, sizeof bytes);

            for (i = 0; i < size; i++)
                print = (print ^ bytes[i]) * UINT64_C(0x100000001b3);
        }
    } while (more || n > 0);
    play_free(play);
    return print;
}

START_TEST(the_same_seed_plays_the_same)
{
    struct play_plan plan = a_plan();
    uint64_t print;

    plan.count = 5000;
    plan.loss = plan.duplicate = plan.reorder = 0.1;
    print = fingerprint(&plan);
    ck_assert_uint_eq(print, fingerprint(&plan));
    plan.seed = 2;
    ck_assert_uint_ne(print, fingerprint(&plan));
}
END_TEST

/* A seed that somebody noted down plays the same for ever. */
START_TEST(a_seed_keeps_its_meaning)
{
    struct play_plan plan = a_plan();

    plan.count = 5000;
    plan.loss = plan.duplicate = plan.reorder = 0.1;
    ck_assert_uint_eq(fingerprint(&plan), UINT64_C(0xc10f854bee3aee44));
    plan.pace = PLAY_FLAT;
    ck_assert_uint_eq(fingerprint(&plan), UINT64_C(0xd35bec7223ff9bdf));
    /* When nothing overtakes, a delay changes no byte either. */
    plan.interval_ns = 1000000;
    plan.delay_ns = 123456789;
    ck_assert_uint_eq(fingerprint(&plan), UINT64_C(0xd35bec7223ff9bdf));
}
END_TEST

START_TEST(decisions_do_not_depend_on_the_pace)
{
    struct play_plan plan = a_plan();
    uint64_t print;

    plan.pace = PLAY_FLAT;
    plan.count = 5000;
    plan.loss = plan.duplicate = plan.reorder = 0.1;
    print = fingerprint(&plan);
    plan.interval_ns = 12345.6;
    ck_assert_uint_eq(print, fingerprint(&plan));
}
END_TEST

START_TEST(a_late_one_is_behind_one_to_three)
{
    struct play_plan plan = a_plan();
    struct play *play;
    struct play_datagram out[PLAY_STEP_MAX];
    static bool in_time[3][10000];
    uint64_t late = 0, due;
    size_t n, k;

    plan.pace = PLAY_FLAT;
    plan.count = 9000;
    plan.loss = plan.duplicate = 0.1;
    plan.reorder = 0.3;
    play = play_new(&plan);
    while (play_due(play, &due)) {
        n = play_step(play, CLOCK, CLOCK, out);
        for (k = 0; k < n; k++) {
            const struct play_datagram *datagram = &out[k];
            unsigned int overtook = 0;
            uint64_t i;

            if (datagram->type != MUSTER_MSG_DATA)
                continue;
            if (datagram->copy) {
                require(k > 0 && out[k - 1].index == datagram->index &&
                            out[k - 1].device == datagram->device && !out[k - 1].copy,
                        "the second is directly behind the first");
                continue;
            }
            for (i = datagram->index + 1; i < datagram->index + 100; i++)
                overtook += in_time[datagram->device][i];
            require(overtook <= 3, "1 to 3 overtook a late one, and none another");
            late += overtook > 0;
            in_time[datagram->device][datagram->index] = overtook == 0;
        }
    }
    ck_assert_uint_gt(late, 1000);
    play_free(play);
}
END_TEST

/* ---- The way ------------------------------------------------------------------------ */

/* When each datagram was made, and when it came out, by type and index. */
struct journey {
    uint64_t made[PLAY_TYPES][2000], out[PLAY_TYPES][2000];
    uint64_t count;
};

static void travel(const struct play_plan *plan, struct journey *journey)
{
    struct play_plan at_once = *plan;
    struct play_datagram out[PLAY_STEP_MAX];
    struct play *play;
    uint64_t due, before = 0;

    at_once.delay_ns = at_once.jitter_ns = 0;
    play = play_new(&at_once);
    while (play_due(play, &due)) {
        require(play_step(play, CLOCK, CLOCK, out) == 1, "one at once");
        journey->made[out[0].type][out[0].index] = due;
    }
    play_free(play);
    play = play_new(plan);
    for (journey->count = 0; play_due(play, &due);) {
        require(due >= before, "time does not go back");
        before = due;
        if (play_step(play, CLOCK, CLOCK, out) == 0)
            continue;
        journey->out[out[0].type][out[0].index] = due;
        journey->count++;
    }
    ck_assert_uint_eq(play_end(play, out), 0);
    ck_assert_uint_le(play_decided(play)->underway, play_underway(plan));
    ck_assert_uint_ge(play_decided(play)->underway, plan->delay_ns / plan->data_ns);
    play_free(play);
}

START_TEST(each_is_under_way_as_long_as_asked)
{
    static struct journey journey;
    struct play_plan plan = a_plan();
    uint64_t shortest = UINT64_MAX, longest = 0, overtaken = 0, i;
    uint8_t type;

    plan.devices = 1;
    plan.count = 2000;
    plan.data_ns = NS_PER_S / 10;
    plan.heartbeat_ns = NS_PER_S;
    plan.delay_ns = NS_PER_S;
    plan.jitter_ns = _i == 0 ? 0 : NS_PER_S / 2;
    memset(&journey, 0, sizeof journey);
    travel(&plan, &journey);
    ck_assert_uint_eq(journey.count, plan.count);
    ck_assert_uint_eq(journey.out[MUSTER_MSG_INIT][0], plan.delay_ns);
    for (type = 0; type < PLAY_TYPES; type++) {
        for (i = 0; i < plan.count && journey.out[type][i] > 0; i++) {
            uint64_t way = journey.out[type][i] - journey.made[type][i];

            require(way >= plan.delay_ns && way <= plan.delay_ns + plan.jitter_ns, "as asked");
            shortest = way < shortest ? way : shortest;
            longest = way > longest ? way : longest;
            overtaken += i > 0 && journey.out[type][i] < journey.out[type][i - 1];
        }
    }
    ck_assert_uint_lt(shortest, plan.delay_ns + plan.jitter_ns / 50 + 1);
    ck_assert_uint_gt(longest + plan.jitter_ns / 50 + 1, plan.delay_ns + plan.jitter_ns);
    ck_assert_int_eq(overtaken > 0, plan.jitter_ns > 0);
}
END_TEST

/* A play that is cut off sends what is under way, in the order of coming out. */
START_TEST(the_end_brings_out_what_is_under_way)
{
    struct play_plan plan = a_plan();
    struct play_datagram out[PLAY_STEP_MAX];
    struct play *play;
    uint64_t due, made = 0, came = 0;
    size_t n, i;

    plan.data_ns = NS_PER_S / 100;
    plan.delay_ns = 5 * NS_PER_S;
    play = play_new(&plan);
    while (play_due(play, &due) && due < 4 * NS_PER_S) {
        ck_assert_uint_eq(play_step(play, CLOCK, CLOCK, out), 0);
        made++;
    }
    while ((n = play_end(play, out)) > 0) {
        for (i = 0; i < n; i++)
            came += out[i].device < plan.devices;
    }
    ck_assert_uint_eq(came, made);
    play_free(play);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {one_device_keeps_the_timetable,
                                  intervals_are_as_asked,
                                  starts_are_spread_in_an_order_from_the_seed,
                                  flat_pace_takes_turns,
                                  bytes_are_those_of_a_device,
                                  numbers_and_ids_wrap,
                                  readings_stay_in_bounds,
                                  the_same_seed_plays_the_same,
                                  a_seed_keeps_its_meaning,
                                  decisions_do_not_depend_on_the_pace,
                                  a_late_one_is_behind_one_to_three,
                                  the_end_brings_out_what_is_under_way};
    Suite *suite = suite_create("play");
    TCase *tcase = tcase_create("play");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, each_is_under_way_as_long_as_asked, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
