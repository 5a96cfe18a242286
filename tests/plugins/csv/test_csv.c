/* SPDX-License-Identifier: MIT
 *
 * The sink "csv", driven by the fake host: its rows, its configuration, and trouble in writing.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "fixture.h"
#include "plugins/fake_host.h"

/* ---- Rows ----------------------------------------------------------------------------- */

START_TEST(default_rows)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    struct muster_record records[5];
    void *state = fixture_open(instance);

    records[0] = fixture_text(0, NULL);
    records[0].msg_type = MUSTER_MSG_INIT;
    records[1] = fixture_text(1, "26.6");
    records[2] = fixture_text(1, "26.6");
    records[2].verdict = MUSTER_VERDICT_DUPLICATE;
    records[3] = fixture_text(UINT32_MAX, "=1+2");
    records[3].verdict = MUSTER_VERDICT_GAP;
    records[3].message.gap = 5;
    records[3].device_id = records[3].device = 65535;
    records[3].device_time_ns = UINT32_MAX * (int64_t)S;
    records[3].arrival_ns = 1;
    records[4] = fixture_text(7, NULL);
    records[4].kind = MUSTER_KIND_EVENT; /* is taken, and has no row */
    ck_assert_int_eq(fixture_write(state, records, 5), 5);
    fixture_expect_file(fixture_path, HEADER "101,0,1762534151,2,,0,0,1762534152.983310\n"
                                             "101,1,1762534151,1,26.6,0,0,1762534152.983310\n"
                                             "101,1,1762534151,1,26.6,1,0,1762534152.983310\n"
                                             "65535,4294967295,4294967295,1,=1+2,0,1,0.000000\n");
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 4);
    ck_assert_uint_eq(muster_test_counter(instance, "writes"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "write_errors"), 0);
    ck_assert_uint_eq(muster_test_takes(instance), MUSTER_TAKES_MESSAGES);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "new file \""), 1);
    fixture_close(instance, state);
}
END_TEST

#define TIMES "1762534151.000000,1762534152.983310,1762534153.000000"

START_TEST(rows_of_gaps)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "records", "gaps", NULL);
    struct muster_record records[16];
    uint32_t count = 0;
    uint8_t event;
    void *state = fixture_open(instance);

    ck_assert_uint_eq(muster_test_takes(instance), MUSTER_TAKES_EVENTS);
    for (event = 0; event <= MUSTER_EVENT_DEVICE_BACK; event++)
        records[count++] = fixture_gap(event, 2, 3, MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_RESTART);
    records[count++] = fixture_gap(MUSTER_EVENT_OWN + 3, 2, 3, 0);
    ck_assert_int_eq(fixture_write(state, records, count), count);
    records[1].event.was = MUSTER_EVENT_NONE;              /* it has just opened */
    ck_assert_int_eq(fixture_write(state, records, 2), 2); /* no row at all */
    records[0] = fixture_gap(MUSTER_EVENT_GAP_LOST, UINT32_MAX, 4, MUSTER_CAUSE_KERNEL);
    records[1] = fixture_text(1, "x");
    ck_assert_int_eq(fixture_write(state, records, 2), 2);
    fixture_expect_file(fixture_path, GAPS_HEADER "101,2,3,2," TIMES ",open,network+restart\n"
                                                  "101,2,3,2," TIMES ",recovered,network+restart\n"
                                                  "101,2,3,2," TIMES ",lost,network+restart\n"
                                                  "101,4294967295,4,6," TIMES ",lost,kernel\n");
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 4);
    ck_assert_uint_eq(muster_test_counter(instance, "writes"), 2);
    fixture_close(instance, state);
}
END_TEST

START_TEST(largest_rows)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "payload,value,device_name", NULL);
    struct muster_device named = {.class_name = "c"};
    struct muster_record records[5];
    size_t rest = MUSTER_DATAGRAM_MAX - MUSTER_HEADER_SIZE;
    uint8_t *worst = calloc(1, 4 * rest);
    char *name = malloc(300001);
    void *state;
    struct stat info;
    int i;

    ck_assert(worst != NULL && name != NULL);
    memset(name, '\x01', 300000);
    name[300000] = '\0';
    named.name = name;
    fake_add_device(instance, 7, &named);
    state = fixture_open(instance);
    for (i = 0; i < 5; i++) {
        records[i] = fixture_text(1, "");
        records[i].payload.bytes = worst;
        records[i].payload_size = (uint32_t)rest;
    }
    worst[0] = '"';
    ck_assert_int_eq(fixture_write(state, records, 5), 5);
    ck_assert_int_eq(stat(fixture_path, &info), 0);
    ck_assert_int_eq(info.st_size, (off_t)(strlen("payload,value,device_name\n") +
                                           5 * (rest * 2 + 1 + (rest - 1) * 4 + 2 + 2 + 2)));
    /* No datagram and no sane catalog has these, but no byte is written outside the buffer. */
    records[3].payload_size = (uint32_t)(4 * rest);
    records[4].device_id = records[4].device = 7;
    ck_assert_int_eq(fixture_write(state, records, 5), 5);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 10);
    fixture_close(instance, state);
    free(worst);
    free(name);
}
END_TEST

