/* SPDX-License-Identifier: MIT
 *
 * Finished segments of the sink "csv": their names, what is in them, and what goes.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/runner.h"
#include "csv/figures.h"
#include "csv/finish.h"
#include "csv/keep.h"
#include "csv/manifest.h"
#include "csv/pack.h"
#include "csv/series.h"
#include "fixture.h"

#define WALL (1795807608 * S) /* 2026-11-27 19:26:48 */

/* In place of the C library's: a kernel or a file system that does not have that call. */
static bool lacks_renameat2, lacks_link;

int link(const char *from, const char *to)
{
    errno = EPERM;
    return lacks_link ? -1 : linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long syscall(long number, ...)
{
    va_list arguments;
    long result;
    int from_directory, to_directory;
    const char *from, *to;

    ck_assert_int_eq(number, SYS_renameat2);
    errno = ENOSYS;
    if (lacks_renameat2)
        return -1;
    va_start(arguments, number);
    from_directory = va_arg(arguments, int);
    from = va_arg(arguments, const char *);
    to_directory = va_arg(arguments, int);
    to = va_arg(arguments, const char *);
    result = renameat2(from_directory, from, to_directory, to, va_arg(arguments, unsigned));
    va_end(arguments);
    return result;
}

static char *in_folder(const char *name)
{
    static char path[2][512];
    static unsigned turn;

    snprintf(path[++turn % 2], sizeof path[0], "%s/%s", fixture_directory, name);
    return path[turn % 2];
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static bool is_there(const char *name)
{
    return access(in_folder(name), F_OK) == 0;
}

/* ---- Names ---------------------------------------------------------------------------- */

START_TEST(names)
{
    char name[NAME_MAX + 1], wanted[64], why[SERIES_WHY];
    struct segments found;
    struct series series;
    int round;

    for (round = 0; round < 3; round++) {
        lacks_link = round > 0;
        lacks_renameat2 = round > 1;
        ck_assert_int_eq(series_init(&series, fixture_path), 0);
        ck_assert_int_eq(series_begin(&series, fixture_path, why), 0);
        put("t.csv", "new\n");
        /* Somebody has taken the next name. */
        snprintf(name, sizeof name, "t-20261127T192648Z-%06d.csv", 3 * round + 1);
        put(name, "old\n");
        ck_assert_int_eq(series_finish(&series, fixture_path, WALL, name, why), 0);
        snprintf(wanted, sizeof wanted, "t-20261127T192648Z-%06d.csv", 3 * round + 2);
        ck_assert_str_eq(name, wanted);
        fixture_expect_file(in_folder(name), "new\n");
        ck_assert_int_eq(is_there("t.csv"), !lacks_link); /* the next one takes its place */
        unlink(in_folder("t.csv"));
        put("t.csv", "more\n");
        ck_assert_int_eq(series_finish(&series, fixture_path, WALL + S, name, why), 0);
        snprintf(wanted, sizeof wanted, "t-20261127T192649Z-%06d.csv", 3 * round + 3);
        ck_assert_str_eq(name, wanted);
        unlink(in_folder("t.csv"));
        series_free(&series);
    }
    /* Of that name only the compressed file is left. */
    ck_assert_int_eq(series_init(&series, fixture_path), 0);
    put("t.csv", "last\n");
    put("t-20261127T192649Z-000010.csv.zst", "");
    ck_assert_int_eq(series_finish(&series, fixture_path, WALL + S, name, why), 0);
    ck_assert_str_eq(name, "t-20261127T192649Z-000011.csv");
    series_free(&series);
    put("t-20261127T192649Z-000019.csv.zst", "");
    put("t-20261127T192649Z-000019.csv.json", "");
    put("t-20261127T192649Z-000010.csv.bak", "");
    put("t-20261127T192649-000010.csv", "");
    put("tt-20261127T192649Z-000010.csv", "");
    put("t-20261127T192649Z-10.csv", "");
    ck_assert_int_eq(series_init(&series, fixture_path), 0);
    ck_assert_int_eq(series_list(&series, &found), 0);
    ck_assert_uint_eq(found.count, 12);
    ck_assert_str_eq(found.list[11].name, "t-20261127T192649Z-000019.csv");
    ck_assert(!found.list[11].is_plain && found.list[11].is_packed && found.list[11].has_manifest);
    ck_assert_int_eq(found.list[11].second, 1795807609);
    ck_assert(found.list[0].is_plain && !found.list[0].is_packed && !found.list[0].has_manifest);
    segments_free(&found);
    ck_assert_int_eq(series_begin(&series, fixture_path, why), 0);
    ck_assert_uint_eq(series.number, 19);
    series_free(&series);
}
END_TEST

/* There is no room in the folder, or it is not there. */
START_TEST(no_name)
{
    char name[NAME_MAX + 1], why[SERIES_WHY], path[300];
    struct series series;

    snprintf(path, sizeof path, "%s/none/t.csv", fixture_directory);
    ck_assert_int_eq(series_init(&series, path), 0);
    ck_assert_int_eq(series_begin(&series, path, why), -1);
    ck_assert_ptr_nonnull(strstr(why, "cannot read the folder"));
    ck_assert_int_eq(series_finish(&series, path, WALL, name, why), -1);
    ck_assert_ptr_nonnull(strstr(why, "cannot keep its number"));
    series_free(&series);
    ck_assert_int_eq(series_init(&series, fixture_path), 0);
    ck_assert_int_eq(series_finish(&series, fixture_path, WALL, name, why), -1);
    ck_assert_ptr_nonnull(strstr(why, "No such file"));
    series_free(&series);
}
END_TEST

/* ---- Figures -------------------------------------------------------------------------- */

/* In pieces of every size. */
static void expect_figures(const char *text, uint64_t rows, const char *devices)
{
    char found[512], *out;
    size_t piece, size = strlen(text), at, i;

    for (piece = 1; piece <= size; piece++) {
        struct figures all;

        figures_begin(&all);
        for (at = 0; at < size; at += piece)
            ck_assert_int_eq(figures_add(&all, text + at, size - at < piece ? size - at : piece),
                             0);
        ck_assert_uint_eq(all.rows, rows);
        out = found + snprintf(found, sizeof found, "%llu-%llu", (unsigned long long)all.first_ns,
                               (unsigned long long)all.last_ns);
        for (i = 0; i < all.device_count; i++)
            out += sprintf(out, " %s:%llu:%s-%s", all.devices[i]->key,
                           (unsigned long long)all.devices[i]->rows, all.devices[i]->first,
                           all.devices[i]->last);
        ck_assert_str_eq(found, devices);
        figures_free(&all);
    }
}

START_TEST(figures)
{
    expect_figures(HEADER "7,1,0,1,\"a,\"\"b,\",0,0,1795807608.000002\n"
                          "8,,0,2,,0,0,1795807608.000001\n"
                          "7,0,0,0,,0,0,1795807609.000000\n"
                          "7,5,0,1,x,0,0,1795807608.500000\n",
                   4, "1795807608000001000-1795807609000000000 7:3:1-5 8:1:-");
    expect_figures(GAPS_HEADER "7,3,9,7,1.000000,2.000000,,open,network\n"
                               "7,12,12,1,1.000000,3.000000,,open,network\n",
                   2, "2000000000-3000000000 7:2:3-12");
    expect_figures("device_name,arrival_ns,seq\n\"a \"\"b\",17,4\n", 1, "17-17 a \"\"b:1:4-4");
    expect_figures("value\n1\n2\n", 2, "18446744073709551615-0");
    expect_figures("", 0, "18446744073709551615-0");
}
END_TEST

START_TEST(many_devices)
{
    struct figures all;
    char text[64];
    int round, i;

    figures_begin(&all);
    figures_add(&all, "device_id\n", 10);
    for (round = 0; round < 2; round++)
        for (i = 0; i < 5000; i++)
            ck_assert_int_eq(figures_add(&all, text, (size_t)sprintf(text, "%d\n", i)), 0);
    ck_assert_uint_eq(all.device_count, 5000);
    ck_assert_str_eq(all.devices[4321]->key, "4321");
    ck_assert_uint_eq(all.devices[4321]->rows, 2);
    figures_free(&all);
}
END_TEST

/* ---- Manifests ------------------------------------------------------------------------ */

START_TEST(manifest)
{
    struct hole hole = {.device = "7", .arrival_ns = WALL, .count = 2};
    struct manifest what = {
        .file = "a\"b\\c", .number = 3, .second = 1795807608, .bytes = 100, .unsure_bytes = 30};
    struct holes holes = {0};
    struct figures found;
    char *text;
    size_t size;
    int i;

    figures_begin(&found);
    figures_add(&found, "device_name\n\"a \"\"b\"\n", 20);
    what.figures = &found;
    text = manifest_text(&what, &size);
    ck_assert_str_eq(text, "{\n"
                           "  \"file\": {\"name\": \"a\\\"b\\\\c\", \"bytes\": 100},\n"
                           "  \"content\": null,\n"
                           "  \"number\": 3,\n"
                           "  \"finished\": \"2026-11-27T19:26:48Z\",\n"
                           "  \"rows\": 1,\n"
                           "  \"first_arrival\": null,\n"
                           "  \"last_arrival\": null,\n"
                           "  \"durable_bytes\": 70,\n"
                           "  \"dropped\": null,\n"
                           "  \"holes\": null,\n"
                           "  \"devices\": [\n"
                           "    {\"device\": \"a \\\"b\", \"rows\": 1, \"first\": null, \"last\": "
                           "null}\n"
                           "  ]\n"
                           "}\n");
    free(text);
    for (i = 0; i < HOLES_MOST + 10000; i++)
        holes_add(&holes, &hole);
    ck_assert_uint_eq(holes.records, 2 * (HOLES_MOST + 10000));
    ck_assert_uint_eq(holes.count + holes.more, HOLES_MOST + 10000);
    what.holes = &holes;
    text = manifest_text(&what, &size);
    ck_assert_ptr_nonnull(strstr(text,
                                 "\"dropped\": 40000,\n  \"holes\": [\n    {\"device\": \"7\", "
                                 "\"before\": 1795807608.000000, \"count\": 2},\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"more_holes\": "));
    free(text);
    holes_free(&holes);
    figures_free(&found);
}
END_TEST

START_TEST(digests)
{
    char text[DIGEST_TEXT];
    struct digest digest;

    digest_begin(&digest);
    digest_add(&digest, "abc", 3);
    digest_end(&digest, text);
#ifdef CSV_WITH_NETTLE /* FIPS 180-2, B.1 */
    ck_assert_str_eq(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
#else
    ck_assert_str_eq(text, "");
#endif
}
END_TEST

/* ---- Finishing ------------------------------------------------------------------------ */

START_TEST(finishing)
{
    struct finish_job job = {.name = "t-20261127T192648Z-000001.csv", .number = 1};
    atomic_bool ends = false;
    struct series series;
    struct finish finish = {.series = &series, .ends = &ends};
    char why[SERIES_WHY];

    ck_assert_int_eq(series_init(&series, fixture_path), 0);
    ck_assert_int_eq(finish_segment(&finish, &job, why), ENOENT);
    put(job.name, HEADER);
    ends = true;
    ck_assert_int_eq(finish_segment(&finish, &job, why), ECANCELED);
    ck_assert(!is_there("t-20261127T192648Z-000001.csv.json"));
    ends = false;
    ck_assert_int_eq(finish_segment(&finish, &job, why), 0);
    ck_assert(is_there(job.name) && is_there("t-20261127T192648Z-000001.csv.json"));
    if (pack_is_possible()) {
        fixture_limit_file_size(1);
        finish.level = 3;
        ck_assert_int_eq(finish_segment(&finish, &job, why), EFBIG);
        ck_assert_str_eq(why, "cannot compress segment \"t-20261127T192648Z-000001.csv\": File too "
                              "large");
        ck_assert(is_there(job.name) && !is_there("t-20261127T192648Z-000001.csv.zst"));
        fixture_limit_file_size(RLIM_INFINITY);
        ck_assert_int_eq(finish_segment(&finish, &job, why), 0);
        ck_assert(!is_there(job.name) && is_there("t-20261127T192648Z-000001.csv.zst"));
    }
    series_free(&series);
}
END_TEST

/* Only what has a manifest goes, the oldest first. */
START_TEST(keeping)
{
    const struct keep keep = {.files = 1, .age_ns = 10 * S};
    struct series series;
    struct kept kept;

    put("t-20261127T192640Z-000001.csv", "");
    put("t-20261127T192641Z-000002.csv", "");
    put("t-20261127T192641Z-000002.csv.json", "");
    put("t-20261127T192642Z-000003.csv.zst", "");
    put("t-20261127T192642Z-000003.csv.json", "");
    ck_assert_int_eq(series_init(&series, fixture_path), 0);
    ck_assert_int_eq(keep_apply(&keep, &series, WALL, &kept), 0);
    ck_assert_uint_eq(kept.removed, 1);
    ck_assert_str_eq(kept.first, "t-20261127T192641Z-000002.csv");
    ck_assert_str_eq(kept.because, "there are more than keep_files");
    ck_assert(is_there("t-20261127T192640Z-000001.csv"));
    ck_assert(!is_there("t-20261127T192641Z-000002.csv.json"));
    ck_assert_int_eq(keep_apply(&keep, &series, WALL + 5 * S, &kept), 0);
    ck_assert_uint_eq(kept.removed, 1);
    ck_assert_str_eq(kept.because, "it is older than keep_age");
    ck_assert(!is_there("t-20261127T192642Z-000003.csv.zst"));
    series_free(&series);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {names,    no_name, figures,   many_devices,
                                  manifest, digests, finishing, keeping};
    Suite *suite = suite_create("csv segments");
    TCase *tcase = tcase_create("csv segments");
    size_t i;

    tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
