/* SPDX-License-Identifier: MIT
 *
 * What waits for an answer, when it is sent again, and what is counted.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "fleet/ack.h"
#include "plan.h"

#define WAIT NS_PER_S

static struct message_form form = {.readings = 1};

static struct ack *begin(double loss)
{
    struct ack *ack = ack_new(&form, 1, loss, WAIT);

    ck_assert_ptr_nonnull(ack);
    return ack;
}

static void ask(struct ack *ack, const struct play_datagram *datagram, uint64_t now_ns)
{
    struct play_plan plan = a_plan();
    uint8_t bytes[64];
    size_t size = play_encode(&plan, datagram, bytes, sizeof bytes);

    ck_assert_int_eq(ack_sent(ack, datagram, bytes, size, now_ns), 0);
}

/* DATA of a device; of the built-in format its number is its place + 1. */
static struct play_datagram data(uint32_t device, uint64_t place)
{
    return (struct play_datagram){
        .type = MUSTER_MSG_DATA, .device = device, .index = place, .place = place};
}

static void answer(struct ack *ack, uint32_t device, uint8_t number)
{
    ack_came(ack, device, (const uint8_t[]){1, 0, 0, 0, number}, 5);
}

/* How many are sent again up to that time; the last is in *out. */
static unsigned again(struct ack *ack, uint64_t now_ns, struct play_datagram *out)
{
    const uint8_t *bytes;
    unsigned count = 0;
    size_t size;

    while (ack_again(ack, now_ns, out, &bytes, &size)) {
        ck_assert_uint_gt(size, 0);
        ck_assert(out->again && !out->lost);
        count++;
    }
    return count;
}

START_TEST(answers_are_told_apart)
{
    struct ack *ack = begin(0);
    const struct ack_counts *counts = ack_counts(ack);
    struct play_datagram one = data(0, 0), two = data(0, 1), other = data(1, 0), out;
    const struct play_datagram init = {.type = MUSTER_MSG_INIT};

    ask(ack, &init, 0);
    ask(ack, &one, 0);
    ask(ack, &two, 0);
    ask(ack, &other, 0);
    ck_assert_uint_eq(counts->asked, 3);
    answer(ack, 0, 2);
    answer(ack, 0, 2); /* once more */
    answer(ack, 0, 3); /* of no message */
    answer(ack, 1, 2); /* of another device */
    ack_came(ack, 0, (const uint8_t[]){4}, 1);
    ck_assert_uint_eq(counts->answered, 1);
    ck_assert_uint_eq(counts->again, 1);
    ck_assert_uint_eq(counts->wrong, 3);
    ck_assert_uint_eq(counts->waiting, 2);
    ck_assert_uint_eq(again(ack, WAIT - 1, &out), 0);
    answer(ack, 1, 1);
    ck_assert_uint_eq(again(ack, WAIT, &out), 1);
    ck_assert(out.copy && out.device == 0 && out.place == 0);
    answer(ack, 0, 1);
    ck_assert_uint_eq(counts->late, 1);
    ck_assert_uint_eq(counts->answered, 3);
    ck_assert_uint_eq(counts->waiting, 0);
    ck_assert_uint_eq(counts->resent, 1);
    ck_assert_uint_eq(again(ack, 100 * WAIT, &out), 0);
    answer(ack, 0, 1); /* nobody remembers that it was asked */
    ck_assert_uint_eq(counts->wrong, 4);
    ack_free(ack);
}
END_TEST

START_TEST(heartbeats_are_answered_in_order)
{
    const struct play_datagram heartbeat = {.type = MUSTER_MSG_HEARTBEAT};
    struct play_datagram later = heartbeat, out;
    struct ack *ack = begin(0);

    later.index = 1;
    ask(ack, &heartbeat, 0);
    ask(ack, &later, WAIT / 2);
    ack_came(ack, 0, (const uint8_t[]){4}, 1);
    ck_assert_uint_eq(ack_counts(ack)->waiting, 1);
    ck_assert_uint_eq(again(ack, WAIT, &out), 0); /* the first is answered */
    ck_assert_uint_eq(again(ack, 2 * WAIT, &out), 1);
    ck_assert_uint_eq(out.index, 1);
    ack_free(ack);
}
END_TEST

/* The waits are doubled, but not for ever; and then it is given up. */
START_TEST(it_is_given_up)
{
    static const uint64_t after[] = {1, 3, 7, 15, 31};
    struct play_datagram one = data(0, 0), out;
    struct ack *ack = begin(0);
    const struct ack_counts *counts = ack_counts(ack);
    size_t i;

    one.lost = true;
    ask(ack, &one, 0);
    for (i = 0; i < sizeof after / sizeof *after; i++) {
        uint64_t due;

        ck_assert(ack_due(ack, &due));
        ck_assert_uint_eq(due, after[i] * WAIT);
        ck_assert_uint_eq(again(ack, after[i] * WAIT, &out), 1);
        ck_assert_int_eq(out.copy, i > 0); /* the first was withheld */
    }
    ck_assert_uint_eq(again(ack, 47 * WAIT - 1, &out), 0);
    ck_assert_uint_eq(counts->waiting, 1);
    ck_assert_uint_eq(again(ack, 47 * WAIT, &out), 0);
    ck_assert_uint_eq(counts->given_up, 1);
    ck_assert_uint_eq(counts->waiting, 0);
    ck_assert_uint_eq(counts->resent, ACK_TRIES - 1);
    answer(ack, 0, 1);
    ck_assert_uint_eq(counts->again, 1);
    ck_assert_uint_eq(counts->answered + counts->wrong, 0);
    ack_free(ack);
}
END_TEST

START_TEST(many_wait)
{
    struct ack *ack = begin(0.25), *twin = begin(0.25);
    const struct ack_counts *counts = ack_counts(ack);
    struct play_datagram out;
    uint32_t i;

    for (i = 0; i < 5000; i++) {
        struct play_datagram datagram = data(i % 7, i / 7);

        ask(ack, &datagram, i);
        ask(twin, &datagram, i);
    }
    again(ack, 3 * WAIT + 5000, &out);
    again(twin, 3 * WAIT + 5000, &out);
    ck_assert_mem_eq(counts, ack_counts(twin), sizeof *counts);
    ck_assert_uint_eq(counts->resent, 5000); /* what is late is not made up for */
    ck_assert(counts->withheld > 1000 && counts->withheld < 1500);
    for (i = 0; i < 5000; i++) {
        uint8_t bytes[5] = {1};

        muster_put_u32(bytes + 1, 1 + i / 7);
        ack_came(ack, i % 7, bytes, sizeof bytes);
    }
    ck_assert_uint_eq(counts->answered, 5000);
    ck_assert_uint_eq(counts->late, 5000);
    ck_assert_uint_eq(counts->wrong + counts->waiting, 0);
    ack_free(twin);
    ack_free(ack);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("ack");
    TCase *tests = tcase_create("ack");

    tcase_add_test(tests, answers_are_told_apart);
    tcase_add_test(tests, heartbeats_are_answered_in_order);
    tcase_add_test(tests, it_is_given_up);
    tcase_add_test(tests, many_wait);
    suite_add_tcase(suite, tests);
    return suite;
}
