/* SPDX-License-Identifier: MIT
 *
 * The log's lines on standard error, and the limit on them.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "common/runner.h"

static int real_stderr = -1, ends[2];

/* Standard error goes to a pipe. */
static void set_up(void)
{
    unsetenv("JOURNAL_STREAM");
    real_stderr = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
}

static void tear_down(void)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(ends[0]);
}

/* Closes the log, and reads all that it wrote. */
static const char *written(struct log *log)
{
    static char text[8192];
    size_t length = 0;
    ssize_t got;

    log_close(log);
    dup2(real_stderr, STDERR_FILENO); /* the last end to write to */
    while ((got = read(ends[0], text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    return text;
}

/* The time stamp of a line. */
#define STAMP "....-..-..T..:..:......Z "

/* Whether the text begins with the pattern, in which a dot is any character. */
static bool begins(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++)
        if (*text != *pattern && *pattern != '.')
            return false;
    return true;
}

START_TEST(a_line_has_time_level_and_origin)
{
    struct log *log = log_open(LOG_DEBUG);
    const char *text;

    ck_assert_ptr_nonnull(log);
    log_line(log, LOG_INFO, NULL, "it works");
    log_format(log, LOG_WARNING, "csv", "%d of %s", 3, "them");
    log_line(log, LOG_ERROR, NULL, "no");
    log_line(log, LOG_DEBUG, NULL, "so");
    text = written(log);
    ck_assert_msg(begins(text, STAMP "info    it works\n" STAMP "warning csv: 3 of them\n" STAMP
                                     "error   no\n" STAMP "debug   so\n"),
                  "%s", text);
}
END_TEST

START_TEST(less_urgent_lines_are_left_out)
{
    struct log *log = log_open(LOG_WARNING);
    const char *text;

    ck_assert(log_wants(log, LOG_ERROR) && log_wants(log, LOG_WARNING));
    ck_assert(!log_wants(log, LOG_INFO));
    log_line(log, LOG_INFO, NULL, "left out");
    log_format(log, LOG_DEBUG, NULL, "%s", "left out");
    log_threshold(log, LOG_INFO);
    log_line(log, LOG_INFO, NULL, "written");
    text = written(log);
    ck_assert_msg(begins(text, STAMP "info    written\n"), "%s", text);
    ck_assert_uint_eq(strlen(text), strlen(STAMP "info    written\n"));
}
END_TEST

START_TEST(one_line_whatever_is_in_it)
{
    struct log *log = log_open(LOG_INFO);
    char endless[3000];
    const char *text;

    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    log_line(log, LOG_INFO, NULL, "a\nb\tc\x1b[31md\x7f\n");
    log_line(log, LOG_INFO, NULL, endless);
    log_format(log, LOG_INFO, "o", "%s", endless);
    text = written(log);
    ck_assert_msg(begins(text, STAMP "info    a\\x0ab\\x09c\\x1b[31md\\x7f\n"), "%s", text);
    text = strchr(text, '\n') + 1;
    ck_assert_int_eq(strchr(text, '\n') - text, (int)strlen(STAMP "info    ") + 999);
    text = strchr(text, '\n') + 1;
    ck_assert_int_eq(strchr(text, '\n') - text, (int)strlen(STAMP "info    ") + 999);
}
END_TEST

START_TEST(settled_lines_are_written)
{
    struct log *log = log_open(LOG_INFO);
    char text[256];
    ssize_t got;

    log_line(log, LOG_INFO, NULL, "there");
    log_settle(log);
    got = read(ends[0], text, sizeof text - 1); /* does not wait: it is there */
    ck_assert_int_eq(got, (ssize_t)strlen(STAMP "info    there\n"));
    log_settle(log); /* nothing to wait for */
    log_close(log);
}
END_TEST

START_TEST(nobody_waits_for_a_reader)
{
    uint64_t begun = clock_monotonic();
    struct log *log = log_open(LOG_INFO);
    char line[900];
    int i;

    memset(line, 'y', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (i = 0; i < 2000; i++) /* many times what pipe and log hold */
        log_line(log, LOG_INFO, NULL, line);
    ck_assert_uint_lt(clock_monotonic() - begun, 10 * CLOCK_SECOND);
    begun = clock_monotonic();
    log_close(log); /* gives up after two seconds */
    ck_assert_uint_ge(clock_monotonic() - begun, CLOCK_SECOND);
    ck_assert_uint_lt(clock_monotonic() - begun, 20 * CLOCK_SECOND);
}
END_TEST

START_TEST(dropped_lines_are_counted)
{
    struct log *log = log_open(LOG_INFO);
    char line[900], *all = malloc(1 << 20), *at;
    size_t length = 0, count = 0, drops = 0;
    ssize_t got;
    int i;

    memset(line, 'z', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (i = 0; i < 2000; i++)
        log_line(log, LOG_INFO, NULL, line);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    do { /* a reader that comes late */
        got = read(ends[0], all + length, (1 << 20) - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        all[length] = '\0';
        if (got <= 0)
            usleep(1000);
    } while (strstr(all, "lines were dropped\n") == NULL);
    log_close(log);
    for (at = all; (at = strstr(at, "zzz\n")) != NULL; at++)
        count++;
    at = strstr(all, "the log could not be written fast enough: ");
    ck_assert_ptr_nonnull(at);
    drops = strtoul(at + strlen("the log could not be written fast enough: "), NULL, 10);
    ck_assert_uint_eq(count + drops, 2000);
    ck_assert_ptr_nonnull(strstr(all, "warning the log could not"));
    free(all);
}
END_TEST

START_TEST(a_journal_gets_levels_and_no_time)
{
    char stream[64];
    struct stat status;
    struct log *log;

    ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log = log_open(LOG_DEBUG);
    unsetenv("JOURNAL_STREAM");
    log_line(log, LOG_ERROR, "csv", "a");
    log_line(log, LOG_WARNING, NULL, "b");
    log_line(log, LOG_INFO, NULL, "c");
    log_line(log, LOG_DEBUG, NULL, "d");
    ck_assert_str_eq(written(log), "<3>csv: a\n<4>b\n<6>c\n<7>d\n");
}
END_TEST

START_TEST(another_stream_is_no_journal)
{
    struct log *log;

    setenv("JOURNAL_STREAM", "1:2", 1);
    log = log_open(LOG_INFO);
    unsetenv("JOURNAL_STREAM");
    log_line(log, LOG_INFO, NULL, "e");
    ck_assert(begins(written(log), STAMP "info    e\n"));
}
END_TEST

START_TEST(a_burst_and_then_one_a_period)
{
    struct log_limit limit = {.burst = 3, .period_ns = 100};
    uint64_t held = 99, now = 1000, i;

    for (i = 0; i < 3; i++) {
        ck_assert(log_limit_pass(&limit, now, &held));
        ck_assert_uint_eq(held, 0);
    }
    ck_assert(!log_limit_pass(&limit, now, &held));
    ck_assert(!log_limit_pass(&limit, now + 99, &held));
    ck_assert(log_limit_pass(&limit, now + 100, &held)); /* one a period */
    ck_assert_uint_eq(held, 2);
    ck_assert(!log_limit_pass(&limit, now + 199, &held));
    ck_assert(log_limit_pass(&limit, now + 200, &held)); /* no time is lost by asking often */
    ck_assert_uint_eq(held, 1);
    for (i = 0; i < 3; i++) /* after a long silence a whole burst again, and no more */
        ck_assert(log_limit_pass(&limit, now + 100000, &held));
    ck_assert_uint_eq(held, 0);
    ck_assert(!log_limit_pass(&limit, now + 100000, &held));
}
END_TEST

START_TEST(what_was_held_back_is_due_when_it_is_quiet)
{
    struct log_limit limit = {.burst = 1, .period_ns = 100};
    uint64_t held = 0;

    ck_assert_uint_eq(log_limit_due(&limit, 1000), 0);
    ck_assert(log_limit_pass(&limit, 1000, &held));
    ck_assert(!log_limit_pass(&limit, 1001, &held));
    ck_assert(!log_limit_pass(&limit, 1002, &held));
    ck_assert_uint_eq(log_limit_due(&limit, 1003), 0);
    ck_assert_uint_eq(log_limit_due(&limit, 1100), 2);
    ck_assert_uint_eq(log_limit_due(&limit, 1200), 0);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {a_line_has_time_level_and_origin,  less_urgent_lines_are_left_out,
                                  one_line_whatever_is_in_it,        settled_lines_are_written,
                                  nobody_waits_for_a_reader,         dropped_lines_are_counted,
                                  a_journal_gets_levels_and_no_time, another_stream_is_no_journal};
    Suite *suite = suite_create("log");
    TCase *lines = tcase_create("lines"), *limit = tcase_create("limit");
    size_t i;

    tcase_add_checked_fixture(lines, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(lines, tests[i]);
    suite_add_tcase(suite, lines);
    tcase_add_test(limit, a_burst_and_then_one_a_period);
    tcase_add_test(limit, what_was_held_back_is_due_when_it_is_quiet);
    suite_add_tcase(suite, limit);
    return suite;
}
