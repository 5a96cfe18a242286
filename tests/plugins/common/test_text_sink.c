/* SPDX-License-Identifier: MIT
 *
 * The text sink under a plugin of a few lines: what it takes, sends, counts, and says.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/plugin_log.h"
#include "common/runner.h"
#include "common/plugin_metric.h"
#include "common/text_sink.h"
#include "plugins/fake_host.h"

enum { PIPE_ROOM = 4096, LINE = 10, MANY = 60000 };

static const struct muster_plugin nameless = {.size = sizeof nameless, .name = "text"};
static struct muster_instance *instance;
static struct text_sink sink;
static int reader;
static uint32_t fills;     /* calls of the plugin's fill */
static uint32_t take_back; /* what the plugin was told to take back */
static int take_back_result;
static char found[MANY * LINE + 1];

/* ---- A plugin: a line of LINE bytes a message, its number ------------------------------- */

static bool wants(const void *plugin, const struct muster_record *record)
{
    ck_assert_ptr_eq(plugin, &sink);
    return record->kind == MUSTER_KIND_MESSAGE;
}

static size_t bound(void *plugin, const struct muster_record *record)
{
    (void)plugin;
    (void)record;
    return LINE + 1;
}

static char *format(void *plugin, char *out, const struct muster_record *record)
{
    (void)plugin;
    return out + snprintf(out, LINE + 1, "%0*u\n", LINE - 1, (unsigned)record->seq);
}

static const struct text_sink_line line = {.wants = wants, .bound = bound, .format = format};

static uint32_t fill(void *plugin, struct line_buffer *buffer, const struct muster_record *records,
                     uint32_t count)
{
    fills++;
    return text_sink_fill(&line, plugin, buffer, records, count);
}

static uint32_t no_memory(void *plugin, struct line_buffer *buffer,
                          const struct muster_record *records, uint32_t count)
{
    (void)plugin;
    (void)buffer;
    (void)records;
    (void)count;
    return 0;
}

static int take_back_bytes(void *plugin, uint32_t size)
{
    (void)plugin;
    take_back = size;
    return take_back_result;
}

static const struct muster_call usual = {.size = sizeof usual},
                                hurried = {.size = sizeof hurried,
                                           .flags = MUSTER_CALL_STOPPING,
                                           .deadline_ns = UINT64_MAX},
                                final = {.size = sizeof final,
                                         .flags = MUSTER_CALL_STOPPING | MUSTER_CALL_FINAL,
                                         .deadline_ns = 1};

/* ---- Helpers -------------------------------------------------------------------------- */

static struct muster_cell *counter(const char *name)
{
    return plugin_metric(&muster_test_host, instance, name, MUSTER_METRIC_COUNTER, "n", "help");
}

static void set_up(void)
{
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, PIPE_ROOM), PIPE_ROOM);
    reader = ends[0];
    instance = muster_test_new(&nameless, NULL);
    sink = (struct text_sink){.host = &muster_test_host,
                              .instance = instance,
                              .plugin = &sink,
                              .line = &line,
                              .fill = fill,
                              .fd = ends[1],
                              .target = "\"there\"",
                              .unit = "word",
                              .gone = MUSTER_FAILED,
                              .lines = counter("lines"),
                              .write_errors = counter("write_errors"),
                              .bytes = counter("bytes"),
                              .writes = counter("writes")};
    fills = take_back = 0;
    take_back_result = 0;
}

static void tear_down(void)
{
    text_sink_close(&sink);
    muster_test_free(instance);
    if (reader >= 0)
        close(reader);
    close(sink.fd);
}

/* To a file, which takes all. */
static void use_file(void)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(dup2(fileno(file), sink.fd), 0);
    ck_assert_int_ge(dup2(fileno(file), reader), 0);
    fclose(file);
}

static size_t drain(void)
{
    ssize_t n = read(reader, found, sizeof found - 1);

    found[n > 0 ? n : 0] = '\0';
    return strlen(found);
}

/* Numbered records, each fourth an event, which has no line. */
static struct muster_record *numbered(uint32_t count)
{
    struct muster_record *records = calloc(count, sizeof *records);
    uint32_t i;

