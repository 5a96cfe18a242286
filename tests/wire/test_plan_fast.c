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

enum { ROLES = 5, FIELDS = ROLES + 1 };

/* What a description is made of. */
struct made {
    struct format format;
    struct format_field header[FIELDS], reading;
    struct format_part parts[2];
    struct format_body body;
};

/* Roles in any order, width and byte order, one of them a part. */
static void make_header(struct made *made)
{
    static const char *const widths[] = {"u8",     "u16", "u24",    "u32", "u16 le",
                                         "u24 le", "u48", "u48 le", "u64", "u64 le"};
    static const char *const names[ROLES] = {"device", "type", "sequence", "time", "flags"};
    const uint8_t bits = (uint8_t)(1 + below(7));
    uint32_t i;

    for (i = 0; i < ROLES; i++)
        made->header[i] = fixture_field(widths[below(i == 3 ? 6 : 10)], names[i]);
    made->parts[0] = (struct format_part){&fixture_node, "version", bits};
    made->parts[1] = (struct format_part){&fixture_node, NULL, (uint8_t)(8 - bits)};
    made->header[i] = fixture_parts("u8", made->parts, 2);
    for (i = 0; i < FIELDS; i++) {
        uint32_t other = below(FIELDS);
        struct format_field field = made->header[i];

        made->header[i] = made->header[other];
        made->header[other] = field;
    }
}

static struct plan *make(struct made *made)
{
    make_header(made);
    made->reading = fixture_field(one_in(2) ? "text" : "i16", "x");
    made->body = (struct format_body){.at = &fixture_node,
                                      .when = {is_data, 1},
                                      .reading = {&made->reading, below(2)},
                                      .trailing = one_in(2)};
    if (made->body.reading.count > 0)
        made->body.readings = made->reading.type == FORMAT_TEXT ? 1 : below(3);
    made->format = (struct format){
        .at = &fixture_node,
        .name = "f",
        .header = {made->header, FIELDS},
        .expect = {version, below(2)},
        .has_types = true,
        .types = types,
        .type_count = COUNT_OF(types),
        .bodies = &made->body,
        .body_count = below(2),
        .counts_readings = one_in(2),
        .clock = {.unit_ns = one_in(2) ? 1000000000 : 1000000,
                  .epoch_s = one_in(2) ? -2208988800 : 0},
    };
    return fixture_plan(&made->format);
}

START_TEST(the_same_as_the_other_way)
{
    struct made made;
    uint8_t bytes[96];
    unsigned round, i, j;

    for (round = 0; round < 3000; round++) {
        struct plan *plan = make(&made);

        ck_assert(plan->fast.is_on == (plan->least >= 8));
        for (i = 0; i < 40 && plan->fast.is_on; i++) {
            size_t size = plan->least + below(8);

            for (j = 0; j < sizeof bytes; j++)
                bytes[j] = one_in(3) ? (uint8_t)random_u32() : (uint8_t)below(2);
            if (one_in(8))
                size -= 1 + below(plan->least);
            compare(plan, bytes, size);
        }
        plan_free(plan);
    }
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
