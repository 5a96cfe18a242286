/* SPDX-License-Identifier: MIT
 *
 * Chunks on a disk: in order, bounded, and there again.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/flow/spill_chunk.h"
#include "collector/flow/spill_file.h"
#include "common/runner.h"

static char folder[64];
static struct host host;
static struct spill_chunk_way way = {.host = &host, .run = 1};
static struct spill_store store;
static struct spill_chunk chunk;
static uint8_t *bytes;
static size_t room;

static void begin(void)
{
    char why[256] = "";

    store = (struct spill_store){
        .directory = folder, .name = "sink", .most = 40000, .segment_most = 10000, .log = host.log};
    ck_assert_msg(spill_store_open(&store, why) == 0, "%s", why);
}

static void again(void)
{
    spill_store_close(&store);
    begin();
}

static void set_up(void)
{
    strcpy(folder, "spill-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    host.log = log_open(LOG_ERROR);
    begin();
}

static void tear_down(void)
{
    struct dirent *file;
    DIR *list;

    spill_store_close(&store);
    list = opendir(folder);
    ck_assert_ptr_nonnull(list);
    while ((file = readdir(list)) != NULL)
        unlinkat(dirfd(list), file->d_name, 0);
    closedir(list);
    rmdir(folder);
    log_close(host.log);
    free(chunk.bytes);
    free(bytes);
    memset(&chunk, 0, sizeof chunk);
    bytes = NULL;
    room = 0;
}

/* A chunk of so many records, whose numbers begin there. */
static void make(uint64_t first, unsigned records)
{
    spill_chunk_begin(&chunk);
    while (records-- > 0) {
        struct muster_record record = {.arrival_ns = first, .seq = first};

        first++;
        ck_assert_int_eq(spill_chunk_add(&chunk, &way, &record, 0), 0);
    }
    ck_assert_int_eq(spill_chunk_end(&chunk, &way), 0);
}

static int append(uint64_t first, unsigned records)
{
    make(first, records);
    return spill_store_append(&store, chunk.bytes, chunk.size);
}

/* Loads a chunk.  Returns the first number of it that is not settled, 0 if there is none. */
static uint64_t load(void)
{
    struct muster_record record;
    struct spill_reader reader;
    uint64_t missed;
    uint32_t skip;
    int64_t size = spill_store_load(&store, &bytes, &room, &skip);

    if (size <= 0)
        return 0;
    spill_reader_begin(&reader, &way, bytes, (size_t)size);
    do
        ck_assert_int_eq(spill_reader_next(&reader, &record, &missed), 1);
    while (skip-- > 0);
    return record.seq;
}

START_TEST(what_is_appended_is_loaded_in_order)
{
    uint64_t i;

    for (i = 1; i <= 20; i++)
        ck_assert_int_eq(append(i * 10, 10), 0);
    ck_assert_uint_gt(store.count, 1);
    ck_assert_uint_eq(spill_store_records(&store), 200);
    for (i = 1; i <= 20; i++)
        ck_assert_uint_eq(load(), i * 10);
    ck_assert_uint_eq(load(), 0);
    ck_assert(!spill_store_has_more(&store));
    spill_store_settle(&store, 200);
    ck_assert_uint_eq(store.count, 0);
    ck_assert_uint_eq(store.bytes, 0);
    ck_assert_int_eq(append(5, 1), 0); /* after it was empty */
    ck_assert(spill_store_has_more(&store));
    ck_assert_uint_eq(load(), 5);
}
END_TEST

START_TEST(what_is_not_settled_comes_again)
{
    append(1, 10);
    append(11, 10);
    append(21, 10);
    load();
    load();
    spill_store_settle(&store, 13);
    ck_assert_uint_eq(spill_store_records(&store), 17);
    again();
    ck_assert_uint_eq(spill_store_records(&store), 17);
    ck_assert_uint_eq(load(), 14);
    ck_assert_uint_eq(load(), 21);
    spill_store_settle(&store, 17);
    ck_assert_uint_eq(store.count, 0);
    again();
    ck_assert_uint_eq(spill_store_records(&store), 0);
}
END_TEST

