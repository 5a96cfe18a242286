/* SPDX-License-Identifier: MIT
 *
 * The sink "log", driven by the fake host, with standard output in a pipe.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/runner.h"
#include "plugins/fake_host.h"

#define PLUGIN (&muster_plugin_v1)
#define S      UINT64_C(1000000000)
#define NOON   (1762534152 * S) /* 2025-11-07 16:49:12 UTC */

static int saved_stdout;
static int reader;
static struct muster_instance *instance;
static void *state;

static void set_up(void)
{
    int ends[2];

    ck_assert_int_eq(setenv("TZ", "XST-1", 1), 0);
    tzset();
    unsetenv("NO_COLOR");
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    saved_stdout = dup(STDOUT_FILENO);
    ck_assert_int_ge(saved_stdout, 0);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    reader = ends[0];
}

static void tear_down(void)
{
    ck_assert_int_eq(dup2(saved_stdout, STDOUT_FILENO), STDOUT_FILENO);
    close(saved_stdout);
    close(reader);
}

static void open_log(struct muster_instance *with)
{
    instance = with;
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
}

static void close_log(void)
{
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}

static void expect_output(const char *wanted)
{
    static char text[70000];
    ssize_t n = read(reader, text, sizeof text - 1);

    text[n < 0 ? 0 : n] = '\0';
    ck_assert_str_eq(text, wanted);
}

static void expect_line(struct muster_record record, const char *wanted)
{
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    expect_output(wanted);
}

static struct muster_record data(uint32_t seq, const char *text)
{
    struct muster_record record = {.arrival_ns = NOON + 482999999,
                                   .seq = seq,
                                   .device_id = 101,
                                   .device = 101,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = MUSTER_MSG_DATA,
                                   .verdict = MUSTER_VERDICT_NEW,
                                   .seq_bits = 32,
                                   .readings = 1};

    if (text != NULL) {
        record.value_type = MUSTER_VALUE_TEXT;
        record.payload.bytes = (const uint8_t *)text;
        record.payload_size = (uint32_t)strlen(text);
    }
    return record;
}

static struct muster_record event(uint8_t kind, uint32_t first, uint32_t last)
{
    struct muster_record record = {.arrival_ns = NOON,
                                   .device_id = 101,
                                   .device = 101,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .kind = MUSTER_KIND_EVENT,
                                   .event.event = kind,
                                   .seq_bits = 32,
                                   .event.first = first,
                                   .event.last = last,
                                   .event.opened_ns = NOON - 95 * S,
                                   .event.closed_ns = NOON - 5 * S / 2};

    return record;
}

static struct muster_arrival arrival; /* of the last reject */

static struct muster_record reject(const char *bytes, uint32_t size)
{
    struct muster_record record = {.arrival_ns = NOON,
                                   .kind = MUSTER_KIND_REJECT,
                                   .reject.reason = MUSTER_REJECT_TOO_SHORT,
                                   .via.arrival = &arrival,
                                   .payload_size = size};

    arrival = (struct muster_arrival){.size = sizeof arrival,
                                      .datagram_size = size,
                                      .source_port = 4242,
                                      .family = 4,
                                      .source = {127, 0, 0, 1}};
    record.payload.bytes = (const uint8_t *)bytes;
    return record;
}

START_TEST(messages)
{
    struct muster_device boiler = {.name = "boiler", .class_name = "c"};
    struct muster_record record = data(7, "31.6");

    open_log(muster_test_new(PLUGIN, NULL));
    expect_line(record, "2025-11-07T17:49:12.482+01:00 DATA from 101 seq=7 value=31.6\n");
    record.msg_type = MUSTER_MSG_INIT;
    record.seq_bits = 0;
    record.value_type = MUSTER_VALUE_NONE;
    expect_line(record, "2025-11-07T17:49:12.482+01:00 INIT from 101\n");
    record.msg_type = MUSTER_MSG_HEARTBEAT;
    record.arrival_ns += S;
    expect_line(record, "2025-11-07T17:49:13.482+01:00 HEARTBEAT from 101\n");
    record.msg_type = 9;
    fake_add_device(instance, 101, &boiler);
    expect_line(record, "2025-11-07T17:49:13.482+01:00 TYPE 9 from 101 (boiler)\n");
    record.kind = 77;
    expect_line(record, "");
    ck_assert_uint_eq(muster_test_counter(instance, "lines"), 4);
    ck_assert_uint_eq(muster_test_takes(instance),
                      MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS);
    close_log();
}
END_TEST

