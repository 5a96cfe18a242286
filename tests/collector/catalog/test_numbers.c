/* SPDX-License-Identifier: MIT
 *
 * Numbers of devices: given once, kept, and of the worker that was asked for.
 */
#include "collector/catalog/numbers.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "common/runner.h"

enum { MOST = 64, WORKERS = 4 };

static uint8_t *memory;
static struct numbers *numbers;

static void open_with(uint32_t most, unsigned workers)
{
    numbers_close(numbers);
    numbers = numbers_open(memory, most, workers);
    ck_assert_ptr_nonnull(numbers);
}

static void set_up(void)
{
    memory = calloc(1, numbers_bytes(4096));
    ck_assert_ptr_nonnull(memory);
    open_with(MOST, WORKERS);
}

static void tear_down(void)
{
    numbers_close(numbers);
    numbers = NULL;
    free(memory);
}

static uint32_t give(const char *key, unsigned worker)
{
    return numbers_give(numbers, key, strlen(key), worker);
}

static uint32_t find(const char *key)
{
    return numbers_of_key(numbers, key, strlen(key));
}

START_TEST(small_ids_are_their_own)
{
    ck_assert_uint_eq(numbers_of_id(numbers, 0), 0);
    ck_assert_uint_eq(numbers_of_id(numbers, 65535), 65535);
    ck_assert_uint_eq(find("1001"), 1001);
    ck_assert_uint_eq(numbers_of_id(NULL, 1001), 1001);
    ck_assert_uint_eq(numbers_of_id(NULL, 65536), NUMBERS_NONE);
    ck_assert_uint_eq(numbers_of_id(numbers, 65536), NUMBERS_NONE);
    ck_assert_uint_eq(find("01001"), NUMBERS_NONE);
    ck_assert_uint_eq(find("-1"), NUMBERS_NONE);
    ck_assert_uint_eq(numbers_end(NULL), MUSTER_DEVICE_IDS);
    ck_assert_uint_eq(numbers_end(numbers), MUSTER_DEVICE_IDS + MOST);
}
END_TEST

START_TEST(whole_numbers)
{
    uint64_t id = 7;

    ck_assert(numbers_is_whole("0", 1, &id) && id == 0);
    ck_assert(numbers_is_whole("18446744073709551615", 20, &id) && id == UINT64_MAX);
    id = 7;
    ck_assert(!numbers_is_whole("18446744073709551616", 20, &id));
    ck_assert(!numbers_is_whole("28446744073709551615", 20, &id));
    ck_assert(!numbers_is_whole("00", 2, &id) && !numbers_is_whole("", 0, &id));
    ck_assert(!numbers_is_whole("1a", 2, &id) && !numbers_is_whole(" 1", 2, &id));
    ck_assert_uint_eq(id, 7);
}
END_TEST

START_TEST(given_once_and_kept)
{
    const uint32_t pump = give("pump/7", 1), wide = give("356938035643809", 2);

    ck_assert_uint_eq(pump % WORKERS, 1);
    ck_assert_uint_eq(wide % WORKERS, 2);
    ck_assert_uint_ge(pump, MUSTER_DEVICE_IDS);
    ck_assert_uint_eq(give("pump/7", 3), pump);
    ck_assert_uint_eq(find("pump/7"), pump);
    ck_assert_uint_eq(find("pump/"), NUMBERS_NONE);
    ck_assert_uint_eq(numbers_of_id(numbers, UINT64_C(356938035643809)), wide);
    ck_assert_str_eq(numbers_key(numbers, pump), "pump/7");
    ck_assert_ptr_null(numbers_key(numbers, MUSTER_DEVICE_IDS + MOST - 1));
    ck_assert_uint_eq(numbers_count(numbers), 2);

    open_with(MOST, 3); /* the next run has other workers, and other places */
    ck_assert_uint_eq(find("pump/7"), pump);
    ck_assert_uint_eq(find("356938035643809"), wide);
    ck_assert_uint_eq(numbers_count(numbers), 2);
    ck_assert_uint_ne(give("new", 0), pump);
}
END_TEST

START_TEST(records)
{
    const uint32_t text = give("a/b", 0), wide = give("70000", 0);
    struct muster_record record = {.marks = MUSTER_MARK_UNKNOWN};

    numbers_name(numbers, &record, text);
    ck_assert_uint_eq(record.marks, MUSTER_MARK_UNKNOWN | MUSTER_MARK_DEVICE | MUSTER_MARK_KEY);
    ck_assert_uint_eq(record.device_id, 0);
    ck_assert_uint_eq(record.device, text);
    numbers_name(numbers, &record, wide);
    ck_assert_uint_eq(record.marks, MUSTER_MARK_UNKNOWN | MUSTER_MARK_DEVICE);
    ck_assert_uint_eq(record.device_id, 70000);
    numbers_name(NULL, &record, 7);
    ck_assert_uint_eq(record.device_id, 7);
    ck_assert_uint_eq(record.device, 7);
}
END_TEST

