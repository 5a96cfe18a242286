/* SPDX-License-Identifier: MIT
 *
 * What the tests of the sink "csv" share.
 */
#include "fixture.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/fake_host.h"

char fixture_directory[32] = "/tmp/muster-test-csv-XXXXXX";
char fixture_path[128];

void fixture_set_up(void)
{
    strcpy(fixture_directory + strlen(fixture_directory) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture_directory));
    snprintf(fixture_path, sizeof fixture_path, "%s/t.csv", fixture_directory);
}

void fixture_tear_down(void)
{
    DIR *directory = opendir(fixture_directory);
    const struct dirent *entry;

    ck_assert_ptr_nonnull(directory);
    while ((entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ck_assert_int_eq(unlinkat(dirfd(directory), entry->d_name, 0), 0);
    closedir(directory);
    ck_assert_int_eq(rmdir(fixture_directory), 0);
}

void fixture_put_file(const char *bytes, size_t size)
{
    FILE *file = fopen(fixture_path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

void fixture_expect_file(const char *name, const char *wanted)
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
    fclose(file);
    ck_assert_str_eq(bytes, wanted);
    free(bytes);
}

struct muster_record fixture_text(uint32_t seq, const char *text)
{
    struct muster_record record = {.arrival_ns = 1762534152 * S + 983310799,
                                   .seq = seq,
                                   .device_time_ns = 1762534151 * (int64_t)S,
                                   .device_id = 101,
                                   .device = 101,
                                   .marks = MUSTER_MARK_DEVICE | MUSTER_MARK_CLOCK_OFFSET,
                                   .msg_type = MUSTER_MSG_DATA,
                                   .flags = 1,
                                   .verdict = MUSTER_VERDICT_NEW,
                                   .seq_bits = 32,
                                   .readings = 1};

    if (text != NULL) {
        record.value_type = MUSTER_VALUE_TEXT;
        record.payload.bytes = (const uint8_t *)text;
        record.payload_size = (uint32_t)strlen(text);
    }
    return record;
}

struct muster_record fixture_gap(uint8_t event, uint32_t first, uint32_t last, uint16_t cause)
{
    return (struct muster_record){.kind = MUSTER_KIND_EVENT,
                                  .event.event = event,
                                  .seq_bits = 32,
                                  .device_id = 101,
                                  .device = 101,
                                  .marks = MUSTER_MARK_DEVICE | MUSTER_MARK_CLOCK_OFFSET,
                                  .arrival_ns = 1762534153 * S,
                                  .seq = first,
                                  .event.first = first,
                                  .event.last = last,
                                  .event.cause = cause,
                                  .event.opened_ns = 1762534152 * S + 983310799,
                                  .event.closed_ns = 1762534153 * S,
                                  .event.was = MUSTER_EVENT_GAP_OPENED,
                                  .value.heard_ns = 1762534151 * S};
}

void *fixture_open(struct muster_instance *instance)
{
    void *state = NULL;

    ck_assert_int_eq(PLUGIN->check(&muster_test_host, instance), 0);
    ck_assert_uint_eq(muster_test_error_count(instance), 0);
    ck_assert_int_eq(fake_open(PLUGIN, instance, &state), 0);
    return state;
}

void fixture_close(struct muster_instance *instance, void *state)
{
    fake_close(PLUGIN, state);
    muster_test_free(instance);
}

int64_t fixture_write(void *state, const struct muster_record *records, uint32_t count)
{
    int64_t took = fake_write(PLUGIN, state, records, count);

    if (took > 0)
        fake_flush(PLUGIN, state, 0);
    return took;
}

void fixture_limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
