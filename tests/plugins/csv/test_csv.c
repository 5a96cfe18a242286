/* SPDX-License-Identifier: MIT
 *
 * The sink "csv" and its file, driven by the fake host.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "plugins/fake_host.h"

#define HEADER      "device_id,seq_num,timestamp,msg_type,value,duplicate_flag,gap_flag,arrival_time\n"
#define GAPS_HEADER "device_id,first,last,count,opened,closed,outcome,cause\n"
#define PLUGIN      (&muster_plugin_v1)
#define S           UINT64_C(1000000000)

static char directory[] = "/tmp/muster-test-csv-XXXXXX";
static char path[128];

static void set_up(void)
{
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/t.csv", directory);
}

static void tear_down(void)
{
    char other[160];

    snprintf(other, sizeof other, "%s.1", path);
    unlink(other);
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* ---- Helpers -------------------------------------------------------------------------- */

static void put_file(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The whole file, terminated; the caller frees it. */
static char *get_file(const char *name, size_t *size)
{
    struct stat info;
    FILE *file = fopen(name, "r");
    char *bytes;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &info), 0);
    bytes = malloc((size_t)info.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)info.st_size, file), (size_t)info.st_size);
    bytes[info.st_size] = '\0';
    if (size != NULL)
        *size = (size_t)info.st_size;
    fclose(file);
    return bytes;
}

static void expect_file(const char *name, const char *wanted)
{
    char *bytes = get_file(name, NULL);

    ck_assert_str_eq(bytes, wanted);
    free(bytes);
}

static struct muster_record text_record(uint32_t seq, const char *text)
{
    struct muster_record record = {.arrival_ns = 1762534152 * S + 983310799,
                                   .seq_num = seq,
                                   .timestamp = 1762534151,
                                   .device_id = 101,
                                   .msg_type = MUSTER_MSG_DATA,
                                   .flags = 1,
                                   .verdict = MUSTER_VERDICT_NEW,
                                   .numbered = 1,
                                   .readings = 1};

    if (text != NULL) {
        record.value_type = MUSTER_VALUE_TEXT;
        record.payload.bytes = (const uint8_t *)text;
        record.payload_size = (uint32_t)strlen(text);
        record.datagram_size = 12 + record.payload_size;
    }
    return record;
}

static struct muster_record gap_record(uint8_t event, uint32_t first, uint32_t last, uint16_t cause)
{
    return (struct muster_record){.kind = MUSTER_KIND_EVENT,
                                  .event = event,
                                  .device_id = 101,
                                  .arrival_ns = 1762534153 * S,
                                  .seq_num = first,
                                  .first = first,
                                  .last = last,
                                  .cause = cause,
                                  .opened_ns = 1762534152 * S + 983310799,
                                  .closed_ns = 1762534153 * S};
}

static void *opened(struct muster_instance *instance)
{
    void *state = NULL;

    PLUGIN->check(&fake_host, instance);
    ck_assert_uint_eq(fake_config_error_count(instance), 0);
    ck_assert_int_eq(PLUGIN->open(&fake_host, instance, &state), 0);
    return state;
}

static void closed(struct muster_instance *instance, void *state)
{
    PLUGIN->close(state);
    fake_free(instance);
}

/* ---- Rows ----------------------------------------------------------------------------- */

