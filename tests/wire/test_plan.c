/* SPDX-License-Identifier: MIT
 *
 * Datagrams of declared formats.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "plan_fixture.h"
#include "wire/datagram.h"

static const struct format_type_word types[] = {{0, FORMAT_HEARTBEAT}, {1, FORMAT_DATA},
                                                {2, FORMAT_INIT},      {3, FORMAT_IGNORE},
                                                {4, FORMAT_OTHER},     {300, FORMAT_DATA}};
static const uint64_t one[] = {1}, data[] = {FORMAT_DATA};
static const struct format_condition is_data[] = {
    {.at = &fixture_node, .name = "type", .is_type = true, .values = data, .value_count = 1}};

/* Device, number, type, then what the body says. */
static struct format a_format(const struct format_field *header, size_t count)
{
    return (struct format){
        .at = &fixture_node,
        .name = "f",
        .header = {header, count},
        .has_types = true,
        .types = types,
        .type_count = COUNT_OF(types) - 1, /* the last is for wider ones */
        .message = FORMAT_DATA,
    };
}

static void expect(const struct plan *plan, const char *hex, const char *wanted)
{
    ck_assert_str_eq(fixture_said(plan, hex), wanted);
}

START_TEST(readings_to_the_end_or_as_counted)
{
    const struct format_field header[] = {fixture_field("u16", "device"),
                                          fixture_field("u16", "sequence"),
                                          fixture_field("u8", "type")};
    const struct format_field count[] = {fixture_field("u8", "count")};
    const struct format_field reading[] = {fixture_field("i16", "x"), fixture_field("u8", "y")};
    struct format_body body = {
        .at = &fixture_node, .when = {is_data, 1}, .reading = {reading, COUNT_OF(reading)}};
    struct format format = a_format(header, COUNT_OF(header));
    struct plan *plan;

    format.bodies = &body;
    format.body_count = 1;
    plan = fixture_plan(&format);
    expect(plan, "0007 0001 01 fffe 05", "data 7 seq 1/16: x=-2 y=5");
    expect(plan, "0007 0001 01 fffe 05 0003 06", "data 7 seq 1/16: x=-2 y=5 shared | x=3 y=6");
    expect(plan, "0007 0001 01", "data 7 seq 1/16:");
    expect(plan, "0007 0001 01 fffe", "bad_length");
    expect(plan, "0007 0001 01 fffe 05 00", "bad_length");
    expect(plan, "0007 0001 00", "heartbeat 7 seq 1/16:");
    expect(plan, "0007 0001 00 ff", "heartbeat 7 seq 1/16:");
    expect(plan, "0007 0001 02", "init 7 seq 1/16:");
    expect(plan, "0007 0001 03 ff", "ignored");
    expect(plan, "0007 0001 04 ff", "data 7 seq 1/16:");
    expect(plan, "0007 0001 05", "unknown_type");
    expect(plan, "0007 0001", "too_short");
    expect(plan, "", "too_short");
    plan_free(plan);

    format.counts_readings = true;
    plan = fixture_plan(&format);
    expect(plan, "0007 ffff 01 fffe 05 0003 06", "data 7 seq 65535/16: x=-2 y=5 | seq 0 x=3 y=6");
    expect(plan, "0007 0001 00", "heartbeat 7:");
    plan_free(plan);

    format.counts_readings = false;
    body.header = (struct format_fields){count, 1};
    plan = fixture_plan(&format);
    expect(plan, "0007 0001 01 02 fffe 05 0003 06", "data 7 seq 1/16: x=-2 y=5 shared | x=3 y=6");
    expect(plan, "0007 0001 01 01 fffe 05 0003 06", "bad_length");
    expect(plan, "0007 0001 01 03 fffe 05 0003 06", "bad_length");
    expect(plan, "0007 0001 01 00", "data 7 seq 1/16:");
    expect(plan, "0007 0001 01", "bad_length");
    body.trailing = true;
    plan_free(plan);
    plan = fixture_plan(&format);
    expect(plan, "0007 0001 01 01 fffe 05 0003 06", "data 7 seq 1/16: x=-2 y=5");
    plan_free(plan);
}
END_TEST

