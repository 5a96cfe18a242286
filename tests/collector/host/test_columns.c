/* SPDX-License-Identifier: MIT
 *
 * The values that messages of declared formats can have, and those of one message.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/host/callback.h"
#include "collector/host/columns.h"
#include "common/runner.h"
#include "wire/plan_fixture.h"

static struct columns *columns;
static struct plan *weather, *tank;

/* One of two fields a reading, each of 16 bits, in front of which are device and number. */
static struct plan *make(const char *name, const char *first, const char *second,
                         const struct format_value *values, size_t count)
{
    const struct format_field header[] = {fixture_field("u16", "device"),
                                          fixture_field("u16", "sequence")};
    const struct format_field reading[] = {fixture_field("i16", first),
                                           fixture_field("u16", second)};
    const struct format_body body = {.at = &fixture_node, .reading = {reading, 2}};
    const struct format format = {.at = &fixture_node,
                                  .name = name,
                                  .header = {header, 2},
                                  .message = FORMAT_DATA,
                                  .bodies = &body,
                                  .body_count = 1,
                                  .values = values,
                                  .value_count = count};

    return fixture_plan(&format);
}

static void set_up(void)
{
    struct format_value values[] = {fixture_value("temperature", 1, 10)};
    struct problems problems = {0};

    values[0].unit = "Cel";
    weather = make("weather", "temperature", "humidity", values, 1);
    tank = make("tank", "level", "temperature", NULL, 0);
    columns = columns_new();
    ck_assert_ptr_nonnull(columns);
    ck_assert_int_eq(columns_add(columns, 1, weather, &problems), 0);
    ck_assert_uint_eq(problems.added, 0);
    ck_assert_int_eq(columns_add(columns, 3, tank, &problems), 0);
    ck_assert_uint_eq(problems_count(&problems), 0);
    ck_assert_uint_eq(problems.added, 1); /* temperature has no unit there */
    problems_free(&problems);
}

static void tear_down(void)
{
    columns_free(columns);
    plan_free(weather);
    plan_free(tank);
}

static void expect_column(const struct columns *of, uint32_t index, const char *name, uint32_t type,
                          const char *unit)
{
    struct {
        struct muster_value_column column;
        uint64_t more;
    } larger = {.column.size = sizeof larger, .more = 7};

    ck_assert_int_eq(columns_show(of, index, &larger.column), 1);
    ck_assert_str_eq(larger.column.name, name);
    ck_assert_uint_eq(larger.column.type, type);
    ck_assert_pstr_eq(larger.column.unit, unit);
    ck_assert_uint_eq(larger.column.size, sizeof larger);
    ck_assert_uint_eq(larger.more, 0);
    ck_assert_int_eq(columns_find(of, name), index);
}

START_TEST(each_name_once)
{
    struct muster_value_column none = {.size = sizeof none};
    struct columns *empty = columns_new();

    expect_column(columns, 0, "value", MUSTER_VALUE_NONE, NULL);
    expect_column(columns, 1, "temperature", MUSTER_VALUE_NONE, NULL); /* they differ */
    expect_column(columns, 2, "humidity", MUSTER_VALUE_UNSIGNED, NULL);
    expect_column(columns, 3, "level", MUSTER_VALUE_INT, NULL);
    ck_assert_int_eq(columns_show(columns, 4, &none), 0);
    ck_assert_int_eq(columns_find(columns, "pressure"), -1);
    expect_column(NULL, 0, "value", MUSTER_VALUE_NONE, NULL);
    ck_assert_int_eq(columns_show(NULL, 1, &none), 0);
    expect_column(empty, 0, "value", MUSTER_VALUE_NONE, NULL);
    ck_assert_int_eq(columns_show(empty, 1, &none), 0);
    columns_free(empty);
}
END_TEST

