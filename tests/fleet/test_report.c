/* SPDX-License-Identifier: MIT
 *
 * The report, as text and as JSON.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/runner.h"
#include "fleet/play.h"
#include "fleet/report.h"

static const struct report a_report = {
    .figures = {.planned = 10,
                .sent = 9,
                .bytes = 140,
                .sent_by_type = {1, 7, 1},
                .withheld = {1, 1, 0},
                .doubled = {0, 1, 0},
                .delayed = 2,
                .underway = 8,
                .expect = {9, 9, 2, 1, 2, 1, 1, 1, 1, 3, 4, 5, 6, 0}},
    .refused = 6,
    .unreachable = 7,
    .seconds = 2,
};

static const struct play_plan a_plan = {.seed = 7,
                                        .devices = 3,
                                        .data_ns = 1500000000,
                                        .heartbeat_ns = 30000000000,
                                        .loss = 0.05,
                                        .delay_ns = 90000000,
                                        .jitter_ns = 20000000,
                                        .pace = PLAY_TIMETABLE};

static const char a_json_of_the_plan[] =
    "{\"seed\":7,\"devices\":3,\"interval\":1.5,\"heartbeat\":30,\"speed\":10,\"loss\":0.05,"
    "\"duplicate\":0,\"reorder\":0,\"delay\":0.09,\"jitter\":0.02,\"planned\":10,";

static const char a_json[] =
    "{\"planned\":10,\"sent\":9,\"unsent\":0,\"bytes\":140,"
    "\"by_type\":{\"init\":1,\"heartbeat\":1,\"data\":7},"
    "\"withheld\":{\"init\":0,\"heartbeat\":1,\"data\":1},"
    "\"doubled\":{\"init\":0,\"heartbeat\":0,\"data\":1},"
    "\"delayed\":2,\"underway\":8,\"refused\":6,\"unreachable\":7,\"seconds\":2.000000,\"rate\":4."
    "5,"
    "\"interrupted\":false,\"expect\":{\"datagrams\":9,\"records\":9,\"missing\":2,"
    "\"recovered\":1,\"late\":2,\"lost\":1,\"gaps\":1,\"duplicates\":1,\"unnumbered\":1,\"shared\":"
    "0,"
    "\"invisible\":3,\"reach\":4,\"jump\":5,\"leaps\":6}}\n";

START_TEST(report_replaces_the_file)
{
    char directory[] = "/tmp/test_fleet.XXXXXX";
    char name[64], text[2048], why[DESTINATION_WHY];
    struct dirent *entry;
    size_t size, entries = 0;
    FILE *file;
    DIR *dir;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(name, sizeof name, "%s/report.json", directory);
    file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("an older one", file), 0);
    ck_assert_int_eq(fclose(file), 0);

    ck_assert_int_eq(report_check(name, why), 0);
    ck_assert_int_eq(report_save(name, report_json, &a_report, why), 0);
    file = fopen(name, "r");
    ck_assert_ptr_nonnull(file);
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_str_eq(text, a_json);

    /* Nothing but the report is left. */
    dir = opendir(directory);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        entries += entry->d_name[0] != '.';
    ck_assert_uint_eq(entries, 1);
    ck_assert_int_eq(closedir(dir), 0);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(rmdir(directory), 0);

    ck_assert_int_eq(report_check(name, why), -1);
    ck_assert_int_eq(report_save(name, report_json, &a_report, why), -1);
}
END_TEST

/* What was to be played is in it, too. */
START_TEST(report_tells_the_plan)
{
    struct report report = a_report;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    report.plan = &a_plan;
    report.speed = 10;
    report_json(file, &report);
    fclose(file);
    ck_assert_int_eq(strncmp(text, a_json_of_the_plan, strlen(a_json_of_the_plan)), 0);
    ck_assert_str_eq(text + strlen(a_json_of_the_plan), strstr(a_json, "\"sent\""));
    free(text);
}
END_TEST

START_TEST(report_does_not_replace_a_device_file)
{
    char why[DESTINATION_WHY];

    ck_assert_int_eq(report_save("/dev/null", report_json, &a_report, why), 0);
    ck_assert_int_ne(access("/dev/null", F_OK), -1);
    ck_assert_int_eq(report_save("/dev/full", report_json, &a_report, why), -1);
    ck_assert_str_eq(why, strerror(ENOSPC));
}
END_TEST

START_TEST(text_shows_the_sum)
{
    char text[4096] = "";
    FILE *file = fmemopen(text, sizeof text, "w");

    ck_assert_ptr_nonnull(file);
    report_text(file, &a_report);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_ptr_nonnull(strstr(text, "9 sent = 10 planned - 2 withheld + 1 doubled\n"));
    ck_assert_ptr_nonnull(strstr(text, "missing 2 numbers in 1 gaps, recovered 1, lost 1\n"));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {report_replaces_the_file, report_tells_the_plan,
                                  report_does_not_replace_a_device_file, text_shows_the_sum};
    Suite *suite = suite_create("report");
    TCase *tcase = tcase_create("report");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
