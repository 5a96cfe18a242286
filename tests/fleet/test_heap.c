/* SPDX-License-Identifier: MIT
 *
 * What went in comes out in order of time, and of going in.
 */
#include <check.h>
#include <stdlib.h>

#include "common/runner.h"
#include "fleet/heap.h"

START_TEST(in_order_of_time_and_then_of_going_in)
{
    enum { ROOM = 500, STEPS = 20000 };
    uint32_t thing, i;
    struct heap *heap = heap_new(sizeof thing, _i == 0 ? 1 : ROOM, ROOM);
    uint64_t dues[STEPS], now = 0, due;
    size_t inside = 0, most = 0;

    ck_assert_ptr_nonnull(heap);
    ck_assert(!heap_due(heap, &due) && !heap_pop(heap, &thing));
    srandom(7);
    for (i = 0; i < STEPS;) {
        if (inside == 0 || (inside < ROOM && random() % 3 > 0)) {
            dues[i] = now + (uint64_t)random() % 50;
            ck_assert_int_eq(heap_push(heap, dues[i], &i), 0);
            i++;
            most = ++inside > most ? inside : most;
            continue;
        }
        ck_assert(heap_due(heap, &due));
        ck_assert_uint_ge(due, now);
        ck_assert(heap_pop(heap, &thing));
        ck_assert_uint_eq(dues[thing], due);
        now = due;
        inside--;
    }
    ck_assert_uint_eq(heap_peak(heap), most);
    while (heap_due(heap, &due) && heap_pop(heap, &thing)) {
        ck_assert_uint_ge(due, now);
        now = due;
        inside--;
    }
    ck_assert_uint_eq(inside, 0);
    heap_free(heap);
}
END_TEST

START_TEST(those_of_the_same_time_keep_their_order)
{
    uint32_t thing, i;
    struct heap *heap = heap_new(sizeof thing, 7, 100);

    ck_assert_ptr_nonnull(heap);
    for (i = 0; i < 100; i++)
        ck_assert_int_eq(heap_push(heap, i < 50 ? 8 : 7, &i), 0);
    ck_assert_int_eq(heap_push(heap, 9, &i), -1); /* full */
    for (i = 0; i < 100; i++) {
        ck_assert(heap_pop(heap, &thing));
        ck_assert_uint_eq(thing, (i + 50) % 100);
    }
    ck_assert(!heap_pop(heap, &thing));
    heap_free(heap);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("heap");
    TCase *tcase = tcase_create("heap");

    tcase_add_loop_test(tcase, in_order_of_time_and_then_of_going_in, 0, 2);
    tcase_add_test(tcase, those_of_the_same_time_keep_their_order);
    suite_add_tcase(suite, tcase);
    return suite;
}
