/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence" as a plugin: its options, verdicts, events and metrics.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "plugins/fake_host.h"

#define PLUGIN (&muster_plugin_v1)

#define FIRST     MUSTER_VERDICT_FIRST
#define NEW       MUSTER_VERDICT_NEW
#define GAP       MUSTER_VERDICT_GAP
#define LATE      MUSTER_VERDICT_LATE
#define DUPLICATE MUSTER_VERDICT_DUPLICATE
#define RESTART   MUSTER_VERDICT_RESTART
#define OUTLIER   MUSTER_VERDICT_OUTLIER

static struct muster_record message(uint16_t id, uint8_t type, uint32_t seq, uint32_t timestamp)
{
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = seq,
                                   .device_time_ns = (int64_t)timestamp * 1000000000,
                                   .seq_bits = type == MUSTER_MSG_DATA ? 32 : 0,
                                   .readings = 1};

    return record;
}

START_TEST(checks_the_window)
{
    struct muster_instance *bad = muster_test_new(PLUGIN, "window", "100", NULL);
    struct muster_instance *good = muster_test_new(PLUGIN, "window", "128", NULL);

    ck_assert_int_eq(PLUGIN->check(&muster_test_host, bad), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_errors(bad, "window", "power of two"), 1);
    ck_assert_uint_eq(muster_test_error_count(bad), 1);
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, good), 0);
    ck_assert_uint_eq(muster_test_error_count(good), 0);
    ck_assert(!muster_test_accepts(PLUGIN, "window", "32"));
    ck_assert(!muster_test_accepts(PLUGIN, "window", "131072"));
    ck_assert(!muster_test_accepts(PLUGIN, "max_jump", "0"));
    ck_assert(!muster_test_accepts(PLUGIN, "mode", "other"));
    muster_test_free(bad);
    muster_test_free(good);
}
END_TEST

static void process(void *worker, const struct muster_record *records, uint32_t count,
                    const uint8_t *verdicts)
{
    struct muster_test_batch batch;
    uint32_t i;

    fake_process(PLUGIN, worker, &batch, records, count);
    ck_assert_uint_eq(batch.out_count, count); /* it judges; it drops nothing and adds nothing */
    for (i = 0; i < count; i++)
        ck_assert_uint_eq(batch.out[i].verdict, verdicts[i]);
    muster_test_batch_free(&batch);
}

START_TEST(publishes)
{
    static const uint8_t even[] = {FIRST, NEW, GAP, MUSTER_VERDICT_NONE, FIRST};
    static const uint8_t odd[] = {FIRST, DUPLICATE};
    struct muster_record records[] = {
        message(2, MUSTER_MSG_DATA, 1, 1), message(2, MUSTER_MSG_DATA, 2, 1),
        message(2, MUSTER_MSG_DATA, 6, 1), message(2, MUSTER_MSG_DATA, 7, 1),
        message(65534, MUSTER_MSG_DATA, 1, 1)};
    struct muster_record others[] = {message(65535, MUSTER_MSG_DATA, 1, 1),
                                     message(65535, MUSTER_MSG_DATA, 1, 1)};
    struct muster_instance *instance = muster_test_new(PLUGIN, "events", "false", NULL);
    struct muster_test_batch batch;
    void *state, *workers[2];
    uint32_t i;

    records[3].kind = MUSTER_KIND_REJECT; /* not a message: left alone */
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    for (i = 0; i < 2; i++)
        ck_assert_int_eq(PLUGIN->filter->worker_open(state, i, 2, &workers[i]), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "missing"), 0);
    process(workers[0], records, 5, even);
    process(workers[1], others, 2, odd);
    ck_assert_uint_eq(muster_test_counter(instance, "first"), 3);
    ck_assert_uint_eq(muster_test_counter(instance, "in_order"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "gaps"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "duplicates"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "missing"), 3);
    ck_assert_uint_eq(muster_test_counter(instance, "open"), 3);
    ck_assert_uint_eq(muster_test_counter(instance, "lost"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "recovered"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "late"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "restarts"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "outliers"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "unnumbered"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "devices"), 3);
    for (i = 0; i < 2; i++) {
        fake_batch_begin(&batch, NULL, 0);
        fake_worker_close(PLUGIN, workers[i], batch.batch);
        muster_test_batch_finish(&batch);
        ck_assert_uint_eq(batch.out_count, 0);
        muster_test_batch_free(&batch);
    }
    ck_assert_uint_eq(muster_test_counter(instance, "open"), 0); /* at the end they are lost */
    ck_assert_uint_eq(muster_test_counter(instance, "lost"), 3);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}
END_TEST

