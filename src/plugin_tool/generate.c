/* SPDX-License-Identifier: MIT
 *
 * Batches as a plugin may get them.
 */
#include "generate.h"

#include <math.h>
#include <string.h>

enum {
    TAIL = 16, /* bytes that may be read behind every payload */
    LARGEST = MUSTER_DATAGRAM_MAX,
    KINDS_OF_TODAY = 3
};

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(array, n)  ((array)[(n) % ELEMENTS(array)])

/* A sequence of numbers that is the same in each run. */
static uint32_t next(uint32_t *random)
{
    uint32_t mixed = *random += UINT32_C(0x9e3779b9);

    mixed = (mixed ^ mixed >> 16) * UINT32_C(0x85ebca6b);
    mixed = (mixed ^ mixed >> 13) * UINT32_C(0xc2b2ae35);
    return mixed ^ mixed >> 16;
}

static uint32_t payload_size_of(uint32_t serial, uint32_t i)
{
    static const uint32_t sizes[] = {4, 0, 1, 2, 16, 7, 31, 64, 255, 3, 1000, 5};

    if (i == 0 && serial % 4 == 1)
        return LARGEST;
    return PICK(sizes, serial + i);
}

/* What a device may send: text that is a number or not, or any bytes. */
static void write_payload(uint8_t *out, uint32_t size, uint32_t *random)
{
    static const char *const texts[] = {"26.6",   "-40", "1e308",  "nan",  "0x1p3",     "\"a,b\"\n",
                                        "99,5",   "",    "-",      "1e-9", "\xc3\xa4;", "\x1b[2J",
                                        "100000", "+7.", "999999", "open", "=1+1",      "\\N"};
    const char *text = PICK(texts, next(random));
    uint32_t i, length = (uint32_t)strlen(text);

    for (i = 0; i < size; i++)
        out[i] = i < length         ? (uint8_t)text[i]
                 : next(random) % 2 ? (uint8_t)next(random)
                                    : (uint8_t)('0' + next(random) % 10);
    memset(out + size, '7', TAIL); /* a number that ends too late shows */
}

static void fill_message(struct muster_record *record, uint32_t *random)
{
    static const uint64_t gaps[] = {0, 1, 65535, UINT64_MAX};

    record->verdict = (uint8_t)(next(random) % 11);
    record->message.gap = record->verdict == MUSTER_VERDICT_GAP ? PICK(gaps, next(random)) : 0;
    record->message.jitter_us = next(random) % 3 ? 0 : UINT32_MAX;
    record->message.clock_offset_ms = next(random) % 2 ? INT32_MIN : INT32_MAX;
    record->message.clock_drift_ppb = next(random) % 2 ? 0 : INT32_MIN;
    record->message.clock_drift_error_ppb = next(random) % 2 ? 0 : UINT32_MAX;
}

static void fill_event(struct muster_record *record, uint32_t *random)
{
    static const uint8_t events[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 128, 200, 255};
    static const uint64_t numbers[] = {0, 1, 65535, UINT32_MAX, UINT64_MAX};

    record->event.event = PICK(events, next(random));
    record->event.cause = (uint16_t)(next(random) % 3 ? next(random) % 32 : 0xffff);
    record->event.first = PICK(numbers, next(random));
    record->event.last = PICK(numbers, next(random));
    record->event.opened_ns = next(random) % 2 ? record->arrival_ns : UINT64_MAX;
    record->event.closed_ns = next(random) % 2 ? record->arrival_ns : 0;
}

static void fill_value(struct muster_record *record, uint32_t *random)
{
    static const int64_t integers[] = {0, 1, -1, INT64_MIN, INT64_MAX, 27};
    static const double reals[] = {0, -0.0, 1e308, -1e-308, 26.6, INFINITY, -INFINITY, NAN};
    static const float reals32[] = {0, -0.0f, 3e38f, -1e-38f, 26.6f, INFINITY, -INFINITY, NAN};

    record->value_type = (uint8_t)(next(random) % 9);
    switch (record->value_type) {
    case MUSTER_VALUE_REAL:
        record->value.real = PICK(reals, next(random));
        break;
    case MUSTER_VALUE_REAL32:
        record->value.real = PICK(reals32, next(random));
        break;
    case MUSTER_VALUE_BOOL:
        record->value.natural = next(random) % 2;
        break;
    case MUSTER_VALUE_INT:
    case MUSTER_VALUE_UNSIGNED:
        record->value.integer = PICK(integers, next(random));
        break;
    default:
        record->value.natural = 0;
    }
}

static void fill_identity(struct muster_record *record, uint32_t *random, uint32_t worker,
                          uint32_t workers)
{
    static const uint32_t devices[] = {0, 1, 101, 4711, 30000, MUSTER_DEVICE_IDS - 64};
    uint32_t device = PICK(devices, next(random)) / workers * workers + worker;

    if (next(random) % 8 != 0) {
        record->marks = MUSTER_MARK_DEVICE;
        record->device = device;
        record->device_id = next(random) % 16 ? device : UINT64_MAX - device;
    }
    record->marks |= (uint8_t)(next(random) % 2 ? 0 : MUSTER_MARK_CLOCK_OFFSET);
    record->marks |= (uint8_t)(next(random) % 32 ? 0 : 0x80); /* of a later version */
}