/* On what is no terminal. */
START_TEST(iso_times)
{
    static const char *const choices[] = {"auto", "iso", "true"};
    static const struct {
        const char *zone, *text;
    } zones[] = {{"XST-1", "2025-11-07T17:49:12.482+01:00 "},
                 {"UTC", "2025-11-07T16:49:12.482+00:00 "},
                 {"XST+9:30", "2025-11-07T07:19:12.482-09:30 "},
                 {"XST-14", "2025-11-08T06:49:12.482+14:00 "}};
    unsigned i;

    for (i = 0; i < 3; i++) {
        open_log(muster_test_new(PLUGIN, "time", choices[i], NULL));
        expect_line(data(7, NULL), "2025-11-07T17:49:12.482+01:00 DATA from 101 seq=7\n");
        close_log();
    }
    for (i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        char wanted[100];

        ck_assert_int_eq(setenv("TZ", zones[i].zone, 1), 0);
        tzset();
        snprintf(wanted, sizeof wanted, "%sDATA from 101 seq=7\n", zones[i].text);
        open_log(muster_test_new(PLUGIN, NULL));
        expect_line(data(7, NULL), wanted);
        close_log();
    }
    open_log(muster_test_new(PLUGIN, "time", "none", NULL));
    expect_line(data(7, NULL), "DATA from 101 seq=7\n");
    close_log();
}
END_TEST

START_TEST(times_of_day)
{
    struct muster_record record = data(7, NULL);

    open_log(muster_test_new(PLUGIN, "time", "clock", NULL));
    expect_line(record, "2025-11-07 17:49:12.482 DATA from 101 seq=7\n");
    expect_line(record, "17:49:12.482 DATA from 101 seq=7\n");
    record.arrival_ns = 1762556399 * S; /* a second before midnight */
    expect_line(record, "23:59:59.000 DATA from 101 seq=7\n");
    record.arrival_ns += S;
    expect_line(record, "2025-11-08 00:00:00.000 DATA from 101 seq=7\n");
    expect_line(record, "00:00:00.000 DATA from 101 seq=7\n");
    record.arrival_ns -= 1; /* of another worker */
    expect_line(record, "2025-11-07 23:59:59.999 DATA from 101 seq=7\n");
    record.arrival_ns += 366 * 86400 * S;
    expect_line(record, "2026-11-08 23:59:59.999 DATA from 101 seq=7\n");
    record.arrival_ns = UINT64_MAX;
    expect_line(record, "2554-07-22 00:34:33.709 DATA from 101 seq=7\n");
    close_log();
}
END_TEST

START_TEST(values)
{
    struct muster_record record = data(7, NULL);

    open_log(muster_test_new(PLUGIN, "time", "false", NULL));
    expect_line(data(1, "\033[2J\x9b\n"), "DATA from 101 seq=1 value=\\x1b[2J\\x9b\\x0a\n");
    expect_line(data(1, "1 DUPLICATE"), "DATA from 101 seq=1 value=\"1 DUPLICATE\"\n");
    expect_line(data(1, "a \"b\" é"), "DATA from 101 seq=1 value=\"a \\x22b\\x22 é\"\n");
    expect_line(data(1, ""), "DATA from 101 seq=1 value=\"\"\n");
    record.value_type = MUSTER_VALUE_INT;
    record.value.integer = -5;
    expect_line(record, "DATA from 101 seq=7 value=-5\n");
    record.value_type = MUSTER_VALUE_REAL;
    record.value.real = 2.5;
    expect_line(record, "DATA from 101 seq=7 value=2.5\n");
    record.value_type = MUSTER_VALUE_REAL32;
    record.value.real = 21.2f;
    expect_line(record, "DATA from 101 seq=7 value=21.2\n");
    close_log();
}
END_TEST

