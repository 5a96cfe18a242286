/* SPDX-License-Identifier: MIT
 *
 * Batches on their way through filters: what they add and drop, against a plain list.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "collector/catalog/numbers.h"
#include "collector/host/batch.h"
#include "collector/host/plugin.h"
#include "common/runner.h"

enum { MOST = 8192, FILTERS = 5, ROUNDS = 400 };

/* A record is known by its number; a payload, if any, is that number. */
static struct muster_record numbered(uint64_t number)
{
    return (struct muster_record){.arrival_ns = number};
}

static void emit(struct batch *batch, uint32_t after, uint64_t number, bool with_payload)
{
    struct muster_record record = numbered(number);
    uint8_t bytes[sizeof number];

    memcpy(bytes, &number, sizeof number);
    if (with_payload) {
        record.payload.bytes = bytes;
        record.payload_size = sizeof number;
    }
    batch_emit(&batch->view, after, &record);
    memset(bytes, 0xee, sizeof bytes); /* the filter's memory is its own again */
}

/* Where the records of these tests point to. */
static uint8_t bytes_of_block[64];
static struct muster_arrival arrivals[4];

static void begin(struct batch *batch, struct muster_record *records, uint32_t count)
{
    const struct batch_memory memory = {.bytes = bytes_of_block,
                                        .size = sizeof bytes_of_block,
                                        .arrivals = arrivals,
                                        .arrival_count = sizeof arrivals / sizeof arrivals[0]};

    batch_init(batch, 1, 4, NULL);
    batch_begin(batch, records, count, &memory);
    batch_turn(batch, 3);
}

/* It is the next filter's turn then. */
static struct batch_change settle(struct batch *batch)
{
    struct batch_change change = batch_settle(batch);

    batch_turn(batch, 3);
    return change;
}

static void expect(const struct batch *batch, const uint64_t *wanted, uint32_t count)
{
    uint32_t i;

    ck_assert_uint_eq(batch->view.count, count);
    for (i = 0; i < count; i++) {
        const struct muster_record *record = &batch->view.records[i];

        ck_assert_uint_eq(record->arrival_ns, wanted[i]);
        if (record->payload_size > 0)
            ck_assert_int_eq(memcmp(record->payload.bytes, &wanted[i], sizeof wanted[i]), 0);
    }
}

static void expect_change(struct batch_change change, uint32_t emitted, uint32_t dropped)
{
    ck_assert_uint_eq(change.emitted, emitted);
    ck_assert_uint_eq(change.dropped, dropped);
    ck_assert_uint_eq(change.failed, 0);
}

START_TEST(nothing_asked)
{
    _Alignas(16) struct muster_record records[] = {numbered(1), numbered(2)};
    struct batch batch = {0};

    begin(&batch, records, 2);
    batch.view.records[1].arrival_ns = 7; /* in place */
    expect_change(settle(&batch), 0, 0);
    ck_assert_ptr_eq(batch.view.records, records);
    expect(&batch, (uint64_t[]){1, 7}, 2);
    batch_free(&batch);
}
END_TEST

START_TEST(order_of_what_is_added)
{
    _Alignas(16) struct muster_record records[] = {numbered(1), numbered(2), numbered(3)};
    struct batch batch = {0};

    begin(&batch, records, 3);
    emit(&batch, 2, 30, true);
    emit(&batch, 0, 10, false);
    emit(&batch, 0, 11, true);
    emit(&batch, 2, 31, false);
    emit(&batch, 99, 32, false); /* past the end: behind the last */
    batch_drop(&batch.view, 0);
    batch_drop(&batch.view, 0); /* once is enough */
    batch_drop(&batch.view, 3); /* there is none */
    expect_change(settle(&batch), 5, 1);
    expect(&batch, (uint64_t[]){10, 11, 2, 3, 30, 31, 32}, 7);
    ck_assert_uint_eq(records[0].arrival_ns, 1); /* what was decoded is not touched */
    batch_free(&batch);
}
END_TEST

START_TEST(an_empty_batch)
{
    struct batch batch = {0};

    begin(&batch, NULL, 0);
    expect_change(settle(&batch), 0, 0);
    batch_drop(&batch.view, 0);
    emit(&batch, 5, 1, true);
    emit(&batch, 0, 2, true);
    expect_change(settle(&batch), 2, 0);
    expect(&batch, (uint64_t[]){1, 2}, 2);
    batch_drop(&batch.view, 0);
    batch_drop(&batch.view, 1);
    expect_change(settle(&batch), 0, 2);
    expect(&batch, NULL, 0);
    batch_free(&batch);
}
END_TEST