    ck_assert_ptr_nonnull(records);
    for (i = 0; i < count; i++) {
        records[i].seq = i;
        records[i].kind = i % 4 == 3 ? MUSTER_KIND_EVENT : MUSTER_KIND_MESSAGE;
    }
    return records;
}

static void expect_counters(uint64_t lines, uint64_t bytes, uint64_t writes, uint64_t write_errors)
{
    ck_assert_uint_eq(muster_test_counter(instance, "lines"), lines);
    ck_assert_uint_eq(muster_test_counter(instance, "bytes"), bytes);
    ck_assert_uint_eq(muster_test_counter(instance, "writes"), writes);
    ck_assert_uint_eq(muster_test_counter(instance, "write_errors"), write_errors);
    ck_assert_uint_eq(sink.sent, bytes);
}

/* ---- Tests ---------------------------------------------------------------------------- */

START_TEST(all_is_taken)
{
    struct muster_record *records = numbered(MANY);
    uint32_t lines = MANY / 4 * 3;
    uint32_t i, n = 0;

    use_file();
    ck_assert_int_eq(text_sink_write(&sink, records + 3, 1), 1); /* no line at all */
    expect_counters(0, 0, 0, 0);
    ck_assert_int_eq(text_sink_write(&sink, records, MANY), MANY);
    /* A stretch ends when there is enough; nothing waits afterwards. */
    expect_counters(lines, lines * LINE, lines * LINE / LINE_BUFFER_ENOUGH + 1, 0);
    ck_assert_uint_eq(fills, 1 + lines * LINE / LINE_BUFFER_ENOUGH + 1);
    ck_assert_uint_eq(sink.buffer.size, 0);
    ck_assert_int_eq(lseek(reader, 0, SEEK_SET), 0);
    ck_assert_uint_eq(drain(), lines * LINE);
    for (i = 0; i < MANY; i++) {
        char wanted[LINE + 1];

        if (records[i].kind != MUSTER_KIND_MESSAGE)
            continue;
        snprintf(wanted, sizeof wanted, "%0*u\n", LINE - 1, i);
        ck_assert_int_eq(memcmp(found + (size_t)LINE * n++, wanted, LINE), 0);
    }
    ck_assert_int_eq(text_sink_flush(&sink, &usual), 0);
    free(records);
}
END_TEST

START_TEST(counters_may_be_left_out)
{
    const struct muster_record record = {0};

    sink.bytes = sink.writes = NULL;
    ck_assert_int_eq(text_sink_write(&sink, &record, 1), 1);
    ck_assert_uint_eq(sink.sent, LINE);
    ck_assert_uint_eq(muster_test_counter(instance, "lines"), 1);
    ck_assert_uint_eq(
        muster_test_counter(instance, "bytes") + muster_test_counter(instance, "writes"), 0);
}
END_TEST

/* A pipe with room for 409 lines and a half. */
START_TEST(what_is_held_is_taken)
{
    struct muster_record *records = numbered(1000);

    ck_assert_int_eq(text_sink_write(&sink, records, 1000), 546); /* 409 lines and the torn one */
    expect_counters(409, PIPE_ROOM, 2, 1);
    ck_assert_int_eq(text_sink_write(&sink, records + 546, 1000 - 546), 0);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, ""), 1);
    ck_assert_str_eq(muster_test_log_line(instance, 0),
                     "cannot write to \"there\": whoever reads it takes nothing more; words wait "
                     "in the queue");
    ck_assert_int_eq(text_sink_finish_line(&sink), -1);
    ck_assert_int_eq(text_sink_flush(&sink, &usual), MUSTER_AGAIN);
    ck_assert_uint_eq(drain(), PIPE_ROOM);
    ck_assert_int_eq(text_sink_finish_line(&sink), 0);
    ck_assert_int_eq(text_sink_finish_line(&sink), 0);
    ck_assert_uint_eq(drain(), 4);
    ck_assert_str_eq(found, "545\n");
    ck_assert_str_eq(muster_test_log_line(instance, 1), "writing to \"there\" works again");
    ck_assert_int_eq(text_sink_write(&sink, records + 546, 1000 - 546), 1000 - 546);
    ck_assert_uint_eq(muster_test_counter(instance, "lines"), 750);
    ck_assert_ptr_null(muster_test_log_line(instance, 2));
    free(records);
}
END_TEST

