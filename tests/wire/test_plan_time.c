/* SPDX-License-Identifier: MIT
 *
 * Time stamps and devices' keys.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "plan_fixture.h"

#define SECOND UINT64_C(1000000000)

static struct format_clock clock_of(uint64_t unit_ns, int64_t epoch_s)
{
    return (struct format_clock){.at = &fixture_node, .unit_ns = unit_ns, .epoch_s = epoch_s};
}

static struct plan *plan_of(const char *type, const struct format_clock *clock,
                            const char *fraction)
{
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field(type, "time"),
                                          fixture_field(fraction != NULL ? fraction : "u8", "ms")};
    const struct format format = {.at = &fixture_node,
                                  .name = "f",
                                  .header = {header, fraction != NULL ? 3 : 2},
                                  .message = FORMAT_DATA,
                                  .clock = *clock};

    return fixture_plan(&format);
}

static int64_t time_of(const char *type, struct format_clock clock, const char *hex,
                       uint64_t arrival_ns)
{
    struct plan *plan = plan_of(type, &clock, clock.fraction != NULL ? "u16" : NULL);
    struct plan_header header;
    size_t size;
    uint8_t *bytes = fixture_bytes(hex, &size);

    ck_assert_int_eq(plan_header(plan, &header, bytes, size, NULL, arrival_ns), 1);
    free(bytes);
    plan_free(plan);
    return header.time_ns;
}

START_TEST(units_and_epochs)
{
    struct format_clock clock = clock_of(SECOND, 0);

    ck_assert_int_eq(time_of("u32", clock, "00 69430580", 0), 1766000000 * (int64_t)SECOND);
    ck_assert_int_eq(time_of("u32", clock, "00 00000000", 0), 0);
    ck_assert_int_eq(time_of("u32 le", clock, "00 80054369", 0), 1766000000 * (int64_t)SECOND);
    ck_assert_int_eq(time_of("f64", clock, "00 41da50c160100000", 0), 1766000000250000000);
    ck_assert_int_eq(time_of("i32", clock, "00 ffffffff", 0), -(int64_t)SECOND);
    ck_assert_int_eq(time_of("number", clock, "00 313736363030303030302e323530303031", 0),
                     1766000000250001000);
    ck_assert_int_eq(time_of("u64", clock, "00 ffffffffffffffff", 0), 0); /* beyond all time */
    clock = clock_of(1000000, 0);
    ck_assert_int_eq(time_of("u48", clock, "00 019b2dcd7cfa", 0), 1766000000250000000);
    clock = clock_of(SECOND, 315964800);
    ck_assert_int_eq(time_of("u32", clock, "00 00000001", 0), 315964801 * (int64_t)SECOND);
    ck_assert_int_eq(time_of("u32", clock, "00 00000000", 0), 0); /* none */
    clock = clock_of(SECOND, -INT64_C(2208988800));
    ck_assert_int_eq(time_of("u32", clock, "00 83aa7e80", 0), 0);
    ck_assert_int_eq(time_of("u32", clock, "00 ecedef00", 0),
                     (INT64_C(0xecedef00) - 2208988800) * (int64_t)SECOND);
    clock = clock_of(SECOND, 0);
    clock.fraction = "ms";
    clock.per = 1000;
    ck_assert_int_eq(time_of("u32", clock, "00 69430580 00fa", 0), 1766000000250000000);
    clock.per = 65536;
    ck_assert_int_eq(time_of("u32", clock, "00 69430580 8000", 0), 1766000000500000000);
    clock.kind = FORMAT_FROM_START;
    ck_assert_int_eq(time_of("u32", clock, "00 69430580 8000", 0), 0);
}
END_TEST

START_TEST(what_is_no_time)
{
    const struct format_clock clock = clock_of(SECOND, 0);
    struct plan *plan = plan_of("f64", &clock, NULL);

    ck_assert_str_eq(fixture_said(plan, "00 7ff8000000000000"), "no_format");
    ck_assert_str_eq(fixture_said(plan, "00 7ff0000000000000"), "no_format");
    ck_assert_str_eq(fixture_said(plan, "00 0000000000000000"), "data 0:");
    plan_free(plan);
}
END_TEST

/* Low bits of a time, early or late by less than half a turn, on both sides of the wrap. */
START_TEST(wraps)
{
    static const struct {
        const char *type;
        unsigned bits;
        uint64_t unit_ns;
    } cases[] = {{"u32", 32, 1000000}, {"u16", 16, SECOND}, {"u8", 8, 1000000}, {"u48", 48, 1000}};
    int i;

    for (i = 0; i < 20000; i++) {
        size_t c = below(COUNT_OF(cases));
        struct format_clock clock = clock_of(cases[c].unit_ns, one_in(2) ? 315964800 : 0);
        uint64_t turn = cases[c].unit_ns << cases[c].bits, arrival, units, raw;
        int64_t when, off;
        char hex[64];

        clock.wraps = true;
        arrival = UINT64_C(1766000000) * SECOND + random_u64() % (UINT64_C(1) << 60);
        off = (int64_t)(random_u64() % (turn - 2 * cases[c].unit_ns)) - (int64_t)turn / 2 +
              (int64_t)cases[c].unit_ns;
        units = (arrival + (uint64_t)off - (uint64_t)clock.epoch_s * SECOND) / cases[c].unit_ns;
        when = (int64_t)(units * cases[c].unit_ns) + clock.epoch_s * (int64_t)SECOND;
        raw = units & ((UINT64_C(1) << cases[c].bits) - 1);
        snprintf(hex, sizeof hex, "00 %016llx", (unsigned long long)raw << (64 - cases[c].bits));
        hex[3 + cases[c].bits / 4] = '\0';
        ck_assert_int_eq(time_of(cases[c].type, clock, hex, arrival), when);
    }
}
END_TEST

