/* SPDX-License-Identifier: MIT
 *
 * The host's functions, as a plugin calls them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/host/host.h"
#include "collector/host/instance.h"
#include "common/runner.h"

/* A plugin of another version has another idea of the struct. */
START_TEST(metrics_of_other_sizes)
{
    struct host host = {.metrics = metrics_new()};
    struct entry entry = {.name = (char *)"x"};
    struct muster_instance instance;
    struct {
        struct muster_metric metric;
        uint64_t more;
    } larger = {.metric = {.size = sizeof larger}, .more = 7};
    struct muster_metric smaller = {.size = offsetof(struct muster_metric, value), .value.u64 = 9};
    const struct muster_metric declared = {
        .size = sizeof declared, .name = "n", .unit = "records", .help = "help"};

    instance_init(&instance, &entry, &host);
    muster_cell_set(host_functions.metric(&instance, &declared), 5);
    ck_assert_int_eq(host_functions.read_metric(&instance, 0, &larger.metric), 1);
    ck_assert_str_eq(larger.metric.name, "x.n");
    ck_assert_uint_eq(larger.metric.value.u64, 5);
    ck_assert_uint_eq(larger.metric.size, sizeof larger);
    ck_assert_uint_eq(larger.more, 7);
    ck_assert_int_eq(host_functions.read_metric(&instance, 0, &smaller), 1);
    ck_assert_str_eq(smaller.name, "x.n");
    ck_assert_uint_eq(smaller.value.u64, 9); /* not asked for, not touched */
    ck_assert_int_eq(host_functions.read_metric(&instance, 1, &smaller), 0);
    metrics_remove(host.metrics, &instance);
    ck_assert_int_eq(host_functions.read_metric(&instance, 0, &smaller), 0);
    metrics_free(host.metrics);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("host");
    TCase *tcase = tcase_create("host");

    tcase_add_test(tcase, metrics_of_other_sizes);
    suite_add_tcase(suite, tcase);
    return suite;
}