START_TEST(parts_and_conditions)
{
    const struct format_part parts[] = {{&fixture_node, "version", 4}, {&fixture_node, "type", 4}};
    const struct format_part bits[] = {
        {&fixture_node, NULL, 6}, {&fixture_node, "ack", 1}, {&fixture_node, "batch", 1}};
    const struct format_field header[] = {fixture_parts("u8", parts, 2),
                                          fixture_field("u24", "device"),
                                          fixture_parts("u8", bits, 3)};
    const struct format_field single[] = {fixture_field("f32", "x")};
    const struct format_field batch[] = {fixture_field("f64 le", "x")};
    const struct format_condition version[] = {
        {.at = &fixture_node, .name = "version", .values = one, .value_count = 1}};
    const struct format_condition is_batch[] = {
        is_data[0], {.at = &fixture_node, .name = "batch", .values = one, .value_count = 1}};
    const struct format_body bodies[] = {
        {.at = &fixture_node, .when = {is_batch, 2}, .reading = {batch, 1}},
        {.at = &fixture_node, .when = {is_data, 1}, .reading = {single, 1}, .readings = 1},
    };
    struct format format = a_format(header, COUNT_OF(header));
    struct plan *plan;

    format.expect = (struct format_conditions){version, 1};
    format.bodies = bodies;
    format.body_count = 2;
    plan = fixture_plan(&format);
    expect(plan, "11 0186a0 00 41ac0000", "data 100000: version=1 ack=0 batch=0 x=21.5");
    expect(plan, "11 0186a0 02 41a9999a", "data 100000: version=1 ack=1 batch=0 x=21.2");
    expect(plan, "11 0186a0 01 9a99999999993540 0000000000000440",
           "data 100000: version=1 ack=0 batch=1 x=21.6 | version=1 ack=0 batch=1 x=2.5");
    expect(plan, "11 0186a0 fc 41ac0000 41ac0000", "bad_length");
    expect(plan, "21 0186a0 00 41ac0000", "no_format");
    expect(plan, "15 0186a0 00", "unknown_type");
    plan_free(plan);
}
END_TEST

/* What the contract says of a rejected datagram's device. */
START_TEST(a_rejected_datagram_has_a_device_where_it_could_be_read)
{
    const struct format_field header[] = {
        fixture_field("u16", "device"), fixture_field("u16", "type"), fixture_field("u8", "check")};
    const struct format_body nothing = {.at = &fixture_node};
    struct format format = a_format(header, COUNT_OF(header));
    struct plan_header out;
    struct plan *plan;

    format.checksum = (struct format_checksum){.at = &fixture_node, .is = FORMAT_SUM8};
    format.type_count = COUNT_OF(types);
    format.bodies = &nothing;
    format.body_count = 1;
    plan = fixture_plan(&format);
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\0\7\0\1\10", 5, NULL, 0), 1);
    ck_assert_uint_eq(out.device.id, 7);
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\0\7\1\54\64", 5, NULL, 0), 1);
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\0\7\0\5\14", 5, NULL, 0),
                     -1 - MUSTER_REJECT_UNKNOWN_TYPE);
    ck_assert_uint_eq(out.device.id, 7);
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\0\7\0\1\10x", 6, NULL, 0),
                     -1 - MUSTER_REJECT_BAD_LENGTH);
    ck_assert_uint_eq(out.device.id, 7);
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\0\7\0\1\11", 5, NULL, 0),
                     -1 - MUSTER_REJECT_BAD_CHECK);
    ck_assert_uint_eq(out.device.id, 0);
    ck_assert(!out.device.is_number);
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\0\7\0\1", 4, NULL, 0),
                     -1 - MUSTER_REJECT_TOO_SHORT);
    ck_assert_uint_eq(out.device.id, 0);
    plan_free(plan);
}
END_TEST