/* A value may be called as that of the built-in format is, and has its column. */
START_TEST(the_built_in_name)
{
    struct problems problems = {0};
    struct format_value values[] = {fixture_value("value", 1, 1)};
    struct plan *plan;

    values[0].unit = "m";
    plan = make("plain", "value", "other", values, 1);
    ck_assert_int_eq(columns_add(columns, 2, plan, &problems), 0);
    ck_assert_uint_eq(problems.added, 0);
    expect_column(columns, 0, "value", MUSTER_VALUE_NONE, "m");
    expect_column(columns, 4, "other", MUSTER_VALUE_UNSIGNED, NULL);
    columns_free(columns);
    columns = NULL;
    plan_free(plan);
}
END_TEST

START_TEST(of_many_formats)
{
    enum { FORMATS = 100 };
    struct plan *plans[FORMATS];
    struct problems problems = {0};
    char first[16], second[16];
    int i;

    for (i = 0; i < FORMATS; i++) {
        snprintf(first, sizeof first, "a%d", i);
        snprintf(second, sizeof second, "b%d", i / 2);
        plans[i] = make(first, first, second, NULL, 0);
        ck_assert_int_eq(columns_add(columns, (uint16_t)(4 + i), plans[i], &problems), 0);
    }
    ck_assert_uint_eq(problems.added, 0);
    for (i = 0; i < FORMATS; i++) {
        snprintf(first, sizeof first, "a%d", i);
        snprintf(second, sizeof second, "b%d", i / 2);
        expect_column(columns, (uint32_t)(4 + i + (i + 1) / 2), first, MUSTER_VALUE_INT, NULL);
        expect_column(columns, (uint32_t)(5 + i / 2 * 3), second, MUSTER_VALUE_UNSIGNED, NULL);
    }
    ck_assert_int_eq(columns_find(columns, "a100"), -1);
    expect_column(columns, 2, "humidity", MUSTER_VALUE_UNSIGNED, NULL);
    columns_free(columns);
    columns = NULL;
    for (i = 0; i < FORMATS; i++)
        plan_free(plans[i]);
}
END_TEST

static const uint8_t datagram[] = {0, 7, 0, 1, 0, 212, 0, 48, 0xff, 0xff, 1, 0};

static struct muster_record reading(const struct muster_arrival *arrival, uint32_t i)
{
    struct muster_record record = {.format = 1,
                                   .via.arrival = arrival,
                                   .payload_size = 4,
                                   .payload_at = (uint16_t)(4 + 4 * i),
                                   .reading = (uint16_t)i};

    record.payload.bytes = datagram + record.payload_at;
    return record;
}

START_TEST(of_a_message)
{
    struct muster_arrival arrival = {.size = sizeof arrival, .datagram_size = sizeof datagram};
    struct muster_record record = reading(&arrival, 0);
    struct muster_value values[4] = {{.name = "untouched"}};

    ck_assert_uint_eq(columns_values(columns, &record, NULL, sizeof values[0], 0), 2);
    ck_assert_uint_eq(columns_values(columns, &record, values, sizeof values[0], 4), 2);
    ck_assert_str_eq(values[0].name, "temperature");
    ck_assert_str_eq(values[0].unit, "Cel");
    ck_assert_uint_eq(values[0].type, MUSTER_VALUE_REAL);
    ck_assert(values[0].value.real == 21.2);
    ck_assert_uint_eq(values[0].column, 1);
    ck_assert_str_eq(values[1].name, "humidity");
    ck_assert_uint_eq(values[1].value.natural, 48);
    ck_assert_uint_eq(values[1].column, 2);
    record = reading(&arrival, 1);
    ck_assert_uint_eq(columns_values(columns, &record, values, sizeof values[0], 1), 2);
    ck_assert(values[0].value.real == -0.1);
    ck_assert_uint_eq(values[1].value.natural, 48); /* there was no room */
    record.format = 3;
    ck_assert_uint_eq(columns_values(columns, &record, values, sizeof values[0], 4), 2);
    ck_assert_str_eq(values[1].name, "temperature");
    ck_assert_uint_eq(values[1].column, 1);
    ck_assert_uint_eq(values[0].column, 3);
}
END_TEST