/* ---- Configuration -------------------------------------------------------------------- */

START_TEST(configuration)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "columns", "value,seq_num,value", NULL);

    ck_assert(!muster_test_accepts(PLUGIN, "path", ""));
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_errors(instance, "columns", "\"value\" is named twice"), 1);
    ck_assert_uint_eq(muster_test_error_count(instance), 1);
    muster_test_free(instance);
    instance = muster_test_new(PLUGIN, "columns", "seq_num,cause,first", NULL);
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), MUSTER_FAILED);
    ck_assert_uint_eq(
        muster_test_errors(instance, "columns", "no column \"cause\" if records is \"messages\""),
        1);
    ck_assert_uint_eq(muster_test_errors(instance, "columns", "no column \"first\""), 1);
    ck_assert_uint_eq(muster_test_error_count(instance), 2);
    muster_test_free(instance);
    instance = muster_test_new(PLUGIN, "records", "gaps", "columns",
                               "cause,device_name,arrival_time,count,count", NULL);
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_errors(instance, "columns",
                                         "no column \"arrival_time\" if records is \"gaps\""),
                      1);
    ck_assert_uint_eq(muster_test_errors(instance, "columns", "\"count\" is named twice"), 1);
    ck_assert_uint_eq(muster_test_error_count(instance), 2);
    muster_test_free(instance);
    ck_assert(!muster_test_accepts(PLUGIN, "records", "events"));
    ck_assert(muster_test_accepts(PLUGIN, "columns", "device_name, arrival_ns"));
    ck_assert(!muster_test_accepts(PLUGIN, "sync", "always"));
}
END_TEST

START_TEST(no_columns_are_the_default_ones)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "", NULL);

    fixture_close(instance, fixture_open(instance));
    fixture_expect_file(fixture_path, HEADER);
    ck_assert_int_eq(unlink(fixture_path), 0);
    instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "", "records", "gaps", NULL);
    fixture_close(instance, fixture_open(instance));
    fixture_expect_file(fixture_path, GAPS_HEADER);
}
END_TEST

/* ---- Trouble -------------------------------------------------------------------------- */

START_TEST(full_disk)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "value", NULL);
    struct muster_record records[5];
    void *state = fixture_open(instance);
    int i;

    for (i = 0; i < 5; i++)
        records[i] = fixture_text((uint32_t)i, "123456789");
    records[1].kind = MUSTER_KIND_EVENT; /* has no row, and does not upset the count */
    fixture_limit_file_size(6 + 25);     /* the header, two rows and a half */
    ck_assert_int_eq(fixture_write(state, records, 5), 3);
    fixture_expect_file(fixture_path, "value\n123456789\n123456789\n");
    ck_assert_int_eq(fixture_write(state, records + 3, 2), 0);
    ck_assert_int_eq(fixture_write(state, records + 3, 2), 0);
    fixture_expect_file(fixture_path, "value\n123456789\n123456789\n");
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "cannot write to \""), 1);
    ck_assert_uint_eq(
        muster_test_logged(instance, MUSTER_LOG_ERROR, "File too large; rows wait in the"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "write_errors"), 3);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 2);
    ck_assert_uint_eq(muster_test_counter(instance, "bytes"), 20);
    ck_assert_int_eq(fake_flush(PLUGIN, state, 0), 0);
    fixture_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(fixture_write(state, records + 3, 2), 2);
    fixture_expect_file(fixture_path, "value\n123456789\n123456789\n123456789\n123456789\n");
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "works again"), 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, ""), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 4);
    fixture_close(instance, state);
}
END_TEST

START_TEST(full_disk_of_gaps)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, "records",
                                                       "gaps", "columns", "first,outcome", NULL);
    struct muster_record records[5];
    void *state = fixture_open(instance);
    uint32_t i;

    for (i = 0; i < 5; i++)
        records[i] =
            fixture_gap(i % 2 == 0 ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_RESTART, i, i, 0);
    fixture_limit_file_size(strlen("first,outcome\n") + 7 + 3); /* a row and a half */
    ck_assert_int_eq(fixture_write(state, records, 5), 1);
    fixture_expect_file(fixture_path, "first,outcome\n0,lost\n");
    fixture_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(fixture_write(state, records + 1, 4), 4);
    fixture_expect_file(fixture_path, "first,outcome\n0,lost\n2,lost\n4,lost\n");
    fixture_close(instance, state);
}
END_TEST