START_TEST(fields_of_varying_length)
{
    const struct format_field header[] = {
        fixture_field("text:u8", "device"), fixture_field("u8", "type"),
        fixture_field("hex:u16 le", "tag"), fixture_field("u16 le", "sequence")};
    const struct format_field reading[] = {fixture_field("text:u8", "name"),
                                           fixture_field("i16", "x")};
    const struct format_field trailer[] = {fixture_field("u8", "end")};
    struct format_body body = {.at = &fixture_node, .when = {is_data, 1}, .reading = {reading, 2}};
    struct format format = a_format(header, COUNT_OF(header));
    struct plan *plan;

    format.trailer = (struct format_fields){trailer, 1};
    format.bodies = &body;
    format.body_count = 1;
    plan = fixture_plan(&format);
    expect(plan, "02 6162 01 0100 ff 0500 01 78 0001 00 fffe 09",
           "data ab seq 5/16: tag=ff name=\"x\" x=1 end=9 shared | tag=ff name=\"\" x=-2 end=9");
    expect(plan, "02 6162 00 0000 0500 09", "heartbeat ab seq 5/16: tag= end=9");
    expect(plan, "02 6162 01 0100 ff 0500 05 78 0001 09", "bad_length");
    expect(plan, "ff 6162 01 0100 ff 0500", "too_short");
    expect(plan, "02 6162 01 ffff ff 0500 01 09", "too_short");
    expect(plan, "00 01 0100 ff 0500 01 78 0001 09", "bad_length"); /* nobody */
    plan_free(plan);
}
END_TEST

START_TEST(the_rest_may_be_empty)
{
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field("u8", "type")};
    const struct format_field reading[] = {fixture_field("text", "value")};
    struct format_body body = {
        .at = &fixture_node, .when = {is_data, 1}, .reading = {reading, 1}, .readings = 1};
    struct format format = a_format(header, COUNT_OF(header));
    struct muster_record record;
    struct plan_header out;
    struct plan *plan;

    format.bodies = &body;
    format.body_count = 1;
    plan = fixture_plan(&format);
    expect(plan, "07 01 616263", "data 7: value=\"abc\"");
    expect(plan, "07 01", "data 7:");
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"\7\1abc", 5, NULL, 0), 1);
    plan_record(plan, &record, &out, (const uint8_t *)"\7\1abc", 5, 0);
    ck_assert_uint_eq(record.value_type, MUSTER_VALUE_TEXT);
    ck_assert_uint_eq(record.payload_at, 2);
    ck_assert_uint_eq(record.payload_size, 3);
    plan_free(plan);
}
END_TEST

START_TEST(numbers_as_text)
{
    const struct format_field header[] = {fixture_field("number ;", "device"),
                                          fixture_field("number ;", "sequence"),
                                          fixture_field("number ;", "time")};
    const struct format_field reading[] = {fixture_field("number ,", "x"),
                                           fixture_field("number ;", "y")};
    struct format_body body = {.at = &fixture_node, .reading = {reading, 2}};
    struct format format = a_format(header, COUNT_OF(header));
    struct plan *plan;

    format.has_types = false;
    format.bodies = &body;
    format.body_count = 1;
    plan = fixture_plan(&format);
    /* 7;5;1.25;21.2,-3;4,5 */
    expect(plan, "37 3b 35 3b 312e3235 3b 32312e32 2c 2d33 3b 34 2c 35",
           "data 7 seq 5/64 time 1250000000: x=21.2 y=-3 shared | x=4 y=5");
    expect(plan, "30 37 3b 35 3b 31 3b 78 2c 3b", "data 07 seq 5/64 time 1000000000:");
    expect(plan, "37 3b 35 3b 31 3b", "data 7 seq 5/64 time 1000000000:");
    expect(plan, "37 3b 78 3b 31 3b", "no_format");
    expect(plan, "37 3b 35 3b 78 3b", "no_format");
    expect(plan, "37 3b", "no_format");
    plan_free(plan);
}
END_TEST

