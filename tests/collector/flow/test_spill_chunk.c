/* SPDX-License-Identifier: MIT
 *
 * Records as bytes, and back, in a run that numbers everything in another way.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/catalog/numbers.h"
#include "collector/flow/spill_chunk.h"
#include "common/runner.h"

static char first_name[] = "first", second_name[] = "second";
static struct entry entries[] = {{.name = first_name}, {.name = second_name}};
static struct entry swapped[] = {{.name = second_name}, {.name = first_name}};
static struct host host, other_host;
static struct spill_chunk_way way = {.host = &host, .entries = entries, .entry_count = 2, .run = 1};
static struct spill_chunk_way other = {
    .host = &other_host, .entries = swapped, .entry_count = 2, .run = 2};
static struct spill_chunk chunk;
static void *memory, *other_memory;

static void set_up(void)
{
    memory = calloc(1, numbers_bytes(64));
    other_memory = calloc(1, numbers_bytes(64));
    host.numbers = numbers_open(memory, 64, 1);
    other_host.numbers = numbers_open(other_memory, 64, 1);
    ck_assert_ptr_nonnull(host.numbers);
    ck_assert_ptr_nonnull(other_host.numbers);
    memset(&chunk, 0, sizeof chunk);
    spill_chunk_begin(&chunk);
}

static void tear_down(void)
{
    numbers_close(host.numbers);
    numbers_close(other_host.numbers);
    free(memory);
    free(other_memory);
    free(chunk.bytes);
}

static void add(const struct muster_record *record, uint64_t missed)
{
    ck_assert_int_eq(spill_chunk_add(&chunk, &way, record, missed), 0);
}

static void end(void)
{
    ck_assert_int_eq(spill_chunk_end(&chunk, &way), 0);
    ck_assert(spill_chunk_is_sound(chunk.bytes, chunk.size));
}

static struct muster_record message(const struct muster_arrival *arrival, const char *text)
{
    struct muster_record record = {
        .arrival_ns = 7, .via.arrival = arrival, .payload_size = (uint32_t)strlen(text)};

    record.payload.bytes = text[0] != '\0' ? (const uint8_t *)text : NULL;
    return record;
}

START_TEST(a_record_comes_back_with_what_it_points_to)
{
    const struct muster_arrival arrival = {.size = sizeof arrival, .source_port = 5, .family = 4};
    struct muster_record out, in = message(&arrival, "reading");
    struct spill_reader reader;
    uint64_t missed;

    in.seq = 41;
    in.device_id = in.device = 3;
    in.marks = MUSTER_MARK_DEVICE;
    in.answer = 9;
    add(&in, 12);
    in = message(NULL, "");
    in.kind = MUSTER_KIND_EVENT;
    add(&in, 0);
    end();
    spill_reader_begin(&reader, &other, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.seq, 41);
    ck_assert_uint_eq(out.device, 3);
    ck_assert_uint_eq(out.answer, 0);
    ck_assert_uint_eq(missed, 12);
    ck_assert_mem_eq(out.payload.bytes, "reading", 7);
    ck_assert_uint_eq(out.via.arrival->source_port, 5);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.kind, MUSTER_KIND_EVENT);
    ck_assert_ptr_null(out.payload.bytes);
    ck_assert_ptr_null(out.via.arrival);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 0);
}
END_TEST

START_TEST(a_device_is_found_by_what_it_calls_itself)
{
    uint32_t pump = numbers_give(host.numbers, "pump", 4, 0);
    struct muster_record out, in = message(NULL, "");
    struct spill_reader reader;
    uint64_t missed;

    numbers_give(other_host.numbers, "other", 5, 0);
    in.device = pump;
    in.marks = MUSTER_MARK_DEVICE | MUSTER_MARK_KEY;
    add(&in, 0);
    end();
    spill_reader_begin(&reader, &other, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_ne(out.device, pump);
    ck_assert_str_eq(numbers_key(other_host.numbers, out.device), "pump");
    spill_reader_begin(&reader, &way, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.device, pump);
}
END_TEST

START_TEST(a_device_without_a_number_is_none)
{
    struct host none = {0};
    struct spill_chunk_way nobody = {.host = &none, .run = 3};
    struct muster_record out, in = message(NULL, "");
    struct spill_reader reader;
    uint64_t missed;

    in.device = numbers_give(host.numbers, "pump", 4, 0);
    in.marks = MUSTER_MARK_DEVICE | MUSTER_MARK_KEY;
    add(&in, 0);
    end();
    spill_reader_begin(&reader, &nobody, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.marks, 0);
    ck_assert_uint_eq(out.device, 0);
}
END_TEST

START_TEST(an_entry_is_found_by_its_name)
{
    struct muster_record out, in = message(NULL, "");
    struct spill_chunk_way nobody = {.host = &other_host, .run = 3};
    struct spill_reader reader;
    uint64_t missed;

    in.origin = 1;
    add(&in, 0);
    end();
    spill_reader_begin(&reader, &other, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.origin, 2);
    spill_reader_begin(&reader, &nobody, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.origin, UINT8_MAX);
}
END_TEST

START_TEST(readings_share_their_datagram)
{
    static const uint8_t datagram[1000] = {1, 2, 3};
    const struct muster_arrival arrival = {.size = sizeof arrival,
                                           .datagram_size = sizeof datagram};
    struct muster_record out, in = {.format = 1, .payload_size = 10, .via.arrival = &arrival};
    struct spill_reader reader;
    uint64_t missed;
    size_t one;

    in.payload.bytes = datagram + 20;
    in.payload_at = 20;
    add(&in, 0);
    one = chunk.size;
    in.payload.bytes = datagram + 30;
    in.payload_at = 30;
    add(&in, 0);
    ck_assert_uint_lt(chunk.size - one, 200);
    end();
    spill_reader_begin(&reader, &way, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_mem_eq(muster_record_datagram(&out), datagram, sizeof datagram);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_mem_eq(muster_record_datagram(&out), datagram, sizeof datagram);
    ck_assert_uint_eq(out.format, 1);
    /* Another run has no such format. */
    spill_reader_begin(&reader, &other, chunk.bytes, chunk.size);
    ck_assert_int_eq(spill_reader_next(&reader, &out, &missed), 1);
    ck_assert_uint_eq(out.format, 0);
    ck_assert_ptr_null(muster_record_datagram(&out));
}
END_TEST