/* What one filter does, to the batch and to a plain list of numbers. */
static uint32_t filter(struct batch *batch, uint64_t *list, uint32_t count, uint64_t *next)
{
    static uint64_t added[MOST], out[MOST];
    static uint32_t after[MOST];
    static bool dropped[MOST];
    uint32_t adds = below(3) == 0 ? below(200) : below(3), drops = 0, i, j, out_count = 0;
    bool in_order = below(2) == 0;

    memset(dropped, 0, sizeof dropped);
    for (i = 0; i < adds; i++) {
        after[i] = count == 0 ? 0 : in_order ? i * count / adds : below(count);
        added[i] = (*next)++;
        emit(batch, after[i], added[i], below(2) == 0);
    }
    for (i = below(3) == 0 ? 0 : below(count + 1); i > 0 && count > 0; i--) {
        j = below(count);
        batch_drop(&batch->view, j);
        drops += !dropped[j];
        dropped[j] = true;
    }
    for (i = 0; i < count || i == 0; i++) {
        if (i < count && !dropped[i])
            out[out_count++] = list[i];
        for (j = 0; j < adds; j++)
            if (after[j] == i)
                out[out_count++] = added[j];
    }
    expect_change(settle(batch), adds, drops);
    memcpy(list, out, out_count * sizeof *list);
    expect(batch, list, out_count);
    ck_assert_uint_eq(out_count, count + adds - drops);
    return out_count;
}

START_TEST(random_filters)
{
    static _Alignas(16) struct muster_record records[1024];
    static uint64_t list[MOST];
    struct batch batch = {0};
    uint64_t next = 1;
    uint32_t round, i, count;

    random_seed(42);
    for (round = 0; round < ROUNDS; round++) {
        count = below(10) == 0 ? 0 : below(below(20) == 0 ? 1024 : 40);
        for (i = 0; i < count; i++) {
            list[i] = next++;
            records[i] = numbered(list[i]);
        }
        begin(&batch, count > 0 ? records : NULL, count);
        for (i = 0; i < FILTERS; i++)
            count = filter(&batch, list, count, &next);
    }
    batch_free(&batch);
    ck_assert_ptr_null(batch.copies);
}
END_TEST

/* What is odd is added where it can be shown, and told. */
START_TEST(odd_additions)
{
    static const struct muster_name events[] = {{.number = 130, .name = "hot"}};
    static const struct plugin plugin = {
        .api = {.name_size = sizeof events[0], .event_count = 1, .events = events}};
    struct muster_record records[2] = {{0}}, odd = {.kind = MUSTER_KIND_EVENT};
    struct batch batch = {0};
    struct batch_change change;

    begin(&batch, records, 2);
    batch.plugin = &plugin;
    odd.event.event = 130;
    ck_assert_int_eq(batch_emit(&batch.view, 1, &odd), 0);
    ck_assert_uint_eq(batch.why, 0);
    odd.event.event = 131;
    ck_assert_int_eq(batch_emit(&batch.view, 2, &odd), 0);
    odd.kind = MUSTER_KIND_REJECT;
    odd.reject.reason = 130; /* an event's number is no reject's */
    ck_assert_int_eq(batch_emit(&batch.view, 0, &odd), 0);
    odd.kind = MUSTER_KIND_REJECT + 1;
    ck_assert_int_eq(batch_emit(&batch.view, 0, &odd), MUSTER_FAILED);
    change = settle(&batch);
    ck_assert_uint_eq(change.emitted, 3);
    ck_assert_uint_eq(change.failed, 1);
    ck_assert_uint_eq(change.why,
                      BATCH_UNNAMED_EVENT | BATCH_UNNAMED_REJECT | BATCH_FAR | BATCH_BAD_KIND);
    ck_assert_uint_eq(change.odd.event, 131);
    ck_assert_uint_eq(change.odd.reason, 130);
    ck_assert_uint_eq(change.odd.after, 2);
    ck_assert_uint_eq(change.odd.kind, MUSTER_KIND_REJECT + 1);
    ck_assert_uint_eq(batch.view.records[4].event.event, 131); /* at the end */
    begin(&batch, NULL, 0);
    ck_assert_int_eq(batch_emit(&batch.view, 7, &records[0]), 0); /* ignored, if it is empty */
    ck_assert_uint_eq(settle(&batch).why, 0);
    batch_free(&batch);
}
END_TEST

/* A record that is held comes back as it was, whatever became of the memory that it was in, in
 * another batch, and is nobody else's to release. */
