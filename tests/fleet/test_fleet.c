/* SPDX-License-Identifier: MIT
 *
 * Tests of muster-fleet: the timetable, the network's decisions, the figures
 * against a model of a collector that goes by the bytes alone, the command
 * line, the report, and a play over the loopback.
 */
#include <check.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <muster/wire.h>

#include "common/runner.h"
#include "fleet/account.h"
#include "fleet/options.h"
#include "fleet/play.h"
#include "fleet/report.h"
#include "fleet/run.h"
#include "fleet/send.h"

#define NS_PER_S UINT64_C(1000000000)
#define CLOCK    1700000000u

static struct play_plan a_plan(void)
{
    return (struct play_plan){
        .devices = 3, .first_id = 101, .start_seq = 1, .readings = 1, .seed = 1, .turn = 1};
}

/* As ck_assert, which is too slow for what runs a million times. */
static void require(bool holds, const char *what)
{
    if (!holds)
        ck_abort_msg("%s", what);
}

/* ---- A collector's model: what it sees of one device, by number --------------------------- */

struct model_device {
    bool session, any;
    uint32_t first, highest, init_time;
    uint8_t *seen; /* by distance from the plan's start_seq */
};

struct model {
    struct account_expect sees;
    uint32_t start_seq;
    uint64_t numbers; /* a device's numbers that fit into `seen` */
    struct model_device *devices;
};

static void model_number(struct model *model, struct model_device *device, uint32_t seq)
{
    uint32_t place = seq - model->start_seq;
    uint32_t ahead = seq - device->highest;

    require(place < model->numbers, "the number belongs to the play");
    model->sees.records++;
    if (!device->any) {
        device->any = true;
        device->first = device->highest = seq;
    } else if (device->seen[place]) {
        model->sees.duplicates++;
    } else if (ahead < 0x80000000u) {
        model->sees.gaps += ahead > 1;
        model->sees.missing += ahead - 1;
        device->highest = seq;
    } else {
        model->sees.late++;
        model->sees.recovered += seq - device->first < 0x80000000u;
    }
    device->seen[place] = 1;
}

static void model_datagram(struct model *model, const struct play_plan *plan, const uint8_t *bytes,
                           size_t size)
{
    struct muster_header header;
    struct model_device *device;
    size_t i;

    require(muster_header_decode(&header, bytes, size) == 0, "the header is whole");
    device = &model->devices[(uint16_t)(header.device_id - plan->first_id)];
    model->sees.datagrams++;
    switch (header.msg_type) {
    case MUSTER_MSG_INIT:
        require(size == MUSTER_HEADER_SIZE, "an INIT has no payload");
        model->sees.records++;
        model->sees.duplicates += device->session && device->init_time == header.timestamp;
        device->session = true;
        device->init_time = header.timestamp;
        break;
    case MUSTER_MSG_HEARTBEAT:
        require(size == MUSTER_HEADER_SIZE, "a HEARTBEAT has no payload");
        require(header.seq_num == 0, "a HEARTBEAT has no number");
        model->sees.records++;
        model->sees.unnumbered++;
        break;
    default:
        require(header.msg_type == MUSTER_MSG_DATA, "there is no other type");
        for (i = 0; i < plan->readings; i++)
            model_number(model, device, header.seq_num + (uint32_t)i);
    }
}

/* Plays it all; hands each datagram to the account and to the model, and checks
 * what the play says of lateness. */
static void play_all(const struct play_plan *plan, uint64_t stop_ns,
                     struct account_figures *figures, struct model *model)
{
    struct play *play = play_new(plan);
    struct account *account = account_new(plan);
    struct play_datagram out[PLAY_STEP_MAX];
    uint8_t bytes[4096];
    uint64_t due, before = 0;
    uint32_t i;
    size_t n, k;