START_TEST(a_chunk_has_an_end)
{
    const struct muster_record in = message(NULL, "x");
    unsigned i;

    for (i = 0; i < SPILL_CHUNK_RECORDS; i++)
        add(&in, 0);
    ck_assert_int_eq(spill_chunk_add(&chunk, &way, &in, 0), 1);
    end();
}
END_TEST

START_TEST(every_changed_bit_shows)
{
    const struct muster_record in = message(NULL, "payload");
    size_t i;

    add(&in, 0);
    end();
    for (i = 0; i < chunk.size; i++) {
        chunk.bytes[i] ^= 4;
        ck_assert(!spill_chunk_is_sound(chunk.bytes, chunk.size));
        chunk.bytes[i] ^= 4;
    }
    ck_assert(!spill_chunk_is_sound(chunk.bytes, chunk.size - 1));
    ck_assert(spill_chunk_is_sound(chunk.bytes, chunk.size));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {a_record_comes_back_with_what_it_points_to,
                                  a_device_is_found_by_what_it_calls_itself,
                                  a_device_without_a_number_is_none,
                                  an_entry_is_found_by_its_name,
                                  readings_share_their_datagram,
                                  a_chunk_has_an_end,
                                  every_changed_bit_shows};
    Suite *suite = suite_create("spill_chunk");
    TCase *tcase = tcase_create("chunk");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
