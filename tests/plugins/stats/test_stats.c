/* SPDX-License-Identifier: MIT
 *
 * The sink "stats", driven by the fake host: what it counts, logs, and writes.
 */
#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "plugins/fake_host.h"

#define PLUGIN (&muster_plugin_v1)
#define S      UINT64_C(1000000000)

static char folder[64], path[96];
static struct muster_instance *instance;
static void *state;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/muster-stats-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/stats.json", folder);
}

static void tear_down(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left in it, no stats.json.new */
}

static void open_stats(struct muster_instance *with)
{
    instance = with;
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
}

/* As the host ends a sink that has run. */
static void close_stats(void)
{
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}

static void tick_after(uint64_t ns)
{
    muster_test_advance(instance, ns);
    PLUGIN->sink->tick(state, muster_test_host.now(instance, MUSTER_CLOCK_MONOTONIC));
}

static void set(const char *name, uint64_t value)
{
    fake_set_metric(instance, name, "records", "help", value);
}

static void set_by_cause(const char *name, const char *cause, uint64_t value)
{
    const struct muster_metric metric = {.size = sizeof metric,
                                         .name = name,
                                         .unit = "numbers",
                                         .help = "help",
                                         .label = "cause",
                                         .label_value = cause,
                                         .value.u64 = value};

    muster_test_set_metric(instance, &metric);
}

static void judged(uint16_t id, enum muster_verdict verdict, uint32_t gap)
{
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .verdict = (uint8_t)verdict,
                                   .message.gap = gap,
                                   .readings = 1};

    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
}

static const char *json(void)
{
    static char text[65536];
    FILE *in = fopen(path, "r");
    size_t length;

    ck_assert_ptr_nonnull(in);
    length = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[length] = '\0';
    /* One object, whole. */
    ck_assert_int_eq(text[0], '{');
    ck_assert_uint_gt(length, 3);
    ck_assert_str_eq(&text[length - 3], "\n}\n");
    return text;
}

static void expect_json(const char *part)
{
    const char *text = json();

    ck_assert_msg(strstr(text, part) != NULL, "not in the file: %s\n%s", part, text);
}

static void expect_log(const char *part)
{
    ck_assert_msg(muster_test_logged(instance, MUSTER_LOG_INFO, part) == 1,
                  "not once in the log: %s", part);
}

START_TEST(all_figures)
{
    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    set("collector.received", 1000);
    set("collector.bytes", 16500);
    set("collector.decoded", 990);
    set("collector.rejected.too_short", 7);
    set("collector.rejected.bad_payload", 3);
    set("collector.records", 1200);
    set("collector.kernel_drops", 4);
    set("collector.refused", 2);
    set("sequence.lost", 11);
    set("sequence.open", 5);
    set("sequence.missing", 24);
    set("sequence.recovered", 8);
    set("sequence.gaps", 9);
    set("sequence.late", 12);
    set("sequence.duplicates", 13);
    set("sequence.restarts", 14);
    set("sequence.outliers", 15);
    set("sequence.devices", 16);
    set("sequence.first", 3);
    set("sequence.in_order", 97);
    set("sequence.unnumbered", 37); /* 200 in all */
    set("sequence2.lost", 77777);   /* another tracker's */
    set("csv.lost", 88888);
    tick_after(10 * S);
    expect_log("after 10 s: packets received 1000 (100.0/s), average packet size 16.5 bytes");
    expect_log("packet loss count 11 (5 more are missing and may still come), duplicates count 13, "
               "late 12, "
               "recovered 8, restarts 14, outliers 15, devices 16");
    ck_assert_uint_eq(
        muster_test_logged(instance, MUSTER_LOG_WARNING,
                           "rejected 10, dropped by the kernel 4, refused while stopping 2"),
        1);
    expect_json("\"time\": 1762534162.000000,\n  \"seconds\": 10.000,\n  \"final\": false,\n");
    expect_json("\"packets_received\": 1000,\n  \"bytes_per_report\": 13.750000,\n"
                "  \"duplicate_rate\": 0.065000,\n  \"sequence_gap_count\": 9,\n"
                "  \"cpu_ms_per_report\": 0.");
    expect_json("\"packets_lost\": 11,\n");
    expect_json("\"duplicates\": 13,\n");
    expect_json("\"average_packet_size\": 16.500,\n");
    expect_json("\"packets_per_second\": 100.000,\n");
    expect_json("\"bytes_received\": 16500,\n");
    expect_json("\"decoded\": 990,\n");
    expect_json("\"rejected\": 10,\n");
    expect_json("\"rejected_by_reason\": {\"too_short\": 7, \"bad_payload\": 3},\n");
    expect_json("\"kernel_drops\": 4,\n  \"refused\": 2,\n  \"records\": 1200,\n");
    expect_json("\"missing\": 24,\n  \"open\": 5,\n  \"recovered\": 8,\n  \"gaps\": 9,\n"
                "  \"late\": 12,\n  \"restarts\": 14,\n  \"outliers\": 15,\n  \"devices\": 16,\n");
    expect_json("\"worst_devices\": [],\n");
    expect_json("\"collector.received\": 1000,\n");
    expect_json("    \"csv.lost\": 88888\n  }\n}\n");
    close_stats();
    expect_json("\"final\": true,\n");
}
END_TEST