START_TEST(default_rows)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, NULL);
    struct muster_record records[5];
    void *state = opened(instance);

    records[0] = text_record(0, NULL);
    records[0].msg_type = MUSTER_MSG_INIT;
    records[1] = text_record(1, "26.6");
    records[2] = text_record(1, "26.6");
    records[2].verdict = MUSTER_VERDICT_DUPLICATE;
    records[3] = text_record(UINT32_MAX, "=1+2");
    records[3].verdict = MUSTER_VERDICT_GAP;
    records[3].gap = 5;
    records[3].device_id = 65535;
    records[3].timestamp = UINT32_MAX;
    records[3].arrival_ns = 1;
    records[4] = text_record(7, NULL);
    records[4].kind = MUSTER_KIND_EVENT; /* is taken, and has no row */
    ck_assert_int_eq(PLUGIN->write(state, records, 5), 5);
    expect_file(path, HEADER "101,0,1762534151,2,,0,0,1762534152.983310\n"
                             "101,1,1762534151,1,26.6,0,0,1762534152.983310\n"
                             "101,1,1762534151,1,26.6,1,0,1762534152.983310\n"
                             "65535,4294967295,4294967295,1,=1+2,0,1,0.000000\n");
    ck_assert_uint_eq(fake_counter(instance, "rows"), 4);
    ck_assert_uint_eq(fake_counter(instance, "writes"), 1);
    ck_assert_uint_eq(fake_counter(instance, "write_errors"), 0);
    ck_assert_uint_eq(fake_takes(instance), MUSTER_TAKES_MESSAGES);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_INFO, "new file \""), 1);
    closed(instance, state);
}
END_TEST

#define TIMES "1762534152.983310,1762534153.000000"

START_TEST(rows_of_gaps)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, "records", "gaps", NULL);
    struct muster_record records[16];
    uint32_t count = 0;
    uint8_t event;
    void *state = opened(instance);

    ck_assert_uint_eq(fake_takes(instance), MUSTER_TAKES_EVENTS);
    for (event = 0; event <= MUSTER_EVENT_DEVICE_BACK; event++)
        records[count++] = gap_record(event, 2, 3, MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_RESTART);
    records[count++] = gap_record(MUSTER_EVENT_OWN + 3, 2, 3, 0);
    ck_assert_int_eq(PLUGIN->write(state, records, count), count);
    ck_assert_int_eq(PLUGIN->write(state, records, 2), 2); /* no row at all */
    records[0] = gap_record(MUSTER_EVENT_GAP_LOST, UINT32_MAX, 4, MUSTER_CAUSE_KERNEL);
    records[1] = text_record(1, "x");
    ck_assert_int_eq(PLUGIN->write(state, records, 2), 2);
    expect_file(path, GAPS_HEADER "101,2,3,2," TIMES ",recovered,network+restart\n"
                                  "101,2,3,2," TIMES ",lost,network+restart\n"
                                  "101,4294967295,4,6," TIMES ",lost,kernel\n");
    ck_assert_uint_eq(fake_counter(instance, "rows"), 3);
    ck_assert_uint_eq(fake_counter(instance, "writes"), 2);
    closed(instance, state);
}
END_TEST

START_TEST(largest_rows)
{
    struct muster_instance *instance =
        fake_new(PLUGIN, "path", path, "columns", "payload,value,device_name", NULL);
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
    state = opened(instance);
    for (i = 0; i < 5; i++) {
        records[i] = text_record(1, "");
        records[i].payload.bytes = worst;
        records[i].payload_size = (uint32_t)rest;
    }
    worst[0] = '"';
    ck_assert_int_eq(PLUGIN->write(state, records, 5), 5);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_size, (off_t)(strlen("payload,value,device_name\n") +
                                           5 * (rest * 2 + 1 + (rest - 1) * 4 + 2 + 2 + 2)));
    /* No datagram and no sane catalog has these, but no byte is written outside the buffer. */
    records[3].payload_size = (uint32_t)(4 * rest);
    records[4].device_id = 7;
    ck_assert_int_eq(PLUGIN->write(state, records, 5), 5);
    ck_assert_uint_eq(fake_counter(instance, "rows"), 10);
    closed(instance, state);
    free(worst);
    free(name);
}
END_TEST

/* ---- Configuration -------------------------------------------------------------------- */