    ck_assert(play != NULL && account != NULL);
    *model = (struct model){.start_seq = plan->start_seq, .numbers = 40000};
    model->devices = calloc(plan->devices, sizeof *model->devices);
    ck_assert_ptr_nonnull(model->devices);
    for (i = 0; i < plan->devices; i++) {
        model->devices[i].seen = calloc(1, model->numbers);
        ck_assert_ptr_nonnull(model->devices[i].seen);
    }
    for (;;) {
        bool more = play_due(play, &due) && due < stop_ns;

        if (more) {
            require(due >= before, "time does not go back");
            before = due;
            n = play_step(play, CLOCK + (uint32_t)(due / NS_PER_S), out);
        } else {
            n = play_end(play, out);
        }
        require(n <= PLAY_STEP_MAX, "a step delivers no more than it may");
        for (k = 0; k < n; k++) {
            size_t size = play_encode(plan, &out[k], bytes, sizeof bytes);

            require(size == play_size(plan, out[k].type), "the size is the one foretold");
            account_sent(account, &out[k], size);
            model_datagram(model, plan, bytes, size);
        }
        if (!more && n == 0)
            break;
    }
    model->sees.lost = model->sees.missing - model->sees.recovered;
    account_figures(account, play_decided(play), figures);
    for (i = 0; i < plan->devices; i++)
        free(model->devices[i].seen);
    free(model->devices);
    account_free(account);
    play_free(play);
}

/* ---- The timetable ------------------------------------------------------------------------ */

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
        ck_assert_uint_eq(play_step(play, CLOCK, out), 1);
        ck_assert_uint_eq(out[0].type, expected[i].type);
        ck_assert_uint_eq(out[0].index, expected[i].index);
        ck_assert(!out[0].late && !out[0].copy);
    }
    ck_assert(!play_due(play, &(uint64_t){0}));
    ck_assert_uint_eq(play_end(play, out), 0);
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
        require(play_step(play, CLOCK, out) == 1, "nothing is withheld or held back");
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
        ck_assert_uint_eq(play_step(play, CLOCK, out), 1);
        ck_assert_uint_eq(out[0].type, expected[i].type);
        ck_assert_uint_eq(out[0].device, expected[i].device);
        ck_assert_uint_eq(out[0].index, expected[i].index);
    }
    play_free(play);
}
END_TEST

/* ---- Bytes -------------------------------------------------------------------------------- */

START_TEST(bytes_are_those_of_a_device)
{
    static const uint8_t init[] = {0, 101, 0, 0, 0, 0, 0x65, 0x53, 0xf1, 0, 2, 0};
    static const uint8_t data[] = {0,    101, 0, 0, 0,   1,   0x65, 0x53,
                                   0xf1, 0,   1, 1, '2', '6', '.',  '6'};
    struct play_plan plan = a_plan();
    struct play_datagram datagram = {.timestamp = 0x6553f100, .type = MUSTER_MSG_INIT};
    uint8_t out[64];

    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof out), sizeof init);
    ck_assert_mem_eq(out, init, sizeof init);
    datagram.type = MUSTER_MSG_DATA;
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof out), sizeof data);
    ck_assert_mem_eq(out, data, sizeof data);
    datagram.index = 1;
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof out), sizeof data);
    ck_assert_mem_eq(out + 12, "27.6", 4);
    ck_assert_uint_eq(play_encode(&plan, &datagram, out, sizeof data - 1), 0);
}
END_TEST

START_TEST(numbers_and_ids_wrap)
{
    struct play_plan plan = a_plan();
    struct play_datagram datagram = {.type = MUSTER_MSG_DATA, .device = 2, .index = 1};
    struct muster_header header;
    uint8_t out[64];
    size_t size;

    plan.first_id = 65535;
    plan.start_seq = 0xfffffffe;
    plan.payload = PLAY_U16;
    plan.readings = 3;
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

/* ---- The network -------------------------------------------------------------------------- */

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
        n = more ? play_step(play, CLOCK, out) : play_end(play, out);
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
        n = play_step(play, CLOCK, out);
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
            require(datagram->late ? overtook >= 1 && overtook <= 3 : overtook == 0,
                    "1 to 3 overtook a late one, and none another");
            late += datagram->late;
            in_time[datagram->device][datagram->index] = !datagram->late;
        }
    }
    ck_assert_uint_gt(late, 1000);
    play_free(play);
}
END_TEST

