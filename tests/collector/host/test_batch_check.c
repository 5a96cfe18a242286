/* SPDX-License-Identifier: MIT
 *
 * What a filter must not do to records: what it adds is refused, and what it changes is noticed and
 * mended.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/host/batch.h"
#include "collector/host/batch_check.h"
#include "common/runner.h"

enum { WORKER = 1, WORKERS = 4, ORIGIN = 3, COUNT = 5, OWN_DEVICE = 9, FOREIGN_DEVICE = 10 };

static uint8_t bytes_of_block[64];
static struct muster_arrival arrivals[2];
static _Alignas(16) struct muster_record records[COUNT];
static struct batch batch;

static void set_up(void)
{
    const struct batch_memory memory = {.bytes = bytes_of_block,
                                        .size = sizeof bytes_of_block,
                                        .arrivals = arrivals,
                                        .arrival_count = 2};
    uint32_t i;

    memset(&batch, 0, sizeof batch);
    memset(arrivals, 0, sizeof arrivals);
    arrivals[0].size = arrivals[1].size = sizeof arrivals[0];
    for (i = 0; i < COUNT; i++) {
        records[i] = (struct muster_record){.device_id = OWN_DEVICE,
                                            .device = OWN_DEVICE,
                                            .marks = MUSTER_MARK_DEVICE,
                                            .payload_size = 4,
                                            .via.arrival = &arrivals[i % 2]};
        records[i].payload.bytes = bytes_of_block + 4 * i;
    }
    batch_init(&batch, WORKER, WORKERS, NULL);
    batch_begin(&batch, records, COUNT, &memory);
    batch_turn(&batch, ORIGIN);
}

static void tear_down(void)
{
    batch_free(&batch);
}

/* ---- what is added -------------------------------------------------------------------- */

static void expect_refused(const struct muster_record *record, unsigned why)
{
    struct batch_change change;

    ck_assert_int_eq(batch_emit(&batch.view, 0, record), MUSTER_FAILED);
    change = batch_settle(&batch);
    ck_assert_uint_eq(change.failed, 1);
    ck_assert_uint_eq(change.emitted, 0);
    ck_assert_uint_eq(change.why, why);
    batch_turn(&batch, ORIGIN);
    ck_assert_uint_eq(batch_settle(&batch).failed, 0); /* told once */
    batch_turn(&batch, ORIGIN);
}

START_TEST(refused)
{
    struct muster_arrival arrival = {.size = 0};
    struct muster_record record = {.marks = MUSTER_MARK_DEVICE, .device = FOREIGN_DEVICE};

    expect_refused(&record, BATCH_FOREIGN_DEVICE);
    record.device = MUSTER_DEVICE_IDS + WORKER; /* there is none of that number */
    expect_refused(&record, BATCH_FOREIGN_DEVICE);
    record.device = OWN_DEVICE;
    record.payload_size = 1; /* of NULL */
    expect_refused(&record, BATCH_BAD_PAYLOAD);
    record.payload.bytes = bytes_of_block;
    record.payload_size = MUSTER_DATAGRAM_MAX + 1;
    expect_refused(&record, BATCH_BAD_PAYLOAD);
    record.payload_size = 1;
    record.via.arrival = &arrival;
    expect_refused(&record, BATCH_BAD_ARRIVAL);
    arrival.size = sizeof arrival;
    ck_assert_int_eq(batch_emit(&batch.view, 0, &record), 0);
}
END_TEST