/* A count that a datagram cannot have is no work: readings have a byte at least. */
START_TEST(readings_of_no_bytes_are_none)
{
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field("u16", "count")};
    const struct format_field reading[] = {fixture_field("number ;", "x")};
    struct format_body body = {.at = &fixture_node, .reading = {reading, 1}};
    struct format format = a_format(header, COUNT_OF(header));
    struct plan *plan;

    format.has_types = false;
    format.bodies = &body;
    format.body_count = 1;
    plan = fixture_plan(&format);
    expect(plan, "07 0002 3b 31", "data 7: | x=1");
    expect(plan, "07 ffff 3b 31", "bad_length");
    expect(plan, "07 ffff", "bad_length");
    plan_free(plan);
}
END_TEST

/* Each record says where its reading is, in whatever order they are asked for. */
START_TEST(records_in_any_order)
{
    const struct format_field header[] = {fixture_field("u8", "device")};
    const struct format_field reading[] = {fixture_field("text:u8", "x")};
    struct format_body body = {.at = &fixture_node, .reading = {reading, 1}};
    struct format format = a_format(header, COUNT_OF(header));
    static const uint8_t bytes[] = "\7\1a\2bc\0\3def";
    static const unsigned at[] = {1, 3, 6, 7}, order[] = {0, 3, 1, 1, 2, 3, 0};
    struct muster_record record;
    struct plan_header out;
    struct plan *plan;
    size_t i;

    format.has_types = false;
    format.bodies = &body;
    format.body_count = 1;
    plan = fixture_plan(&format);
    ck_assert_int_eq(plan_header(plan, &out, bytes, sizeof bytes - 1, NULL, 0), 4);
    for (i = 0; i < COUNT_OF(order); i++) {
        plan_record(plan, &record, &out, bytes, sizeof bytes - 1, order[i]);
        ck_assert_uint_eq(record.payload_at, at[order[i]]);
        ck_assert_uint_eq(record.value_type, MUSTER_VALUE_NONE); /* it is not the whole reading */
    }
    plan_free(plan);
}
END_TEST

START_TEST(where_the_device_is)
{
    static const struct {
        const char *front, *device;
        uint32_t offset, width;
        bool is_number;
    } cases[] = {
        {"u8", "u16", 1, 2, true},       {"u32", "u8", 4, 1, true},
        {"u8", "u32", 1, 4, false},      {"u8", "u16 le", 1, 1, false},
        {"u8", "u24", 2, 2, false},      {"u8", "u64", 5, 4, false},
        {"u8", "u64 le", 1, 1, false},   {"u8", "i16", 1, 2, false},
        {"text:u8", "u16", 0, 0, false}, {"u8", "hex:2", 0, 0, false},
        {"u8", "hex:6", 3, 4, false},    {"u8", "bcd:8", 4, 4, false},
        {"u8", "text:8", 0, 0, false},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(cases); i++) {
        const struct format_field header[] = {fixture_field(cases[i].front, "front"),
                                              fixture_field(cases[i].device, "device")};
        struct format format = a_format(header, 2);
        struct wire_place place;
        struct plan *plan;

        format.has_types = false;
        plan = fixture_plan(&format);
        place = plan_device_place(plan);
        ck_assert_uint_eq(place.offset, cases[i].offset);
        ck_assert_uint_eq(place.width, cases[i].width);
        ck_assert(place.is_number == cases[i].is_number);
        ck_assert(plan_device_has_key(plan) ==
                  (strcmp(cases[i].device, "u8") != 0 && strncmp(cases[i].device, "u16", 3) != 0));
        ck_assert_str_eq(plan_name(plan), "f");
        plan_free(plan);
    }
    plan_free(NULL);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        readings_to_the_end_or_as_counted,
        parts_and_conditions,
        a_rejected_datagram_has_a_device_where_it_could_be_read,
        fields_of_varying_length,
        the_rest_may_be_empty,
        numbers_as_text,
        readings_of_no_bytes_are_none,
        records_in_any_order,
        where_the_device_is,
    };

    Suite *suite = suite_create("plan");
    TCase *cases = tcase_create("plan");
    size_t i;

    for (i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}
