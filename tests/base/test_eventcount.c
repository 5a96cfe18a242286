/* SPDX-License-Identifier: MIT
 *
 * An eventcount between two threads: no wake-up is lost, or a test never ends.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/eventcount.h"
#include "common/runner.h"

enum { TURNS = 20000, BURST = 7 };

/* Two threads, each of which waits for the other. */
struct pair {
    struct eventcount events[2];
    atomic_ullong work[2]; /* handed to each of them so far */
};

static void wait_for(struct eventcount *events, const atomic_ullong *work, unsigned long long n,
                     uint64_t ns)
{
    while (atomic_load(work) < n) {
        eventcount_prepare(events);
        if (atomic_load(work) >= n)
            eventcount_cancel(events);
        else
            eventcount_wait(events, ns);
    }
}

static void hand_over(struct eventcount *events, atomic_ullong *work)
{
    atomic_fetch_add(work, 1);
    eventcount_notify(events);
}

static void *answer(void *argument)
{
    struct pair *pair = argument;
    unsigned long long i;

    for (i = 1; i <= TURNS; i++) {
        wait_for(&pair->events[1], &pair->work[1], i, UINT64_MAX);
        hand_over(&pair->events[0], &pair->work[0]);
    }
    return NULL;
}

START_TEST(each_waits_for_the_other)
{
    static struct pair pair;
    pthread_t thread;
    unsigned long long i;

    ck_assert_int_eq(pthread_create(&thread, NULL, answer, &pair), 0);
    for (i = 1; i <= TURNS; i++) {
        hand_over(&pair.events[1], &pair.work[1]);
        wait_for(&pair.events[0], &pair.work[0], i, UINT64_MAX);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(atomic_load(&pair.work[0]), TURNS);
    ck_assert_uint_eq(atomic_load(&pair.work[1]), TURNS);
}
END_TEST

static void *take_all(void *argument)
{
    struct pair *pair = argument;

    wait_for(&pair->events[0], &pair->work[0], TURNS * BURST, UINT64_MAX);
    return NULL;
}

/* The waiter mostly finds work, and now and then none. */
START_TEST(a_waiter_that_is_mostly_awake)
{
    static struct pair pair;
    pthread_t thread;
    int i, n;

    ck_assert_int_eq(pthread_create(&thread, NULL, take_all, &pair), 0);
    for (i = 0; i < TURNS; i++) {
        for (n = 0; n < BURST; n++)
            hand_over(&pair.events[0], &pair.work[0]);
        if (i % 1000 == 0)
            sched_yield();
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(a_wait_has_a_limit)
{
    struct eventcount events = {0};
    uint64_t begun = clock_monotonic();

    eventcount_prepare(&events);
    eventcount_wait(&events, 20 * CLOCK_MILLISECOND);
    ck_assert_uint_ge(clock_monotonic() - begun, 20 * CLOCK_MILLISECOND);
    ck_assert_uint_eq(atomic_load(&events.waiting), 0);
}
END_TEST

START_TEST(notified_between_prepare_and_wait)
{
    struct eventcount events = {0};

    eventcount_prepare(&events);
    eventcount_notify(&events);
    eventcount_wait(&events, UINT64_MAX); /* comes back at once */
    ck_assert_uint_eq(atomic_load(&events.waiting), 0);
}
END_TEST

START_TEST(nobody_is_there)
{
    struct eventcount events = {0};
    uint64_t begun;

    eventcount_notify(&events);
    eventcount_prepare(&events);
    eventcount_cancel(&events);
    eventcount_notify(&events); /* is not remembered */
    begun = clock_monotonic();
    eventcount_prepare(&events);
    eventcount_wait(&events, 5 * CLOCK_MILLISECOND);
    ck_assert_uint_ge(clock_monotonic() - begun, 5 * CLOCK_MILLISECOND);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {each_waits_for_the_other, a_waiter_that_is_mostly_awake,
                                  a_wait_has_a_limit, notified_between_prepare_and_wait,
                                  nobody_is_there};
    Suite *suite = suite_create("eventcount");
    TCase *tcase = tcase_create("eventcount");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
