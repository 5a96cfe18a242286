/* SPDX-License-Identifier: MIT
 *
 * Values of declared formats in the sink "csv": in a column each, or in a row each.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "fixture.h"
#include "plugins/fake_host.h"

#define WIDE_HEADER                                                                                \
    "device_id,seq_num,timestamp,msg_type,value,duplicate_flag,gap_flag,arrival_time,"             \
    "temperature,humidity,note,level\n"
#define LONG_HEADER                                                                                \
    "device_id,seq_num,timestamp,msg_type,field,value,unit,duplicate_flag,gap_flag,arrival_time\n"
#define START "101,1,1762534151,1,"
#define END   ",0,0,1762534152.983310"

static struct muster_value weather[4], tank[3];

static struct muster_value real(const char *name, const char *unit, double number)
{
    return (struct muster_value){
        .name = name, .unit = unit, .type = MUSTER_VALUE_REAL, .value.real = number};
}

static struct muster_value text(const char *name, const char *text)
{
    return (struct muster_value){.name = name,
                                 .type = MUSTER_VALUE_TEXT,
                                 .bytes = (const uint8_t *)text,
                                 .bytes_size = strlen(text)};
}

/* With two formats: 1 is weather, 2 is tank. */
static struct muster_instance *with_formats(struct muster_instance *instance)
{
    weather[0] = real("temperature", "Cel", 21.2);
    weather[1] = real("humidity", "%RH", 48);
    weather[1].type = MUSTER_VALUE_UNSIGNED;
    weather[1].value.natural = 48;
    weather[2] = text("note", "a, \"b\"");
    weather[3] = real("value", NULL, -0.5);
    tank[0] = real("level", "%", (double)0.1f);
    tank[0].type = MUSTER_VALUE_REAL32;
    tank[1] = real("temperature", "Cel", 0);
    tank[1].type = MUSTER_VALUE_INT;
    tank[1].value.integer = -40;
    tank[2] = text("note", "ab");
    tank[2].type = MUSTER_VALUE_BYTES;
    ck_assert_uint_eq(muster_test_add_format(instance, weather, 4), 1);
    ck_assert_uint_eq(muster_test_add_format(instance, tank, 3), 2);
    return instance;
}

static struct muster_record of_format(uint16_t format)
{
    struct muster_record record = fixture_text(1, NULL);

    record.format = format;
    return record;
}

START_TEST(wide)
{
    struct muster_instance *instance =
        with_formats(muster_test_new(PLUGIN, "path", fixture_path, NULL));
    struct muster_record records[3] = {of_format(1), of_format(2), fixture_text(1, "26.6")};
    void *state = fixture_open(instance);

    ck_assert_int_eq(fixture_write(state, records, 3), 3);
    weather[0].type = MUSTER_VALUE_NONE; /* absent */
    weather[2].type = 99;                /* of a later version */
    weather[3].type = MUSTER_VALUE_BOOL;
    weather[3].value.natural = 1;
    ck_assert_int_eq(fixture_write(state, records, 1), 1);
    fixture_expect_file(fixture_path, WIDE_HEADER START
                        "-0.5" END ",21.2,48,\"a, \"\"b\"\"\",\n" START "" END
                        ",-40,,6162,0.1\n" START "26.6" END ",,,,\n" START "1" END ",,48,,\n");
    fixture_close(instance, state);
}
END_TEST

START_TEST(chosen_columns)
{
    struct muster_instance *instance = with_formats(muster_test_new(
        PLUGIN, "path", fixture_path, "columns", "level,seq_num,temperature", NULL));
    struct muster_record records[2] = {of_format(1), of_format(2)};
    void *state = fixture_open(instance);

    ck_assert_int_eq(fixture_write(state, records, 2), 2);
    fixture_expect_file(fixture_path, "level,seq_num,temperature\n,1,21.2\n0.1,1,-40\n");
    fixture_close(instance, state);
}
END_TEST

START_TEST(in_long_rows)
{
    struct muster_instance *instance =
        with_formats(muster_test_new(PLUGIN, "path", fixture_path, "layout", "long", NULL));
    struct muster_record records[4] = {of_format(1), of_format(2), fixture_text(1, "26.6"),
                                       fixture_text(1, NULL)};
    void *state = fixture_open(instance);

    weather[1].type = MUSTER_VALUE_NONE;
    ck_assert_int_eq(fixture_write(state, records, 4), 4);
    fixture_expect_file(fixture_path, LONG_HEADER START
                        "temperature,21.2,Cel" END "\n" START "note,\"a, \"\"b\"\"\"," END
                        "\n" START "value,-0.5," END "\n" START "level,0.1,%" END "\n" START
                        "temperature,-40,Cel" END "\n" START "note,6162," END "\n" START
                        "value,26.6," END "\n" START ",," END "\n");
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 4); /* messages with all their rows */
    fixture_close(instance, state);
}
END_TEST