START_TEST(full_disk_in_the_second_bite)
{
    enum { COUNT = 40000 };
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "value", NULL);
    struct muster_record *records = calloc(COUNT, sizeof *records);
    void *state = fixture_open(instance);
    struct stat info;
    uint32_t i;

    ck_assert_ptr_nonnull(records);
    for (i = 0; i < COUNT; i++)
        records[i] = fixture_text(i, "123456789");
    fixture_limit_file_size(6 + 300005);
    ck_assert_int_eq(fixture_write(state, records, COUNT), 30000);
    ck_assert_int_eq(stat(fixture_path, &info), 0);
    ck_assert_int_eq(info.st_size, 6 + 300000);
    fixture_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(fixture_write(state, records + 30000, 10000), 10000);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), COUNT);
    ck_assert_uint_eq(muster_test_counter(instance, "bytes"), 10 * COUNT);
    fixture_close(instance, state);
    free(records);
}
END_TEST

/* A FIFO takes a part of a row, and nothing can be taken back from it. */
START_TEST(torn_row_is_completed)
{
    static uint8_t text[6000];
    static char bytes[65536];
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "value", NULL);
    struct muster_record records[2] = {fixture_text(1, "123456789"), fixture_text(2, "next")};
    struct muster_record longest = fixture_text(3, "");
    void *state;
    int reader;

    memset(text, 'a', sizeof text);
    longest.payload.bytes = text;
    longest.payload_size = sizeof text;
    ck_assert_int_eq(mkfifo(fixture_path, 0600), 0);
    reader = open(fixture_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
    state = fixture_open(instance);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 6);
    ck_assert_mem_eq(bytes, "value\n", 6);

    ck_assert_int_eq(fixture_write(state, &longest, 1), 1); /* held, so it counts as taken */
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 0);
    ck_assert_int_eq(fixture_write(state, records, 2), 0);
    ck_assert_int_eq(fake_rotate(PLUGIN, state), MUSTER_FAILED);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 4096);
    ck_assert_int_eq(fixture_write(state, records, 2), 2);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 6001 - 4096 + 15);
    ck_assert_mem_eq(bytes + 6001 - 4096 - 2, "a\n123456789\nnext\n", 17);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 3);

    /* Given up when there is no time left; what comes later stands on a line of its own. */
    ck_assert_int_eq(fixture_write(state, &longest, 1), 1);
    ck_assert_int_eq(fake_flush(PLUGIN, state, 0), MUSTER_AGAIN);
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_FINAL), 1);
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_FINAL), 0);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 4096);
    ck_assert_int_eq(fixture_write(state, records, 2), 2);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 16);
    ck_assert_mem_eq(bytes, "\n123456789\nnext\n", 16);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 5);
    close(reader);
    fixture_close(instance, state);
}
END_TEST

START_TEST(reader_gone)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    struct muster_record record = fixture_text(1, "x");
    void *state;
    int reader;

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(mkfifo(fixture_path, 0600), 0);
    reader = open(fixture_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    state = fixture_open(instance);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    close(reader);
    ck_assert_int_eq(fixture_write(state, &record, 1), MUSTER_LOST);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "nobody reads"), 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, ""), 1);
    fake_disconnect(PLUGIN, state);
    ck_assert_int_eq(fake_connect(PLUGIN, state), MUSTER_AGAIN);
    reader = open(fixture_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* it comes back */
    ck_assert_int_eq(fake_connect(PLUGIN, state), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    close(reader);
    fixture_close(instance, state);
}
END_TEST

START_TEST(two_instances)
{
    char second[160];
    struct muster_instance *instances[2];
    struct muster_record record = fixture_text(5, NULL);
    void *states[2];
    int i;

    snprintf(second, sizeof second, "%s.1", fixture_path);
    for (i = 0; i < 2; i++) {
        instances[i] = muster_test_new(PLUGIN, "path", i == 0 ? fixture_path : second, "columns",
                                       i == 0 ? "seq_num" : "device_id", NULL);
        states[i] = fixture_open(instances[i]);
    }
    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(fixture_write(states[i], &record, 1), 1);
        fixture_close(instances[i], states[i]);
    }
    fixture_expect_file(fixture_path, "seq_num\n5\n");
    fixture_expect_file(second, "device_id\n101\n");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {default_rows,
                                  rows_of_gaps,
                                  largest_rows,
                                  configuration,
                                  no_columns_are_the_default_ones,
                                  full_disk,
                                  full_disk_of_gaps,
                                  full_disk_in_the_second_bite,
                                  torn_row_is_completed,
                                  reader_gone,
                                  two_instances};
    Suite *suite = suite_create("csv");
    TCase *tcase = tcase_create("csv");
    size_t i;

    tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
