/* SPDX-License-Identifier: MIT
 *
 * The datagram format against its vectors, tests/vectors/wire.yaml, and there and back again.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "common/wire_class.h"
#include "common/yaml.h"
#include "wire/datagram.h"

#define LARGEST_CASE 70000 /* bytes of a datagram in the vectors */
#define UNTOUCHED    0xa5  /* what fills memory that a function must write, or must leave alone */

static struct vectors vectors;
static const yaml_node_t *cases;

/* One case, read. */
struct wire_case {
    const yaml_node_t *node;
    const char *name;
    struct wire_class class;
    size_t largest;
    size_t size;       /* on the wire */
    uint8_t *datagram; /* the first `largest` bytes of it, in memory of that size */
};

static int64_t integer(const yaml_node_t *mapping, const char *key)
{
    return vectors_integer(&vectors, vectors_need(&vectors, mapping, key));
}

static const char *text(const yaml_node_t *mapping, const char *key)
{
    return vectors_text(&vectors, vectors_need(&vectors, mapping, key));
}

/* The datagram has memory of exactly its size, so that a sanitizer sees a byte read past its end.
 */
static struct wire_case read_case(size_t index)
{
    static uint8_t whole[LARGEST_CASE];
    struct wire_case this = {.node = vectors_item(&vectors, cases, index)};
    const yaml_node_t *repeat = vectors_get(&vectors, this.node, "repeat");
    size_t kept;

    this.name = text(this.node, "name");
    this.class = vectors_class(&vectors, vectors_need(&vectors, this.node, "class"));
    this.largest = (size_t)integer(this.node, "largest");
    this.size =
        vectors_bytes(&vectors, vectors_need(&vectors, this.node, "datagram"), whole, sizeof whole);
    if (repeat) {
        int64_t times = integer(repeat, "times");

        for (; times > 0; times--)
            this.size += vectors_bytes(&vectors, vectors_need(&vectors, repeat, "bytes"),
                                       whole + this.size, sizeof whole - this.size);
    }
    kept = this.size < this.largest ? this.size : this.largest;
    this.datagram = malloc(kept > 0 ? kept : 1);
    ck_assert_ptr_nonnull(this.datagram);
    memcpy(this.datagram, whole, kept);
    return this;
}

static int judge(const struct wire_case *this, struct muster_header *header)
{
    int count = wire_header(header, this->datagram, this->size, this->largest);

    return count != 0 ? count
                      : wire_payload_check(&this->class, header, this->size - MUSTER_HEADER_SIZE);
}

static void check_reject(const struct wire_case *this, int count, const char *reason,
                         const struct muster_header *header)
{
    struct muster_header untouched;

    ck_assert_msg(count < 0, "%s: accepted, %d records; expected %s", this->name, count, reason);
    ck_assert_msg(strcmp(wire_reject_name(wire_reason(count)), reason) == 0,
                  "%s: rejected as %s; expected %s", this->name,
                  wire_reject_name(wire_reason(count)), reason);
    memset(&untouched, UNTOUCHED, sizeof untouched);
    if (this->size < MUSTER_HEADER_SIZE)
        ck_assert_mem_eq(header, &untouched, sizeof untouched);
    else
        ck_assert_uint_eq(header->device_id, muster_get_u16(this->datagram));
}

static void check_payload(const struct wire_case *this, const yaml_node_t *expected,
                          const struct muster_record *record)
{
    static uint8_t payload[LARGEST_CASE];
    const yaml_node_t *bytes = vectors_get(&vectors, expected, "payload");
    size_t at = MUSTER_HEADER_SIZE;
    size_t size = 0;

    if (bytes) {
        size = vectors_bytes(&vectors, bytes, payload, sizeof payload);
        ck_assert_uint_eq(record->payload_size, size);
    } else {
        ck_assert_int_eq(record->payload_size, integer(expected, "payload_size"));
    }
    if (record->payload_size == 0) {
        ck_assert_ptr_null(record->payload.bytes);
        return;
    }
    if (record->value_type == MUSTER_VALUE_INT)
        at += (size_t)record->reading * MUSTER_READING_SIZE;
    ck_assert_ptr_eq(record->payload.bytes, this->datagram + at);
    ck_assert_mem_eq(record->payload.bytes, payload, size);
}