START_TEST(held_and_released)
{
    static const uint64_t left[] = {0, 2}, later[] = {5, 1};
    struct muster_record records[3] = {numbered(0), numbered(1), numbered(2)};
    struct muster_record other = numbered(5);
    const struct muster_record *held;
    struct batch batch = {0};
    struct batch_change change;

    memcpy(bytes_of_block, &records[1].arrival_ns, sizeof(uint64_t));
    arrivals[2] = (struct muster_arrival){.size = sizeof arrivals[2], .source_port = 77};
    records[1].payload.bytes = bytes_of_block;
    records[1].payload_size = sizeof(uint64_t);
    records[1].via.arrival = &arrivals[2];
    records[1].origin = 2;
    begin(&batch, records, 3);
    ck_assert_ptr_null(batch_hold(&batch.view, 3));
    held = batch_hold(&batch.view, 1);
    ck_assert_ptr_nonnull(held);
    ck_assert_ptr_null(batch_hold(&batch.view, 1));
    ck_assert_int_eq(batch_drop(&batch.view, 1), 0); /* it is out already */
    change = settle(&batch);
    expect_change(change, 0, 0);
    ck_assert_uint_eq(change.held, 1);
    expect(&batch, left, 2);
    memset(bytes_of_block, 0xee, sizeof bytes_of_block);
    arrivals[2] = (struct muster_arrival){0};
    begin(&batch, &other, 1);
    batch_turn(&batch, 2);
    ck_assert_int_eq(batch_release(&batch.view, 0, held), MUSTER_FAILED);
    batch_turn(&batch, 3);
    ck_assert_int_eq(batch_release(&batch.view, 0, held), 0);
    ck_assert_int_eq(batch_release(&batch.view, 0, held), MUSTER_FAILED);
    change = settle(&batch);
    expect_change(change, 0, 0);
    ck_assert_uint_eq(change.released, 1);
    ck_assert_uint_eq(change.why, BATCH_NOT_HELD);
    expect(&batch, later, 2);
    ck_assert_uint_eq(batch.view.records[1].origin, 2);
    ck_assert_uint_eq(batch.view.records[1].via.arrival->source_port, 77);
    batch_free(&batch);
}
END_TEST

/* Of devices that are not their own numbers: a record is of the device that has its number,
 * whatever a filter says that it calls itself. */
START_TEST(named_devices)
{
    const unsigned worker = 1, workers = 4;
    void *memory = calloc(1, numbers_bytes(64));
    struct numbers *numbers = numbers_open(memory, 64, workers);
    const uint32_t text = numbers_give(numbers, "a/b", 3, worker);
    const uint32_t wide = numbers_give(numbers, "70000", 5, worker);
    const uint32_t other = numbers_give(numbers, "other", 5, worker + 1);
    _Alignas(16) struct muster_record records[3] = {numbered(1), numbered(2), numbered(3)};
    const struct batch_memory nowhere = {0};
    const struct muster_record *held, *got;
    struct muster_record made = numbered(9);
    struct batch batch = {0};
    unsigned i;

    for (i = 0; i < 3; i++)
        numbers_name(numbers, &records[i], i == 1 ? wide : text);
    batch_init(&batch, worker, workers, numbers);
    batch_begin(&batch, records, 3, &nowhere);
    batch_turn(&batch, 3);
    batch.view.records[0].device_id = 7;
    batch.view.records[0].marks &= (uint8_t)~MUSTER_MARK_KEY;
    batch.view.records[1].device_id = 8;
    batch.view.records[2].device_id = 9;
    held = batch_hold(&batch.view, 2);
    ck_assert_ptr_nonnull(held);
    ck_assert_uint_eq(held->device_id, 0);
    made.marks = MUSTER_MARK_DEVICE | MUSTER_MARK_KEY;
    made.device = wide;
    made.device_id = 5;
    ck_assert_int_eq(batch_emit(&batch.view, 0, &made), 0);
    made.marks = MUSTER_MARK_DEVICE;
    made.device = text;
    ck_assert_int_eq(batch_emit(&batch.view, 0, &made), 0);
    made.device = other;
    ck_assert_int_ne(batch_emit(&batch.view, 0, &made), 0);
    made.device = MUSTER_DEVICE_IDS + 64;
    ck_assert_int_ne(batch_emit(&batch.view, 0, &made), 0);
    ck_assert(batch_settle(&batch).altered);
    got = batch.view.records;
    ck_assert_uint_eq(batch.view.count, 4);
    for (i = 0; i < 4; i++) {
        const bool is_text = i == 0 || i == 2;

        ck_assert_uint_eq(got[i].device, is_text ? text : wide);
        ck_assert_uint_eq(got[i].device_id, is_text ? 0 : 70000);
        ck_assert_uint_eq(got[i].marks, MUSTER_MARK_DEVICE | (is_text ? MUSTER_MARK_KEY : 0));
    }
    batch_free(&batch);
    numbers_close(numbers);
    free(memory);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {held_and_released, nothing_asked,  order_of_what_is_added,
                                  an_empty_batch,    random_filters, odd_additions,
                                  named_devices};
    Suite *suite = suite_create("batch");
    TCase *tcase = tcase_create("batch");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