START_TEST(shares_are_as_asked)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct model model;

    plan.pace = PLAY_FLAT;
    plan.count = 100000;
    plan.loss = 0.05;
    plan.duplicate = 0.02;
    plan.reorder = 0.01;
    play_all(&plan, UINT64_MAX, &figures, &model);
    ck_assert_uint_eq(figures.planned, 100000);
    /* Six standard deviations. */
    ck_assert(llabs((long long)figures.withheld[MUSTER_MSG_DATA] - 5000) < 414);
    ck_assert(llabs((long long)figures.doubled[MUSTER_MSG_DATA] - 1900) < 260);
    ck_assert(llabs((long long)figures.delayed - 950) < 185);
}
END_TEST

START_TEST(everything_withheld)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct model model;

    plan.count = 500;
    plan.loss = 1;
    plan.duplicate = plan.reorder = 1;
    play_all(&plan, UINT64_MAX, &figures, &model);
    ck_assert_uint_eq(figures.sent, 0);
    ck_assert_uint_eq(figures.bytes, 0);
    ck_assert_uint_eq(figures.withheld[MUSTER_MSG_INIT], 3);
    ck_assert_uint_eq(figures.expect.lost, 0);
    ck_assert_uint_eq(figures.expect.invisible, figures.withheld[MUSTER_MSG_DATA]);
}
END_TEST

START_TEST(held_ones_that_nothing_overtook_are_in_time)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct model model;

    plan.devices = 1;
    plan.pace = PLAY_FLAT;
    plan.count = 1 + PLAY_HELD_MAX;
    plan.reorder = 1;
    play_all(&plan, UINT64_MAX, &figures, &model);
    ck_assert_uint_eq(figures.sent, 1 + PLAY_HELD_MAX);
    ck_assert_uint_eq(figures.delayed, 0);
    ck_assert_uint_eq(figures.expect.late, 0);
    ck_assert_uint_eq(figures.expect.missing, 0);
    /* One more finds the queue full, and overtakes them all. */
    plan.count++;
    play_all(&plan, UINT64_MAX, &figures, &model);
    ck_assert_uint_eq(figures.delayed, PLAY_HELD_MAX);
    ck_assert_uint_eq(figures.expect.late, PLAY_HELD_MAX);
    ck_assert_uint_eq(figures.expect.recovered, 0); /* all before the session's first */
}
END_TEST

/* ---- The figures -------------------------------------------------------------------------- */

static const struct {
    double loss, duplicate, reorder;
    uint32_t devices, readings, start_seq;
    enum play_pace pace;
    uint64_t count;
} plays[] = {
    {0, 0, 0, 3, 1, 1, PLAY_TIMETABLE, 0},
    {0.05, 0, 0, 3, 1, 1, PLAY_TIMETABLE, 0},
    {0, 0.05, 0, 3, 1, 1, PLAY_TIMETABLE, 0},
    {0, 0, 0.05, 3, 1, 1, PLAY_TIMETABLE, 0},
    {0.1, 0.1, 0.1, 50, 1, 1, PLAY_TIMETABLE, 0},
    {0.5, 0.5, 0.5, 50, 1, 1, PLAY_TIMETABLE, 1000},
    {0.5, 0.5, 1, 7, 1, 1, PLAY_FLAT, 5000},
    {0.9, 0.1, 0.5, 400, 1, 1, PLAY_FLAT, 3000},
    {0, 1, 1, 1, 1, 0, PLAY_FLAT, 777},
    {0.2, 0.2, 0.2, 5, 1, 0xfffffff0, PLAY_FLAT, 5000},
    {0.2, 0.2, 0.2, 5, 7, 0xfffffff0, PLAY_FLAT, 5000},
    {0.2, 0.2, 0.2, 20, 300, 1, PLAY_TIMETABLE, 2000},
};