/* An older plugin has a smaller struct, which does not say which column it is. */
START_TEST(of_other_sizes)
{
    enum { OLD = offsetof(struct muster_value, column) };
    struct muster_arrival arrival = {.size = sizeof arrival, .datagram_size = sizeof datagram};
    struct muster_record record = reading(&arrival, 0);
    _Alignas(8) uint8_t small[2 * OLD + 8];
    struct {
        struct muster_value value;
        uint64_t more;
    } large[2];
    struct muster_value second;

    memset(small, 0x55, sizeof small);
    memset(large, 0x55, sizeof large);
    ck_assert_uint_eq(
        columns_values(columns, &record, (struct muster_value *)(void *)small, OLD, 2), 2);
    memcpy(&second, small + OLD, OLD);
    ck_assert_str_eq(second.name, "humidity");
    ck_assert_uint_eq(small[2 * OLD], 0x55);
    ck_assert_uint_eq(columns_values(columns, &record, &large[0].value, sizeof large[0], 2), 2);
    ck_assert_str_eq(large[1].value.name, "humidity");
    ck_assert_uint_eq(large[1].value.column, 2);
    ck_assert_uint_eq(large[0].more, 0);
}
END_TEST

/* What has no datagram, or is of a format that there is not, has no values. */
START_TEST(of_nothing)
{
    struct muster_arrival arrival = {.size = sizeof arrival, .datagram_size = sizeof datagram};
    struct muster_record record = reading(&arrival, 0);
    struct muster_value value;

    ck_assert_uint_eq(columns_values(NULL, &record, &value, sizeof value, 1), 0);
    record.format = 2;
    ck_assert_uint_eq(columns_values(columns, &record, &value, sizeof value, 1), 0);
    record.format = UINT16_MAX;
    ck_assert_uint_eq(columns_values(columns, &record, &value, sizeof value, 1), 0);
    record = reading(NULL, 0);
    ck_assert_uint_eq(columns_values(columns, &record, &value, sizeof value, 1), 0);
    record = reading(&arrival, 0);
    record.kind = MUSTER_KIND_EVENT;
    ck_assert_uint_eq(columns_values(columns, &record, &value, sizeof value, 1), 0);
    record.kind = MUSTER_KIND_MESSAGE;
    record.payload.bytes = NULL;
    ck_assert_uint_eq(columns_values(columns, &record, &value, sizeof value, 1), 0);
}
END_TEST

/* A list that can name values is looked at when they are known. */
START_TEST(lists_of_values)
{
    static const char *const choices[] = {"seq_num", "value", NULL};
    static const struct muster_option options[] = {{.name = "columns",
                                                    .type = MUSTER_OPTION_LIST,
                                                    .flags = MUSTER_OPTION_VALUES,
                                                    .choices = choices,
                                                    .summary = "columns"}};
    struct option_value value = {.line = 7};
    struct entry entry = {.name = (char *)"x",
                          .file = (char *)"f",
                          .values = &value,
                          .plugin.options = {options, 1, sizeof options[0]}};
    struct host host = {.columns = columns};
    struct problems problems = {0};
    char why[OPTION_ROOM], line[2000] = "";
    FILE *out = fmemopen(line, sizeof line, "w");

    ck_assert_int_eq(option_read(&options[0], "level,seq_num,temperatur,pressure", &value, why), 0);
    instance_check(&entry, &host, &problems);
    ck_assert_uint_eq(problems_count(&problems), 2);
    problems_print(&problems, out);
    fclose(out);
    ck_assert_str_eq(line, "f:7: x: columns: unknown \"temperatur\"; did you mean "
                           "\"temperature\"?\n"
                           "f:7: x: columns: unknown \"pressure\"; expected one of \"seq_num\", "
                           "\"value\"\n");
    problems_free(&problems);
    option_clear(&value);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {each_name_once, the_built_in_name, of_many_formats, of_a_message,
                                  of_other_sizes, of_nothing,        lists_of_values};
    Suite *suite = suite_create("columns");
    TCase *tcase = tcase_create("columns");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