START_TEST(what_is_taken_back_is_offered_again)
{
    struct muster_record *records = numbered(1000);

    sink.take_back = take_back_bytes;
    ck_assert_int_eq(text_sink_write(&sink, records, 1000), 545);
    ck_assert_uint_eq(take_back, 6);
    ck_assert_uint_eq(sink.buffer.held, 0);
    expect_counters(409, 4090, 2, 1);
    take_back = 0;
    ck_assert_int_eq(text_sink_write(&sink, records + 545, 1), 0); /* no byte is out */
    ck_assert_uint_eq(take_back, 0);
    drain();
    take_back_result = -1; /* this time it cannot be */
    ck_assert_int_eq(text_sink_write(&sink, records, 1000), 546);
    ck_assert_uint_eq(take_back, 6);
    ck_assert_uint_eq(sink.buffer.held, 4);
    free(records);
}
END_TEST

START_TEST(a_line_is_given_up_at_the_deadline)
{
    struct muster_record *records = numbered(1000);

    ck_assert_int_eq(text_sink_write(&sink, records, 1000), 546);
    ck_assert_int_eq(text_sink_flush(&sink, &hurried), MUSTER_AGAIN);
    ck_assert_int_eq(text_sink_flush(&sink, &final), 1);
    ck_assert_str_eq(muster_test_log_line(instance, 1), "the last word of \"there\" is cut short: "
                                                        "Resource temporarily unavailable");
    ck_assert_int_eq(text_sink_flush(&sink, &final), 0); /* owned up already */
    drain();
    ck_assert_int_eq(text_sink_write(&sink, records, 1), 1);
    ck_assert_uint_eq(drain(), 1 + LINE);
    ck_assert_str_eq(found, "\n000000000\n");
    ck_assert_uint_eq(muster_test_counter(instance, "lines"), 410);
    free(records);
}
END_TEST

START_TEST(close_says_what_is_cut_short)
{
    struct muster_record *records = numbered(1000);

    ck_assert_int_eq(text_sink_write(&sink, records, 1000), 546);
    text_sink_disconnect(&sink, &usual); /* it will be offered again */
    ck_assert_ptr_null(muster_test_log_line(instance, 1));
    drain();
    ck_assert_int_eq(text_sink_write(&sink, records, 1000), 546);
    text_sink_disconnect(&sink, &final);
    ck_assert_str_eq(muster_test_log_line(instance, 1), "the last word of \"there\" is cut short");
    free(records);
}
END_TEST

START_TEST(reader_gone)
{
    const struct muster_record record = {0};

    close(reader);
    reader = -1;
    ck_assert_int_eq(text_sink_write(&sink, &record, 1), MUSTER_FAILED);
    ck_assert_str_eq(muster_test_log_line(instance, 0),
                     "nobody reads \"there\" any more; this sink is finished");
    ck_assert_ptr_null(muster_test_log_line(instance, 1));
}
END_TEST

START_TEST(short_of_memory)
{
    const struct muster_record record = {0};

    sink.fill = no_memory;
    ck_assert_int_eq(text_sink_write(&sink, &record, 1), 0);
    ck_assert_int_eq(text_sink_write(&sink, &record, 1), 0);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, strerror(ENOMEM)), 1);
    sink.fill = fill;
    ck_assert_int_eq(text_sink_write(&sink, &record, 1), 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "works again"), 1);
}
END_TEST

START_TEST(log_lines)
{
    char long_text[5000];

    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    plugin_log(&muster_test_host, instance, MUSTER_LOG_WARNING, "%s %d%%", "a", -5);
    ck_assert_str_eq(muster_test_log_line(instance, 0), "a -5%");
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_WARNING, "a -5%"), 1);
    plugin_log(&muster_test_host, instance, MUSTER_LOG_INFO, "%s", long_text);
    ck_assert_str_eq(muster_test_log_line(instance, 1), long_text);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {all_is_taken,
                                  counters_may_be_left_out,
                                  what_is_held_is_taken,
                                  what_is_taken_back_is_offered_again,
                                  a_line_is_given_up_at_the_deadline,
                                  close_says_what_is_cut_short,
                                  reader_gone,
                                  short_of_memory,
                                  log_lines};
    Suite *suite = suite_create("text sink");
    TCase *tcase = tcase_create("text sink");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