static void fill(struct muster_record *record, uint32_t *random, uint32_t takes)
{
    static const uint64_t numbers[] = {0, 1, 2, 65535, 65536, UINT32_MAX, UINT64_MAX};
    static const uint8_t widths[] = {32, 0, 16, 8, 24, 32, 64, 1};
    static const int64_t times[] = {0, INT64_C(1762534152000000000), INT64_MAX, INT64_MIN, -1};

    do
        record->kind = (uint8_t)(next(random) % (takes == 0 ? KINDS_OF_TODAY + 1 : KINDS_OF_TODAY));
    while (takes != 0 && (takes >> record->kind & 1) == 0);
    record->arrival_ns = next(random) % 16 ? UINT64_C(1762534152000000000) : next(random);
    record->seq = PICK(numbers, next(random));
    record->seq_bits = PICK(widths, next(random));
    if (record->seq_bits < 64)
        record->seq &= (UINT64_C(1) << record->seq_bits) - 1;
    record->device_time_ns = PICK(times, next(random));
    record->msg_type = (uint8_t)(next(random) % 5);
    record->flags = (uint8_t)next(random);
    record->origin = (uint8_t)(next(random) % 8 ? 0 : 77);
    record->listener = (uint8_t)(next(random) % 8 ? 0 : 255);
    record->quality = (uint8_t)(next(random) % 5);
    record->readings = (uint16_t)(next(random) % 8 ? 1 : 65535);
    record->reading = (uint16_t)(record->readings - 1);
    fill_value(record, random);
    if (record->kind == MUSTER_KIND_MESSAGE)
        fill_message(record, random);
    else if (record->kind == MUSTER_KIND_EVENT)
        fill_event(record, random);
    else if (record->kind == MUSTER_KIND_REJECT)
        record->reject.reason =
            (uint8_t)(next(random) % 3 ? next(random) % 5 : 128 + next(random) % 128);
}

static void fill_arrival(struct muster_arrival *arrival, uint32_t n)
{
    memset(arrival, 0, sizeof *arrival);
    arrival->size = sizeof *arrival;
    arrival->datagram_size = 12;
    arrival->source_port = (uint16_t)(n % 2 ? 54122 : 0);
    arrival->family = n % 3 == 0 ? 4 : n % 3 == 1 ? 6 : 0;
    arrival->source[0] = 127;
    arrival->source[3] = 1;
    arrival->has_local = n % 2;
    arrival->source_scope = n % 5;
    arrival->peer.text = n % 4 == 3 ? "pump-4711" : NULL;
}

enum { ARRIVALS = 4 };

static int make_pages(struct generated *batch, uint32_t serial)
{
    size_t bytes = 0;
    uint32_t i;

    for (i = 0; i < batch->count; i++)
        bytes += payload_size_of(serial, i) + TAIL;
    bytes = (bytes + 15) / 16 * 16;
    batch->pages = pages_new(PAGES_RECORDS, batch->count * sizeof *batch->records);
    batch->payloads = pages_new(PAGES_PAYLOADS, bytes);
    batch->arrivals = pages_new(PAGES_ARRIVALS, ARRIVALS * sizeof(struct muster_arrival));
    if (batch->pages == NULL || batch->payloads == NULL || batch->arrivals == NULL)
        return -1;
    batch->records = pages_memory(batch->pages);
    batch->memory = (struct batch_memory){.bytes = pages_memory(batch->payloads),
                                          .size = (uint32_t)bytes,
                                          .arrivals = pages_memory(batch->arrivals),
                                          .arrival_count = ARRIVALS};
    return 0;
}

int generate_batch(struct generated *batch, uint32_t count, uint32_t serial, uint32_t takes,
                   uint32_t worker, uint32_t workers)
{
    struct muster_arrival *arrivals;
    uint32_t random = serial * 2654435761u + 1, i;
    uint8_t *bytes;

    batch->count = count;
    if (make_pages(batch, serial) < 0)
        return -1;
    arrivals = pages_memory(batch->arrivals);
    bytes = pages_memory(batch->payloads);
    bytes += batch->memory.size;
    for (i = 0; i < ARRIVALS; i++)
        fill_arrival(&arrivals[i], i);
    for (i = 0; i < count;
         i++) { /* the payloads from the end on, so that the last one ends there */
        struct muster_record *record = &batch->records[i];
        uint32_t size = payload_size_of(serial, i);

        fill_identity(record, &random, worker, workers);
        fill(record, &random, takes);
        bytes -= size + TAIL;
        write_payload(bytes, size, &random);
        record->payload.bytes = size > 0 ? bytes : NULL;
        record->payload_size = size;
        if (record->kind != MUSTER_KIND_EVENT || next(&random) % 2)
            record->via.arrival = &arrivals[i % ARRIVALS];
    }
    return 0;
}

void generate_read_only(struct generated *batch, bool records_too)
{
    if (records_too)
        pages_read_only(batch->pages);
    pages_read_only(batch->payloads);
    pages_read_only(batch->arrivals);
}

void generate_gone(struct generated *batch, const char *callback)
{
    pages_gone(batch->pages, callback);
    pages_gone(batch->payloads, callback);
    pages_gone(batch->arrivals, callback);
}
