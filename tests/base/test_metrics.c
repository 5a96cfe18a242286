/* SPDX-License-Identifier: MIT
 *
 * The register of metrics.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "common/runner.h"

enum { WRITERS = 3, ADDED = 20000 };

static void expect_metric(struct metrics *metrics, uint32_t index, const char *name, uint64_t value)
{
    struct metric_reading metric;

    ck_assert(metrics_read(metrics, index, &metric));
    ck_assert_str_eq(metric.name, name);
    ck_assert_uint_eq(metric.value, value);
}

START_TEST(cells_are_summed)
{
    struct metrics *metrics = metrics_new();
    struct counter own = {.value = 0}, *a, *b, *c;
    struct metric_reading metric;

    ck_assert_ptr_nonnull(metrics);
    ck_assert(!metrics_read(metrics, 0, &metric));
    a = metrics_cell(metrics, NULL, "x", "lost", METRIC_COUNTER, "records", "first help");
    b = metrics_cell(metrics, NULL, "y", "lost", METRIC_COUNTER, "records", "help");
    c = metrics_cell(metrics, NULL, "x", "lost", METRIC_COUNTER, "records", "help");
    ck_assert_int_eq(metrics_watch(metrics, NULL, "x", "lost", "records", "help", &own), 0);
    ck_assert_uint_eq(a->value + b->value + c->value, 0);
    counter_add(a, 1);
    counter_set(b, 20);
    counter_add(c, 300);
    counter_add(&own, 4000);
    expect_metric(metrics, 0, "x.lost", 4301);
    expect_metric(metrics, 1, "y.lost", 20);
    ck_assert(!metrics_read(metrics, 2, &metric));
    ck_assert(metrics_read(metrics, 0, &metric));
    ck_assert_str_eq(metric.help, "first help");
    ck_assert_str_eq(metric.unit, "records");
    /* Each cell has a cache line of its own. */
    ck_assert_uint_eq((uintptr_t)a % 64, 0);
    ck_assert_uint_eq((uintptr_t)c % 64, 0);
    metrics_free(metrics);
}
END_TEST

/* What an owner had counted stays when it goes, and its gauges do not. */
START_TEST(owners_go)
{
    struct metrics *metrics = metrics_new();
    struct metric_reading metric;
    struct counter own = {.value = 5};
    int one, other;

    counter_set(metrics_cell(metrics, &one, "x", "lost", METRIC_COUNTER, "records", "help"), 10);
    counter_set(metrics_cell(metrics, &other, "x", "lost", METRIC_COUNTER, "records", "help"), 7);
    counter_set(metrics_cell(metrics, &one, "x", "open", METRIC_GAUGE, "records", "help"), 3);
    ck_assert_int_eq(metrics_watch(metrics, &one, "x", "own", "records", "help", &own), 0);
    metrics_remove(metrics, &one);
    counter_set(&own, 1000); /* no longer watched */
    expect_metric(metrics, 0, "x.lost", 17);
    ck_assert(!metrics_read(metrics, 1, &metric)); /* nobody keeps the others any more */
    metrics_cell(metrics, &one, "x", "open", METRIC_GAUGE, "records", "help");
    metrics_cell(metrics, &one, "x", "own", METRIC_COUNTER, "records", "help");
    expect_metric(metrics, 1, "x.open", 0);
    expect_metric(metrics, 2, "x.own", 5);
    metrics_free(metrics);
}
END_TEST

static void *write_cell(void *argument)
{
    struct counter *cell =
        metrics_cell(argument, NULL, "x", "n", METRIC_COUNTER, "records", "help");
    unsigned i;

    for (i = 0; i < ADDED; i++)
        counter_add(cell, 1);
    return NULL;
}

START_TEST(writers_and_a_reader)
{
    struct metrics *metrics = metrics_new();
    struct metric_reading metric;
    pthread_t threads[WRITERS];
    uint64_t last = 0;
    unsigned i;

    for (i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_cell, metrics), 0);
    for (i = 0; i < 1000; i++) {
        if (!metrics_read(metrics, 0, &metric))
            continue;
        ck_assert_uint_ge(metric.value, last); /* never back */
        last = metric.value;
    }
    for (i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    expect_metric(metrics, 0, "x.n", (uint64_t)WRITERS * ADDED);
    ck_assert(!metrics_read(metrics, 1, &metric));
    metrics_free(metrics);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {cells_are_summed, owners_go, writers_and_a_reader};
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
