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

/* A cell of a metric of type U64 without a label. */
static struct counter *cell_of(struct metrics *metrics, const void *owner, const char *origin,
                               const char *name, uint32_t kind, const char *unit, const char *help)
{
    const struct metric_description is = {.kind = kind, .name = name, .unit = unit, .help = help};
    struct counter *cell;

    ck_assert_int_eq(metrics_cell(metrics, owner, origin, &is, &cell), METRICS_ADDED);
    return cell;
}

static void expect_metric(struct metrics *metrics, uint32_t index, const char *name, uint64_t value)
{
    struct metric_reading metric;

    ck_assert(metrics_read(metrics, index, &metric));
    ck_assert_str_eq(metric.is.name, name);
    ck_assert_uint_eq(metric.value.u64, value);
}

START_TEST(cells_are_summed)
{
    struct metrics *metrics = metrics_new();
    struct counter own = {.value = 0}, *a, *b, *c;
    struct metric_reading metric;

    ck_assert_ptr_nonnull(metrics);
    ck_assert(!metrics_read(metrics, 0, &metric));
    a = cell_of(metrics, NULL, "x", "lost", METRIC_COUNTER, "records", "first help");
    b = cell_of(metrics, NULL, "y", "lost", METRIC_COUNTER, "records", "help");
    c = cell_of(metrics, NULL, "x", "lost", METRIC_COUNTER, "records", "help");
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
    ck_assert_str_eq(metric.is.help, "first help");
    ck_assert_str_eq(metric.is.unit, "records");
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

    counter_set(cell_of(metrics, &one, "x", "lost", METRIC_COUNTER, "records", "help"), 10);
    counter_set(cell_of(metrics, &other, "x", "lost", METRIC_COUNTER, "records", "help"), 7);
    counter_set(cell_of(metrics, &one, "x", "open", METRIC_GAUGE, "records", "help"), 3);
    ck_assert_int_eq(metrics_watch(metrics, &one, "x", "own", "records", "help", &own), 0);
    metrics_remove(metrics, &one);
    counter_set(&own, 1000); /* no longer watched */
    expect_metric(metrics, 0, "x.lost", 17);
    ck_assert(!metrics_read(metrics, 1, &metric)); /* nobody keeps the others any more */
    cell_of(metrics, &one, "x", "open", METRIC_GAUGE, "records", "help");
    cell_of(metrics, &one, "x", "own", METRIC_COUNTER, "records", "help");
    expect_metric(metrics, 1, "x.open", 0);
    expect_metric(metrics, 2, "x.own", 5);
    metrics_free(metrics);
}
END_TEST

/* The bits of a double. */
static void set_real(struct counter *cell, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    counter_set(cell, bits);
}

START_TEST(types)
{
    const struct metric_description real = {
        .kind = METRIC_GAUGE, .type = METRIC_DOUBLE, .name = "share", .unit = "1", .help = "help"};
    const struct metric_description whole = {
        .type = METRIC_I64, .kind = METRIC_GAUGE, .name = "offset", .unit = "ms", .help = "help"};
    struct metrics *metrics = metrics_new();
    struct metric_reading metric;
    struct counter *a, *b;

    ck_assert_int_eq(metrics_cell(metrics, NULL, "x", &real, &a), METRICS_ADDED);
    ck_assert_int_eq(metrics_cell(metrics, NULL, "x", &real, &b), METRICS_ADDED);
    ck_assert(metrics_read(metrics, 0, &metric));
    ck_assert(metric.value.real == 0);
    set_real(a, 0.25);
    set_real(b, -1);
    ck_assert(metrics_read(metrics, 0, &metric));
    ck_assert_uint_eq(metric.is.type, METRIC_DOUBLE);
    ck_assert(metric.value.real == -0.75);
    ck_assert_int_eq(metrics_cell(metrics, NULL, "x", &whole, &a), METRICS_ADDED);
    ck_assert_int_eq(metrics_cell(metrics, NULL, "x", &whole, &b), METRICS_ADDED);
    counter_set(a, (uint64_t)-5);
    counter_set(b, 3);
    ck_assert(metrics_read(metrics, 1, &metric));
    ck_assert_int_eq(metric.value.i64, -2);
    metrics_free(metrics);
}
END_TEST