/* A message's rows are in the file all together, or not at all. */
START_TEST(long_rows_on_a_full_disk)
{
    const char *message = "level,0.1\ntemperature,-40\nnote,6162\n";
    struct muster_instance *instance = with_formats(muster_test_new(
        PLUGIN, "path", fixture_path, "layout", "long", "columns", "field,value", NULL));
    struct muster_record records[4] = {of_format(2), of_format(2), of_format(2), of_format(2)};
    char wanted[512];
    void *state = fixture_open(instance);

    records[1].kind = MUSTER_KIND_EVENT;
    fixture_limit_file_size(strlen("field,value\n") + strlen(message) * 3 / 2);
    ck_assert_int_eq(fixture_write(state, records, 4), 1);
    snprintf(wanted, sizeof wanted, "field,value\n%s", message);
    fixture_expect_file(fixture_path, wanted);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 1);
    fixture_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(fixture_write(state, records + 1, 3), 3);
    snprintf(wanted, sizeof wanted, "field,value\n%s%s%s", message, message, message);
    fixture_expect_file(fixture_path, wanted);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 3);
    fixture_close(instance, state);
}
END_TEST

/* A FIFO takes some rows of a message, and a part of one. */
START_TEST(long_rows_in_a_fifo)
{
    static char bytes[65536], long_text[3001];
    struct muster_instance *instance = with_formats(muster_test_new(
        PLUGIN, "path", fixture_path, "layout", "long", "columns", "field,value", NULL));
    struct muster_record records[2] = {of_format(1), of_format(2)}, twice[2];
    const size_t whole = strlen("temperature,21.2\nhumidity,48\nnote,\n") + 3000 +
                         strlen("value,-0.5\n") + strlen("level,0.1\ntemperature,-40\nnote,6162\n");
    size_t first;
    void *state;
    int reader;

    twice[0] = twice[1] = records[0];
    memset(long_text, 'a', 3000);
    weather[2] = text("note", long_text);
    ck_assert_int_eq(mkfifo(fixture_path, 0600), 0);
    reader = open(fixture_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
    state = fixture_open(instance);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 12);
    ck_assert_int_eq(fixture_write(state, twice, 2), 2);         /* one is held, so it is taken */
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 0); /* flush says it is not done */
    ck_assert_int_eq(fixture_write(state, records, 2), 0);
    first = (size_t)read(reader, bytes, sizeof bytes);
    ck_assert_uint_eq(first, 4096);
    ck_assert_int_eq(fixture_write(state, &records[1], 1), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 3);
    ck_assert_int_gt(read(reader, bytes + first, sizeof bytes - first), 0);
    ck_assert_uint_eq(strlen(bytes), 2 * whole - strlen("level,0.1\ntemperature,-40\nnote,6162\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "a\nvalue,-0.5\nlevel,0.1\ntemperature,-40\nnote,6162\n"));
    close(reader);
    fixture_close(instance, state);
}
END_TEST

/* The rest of a message's rows is more than what is enough to be sent. */
START_TEST(a_long_message_in_a_fifo)
{
    enum { LONG = 400000 };
    static char long_text[LONG + 1], bytes[2 * LONG];
    struct muster_instance *instance = with_formats(muster_test_new(
        PLUGIN, "path", fixture_path, "layout", "long", "columns", "field,value", NULL));
    const struct muster_record record = of_format(1);
    size_t size = 0;
    ssize_t came;
    int64_t taken = 0;
    void *state;
    int reader, i;

    memset(long_text, 'a', LONG);
    weather[2] = text("note", long_text);
    ck_assert_int_eq(mkfifo(fixture_path, 0600), 0);
    reader = open(fixture_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    state = fixture_open(instance);
    for (i = 0; i < 40 && taken < 2; i++) {
        taken += fixture_write(state, &record, 1);
        while ((came = read(reader, bytes + size, sizeof bytes - size)) > 0)
            size += (size_t)came;
    }
    ck_assert_int_eq(taken, 2); /* the second is held when the first is out */
    ck_assert_uint_gt(size, LONG + strlen("field,value\ntemperature,21.2\nhumidity,48\nnote,\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "a\nvalue,-0.5\ntemperature,21.2\n"));
    close(reader);
    fixture_close(instance, state);
}
END_TEST

/* More messages than rows wait for at a time. */
START_TEST(many_long_rows)
{
    enum { COUNT = 40000 };
    struct muster_instance *instance = with_formats(
        muster_test_new(PLUGIN, "path", fixture_path, "layout", "long", "columns", "value", NULL));
    struct muster_record *records = calloc(COUNT, sizeof *records);
    void *state = fixture_open(instance);
    struct stat info;
    uint32_t i;

    ck_assert_ptr_nonnull(records);
    for (i = 0; i < COUNT; i++)
        records[i] = of_format(2);
    ck_assert_int_eq(fixture_write(state, records, COUNT), COUNT);
    ck_assert_int_eq(stat(fixture_path, &info), 0);
    ck_assert_int_eq(info.st_size, 6 + COUNT * (int)strlen("0.1\n-40\n6162\n"));
    fixture_close(instance, state);
    free(records);
}
END_TEST

/* What may be a column of csv, and is none here, may be a value's name. */
START_TEST(values_called_as_columns)
{
    struct muster_value odd[] = {real("unit", NULL, 1), real("gap", NULL, 2.5)};
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    struct muster_record record = of_format(1);
    char wanted[512];
    void *state;

    muster_test_add_format(instance, odd, 2);
    state = fixture_open(instance);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    snprintf(wanted, sizeof wanted, "%.*s,unit,gap\n%s%s,1,2.5\n", (int)strlen(HEADER) - 1, HEADER,
             START, END);
    fixture_expect_file(fixture_path, wanted);
    fixture_close(instance, state);
    ck_assert_int_eq(unlink(fixture_path), 0);
    instance = muster_test_new(PLUGIN, "path", fixture_path, "columns", "gap,unit", NULL);
    muster_test_add_format(instance, odd, 2);
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), 0);
    ck_assert_uint_eq(
        muster_test_logged(instance, MUSTER_LOG_WARNING, "the column \"gap\" is what"), 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_WARNING, "\"unit\""), 0);
    state = fixture_open(instance);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    fixture_expect_file(fixture_path, "gap,unit\n0,1\n"); /* its own comes first */
    fixture_close(instance, state);
}
END_TEST

static void expect_error(struct muster_instance *instance, const char *option, const char *part)
{
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, with_formats(instance)), MUSTER_FAILED);
    ck_assert_msg(muster_test_errors(instance, option, part) == 1, "not once: %s", part);
    ck_assert_uint_eq(muster_test_error_count(instance), 1);
    muster_test_free(instance);
}