START_TEST(configuration)
{
    struct muster_instance *instance =
        fake_new(PLUGIN, "columns", "value,seq_num,value", "path", "", NULL);

    PLUGIN->check(&fake_host, instance);
    ck_assert_uint_eq(fake_config_errors(instance, "columns", "\"value\" is named twice"), 1);
    ck_assert_uint_eq(fake_config_errors(instance, "path", "empty"), 1);
    ck_assert_uint_eq(fake_config_error_count(instance), 2);
    fake_free(instance);
    instance = fake_new(PLUGIN, "columns", "seq_num,cause,first", NULL);
    PLUGIN->check(&fake_host, instance);
    ck_assert_uint_eq(
        fake_config_errors(instance, "columns", "no column \"cause\" if records is \"messages\""),
        1);
    ck_assert_uint_eq(fake_config_errors(instance, "columns", "no column \"first\""), 1);
    ck_assert_uint_eq(fake_config_error_count(instance), 2);
    fake_free(instance);
    instance = fake_new(PLUGIN, "records", "gaps", "columns",
                        "cause,device_name,arrival_time,count,count", NULL);
    PLUGIN->check(&fake_host, instance);
    ck_assert_uint_eq(fake_config_errors(instance, "columns",
                                         "no column \"arrival_time\" if records is \"gaps\""),
                      1);
    ck_assert_uint_eq(fake_config_errors(instance, "columns", "\"count\" is named twice"), 1);
    ck_assert_uint_eq(fake_config_error_count(instance), 2);
    fake_free(instance);
    ck_assert(!fake_accepts(PLUGIN, "records", "events"));
    ck_assert(!fake_accepts(PLUGIN, "columns", "value,temperature"));
    ck_assert(fake_accepts(PLUGIN, "columns", "device_name, arrival_ns"));
    ck_assert(!fake_accepts(PLUGIN, "sync", "always"));
}
END_TEST

START_TEST(no_columns_are_the_default_ones)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, "columns", "", NULL);

    closed(instance, opened(instance));
    expect_file(path, HEADER);
    ck_assert_int_eq(unlink(path), 0);
    instance = fake_new(PLUGIN, "path", path, "columns", "", "records", "gaps", NULL);
    closed(instance, opened(instance));
    expect_file(path, GAPS_HEADER);
}
END_TEST

/* ---- Opening -------------------------------------------------------------------------- */

static void expect_refused(const char *file, const char *message)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", file, NULL);
    void *state = NULL;

    ck_assert_int_eq(PLUGIN->open(&fake_host, instance, &state), MUSTER_FAILED);
    ck_assert_msg(fake_logged(instance, MUSTER_LOG_ERROR, message) == 1, "logged: %s",
                  fake_log_line(instance, 0));
    fake_free(instance);
}

START_TEST(appends)
{
    struct muster_record record = text_record(1, "x");
    int i;

    put_file("", 0);
    for (i = 0; i < 2; i++) {
        struct muster_instance *instance = fake_new(PLUGIN, "path", path, NULL);
        void *state = opened(instance);

        ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_INFO, "appending to \""), i == 1);
        ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
        closed(instance, state);
    }
    expect_file(path, HEADER "101,1,1762534151,1,x,0,0,1762534152.983310\n"
                             "101,1,1762534151,1,x,0,0,1762534152.983310\n");
}
END_TEST

START_TEST(relative_path)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", "t.csv", NULL);
    char wanted[200];
    int before = open(".", O_RDONLY | O_DIRECTORY);
    void *state;

    ck_assert_int_eq(chdir(directory), 0);
    state = opened(instance);
    ck_assert_int_eq(fchdir(before), 0);
    close(before);
    snprintf(wanted, sizeof wanted, "new file \"%s\"", path);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_INFO, wanted), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(PLUGIN->rotate(state), 0); /* there, not here */
    expect_file(path, HEADER);
    closed(instance, state);
}
END_TEST

START_TEST(other_header)
{
    const char *old = "device_id,arival_time\n1,2\n";
    const char *partial = "some text without an end";

    put_file(old, strlen(old));
    expect_refused(path, "first line is \"device_id,arival_time\", but these rows need "
                         "\"device_id,seq_num,");
    expect_file(path, old);
    put_file(partial, strlen(partial));
    expect_refused(path, "first line is \"some text without an end\"");
    expect_file(path, partial);
}
END_TEST