START_TEST(figures_agree_with_the_model)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct model model;
    const struct account_expect *expect = &figures.expect, *sees = &model.sees;
    uint64_t withheld;
    uint64_t doubled;

    plan.loss = plays[_i].loss;
    plan.duplicate = plays[_i].duplicate;
    plan.reorder = plays[_i].reorder;
    plan.devices = plays[_i].devices;
    plan.readings = plays[_i].readings;
    plan.payload = plan.readings > 1 ? PLAY_U16 : PLAY_TEXT;
    plan.start_seq = plays[_i].start_seq;
    plan.pace = plays[_i].pace;
    plan.count = plays[_i].count;
    for (plan.seed = 1; plan.seed <= 5; plan.seed++) {
        play_all(&plan, 1000 * NS_PER_S, &figures, &model);
        ck_assert_uint_gt(sees->datagrams, 0);
        ck_assert_uint_eq(expect->datagrams, sees->datagrams);
        ck_assert_uint_eq(expect->records, sees->records);
        ck_assert_uint_eq(expect->missing, sees->missing);
        ck_assert_uint_eq(expect->recovered, sees->recovered);
        ck_assert_uint_eq(expect->late, sees->late);
        ck_assert_uint_eq(expect->lost, sees->lost);
        ck_assert_uint_eq(expect->gaps, sees->gaps);
        ck_assert_uint_eq(expect->duplicates, sees->duplicates);
        ck_assert_uint_eq(expect->unnumbered, sees->unnumbered);
        withheld = figures.withheld[0] + figures.withheld[1] + figures.withheld[2];
        doubled = figures.doubled[0] + figures.doubled[1] + figures.doubled[2];
        ck_assert_uint_eq(figures.unsent, 0);
        ck_assert_uint_eq(figures.sent, figures.planned - withheld + doubled);
        ck_assert_uint_eq(figures.withheld[MUSTER_MSG_DATA] * plan.readings,
                          expect->lost + expect->invisible);
        if (plan.loss > 0)
            ck_assert_uint_gt(withheld, 0);
        if (plan.reorder > 0)
            ck_assert_uint_gt(figures.delayed, 0);
    }
}
END_TEST