START_TEST(it_is_bounded)
{
    uint64_t i, dropped;

    for (i = 1; append(i * 10, 10) == 0; i++)
        ck_assert_uint_lt(i, 1000);
    ck_assert_int_eq(errno, EDQUOT);
    ck_assert_uint_le(store.bytes, store.most);
    ck_assert_uint_eq(load(), 10);
    dropped = spill_store_drop(&store); /* not the one that is read */
    ck_assert_uint_gt(dropped, 0);
    ck_assert_uint_gt(store.hole_first, 10);
    ck_assert_int_eq(append(5000, 10), 0);
    ck_assert_uint_eq(spill_store_records(&store), (i - 1) * 10 + 10 - dropped);
    spill_store_settle(&store, 10);
}
END_TEST

START_TEST(the_oldest_go_first)
{
    uint64_t i;

    for (i = 1; append(i * 10, 10) == 0; i++)
        ;
    ck_assert_uint_gt(spill_store_drop(&store), 0);
    ck_assert_uint_eq(store.hole_first, 10);
    ck_assert_uint_gt(load(), store.hole_last);
    while (spill_store_drop(&store) > 0)
        ;
    ck_assert_uint_ge(store.count, 1); /* what is read, and what is written */
}
END_TEST

START_TEST(what_is_put_in_front_comes_first)
{
    int fd;

    append(100, 10);
    load();
    spill_store_settle(&store, 3);
    ck_assert_int_eq(spill_store_prepend(&store, &fd), 0);
    make(1, 5);
    ck_assert_int_eq(spill_store_prepend_chunk(&store, fd, chunk.bytes, chunk.size), 0);
    make(6, 5);
    ck_assert_int_eq(spill_store_prepend_chunk(&store, fd, chunk.bytes, chunk.size), 0);
    spill_store_prepend_end(&store, fd);
    again();
    ck_assert_uint_eq(spill_store_records(&store), 17);
    ck_assert_uint_eq(load(), 1);
    ck_assert_uint_eq(load(), 6);
    ck_assert_uint_eq(load(), 103);
    ck_assert_int_eq(append(200, 1), 0);
    ck_assert_uint_eq(load(), 200);
}
END_TEST

/* Changes the last segment's file. */
static int open_last(void)
{
    return spill_file_open(&store, store.segments[store.count - 1].number, O_RDWR);
}

START_TEST(a_torn_tail_is_cut_off)
{
    int fd;

    append(1, 10);
    append(11, 10);
    fd = open_last();
    ck_assert_int_eq(ftruncate(fd, (off_t)store.segments[0].size - 1), 0);
    close(fd);
    again();
    ck_assert_uint_eq(store.damaged, 10);
    ck_assert_uint_eq(spill_store_records(&store), 10);
    ck_assert_int_eq(append(21, 10), 0);
    ck_assert_uint_eq(load(), 1);
    ck_assert_uint_eq(load(), 21);
}
END_TEST

START_TEST(a_damaged_chunk_ends_its_segment)
{
    int fd;

    append(1, 10);
    append(11, 10);
    fd = open_last();
    ck_assert_int_eq(pwrite(fd, "damage", 6, (off_t)store.segments[0].size - 100), 6);
    close(fd);
    ck_assert_uint_eq(load(), 1);
    ck_assert_uint_eq(load(), 0);
    ck_assert_int_eq(errno, EBADMSG);
    ck_assert_uint_eq(spill_store_reject(&store), 10);
    ck_assert_uint_eq(spill_store_records(&store), 10);
    ck_assert_int_eq(append(21, 10), 0);
    ck_assert_uint_eq(load(), 21);
    spill_store_settle(&store, 20);
    ck_assert_uint_eq(store.count, 0);
}
END_TEST