START_TEST(values_by_name)
{
    struct muster_value of[] = {
        {.name = "temperature", .unit = "Cel", .type = MUSTER_VALUE_REAL, .value.real = 21.2},
        {.name = "humidity", .unit = "%RH", .type = MUSTER_VALUE_UNSIGNED, .value.natural = 48},
        {.name = "door",
         .type = MUSTER_VALUE_TEXT,
         .bytes = (const uint8_t *)"wide open",
         .bytes_size = 9},
        {.name = "state",
         .type = MUSTER_VALUE_TEXT,
         .bytes = (const uint8_t *)"ok",
         .bytes_size = 2},
        {.name = "raw",
         .type = MUSTER_VALUE_BYTES,
         .bytes = (const uint8_t *)"\x01\xff",
         .bytes_size = 2},
        {.name = "odd", .unit = "\x1b", .type = MUSTER_VALUE_REAL32, .value.real = (double)0.1f},
        {.name = "later", .type = 99}};
    struct muster_device boiler = {.name = "boiler", .class_name = "c"};
    struct muster_record record = data(23, "payload");
    uint32_t i;

    instance = muster_test_new(PLUGIN, "time", "none", NULL);
    record.format = muster_test_add_format(instance, of, 7);
    open_log(instance);
    fake_add_device(instance, 101, &boiler);
    expect_line(record, "DATA from 101 (boiler) seq=23 temperature=21.2 \u00b0C humidity=48 %RH "
                        "door=\"wide open\" state=ok raw=01ff odd=0.1 \\x1b\n");
    record.verdict = MUSTER_VERDICT_DUPLICATE;
    for (i = 0; i < 6; i++)
        of[i].type = i == 1 ? MUSTER_VALUE_UNSIGNED : MUSTER_VALUE_NONE;
    expect_line(record, "DATA from 101 (boiler) seq=23 humidity=48 %RH DUPLICATE\n");
    of[1].type = MUSTER_VALUE_NONE;
    expect_line(record, "DATA from 101 (boiler) seq=23 DUPLICATE\n");
    record.format = 0; /* derived by a filter */
    expect_line(record, "DATA from 101 (boiler) seq=23 value=payload DUPLICATE\n");
    close_log();
}
END_TEST

START_TEST(verdicts)
{
    static const char *const words[] = {
        "", "", " first", "", " GAP of 3 before it", " LATE", " DUPLICATE", " RESTART", " OUTLIER"};
    struct muster_record record = data(7, NULL);
    char wanted[100];
    uint8_t i;

    open_log(muster_test_new(PLUGIN, "time", "false", NULL));
    record.message.gap = 3;
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        record.verdict = i;
        snprintf(wanted, sizeof wanted, "DATA from 101 seq=7%s\n", words[i]);
        expect_line(record, wanted);
    }
    close_log();
}
END_TEST

START_TEST(rejects)
{
    struct muster_record record = reject("\0e\n", 3);

    open_log(muster_test_new(PLUGIN, "time", "false", NULL));
    expect_line(record, "REJECTED too short (3 bytes) from 127.0.0.1:4242: 00 65 0a\n");
    record = reject("0123456789abcdefg", 17);
    record.reject.reason = MUSTER_REJECT_BAD_PAYLOAD;
    arrival.family = 6;
    memset(arrival.source, 0, sizeof arrival.source);
    arrival.source[15] = 1;
    expect_line(record, "REJECTED bad payload (17 bytes) from [::1]:4242: 30 31 32 33 34 35 36 37 "
                        "38 39 61 62 63 64 65 66 ...\n");
    record = reject("", 0);
    record.reject.reason = 200;
    arrival.family = 0;
    expect_line(record, "REJECTED reason 200 (0 bytes) from an unknown address\n");
    close_log();
    open_log(muster_test_new(PLUGIN, "rejects", "false", NULL));
    ck_assert_uint_eq(muster_test_takes(instance), MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS);
    expect_line(record, "");
    close_log();
}
END_TEST