START_TEST(added)
{
    static const uint8_t zeros[16];
    uint8_t text[4] = "abc";
    struct muster_arrival arrival = {
        .size = sizeof arrival + 64, .datagram_size = 77, .source_port = 4711};
    struct muster_record record = records[0];
    const struct muster_record *out;

    record.payload.bytes = text;
    record.payload_size = 3;
    record.via.arrival = &arrival;
    record.origin = 200; /* the host knows better */
    ck_assert_int_eq(batch_emit(&batch.view, 0, &record), 0);
    muster_record_derive(&record, &records[0]);
    ck_assert_int_eq(batch_emit(&batch.view, 0, &record), 0);
    record.marks = 0; /* about no device, whatever stands there */
    ck_assert_int_eq(batch_emit(&batch.view, 0, &record), 0);
    memset(text, 0xee, sizeof text);
    memset(&arrival, 0xee, sizeof arrival);
    ck_assert_uint_eq(batch_settle(&batch).emitted, 3);
    out = batch.records;
    ck_assert_uint_eq((uintptr_t)out % 16, 0);
    ck_assert_uint_eq(out[0].origin, 0);
    ck_assert_uint_eq(out[1].origin, ORIGIN);
    ck_assert_mem_eq(out[1].payload.bytes, "abc", 3);
    ck_assert_mem_eq(out[1].payload.bytes + 3, zeros, sizeof zeros); /* these may be read */
    ck_assert_uint_eq(out[1].via.arrival->datagram_size, 77);
    ck_assert_uint_eq(out[1].via.arrival->source_port, 4711);
    ck_assert_uint_eq(out[1].via.arrival->size, sizeof arrival);
    ck_assert_ptr_eq(out[2].via.arrival, &arrivals[0]); /* it is there for as long: no copy */
    ck_assert_uint_eq(out[2].device, OWN_DEVICE);
    ck_assert_ptr_null(out[2].payload.bytes);
    ck_assert_uint_eq(out[3].device, 0);
    ck_assert_uint_eq(out[3].device_id, 0);
    ck_assert_ptr_eq(out[4].payload.bytes, records[1].payload.bytes);
}
END_TEST

/* ---- what is changed in place --------------------------------------------------------- */

/* Whatever was done to the records, each of them can be followed. */
static void expect_safe(void)
{
    uint32_t i;

    for (i = 0; i < batch.count; i++) {
        const struct muster_record *record = &batch.records[i];
        const uint8_t *from = record->payload.bytes;

        ck_assert_int_eq(from == NULL, record->payload_size == 0);
        if (from != NULL)
            ck_assert(from >= bytes_of_block && record->payload_size <= sizeof bytes_of_block &&
                      from + record->payload_size <= bytes_of_block + sizeof bytes_of_block);
        ck_assert(record->via.arrival == NULL || record->via.arrival == &arrivals[0] ||
                  record->via.arrival == &arrivals[1]);
        ck_assert_uint_lt(record->device, MUSTER_DEVICE_IDS);
        if (record->marks & MUSTER_MARK_DEVICE)
            ck_assert_uint_eq(record->device % WORKERS, WORKER);
        else
            ck_assert_uint_eq(record->device, 0);
    }
}

static void expect_noticed(void)
{
    const struct batch_change change = batch_settle(&batch);

    ck_assert(change.altered);
    expect_safe();
    batch_turn(&batch, ORIGIN);
    ck_assert(!batch_settle(&batch).altered); /* it is not the next filter's fault */
    tear_down();
    set_up();
}

START_TEST(what_may_be_changed)
{
    struct muster_record *record = &records[2];

    record->verdict = MUSTER_VERDICT_NEW;
    record->marks |= MUSTER_MARK_CLOCK_OFFSET;
    record->value_type = MUSTER_VALUE_REAL;
    record->value.real = 2.5;
    record->quality = MUSTER_QUALITY_BAD;
    record->seq = record->arrival_ns = 7;
    record->device_time_ns = 8;
    record->msg_type = record->flags = record->seq_bits = record->listener = 1;
    record->reading = record->readings = 1;
    memset(record->room, 1, sizeof record->room);
    ck_assert(!batch_settle(&batch).altered);
    ck_assert_uint_eq(record->payload_size, 4);
}
END_TEST