/* Makes segments, of chunks of 10 records.  Returns how many chunks. */
static uint64_t fill(uint32_t segments)
{
    uint64_t i;

    for (i = 0; store.count < segments; i++)
        ck_assert_int_eq(append(1 + i * 10, 10), 0);
    return i;
}

static void damage(uint32_t index, uint64_t at)
{
    int fd = spill_file_open(&store, store.segments[index].number, O_RDWR);

    ck_assert_int_eq(pwrite(fd, "damage", 6, (off_t)at), 6);
    close(fd);
}

static bool is_set_aside(uint64_t number)
{
    char name[SPILL_FILE_NAME], aside[SPILL_FILE_NAME + 16];

    spill_file_name(&store, number, name);
    snprintf(aside, sizeof aside, "%s.damaged", name);
    return faccessat(store.folder, aside, F_OK, 0) == 0;
}

START_TEST(damage_in_the_middle_is_not_cut_off)
{
    uint64_t chunks = fill(3), number, sound, i;

    number = store.segments[1].number;
    sound = store.segments[0].records / 10;
    damage(1, sizeof(struct spill_file_header) + chunk.size); /* its second chunk's header */
    again();
    ck_assert_uint_gt(store.damaged, 20);
    ck_assert_uint_eq(store.damaged + spill_store_records(&store), chunks * 10);
    for (i = 0; i <= sound; i++)
        ck_assert_uint_eq(load(), 1 + i * 10);
    ck_assert_uint_eq(load(), 1 + (chunks - 1) * 10);
    spill_store_settle(&store, spill_store_records(&store));
    ck_assert_uint_eq(store.count, 0);
    ck_assert(is_set_aside(number));
}
END_TEST

START_TEST(damage_in_the_last_segment_is_not_cut_off)
{
    uint64_t number;

    append(1, 10);
    append(11, 10);
    append(21, 10);
    number = store.segments[0].number;
    damage(0, store.segments[0].size - chunk.size - 10); /* in its second chunk */
    again();
    ck_assert_uint_eq(store.damaged, 20);
    ck_assert_uint_eq(spill_store_records(&store), 10);
    ck_assert_uint_eq(load(), 1);
    ck_assert_uint_eq(load(), 0);
    spill_store_settle(&store, 10);
    ck_assert(is_set_aside(number));
}
END_TEST

START_TEST(a_position_behind_the_end_says_that_all_is_settled)
{
    int fd;

    append(1, 10);
    append(11, 10);
    load();
    spill_store_settle(&store, 10);
    fd = open_last();
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    close(fd);
    again();
    ck_assert_uint_eq(spill_store_records(&store), 0);
    ck_assert_uint_eq(store.damaged, 0);
    ck_assert_uint_eq(store.count, 0);
    ck_assert(!spill_store_has_more(&store));
}
END_TEST

/* Notes a position which none is, and opens the store again. */
static void misplace(uint64_t at, uint32_t of)
{
    struct spill_segment segment = store.segments[0];
    int fd = open_last();

    segment.at = at;
    segment.of = of;
    spill_file_note_position(fd, &segment);
    close(fd);
    again();
}

START_TEST(a_position_that_is_none_is_left_out)
{
    append(1, 10);
    append(11, 10);
    misplace(sizeof(struct spill_file_header) + 1, 3);
    ck_assert_uint_eq(spill_store_records(&store), 20);
    ck_assert_uint_eq(load(), 1);
    misplace(sizeof(struct spill_file_header), 12); /* more than the chunk has */
    ck_assert_uint_eq(spill_store_records(&store), 20);
    ck_assert_uint_eq(load(), 1);
    ck_assert_uint_eq(load(), 11);
    spill_store_settle(&store, 20);
    ck_assert_uint_eq(store.count, 0);
}
END_TEST