START_TEST(figures_by_hand)
{
    /* Of one device: INIT twice, numbers 3, 1 (late), 5, 4 (late, twice), 9; a heartbeat
     * twice.  Withheld: 2, 6, 7, 8 and, after the last, 10. */
    static const struct play_datagram sent[] = {
        {.type = MUSTER_MSG_INIT},
        {.type = MUSTER_MSG_INIT, .copy = true},
        {.type = MUSTER_MSG_DATA, .index = 2, .withheld = 1},
        {.type = MUSTER_MSG_DATA, .index = 0, .late = true},
        {.type = MUSTER_MSG_DATA, .index = 4, .withheld = 1},
        {.type = MUSTER_MSG_DATA, .index = 3, .withheld = 1, .late = true},
        {.type = MUSTER_MSG_DATA, .index = 3, .withheld = 1, .late = true, .copy = true},
        {.type = MUSTER_MSG_DATA, .index = 8, .withheld = 4},
        {.type = MUSTER_MSG_HEARTBEAT},
        {.type = MUSTER_MSG_HEARTBEAT, .copy = true},
    };
    struct play_decided decided = {0};
    struct play_plan plan = a_plan();
    struct account *account;
    struct account_figures figures;
    size_t i;

    plan.payload = PLAY_U16;
    plan.readings = 2;
    account = account_new(&plan);
    for (i = 0; i < sizeof sent / sizeof *sent; i++)
        account_sent(account, &sent[i], 100 + i);
    decided.planned[MUSTER_MSG_INIT] = 1;
    decided.planned[MUSTER_MSG_HEARTBEAT] = 1;
    decided.planned[MUSTER_MSG_DATA] = 10;
    decided.withheld[MUSTER_MSG_DATA] = 5;
    account_figures(account, &decided, &figures);
    ck_assert_uint_eq(figures.planned, 12);
    ck_assert_uint_eq(figures.sent, 10);
    ck_assert_uint_eq(figures.bytes, 1045);
    ck_assert_uint_eq(figures.sent_by_type[MUSTER_MSG_DATA], 6);
    ck_assert_uint_eq(figures.doubled[MUSTER_MSG_INIT], 1);
    ck_assert_uint_eq(figures.doubled[MUSTER_MSG_HEARTBEAT], 1);
    ck_assert_uint_eq(figures.doubled[MUSTER_MSG_DATA], 1);
    ck_assert_uint_eq(figures.delayed, 2);
    ck_assert_uint_eq(figures.unsent, 0);
    ck_assert_uint_eq(figures.expect.datagrams, 10);
    ck_assert_uint_eq(figures.expect.records, 16);
    ck_assert_uint_eq(figures.expect.missing, 8);
    ck_assert_uint_eq(figures.expect.recovered, 2);
    ck_assert_uint_eq(figures.expect.late, 4);
    ck_assert_uint_eq(figures.expect.lost, 6);
    ck_assert_uint_eq(figures.expect.gaps, 2);
    ck_assert_uint_eq(figures.expect.duplicates, 3);
    ck_assert_uint_eq(figures.expect.unnumbered, 2);
    ck_assert_uint_eq(figures.expect.invisible, 4);
    ck_assert_uint_eq(figures.expect.reach, 5);
    ck_assert_uint_eq(figures.expect.jump, 6);
    /* Had two more been planned, they would be missing in the sum. */
    decided.planned[MUSTER_MSG_DATA] += 2;
    account_figures(account, &decided, &figures);
    ck_assert_uint_eq(figures.unsent, 2);
    account_free(account);
}
END_TEST

/* ---- The command line --------------------------------------------------------------------- */

#define ARGUMENTS_MAX 16

/* Reads a command line, with spaces between the arguments. */
static enum options_result read_line(struct options *options, const char *line)
{
    static char text[256];
    char *argv[ARGUMENTS_MAX + 2] = {(char *)"muster-fleet"};
    int argc = 1;
    char *word;

    ck_assert_uint_lt(strlen(line), sizeof text);
    strcpy(text, line);
    for (word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        ck_assert_int_lt(argc, ARGUMENTS_MAX);
        argv[argc++] = word;
    }
    return options_read(options, argc, argv);
}

START_TEST(defaults)
{
    struct options options;

    ck_assert_int_eq(read_line(&options, ""), OPTIONS_PLAY);
    ck_assert_str_eq(options.send.host, "127.0.0.1");
    ck_assert_str_eq(options.send.port, "8888");
    ck_assert_uint_eq(options.send.sockets, 1);
    ck_assert_uint_eq(options.play.devices, 3);
    ck_assert_uint_eq(options.play.first_id, 101);
    ck_assert_uint_eq(options.play.start_seq, 1);
    ck_assert_uint_eq(options.play.count, 0);
    ck_assert_int_eq(options.play.pace, PLAY_TIMETABLE);
    ck_assert(options.run.speed == 1 && options.run.seconds == 0);
    ck_assert(!options.quiet && options.report == NULL);
}
END_TEST

