/* SPDX-License-Identifier: MIT
 *
 * The file of the sink "csv": opened, repaired, locked, rotated.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/runner.h"
#include "fixture.h"
#include "plugins/fake_host.h"

/* ---- Opening -------------------------------------------------------------------------- */

static void expect(const char *file, int result, const char *message)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", file, NULL);
    void *state = NULL;

    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), result);
    ck_assert_msg(muster_test_logged(instance, MUSTER_LOG_ERROR, message) == 1, "logged: %s",
                  muster_test_log_line(instance, 0));
    muster_test_free(instance);
}

/* Somebody has to change something first... */
static void expect_refused(const char *file, const char *message)
{
    expect(file, MUSTER_FAILED, message);
}

/* ...or it may work the next time. */
static void expect_waiting(const char *file, const char *message)
{
    expect(file, MUSTER_AGAIN, message);
}

START_TEST(appends)
{
    struct muster_record record = fixture_text(1, "x");
    int i;

    fixture_put_file("", 0);
    for (i = 0; i < 2; i++) {
        struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
        void *state = fixture_open(instance);

        ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "appending to \""), i == 1);
        ck_assert_int_eq(fixture_write(state, &record, 1), 1);
        fixture_close(instance, state);
    }
    fixture_expect_file(fixture_path, HEADER "101,1,1762534151,1,x,0,0,1762534152.983310\n"
                                             "101,1,1762534151,1,x,0,0,1762534152.983310\n");
}
END_TEST

/* Of the folder that the daemon was in when it read its configuration. */
START_TEST(relative_path)
{
    struct muster_instance *instance;
    char wanted[200];
    int before = open(".", O_RDONLY | O_DIRECTORY);
    void *state;

    ck_assert_int_eq(chdir(fixture_directory), 0);
    instance = muster_test_new(PLUGIN, "path", "t.csv", NULL);
    ck_assert_int_eq(fchdir(before), 0);
    close(before);
    state = fixture_open(instance);
    snprintf(wanted, sizeof wanted, "new file \"%s\"", fixture_path);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, wanted), 1);
    ck_assert_int_eq(unlink(fixture_path), 0);
    ck_assert_int_eq(fake_rotate(PLUGIN, state), 0); /* there, not here */
    fixture_expect_file(fixture_path, HEADER);
    fixture_close(instance, state);
}
END_TEST

START_TEST(other_header)
{
    const char *old = "device_id,arival_time\n1,2\n";
    const char *partial = "some text without an end";

    fixture_put_file(old, strlen(old));
    expect_refused(fixture_path, "first line is \"device_id,arival_time\", but these rows need "
                                 "\"device_id,seq_num,");
    fixture_expect_file(fixture_path, old);
    fixture_put_file(partial, strlen(partial));
    expect_refused(fixture_path, "first line is \"some text without an end\"");
    fixture_expect_file(fixture_path, partial);
}
END_TEST

START_TEST(refusals)
{
    char name[200];

    expect_refused(fixture_directory, "it is a directory");
    snprintf(name, sizeof name, "%s/none/t.csv", fixture_directory);
    expect_waiting(name, "No such file or directory");
    ck_assert_int_eq(mkfifo(fixture_path, 0600), 0);
    expect_waiting(fixture_path, "no process reads this FIFO");
}
END_TEST

START_TEST(locked)
{
    struct muster_instance *first = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    void *state = fixture_open(first);

    expect_waiting(fixture_path, "is being written by another process");
    fixture_close(first, state);
    first = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    fixture_close(first, fixture_open(first));
}
END_TEST

static void expect_repaired(const char *rows, const char *torn, size_t torn_size,
                            const char *message)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    size_t whole = strlen(HEADER) + strlen(rows);
    char *bytes = calloc(1, whole + torn_size + 1);
    void *state;

    ck_assert_ptr_nonnull(bytes);
    strcat(strcat(bytes, HEADER), rows);
    memcpy(bytes + whole, torn, torn_size);
    fixture_put_file(bytes, whole + torn_size);
    state = fixture_open(instance);
    bytes[whole] = '\0';
    fixture_expect_file(fixture_path, bytes);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_WARNING, message), 1);
    fixture_close(instance, state);
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
    fixture_put_file(HEADER, strlen(HEADER) - 10);
    instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    fixture_close(instance, fixture_open(instance));
    fixture_expect_file(fixture_path, HEADER);
    /* That is no row of ours. */
    memcpy(zeros, HEADER, strlen(HEADER));
    fixture_put_file(zeros, 2000000);
    expect_refused(fixture_path, "longer than any row");
    free(zeros);
}
END_TEST

START_TEST(devices)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", "/dev/null", NULL);
    struct muster_record record = fixture_text(1, "x");
    void *state = fixture_open(instance);

    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "writing to \"/dev/null\""), 1);
    ck_assert_int_eq(fake_rotate(PLUGIN, state), 0);
    PLUGIN->sink->tick(state, 1);
    fixture_close(instance, state);
}
END_TEST