START_TEST(rate_since_the_last_report)
{
    open_stats(muster_test_new(PLUGIN, "file", path, "interval", "10s", NULL));
    set("collector.received", 1000);
    tick_after(10 * S);
    set("collector.received", 1500);
    tick_after(20 * S);
    expect_json("\"packets_per_second\": 25.000,\n");
    expect_json("\"seconds\": 30.000,\n");
    expect_json("\"packets_received\": 1500,\n");
    close_stats(); /* the log's last line speaks of the whole time */
}
END_TEST

START_TEST(final_report)
{
    open_stats(muster_test_new(PLUGIN, "interval", "0", NULL));
    set("collector.received", 300);
    set("collector.bytes", 6000);
    set("collector.records", 400);
    tick_after(60 * S); /* only one report, at the end */
    ck_assert_uint_eq(muster_test_logged(instance, -1, "packets received"), 0);
    fake_close(PLUGIN, state);
    expect_log("in all, after 60 s: packets received 300 (5.0/s), average packet size 20.0 bytes");
    expect_log("packets_received 300, bytes_per_report 15.000, cpu_ms_per_report ");
    expect_log("rejected 0, dropped by the kernel 0, refused while stopping 0");
    muster_test_free(instance);
}
END_TEST

START_TEST(reports_on_time)
{
    uint32_t i;

    open_stats(muster_test_new(PLUGIN, "interval", "10s", NULL));
    for (i = 0; i < 60; i++) /* ticks are never quite a second apart */
        tick_after(i % 2 == 0 ? S - S / 100 : S + S / 100);
    ck_assert_uint_eq(muster_test_logged(instance, -1, "packets received"), 6);
    close_stats();
}
END_TEST

START_TEST(without_a_tracker)
{
    open_stats(muster_test_new(PLUGIN, "file", path, "tracker", "seq", NULL));
    set("sequence.lost", 5); /* not the one that was asked for */
    tick_after(10 * S);
    expect_log("packet loss and duplicates are not known: the chain has no filter named \"seq\"");
    expect_json("\"packets_lost\": null,\n");
    expect_json("\"duplicates\": null,\n");
    expect_json("\"bytes_per_report\": null,\n  \"duplicate_rate\": null,\n"
                "  \"sequence_gap_count\": null,\n  \"cpu_ms_per_report\": null,\n");
    expect_json("\"devices\": null,\n");
    close_stats();
}
END_TEST

#define NO_CAUSES                                                                                  \
    "{\"network\": 0, \"kernel\": 0, \"collector\": 0, \"collector-down\": 0, \"restart\": 0, "    \
    "\"checksum\": 0, \"not-believable\": 0}"
#define NO_HOUR                                                                                    \
    "\"hour_due\": 0, \"hour_missing\": 0, \"missing_by_cause\": " NO_CAUSES                       \
    ", \"lost_by_cause\": " NO_CAUSES