START_TEST(refusals)
{
    char name[200];

    expect_refused(directory, "it is a directory");
    snprintf(name, sizeof name, "%s/none/t.csv", directory);
    expect_refused(name, "No such file or directory");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_refused(path, "no process reads this FIFO");
}
END_TEST

START_TEST(locked)
{
    struct muster_instance *first = fake_new(PLUGIN, "path", path, NULL);
    void *state = opened(first);

    expect_refused(path, "is being written by another process");
    closed(first, state);
    first = fake_new(PLUGIN, "path", path, NULL);
    closed(first, opened(first));
}
END_TEST

static void expect_repaired(const char *rows, const char *torn, size_t torn_size,
                            const char *message)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, NULL);
    size_t whole = strlen(HEADER) + strlen(rows);
    char *bytes = calloc(1, whole + torn_size + 1);
    void *state;

    ck_assert_ptr_nonnull(bytes);
    strcat(strcat(bytes, HEADER), rows);
    memcpy(bytes + whole, torn, torn_size);
    put_file(bytes, whole + torn_size);
    state = opened(instance);
    bytes[whole] = '\0';
    expect_file(path, bytes);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_WARNING, message), 1);
    closed(instance, state);
    free(bytes);
}

START_TEST(torn_tail)
{
    struct muster_instance *instance;
    char *zeros = calloc(1, 2000000);

    ck_assert_ptr_nonnull(zeros);
    expect_repaired("1,2,3,1,x,0,0,4.000000\n", "1,3,\x80", 5, "bytes 1 to 5: \"1,3,\\x80\"");
    expect_repaired("", "1", 1, "these 1 bytes");
    expect_repaired("", zeros, 4096, "bytes 4001 to 4096: \"\\x00\\x00");
    put_file(HEADER, strlen(HEADER) - 10);
    instance = fake_new(PLUGIN, "path", path, NULL);
    closed(instance, opened(instance));
    expect_file(path, HEADER);
    /* That is no row of ours. */
    memcpy(zeros, HEADER, strlen(HEADER));
    put_file(zeros, 2000000);
    expect_refused(path, "longer than any row");
    free(zeros);
}
END_TEST

START_TEST(devices)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", "/dev/null", NULL);
    struct muster_record record = text_record(1, "x");
    void *state = opened(instance);

    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_INFO, "writing to \"/dev/null\""), 1);
    ck_assert_int_eq(PLUGIN->rotate(state), 0);
    PLUGIN->tick(state, 1);
    closed(instance, state);
}
END_TEST

/* ---- Trouble -------------------------------------------------------------------------- */

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(full_disk)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, "columns", "value", NULL);
    struct muster_record records[5];
    void *state = opened(instance);
    int i;

    for (i = 0; i < 5; i++)
        records[i] = text_record((uint32_t)i, "123456789");
    records[1].kind = MUSTER_KIND_EVENT; /* has no row, and does not upset the count */
    limit_file_size(6 + 25);             /* the header, two rows and a half */
    ck_assert_int_eq(PLUGIN->write(state, records, 5), 3);
    expect_file(path, "value\n123456789\n123456789\n");
    ck_assert_int_eq(PLUGIN->write(state, records + 3, 2), 0);
    ck_assert_int_eq(PLUGIN->write(state, records + 3, 2), 0);
    expect_file(path, "value\n123456789\n123456789\n");
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_ERROR, "cannot write to \""), 1);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_ERROR, "File too large; rows wait in the"),
                      1);
    ck_assert_uint_eq(fake_counter(instance, "write_errors"), 3);
    ck_assert_uint_eq(fake_counter(instance, "rows"), 2);
    ck_assert_uint_eq(fake_counter(instance, "bytes"), 20);
    ck_assert_int_eq(PLUGIN->flush(state, 0), 0);
    limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(PLUGIN->write(state, records + 3, 2), 2);
    expect_file(path, "value\n123456789\n123456789\n123456789\n123456789\n");
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_INFO, "works again"), 1);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_ERROR, ""), 1);
    ck_assert_uint_eq(fake_counter(instance, "rows"), 4);
    closed(instance, state);
}
END_TEST