START_TEST(as_many_as_there_are)
{
    char key[16];
    uint32_t i;

    for (i = 0; i < MOST; i++) {
        unsigned worker = numbers_worker(numbers, i < MOST / 2 ? 0 : i % WORKERS);

        snprintf(key, sizeof key, "d%u", i);
        ck_assert_uint_eq(give(key, worker) % WORKERS, worker);
    }
    ck_assert_uint_eq(numbers_count(numbers), MOST);
    ck_assert_uint_eq(give("one more", numbers_worker(numbers, 2)), NUMBERS_NONE);
    ck_assert_uint_ne(give("d5", 2), NUMBERS_NONE);
}
END_TEST

/* Whatever was in the memory: a kill between two stores, and worse. */
START_TEST(damage)
{
    const uint32_t first = give("first", 0), second = give("second", 0);
    const size_t size = numbers_bytes(1);
    uint8_t *entry = memory + size * (second - MUSTER_DEVICE_IDS);
    const size_t length_at = NUMBERS_KEY_MOST + 1;
    size_t i;

    memcpy(memory + size * 8, memory + size * (first - MUSTER_DEVICE_IDS), size); /* twice */
    memcpy(memory + size * 12, "1001", 5); /* has a number of its own */
    memory[size * 12 + length_at] = 4;
    memcpy(memory + size * 16, "half", 4); /* cut off before its length */
    memset(memory + size * 20, 0xff, size);
    entry[0] = '\n';
    open_with(MOST, WORKERS);
    ck_assert_uint_eq(find("first"), first);
    ck_assert_uint_eq(numbers_count(numbers), 1);
    ck_assert_uint_eq(find("second"), NUMBERS_NONE);
    for (i = 0; i < 6; i++) {
        char key[8];

        snprintf(key, sizeof key, "k%zu", i);
        ck_assert_uint_eq(give(key, 0), MUSTER_DEVICE_IDS + 4 * (i + 1));
    }
}
END_TEST

START_TEST(taken_back)
{
    const uint64_t hour = 3600 * CLOCK_SECOND, day = 24 * hour, now = 1000 * hour;
    const uint32_t listed = give("listed", 0), old = give("old", 0), older = give("70001", 0);
    const uint32_t young = give("young", 0), fresh = give("70000", 0);

    numbers_keep(numbers, listed);
    numbers_heard(numbers, old, now - 31 * day);
    numbers_heard(numbers, older, now - 32 * day);
    numbers_heard(numbers, young, now - 2 * hour);
    numbers_heard(numbers, fresh, now);
    ck_assert_int_eq(numbers_take_back(numbers, 1, day), 1);
    ck_assert_uint_eq(numbers_of_id(numbers, 70001), NUMBERS_NONE);
    ck_assert_uint_eq(find("old"), old);
    ck_assert_int_eq(numbers_take_back(numbers, 9, day), 1);
    ck_assert_uint_eq(find("old"), NUMBERS_NONE);
    ck_assert_uint_eq(find("listed"), listed);
    ck_assert_uint_eq(find("young"), young);
    ck_assert_uint_eq(numbers_of_id(numbers, 70000), fresh);
    ck_assert_uint_eq(give("other", 0), old);
    ck_assert_int_eq(numbers_take_back(numbers, 0, 0), 0);
    ck_assert_int_eq(numbers_take_back(numbers, 1, 0), 1);
    ck_assert_uint_eq(find("other"), NUMBERS_NONE); /* it was never heard */
    ck_assert_int_eq(numbers_take_back(numbers, 9, 0), 2);
    ck_assert_uint_eq(find("listed"), listed);
    ck_assert_uint_eq(numbers_count(numbers), 1);
    open_with(MOST, WORKERS);
    ck_assert_uint_eq(numbers_count(numbers), 1);
}
END_TEST