START_TEST(arguments_are_read)
{
    struct options options;

    ck_assert_int_eq(read_line(&options, "--target [::1]:9000 --loss 5% --duplicate 0.25 "
                                         "--reorder 100% --sockets each --devices 9"),
                     OPTIONS_PLAY);
    ck_assert_str_eq(options.send.host, "::1");
    ck_assert_str_eq(options.send.port, "9000");
    ck_assert_uint_eq(options.send.sockets, 9);
    ck_assert(options.play.loss == 0.05 && options.play.duplicate == 0.25 &&
              options.play.reorder == 1);

    ck_assert_int_eq(read_line(&options, "--rate 2e3 --segment --payload u16 --readings 8 "
                                         "--seed 18446744073709551615"),
                     OPTIONS_PLAY);
    ck_assert_int_eq(options.play.pace, PLAY_FLAT);
    ck_assert(options.play.interval_ns == 500000);
    ck_assert_uint_eq(options.play.turn, SEND_SEGMENTS);
    ck_assert_uint_eq(options.play.readings, 8);
    ck_assert_uint_eq(options.play.seed, UINT64_MAX);

    ck_assert_int_eq(read_line(&options, "--rate max --count 300000"), OPTIONS_PLAY);
    ck_assert(options.play.interval_ns == 0);
    ck_assert_int_eq(read_line(&options, "--speed 0.5 --seconds 1.5"), OPTIONS_PLAY);
    ck_assert(options.run.speed == 0.5 && options.run.seconds == 1.5);
}
END_TEST

static const char *const wrong_lines[] = {
    "--bogus",
    "stray",
    "--target",
    "--target 127.0.0.1",
    "--target 127.0.0.1:",
    "--target 127.0.0.1:0",
    "--target 127.0.0.1:65536",
    "--target :8888",
    "--target []:8888",
    "--target ::1:8888",
    "--devices 0",
    "--devices 65537",
    "--devices 3x",
    "--first-id 65536",
    "--first-id -1",
    "--speed 0",
    "--speed nan",
    "--speed fast",
    "--count -5",
    "--count 99999999999999999999999",
    "--seconds 0",
    "--rate 0",
    "--rate inf",
    "--loss 5",
    "--loss 101%",
    "--loss -1%",
    "--loss 5%%",
    "--reorder x",
    "--seed 18446744073709551616",
    "--sockets two",
    "--payload u32",
    "--payload u16 --readings 0",
    "--payload u16 --readings 32748",
    "--start-seq 4294967296",
    "--readings 2",
    "--segment",
    "--rate 5 --speed 2",
};

START_TEST(wrong_arguments_are_refused)
{
    struct options options;

    ck_assert_msg(read_line(&options, wrong_lines[_i]) == OPTIONS_WRONG, "%s", wrong_lines[_i]);
}
END_TEST

/* ---- The report --------------------------------------------------------------------------- */

static const struct report a_report = {
    .figures = {.planned = 10,
                .sent = 9,
                .bytes = 140,
                .sent_by_type = {1, 7, 1},
                .withheld = {1, 1, 0},
                .doubled = {0, 1, 0},
                .delayed = 2,
                .expect = {9, 9, 2, 1, 2, 1, 1, 1, 1, 3, 4, 5}},
    .refused = 6,
    .unreachable = 7,
    .seconds = 2,
};

static const char a_json[] =
    "{\"planned\":10,\"sent\":9,\"unsent\":0,\"bytes\":140,"
    "\"by_type\":{\"init\":1,\"heartbeat\":1,\"data\":7},"
    "\"withheld\":{\"init\":0,\"heartbeat\":1,\"data\":1},"
    "\"doubled\":{\"init\":0,\"heartbeat\":0,\"data\":1},"
    "\"delayed\":2,\"refused\":6,\"unreachable\":7,\"seconds\":2.000000,\"rate\":4.5,"
    "\"interrupted\":false,\"expect\":{\"datagrams\":9,\"records\":9,\"missing\":2,"
    "\"recovered\":1,\"late\":2,\"lost\":1,\"gaps\":1,\"duplicates\":1,\"unnumbered\":1,"
    "\"invisible\":3,\"reach\":4,\"jump\":5}}\n";