START_TEST(full_disk_of_gaps)
{
    struct muster_instance *instance =
        fake_new(PLUGIN, "path", path, "records", "gaps", "columns", "first,outcome", NULL);
    struct muster_record records[5];
    void *state = opened(instance);
    uint32_t i;

    for (i = 0; i < 5; i++)
        records[i] =
            gap_record(i % 2 == 0 ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_OPENED, i, i, 0);
    limit_file_size(strlen("first,outcome\n") + 7 + 3); /* a row and a half */
    ck_assert_int_eq(PLUGIN->write(state, records, 5), 1);
    expect_file(path, "first,outcome\n0,lost\n");
    limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(PLUGIN->write(state, records + 1, 4), 4);
    expect_file(path, "first,outcome\n0,lost\n2,lost\n4,lost\n");
    closed(instance, state);
}
END_TEST

START_TEST(full_disk_in_the_second_bite)
{
    enum { COUNT = 40000 };
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, "columns", "value", NULL);
    struct muster_record *records = calloc(COUNT, sizeof *records);
    void *state = opened(instance);
    struct stat info;
    uint32_t i;

    ck_assert_ptr_nonnull(records);
    for (i = 0; i < COUNT; i++)
        records[i] = text_record(i, "123456789");
    limit_file_size(6 + 300005);
    ck_assert_int_eq(PLUGIN->write(state, records, COUNT), 30000);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_size, 6 + 300000);
    limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(PLUGIN->write(state, records + 30000, 10000), 10000);
    ck_assert_uint_eq(fake_counter(instance, "rows"), COUNT);
    ck_assert_uint_eq(fake_counter(instance, "bytes"), 10 * COUNT);
    closed(instance, state);
    free(records);
}
END_TEST

START_TEST(full_disk_at_open)
{
    limit_file_size(10);
    expect_refused(path, "cannot write the header to \"");
    limit_file_size(RLIM_INFINITY);
    expect_file(path, "");
}
END_TEST

/* A FIFO takes a part of a row, and nothing can be taken back from it. */
START_TEST(torn_row_is_completed)
{
    static uint8_t text[6000];
    static char bytes[65536];
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, "columns", "value", NULL);
    struct muster_record records[2] = {text_record(1, "123456789"), text_record(2, "next")};
    struct muster_record longest = text_record(3, "");
    void *state;
    int reader;

    memset(text, 'a', sizeof text);
    longest.payload.bytes = text;
    longest.payload_size = sizeof text;
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
    state = opened(instance);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 6);
    ck_assert_mem_eq(bytes, "value\n", 6);

    ck_assert_int_eq(PLUGIN->write(state, &longest, 1), 1); /* held, so it counts as taken */
    ck_assert_uint_eq(fake_counter(instance, "rows"), 0);
    ck_assert_int_eq(PLUGIN->write(state, records, 2), 0);
    ck_assert_int_eq(PLUGIN->rotate(state), MUSTER_FAILED);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 4096);
    ck_assert_int_eq(PLUGIN->write(state, records, 2), 2);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 6001 - 4096 + 15);
    ck_assert_mem_eq(bytes + 6001 - 4096 - 2, "a\n123456789\nnext\n", 17);
    ck_assert_uint_eq(fake_counter(instance, "rows"), 3);

    /* Given up when there is no time left; what comes later stands on a line of its own. */
    ck_assert_int_eq(PLUGIN->write(state, &longest, 1), 1);
    ck_assert_int_eq(PLUGIN->flush(state, 0), MUSTER_AGAIN);
    ck_assert_int_eq(PLUGIN->flush(state, 1), 1);
    ck_assert_int_eq(PLUGIN->flush(state, 1), 0);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 4096);
    ck_assert_int_eq(PLUGIN->write(state, records, 2), 2);
    ck_assert_int_eq(read(reader, bytes, sizeof bytes), 16);
    ck_assert_mem_eq(bytes, "\n123456789\nnext\n", 16);
    ck_assert_uint_eq(fake_counter(instance, "rows"), 5);
    close(reader);
    closed(instance, state);
}
END_TEST