static void check_record(const struct wire_case *this, const yaml_node_t *expected,
                         const struct muster_record *record)
{
    static const char *const value_types[] = {"none", "text", "int", "real"};
    struct muster_record rest = *record;

    ck_assert_int_eq(record->reading, integer(expected, "reading"));
    ck_assert_int_eq(record->readings, integer(expected, "readings"));
    ck_assert_uint_eq(record->seq, (uint64_t)integer(expected, "seq"));
    ck_assert_int_eq(record->device_time_ns, integer(expected, "device_time_ns"));
    ck_assert_uint_eq(record->device_id, (uint64_t)integer(expected, "device_id"));
    ck_assert_uint_eq(record->device, record->device_id);
    ck_assert_uint_eq(record->marks, MUSTER_MARK_DEVICE);
    ck_assert_int_eq(record->msg_type, integer(expected, "msg_type"));
    ck_assert_int_eq(record->flags, integer(expected, "flags"));
    ck_assert_int_eq(record->seq_bits, integer(expected, "seq_bits"));
    ck_assert_int_eq(record->kind, MUSTER_KIND_MESSAGE);
    ck_assert_uint_le(record->value_type, MUSTER_VALUE_REAL);
    ck_assert_str_eq(value_types[record->value_type], text(expected, "value_type"));
    if (record->value_type == MUSTER_VALUE_INT)
        ck_assert_int_eq(record->value.integer, integer(expected, "value"));
    check_payload(this, expected, record);

    /* Without what was just compared, nothing but zeroes is left. */
    rest.reading = rest.readings = rest.marks = 0;
    rest.device = rest.payload_size = 0;
    rest.device_id = rest.seq = 0;
    rest.device_time_ns = 0;
    rest.msg_type = rest.flags = rest.seq_bits = rest.kind = rest.value_type = 0;
    rest.payload.pad = 0;
    if (record->value_type == MUSTER_VALUE_INT)
        rest.value.integer = 0;
    ck_assert_mem_eq(&rest, &(struct muster_record){0}, sizeof rest);
}

START_TEST(vector)
{
    struct wire_case this = read_case((size_t)_i);
    const yaml_node_t *reason = vectors_get(&vectors, this.node, "reject");
    const yaml_node_t *list;
    struct muster_header header;
    int count;
    size_t i;

    memset(&header, UNTOUCHED, sizeof header);
    count = judge(&this, &header);
    if (reason) {
        check_reject(&this, count, vectors_text(&vectors, reason), &header);
        free(this.datagram);
        return;
    }
    ck_assert_msg(count == integer(this.node, "records"), "%s: result %d", this.name, count);
    list = vectors_need(&vectors, this.node, "expect");
    ck_assert_uint_gt(vectors_length(&vectors, list), 0);
    for (i = 0; i < vectors_length(&vectors, list); i++) {
        const yaml_node_t *expected = vectors_item(&vectors, list, i);
        struct muster_record record;

        memset(&record, UNTOUCHED, sizeof record);
        wire_record(&record, &header, &this.class, this.datagram + MUSTER_HEADER_SIZE,
                    this.size - MUSTER_HEADER_SIZE, (uint32_t)integer(expected, "reading"),
                    (uint32_t)count);
        check_record(&this, expected, &record);
    }
    free(this.datagram);
}
END_TEST

/* What is accepted can be encoded again from its records, and is the same datagram. */
START_TEST(vector_encoded_again)
{
    struct wire_case this = read_case((size_t)_i);
    static uint8_t again[LARGEST_CASE];
    static uint16_t readings[LARGEST_CASE / 2];
    struct muster_record record = {0}, first, further;
    struct muster_header header;
    int count = judge(&this, &header);
    size_t size;
    int i;

    for (i = 0; i < count; i++) {
        wire_record(&record, &header, &this.class, this.datagram + MUSTER_HEADER_SIZE,
                    this.size - MUSTER_HEADER_SIZE, (uint32_t)i, (uint32_t)count);
        readings[i] = (uint16_t)record.value.integer;
        ck_assert_uint_eq(record.seq, header.seq_num + (uint32_t)i);
        if (i == 0) {
            first = record;
            continue;
        }
        wire_reading(&further, &first, (uint32_t)i);
        ck_assert_mem_eq(&further, &record, sizeof record);
    }
    if (count > 0) {
        if (record.value_type == MUSTER_VALUE_INT)
            size = muster_u16_encode(again, sizeof again, &header, readings, (size_t)count);
        else
            size = muster_text_encode(again, sizeof again, &header,
                                      (const char *)record.payload.bytes, record.payload_size);
        ck_assert_uint_eq(size, this.size);
        ck_assert_mem_eq(again, this.datagram, size);
    }
    free(this.datagram);
}
END_TEST