static struct counter *labelled(struct metrics *metrics, const void *owner, const char *value)
{
    const struct metric_description is = {
        .name = "sent", .unit = "bytes", .help = "help", .label = "peer", .label_value = value};
    struct counter *cell;

    ck_assert_int_eq(metrics_cell(metrics, owner, "tcp", &is, &cell), METRICS_ADDED);
    return cell;
}

START_TEST(labels)
{
    struct metrics *metrics = metrics_new();
    struct metric_reading metric;
    int one, other;

    counter_set(labelled(metrics, &one, "a"), 1);
    counter_set(labelled(metrics, &other, "b"), 20);
    counter_set(labelled(metrics, &other, "a"), 300);
    ck_assert(metrics_read(metrics, 0, &metric));
    ck_assert_str_eq(metric.is.name, "tcp.sent");
    ck_assert_str_eq(metric.is.label, "peer");
    ck_assert_str_eq(metric.is.label_value, "a");
    ck_assert_uint_eq(metric.value.u64, 301);
    ck_assert(metrics_read(metrics, 1, &metric));
    ck_assert_str_eq(metric.is.label_value, "b");
    ck_assert(!metrics_read(metrics, 2, &metric));
    ck_assert(metrics_find(metrics, "tcp.sent", "b", &metric));
    ck_assert_uint_eq(metric.value.u64, 20);
    ck_assert_str_eq(metric.is.label_value, "b");
    ck_assert(metrics_find(metrics, "tcp.sent", NULL, &metric));
    ck_assert_uint_eq(metric.value.u64, 321);
    ck_assert_ptr_null(metric.is.label);
    ck_assert_ptr_null(metric.is.label_value);
    ck_assert(!metrics_find(metrics, "tcp.sent", "c", &metric));
    ck_assert(!metrics_find(metrics, "sent", NULL, &metric));
    metrics_remove(metrics, &other);
    ck_assert(!metrics_find(metrics, "tcp.sent", "b", &metric));
    ck_assert(metrics_find(metrics, "tcp.sent", NULL, &metric));
    ck_assert_uint_eq(metric.value.u64, 301); /* what a counter had counted stays with its label */
    metrics_free(metrics);
}
END_TEST

/* One name is one kind, one type and one label, while somebody keeps it. */
START_TEST(conflicts)
{
    const struct metric_description good = {
        .name = "n", .unit = "1", .help = "help", .label = "peer", .label_value = "a"};
    struct metric_description bad[3] = {good, good, good};
    struct metrics *metrics = metrics_new();
    struct metric_reading metric;
    struct counter *cell;
    int one, i;

    bad[0].kind = METRIC_GAUGE;
    bad[1].type = METRIC_DOUBLE;
    bad[2].label = "table";
    ck_assert_int_eq(metrics_cell(metrics, &one, "x", &good, &cell), METRICS_ADDED);
    counter_set(cell, 7);
    for (i = 0; i < 3; i++) {
        bad[i].label_value = i == 0 ? "a" : "b"; /* whatever the value is */
        ck_assert_int_eq(metrics_cell(metrics, NULL, "x", &bad[i], &cell), METRICS_CONFLICT);
    }
    ck_assert_int_eq(metrics_cell(metrics, NULL, "y", &bad[0], &cell), METRICS_ADDED);
    metrics_remove(metrics, &one);
    ck_assert_int_eq(metrics_cell(metrics, NULL, "x", &bad[1], &cell), METRICS_ADDED);
    ck_assert(metrics_find(metrics, "x.n", NULL, &metric));
    ck_assert_uint_eq(metric.is.type, METRIC_DOUBLE);
    ck_assert(metric.value.real == 0);
    metrics_free(metrics);
}
END_TEST

static void *write_cell(void *argument)
{
    struct counter *cell = cell_of(argument, NULL, "x", "n", METRIC_COUNTER, "records", "help");
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
        ck_assert_uint_ge(metric.value.u64, last); /* never back */
        last = metric.value.u64;
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
    const TTest *const tests[] = {cells_are_summed, owners_go, types,
                                  labels,           conflicts, writers_and_a_reader};
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