START_TEST(what_must_not_be_changed)
{
    static uint8_t elsewhere[16];
    static struct muster_arrival another = {.size = sizeof another};
    uint32_t i;

    for (i = 0; i < COUNT; i++) {
        records[i].kind = MUSTER_KIND_REJECT;
        expect_noticed();
        records[i].origin = 1;
        expect_noticed();
        records[i].device = FOREIGN_DEVICE;
        expect_noticed();
        records[i].device = UINT32_MAX;
        expect_noticed();
        records[i].marks = 0;
        expect_noticed();
        records[i].payload.bytes = elsewhere;
        expect_noticed();
        records[i].payload.bytes += 2; /* a header is cut off */
        records[i].payload_size -= 2;
        expect_noticed();
        records[i].payload.bytes = NULL;
        expect_noticed();
        records[i].payload_size = UINT32_MAX;
        expect_noticed();
        records[i].payload_size = 0;
        expect_noticed();
        records[i].via.arrival = &another;
        expect_noticed();
        records[i].via.arrival = (const struct muster_arrival *)((uintptr_t)&arrivals[0] + 8);
        expect_noticed();
        records[i].via.arrival = NULL;
        expect_noticed();
        records[i].format = 1;
        expect_noticed();
        records[i].payload_at = 3;
        expect_noticed();
    }
}
END_TEST

/* ---- datagrams of declared formats ---------------------------------------------------- */

enum { FORMAT = 2, DATAGRAM_SIZE = 20 };

static const uint8_t datagram[DATAGRAM_SIZE + 1] = "ABCDEFGHIJKLMNOPQRST";

/* The records are five readings, 4 bytes each, of a datagram of 20 bytes. */
static void set_up_readings(void)
{
    uint32_t i;

    set_up();
    memcpy(bytes_of_block, datagram, DATAGRAM_SIZE);
    arrivals[0].datagram_size = DATAGRAM_SIZE;
    for (i = 0; i < COUNT; i++) {
        records[i].format = FORMAT;
        records[i].payload_at = (uint16_t)(4 * i);
        records[i].via.arrival = &arrivals[0];
    }
    batch.summed = false;
    batch_turn(&batch, ORIGIN);
}

START_TEST(a_datagram_is_around_its_payload)
{
    struct muster_record record = records[3];

    ck_assert_ptr_eq(muster_record_datagram(&record), bytes_of_block);
    record.payload_at = 17;
    ck_assert_ptr_null(muster_record_datagram(&record)); /* the payload would end behind it */
    record.payload_at = 0;
    record.payload_size = 0;
    ck_assert_ptr_eq(muster_record_datagram(&record), record.payload.bytes);
    record.kind = MUSTER_KIND_EVENT;
    ck_assert_ptr_null(muster_record_datagram(&record));
    record = records[3];
    record.format = 0;
    ck_assert_ptr_null(muster_record_datagram(&record));
    record = records[3];
    record.via.arrival = NULL;
    ck_assert_ptr_null(muster_record_datagram(&record));
    record = records[3];
    record.payload.bytes = NULL;
    ck_assert_ptr_null(muster_record_datagram(&record));
}
END_TEST

/* What filters add of what they were handed keeps its values, and is not copied. */
START_TEST(a_datagram_that_is_there_stays)
{
    struct muster_record record = records[3];

    record.value.real = 2.5;
    ck_assert_int_eq(batch_emit(&batch.view, 0, &record), 0);
    ck_assert_uint_eq(batch_settle(&batch).emitted, 1);
    ck_assert_ptr_eq(batch.records[1].payload.bytes, records[3].payload.bytes);
    ck_assert_uint_eq(batch.records[1].payload_at, 12);
    ck_assert_uint_eq(batch.records[1].format, FORMAT);
    ck_assert_ptr_null(batch.copies);
}
END_TEST

