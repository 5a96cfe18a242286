/* SPDX-License-Identifier: MIT
 *
 * What a person is told of a datagram.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "plan_fixture.h"

static const struct format_type_word types[] = {{1, FORMAT_DATA}, {2, FORMAT_HEARTBEAT}};
static const uint64_t one[] = {1}, data[] = {FORMAT_DATA};

/* Each field on a line: offset, length, part, place, type, name, role, value, meaning. */
static void print_field(void *context, const struct plan_step *step)
{
    fprintf(context, "%u+%u", step->offset, step->length);
    if (step->bits > 0)
        fprintf(context, ".%u/%u", step->bit, step->bits);
    fprintf(context, " %s|%s|%s|%s|%s|%s\n", step->where, step->type,
            step->name != NULL ? step->name : "-", step->role != NULL ? step->role : "-",
            step->value, step->meaning != NULL ? step->meaning : "-");
}

static void expect(const struct plan *plan, const char *hex, const char *wanted)
{
    struct plan_verdict verdict;
    struct plan_header header;
    char *text;
    size_t size, bytes;
    uint8_t *datagram = fixture_bytes(hex, &bytes);
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    plan_explain(plan, datagram, bytes, NULL, 0, print_field, out, &verdict);
    fprintf(out, "%d at %u: %s", verdict.count, verdict.offset, verdict.text);
    fclose(out);
    ck_assert_str_eq(text, wanted);
    ck_assert_int_eq(verdict.count, plan_header(plan, &header, datagram, bytes, NULL, 0));
    free(text);
    free(datagram);
}

/* A weather station: version and type, device, number, time, flags, sum; one reading or several. */
static struct plan *weather(void)
{
    const struct format_part parts[] = {{&fixture_node, "version", 4}, {&fixture_node, "type", 4}};
    const struct format_part bits[] = {{&fixture_node, NULL, 7}, {&fixture_node, "batch", 1}};
    const struct format_field header[] = {
        fixture_parts("u8", parts, 2),       fixture_field("u16", "device"),
        fixture_field("u16 le", "sequence"), fixture_field("u32", "time"),
        fixture_parts("u8", bits, 2),        fixture_field("u8", "check"),
    };
    const struct format_field count[] = {fixture_field("u8", "count")};
    const struct format_field reading[] = {fixture_field("i16", "temperature"),
                                           fixture_field("skip:1", NULL)};
    const struct format_condition version[] = {
        {.at = &fixture_node, .name = "version", .values = one, .value_count = 1}};
    const struct format_condition batch[] = {
        {.at = &fixture_node, .name = "type", .is_type = true, .values = data, .value_count = 1},
        {.at = &fixture_node, .name = "batch", .values = one, .value_count = 1}};
    const struct format_body bodies[] = {
        {.at = &fixture_node, .when = {batch, 2}, .header = {count, 1}, .reading = {reading, 2}},
        {.at = &fixture_node, .when = {batch, 1}, .reading = {reading, 2}, .readings = 1}};
    struct format_value value = fixture_value("temperature", 1, 10);
    const uint64_t absent[] = {(uint64_t)-32768};
    const struct format format = {.at = &fixture_node,
                                  .name = "weather",
                                  .header = {header, 6},
                                  .expect = {version, 1},
                                  .has_types = true,
                                  .types = types,
                                  .type_count = 2,
                                  .clock = {.unit_ns = 1000000000},
                                  .bodies = bodies,
                                  .body_count = 2,
                                  .checksum = {.at = &fixture_node, .is = FORMAT_XOR8},
                                  .values = &value,
                                  .value_count = 1};

    value.unit = "Cel";
    value.absent = absent;
    value.absent_count = 1;
    return fixture_plan(&format);
}

#define HEADER                                                                                     \
    "0+1.0/4 header|u8|version|-|1|-\n"                                                            \
    "0+1.4/4 header|u8|type|type|1|data\n"                                                         \
    "1+2 header|u16|device|device|7|-\n"                                                           \
    "3+2 header|u16 le|sequence|sequence|5|counts datagrams, modulo 2^16\n"                        \
    "5+4 header|u32|time|time|1766000000|2025-12-17T19:33:20Z\n"

START_TEST(a_datagram_that_is_taken)
{
    struct plan *plan = weather();

    expect(plan, "11 0007 0500 69430580 01 fa 02 00d4 aa 8000 bb",
           HEADER "9+1.0/7 header|u8|-|-|0|-\n"
                  "9+1.7/1 header|u8|batch|-|1|-\n"
                  "10+1 header|u8|check|check|0xfa|xor8, right\n"
                  "11+1 body 1|u8|count|count|2|readings\n"
                  "12+2 reading 1 of 2|i16|temperature|-|212|21.2 Cel\n"
                  "14+1 reading 1 of 2|skip:1|-|-|aa|-\n"
                  "15+2 reading 2 of 2|i16|temperature|-|-32768|absent\n"
                  "17+1 reading 2 of 2|skip:1|-|-|bb|-\n"
                  "2 at 0: ");
    plan_free(plan);
}
END_TEST

