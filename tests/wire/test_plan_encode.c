/* SPDX-License-Identifier: MIT
 *
 * What is encoded is read back: of the formats that come with Muster, of some by hand, and of any.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/problems.h"
#include "collector/config/format_files.h"
#include "common/runner.h"
#include "encode_law.h"
#include "fuzz/made_format.h"
#include "plan_fixture.h"
#include "wire/plan_encode.h"

#define NOW_NS INT64_C(1766000000000000000)

/* ---- By hand -------------------------------------------------------------------------- */

/* The datagram in digits. */
static const char *encoded(const struct plan_encoder *encoder, const struct plan_message *message)
{
    static char text[4096];
    uint8_t bytes[2000];
    size_t size = plan_encode(encoder, message, bytes, sizeof bytes), i;

    text[0] = '\0';
    for (i = 0; i < size; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
    return text;
}

static struct plan_encoder *encoder_of(const struct plan *plan, uint32_t readings)
{
    struct plan_encoder *encoder = plan_encoder_new(plan, readings, false);

    ck_assert_ptr_nonnull(encoder);
    return encoder;
}

static const uint64_t one[] = {1}, zero[] = {0}, seven[] = {7, 8};

START_TEST(each_part_is_in_its_place)
{
    static const struct format_part parts[] = {{&fixture_node, "version", 4},
                                               {&fixture_node, "type", 4}};
    const struct format_field header[] = {
        fixture_parts("u8", parts, 2), fixture_field("u16 le", "device"),
        fixture_field("u24", "sequence"), fixture_field("u32", "time"),
        fixture_field("u8", "flags")};
    const struct format_field front[] = {fixture_field("u8", "count"),
                                         fixture_field("u16", "length")};
    const struct format_field reading[] = {fixture_field("u8", "a")};
    const struct format_field trailer[] = {fixture_field("u8", "check")};
    const uint64_t data = FORMAT_DATA;
    const struct format_condition is_data = {
        .at = &fixture_node, .name = "type", .is_type = true, .values = &data, .value_count = 1};
    const struct format_condition version = {
        .at = &fixture_node, .name = "version", .values = seven, .value_count = 2};
    const struct format_body bodies[] = {
        {.at = &fixture_node, .when = {&is_data, 1}, .header = {front, 2}, .reading = {reading, 1}},
        {.at = &fixture_node}};
    const struct format_type_word types[] = {{3, FORMAT_INIT}, {5, FORMAT_DATA}};
    const struct format_value value = fixture_value("a", 10, 1);
    const struct format format = {.at = &fixture_node,
                                  .name = "f",
                                  .header = {header, 5},
                                  .trailer = {trailer, 1},
                                  .expect = {&version, 1},
                                  .has_types = true,
                                  .types = types,
                                  .type_count = 2,
                                  .clock = {.unit_ns = 1000000000},
                                  .checksum = {.is = FORMAT_SUM8},
                                  .bodies = bodies,
                                  .body_count = 2,
                                  .values = &value,
                                  .value_count = 1};
    struct plan *plan = fixture_plan(&format);
    struct plan_encoder *encoder = encoder_of(plan, 2);
    struct plan_message message = {.device = 0x0102,
                                   .seq = 0x1abcdef,
                                   .time_ns = NOW_NS,
                                   .flags = 0x81,
                                   .type = MUSTER_MSG_INIT};

    ck_assert_str_eq(encoded(encoder, &message), "730201abcdef69430580818f");
    message.type = MUSTER_MSG_DATA;
    ck_assert_int_eq(strncmp(encoded(encoder, &message), "750201abcdef6943058081020005", 28), 0);
    ck_assert_uint_eq(strlen(encoded(encoder, &message)), 2 * 17);
    ck_assert_str_eq(plan_encoder_why(encoder, MUSTER_MSG_HEARTBEAT),
                     "none of its types is heartbeat");
    ck_assert_uint_eq(plan_encoder_bits(encoder), 24);
    ck_assert_uint_eq(plan_encoder_devices(encoder), 65536);
    ck_assert_uint_eq(plan_encoder_records(encoder, MUSTER_MSG_DATA), 2);
    ck_assert_uint_eq(plan_encoder_numbers(encoder, MUSTER_MSG_DATA), 1);
    plan_encoder_free(encoder);
    plan_free(plan);
}
END_TEST

/* A body in front is ruled out, a device of two fields counts from the last, and times are those of
 * the format. */
START_TEST(bodies_keys_and_times)
{
    const struct format_field header[] = {
        fixture_field("u8", "batch"), fixture_field("bcd:2", "net"), fixture_field("hex:1", "node"),
        fixture_field("u16", "time"), fixture_field("u16", "ms")};
    const struct format_condition first = {
        .at = &fixture_node, .name = "batch", .values = zero, .value_count = 1};
    const struct format_condition second = {
        .at = &fixture_node, .name = "batch", .values = one, .value_count = 1};
    const struct format_field reading[] = {fixture_field("u8", "x")};
    const struct format_body bodies[] = {{.at = &fixture_node, .when = {&first, 1}},
                                         {.at = &fixture_node, .when = {&second, 1}},
                                         {.at = &fixture_node, .reading = {reading, 1}}};
    static const char *const device[] = {"net", "node"};
    const struct format format = {.at = &fixture_node,
                                  .name = "f",
                                  .header = {header, 5},
                                  .message = FORMAT_DATA,
                                  .device = device,
                                  .device_count = 2,
                                  .clock = {.at = &fixture_node,
                                            .unit_ns = 1000000000,
                                            .epoch_s = 315964800,
                                            .fraction = "ms",
                                            .per = 1000,
                                            .wraps = true},
                                  .bodies = bodies,
                                  .body_count = 3};
    struct plan *plan = fixture_plan(&format);
    struct plan_encoder *encoder = encoder_of(plan, 0);
    const struct plan_message message = {
        .device = 1234 * 256 + 0xab, .time_ns = NOW_NS + 250000000, .type = MUSTER_MSG_DATA};

    /* 1766000000 - 315964800 is 0x566dc800 */
    ck_assert_str_eq(encoded(encoder, &message), "021234abc80000fa2e");
    ck_assert_uint_eq(plan_encoder_devices(encoder), 10000 * 256);
    ck_assert_str_eq(plan_encoder_why(encoder, MUSTER_MSG_INIT), "none of its types is init");
    ck_assert_uint_eq(plan_encoder_bits(encoder), 0);
    ck_assert(plan_encoder_has_time(encoder, NOW_NS));
    plan_encoder_free(encoder);
    plan_free(plan);
}
END_TEST

/* What cannot be is told. */
START_TEST(what_cannot_be_encoded)
{
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field("u16", "time"),
                                          fixture_field("u8", "sequence")};
    const struct format_field reading[] = {fixture_field("u8", "x")};
    const struct format_body body = {.at = &fixture_node, .reading = {reading, 1}, .readings = 2};
    const struct format_condition number = {
        .at = &fixture_node, .name = "sequence", .values = one, .value_count = 1};
    struct format format = {.at = &fixture_node,
                            .name = "f",
                            .header = {header, 3},
                            .message = FORMAT_DATA,
                            .clock = {.unit_ns = 1000000000},
                            .bodies = &body,
                            .body_count = 1};
    struct plan *plan = fixture_plan(&format);
    struct plan_encoder *encoder = encoder_of(plan, 3);

    ck_assert_str_eq(plan_encoder_why(encoder, MUSTER_MSG_DATA),
                     "no data datagram of it has 3 readings");
    plan_encoder_free(encoder);
    encoder = encoder_of(plan, 0);
    ck_assert_ptr_null(plan_encoder_why(encoder, MUSTER_MSG_DATA));
    ck_assert_uint_eq(plan_encoder_records(encoder, MUSTER_MSG_DATA), 2);
    ck_assert(!plan_encoder_has_time(encoder, NOW_NS)); /* 16 bits of seconds are full */
    plan_encoder_free(encoder);
    plan_free(plan);

    format.expect = (struct format_conditions){&number, 1};
    plan = fixture_plan(&format);
    encoder = encoder_of(plan, 0);
    ck_assert_str_eq(plan_encoder_why(encoder, MUSTER_MSG_DATA),
                     "`expect` and `when` leave no datagram that is data");
    plan_encoder_free(encoder);
    plan_free(plan);
}
END_TEST