/* So memory is that of what came, however many readings it has. */
START_TEST(readings_that_are_held_share_their_datagram)
{
    const struct muster_record *first = batch_hold(&batch.view, 2),
                               *second = batch_hold(&batch.view, 3);

    ck_assert_uint_eq(batch_settle(&batch).held, 2);
    ck_assert_ptr_eq(muster_record_datagram(first), muster_record_datagram(second));
    ck_assert_mem_eq(muster_record_datagram(second), datagram, DATAGRAM_SIZE);
    ck_assert_ptr_ne(muster_record_datagram(first), bytes_of_block);
    batch_turn(&batch, ORIGIN);
    ck_assert_int_eq(batch_release(&batch.view, 9, first), 0);
    batch_settle(&batch);
    batch_begin(&batch, NULL, 0, NULL); /* the first goes, the second is still there */
    ck_assert_mem_eq(muster_record_datagram(second), datagram, DATAGRAM_SIZE);
}
END_TEST

/* What is held has a copy of it, and may be added again by a later filter. */
START_TEST(a_datagram_that_is_held)
{
    const struct muster_record *held = batch_hold(&batch.view, 3);
    struct muster_record record;

    ck_assert_ptr_nonnull(held);
    ck_assert_uint_eq(batch_settle(&batch).held, 1);
    memcpy(bytes_of_block, "0123456789abcdefghi", DATAGRAM_SIZE); /* too late */
    ck_assert_uint_eq(held->format, FORMAT);
    ck_assert_uint_eq(held->payload_at, 12);
    ck_assert_mem_eq(muster_record_datagram(held), datagram, DATAGRAM_SIZE);
    batch_turn(&batch, ORIGIN);
    ck_assert_int_eq(batch_release(&batch.view, 9, held), 0);
    ck_assert_uint_eq(batch_settle(&batch).released, 1);
    record = batch.records[COUNT - 1];
    ck_assert_mem_eq(muster_record_datagram(&record), datagram, DATAGRAM_SIZE);
    ck_assert_mem_eq(record.payload.bytes, datagram + 12, 4);
    batch_turn(&batch, ORIGIN + 1);
    ck_assert_int_eq(batch_emit(&batch.view, 9, &record), 0);
    ck_assert_uint_eq(batch_settle(&batch).emitted, 1);
    ck_assert_ptr_eq(batch.records[COUNT].payload.bytes, record.payload.bytes);
    ck_assert_uint_eq(batch.records[COUNT].format, FORMAT);
}
END_TEST

static void expect_forgotten(const struct muster_record *record, const char *payload)
{
    const struct muster_record *out;

    ck_assert_int_eq(batch_emit(&batch.view, 4, record), 0);
    ck_assert_uint_eq(batch_settle(&batch).emitted, 1);
    out = &batch.records[COUNT];
    ck_assert_uint_eq(out->format, 0);
    ck_assert_uint_eq(out->payload_at, 0);
    ck_assert_uint_eq(out->payload_size, strlen(payload));
    if (out->payload_size > 0)
        ck_assert_mem_eq(out->payload.bytes, payload, strlen(payload));
    tear_down();
    set_up_readings();
}

/* Nothing is read but what the filter says is there. */
START_TEST(a_datagram_that_is_not_there)
{
    char *alone = strdup("cdef"); /* so that the sanitizer sees a byte too many */
    struct muster_arrival arrival = arrivals[0];
    struct muster_record record = records[3];

    ck_assert_ptr_nonnull(alone);
    record.payload.bytes = (const uint8_t *)alone;
    expect_forgotten(&record, "cdef");
    record = records[3];
    arrival.datagram_size = sizeof bytes_of_block + 1;
    record.via.arrival = &arrival; /* it would end behind the block's bytes */
    expect_forgotten(&record, "MNOP");
    record.via.arrival = records[3].via.arrival;
    record.payload_at = 13; /* or begin in front of them */
    expect_forgotten(&record, "MNOP");
    record.payload_at = 17; /* or the payload would end behind it */
    expect_forgotten(&record, "MNOP");
    muster_record_derive(&record, &records[3]);
    ck_assert_uint_eq(record.payload_at, 0);
    expect_forgotten(&record, "");
    free(alone);
}
END_TEST