START_TEST(report_replaces_the_file)
{
    char directory[] = "/tmp/test_fleet.XXXXXX";
    char name[64], text[2048];
    struct dirent *entry;
    size_t size, entries = 0;
    FILE *file;
    DIR *dir;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(name, sizeof name, "%s/report.json", directory);
    file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("an older one", file), 0);
    ck_assert_int_eq(fclose(file), 0);

    ck_assert_int_eq(report_check(name), 0);
    ck_assert_int_eq(report_save(name, &a_report), 0);
    file = fopen(name, "r");
    ck_assert_ptr_nonnull(file);
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_str_eq(text, a_json);

    /* Nothing but the report is left. */
    dir = opendir(directory);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        entries += entry->d_name[0] != '.';
    ck_assert_uint_eq(entries, 1);
    ck_assert_int_eq(closedir(dir), 0);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(rmdir(directory), 0);

    ck_assert_int_eq(report_check(name), -1);
    ck_assert_int_eq(report_save(name, &a_report), -1);
}
END_TEST

START_TEST(report_does_not_replace_a_device_file)
{
    ck_assert_int_eq(report_save("/dev/null", &a_report), 0);
    ck_assert_int_ne(access("/dev/null", F_OK), -1);
    ck_assert_int_eq(report_save("/dev/full", &a_report), -1);
}
END_TEST

START_TEST(text_shows_the_sum)
{
    char text[4096] = "";
    FILE *file = fmemopen(text, sizeof text, "w");

    ck_assert_ptr_nonnull(file);
    report_text(file, &a_report);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_ptr_nonnull(strstr(text, "9 sent = 10 planned - 2 withheld + 1 doubled\n"));
    ck_assert_ptr_nonnull(strstr(text, "missing 2 numbers in 1 gaps, recovered 1, lost 1\n"));
}
END_TEST

/* ---- Over the loopback -------------------------------------------------------------------- */

/* A socket on a free port of the loopback; the port goes to `port`, as text. */
static int receiver(char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(port, 8, "%u", ntohs(address.sin_port));
    return fd;
}

/* Plays to that port, and returns how it went. */
static struct run_result perform(const struct play_plan *plan, const char *port, uint32_t sockets,
                                 bool segment, struct account_figures *figures, uint64_t *refused)
{
    struct send_plan send = {
        .host = "127.0.0.1", .port = port, .sockets = sockets, .segment = segment};
    struct run_plan run_plan = {.speed = 1};
    char error[SEND_ERROR_SIZE] = "";
    struct sender *sender = sender_open(&send, error);
    struct play *play = play_new(plan);
    struct account *account = account_new(plan);
    struct run_result result;
    sigset_t stop;

    ck_assert_msg(sender != NULL, "%s", error);
    ck_assert_int_eq(sigemptyset(&stop), 0);
    ck_assert_int_eq(sigaddset(&stop, SIGTERM), 0);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &stop, NULL), 0);
    ck_assert_int_eq(run(play, plan, &run_plan, sender, account, &stop, &result), 0);
    account_figures(account, play_decided(play), figures);
    *refused = sender_refused(sender);
    account_free(account);
    play_free(play);
    sender_close(sender);
    return result;
}

static void count_received(int fd, uint64_t *datagrams, uint64_t *bytes)
{
    uint8_t datagram[2048];
    ssize_t size;

    *datagrams = *bytes = 0;
    while ((size = recv(fd, datagram, sizeof datagram, MSG_DONTWAIT)) >= 0) {
        ++*datagrams;
        *bytes += (uint64_t)size;
    }
}

