/* SPDX-License-Identifier: MIT
 *
 * libmuster-test itself: what it hands to a plugin, what it remembers, and what it does not let
 * pass.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster/test.h>

#include "common/runner.h"

static const struct muster_option options[] = {
    {.name = "size", .type = MUSTER_OPTION_SIZE, .fallback = "1KiB", .summary = "A size"},
    {.name = "name",
     .type = MUSTER_OPTION_STRING,
     .flags = MUSTER_OPTION_REQUIRED,
     .summary = "A text"},
};

static struct {
    const struct muster_host *host;
    struct muster_instance *instance;
    int64_t result, size;
    int opened, emitted;
    struct muster_state kept;
} seen;

static char said[2000];

static void hear(void *context, const char *text)
{
    (void)context;
    snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", text);
}

static int check(const struct muster_host *host, struct muster_instance *instance)
{
    if (host->get_int(instance, "size") > 0)
        return 0;
    host->config_error(instance, "size", "it is too small");
    return MUSTER_FAILED;
}

static int convert(const struct muster_state *old, const struct muster_state *state)
{
    memcpy(state->memory, old->memory, old->bytes);
    return old->format == 1;
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    seen.host = host;
    seen.instance = instance;
    seen.size = host->get_int(instance, "size");
    seen.kept = (struct muster_state){
        .size = sizeof seen.kept, .format = 2, .bytes = 16, .convert = convert};
    seen.opened = host->state(instance, &seen.kept);
    *state = &seen;
    return 0;
}

static int connect_output(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    return 0;
}

static int64_t give(void *state, const struct muster_record *records, uint32_t count,
                    const struct muster_call *call)
{
    (void)state;
    (void)records;
    (void)call;
    return seen.result != 0 ? seen.result : count;
}

static int64_t flush(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    return seen.result;
}

static const struct muster_sink sink = {
    .size = sizeof sink, .connect = connect_output, .write = give, .flush = flush};

static const struct muster_plugin sink_plugin = {
    .size = sizeof sink_plugin,
    .abi_major = MUSTER_ABI_MAJOR,
    .option_size = sizeof options[0],
    .option_count = 2,
    .name = "a-sink",
    .version = "1",
    .summary = "tests",
    .options = options,
    .check = check,
    .open = open_instance,
    .sink = &sink,
};

static int process(void *state, struct muster_batch *batch)
{
    struct muster_record derived;

    (void)state;
    muster_record_derive(&derived, &batch->records[0]);
    derived.device += (uint32_t)seen.result;
    seen.emitted = seen.host->emit(batch, 0, &derived);
    seen.host->drop(batch, batch->count - 1);
    return 0;
}

static const struct muster_filter filter = {.size = sizeof filter, .process = process};

static int open_filter(const struct muster_host *host, struct muster_instance *instance,
                       void **state)
{
    static const struct muster_metric labelled = {.size = sizeof labelled,
                                                  .name = "things",
                                                  .unit = "things",
                                                  .help = "Things",
                                                  .label = "kind",
                                                  .label_value = "odd"};

    seen.host = host;
    seen.instance = instance;
    muster_cell_add(host->metric(instance, &labelled), 3);
    host->log(instance, MUSTER_LOG_INFO, "it is open");
    *state = &seen;
    return 0;
}

static const struct muster_plugin filter_plugin = {
    .size = sizeof filter_plugin,
    .abi_major = MUSTER_ABI_MAJOR,
    .option_size = sizeof options[0],
    .name = "a-filter",
    .version = "1",
    .summary = "tests",
    .open = open_filter,
    .filter = &filter,
};

static void set_up(void)
{
    memset(&seen, 0, sizeof seen);
    said[0] = '\0';
    muster_test_on_misuse(hear, NULL);
}

START_TEST(options_are_read_as_the_daemon_does)
{
    struct muster_instance *instance =
        muster_test_new(&sink_plugin, "size", "2KiB", "name", "x", NULL);

    ck_assert_int_eq(muster_test_check(instance), 0);
    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_int_eq(seen.size, 2048);
    ck_assert(muster_test_accepts(&sink_plugin, "size", "1MiB"));
    ck_assert(!muster_test_accepts(&sink_plugin, "size", "much"));
    ck_assert(!muster_test_accepts(&sink_plugin, "other", "1"));
    muster_test_close(instance);
    muster_test_free(instance);
    instance = muster_test_new(&sink_plugin, "size", "0", "name", "x", NULL);
    ck_assert_int_eq(muster_test_check(instance), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_errors(instance, "size", "too small"), 1);
    ck_assert_uint_eq(muster_test_error_count(instance), 1);
    muster_test_free(instance);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(wrong_options_are_a_misuse)
{
    ck_assert_ptr_null(muster_test_new(&sink_plugin, NULL));
    ck_assert_ptr_null(muster_test_new(&sink_plugin, "name", "x", "other", "1", NULL));
    ck_assert_ptr_null(muster_test_new(&sink_plugin, "name", "x", "size", "much", NULL));
    ck_assert_ptr_nonnull(strstr(said, "option \"name\" is required\n"));
    ck_assert_ptr_nonnull(strstr(said, "the plugin has no option \"other\"\n"));
    ck_assert_ptr_nonnull(strstr(said, "option \"size\": "));
    ck_assert_ptr_null(muster_test_load("./there-is-none.so", NULL));
    ck_assert_ptr_nonnull(strstr(said, "there-is-none.so"));
}
END_TEST

START_TEST(what_a_sink_holds_is_counted)
{
    static const struct muster_record records[3];
    struct muster_instance *instance = muster_test_new(&sink_plugin, "name", "x", NULL);

    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_int_eq(muster_test_write(instance, records, 3), MUSTER_FAILED);
    ck_assert_str_eq(said, "the test calls write() before connect()\n");
    ck_assert_int_eq(muster_test_connect(instance), 0);
    ck_assert_int_eq(muster_test_write(instance, records, 3), 3);
    ck_assert_uint_eq(muster_test_held(instance), 3);
    seen.result = MUSTER_AGAIN;
    ck_assert_int_eq(muster_test_flush(instance), MUSTER_AGAIN);
    ck_assert_uint_eq(muster_test_held(instance), 3);
    seen.result = 4;
    ck_assert_int_eq(muster_test_flush(instance), 3);
    ck_assert_ptr_nonnull(strstr(said, "flush() gave up 4 records, but holds 3 at most\n"));
    ck_assert_int_eq(muster_test_write(instance, records, 3), MUSTER_FAILED);
    ck_assert_ptr_nonnull(strstr(said, "write() returned 4; expected 0 to 3"));
    seen.result = 0;
    muster_test_close(instance);
    ck_assert_ptr_nonnull(strstr(said, "the test calls close() before disconnect()\n"));
    muster_test_disconnect(instance);
    muster_test_close(instance);
    muster_test_free(instance);
}
END_TEST

START_TEST(a_filter_emits_and_drops)
{
    struct muster_record records[2] = {
        {.device = 4, .marks = MUSTER_MARK_DEVICE, .readings = 1},
        {.device = 6, .marks = MUSTER_MARK_DEVICE, .readings = 1},
    };
    struct muster_instance *instance = muster_test_new(&filter_plugin, NULL);
    struct muster_test_batch batch = {0};
    struct muster_metric metric;

    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "is open"), 1);
    ck_assert_str_eq(muster_test_log_line(instance, 0), "it is open");
    ck_assert_int_eq(muster_test_metric(instance, "things", "odd", &metric), 1);
    ck_assert_uint_eq(metric.value.u64, 3);
    ck_assert_int_eq(muster_test_metric(instance, "things", "even", &metric), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "things"), 3);
    ck_assert_int_eq(muster_test_worker_open(instance, 0, 2), 0);
    ck_assert_int_eq(muster_test_process(instance, 0, &batch, records, 2), 0);
    ck_assert_uint_eq(batch.emitted, 1);
    ck_assert_uint_eq(batch.dropped, 1);
    ck_assert_uint_eq(batch.out_count, 2);
    ck_assert_uint_eq(batch.out[1].device, 4);
    ck_assert_uint_eq(batch.out[1].origin, 1);
    ck_assert_str_eq(said, "");
    muster_test_fail(instance, MUSTER_TEST_EMIT, 0);
    ck_assert_int_eq(muster_test_process(instance, 0, &batch, records, 2), 0);
    ck_assert_int_eq(seen.emitted, MUSTER_FAILED);
    ck_assert_uint_eq(batch.emitted, 0);
    ck_assert_uint_eq(muster_test_calls(instance, MUSTER_TEST_EMIT), 2);
    seen.result = 1;
    ck_assert_int_eq(muster_test_process(instance, 0, &batch, records, 2), 0);
    ck_assert_str_eq(said, "in process(): the plugin calls emit() of a record of a device that is "
                           "another worker's\n");
    muster_test_worker_close(instance, 0, &batch);
    muster_test_close(instance);
    muster_test_batch_free(&batch);
    muster_test_free(instance);
}
END_TEST

START_TEST(state_is_kept_and_converted)
{
    static char memory[] = "12345678";
    struct muster_state old = {
        .size = sizeof old, .format = 1, .bytes = 8, .memory = memory, .age = MUSTER_STATE_STOPPED};
    struct muster_instance *instance = muster_test_new(&sink_plugin, "name", "x", NULL);

    muster_test_keep_state(instance, &old);
    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_int_eq(seen.opened, 0);
    ck_assert_mem_eq(seen.kept.memory, memory, 8);
    ck_assert_uint_eq(seen.kept.age, MUSTER_STATE_STOPPED);
    ck_assert_uint_eq(muster_test_state_bytes(instance), 16);
    ck_assert(!muster_test_state_set_aside(instance));
    muster_test_free(instance);
    instance = muster_test_new(&sink_plugin, "name", "x", NULL);
    old.format = 3;
    muster_test_keep_state(instance, &old);
    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert(muster_test_state_set_aside(instance));
    ck_assert_uint_eq(seen.kept.age, MUSTER_STATE_NEW);
    ck_assert_int_eq(((char *)seen.kept.memory)[0], 0);
    muster_test_free(instance);
    instance = muster_test_new(&sink_plugin, "name", "x", NULL);
    muster_test_fail(instance, MUSTER_TEST_STATE, 0);
    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_int_eq(seen.opened, MUSTER_FAILED);
    muster_test_free(instance);
}
END_TEST

START_TEST(clocks_and_devices_are_the_tests)
{
    static const struct muster_device boiler = {
        .number = 7, .id = 4711, .name = "boiler", .place = "cellar"};
    struct muster_device found = {.size = sizeof found};
    struct muster_instance *instance = muster_test_new(&filter_plugin, NULL);

    muster_test_add_device(instance, &boiler);
    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_int_eq(seen.host->device(seen.instance, 7, &found), 1);
    ck_assert_str_eq(found.place, "cellar");
    ck_assert_str_eq(found.key, "4711");
    ck_assert_int_eq(seen.host->device_by_id(seen.instance, 4711, &found), 1);
    ck_assert_int_eq(seen.host->device(seen.instance, 8, &found), 0);
    ck_assert_str_eq(found.class_name, "default");
    muster_test_set_clock(instance, 5000, 100);
    muster_test_advance(instance, 10);
    muster_test_sleep(instance, 1000);
    ck_assert_uint_eq(seen.host->now(seen.instance, MUSTER_CLOCK_WALL), 6010);
    ck_assert_uint_eq(seen.host->now(seen.instance, MUSTER_CLOCK_MONOTONIC), 110);
    ck_assert_uint_eq(seen.host->now(seen.instance, MUSTER_CLOCK_BOOT), 1110);
    seen.host->wake(seen.instance);
    ck_assert_uint_eq(muster_test_woken(instance), 1);
    ck_assert_str_eq(said, "");
    seen.host->get_int(seen.instance, "size");
    ck_assert_str_eq(said,
                     "the plugin calls get_int() in a thread of its own; expected in check, open, "
                     "reload, worker_open or connect\n");
    muster_test_close(instance);
    muster_test_free(instance);
}
END_TEST

START_TEST(without_a_handler_the_program_ends)
{
    muster_test_on_misuse(NULL, NULL);
    muster_test_new(&sink_plugin, NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("testing");
    TCase *tcase = tcase_create("testing");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, options_are_read_as_the_daemon_does);
    tcase_add_test(tcase, wrong_options_are_a_misuse);
    tcase_add_test(tcase, what_a_sink_holds_is_counted);
    tcase_add_test(tcase, a_filter_emits_and_drops);
    tcase_add_test(tcase, state_is_kept_and_converted);
    tcase_add_test(tcase, clocks_and_devices_are_the_tests);
    tcase_add_test_raise_signal(tcase, without_a_handler_the_program_ends, 6);
    suite_add_tcase(suite, tcase);
    return suite;
}