START_TEST(events)
{
    struct muster_record record = event(MUSTER_EVENT_GAP_LOST, UINT32_MAX, 1);

    open_log(muster_test_new(PLUGIN, "time", "false", NULL));
    record.event.cause = MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_KERNEL;
    expect_line(record, "GAP LOST 101 seq 4294967295-1 (3 lost, cause network or kernel)\n");
    record.event.cause = 0;
    expect_line(record, "GAP LOST 101 seq 4294967295-1 (3 lost)\n");
    expect_line(event(MUSTER_EVENT_GAP_OPENED, 4, 6), "GAP OPENED 101 seq 4-6 (3 missing)\n");
    expect_line(event(MUSTER_EVENT_GAP_OPENED, 4, 4), "GAP OPENED 101 seq 4 (1 missing)\n");
    record = event(MUSTER_EVENT_GAP_OPENED, 4, 6);
    record.event.cause = MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_COLLECTOR_DOWN;
    expect_line(record, "GAP OPENED 101 seq 4-6 (3 missing, cause network or collector down)\n");
    record.event.was = MUSTER_EVENT_GAP_OPENED;
    record.event.cause = MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_KERNEL;
    expect_line(record, "GAP STILL OPEN 101 seq 4-6 (3 missing, cause network or kernel)\n");
    record.event.was_cause = record.event.cause;
    expect_line(record, ""); /* nothing is new */
    expect_line(event(MUSTER_EVENT_GAP_RECOVERED, 4, 6),
                "GAP RECOVERED 101 seq 4-6 (3 recovered after 92.5 s)\n");
    expect_line(event(MUSTER_EVENT_RESTART, 1, 0), "RESTARTED 101 at seq 1\n");
    expect_line(event(MUSTER_EVENT_OUTLIER, 99, 99), "NOT BELIEVED 101 seq 99\n");
    expect_line(event(MUSTER_EVENT_OUTLIER, 97, 99), "NOT BELIEVED 101 seq 97-99\n");
    expect_line(event(MUSTER_EVENT_DEVICE_NEW, 0, 0), "NEW DEVICE 101\n");
    expect_line(event(MUSTER_EVENT_DEVICE_LATE, 0, 0), "OVERDUE 101, last heard 95 s ago\n");
    expect_line(event(MUSTER_EVENT_DEVICE_BACK, 0, 0), "BACK 101 after 92.5 s\n");
    expect_line(event(MUSTER_EVENT_NO_DATA, 0, 0), "NO DATA 101 for 95 s\n");
    expect_line(event(MUSTER_EVENT_DATA_BACK, 0, 0), "DATA BACK 101 after 92.5 s\n");
    expect_line(event(MUSTER_EVENT_FORGOTTEN, 0, 0), "FORGOTTEN 101, last heard 95 s ago\n");
    expect_line(event(MUSTER_EVENT_NEVER_HEARD, 0, 0), "NEVER HEARD 101, awaited for 95 s\n");
    expect_line(event(200, 0, 0), "EVENT 200 about 101\n");
    record = event(130, 0, 0);
    record.payload.bytes = (const uint8_t *)"too\nhot";
    record.payload_size = 7;
    expect_line(record, "EVENT 130 about 101: too\\x0ahot\n");
    record = event(MUSTER_EVENT_DEVICE_SILENT, 0, 0);
    expect_line(record, "SILENT 101 for 95 s\n");
    /* From a tick, without a datagram: the host's clock counts. */
    record.arrival_ns = 0;
    muster_test_set_clock(instance, NOON + 5 * S, 0);
    expect_line(record, "SILENT 101 for 100 s\n");
    close_log();
}
END_TEST

START_TEST(troubles_only)
{
    struct muster_record records[4] = {data(1, NULL), data(2, NULL), data(3, NULL),
                                       event(MUSTER_EVENT_DEVICE_NEW, 0, 0)};

    records[0].verdict = MUSTER_VERDICT_FIRST;
    records[2].verdict = MUSTER_VERDICT_DUPLICATE;
    open_log(muster_test_new(PLUGIN, "time", "false", "show", "troubles", NULL));
    ck_assert_int_eq(fake_write(PLUGIN, state, records, 2), 2);
    expect_output("");
    ck_assert_int_eq(fake_write(PLUGIN, state, records, 4), 4);
    expect_output("DATA from 101 seq=3 DUPLICATE\nNEW DEVICE 101\n");
    close_log();
}
END_TEST

START_TEST(colors)
{
    struct muster_record record = data(3, NULL);

    record.verdict = MUSTER_VERDICT_DUPLICATE;
    open_log(muster_test_new(PLUGIN, "time", "false", "color", "always", NULL));
    expect_line(record, "DATA from 101 seq=3 \033[33mDUPLICATE\033[0m\n");
    close_log();
    open_log(muster_test_new(PLUGIN, "time", "false", "color", "auto", NULL));
    expect_line(record, "DATA from 101 seq=3 DUPLICATE\n");
    close_log();
}
END_TEST