/* ---- Devices -------------------------------------------------------------------------- */

static void expect_key(const char *first, const char *second, const char *hex, const char *wanted)
{
    static const char *const names[] = {"a", "b"};
    const struct format_field header[] = {fixture_field(first, "a"),
                                          fixture_field(second != NULL ? second : "u8", "b")};
    struct format format = {.at = &fixture_node,
                            .name = "f",
                            .header = {header, second != NULL ? 2 : 1},
                            .device = names,
                            .device_count = second != NULL ? 2 : 1,
                            .message = FORMAT_DATA};
    struct plan *plan = fixture_plan(&format);
    struct plan_header out;
    size_t size;
    uint8_t *bytes = fixture_bytes(hex, &size);
    int count = plan_header(plan, &out, bytes, size, NULL, 0);
    char text[FORMAT_KEY_MOST + 32];

    if (count < 0)
        snprintf(text, sizeof text, "rejected");
    else if (out.device.is_number)
        snprintf(text, sizeof text, "#%llu", (unsigned long long)out.device.id);
    else
        snprintf(text, sizeof text, "%.*s", out.device.length, out.device.key);
    ck_assert_str_eq(text, wanted);
    free(bytes);
    plan_free(plan);
}

START_TEST(keys)
{
    expect_key("u16", NULL, "0007", "#7");
    expect_key("u64", NULL, "ffffffffffffffff", "#18446744073709551615");
    expect_key("i16", NULL, "fffe", "-2");
    expect_key("hex:6", NULL, "cbb8334c884f", "cbb8334c884f");
    expect_key("bcd:8", NULL, "0356938035643809", "0356938035643809");
    expect_key("bcd:8", NULL, "356938035643809f", "356938035643809");
    expect_key("text:8", NULL, "7075 6d70 2d37 0000", "pump-7");
    expect_key("text:u8", NULL, "03 615c2f", "a\\x5c/");
    expect_key("text:u8", NULL, "03 61ff0a", "a\\xff\\x0a");
    expect_key("text:4", NULL, "00000000", "rejected");
    expect_key("u8", "u8", "0502", "5/2");
    expect_key("text:u8", "text:u8", "03 612f62 01 63", "a\\x2fb/c");
    expect_key("text:u8", "text:u8", "01 61 03 622f63", "a/b\\x2fc");
    expect_key("hex:32", NULL,
               "0001020304050607 0001020304050607 0001020304050607 0001020304050607",
               "0001020304050607000102030405060700010203040506070001020304050607");
    expect_key("text:u8", NULL,
               "41 6161616161616161 6161616161616161 6161616161616161 6161616161616161"
               "6161616161616161 6161616161616161 6161616161616161 6161616161616161 61",
               "rejected");
    expect_key("number ,", NULL, "30 37 2c", "07");
}
END_TEST

START_TEST(sources)
{
    static const struct {
        const char *text;
        uint32_t scope;
        const char *key;
    } cases[] = {{"10.0.0.255", 0, "10.0.0.255"},
                 {"2001:db8::1", 0, "2001:db8::1"},
                 {"fe80::1", 3, "fe80::1%3"}};
    const struct format_field header[] = {fixture_field("u8", "x")};
    const struct format format = {.at = &fixture_node,
                                  .name = "f",
                                  .header = {header, 1},
                                  .device_is_source = true,
                                  .message = FORMAT_DATA};
    struct plan *plan = fixture_plan(&format);
    struct plan_header out;
    struct address source;
    size_t i;

    for (i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(address_parse(&source, cases[i].text, 4711), 0);
        if (cases[i].scope > 0)
            address_set_scope(&source, cases[i].scope);
        ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"x", 1, address_get(&source), 0),
                         1);
        ck_assert_uint_eq(out.device.length, strlen(cases[i].key));
        ck_assert_mem_eq(out.device.key, cases[i].key, out.device.length);
    }
    ck_assert_int_eq(plan_header(plan, &out, (const uint8_t *)"x", 1, NULL, 0), 1);
    ck_assert_uint_eq(out.device.length, 0);
    plan_free(plan);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {units_and_epochs, what_is_no_time, wraps, keys, sources};
    Suite *suite = suite_create("plan time");
    TCase *cases = tcase_create("plan time");
    size_t i;

    for (i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}
