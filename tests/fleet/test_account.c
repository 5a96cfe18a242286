/* SPDX-License-Identifier: MIT
 *
 * The figures of a play, against a model of a collector that goes by the bytes alone.
 */
#include <check.h>
#include <stdlib.h>

#include "common/runner.h"
#include "fleet/account.h"
#include "fleet/play.h"
#include "plan.h"

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
        for (i = 0; i < plan->form.readings; i++)
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
    *model = (struct model){.start_seq = (uint32_t)plan->start_seq, .numbers = 40000};
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
            n = play_step(play, CLOCK + due, CLOCK, out);
        } else {
            n = play_end(play, out);
        }
        require(n <= PLAY_STEP_MAX, "a step delivers no more than it may");
        for (k = 0; k < n; k++) {
            size_t size = play_encode(plan, &out[k], bytes, sizeof bytes);

            require(size == play_size(plan, out[k].type), "the size is the one foretold");
            out[k].sent_ns = before;
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

/* ---- The figures -------------------------------------------------------------------- */

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

static const struct {
    double loss, duplicate, reorder;
    uint32_t devices, readings, start_seq;
    enum play_pace pace;
    uint64_t count;
    uint64_t delay_s, jitter_s;
} plays[] = {
    {0, 0, 0, 3, 1, 1, PLAY_TIMETABLE, 0, 0, 0},
    {0.05, 0, 0, 3, 1, 1, PLAY_TIMETABLE, 0, 0, 0},
    {0, 0.05, 0, 3, 1, 1, PLAY_TIMETABLE, 0, 0, 0},
    {0, 0, 0.05, 3, 1, 1, PLAY_TIMETABLE, 0, 0, 0},
    {0.1, 0.1, 0.1, 50, 1, 1, PLAY_TIMETABLE, 0, 0, 0},
    {0.5, 0.5, 0.5, 50, 1, 1, PLAY_TIMETABLE, 1000, 0, 0},
    {0.5, 0.5, 1, 7, 1, 1, PLAY_FLAT, 5000, 0, 0},
    {0.9, 0.1, 0.5, 400, 1, 1, PLAY_FLAT, 3000, 0, 0},
    {0, 1, 1, 1, 1, 0, PLAY_FLAT, 777, 0, 0},
    {0.2, 0.2, 0.2, 5, 1, 0xfffffff0, PLAY_FLAT, 5000, 0, 0},
    {0.2, 0.2, 0.2, 5, 7, 0xfffffff0, PLAY_FLAT, 5000, 0, 0},
    {0.2, 0.2, 0.2, 20, 300, 1, PLAY_TIMETABLE, 2000, 0, 0},
    {0, 0, 0, 3, 1, 1, PLAY_TIMETABLE, 0, 3, 0},
    {0, 0, 0, 3, 1, 1, PLAY_TIMETABLE, 0, 0, 20},
    {0.1, 0.2, 0, 50, 1, 1, PLAY_TIMETABLE, 3000, 1, 60},
    {0.2, 0.2, 0.2, 20, 300, 1, PLAY_TIMETABLE, 2000, 0, 15},
    {0.2, 0.2, 0.2, 5, 1, 0xfffffff0, PLAY_FLAT, 5000, 1, 10},
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
    plan.form.readings = plays[_i].readings;
    plan.form.payload = plan.form.readings > 1 ? MESSAGE_U16 : MESSAGE_TEXT;
    plan.start_seq = plays[_i].start_seq;
    plan.pace = plays[_i].pace;
    plan.count = plays[_i].count;
    plan.interval_ns = plays[_i].delay_s > 0 ? (double)NS_PER_S / 10 : 0;
    plan.delay_ns = plays[_i].delay_s * NS_PER_S;
    plan.jitter_ns = plays[_i].jitter_s * NS_PER_S;
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
        ck_assert_uint_eq(figures.withheld[MUSTER_MSG_DATA] * plan.form.readings,
                          expect->lost + expect->invisible);
        if (plan.loss > 0)
            ck_assert_uint_gt(withheld, 0);
        if (plan.reorder > 0 || plan.jitter_ns > PLAY_DATA_NS)
            ck_assert_uint_gt(figures.delayed, 0);
    }
}
END_TEST

/* Three behind one that is ahead, within seconds, are usual; four for nine seconds are not. */
START_TEST(leaps_are_counted)
{
    static const struct {
        uint64_t index, sent_s;
    } sent[] = {{0, 0},  {6, 1},   {2, 2},  {1, 3},  {3, 4},   {4, 9},  {5, 10},
                {7, 11}, {12, 12}, {8, 13}, {9, 14}, {10, 15}, {11, 20}};
    struct play_plan plan = a_plan();
    struct account *account = account_new(&plan);
    struct play_decided decided = {0};
    struct account_figures figures;
    size_t i;

    for (i = 0; i < sizeof sent / sizeof *sent; i++) {
        const struct play_datagram datagram = {
            .type = MUSTER_MSG_DATA, .place = sent[i].index, .sent_ns = sent[i].sent_s * NS_PER_S};

        account_sent(account, &datagram, 16);
    }
    decided.planned[MUSTER_MSG_DATA] = i;
    account_figures(account, &decided, &figures);
    ck_assert_uint_eq(figures.expect.gaps, 2);
    ck_assert_uint_eq(figures.expect.recovered, 9);
    ck_assert_uint_eq(figures.expect.leaps, 1);
    account_free(account);
}
END_TEST

START_TEST(figures_by_hand)
{
    /* Of one device: INIT twice, numbers 3, 1 (late), 5, 4 (late, twice), 9; a heartbeat
     * twice.  Withheld: 2, 6, 7, 8 and, after the last, 10. */
    static const struct play_datagram sent[] = {
        {.type = MUSTER_MSG_INIT},
        {.type = MUSTER_MSG_INIT, .copy = true},
        {.type = MUSTER_MSG_DATA, .place = 4, .withheld = 2},
        {.type = MUSTER_MSG_DATA, .place = 0},
        {.type = MUSTER_MSG_DATA, .place = 8, .withheld = 2},
        {.type = MUSTER_MSG_DATA, .place = 6, .withheld = 2},
        {.type = MUSTER_MSG_DATA, .place = 6, .withheld = 2, .copy = true},
        {.type = MUSTER_MSG_DATA, .place = 16, .withheld = 8},
        {.type = MUSTER_MSG_HEARTBEAT},
        {.type = MUSTER_MSG_HEARTBEAT, .copy = true},
    };
    struct play_decided decided = {0};
    struct play_plan plan = a_plan();
    struct account *account;
    struct account_figures figures;
    size_t i;

    plan.form.payload = MESSAGE_U16;
    plan.form.readings = 2;
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

Suite *test_suite(void)
{
    const TTest *const tests[] = {shares_are_as_asked, everything_withheld,
                                  held_ones_that_nothing_overtook_are_in_time, leaps_are_counted,
                                  figures_by_hand};
    Suite *suite = suite_create("account");
    TCase *tcase = tcase_create("account");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, figures_agree_with_the_model, 0,
                        (int)(sizeof plays / sizeof *plays));
    suite_add_tcase(suite, tcase);
    return suite;
}