/* A terminal gets colors, unless NO_COLOR is set, and the date once. */
START_TEST(on_a_terminal)
{
    struct muster_record records[2] = {data(3, NULL), data(4, NULL)};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    int terminal;
    int i;

    if (master < 0) {
        printf("no pseudo-terminal can be had here (%s): colors are not tested\n", strerror(errno));
        return;
    }
    ck_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(dup2(terminal, STDOUT_FILENO), STDOUT_FILENO);
    records[0].verdict = MUSTER_VERDICT_GAP;
    records[0].message.gap = 1;
    for (i = 0; i < 2; i++) {
        char text[200] = "";

        ck_assert_int_eq(setenv("NO_COLOR", i == 0 ? "" : "1", 1), 0);
        open_log(muster_test_new(PLUGIN, NULL));
        ck_assert_int_eq(fake_write(PLUGIN, state, records, 2), 2);
        ck_assert_int_gt(read(master, text, sizeof text - 1), 0);
        ck_assert_str_eq(text, i == 0 ? "2025-11-07 17:49:12.482 DATA from 101 seq=3 "
                                        "\033[31mGAP\033[0m of 1 before it\r\n"
                                        "17:49:12.482 DATA from 101 seq=4\r\n"
                                      : "2025-11-07 17:49:12.482 DATA from 101 seq=3 GAP of 1 "
                                        "before it\r\n17:49:12.482 DATA from 101 seq=4\r\n");
        close_log();
    }
    close(terminal);
    close(master);
}
END_TEST

START_TEST(full_pipe)
{
    enum { COUNT = 400 };
    static char text[70000];
    struct muster_record records[COUNT];
    const char *next = text;
    int64_t taken;
    ssize_t n;
    int i;

    ck_assert_int_eq(fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 4096), 4096);
    open_log(muster_test_new(PLUGIN, "time", "false", NULL));
    for (i = 0; i < COUNT; i++)
        records[i] = data((uint32_t)i, i % 3 == 0 ? "x" : "longer");
    taken = fake_write(PLUGIN, state, records, COUNT);
    ck_assert_int_gt(taken, 0);
    ck_assert_int_lt(taken, COUNT);
    ck_assert_int_eq(fake_write(PLUGIN, state, records + taken, COUNT - (uint32_t)taken), 0);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "lines wait in the queue"), 1);
    n = 0;
    while (taken < COUNT) {
        ssize_t got = read(reader, text + n, sizeof text - 1 - (size_t)n);

        ck_assert_int_gt(got, 0);
        n += got;
        taken += fake_write(PLUGIN, state, records + taken, COUNT - (uint32_t)taken);
    }
    ck_assert_int_eq(fake_flush(PLUGIN, state, 0), 0);
    n += read(reader, text + n, sizeof text - 1 - (size_t)n);
    text[n] = '\0';
    for (i = 0; i < COUNT; i++) {
        char wanted[100];

        snprintf(wanted, sizeof wanted, "DATA from 101 seq=%d value=%s\n", i,
                 i % 3 == 0 ? "x" : "longer");
        ck_assert_int_eq(strncmp(next, wanted, strlen(wanted)), 0);
        next += strlen(wanted);
    }
    ck_assert_int_eq(*next, '\0');
    ck_assert_uint_eq(muster_test_counter(instance, "lines"), COUNT);
    close_log();
}
END_TEST

/* A line that could not be written is made again, and is to have its date again. */
START_TEST(date_not_written)
{
    static char fill[4096], text[8192];
    struct muster_record record = data(3, NULL);

    ck_assert_int_eq(fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 4096), 4096);
    ck_assert_int_eq(write(STDOUT_FILENO, fill, sizeof fill), sizeof fill);
    open_log(muster_test_new(PLUGIN, "time", "clock", NULL));
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 0);
    ck_assert_int_eq(read(reader, text, sizeof text), sizeof fill);
    expect_line(record, "2025-11-07 17:49:12.482 DATA from 101 seq=3\n");
    close_log();
}
END_TEST

START_TEST(reader_gone)
{
    struct muster_record record = data(3, NULL);

    open_log(muster_test_new(PLUGIN, NULL));
    close(reader);
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), MUSTER_FAILED);
    ck_assert_uint_eq(
        muster_test_logged(instance, MUSTER_LOG_ERROR, "nobody reads standard output"), 1);
    close_log();
    ck_assert_int_ge(fcntl(STDOUT_FILENO, F_GETFD), 0);
    reader = dup(STDOUT_FILENO); /* for the tear-down */
}
END_TEST

START_TEST(no_stdout)
{
    struct muster_instance *without = muster_test_new(PLUGIN, NULL);

    close(STDOUT_FILENO);
    ck_assert_int_eq(fake_open(PLUGIN, without, &state), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_logged(without, MUSTER_LOG_ERROR, "standard output is closed"),
                      1);
    muster_test_free(without);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {messages,         iso_times,   times_of_day,  values,
                                  values_by_name,   verdicts,    rejects,       events,
                                  troubles_only,    colors,      on_a_terminal, full_pipe,
                                  date_not_written, reader_gone, no_stdout};
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