START_TEST(worst_devices)
{
    const struct muster_device boiler = {.name = "boiler \"\\\t", .class_name = "c"};

    open_stats(muster_test_new(PLUGIN, "file", path, "worst", "5", NULL));
    fake_add_device(instance, 65535, &boiler);
    judged(9, MUSTER_VERDICT_NEW, 0); /* harmless ones are not listed */
    judged(8, MUSTER_VERDICT_FIRST, 0);
    judged(7, MUSTER_VERDICT_UNNUMBERED, 0);
    judged(1, MUSTER_VERDICT_LATE, 0);
    judged(2, MUSTER_VERDICT_DUPLICATE, 0);
    judged(3, MUSTER_VERDICT_GAP, 2);
    judged(3, MUSTER_VERDICT_GAP, 3);
    judged(65535, MUSTER_VERDICT_GAP, 6);
    tick_after(10 * S);
    expect_json(
        "\"worst_devices\": [\n"
        "    {\"device_id\": 65535, \"name\": \"boiler \\\"\\\\\\u0009\", \"missing\": 6, "
        "\"gaps\": 1, \"late\": 0, \"duplicates\": 0, \"restarts\": 0, \"outliers\": 0, " NO_HOUR
        "},\n"
        "    {\"device_id\": 3, \"name\": null, \"missing\": 5, \"gaps\": 2, \"late\": 0, "
        "\"duplicates\": 0, \"restarts\": 0, \"outliers\": 0, " NO_HOUR "},\n"
        "    {\"device_id\": 2, \"name\": null, \"missing\": 0, \"gaps\": 0, \"late\": 0, "
        "\"duplicates\": 1, \"restarts\": 0, \"outliers\": 0, " NO_HOUR "},\n"
        "    {\"device_id\": 1, \"name\": null, \"missing\": 0, \"gaps\": 0, \"late\": 1, "
        "\"duplicates\": 0, \"restarts\": 0, \"outliers\": 0, " NO_HOUR "}\n"
        "  ],\n");
    expect_log("device 3: 5 missing in 2 gaps, 0 late, 0 duplicates, 0 restarts, 0 outliers");
    close_stats();
}
END_TEST

static void came(uint16_t id, uint32_t count)
{
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .verdict = MUSTER_VERDICT_NEW,
                                   .seq_bits = 32,
                                   .readings = 1};

    while (count-- > 0)
        ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
}

/* Numbers 1 to `count` of a gap, found `ago` seconds ago. */
static void gap_event(uint16_t id, uint8_t was, uint16_t was_cause, uint8_t is, uint16_t cause,
                      uint32_t count, uint64_t ago)
{
    uint64_t now = muster_test_host.now(instance, MUSTER_CLOCK_WALL);
    const struct muster_record record = {.kind = MUSTER_KIND_EVENT,
                                         .device_id = id,
                                         .device = id,
                                         .marks = MUSTER_MARK_DEVICE,
                                         .seq_bits = 32,
                                         .arrival_ns = now,
                                         .event = {.event = is,
                                                   .was = was,
                                                   .was_cause = was_cause,
                                                   .cause = cause,
                                                   .first = 1,
                                                   .last = count,
                                                   .opened_ns = now - ago * S}};

    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
}

/* What was missing of what was due in the last hour, and under which cause it counts now. */
START_TEST(shares_of_the_last_hour)
{
    enum { OPENED = MUSTER_EVENT_GAP_OPENED, LOST = MUSTER_EVENT_GAP_LOST };
    const uint16_t network = MUSTER_CAUSE_NETWORK, kernel = network | MUSTER_CAUSE_KERNEL;
    const uint16_t down = network | MUSTER_CAUSE_COLLECTOR_DOWN;
    const uint16_t random = network | MUSTER_CAUSE_NOT_BELIEVABLE;

    open_stats(muster_test_new(PLUGIN, "file", path, "worst", "4", NULL));
    tick_after(S);
    judged(1, MUSTER_VERDICT_GAP, 10);
    judged(2, MUSTER_VERDICT_GAP, 100);
    judged(3, MUSTER_VERDICT_GAP, 1000);
    judged(4, MUSTER_VERDICT_GAP, 5000);
    came(1, 30);
    came(2, 900);
    came(3, 100);
    gap_event(1, 0, 0, OPENED, network, 10, 0);
    gap_event(2, 0, 0, OPENED, network, 100, 0);
    gap_event(3, 0, 0, OPENED, down, 1000, 0);   /* was not due */
    gap_event(4, 0, 0, OPENED, random, 5000, 0); /* says nothing */
    tick_after(10 * S);
    expect_log("device 1: 10 missing in 1 gaps, 0 late, 0 duplicates, 0 restarts, 0 outliers; in "
               "the last hour 10 of 40 that were due (25.0 %)");
    expect_log("device 2: 100 missing in 1 gaps, 0 late, 0 duplicates, 0 restarts, 0 outliers; in "
               "the last hour 100 of 1000 that were due (10.0 %)");
    tick_after(400 * S);
    gap_event(1, OPENED, network, OPENED, kernel, 10, 400);
    gap_event(1, OPENED, kernel, LOST, kernel, 4, 400);
    gap_event(1, OPENED, kernel, MUSTER_EVENT_GAP_RECOVERED, network, 3, 400);
    gap_event(1, LOST, kernel, MUSTER_EVENT_GAP_RECOVERED, network, 1, 400); /* after all */
    tick_after(10 * S);
    expect_json("\"hour_due\": 36, \"hour_missing\": 6, \"missing_by_cause\": {\"network\": 0, "
                "\"kernel\": 6, \"collector\": 0, \"collector-down\": 0, \"restart\": 0, "
                "\"checksum\": 0, \"not-believable\": 0}, \"lost_by_cause\": {\"network\": 0, "
                "\"kernel\": 3, ");
    tick_after(3300 * S); /* more than an hour later */
    came(1, 1);
    tick_after(10 * S);
    expect_json("\"hour_due\": 1, \"hour_missing\": 0, ");
    close_stats();
}
END_TEST

