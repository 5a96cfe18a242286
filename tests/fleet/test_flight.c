/* SPDX-License-Identifier: MIT
 *
 * What is under way comes out in order of time, and of going in.
 */
#include <check.h>
#include <stdlib.h>

#include "common/runner.h"
#include "fleet/flight.h"

START_TEST(in_order_of_time_and_then_of_going_in)
{
    enum { ROOM = 500, STEPS = 20000 };
    struct flight *flight = flight_new(ROOM);
    struct play_datagram datagram;
    uint64_t dues[STEPS], now = 0, due;
    size_t inside = 0, most = 0;
    uint32_t i;

    ck_assert_ptr_nonnull(flight);
    ck_assert(!flight_due(flight, &due) && !flight_pop(flight, &datagram));
    srandom(7);
    for (i = 0; i < STEPS;) {
        if (inside == 0 || (inside < ROOM && random() % 3 > 0)) {
            dues[i] = now + (uint64_t)random() % 50;
            flight_push(flight, dues[i], &(struct play_datagram){.index = i});
            i++;
            most = ++inside > most ? inside : most;
            continue;
        }
        ck_assert(flight_due(flight, &due));
        ck_assert_uint_ge(due, now);
        ck_assert(flight_pop(flight, &datagram));
        ck_assert_uint_eq(dues[datagram.index], due);
        now = due;
        inside--;
    }
    ck_assert_uint_eq(flight_most(flight), most);
    while (flight_due(flight, &due) && flight_pop(flight, &datagram)) {
        ck_assert_uint_ge(due, now);
        now = due;
        inside--;
    }
    ck_assert_uint_eq(inside, 0);
    flight_free(flight);
}
END_TEST

START_TEST(those_of_the_same_time_keep_their_order)
{
    struct flight *flight = flight_new(100);
    struct play_datagram datagram;
    uint64_t i;

    ck_assert_ptr_nonnull(flight);
    for (i = 0; i < 100; i++)
        flight_push(flight, i < 50 ? 8 : 7, &(struct play_datagram){.index = i});
    for (i = 0; i < 100; i++) {
        ck_assert(flight_pop(flight, &datagram));
        ck_assert_uint_eq(datagram.index, (i + 50) % 100);
    }
    ck_assert(!flight_pop(flight, &datagram));
    flight_free(flight);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("flight");
    TCase *tcase = tcase_create("flight");

    tcase_add_test(tcase, in_order_of_time_and_then_of_going_in);
    tcase_add_test(tcase, those_of_the_same_time_keep_their_order);
    suite_add_tcase(suite, tcase);
    return suite;
}