/* A whole number is one device, whichever way it comes; a text that is none is another. */
START_TEST(numbers_and_texts)
{
    struct muster_record record = {0};
    char key[24];
    unsigned i;

    open_with(4096, WORKERS);
    for (i = 0; i < 1000; i++) {
        uint32_t number;

        snprintf(key, sizeof key, "%u", 65536 + i * 4099);
        number = give(key, i % WORKERS);
        ck_assert_uint_eq(numbers_of_id(numbers, 65536 + i * 4099), number);
        numbers_name(numbers, &record, number);
        ck_assert_uint_eq(record.device_id, 65536 + i * 4099);
        snprintf(key, sizeof key, "0%u", 65536 + i * 4099);
        ck_assert_uint_eq(find(key), NUMBERS_NONE);
        ck_assert_uint_ne(give(key, i % WORKERS), number);
    }
    snprintf(key, sizeof key, "%" PRIu64, UINT64_MAX);
    ck_assert_uint_eq(give(key, 0), numbers_of_id(numbers, UINT64_MAX));
    ck_assert_uint_eq(give("18446744073709551616", 0), find("18446744073709551616"));
    numbers_name(numbers, &record, find("18446744073709551616"));
    ck_assert_uint_eq(record.marks, MUSTER_MARK_DEVICE | MUSTER_MARK_KEY);
    open_with(4096, 3);
    ck_assert_uint_eq(numbers_count(numbers), 2002);
    numbers_name(numbers, &record, numbers_of_id(numbers, UINT64_MAX));
    ck_assert_uint_eq(record.device_id, UINT64_MAX);
    ck_assert_uint_eq(record.marks, MUSTER_MARK_DEVICE);
}
END_TEST

/* A process that was killed anywhere in front of the length has given nothing; and one that was
 * killed while it took back, has or has not. */
START_TEST(killed_between_stores)
{
    const size_t size = numbers_bytes(1), length_at = NUMBERS_KEY_MOST + 1;
    uint8_t whole[128];
    size_t i;

    give("a key that is longer than a vector, or two of them", 0);
    memcpy(whole, memory, size);
    for (i = 0; i <= size; i++) {
        memset(memory, 0, size);
        memcpy(memory, whole, i < length_at ? i : length_at);
        open_with(MOST, WORKERS);
        ck_assert_uint_eq(numbers_count(numbers), 0);
        ck_assert_uint_eq(give("other", 0), MUSTER_DEVICE_IDS);
        ck_assert_str_eq(numbers_key(numbers, MUSTER_DEVICE_IDS), "other");
        memcpy(memory, whole, size);
        memset(memory, 0, i);
        open_with(MOST, WORKERS);
        ck_assert_uint_eq(numbers_count(numbers), i == 0);
    }
}
END_TEST

START_TEST(other_sizes)
{
    uint8_t *more = calloc(1, numbers_bytes(2 * MOST));
    const uint32_t low = give("low", 0);
    uint32_t high = 0;
    char key[8];
    unsigned i;

    ck_assert_ptr_nonnull(more);
    for (i = 0; i < MOST / WORKERS - 1; i++) {
        snprintf(key, sizeof key, "k%u", i);
        high = give(key, 0);
    }
    numbers_copy(more, 2 * MOST, memory, numbers_bytes(MOST));
    memset(memory, 0, numbers_bytes(MOST));
    numbers_copy(memory, MOST / 2, more, numbers_bytes(2 * MOST));
    open_with(MOST / 2, WORKERS);
    ck_assert_uint_eq(find("low"), low);
    ck_assert_uint_eq(find(key), NUMBERS_NONE);
    numbers_close(numbers);
    numbers = numbers_open(more, 2 * MOST, WORKERS);
    ck_assert_uint_eq(find(key), high);
    numbers_close(numbers);
    numbers = NULL;
    free(more);
}
END_TEST

/* Threads that give and look at once agree. */
static void *give_all(void *argument)
{
    uint32_t *given = argument, i;
    char key[8];

    for (i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%u", i);
        given[i] = give(key, i % WORKERS);
        ck_assert_uint_eq(find(key), given[i]);
        ck_assert_str_eq(numbers_key(numbers, given[i]), key);
    }
    return NULL;
}

START_TEST(at_once)
{
    static uint32_t given[WORKERS][1000];
    pthread_t threads[WORKERS];
    unsigned i;

    open_with(4096, WORKERS);
    for (i = 0; i < WORKERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, give_all, given[i]), 0);
    for (i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (i = 1; i < WORKERS; i++)
        ck_assert_int_eq(memcmp(given[i], given[0], sizeof given[0]), 0);
    ck_assert_uint_eq(numbers_count(numbers), 1000);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("numbers");
    TCase *tcase = tcase_create("numbers");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, small_ids_are_their_own);
    tcase_add_test(tcase, whole_numbers);
    tcase_add_test(tcase, given_once_and_kept);
    tcase_add_test(tcase, records);
    tcase_add_test(tcase, as_many_as_there_are);
    tcase_add_test(tcase, damage);
    tcase_add_test(tcase, taken_back);
    tcase_add_test(tcase, numbers_and_texts);
    tcase_add_test(tcase, killed_between_stores);
    tcase_add_test(tcase, other_sizes);
    tcase_add_test(tcase, at_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