/* A gap of an earlier run is not among those that were counted in this one. */
START_TEST(an_earlier_gap_is_taken_back)
{
    open_stats(muster_test_new(PLUGIN, "file", path, "worst", "4", NULL));
    tick_after(S);
    judged(1, MUSTER_VERDICT_GAP, 3);
    gap_event(1, 0, 0, MUSTER_EVENT_GAP_OPENED, MUSTER_CAUSE_NETWORK, 3, 0);
    gap_event(1, MUSTER_EVENT_GAP_OPENED, MUSTER_CAUSE_NETWORK, MUSTER_EVENT_GAP_TAKEN_BACK,
              MUSTER_CAUSE_NETWORK, 10, 0);
    tick_after(10 * S);
    expect_log("device 1: 0 missing in 1 gaps,");
    close_stats();
}
END_TEST

START_TEST(losses_by_cause)
{
    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    set("sequence.lost", 16);
    set("sequence.open", 9);
    set_by_cause("sequence.lost_by_cause", "network", 11);
    set_by_cause("sequence.lost_by_cause", "collector-down", 3);
    set_by_cause("sequence.lost_by_cause", "not-believable", 2);
    set_by_cause("sequence.missing_by_cause", "not-believable", 6);
    set("sequence.not_believable", 1);
    tick_after(10 * S);
    expect_log("packet loss count 14 (5 more are missing and may still come)");
    expect_log("lost by cause: network 11 + collector-down 3");
    expect_log("not believable, and left out above: 6 missing, and 2 lost, of devices that count "
               "at random, 1 of them now");
    expect_json("  \"packets_lost\": 14,\n  \"packets_missing\": 19,\n");
    expect_json("  \"lost_by_cause\": {\"network\": 11, \"kernel\": 0, \"collector\": 0, "
                "\"collector-down\": 3, \"restart\": 0, \"checksum\": 0},\n"
                "  \"not_believable\": {\"devices\": 1, \"missing\": 6, \"lost\": 2},\n");
    close_stats();
}
END_TEST

/* Each has a timestamp of its own, with parts of a second. */
static void jittered(uint16_t id, uint32_t jitter_us, enum muster_verdict verdict)
{
    static int64_t stamp = INT64_C(1762534152000000000);
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .verdict = (uint8_t)verdict,
                                   .device_time_ns = stamp += INT64_C(6001000000),
                                   .message.jitter_us = jitter_us,
                                   .readings = 1};

    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
}

