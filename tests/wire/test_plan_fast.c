/* SPDX-License-Identifier: MIT
 *
 * The fast way: which formats have one, and that it ends where the other does.
 */
#include <check.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "plan_fixture.h"
#include "wire/plan_parts.h"

static const struct format_type_word types[] = {
    {0, FORMAT_HEARTBEAT}, {1, FORMAT_DATA}, {2, FORMAT_OTHER}, {3, FORMAT_IGNORE}};
static const uint64_t one[] = {1, 5}, data[] = {FORMAT_DATA};
static const struct format_condition is_data[] = {
    {.at = &fixture_node, .name = "type", .is_type = true, .values = data, .value_count = 1}};
static const struct format_condition version[] = {
    {.at = &fixture_node, .name = "version", .values = one, .value_count = 1}};

/* Both decode the same bytes. */
static void compare(const struct plan *plan, const uint8_t *bytes, size_t size)
{
    struct plan_header fast, any;
    int count;

    memset(&fast, 0x55, sizeof fast);
    memset(&any, 0xaa, sizeof any);
    count = plan_fast_header(plan, &fast, bytes, size);
    ck_assert_int_eq(plan_any_header(plan, &any, bytes, size, NULL, 1), count);
    ck_assert_uint_eq(fast.device.id, any.device.id);
    ck_assert_int_eq(fast.device.is_number, any.device.is_number);
    ck_assert_uint_eq(fast.device.length, any.device.length);
    if (count <= 0)
        return;
    ck_assert_uint_eq(fast.seq, any.seq);
    ck_assert_uint_eq(fast.seq_bits, any.seq_bits);
    ck_assert_int_eq(fast.time_ns, any.time_ns);
    ck_assert_uint_eq(fast.msg_type, any.msg_type);
    ck_assert_uint_eq(fast.flags, any.flags);
    ck_assert_uint_eq(fast.body, any.body);
    ck_assert_uint_eq(fast.readings, any.readings);
    ck_assert_int_eq(fast.has_reading, any.has_reading);
    ck_assert_uint_eq(fast.first, any.first);
    ck_assert_uint_eq(fast.stride, any.stride);
}

/* A header of roles in any order, width and byte order, some of them parts. */
START_TEST(the_same_as_the_other_way)
{
    static const char *const widths[] = {"u8",     "u16", "u24",    "u32", "u16 le",
                                         "u24 le", "u48", "u48 le", "u64", "u64 le"};
    static const char *const names[] = {"device", "type", "sequence", "time", "flags", "version"};
    unsigned made = 0, round;

    for (round = 0; round < 3000; round++) {
        struct format_field header[COUNT_OF(names) + 1], reading[2];
        struct format_part parts[2] = {{&fixture_node, "version", 3}, {&fixture_node, NULL, 5}};
        struct format_body body = {.at = &fixture_node, .when = {is_data, 1}};
        struct format format = {.at = &fixture_node, .name = "f", .message = FORMAT_DATA};
        size_t i, count = 0;
        struct plan *plan;
        uint8_t bytes[96];

        for (i = 0; i < COUNT_OF(names) - 1; i++)
            header[count++] =
                fixture_field(widths[below(i == 3 ? 6 : (uint32_t)COUNT_OF(widths))], names[i]);
        parts[0].bits = (uint8_t)(1 + below(7));
        parts[1].bits = (uint8_t)(8 - parts[0].bits);
        header[count++] = fixture_parts("u8", parts, 2);
        for (i = 0; i < count; i++) { /* in any order */
            size_t other = below((uint32_t)count);
            struct format_field field = header[i];

            header[i] = header[other];
            header[other] = field;
        }
        reading[0] = fixture_field(one_in(2) ? "text" : "i16", "x");
        body.reading = (struct format_fields){reading, below(2)};
        body.readings = reading[0].type == FORMAT_TEXT ? 1 : below(3);
        if (body.reading.count == 0)
            body.readings = 0;
        body.trailing = one_in(2);
        format.header = (struct format_fields){header, count};
        format.expect = (struct format_conditions){version, below(2)};
        format.has_types = true;
        format.types = types;
        format.type_count = COUNT_OF(types);
        format.bodies = &body;
        format.body_count = below(2);
        format.counts_readings = one_in(2);
        format.clock = (struct format_clock){.unit_ns = one_in(2) ? 1000000000 : 1000000,
                                             .epoch_s = one_in(2) ? -2208988800 : 0};
        plan = fixture_plan(&format);
        made += plan->fast.is_on;
        for (i = 0; i < 40 && plan->fast.is_on; i++) {
            size_t size = plan->least + below(8), j;

            for (j = 0; j < sizeof bytes; j++)
                bytes[j] = one_in(3) ? (uint8_t)random_u32() : (uint8_t)below(2);
            if (one_in(8))
                size -= 1 + below(plan->least);
            compare(plan, bytes, size);
        }
        plan_free(plan);
    }
    ck_assert_uint_eq(made, 3000);
}
END_TEST

/* What needs more takes the other way. */
START_TEST(which_have_one)
{
    struct format_field header[] = {fixture_field("u32", "device"), fixture_field("u32", "time"),
                                    fixture_field("u8", "version"), fixture_field("u8", "check")};
    struct format format = {.at = &fixture_node,
                            .name = "f",
                            .message = FORMAT_DATA,
                            .header = {header, 4},
                            .clock = {.unit_ns = 1000000000}};
    struct format_condition several = version[0];
    struct plan *plan;
    int i;

    for (i = 0; i < 9; i++) {
        struct format other = format;
        struct format_field trailer = fixture_field("u8", "end"), *first = &header[0];

        *first = fixture_field(i == 1 ? "i32" : i == 2 ? "hex:4" : "u32", "device");
        header[1] = fixture_field(i == 3 ? "u64" : "u32", "time");
        if (i == 4)
            other.clock.wraps = true;
        if (i == 5)
            other.checksum = (struct format_checksum){.at = &fixture_node, .is = FORMAT_SUM8};
        if (i == 6)
            other.trailer = (struct format_fields){&trailer, 1};
        if (i == 7) {
            several.value_count = 2;
            other.expect = (struct format_conditions){&several, 1};
        }
        if (i == 8)
            other.header.count = 1; /* a datagram of four bytes */
        plan = fixture_plan(&other);
        ck_assert_msg(plan->fast.is_on == (i == 0), "%d", i);
        plan_free(plan);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plan fast");
    TCase *tests = tcase_create("plan fast");

    tcase_add_test(tests, the_same_as_the_other_way);
    tcase_add_test(tests, which_have_one);
    suite_add_tcase(suite, tests);
    return suite;
}