START_TEST(reader_gone)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, NULL);
    struct muster_record record = text_record(1, "x");
    void *state;
    int reader;

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    state = opened(instance);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    close(reader);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), MUSTER_FAILED);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_ERROR, "nobody reads"), 1);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_ERROR, ""), 1);
    closed(instance, state);
}
END_TEST

/* ---- Rotation and sync ---------------------------------------------------------------- */

START_TEST(rotation)
{
    struct muster_instance *instance =
        fake_new(PLUGIN, "path", path, "columns", "seq_num", "sync", "second", NULL);
    struct muster_record record = text_record(1, NULL);
    void *state = opened(instance);
    char old[160];

    snprintf(old, sizeof old, "%s.1", path);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    ck_assert_int_eq(PLUGIN->rotate(state), 0); /* nothing has moved */
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    ck_assert_int_eq(rename(path, old), 0);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    ck_assert_int_eq(PLUGIN->rotate(state), 0);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    PLUGIN->tick(state, 1);
    expect_file(old, "seq_num\n1\n1\n1\n");
    expect_file(path, "seq_num\n1\n");

    /* Emptied in place, as copytruncate does. */
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(PLUGIN->rotate(state), 0);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    expect_file(path, "seq_num\n1\n");

    /* Something else is there now: the old file stays in use. */
    ck_assert_int_eq(rename(path, old), 0);
    put_file("other\n", 6);
    ck_assert_int_eq(PLUGIN->rotate(state), MUSTER_FAILED);
    ck_assert_int_eq(PLUGIN->write(state, &record, 1), 1);
    expect_file(path, "other\n");
    expect_file(old, "seq_num\n1\n1\n");
    closed(instance, state);
}
END_TEST

START_TEST(removed)
{
    struct muster_instance *instance = fake_new(PLUGIN, "path", path, NULL);
    void *state = opened(instance);

    PLUGIN->tick(state, 1);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_WARNING, ""), 0);
    ck_assert_int_eq(unlink(path), 0);
    PLUGIN->tick(state, 2);
    PLUGIN->tick(state, 3);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_WARNING, "has been removed"), 1);
    ck_assert_int_eq(PLUGIN->rotate(state), 0);
    expect_file(path, HEADER);
    ck_assert_int_eq(unlink(path), 0);
    PLUGIN->tick(state, 4);
    ck_assert_uint_eq(fake_logged(instance, MUSTER_LOG_WARNING, "has been removed"), 2);
    closed(instance, state);
}
END_TEST

START_TEST(two_instances)
{
    char second[160];
    struct muster_instance *instances[2];
    struct muster_record record = text_record(5, NULL);
    void *states[2];
    int i;

    snprintf(second, sizeof second, "%s.1", path);
    for (i = 0; i < 2; i++) {
        instances[i] = fake_new(PLUGIN, "path", i == 0 ? path : second, "columns",
                                i == 0 ? "seq_num" : "device_id", NULL);
        states[i] = opened(instances[i]);
    }
    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(PLUGIN->write(states[i], &record, 1), 1);
        closed(instances[i], states[i]);
    }
    expect_file(path, "seq_num\n5\n");
    expect_file(second, "device_id\n101\n");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {default_rows,
                                  rows_of_gaps,
                                  full_disk_of_gaps,
                                  largest_rows,
                                  no_columns_are_the_default_ones,
                                  configuration,
                                  appends,
                                  relative_path,
                                  other_header,
                                  refusals,
                                  locked,
                                  torn_tail,
                                  devices,
                                  full_disk,
                                  full_disk_in_the_second_bite,
                                  full_disk_at_open,
                                  torn_row_is_completed,
                                  reader_gone,
                                  rotation,
                                  removed,
                                  two_instances};
    Suite *suite = suite_create("csv");
    TCase *tcase = tcase_create("csv");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