START_TEST(presence_and_jitter)
{
    const struct muster_device boiler = {.name = "boiler", .class_name = "c"};

    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    fake_add_device(instance, 65535, &boiler);
    set("sequence.lost", 0);
    set("sequence.devices", 12);
    jittered(7, 0, MUSTER_VERDICT_NEW);
    tick_after(10 * S);
    expect_log("devices 12"); /* an older tracker: nothing behind it */
    ck_assert_uint_eq(muster_test_logged(instance, -1, "online"), 0);
    ck_assert_uint_eq(muster_test_logged(instance, -1, "jitter"), 0);
    expect_json("  \"devices\": 12,\n  \"online\": null,\n  \"late_devices\": null,\n"
                "  \"silent\": null,\n  \"counted_since\": null,\n  \"worst_jitter\": null,\n");
    set("sequence.online", 9);
    set("sequence.late_devices", 2);
    set("sequence.silent", 1);
    set("sequence2.silent", 5); /* another tracker's */
    jittered(6, 333333, MUSTER_VERDICT_NEW);
    jittered(8, 5, MUSTER_VERDICT_UNNUMBERED);
    tick_after(10 * S);
    expect_log("devices 12 (9 online, 2 late, 1 silent), largest jitter 0.333333 s: device 6");
    expect_json("  \"online\": 9,\n  \"late_devices\": 2,\n  \"silent\": 1,\n"
                "  \"counted_since\": null,\n"
                "  \"worst_jitter\": {\"device_id\": 6, \"name\": null, \"seconds\": 0.333333},\n");
    jittered(6, 4, MUSTER_VERDICT_DUPLICATE); /* the latest counts */
    jittered(65535, 60000001, MUSTER_VERDICT_LATE);
    jittered(65535, 0, MUSTER_VERDICT_NONE); /* nobody has looked */
    jittered(1, 60000001, MUSTER_VERDICT_GAP);
    jittered(1, 60000000, MUSTER_VERDICT_GAP);
    tick_after(10 * S);
    expect_log("1 silent), largest jitter 60.000001 s: device 65535 (boiler)");
    expect_json("\"worst_jitter\": {\"device_id\": 65535, \"name\": \"boiler\", "
                "\"seconds\": 60.000001},\n");
    close_stats();
}
END_TEST

/* Whether the jitter of device 3 is told after a message whose timestamp is that many ms after
 * noon; 0: it has none. */
static bool is_told(int64_t ms, enum muster_verdict verdict, uint16_t reading, int32_t drift_ppb,
                    uint32_t drift_error_ppb)
{
    const struct muster_record record = {.device_id = 3,
                                         .device = 3,
                                         .marks = MUSTER_MARK_DEVICE,
                                         .verdict = (uint8_t)verdict,
                                         .device_time_ns =
                                             ms > 0 ? (INT64_C(1762534152000) + ms) * 1000000 : 0,
                                         .message = {.jitter_us = 1234,
                                                     .clock_drift_ppb = drift_ppb,
                                                     .clock_drift_error_ppb = drift_error_ppb},
                                         .reading = reading,
                                         .readings = (uint16_t)(reading + 1)};
    const unsigned before = muster_test_logged(instance, -1, "jitter");

    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    tick_after(10 * S);
    return muster_test_logged(instance, -1, "jitter") > before;
}

START_TEST(jitter_of_clocks_that_are_believed)
{
    const enum muster_verdict is_new = MUSTER_VERDICT_NEW;

    open_stats(muster_test_new(PLUGIN, NULL));
    set("sequence.lost", 0);
    ck_assert(!is_told(0, is_new, 0, 0, 0));
    ck_assert(!is_told(1000, is_new, 0, 0, 0)); /* whole seconds */
    ck_assert(!is_told(6000, is_new, 0, 0, 0));
    ck_assert(is_told(12001, is_new, 0, 0, 0));
    ck_assert(is_told(18000, is_new, 0, 0, 0)); /* a whole one by chance */
    ck_assert(is_told(18000, MUSTER_VERDICT_DUPLICATE, 0, 0, 0));
    ck_assert(is_told(18000, is_new, 1, 0, 0));
    ck_assert(!is_told(18000, is_new, 0, 0, 0)); /* it stands still */
    ck_assert(!is_told(19000, is_new, 0, 0, 0));
    ck_assert(is_told(20500, is_new, 0, 0, 0));
    ck_assert(!is_told(21500, is_new, 0, 900000000, 2000000)); /* ten times as fast */
    ck_assert(!is_told(22500, is_new, 0, -700000, 100000));
    ck_assert(is_told(23500, is_new, 0, -700000, 200000));
    ck_assert(!is_told(0, is_new, 0, 0, 0));
    close_stats();
}
END_TEST

START_TEST(counted_over_runs)
{
    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    set("sequence.lost", 3);
    set("sequence.counted_since", 1762534152); /* when this run began */
    tick_after(10 * S);
    ck_assert_uint_eq(muster_test_logged(instance, -1, "counted since"), 0);
    set("sequence.counted_since", 1762534152 - 86400);
    tick_after(10 * S);
    expect_log("counted since 2025-11-06 16:49:12 UTC");
    expect_json("  \"counted_since\": 1762447752,\n");
    close_stats();
}
END_TEST