START_TEST(what_cannot_be)
{
    struct muster_value odd = real("gap_flag", NULL, 1);
    struct muster_instance *instance;

    expect_error(muster_test_new(PLUGIN, "columns", "pressure", NULL), "columns",
                 "there is no column \"pressure\"");
    expect_error(muster_test_new(PLUGIN, "columns", "level,level", NULL), "columns",
                 "\"level\" is named twice");
    expect_error(muster_test_new(PLUGIN, "columns", "unit", NULL), "columns",
                 "there is no column \"unit\"");
    expect_error(muster_test_new(PLUGIN, "columns", "level", "layout", "long", NULL), "columns",
                 "no column \"level\" if records is \"messages\" and layout \"long\"");
    expect_error(muster_test_new(PLUGIN, "columns", "level", "records", "gaps", NULL), "columns",
                 "no column \"level\" if records is \"gaps\"");
    expect_error(muster_test_new(PLUGIN, "layout", "long", "records", "gaps", NULL), "layout",
                 "only messages have values");
    instance = muster_test_new(PLUGIN, NULL);
    muster_test_add_format(instance, &odd, 1);
    ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_errors(instance, NULL, "\"gap_flag\" is a column already"), 1);
    muster_test_free(instance);
}
END_TEST

START_TEST(a_new_column)
{
    struct muster_instance *instance =
        with_formats(muster_test_new(PLUGIN, "path", fixture_path, NULL));
    void *state = NULL;

    fixture_put_file(HEADER, strlen(HEADER));
    ck_assert_int_eq(PLUGIN->open(&muster_test_host, instance, &state), 0);
    ck_assert_int_eq(fake_connect(PLUGIN, state), MUSTER_FAILED);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR,
                                         ", of which it does not have temperature, humidity, note, "
                                         "level; move the file away"),
                      1);
    fake_disconnect(PLUGIN, state);
    fixture_close(instance, state);
    fixture_expect_file(fixture_path, HEADER);
}
END_TEST

/* A header may be longer than what is shown of a strange line. */
START_TEST(many_columns)
{
    enum { COUNT = 200 };
    static struct muster_value values[COUNT];
    static char names[COUNT][16];
    struct muster_instance *instance;
    struct muster_record record = of_format(1);
    struct stat first, second;
    void *state;
    int i, round;

    for (i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "value_%d", i);
        values[i] = real(names[i], NULL, i);
    }
    for (round = 0; round < 2; round++) {
        instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
        ck_assert_uint_eq(muster_test_add_format(instance, values, COUNT), 1);
        state = fixture_open(instance);
        ck_assert_int_eq(stat(fixture_path, round == 0 ? &first : &second), 0);
        ck_assert_int_eq(fixture_write(state, &record, 1), 1);
        fixture_close(instance, state);
    }
    ck_assert_int_gt(first.st_size, 1900);
    ck_assert_int_gt(second.st_size, first.st_size); /* appended to */
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {wide,
                                  chosen_columns,
                                  in_long_rows,
                                  long_rows_on_a_full_disk,
                                  long_rows_in_a_fifo,
                                  a_long_message_in_a_fifo,
                                  many_long_rows,
                                  values_called_as_columns,
                                  what_cannot_be,
                                  a_new_column,
                                  many_columns};
    Suite *suite = suite_create("csv values");
    TCase *tcase = tcase_create("csv values");
    size_t i;

    tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