START_TEST(what_is_sent_arrives)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct run_result result;
    uint64_t datagrams, bytes, refused;
    char port[8];
    int fd = receiver(port);

    plan.pace = PLAY_FLAT;
    plan.count = 150; /* fits into any receive buffer */
    plan.loss = plan.duplicate = 0.1;
    plan.reorder = 0.6;
    plan.turn = _i == 2 ? SEND_SEGMENTS : 1;
    result = perform(&plan, port, _i == 1 ? plan.devices : 1, _i == 2, &figures, &refused);
    ck_assert_int_eq(result.error, 0);
    ck_assert(!result.interrupted);
    ck_assert_uint_eq(figures.planned, 150);
    ck_assert_uint_eq(figures.unsent, 0);
    ck_assert_uint_eq(refused, 0);
    count_received(fd, &datagrams, &bytes);
    ck_assert_uint_eq(datagrams, figures.sent);
    ck_assert_uint_eq(bytes, figures.bytes);
    close(fd);
}
END_TEST

START_TEST(refused_ones_are_counted)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct run_result result;
    uint64_t refused;
    char port[8];

    close(receiver(port)); /* a port that was free a moment ago */
    plan.pace = PLAY_FLAT;
    plan.count = 50;
    result = perform(&plan, port, 1, false, &figures, &refused);
    ck_assert_int_eq(result.error, 0);
    ck_assert_uint_eq(figures.sent, 50);
    ck_assert_uint_ge(refused, 1);
    ck_assert_uint_le(refused, 50);
}
END_TEST

START_TEST(a_signal_ends_the_play)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct run_result result;
    uint64_t refused;
    sigset_t stop;
    char port[8];
    int fd = receiver(port);

    ck_assert_int_eq(sigemptyset(&stop), 0);
    ck_assert_int_eq(sigaddset(&stop, SIGTERM), 0);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &stop, NULL), 0);
    ck_assert_int_eq(raise(SIGTERM), 0);
    plan.pace = _i == 0 ? PLAY_TIMETABLE : PLAY_FLAT;
    plan.reorder = 0.9;
    result = perform(&plan, port, 1, false, &figures, &refused);
    ck_assert(result.interrupted);
    ck_assert_int_eq(result.error, 0);
    ck_assert_uint_gt(figures.planned, 0);
    /* What was held back is sent none the less. */
    ck_assert_uint_eq(figures.sent, figures.planned);
    close(fd);
}
END_TEST

static void add_case(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(name);
    size_t i;

    tcase_set_timeout(tcase, 60);
    for (i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
}

Suite *test_suite(void)
{
    const TTest *const timetable[] = {
        one_device_keeps_the_timetable, starts_are_spread_in_an_order_from_the_seed,
        flat_pace_takes_turns,          bytes_are_those_of_a_device,
        numbers_and_ids_wrap,           readings_stay_in_bounds,
    };
    const TTest *const network[] = {
        the_same_seed_plays_the_same,
        decisions_do_not_depend_on_the_pace,
        a_late_one_is_behind_one_to_three,
        shares_are_as_asked,
        everything_withheld,
        held_ones_that_nothing_overtook_are_in_time,
        figures_by_hand,
    };
    const TTest *const outside[] = {
        defaults,
        arguments_are_read,
        report_replaces_the_file,
        report_does_not_replace_a_device_file,
        text_shows_the_sum,
        refused_ones_are_counted,
    };
    Suite *suite = suite_create("fleet");
    TCase *loops = tcase_create("each of several");

    add_case(suite, "timetable", timetable, sizeof timetable / sizeof *timetable);
    add_case(suite, "network", network, sizeof network / sizeof *network);
    add_case(suite, "outside", outside, sizeof outside / sizeof *outside);
    tcase_set_timeout(loops, 60);
    tcase_add_loop_test(loops, figures_agree_with_the_model, 0,
                        (int)(sizeof plays / sizeof *plays));
    tcase_add_loop_test(loops, wrong_arguments_are_refused, 0,
                        (int)(sizeof wrong_lines / sizeof *wrong_lines));
    tcase_add_loop_test(loops, what_is_sent_arrives, 0, 3);
    tcase_add_loop_test(loops, a_signal_ends_the_play, 0, 2);
    suite_add_tcase(suite, loops);
    return suite;
}