START_TEST(full_disk_at_open)
{
    fixture_limit_file_size(10);
    expect_waiting(fixture_path, "cannot write the header to \"");
    fixture_limit_file_size(RLIM_INFINITY);
    fixture_expect_file(fixture_path, "");
}
END_TEST

/* ---- Rotation and sync ---------------------------------------------------------------- */

START_TEST(rotation)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "seq_num", "sync", "second", NULL);
    struct muster_record record = fixture_text(1, NULL);
    void *state = fixture_open(instance);
    char old[160];

    snprintf(old, sizeof old, "%s.1", fixture_path);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    ck_assert_int_eq(fake_rotate(PLUGIN, state), 0); /* nothing has moved */
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    ck_assert_int_eq(rename(fixture_path, old), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), MUSTER_AGAIN); /* they wait for a new one */
    ck_assert_int_eq(fake_rotate(PLUGIN, state), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    PLUGIN->sink->tick(state, 1);
    fixture_expect_file(old, "seq_num\n1\n1\n");
    fixture_expect_file(fixture_path, "seq_num\n1\n");

    /* Emptied in place, as copytruncate does. */
    ck_assert_int_eq(truncate(fixture_path, 0), 0);
    ck_assert_int_eq(fake_rotate(PLUGIN, state), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    fixture_expect_file(fixture_path, "seq_num\n1\n");

    /* Something else is there now: rows wait until it is away. */
    ck_assert_int_eq(rename(fixture_path, old), 0);
    fixture_put_file("other\n", 6);
    ck_assert_int_eq(fake_rotate(PLUGIN, state), MUSTER_LOST);
    fake_disconnect(PLUGIN, state);
    ck_assert_int_eq(fake_connect(PLUGIN, state), MUSTER_AGAIN);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "its first line is"), 1);
    fixture_expect_file(fixture_path, "other\n");
    fixture_expect_file(old, "seq_num\n1\n");
    ck_assert_int_eq(unlink(fixture_path), 0);
    ck_assert_int_eq(fake_connect(PLUGIN, state), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    fixture_expect_file(fixture_path, "seq_num\n1\n");
    fixture_close(instance, state);
}
END_TEST

/* Somebody empties the file, or removes it, without a word. */
START_TEST(followed)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "seq_num", NULL);
    struct muster_record record = fixture_text(1, NULL);
    void *state = fixture_open(instance);
    char old[160];

    snprintf(old, sizeof old, "%s.1", fixture_path);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    ck_assert_int_eq(truncate(fixture_path, 0), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    fixture_expect_file(fixture_path, "seq_num\n1\n");
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "was emptied in place"), 1);
    ck_assert_int_eq(unlink(fixture_path), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    fixture_expect_file(fixture_path, "seq_num\n1\n");
    ck_assert_int_eq(rename(fixture_path, old), 0);
    fixture_put_file("", 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    fixture_expect_file(fixture_path, "seq_num\n1\n");
    fixture_expect_file(old, "seq_num\n1\n");
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 4);
    fixture_close(instance, state);
}
END_TEST

/* The same between a write and the flush that says whether it counts. */
START_TEST(gone_under_the_pen)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "seq_num", NULL);
    struct muster_record record = fixture_text(1, NULL);
    void *state = fixture_open(instance);
    int i;

    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
        ck_assert_int_eq(i == 0 ? unlink(fixture_path) : truncate(fixture_path, 0), 0);
        ck_assert_int_eq(fake_flush(PLUGIN, state, 0), MUSTER_LOST);
        ck_assert_uint_eq(muster_test_counter(instance, "rows"), (uint64_t)i);
        fake_disconnect(PLUGIN, state);
        ck_assert_int_eq(fake_connect(PLUGIN, state), 0);
        ck_assert_int_eq(fixture_write(state, &record, 1), 1);
        fixture_expect_file(fixture_path, "seq_num\n1\n");
        ck_assert_uint_eq(muster_test_counter(instance, "rows"), (uint64_t)i + 1);
    }
    fixture_close(instance, state);
}
END_TEST

START_TEST(modes)
{
    const char *const wrong[] = {"", "8", "0400", "0740", "640x", "-640", "64"};
    struct stat found;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct muster_instance *instance =
            muster_test_new(PLUGIN, "path", fixture_path, "mode", wrong[i], NULL);

        ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), MUSTER_FAILED);
        ck_assert_uint_eq(muster_test_error_count(instance), 1);
        muster_test_free(instance);
    }
    for (i = 0; i < 2; i++) {
        struct muster_instance *instance =
            muster_test_new(PLUGIN, "path", fixture_path, i == 0 ? NULL : "mode", "0664", NULL);

        umask(077);
        fixture_close(instance, fixture_open(instance));
        ck_assert_int_eq(stat(fixture_path, &found), 0);
        ck_assert_uint_eq(found.st_mode & 07777, i == 0 ? 0600 : 0664);
        ck_assert_int_eq(unlink(fixture_path), 0);
    }
}
END_TEST

