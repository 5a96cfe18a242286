/* SPDX-License-Identifier: MIT
 *
 * The sink "stats", driven by the fake host: where the values of each device lie.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void expect_json(const char *part)
{
    static char text[65536];
    FILE *in = fopen(path, "r");

    ck_assert_ptr_nonnull(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    ck_assert_msg(strstr(text, part) != NULL, "not in the file: %s\n%s", part, text);
}

static struct muster_value tank[4];

static void with_a_tank(const char *most)
{
    tank[0] = (struct muster_value){.name = "level", .unit = "%", .type = MUSTER_VALUE_REAL32};
    tank[1] = (struct muster_value){.name = "rise", .unit = NULL, .type = MUSTER_VALUE_INT};
    tank[2] = (struct muster_value){
        .name = "state", .type = MUSTER_VALUE_TEXT, .bytes = (const uint8_t *)"5", .bytes_size = 1};
    tank[3] = (struct muster_value){.name = "open", .type = MUSTER_VALUE_NONE};
    instance = muster_test_new(PLUGIN, "file", path, "values", most, NULL);
    ck_assert_uint_eq(muster_test_add_format(instance, tank, 4), 1);
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
}

static void filled(uint32_t device, float level, int64_t rise, enum muster_verdict verdict)
{
    struct muster_record record = {.device_id = device,
                                   .device = device,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .verdict = (uint8_t)verdict,
                                   .format = 1,
                                   .readings = 1};

    tank[0].value.real = (double)level;
    tank[1].value.integer = rise;
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
}

START_TEST(values_by_name)
{
    struct muster_device boiler = {.name = "boiler", .class_name = "c"};
    struct muster_record whole = {.device_id = 9,
                                  .device = 9,
                                  .marks = MUSTER_MARK_DEVICE,
                                  .value_type = MUSTER_VALUE_UNSIGNED,
                                  .value.natural = UINT64_MAX,
                                  .readings = 1};

    with_a_tank("100");
    fake_add_device(instance, 7, &boiler);
    filled(7, 0.1f, -4, MUSTER_VERDICT_NEW);
    filled(8, 5, 1, MUSTER_VERDICT_NONE);
    filled(7, 99, 99, MUSTER_VERDICT_DUPLICATE);
    filled(7, 99, 99, MUSTER_VERDICT_OUTLIER);
    filled(7, 0.3f, 2, MUSTER_VERDICT_NEW);
    filled(7, 0.2f, -7, MUSTER_VERDICT_LATE);
    tank[0].type = MUSTER_VALUE_NONE;
    tank[1].type = MUSTER_VALUE_REAL;
    tank[3].type = MUSTER_VALUE_BOOL;
    tank[3].value.natural = 1;
    filled(7, 0, 0x7ff8000000000000, MUSTER_VERDICT_NEW); /* not a number */
    ck_assert_int_eq(fake_write(PLUGIN, state, &whole, 1), 1);
    whole.origin = 1; /* a mean, perhaps */
    ck_assert_int_eq(fake_write(PLUGIN, state, &whole, 1), 1);
    whole.origin = 0;
    whole.value_type = MUSTER_VALUE_TEXT;
    ck_assert_int_eq(fake_write(PLUGIN, state, &whole, 1), 1);
    tick_after(10 * S);
    expect_json("  \"values\": [\n"
                "    {\"device_id\": 7, \"name\": \"boiler\", \"field\": \"level\", "
                "\"unit\": \"%\", \"count\": 3, \"min\": 0.1, \"mean\": ");
    expect_json(", \"max\": 0.3, \"last\": 0.3},\n"
                "    {\"device_id\": 7, \"name\": \"boiler\", \"field\": \"rise\", "
                "\"unit\": null, \"count\": 3, \"min\": -7, \"mean\": -3, \"max\": 2, "
                "\"last\": 2},\n"
                "    {\"device_id\": 8, \"name\": null, \"field\": \"level\", "
                "\"unit\": \"%\", \"count\": 1, \"min\": 5, \"mean\": 5, \"max\": 5, "
                "\"last\": 5},\n");
    expect_json("\"field\": \"open\", \"unit\": null, \"count\": 1, \"min\": 1, "
                "\"mean\": 1, \"max\": 1, \"last\": 1},\n"
                "    {\"device_id\": 9, \"name\": null, \"field\": \"value\", "
                "\"unit\": null, \"count\": 1, \"min\": 1.8446744073709552e+19, ");
    expect_json("\"last\": 1.8446744073709552e+19}\n  ],\n  \"values_left_out\": 0,\n");
    close_stats();
}
END_TEST

/* There is room for three: what is new then is left out, and that is said once. */
START_TEST(values_beyond_the_room)
{
    uint32_t device, round;

    with_a_tank("3");
    for (round = 0; round < 2; round++)
        for (device = 0; device < 100; device++)
            filled(device, 1, (int64_t)device, MUSTER_VERDICT_NEW);
    ck_assert_uint_eq(
        muster_test_logged(instance, MUSTER_LOG_WARNING, "more than 3 values of devices"), 1);
    tick_after(10 * S);
    expect_json("\"device_id\": 1, \"name\": null, \"field\": \"level\", \"unit\": \"%\", "
                "\"count\": 2, \"min\": 1, \"mean\": 1, \"max\": 1, \"last\": 1}\n  ],\n"
                "  \"values_left_out\": 394,\n");
    close_stats();
}
END_TEST

START_TEST(no_values)
{
    with_a_tank("0");
    filled(7, 1, 1, MUSTER_VERDICT_NEW);
    tick_after(10 * S);
    expect_json("  \"values\": [],\n  \"values_left_out\": 0,\n");
    close_stats();
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {values_by_name, values_beyond_the_room, no_values};
    Suite *suite = suite_create("ranges");
    TCase *tcase = tcase_create("ranges");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