START_TEST(the_worst_of_many)
{
    const char *first, *second, *third;
    uint32_t id;

    open_stats(muster_test_new(PLUGIN, "file", path, "worst", "3", NULL));
    for (id = 0; id < 65536; id++)
        judged((uint16_t)id, MUSTER_VERDICT_RESTART, 0);
    for (id = 5; id < 65536; id += 10000)
        judged((uint16_t)id, MUSTER_VERDICT_OUTLIER, 0); /* of equals the lower id first */
    judged(40005, MUSTER_VERDICT_LATE, 0);
    tick_after(10 * S);
    first = strstr(json(), "\"device_id\": 40005,");
    ck_assert_ptr_nonnull(first);
    second = strstr(first, "\"device_id\": 5,");
    ck_assert_ptr_nonnull(second);
    third = strstr(second, "\"device_id\": 10005,");
    ck_assert_ptr_nonnull(third);
    ck_assert_ptr_null(strstr(third + 1, "\"device_id\""));
    close_stats();
}
END_TEST

/* The numbers of three far jumps are more than 2^32. */
START_TEST(many_missing)
{
    uint32_t i;

    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    for (i = 0; i < 3; i++)
        judged(1, MUSTER_VERDICT_GAP, UINT32_C(2000000000));
    judged(2, MUSTER_VERDICT_GAP, UINT32_C(2000000000));
    tick_after(10 * S);
    expect_json("{\"device_id\": 1, \"name\": null, \"missing\": 6000000000, ");
    close_stats();
}
END_TEST

/* A reader that has the file open goes on to see the old one, whole. */
START_TEST(replaced_as_a_whole)
{
    struct stat before, after;
    char text[32] = "";
    int fd;

    open_stats(muster_test_new(PLUGIN, "file", path, "print", "false", NULL));
    tick_after(10 * S);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &before), 0);
    set("collector.received", 5);
    tick_after(10 * S);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_ne(before.st_ino, after.st_ino);
    ck_assert_int_eq(pread(fd, text, 2, before.st_size - 2), 2);
    ck_assert_str_eq(text, "}\n");
    expect_json("\"packets_received\": 5,\n");
    ck_assert_uint_eq(muster_test_logged(instance, -1, "packets received"), 0); /* print = false */
    close(fd);
    close_stats();
}
END_TEST

/* When something else fails at the start, the figures of the run before stay. */
START_TEST(never_ran)
{
    struct stat before, after;

    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    tick_after(10 * S);
    close_stats();
    ck_assert_int_eq(stat(path, &before), 0);
    instance = muster_test_new(PLUGIN, "file", path, NULL);
    ck_assert_int_eq(PLUGIN->open(&muster_test_host, instance, &state), 0);
    PLUGIN->close(state, &(const struct muster_call){.size = sizeof(struct muster_call)});
    ck_assert_uint_eq(muster_test_logged(instance, -1, "packets received"), 0);
    muster_test_free(instance);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

START_TEST(a_file_that_cannot_be_written)
{
    char bad[128];

    snprintf(bad, sizeof bad, "%s/no/stats.json", folder);
    instance = muster_test_new(PLUGIN, "file", bad, NULL);
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), MUSTER_AGAIN);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "No such file or directory"),
                      1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, bad), 1);
    muster_test_free(instance);
}
END_TEST

START_TEST(trouble_with_the_file_later)
{
    char moved[96];

    open_stats(muster_test_new(PLUGIN, "file", path, NULL));
    snprintf(moved, sizeof moved, "%s.away", folder);
    ck_assert_int_eq(rename(folder, moved), 0);
    tick_after(10 * S);
    tick_after(10 * S);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "cannot write"),
                      1); /* said once */
    ck_assert_int_eq(rename(moved, folder), 0);
    set("collector.received", 6);
    tick_after(10 * S);
    expect_log("again");
    expect_json("\"packets_received\": 6,\n");
    close_stats();
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {all_figures,
                                  rate_since_the_last_report,
                                  never_ran,
                                  final_report,
                                  reports_on_time,
                                  without_a_tracker,
                                  worst_devices,
                                  shares_of_the_last_hour,
                                  an_earlier_gap_is_taken_back,
                                  losses_by_cause,
                                  the_worst_of_many,
                                  many_missing,
                                  presence_and_jitter,
                                  jitter_of_clocks_that_are_believed,
                                  counted_over_runs,
                                  replaced_as_a_whole,
                                  a_file_that_cannot_be_written,
                                  trouble_with_the_file_later};
    Suite *suite = suite_create("stats");
    TCase *tcase = tcase_create("stats");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