/* In place of the C library's. */
static unsigned syncs;
static int sync_error;
static unsigned failing_syncs; /* the next so many fail; then there is no error */

int fdatasync(int fildes)
{
    (void)fildes;
    syncs++;
    if (failing_syncs > 0) {
        failing_syncs--;
        errno = EIO;
        return -1;
    }
    errno = sync_error;
    return sync_error == 0 ? 0 : -1;
}

START_TEST(durable)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, "columns",
                                                       "seq_num", "sync", "interval", NULL);
    struct muster_record record = fixture_text(1, NULL);
    void *state = fixture_open(instance);

    syncs = 0;
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    ck_assert_int_eq(fake_flush(PLUGIN, state, 0), 0);
    ck_assert_uint_eq(syncs, 0); /* in a second */
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_DURABLE), 0);
    ck_assert_uint_eq(syncs, 1);
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_DURABLE), 0);
    ck_assert_uint_eq(syncs, 1);
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    sync_error = EIO;
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_DURABLE), MUSTER_LOST);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "cannot sync"), 1);
    sync_error = 0;
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "durable_rows"), 1);
    fixture_close(instance, state);

    instance = muster_test_new(PLUGIN, "path", fixture_path, "columns", "seq_num", NULL);
    state = fixture_open(instance);
    syncs = 0;
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_DURABLE), 0);
    ck_assert_uint_eq(syncs, 0);
    fixture_close(instance, state);
}
END_TEST

/* What fails in between is not safe because a later call says that all the rest is. */
START_TEST(durable_again)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, "columns",
                                                       "seq_num", "sync", "interval", NULL);
    struct muster_record record = fixture_text(1, NULL);
    void *state = fixture_open(instance);

    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    sync_error = EIO;
    PLUGIN->sink->tick(state, 1);
    sync_error = 0;
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_DURABLE), MUSTER_LOST);
    fake_disconnect(PLUGIN, state);
    ck_assert_int_eq(fake_connect(PLUGIN, state), 0);
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    ck_assert_int_eq(fake_flush(PLUGIN, state, MUSTER_CALL_DURABLE), 0);
    fixture_close(instance, state);
}
END_TEST

/* A descriptor that could not be synced says at the next try that all is well. */
START_TEST(set_aside)
{
    struct muster_instance *instance =
        muster_test_new(PLUGIN, "path", fixture_path, "columns", "seq_num", "sync", "batch", NULL);
    struct muster_record record = fixture_text(1, NULL);
    void *state = fixture_open(instance);
    char aside[192];

    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "durable_rows"), 1);
    record.seq = 2;
    ck_assert_int_eq(fake_write(PLUGIN, state, &record, 1), 1);
    failing_syncs = 1;
    ck_assert_int_eq(fake_flush(PLUGIN, state, 0), MUSTER_LOST);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, "cannot sync \""), 1);
    fake_disconnect(PLUGIN, state);
    ck_assert_int_eq(fake_connect(PLUGIN, state), 0);
    ck_assert_int_eq(fixture_write(state, &record, 1), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "rows"), 2);
    ck_assert_uint_eq(muster_test_counter(instance, "durable_rows"), 2);
    fixture_expect_file(fixture_path, "seq_num\n2\n");
    snprintf(aside, sizeof aside, "%s/t-20251107T164912Z-000001.csv", fixture_directory);
    fixture_expect_file(aside, "seq_num\n1\n");
    fixture_close(instance, state);
}
END_TEST

START_TEST(removed)
{
    struct muster_instance *instance = muster_test_new(PLUGIN, "path", fixture_path, NULL);
    void *state = fixture_open(instance);

    PLUGIN->sink->tick(state, 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_WARNING, ""), 0);
    ck_assert_int_eq(unlink(fixture_path), 0);
    PLUGIN->sink->tick(state, 2); /* also when no row comes */
    PLUGIN->sink->tick(state, 3);
    fixture_expect_file(fixture_path, HEADER);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_WARNING, "has been removed"), 1);
    ck_assert_int_eq(unlink(fixture_path), 0);
    ck_assert_int_eq(mkdir(fixture_path, 0700), 0);
    PLUGIN->sink->tick(state, 4);
    PLUGIN->sink->tick(state, 5);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_INFO, "another file is at"), 1);
    ck_assert_uint_eq(muster_test_logged(instance, MUSTER_LOG_ERROR, ""), 0);
    ck_assert_int_eq(rmdir(fixture_path), 0);
    PLUGIN->sink->tick(state, 6);
    fixture_expect_file(fixture_path, HEADER);
    fixture_close(instance, state);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {appends,
                                  relative_path,
                                  other_header,
                                  refusals,
                                  locked,
                                  torn_tail,
                                  devices,
                                  full_disk_at_open,
                                  rotation,
                                  followed,
                                  gone_under_the_pen,
                                  modes,
                                  durable,
                                  durable_again,
                                  set_aside,
                                  removed};
    Suite *suite = suite_create("csv file");
    TCase *tcase = tcase_create("csv file");
    size_t i;

    tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