START_TEST(a_datagram_that_is_refused)
{
    struct plan *plan = weather();

    expect(plan, "11 0007 05",
           "0+1.0/4 header|u8|version|-|1|-\n"
           "0+1.4/4 header|u8|type|type|1|data\n"
           "1+2 header|u16|device|device|7|-\n"
           "-1 at 4: it has 4 bytes, and header and trailer need 11");
    expect(plan, "21 0007 0500 69430580 01 f8",
           "0+1.0/4 header|u8|version|-|2|-\n"
           "0+1.4/4 header|u8|type|type|1|data\n"
           "1+2 header|u16|device|device|7|-\n"
           "3+2 header|u16 le|sequence|sequence|5|counts datagrams, modulo 2^16\n"
           "5+4 header|u32|time|time|1766000000|2025-12-17T19:33:20Z\n"
           "9+1.0/7 header|u8|-|-|0|-\n"
           "9+1.7/1 header|u8|batch|-|1|-\n"
           "10+1 header|u8|check|check|0xf8|xor8, wrong: the bytes give 0x8d\n"
           "-8 at 0: `expect` has version = 1; it is 2");
    expect(plan, "11 0007 0500 69430580 01 f8 02 00d4 aa 80",
           HEADER "9+1.0/7 header|u8|-|-|0|-\n"
                  "9+1.7/1 header|u8|batch|-|1|-\n"
                  "10+1 header|u8|check|check|0xf8|xor8, wrong: the bytes give 0x41\n"
                  "11+1 body 1|u8|count|count|2|readings\n"
                  "12+2 reading 1|i16|temperature|-|212|21.2 Cel\n"
                  "14+1 reading 1|skip:1|-|-|aa|-\n"
                  "-9 at 15: count says 2 readings; what is left has 1 byte");
    expect(plan, "11 0007 0500 69430580 00 99 00d4 aa",
           HEADER "9+1.0/7 header|u8|-|-|0|-\n"
                  "9+1.7/1 header|u8|batch|-|0|-\n"
                  "10+1 header|u8|check|check|0x99|xor8, wrong: the bytes give 0xc2\n"
                  "11+2 reading 1|i16|temperature|-|212|21.2 Cel\n"
                  "13+1 reading 1|skip:1|-|-|aa|-\n"
                  "-10 at 10: the xor8 of the bytes is 0xc2, and check says 0x99");
    plan_free(plan);
}
END_TEST

START_TEST(types_and_rests)
{
    struct plan *plan = weather();
    struct plan_verdict verdict;
    size_t size;
    uint8_t *bytes = fixture_bytes("19 0007 0500 69430580 00 99", &size);
    char *text;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    plan_explain(plan, bytes, 11, NULL, 0, print_field, out, &verdict);
    ck_assert_str_eq(verdict.text, "`type` does not say what 9 means");
    ck_assert_uint_eq(verdict.offset, 0);
    bytes[0] = 0x12;
    plan_explain(plan, bytes, 11, NULL, 0, print_field, out, &verdict);
    ck_assert_int_eq(verdict.count, -1 - MUSTER_REJECT_BAD_CHECK);
    fclose(out);
    free(text);
    free(bytes);
    bytes = fixture_bytes("12 0007 0500 69430580 00 8b cafe", &size);
    out = open_memstream(&text, &size);
    plan_explain(plan, bytes, 13, NULL, 0, print_field, out, &verdict);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "11+2 rest||-|-|cafe|not described\n"));
    ck_assert_str_eq(verdict.text, "");
    ck_assert_int_eq(verdict.count, 1);
    free(text);
    free(bytes);
    plan_free(plan);
}
END_TEST

/* Whatever a stranger sends is shown on one line. */
START_TEST(texts_are_printable)
{
    const struct format_field header[] = {
        fixture_field("text:u8", "device"), fixture_field("number ;", "sequence"),
        fixture_field("bcd:2", "serial"), fixture_field("f64", "x"), fixture_field("hex", "rest")};
    const struct format format = {
        .at = &fixture_node, .name = "f", .header = {header, 5}, .message = FORMAT_DATA};
    struct plan *plan = fixture_plan(&format);

    expect(plan, "04 1b5b610a 39 3b 12f3 4059000000000000 00ff",
           "0+5 header|text:u8|device|device|\"\\x1b[a\\x0a\"|-\n"
           "5+2 header|number|sequence|sequence|\"9\"|counts datagrams\n"
           "7+2 header|bcd:2|serial|-|12f3|123\n"
           "9+8 header|f64|x|-|100|-\n"
           "17+2 header|hex|rest|-|00ff|-\n"
           "1 at 0: ");
    expect(plan, "01 61 78 3b 12f3 4059000000000000",
           "0+2 header|text:u8|device|device|\"a\"|-\n"
           "2+2 header|number|sequence|sequence|\"x\"|counts datagrams\n"
           "4+2 header|bcd:2|serial|-|12f3|123\n"
           "6+8 header|f64|x|-|100|-\n"
           "14+0 header|hex|rest|-||-\n"
           "-8 at 2: sequence is \"x\", which is no whole number");
    plan_free(plan);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plan explain");
    TCase *tests = tcase_create("plan explain");

    tcase_add_test(tests, a_datagram_that_is_taken);
    tcase_add_test(tests, a_datagram_that_is_refused);
    tcase_add_test(tests, types_and_rests);
    tcase_add_test(tests, texts_are_printable);
    suite_add_tcase(suite, tests);
    return suite;
}