START_TEST(a_datagram_that_was_changed_in_place)
{
    records[0].payload_at = 1;
    records[1].payload_at = 3; /* it is elsewhere, and can be read */
    records[2].format = 9;     /* that reads whatever there is */
    records[4].payload.bytes = bytes_of_block + 60;
    ck_assert(batch_settle(&batch).altered);
    ck_assert_uint_eq(records[0].format, 0);
    ck_assert_uint_eq(records[0].payload_at, 0);
    ck_assert_uint_eq(records[0].payload_size, 4);
    ck_assert_uint_eq(records[1].format, FORMAT);
    ck_assert_uint_eq(records[2].format, 9);
    ck_assert_uint_eq(records[3].payload_at, 12);
    ck_assert_ptr_eq(muster_record_datagram(&records[4]), bytes_of_block + 44);
}
END_TEST

/* What is cut to the memory that is there is still what it was. */
START_TEST(mended)
{
    records[4].payload_size = UINT32_MAX;
    records[3].via.arrival = NULL;
    records[2].device = FOREIGN_DEVICE;
    ck_assert(batch_settle(&batch).altered);
    ck_assert_ptr_eq(records[4].payload.bytes, bytes_of_block + 16);
    ck_assert_uint_eq(records[4].payload_size, sizeof bytes_of_block - 16);
    ck_assert_uint_eq(records[2].marks & MUSTER_MARK_DEVICE, 0);
    ck_assert_uint_eq(records[2].device_id, 0);
    ck_assert_uint_eq(records[0].device_id, OWN_DEVICE);
    ck_assert_ptr_eq(records[0].via.arrival, &arrivals[0]);
    ck_assert_uint_eq(records[0].payload_size, 4);
}
END_TEST

/* Payloads and arrivals of records that were added count, too. */
START_TEST(mended_where_records_were_added)
{
    struct muster_arrival arrival = {.size = sizeof arrival, .source_port = 5};
    struct muster_record record = records[0];

    record.payload.bytes = (const uint8_t *)"payload";
    record.payload_size = 7;
    record.via.arrival = &arrival;
    ck_assert_int_eq(batch_emit(&batch.view, 0, &record), 0);
    ck_assert(!batch_settle(&batch).altered);
    batch_turn(&batch, ORIGIN + 1);
    batch.records[0].kind = MUSTER_KIND_EVENT;
    batch.records[1].payload.bytes += 3;
    ck_assert(batch_settle(&batch).altered);
    ck_assert_uint_eq(batch.records[1].payload_size, 4);
    ck_assert_mem_eq(batch.records[1].payload.bytes, "load", 4);
    ck_assert_uint_eq(batch.records[1].via.arrival->source_port, 5);
}
END_TEST

/* The fields of the batch itself may be wrong as well. */
START_TEST(meddled)
{
    struct batch_change change;

    batch.view.count = 1000;
    batch.view.records = NULL;
    records[1].kind = 77;
    ck_assert_int_eq(batch_emit(&batch.view, 4, &records[0]), 0);
    change = batch_settle(&batch);
    ck_assert(change.meddled && change.altered);
    ck_assert_uint_eq(batch.view.count, COUNT + 1);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const readings[] = {a_datagram_is_around_its_payload,
                                     a_datagram_that_is_there_stays,
                                     readings_that_are_held_share_their_datagram,
                                     a_datagram_that_is_held,
                                     a_datagram_that_is_not_there,
                                     a_datagram_that_was_changed_in_place};
    const TTest *const tests[] = {refused,
                                  added,
                                  what_may_be_changed,
                                  what_must_not_be_changed,
                                  mended,
                                  meddled,
                                  mended_where_records_were_added};
    Suite *suite = suite_create("batch check");
    TCase *tcase = tcase_create("batch check");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("datagrams");
    tcase_add_checked_fixture(tcase, set_up_readings, tear_down);
    for (i = 0; i < sizeof readings / sizeof readings[0]; i++)
        tcase_add_test(tcase, readings[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