/* They are judged and counted, and what is behind does not get them; nor do events go with them. */
static void drops_duplicates_in(const char *mode)
{
    const struct muster_record records[] = {
        message(7, MUSTER_MSG_DATA, 1, 1), message(7, MUSTER_MSG_DATA, 1, 1),
        message(7, MUSTER_MSG_DATA, 2, 1), message(7, MUSTER_MSG_DATA, 2, 1),
        message(7, MUSTER_MSG_DATA, 2, 1), message(7, MUSTER_MSG_DATA, 3, 1)};
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "duplicates", "drop", "events", "false", "mode", mode, NULL);
    struct muster_test_batch batch;
    void *state, *worker;
    uint32_t i;

    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    ck_assert_int_eq(PLUGIN->filter->worker_open(state, 0, 1, &worker), 0);
    fake_process(PLUGIN, worker, &batch, records, 6);
    ck_assert_uint_eq(batch.dropped, 3);
    ck_assert_uint_eq(batch.out_count, 3);
    for (i = 0; i < 3; i++)
        ck_assert_uint_eq(batch.out[i].seq, i + 1);
    muster_test_batch_free(&batch);
    ck_assert_uint_eq(muster_test_counter(instance, "duplicates"), 3);
    ck_assert_uint_eq(muster_test_counter(instance, "duplicates_left_out"), 3);
    fake_batch_begin(&batch, NULL, 0);
    fake_worker_close(PLUGIN, worker, batch.batch);
    muster_test_batch_finish(&batch);
    muster_test_batch_free(&batch);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}

START_TEST(drops_duplicates)
{
    drops_duplicates_in("session");
    drops_duplicates_in("reference");
    ck_assert(!muster_test_accepts(PLUGIN, "duplicates", "count"));
}
END_TEST

/* An event in the batch at `at`: which, and about which numbers. */
static void expect_event(const struct muster_test_batch *batch, uint32_t at, uint8_t event,
                         uint32_t first, uint32_t last, uint16_t cause)
{
    const struct muster_record *record;

    ck_assert_uint_lt(at, batch->out_count);
    record = &batch->out[at];
    ck_assert_uint_eq(record->kind, MUSTER_KIND_EVENT);
    ck_assert_uint_eq(record->event.event, event);
    ck_assert_uint_eq(record->device_id, 7);
    ck_assert_uint_eq(record->event.first, first);
    ck_assert_uint_eq(record->event.last, last);
    ck_assert_uint_eq(record->event.cause, cause);
}

START_TEST(reports_events)
{
    const uint16_t network = MUSTER_CAUSE_NETWORK, kernel = MUSTER_CAUSE_KERNEL;
    struct muster_record records[] = {
        message(7, MUSTER_MSG_DATA, 1, 1000), message(7, MUSTER_MSG_DATA, 10, 1001),
        message(7, MUSTER_MSG_DATA, 5, 1000), message(7, MUSTER_MSG_DATA, 12, 1002),
        message(7, MUSTER_MSG_INIT, 0, 1100)};
    struct muster_instance *instance = muster_test_new(PLUGIN, "window", "64", NULL);
    struct muster_test_batch batch;
    void *state, *worker;
    uint32_t i;

    for (i = 0; i < 5; i++)
        records[i].arrival_ns = (1000 + i) * UINT64_C(1000000000);
    fake_set_metric(instance, "collector.received", "datagrams", "help", 1);
    fake_set_metric(instance, "collector.kernel_drops", "datagrams", "help", 4);
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    ck_assert_int_eq(PLUGIN->filter->worker_open(state, 0, 1, &worker), 0);
    fake_batch_begin(&batch, NULL, 0);
    PLUGIN->filter->worker_tick(worker, batch.batch, 1);
    muster_test_batch_finish(&batch);
    ck_assert_uint_eq(batch.out_count, 0);
    muster_test_batch_free(&batch);

    fake_process(PLUGIN, worker, &batch, records, 3);
    ck_assert_uint_eq(batch.out_count, 6);
    expect_event(&batch, 1, MUSTER_EVENT_DEVICE_NEW, 1, 1, 0);
    ck_assert_uint_eq(batch.out[2].verdict, GAP);
    expect_event(&batch, 3, MUSTER_EVENT_GAP_OPENED, 2, 9, network);
    ck_assert_uint_eq(batch.out[4].verdict, LATE);
    expect_event(&batch, 5, MUSTER_EVENT_GAP_RECOVERED, 5, 5, network);
    ck_assert_uint_eq(batch.out[5].event.opened_ns, records[1].arrival_ns);
    ck_assert_uint_eq(batch.out[5].event.closed_ns, records[2].arrival_ns);
    muster_test_batch_free(&batch);

    /* A tick later the kernel has dropped some: since drops are known once a second, that
     * may be why any of these is missing. */
    fake_process(PLUGIN, worker, &batch, &records[3], 1);
    expect_event(&batch, 1, MUSTER_EVENT_GAP_OPENED, 11, 11, network);
    muster_test_batch_free(&batch);
    fake_set_metric(instance, "collector.kernel_drops", "datagrams", "help", 5);
    fake_batch_begin(&batch, NULL, 0);
    PLUGIN->filter->worker_tick(worker, batch.batch, 2);
    muster_test_batch_finish(&batch);
    muster_test_batch_free(&batch);
    fake_process(PLUGIN, worker, &batch, &records[4], 1);
    ck_assert_uint_eq(batch.out[0].verdict, RESTART);
    expect_event(&batch, 1, MUSTER_EVENT_RESTART, 0, 0, 0);
    expect_event(&batch, 2, MUSTER_EVENT_GAP_LOST, 2, 4, network | kernel | MUSTER_CAUSE_RESTART);
    expect_event(&batch, 3, MUSTER_EVENT_GAP_LOST, 6, 9, network | kernel | MUSTER_CAUSE_RESTART);
    expect_event(&batch, 4, MUSTER_EVENT_GAP_LOST, 11, 11, network | kernel | MUSTER_CAUSE_RESTART);
    ck_assert_uint_eq(batch.out_count, 5);
    muster_test_batch_free(&batch);
    ck_assert_uint_eq(muster_test_counter(instance, "events_not_reported"), 0);

    fake_batch_begin(&batch, NULL, 0);
    fake_worker_close(PLUGIN, worker, batch.batch);
    muster_test_batch_finish(&batch);
    ck_assert_uint_eq(batch.out_count, 0);
    muster_test_batch_free(&batch);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}