/* ---- Of any --------------------------------------------------------------------------- */

START_TEST(the_formats_that_come_with_it)
{
    static const char *const names[] = {"assignment", "ccsds",       "mavlink2", "netflow5",
                                        "reference",  "reference-2", "rtp",      "ruuvi5"};
    const char *top = getenv("top_srcdir");
    size_t i;

    for (i = 0; i < COUNT_OF(names); i++) {
        struct problems problems = {0};
        struct catalog *catalog = catalog_default();
        char path[4096];
        struct node name = {.kind = NODE_TEXT, .file = "f.yaml", .text = path};
        struct node_item item = {.value = &name};
        struct node list = {.kind = NODE_LIST, .items = &item, .count = 1};
        struct node key = {.kind = NODE_TEXT, .text = "include_formats"};
        struct node_item include = {.key = &key, .value = &list};
        struct node root = {.kind = NODE_MAP, .items = &include, .count = 1};
        struct node_tree tree = {0};
        uint64_t seed;

        snprintf(path, sizeof path, "%s/etc/formats/%s.yaml", top != NULL ? top : ".", names[i]);
        ck_assert_ptr_nonnull(catalog);
        ck_assert_int_eq(format_files_load(catalog, &tree, &root, &problems), 0);
        ck_assert_uint_eq(problems_count(&problems), 0);
        for (seed = 1; seed < 50; seed++) {
            uint64_t count = 0;
            const char *broken = encode_law(catalog_plan(catalog, 1), seed, &count);

            ck_assert_msg(broken == NULL, "%s: %s", names[i], broken);
            ck_assert_uint_ge(count + (seed % 4 == 0), 1);
        }
        node_tree_free(&tree);
        catalog_free(catalog);
        problems_free(&problems);
    }
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

START_TEST(formats_by_chance)
{
    static struct made_format made;
    uint64_t state = 88172645463325252u, plans = 0, count = 0, round;
    uint8_t choices[300];
    size_t i;

    for (round = 0; round < 60000; round++) {
        struct problems problems = {0};
        struct plan *plan;
        const char *broken;

        for (i = 0; i < sizeof choices; i++)
            choices[i] = (uint8_t)(next_random(&state) >> 24);
        made_format(&made, choices, next_random(&state) % sizeof choices);
        plan = plan_compile(&made.format, &problems);
        problems_free(&problems);
        if (plan == NULL)
            continue;
        plans++;
        broken = encode_law(plan, 1 + round % 7, &count);
        ck_assert_msg(broken == NULL, "round %llu: %s", (unsigned long long)round, broken);
        plan_free(plan);
    }
    if (getenv("SHOW_COUNTS") != NULL)
        printf("%llu plans, %llu messages\n", (unsigned long long)plans, (unsigned long long)count);
    ck_assert_uint_gt(plans, 2000);
    ck_assert_uint_gt(count, plans / 2);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {each_part_is_in_its_place, bodies_keys_and_times,
                                  what_cannot_be_encoded, the_formats_that_come_with_it,
                                  formats_by_chance};
    Suite *suite = suite_create("plan_encode");
    TCase *tcase = tcase_create("plan_encode");
    size_t i;

    for (i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(tcase, tests[i]);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return suite;
}
