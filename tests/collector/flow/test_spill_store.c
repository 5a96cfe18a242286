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