START_TEST(vector_names_are_unique)
{
    size_t i, j;

    for (i = 0; i < vectors_length(&vectors, cases); i++) {
        const char *name = text(vectors_item(&vectors, cases, i), "name");

        for (j = 0; j < i; j++)
            ck_assert_str_ne(name, text(vectors_item(&vectors, cases, j), "name"));
    }
}
END_TEST

/* Every value of each header byte survives, whatever its place. */
START_TEST(header_there_and_back)
{
    uint8_t in[MUSTER_HEADER_SIZE], out[MUSTER_HEADER_SIZE];
    struct muster_header header;
    unsigned place, value;

    for (place = 0; place < sizeof in; place++) {
        for (value = 0; value < 256; value++) {
            memset(in, 0x5a, sizeof in);
            in[place] = (uint8_t)value;
            ck_assert_int_eq(muster_header_decode(&header, in, sizeof in), 0);
            muster_header_encode(out, &header);
            ck_assert_mem_eq(in, out, sizeof in);
        }
    }
}
END_TEST

START_TEST(encoders_write_nothing_without_room)
{
    const struct muster_header header = {.device_id = 1, .msg_type = MUSTER_MSG_DATA};
    const uint16_t readings[2] = {1, 2};
    uint8_t out[16];
    uint8_t untouched[16];
    size_t room;

    memset(out, UNTOUCHED, sizeof out);
    memset(untouched, UNTOUCHED, sizeof untouched);
    for (room = 0; room < sizeof out; room++) {
        ck_assert_uint_eq(muster_text_encode(out, room, &header, "26.6", 4), 0);
        ck_assert_uint_eq(muster_u16_encode(out, room, &header, readings, 2), 0);
    }
    ck_assert_mem_eq(out, untouched, sizeof out);
    ck_assert_uint_eq(muster_text_encode(out, room, &header, "26.6", 4), 16);
    ck_assert_uint_eq(muster_u16_encode(out, room, &header, readings, 2), 16);
    ck_assert_uint_eq(muster_text_encode(out, 12, &header, NULL, 0), 12);
    ck_assert_uint_eq(muster_u16_encode(out, sizeof out, &header, readings, SIZE_MAX / 2 + 1), 0);
}
END_TEST

START_TEST(reasons_have_names)
{
    unsigned i, j;

    for (i = 0; i < MUSTER_REJECT_REASONS; i++) {
        ck_assert_ptr_nonnull(wire_reject_name(i));
        for (j = 0; j < i; j++)
            ck_assert_str_ne(wire_reject_name(i), wire_reject_name(j));
    }
    ck_assert_str_eq(wire_reject_name(MUSTER_REJECT_REASONS), "unknown_reason");
}
END_TEST

START_TEST(sequence_arithmetic_wraps)
{
    ck_assert_uint_eq(muster_seq_ahead(1, 0), 1);
    ck_assert_uint_eq(muster_seq_ahead(0, UINT32_MAX), 1);
    ck_assert_uint_eq(muster_seq_ahead(5, UINT32_MAX - 4), 10);
    ck_assert_uint_eq(muster_seq_ahead(UINT32_MAX, 0), UINT32_MAX);
    ck_assert_uint_eq(muster_seq_ahead(7, 7), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("wire");
    TCase *tests = tcase_create("wire");
    int count;

    vectors_open(&vectors, "tests/vectors/wire.yaml");
    cases = vectors_need(&vectors, NULL, "cases");
    count = (int)vectors_length(&vectors, cases);
    if (count == 0)
        exit(EXIT_FAILURE);

    tcase_add_loop_test(tests, vector, 0, count);
    tcase_add_loop_test(tests, vector_encoded_again, 0, count);
    tcase_add_test(tests, vector_names_are_unique);
    tcase_add_test(tests, header_there_and_back);
    tcase_add_test(tests, encoders_write_nothing_without_room);
    tcase_add_test(tests, reasons_have_names);
    tcase_add_test(tests, sequence_arithmetic_wraps);
    suite_add_tcase(suite, tests);
    return suite;
}