START_TEST(a_read_that_fails_is_no_damage)
{
    int fd;

    append(1, 10);
    append(11, 10);
    ck_assert_uint_eq(load(), 1);
    fd = store.read_fd;
    store.read_fd = spill_file_open(&store, store.segments[0].number, O_WRONLY);
    ck_assert_uint_eq(load(), 0);
    ck_assert_int_eq(errno, EBADF);
    close(store.read_fd);
    store.read_fd = fd;
    ck_assert_uint_eq(load(), 11);
}
END_TEST

START_TEST(what_is_settled_of_a_segment_behind_is_noted)
{
    uint64_t chunks = fill(2), i;

    for (i = 0; i < chunks; i++)
        ck_assert_uint_gt(load(), 0);
    spill_store_settle(&store, 14);
    again();
    ck_assert_uint_eq(spill_store_records(&store), chunks * 10 - 14);
    ck_assert_uint_eq(load(), 15);
}
END_TEST

START_TEST(no_more_is_loaded_than_can_be_kept)
{
    unsigned i;

    for (i = 0; i <= SPILL_LOADED_MOST; i++)
        ck_assert_int_eq(append(1 + i, 1), 0);
    for (i = 0; i < SPILL_LOADED_MOST; i++)
        ck_assert_uint_eq(load(), 1 + i);
    ck_assert_uint_eq(load(), 0);
    ck_assert(!spill_store_has_more(&store));
    spill_store_settle(&store, 1);
    ck_assert(spill_store_has_more(&store));
    ck_assert_uint_eq(load(), 1 + i);
}
END_TEST

START_TEST(a_segment_is_set_aside_while_one_before_it_is_in_use)
{
    uint64_t chunks = fill(2), i;

    append(5000, 10);
    for (i = 0; i < chunks; i++)
        ck_assert_uint_eq(load(), 1 + i * 10);
    spill_store_lose(&store, 10); /* all of the second segment's first chunk */
    damage(1, store.segments[1].size - 100);
    ck_assert_uint_eq(load(), 0);
    ck_assert_int_eq(errno, EBADMSG);
    ck_assert_uint_eq(spill_store_reject(&store), 10);
    spill_store_settle(&store, (chunks - 1) * 10);
    ck_assert_uint_eq(store.count, 0);
    ck_assert_uint_eq(store.loaded_count, 0);
}
END_TEST

START_TEST(records_that_are_none_are_taken_out)
{
    append(1, 10);
    append(11, 10);
    load();
    spill_store_lose(&store, 10);
    ck_assert_uint_eq(spill_store_records(&store), 10);
    ck_assert_uint_eq(load(), 11);
    spill_store_lose(&store, 4);
    spill_store_settle(&store, 6);
    ck_assert_uint_eq(store.count, 0);
}
END_TEST

START_TEST(another_one_has_no_access)
{
    struct spill_store second = {
        .directory = folder, .name = "sink", .most = 40000, .segment_most = 10000, .log = host.log};
    char why[256] = "";

    ck_assert_int_eq(spill_store_open(&second, why), -1);
    ck_assert_ptr_nonnull(strstr(why, "another process"));
    second.name = "other";
    ck_assert_int_eq(spill_store_open(&second, why), 0);
    spill_store_close(&second);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {what_is_appended_is_loaded_in_order,
                                  what_is_not_settled_comes_again,
                                  it_is_bounded,
                                  the_oldest_go_first,
                                  what_is_put_in_front_comes_first,
                                  a_torn_tail_is_cut_off,
                                  a_damaged_chunk_ends_its_segment,
                                  damage_in_the_middle_is_not_cut_off,
                                  damage_in_the_last_segment_is_not_cut_off,
                                  a_position_behind_the_end_says_that_all_is_settled,
                                  a_position_that_is_none_is_left_out,
                                  a_read_that_fails_is_no_damage,
                                  what_is_settled_of_a_segment_behind_is_noted,
                                  no_more_is_loaded_than_can_be_kept,
                                  a_segment_is_set_aside_while_one_before_it_is_in_use,
                                  records_that_are_none_are_taken_out,
                                  another_one_has_no_access};
    Suite *suite = suite_create("spill_store");
    TCase *tcase = tcase_create("store");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
