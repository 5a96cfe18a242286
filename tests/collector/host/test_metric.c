/* SPDX-License-Identifier: MIT
 *
 * What a plugin may declare as a metric.
 */
#include <check.h>
#include <string.h>

#include "collector/host/metric.h"
#include "common/runner.h"

static const struct muster_metric good = {
    .size = sizeof good, .name = "tcp.sent_2", .unit = "bytes", .help = "help"};

static void expect_valid(struct muster_metric metric)
{
    char why[200] = "";

    ck_assert_msg(metric_is_valid(&metric, why, sizeof why), "%s", why);
}

static void expect_refused(struct muster_metric metric, const char *reason)
{
    char why[200];

    ck_assert(!metric_is_valid(&metric, why, sizeof why));
    ck_assert_msg(strstr(why, reason) != NULL, "%s; expected: %s", why, reason);
}

START_TEST(valid)
{
    struct muster_metric metric = good;

    expect_valid(metric);
    metric.label = "peer_1";
    metric.label_value = "Ä \"b\"";
    metric.type = MUSTER_METRIC_DOUBLE;
    metric.kind = MUSTER_METRIC_GAUGE;
    expect_valid(metric);
    metric.size = offsetof(struct muster_metric, value);
    expect_valid(metric);
    metric.name = "input";
    expect_valid(metric);
}
END_TEST

START_TEST(names)
{
    static const char *const malformed[] = {"",    "1",   "_a", ".a",      "A",
                                            "a b", "a-b", "a{", "\xc3\xa4"};
    static const char *const reserved[] = {"in",   "out",    "emitted", "offered",      "written",
                                           "held", "queued", "dropped", "dropped.full", "dropped2"};
    struct muster_metric metric = good;
    size_t i;

    for (i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        metric.name = malformed[i];
        expect_refused(metric, "is not called as one; expected lower case");
    }
    metric.name = NULL;
    expect_refused(metric, "the metric \"\" is not called as one");
    for (i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        metric.name = reserved[i];
        expect_refused(metric, "is the host's");
    }
}
END_TEST

START_TEST(labels)
{
    struct muster_metric metric = good;

    metric.label = "peer";
    expect_refused(metric, "has one of label and label_value");
    metric.label_value = "";
    expect_refused(metric, "has a label_value that is none");
    metric.label_value = "a\nb";
    expect_refused(metric, "has a label_value that is none");
    metric.label_value = "a";
    metric.label = "peer.name";
    expect_refused(metric, "has a label that is none");
    metric.label = NULL;
    expect_refused(metric, "has one of label and label_value");
}
END_TEST

START_TEST(the_rest)
{
    struct muster_metric metric = good;
    char why[200];

    metric.kind = 2;
    expect_refused(metric,
                   "the metric \"tcp.sent_2\" is of a kind that this version does not know");
    metric.kind = 0;
    metric.type = 3;
    expect_refused(metric, "is of a type");
    metric = good;
    metric.unit = NULL;
    expect_refused(metric, "has no unit or no help");
    metric = good;
    metric.help = "two\nlines";
    expect_refused(metric, "has no unit or no help");
    metric = good;
    metric.size = 16;
    expect_refused(metric, "metric() without a size");
    ck_assert(!metric_is_valid(NULL, why, sizeof why));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {valid, names, labels, the_rest};
    Suite *suite = suite_create("metric");
    TCase *tcase = tcase_create("metric");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