END_TEST

static int refuse(struct muster_batch *batch, uint32_t after, const struct muster_record *record)
{
    (void)batch, (void)after, (void)record;
    return -1;
}

START_TEST(counts_events_that_it_cannot_report)
{
    static const uint8_t verdicts[] = {FIRST, GAP};
    const struct muster_record records[] = {message(7, MUSTER_MSG_DATA, 1, 1000),
                                            message(7, MUSTER_MSG_DATA, 3, 1002)};
    struct muster_instance *instance = muster_test_new(PLUGIN, NULL);
    struct muster_host host = muster_test_host;
    struct muster_batch empty = {0};
    void *state, *worker;

    host.emit = refuse;
    ck_assert_int_eq(PLUGIN->open(&host, instance, &state), 0);
    ck_assert_int_eq(PLUGIN->filter->worker_open(state, 0, 1, &worker), 0);
    process(worker, records, 2, verdicts);
    ck_assert_uint_eq(muster_test_counter(instance, "events_not_reported"),
                      2); /* device new, gap opened */
    fake_worker_close(PLUGIN, worker, &empty);
    ck_assert_uint_eq(muster_test_counter(instance, "events_not_reported"), 3); /* gap lost */
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}
END_TEST

START_TEST(in_reference_mode)
{
    static const uint8_t verdicts[] = {FIRST, NEW, NEW, GAP};
    const struct muster_record records[] = {
        message(1, MUSTER_MSG_INIT, 0, 1), message(1, MUSTER_MSG_DATA, 1, 1),
        message(1, MUSTER_MSG_HEARTBEAT, 0, 1), message(1, MUSTER_MSG_DATA, 2, 1)};
    struct muster_instance *instance = muster_test_new(PLUGIN, "mode", "reference", NULL);
    struct muster_batch empty = {0};
    void *state, *worker;

    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    ck_assert_int_eq(PLUGIN->filter->worker_open(state, 0, 1, &worker), 0);
    process(worker, records, 4, verdicts);
    fake_worker_close(PLUGIN, worker, &empty);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}
END_TEST

/* Readings of one number, in two batches. */
START_TEST(judges_a_shared_number_once)
{
    static const uint8_t first[] = {FIRST, FIRST}, rest[] = {FIRST}, next[] = {GAP, GAP},
                         copy[] = {DUPLICATE};
    struct muster_instance *instance = muster_test_new(PLUGIN, "events", "false", NULL);
    struct muster_batch empty = {0};
    struct muster_record readings[3];
    void *state, *worker;
    uint16_t i;

    for (i = 0; i < 3; i++) {
        readings[i] = message(1, MUSTER_MSG_DATA, 7, 1000);
        readings[i].marks |= MUSTER_MARK_SHARED_NUMBER;
        readings[i].arrival_ns = 1000;
        readings[i].reading = i;
        readings[i].readings = 3;
    }
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    ck_assert_int_eq(PLUGIN->filter->worker_open(state, 0, 1, &worker), 0);
    process(worker, readings, 2, first);
    process(worker, readings + 2, 1, rest);
    readings[0].arrival_ns = 1001; /* another datagram with the same number, and cut short */
    process(worker, readings, 1, copy);
    for (i = 0; i < 3; i++) {
        readings[i].seq = 9;
        readings[i].arrival_ns = 1002;
    }
    process(worker, readings, 2, next);
    ck_assert_uint_eq(muster_test_counter(instance, "first"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "duplicates"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "gaps"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "missing"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "shared"), 3);
    fake_worker_close(PLUGIN, worker, &empty);
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {checks_the_window,
                                  publishes,
                                  drops_duplicates,
                                  reports_events,
                                  counts_events_that_it_cannot_report,
                                  in_reference_mode,
                                  judges_a_shared_number_once};
    Suite *suite = suite_create("sequence");
    TCase *tests = tcase_create("sequence");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
