/* SPDX-License-Identifier: MIT
 *
 * What a chain is for: to be opened beside another, to stop in order, and to leave nothing behind.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "path.h"

static struct path path;

static uint64_t metric(const char *name)
{
    struct metric_reading reading;
    uint32_t i;

    for (i = 0; metrics_read(path.host.metrics, i, &reading); i++)
        if (strcmp(reading.is.name, name) == 0)
            return reading.value.u64;
    return UINT64_MAX; /* not listed */
}

/* As a reload will do: the new one is opened while the old one runs, then they change places. */
START_TEST(two_side_by_side)
{
    struct chain second;
    uint32_t i;

    path_open(&path, PATH_PIPELINES, OVERFLOW_DROP);
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    for (i = 0; i < 100; i++)
        path_take(&path.chain, (uint16_t)i, i);
    path_open_chain(&path, &second, PATH_PIPELINES, OVERFLOW_DROP);
    ck_assert_int_eq(chain_start(&second, &path.problems), 0);
    for (i = 0; i < 50; i++)
        path_take(&second, (uint16_t)i, i);
    ck_assert_uint_eq(path_seen.opened, 4);
    ck_assert_uint_eq(metric("collector.received"), 150);
    path_close_chain(&path.chain);
    chain_free(&path.chain);
    ck_assert_uint_eq(path_seen.closed, 2);
    ck_assert_uint_eq(metric("collector.received"), 150); /* nothing is forgotten */
    path_take(&second, 1, 1);
    ck_assert_uint_eq(metric("filter.in"), 151);
    path_close_chain(&second);
    ck_assert_uint_eq(metric("sink.written"), 151);
    chain_free(&second);
    ck_assert_uint_eq(path_seen.closed, 4);
    ck_assert_uint_eq(metric("sink.written"), UINT64_MAX); /* nobody keeps it any more */
    ck_assert_uint_eq(path_seen.messages, 151);
    path_close(&path);
}
END_TEST

static int refuse(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    (void)state;
    (void)workers;
    (void)worker_state;
    return worker == 0 ? 0 : MUSTER_FAILED;
}

/* Of one that cannot be opened, what was opened is closed. */
START_TEST(half_open)
{
    struct chain second;
    const struct chain_settings settings = {.entries = path.entries,
                                            .entry_count = 2,
                                            .filter_count = 1,
                                            .pipelines = PATH_PIPELINES,
                                            .largest = PATH_LARGEST};

    path_open(&path, 1, OVERFLOW_DROP);
    path_close_chain(&path.chain);
    chain_free(&path.chain);
    path.entries[0].plugin.filter.worker_open = refuse;
    ck_assert_int_eq(chain_open(&second, &settings, &path.host, &path.problems), -1);
    ck_assert_uint_eq(problems_count(&path.problems), 1);
    ck_assert_uint_eq(path_seen.opened, 4);
    chain_close(&second);
    chain_free(&second);
    ck_assert_uint_eq(path_seen.closed, 4);
    path_close(&path);
}
END_TEST

/* A sink that takes nothing is given up when its time is over, and what it had is counted. */
START_TEST(out_of_time)
{
    struct sink_account account;
    uint32_t i;

    path_open(&path, 1, OVERFLOW_DROP);
    atomic_store(&path_seen.held, true);
    ck_assert_int_eq(chain_start(&path.chain, &path.problems), 0);
    for (i = 0; i < 100; i++)
        path_take(&path.chain, 1, i);
    pipeline_close(&path.chain.pipelines[0]);
    chain_drain(&path.chain, clock_monotonic());
    while (!chain_drained(&path.chain))
        ;
    chain_close(&path.chain);
    account = sink_account(&path.chain.sinks[0]);
    ck_assert_uint_eq(account.dropped_stop, 100);
    ck_assert(sink_account_adds_up(&account));
    chain_free(&path.chain);
    path_close(&path);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("chain");
    TCase *tcase = tcase_create("chain");

    tcase_add_test(tcase, two_side_by_side);
    tcase_add_test(tcase, half_open);
    tcase_add_test(tcase, out_of_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
