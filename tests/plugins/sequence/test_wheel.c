/* SPDX-License-Identifier: MIT
 *
 * The timing wheel against a list that is searched.
 */
#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/wheel.h"

enum { THINGS = 100 };

/* What the wheel should know. */
static struct {
    uint64_t now, due[THINGS];
    bool is_set[THINGS];
} list;

static void set(struct wheel *wheel, uint32_t thing, uint32_t delay)
{
    wheel_set(wheel, thing, delay);
    list.due[thing] = list.now + delay;
    list.is_set[thing] = true;
}

/* Takes out all that is due, and expects that it is that.  Returns how much it was. */
static uint32_t turn(struct wheel *wheel, uint32_t steps, bool due[THINGS])
{
    uint32_t thing, count = 0;

    memset(due, 0, THINGS * sizeof due[0]);
    wheel_turn(wheel, steps);
    list.now += steps;
    while ((thing = wheel_next(wheel)) != WHEEL_NONE) {
        ck_assert_uint_lt(thing, THINGS);
        ck_assert(!due[thing]);
        due[thing] = true;
        count++;
    }
    ck_assert_uint_eq(wheel_now(wheel), (uint32_t)list.now);
    for (thing = 0; thing < THINGS; thing++) {
        bool expected = list.is_set[thing] && list.due[thing] <= list.now;

        if (due[thing] != expected)
            ck_abort_msg("at %" PRIu64 ": thing %u, due at %" PRIu64 ": %d", list.now, thing,
                         list.due[thing], due[thing]);
        if (expected)
            list.is_set[thing] = false;
    }
    return count;
}

static uint32_t some_delay(void)
{
    switch (below_u64(6)) {
    case 0:
        return (uint32_t)below_u64(3);
    case 1:
        return (uint32_t)(below_u64(5) + 254);
    case 2:
        return (uint32_t)(below_u64(5) + 65534);
    case 3:
        return (uint32_t)below_u64(200000);
    default:
        return (uint32_t)below_u64(600);
    }
}

START_TEST(as_a_list_says)
{
    struct wheel *wheel;
    uint32_t taken = 0, i;
    bool due[THINGS];

    memset(&list, 0, sizeof list);
    list.now = UINT32_MAX - 300000; /* and around */
    wheel = wheel_new(THINGS, (uint32_t)list.now);
    random_seed(7);
    for (i = 0; i < 200000; i++) {
        uint32_t thing = (uint32_t)below_u64(THINGS);

        if (one_in(3))
            taken += turn(wheel, (uint32_t)below_u64(one_in(50) ? 3000 : 31), due);
        if (one_in(4)) {
            wheel_unset(wheel, thing);
            list.is_set[thing] = false;
        } else {
            set(wheel, thing, some_delay());
        }
    }
    ck_assert_uint_gt(taken, 1000);
    wheel_free(wheel);
}
END_TEST

/* What is set at once while what is due is taken out waits for the next turn, of no step even. */
START_TEST(at_the_next_turn)
{
    struct wheel *wheel = wheel_new(THINGS, 0);
    bool due[THINGS];

    memset(&list, 0, sizeof list);
    set(wheel, 3, 0);
    ck_assert_uint_eq(turn(wheel, 0, due), 1);
    ck_assert_uint_eq(turn(wheel, 0, due), 0);
    set(wheel, 3, 300);
    wheel_turn(wheel, 300);
    list.now += 300;
    ck_assert_uint_eq(wheel_next(wheel), 3);
    wheel_set(wheel, 3, 0);
    ck_assert_uint_eq(wheel_next(wheel), WHEEL_NONE);
    wheel_turn(wheel, 0);
    ck_assert_uint_eq(wheel_next(wheel), 3);
    wheel_free(wheel);
}
END_TEST

/* A longer delay than a half of all times is cut to that, and is not taken for a time that is over.
 */
START_TEST(longest_delay)
{
    struct wheel *wheel = wheel_new(1, 5);

    wheel_set(wheel, 0, UINT32_MAX);
    wheel_turn(wheel, 1 << 24);
    ck_assert_uint_eq(wheel_next(wheel), WHEEL_NONE);
    wheel_unset(wheel, 0);
    wheel_unset(wheel, 0);
    wheel_set(wheel, 0, 1 << 24);
    wheel_turn(wheel, (1 << 24) - 1);
    ck_assert_uint_eq(wheel_next(wheel), WHEEL_NONE);
    wheel_turn(wheel, 1);
    ck_assert_uint_eq(wheel_next(wheel), 0);
    wheel_free(wheel);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {as_a_list_says, at_the_next_turn, longest_delay};
    Suite *suite = suite_create("wheel");
    TCase *tests = tcase_create("wheel");
    size_t i;

    tcase_set_timeout(tests, 0);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
