/* SPDX-License-Identifier: MIT
 *
 * What waits, against a plain list that is searched.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../plugins/reorder/waiting.h"
#include "common/random.h"
#include "common/runner.h"

enum { MOST = 64, ROUNDS = 20000 };

/* The plain list: in the order in which they came. */
static struct {
    const struct muster_record *record;
    int64_t time_ns;
    uint64_t until_ns;
    uint32_t place, followers;
} list[MOST];
static uint32_t listed, taken;

static uint32_t oldest(void)
{
    uint32_t best = 0, i;

    for (i = 1; i < listed; i++)
        if (list[i].time_ns < list[best].time_ns)
            best = i;
    return best;
}

static void expect_first(const struct waiting *waiting)
{
    uint64_t until_ns = UINT64_MAX;
    uint32_t i;

    ck_assert_uint_eq(waiting->count, taken);
    for (i = 0; i < listed; i++)
        if (list[i].until_ns < until_ns)
            until_ns = list[i].until_ns;
    ck_assert_uint_eq(waiting_until(waiting), until_ns);
    if (listed == 0)
        ck_assert_uint_eq(waiting_first(waiting), WAITING_NONE);
    else
        ck_assert_ptr_eq(waiting->places[waiting_first(waiting)].record, list[oldest()].record);
}

static void remove_first(struct waiting *waiting)
{
    uint32_t at = oldest(), place = waiting_first(waiting), followers = 0;

    for (place = waiting->places[place].follower; place != WAITING_NONE;
         place = waiting->places[place].follower)
        ck_assert_ptr_eq(waiting->places[place].record, list[at].record + ++followers);
    ck_assert_uint_eq(followers, list[at].followers);
    waiting_remove_first(waiting);
    taken -= 1 + list[at].followers;
    memmove(&list[at], &list[at + 1], (--listed - at) * sizeof list[0]);
}

START_TEST(as_a_list_that_is_searched)
{
    static const struct muster_record records[ROUNDS + MOST];
    struct waiting waiting;
    uint32_t i;

    random_seed(0x3a5e + (uint64_t)_i);
    listed = taken = 0;
    ck_assert_int_eq(waiting_open(&waiting, MOST), 0);
    for (i = 0; i < ROUNDS; i++) {
        uint32_t what = below(10), at;

        if (what < 5 && !waiting_is_full(&waiting)) {
            list[listed].record = &records[i];
            list[listed].time_ns = (int64_t)below_u64(20) - 10;
            list[listed].until_ns = i;
            list[listed].followers = 0;
            list[listed].place =
                waiting_add(&waiting, &records[i], list[listed].time_ns, list[listed].until_ns);
            listed++;
            taken++;
        } else if (what < 7 && listed > 0 && !waiting_is_full(&waiting)) {
            at = below(listed);
            waiting_follow(&waiting, list[at].place, list[at].record + ++list[at].followers);
            taken++;
        } else if (listed > 0) {
            remove_first(&waiting);
        }
        expect_first(&waiting);
    }
    while (listed > 0) {
        remove_first(&waiting);
        expect_first(&waiting);
    }
    waiting_close(&waiting);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("waiting");
    TCase *tests = tcase_create("waiting");

    tcase_add_loop_test(tests, as_a_list_that_is_searched, 0, 10);
    suite_add_tcase(suite, tests);
    return suite;
}
