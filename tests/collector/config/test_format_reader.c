/* SPDX-License-Identifier: MIT
 *
 * One format as a description: what becomes of its types, of what is said of them, and of numbers
 * and bytes.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/node_yaml.h"
#include "collector/config/decimal.h"
#include "collector/config/formats.h"
#include "collector/config/hexadecimal.h"
#include "common/runner.h"
#include "files.h"

static struct node_tree tree;

/* Reads a file of one format that must be good. */
static struct formats_one read_one(const char *yaml)
{
    struct problems problems = {0};
    struct formats formats;

    files_write("formats.yaml", yaml);
    node_tree_free(&tree);
    ck_assert_int_eq(node_yaml_read(&tree, "formats.yaml", &problems), 0);
    ck_assert_int_eq(formats_read(&formats, &tree, tree.root, &problems), 0);
    files_expect_said(&problems, "");
    ck_assert_uint_eq(formats.count, 1);
    return formats.list[0];
}

static struct format read_format(const char *yaml)
{
    return read_one(yaml).format;
}

/* ---- Fields --------------------------------------------------------------------------- */

static const struct good_type {
    const char *text;
    enum format_type type;
    unsigned width;
    bool little_endian;
    enum format_length length_is;
    uint32_t length;
    int separator;
} good_types[] = {
    {"u8", FORMAT_UNSIGNED, 1, false, FORMAT_FIXED, 1, '\0'},
    {"u16", FORMAT_UNSIGNED, 2, false, FORMAT_FIXED, 2, '\0'},
    {"u24le", FORMAT_UNSIGNED, 3, true, FORMAT_FIXED, 3, '\0'},
    {"u32be", FORMAT_UNSIGNED, 4, false, FORMAT_FIXED, 4, '\0'},
    {"u48", FORMAT_UNSIGNED, 6, false, FORMAT_FIXED, 6, '\0'},
    {"u64", FORMAT_UNSIGNED, 8, false, FORMAT_FIXED, 8, '\0'},
    {"i8", FORMAT_SIGNED, 1, false, FORMAT_FIXED, 1, '\0'},
    {"i48le", FORMAT_SIGNED, 6, true, FORMAT_FIXED, 6, '\0'},
    {"f32le", FORMAT_REAL, 4, true, FORMAT_FIXED, 4, '\0'},
    {"f64", FORMAT_REAL, 8, false, FORMAT_FIXED, 8, '\0'},
    {"text", FORMAT_TEXT, 0, false, FORMAT_REST, 0, '\0'},
    {"text:5", FORMAT_TEXT, 0, false, FORMAT_FIXED, 5, '\0'},
    {"text:u8", FORMAT_TEXT, 0, false, FORMAT_PREFIX_U8, 0, '\0'},
    {"hex:u16", FORMAT_HEX, 0, false, FORMAT_PREFIX_U16, 0, '\0'},
    {"hex:u16le", FORMAT_HEX, 0, true, FORMAT_PREFIX_U16, 0, '\0'},
    {"bcd:8", FORMAT_BCD, 0, false, FORMAT_FIXED, 8, '\0'},
    {"skip:65535", FORMAT_SKIP, 0, false, FORMAT_FIXED, 65535, '\0'},
    {"skip", FORMAT_SKIP, 0, false, FORMAT_REST, 0, '\0'},
    {"number", FORMAT_NUMBER, 0, false, FORMAT_REST, 0, '\0'},
    {"number:;", FORMAT_NUMBER, 0, false, FORMAT_REST, 0, ';'},
    {"number:','", FORMAT_NUMBER, 0, false, FORMAT_REST, 0, ','},
    {"number:comma", FORMAT_NUMBER, 0, false, FORMAT_REST, 0, ','},
    {"number:tab", FORMAT_NUMBER, 0, false, FORMAT_REST, 0, '\t'},
};

START_TEST(types)
{
    const struct good_type *good = &good_types[_i];
    struct format_field field;
    struct format format;
    char yaml[128];

    snprintf(yaml, sizeof yaml, "f: { header: [ \"%s\": x ] }\n", good->text);
    format = read_format(yaml);
    field = format.header.list[0];
    ck_assert_int_eq(field.type, good->type);
    ck_assert_uint_eq(field.width, good->width);
    ck_assert_int_eq(field.little_endian, good->little_endian);
    ck_assert_int_eq(field.length_is, good->length_is);
    ck_assert_uint_eq(field.length, good->length);
    ck_assert_int_eq(field.separator, good->separator);
    ck_assert_str_eq(field.name, "x");
    ck_assert_uint_eq(field.part_count, 0);
}
END_TEST

START_TEST(order_and_separator)
{
    const struct format format =
        read_format("f:\n"
                    "  header: [ u16: a, u16be: b, 'text:u16': c, number: d,"
                    " 'number:;': e ]\n"
                    "  order: le\n"
                    "  separator: ','\n");

    ck_assert(format.header.list[0].little_endian);
    ck_assert(!format.header.list[1].little_endian);
    ck_assert(format.header.list[2].little_endian);
    ck_assert_int_eq(format.header.list[3].separator, ',');
    ck_assert_int_eq(format.header.list[4].separator, ';');
}
END_TEST

START_TEST(parts)
{
    const struct format format =
        read_format("f: { header: [ u16: [version/3, -/12, x/1], u8: \"-\", 'skip:2':  ] }\n");
    const struct format_field *fields = format.header.list;

    ck_assert_uint_eq(format.header.count, 3);
    ck_assert_uint_eq(fields[0].part_count, 3);
    ck_assert_ptr_null(fields[0].name);
    ck_assert_str_eq(fields[0].parts[0].name, "version");
    ck_assert_uint_eq(fields[0].parts[0].bits, 3);
    ck_assert_ptr_null(fields[0].parts[1].name);
    ck_assert_uint_eq(fields[0].parts[1].bits, 12);
    ck_assert_str_eq(fields[0].parts[2].name, "x");
    ck_assert_ptr_null(fields[1].name);
    ck_assert_ptr_null(fields[2].name);
}
END_TEST

/* ---- What is said of them ------------------------------------------------------------- */

START_TEST(a_whole_format)
{
    const struct formats_one one = read_one(
        "f:\n"
        "  header: [ u8: version, u8: type, u16: device, u16: sequence, u32: time, u16: ms ]\n"
        "  trailer: [ u16: check ]\n"
        "  expect: { version: [1, 0x02, -1] }\n"
        "  type: { 0: init, 1: data, 0x02: heartbeat, 3: ignore, 4: other }\n"
        "  device: [ version, device ]\n"
        "  counts: readings\n"
        "  time: { unit: s, epoch: gps, fraction: ms, per: 1000, wraps: true }\n"
        "  check: { is: crc16-x25, holds: zero, from: 1, to: 14 }\n"
        "  body:\n"
        "    - { when: { type: [data, other], version: 2 }, header: [ u8: count ],\n"
        "        reading: [ u16: t ], readings: 3 }\n"
        "    - { when: { type: 7 }, trailing: true }\n"
        "  values:\n"
        "    t: { scale: 0.005, offset: 1.6, unit: Cel, absent: [-32768, 0xffff] }\n"
        "    plain:\n"
        "    version: { names: { 1: one, 2: two } }\n"
        "  examples: [ { hex: 00 } ]\n");
    const struct format format = one.format;

    ck_assert_str_eq(format.name, "f");
    ck_assert_uint_eq(format.header.count, 6);
    ck_assert_str_eq(format.trailer.list[0].name, "check");
    ck_assert_uint_eq(format.expect.list[0].value_count, 3);
    ck_assert_uint_eq(format.expect.list[0].values[1], 2);
    ck_assert(format.expect.list[0].values[2] == UINT64_MAX);
    ck_assert(format.has_types);
    ck_assert_uint_eq(format.type_count, 5);
    ck_assert_uint_eq(format.types[2].raw, 2);
    ck_assert_int_eq(format.types[2].message, FORMAT_HEARTBEAT);
    ck_assert_int_eq(format.types[3].message, FORMAT_IGNORE);
    ck_assert_int_eq(format.types[4].message, FORMAT_OTHER);
    ck_assert_uint_eq(format.device_count, 2);
    ck_assert_str_eq(format.device[1], "device");
    ck_assert(!format.device_is_source);
    ck_assert(format.counts_readings);
    ck_assert(format.clock.epoch_s == 315964800);
    ck_assert(format.clock.unit_ns == 1000000000);
    ck_assert_str_eq(format.clock.fraction, "ms");
    ck_assert_uint_eq(format.clock.per, 1000);
    ck_assert(format.clock.wraps);
    ck_assert_int_eq(format.checksum.is, FORMAT_CRC16_X25);
    ck_assert(format.checksum.holds_zero && format.checksum.has_from && format.checksum.has_to);
    ck_assert_uint_eq(format.checksum.from, 1);
    ck_assert_uint_eq(format.checksum.to, 14);
    ck_assert_uint_eq(format.body_count, 2);
    ck_assert_uint_eq(format.bodies[0].when.count, 2);
    ck_assert(format.bodies[0].when.list[0].is_type);
    ck_assert_uint_eq(format.bodies[0].when.list[0].values[1], FORMAT_OTHER);
    ck_assert(!format.bodies[0].when.list[1].is_type);
    ck_assert_str_eq(format.bodies[0].header.list[0].name, "count");
    ck_assert_uint_eq(format.bodies[0].reading.count, 1);
    ck_assert_uint_eq(format.bodies[0].readings, 3);
    ck_assert(!format.bodies[1].when.list[0].is_type);
    ck_assert(format.bodies[1].trailing && !format.bodies[0].trailing);
    ck_assert_uint_eq(format.value_count, 3);
    ck_assert(format.values[0].scale_numerator == 5);
    ck_assert(format.values[0].scale_denominator == 1000);
    ck_assert(format.values[0].offset_numerator == 16);
    ck_assert(format.values[0].offset_denominator == 10);
    ck_assert_str_eq(format.values[0].unit, "Cel");
    ck_assert(format.values[0].absent[0] == (uint64_t)-32768);
    ck_assert(format.values[0].absent[1] == 0xffff);
    ck_assert(format.values[1].scale_numerator == 1 && format.values[1].scale_denominator == 1);
    ck_assert_str_eq(format.values[2].names[1].word, "two");
    ck_assert_uint_eq(one.examples->count, 1);
}
END_TEST

START_TEST(what_is_not_said)
{
    const struct format format =
        read_format("f: { header: [ u8: x ], device: source, type: init }\n");

    ck_assert(format.device_is_source);
    ck_assert_uint_eq(format.device_count, 0);
    ck_assert(!format.has_types && !format.counts_readings && !format.clock.wraps);
    ck_assert_int_eq(format.message, FORMAT_INIT);
    ck_assert_int_eq(format.checksum.is, FORMAT_NO_CHECK);
    ck_assert(format.clock.unit_ns == 1000000000 && format.clock.epoch_s == 0);
    ck_assert_ptr_null(format.clock.at);
    ck_assert_int_eq(format.clock.kind, FORMAT_WALL);
}
END_TEST

START_TEST(epochs)
{
    static const struct {
        const char *epoch;
        int64_t s;
    } all[] = {{"unix", 0}, {"gps", 315964800},         {"ntp", -2208988800}, {"2000", 946684800},
               {"-1", -1},  {"1000000000", 1000000000}, {"start", 0}};
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++) {
        struct format format;
        char yaml[128];

        snprintf(yaml, sizeof yaml, "f: { header: [ u8: x ], time: { unit: ms, epoch: %s } }\n",
                 all[i].epoch);
        format = read_format(yaml);
        ck_assert(format.clock.epoch_s == all[i].s);
        ck_assert(format.clock.unit_ns == 1000000);
        ck_assert_int_eq(format.clock.kind,
                         strcmp(all[i].epoch, "start") == 0 ? FORMAT_FROM_START : FORMAT_WALL);
    }
}
END_TEST

/* ---- Numbers -------------------------------------------------------------------------- */

START_TEST(decimals)
{
    static const struct {
        const char *text;
        int64_t numerator;
        uint64_t denominator; /* 0: it is none */
    } all[] = {{"0.005", 5, 1000},
               {"1", 1, 1},
               {"-40", -40, 1},
               {"1.60", 16, 10},
               {".5", 5, 10},
               {"5.", 5, 1},
               {"1e-7", 1, 10000000},
               {"25e-2", 25, 100},
               {"1.5e3", 1500, 1},
               {"-1E+2", -100, 1},
               {"0.000", 0, 1},
               {"1/200", 1, 200},
               {"-5/9", -5, 9},
               {"9223372036854775807", INT64_MAX, 1},
               {"9223372036854775808", 0, 0},
               {"0.00000000000000000001", 0, 0},
               {"1e19", 0, 0},
               {"1e-99999999999999999999", 0, 0},
               {"", 0, 0},
               {"-", 0, 0},
               {".", 0, 0},
               {"1.2.3", 0, 0},
               {"1,5", 0, 0},
               {"0x10", 0, 0},
               {"1e", 0, 0},
               {"1/0", 0, 0},
               {"1/-2", 0, 0},
               {"1/2/3", 0, 0},
               {"1 ", 0, 0}};
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++) {
        struct decimal value;

        ck_assert_msg(decimal_ratio(all[i].text, &value) == (all[i].denominator > 0), "%s",
                      all[i].text);
        if (all[i].denominator > 0)
            ck_assert_msg(
                value.numerator == all[i].numerator && value.denominator == all[i].denominator,
                "%s: %" PRId64 " / %" PRIu64, all[i].text, value.numerator, value.denominator);
    }
}
END_TEST

START_TEST(integers)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } all[] = {{"0", true, 0},
               {"007", true, 7},
               {"0xfD", true, 253},
               {"-1", true, UINT64_MAX},
               {"-0x80", true, UINT64_MAX - 127},
               {"18446744073709551615", true, UINT64_MAX},
               {"18446744073709551616", false, 0},
               {"-9223372036854775808", true, UINT64_C(1) << 63},
               {"-9223372036854775809", false, 0},
               {"0x", false, 0},
               {"+1", false, 0},
               {"1f", false, 0},
               {"1.0", false, 0},
               {"", false, 0}};
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++) {
        uint64_t value = 0;

        ck_assert_msg(decimal_integer(all[i].text, &value) == all[i].good, "%s", all[i].text);
        ck_assert_msg(value == all[i].value, "%s", all[i].text);
    }
}
END_TEST

/* ---- Bytes ---------------------------------------------------------------------------- */

START_TEST(bytes)
{
    static const char *const good[] = {"05 12 fC",        "0512fc",          "05:12:fc",
                                       "0x05, 0x12,0xFC", "\\x05\\x12\\xfc", " 05-12-fc\n"};
    static const char *const bad[] = {"051", "05 1 2", "05 xy", "0x", "05 12 fc 00 11"};
    char why[HEXADECIMAL_WHY];
    uint8_t room[4];
    size_t i;

    for (i = 0; i < sizeof good / sizeof *good; i++) {
        struct hexadecimal out = {.bytes = room, .room = sizeof room};

        ck_assert_int_eq(hexadecimal_read(&out, good[i], why), 0);
        ck_assert_uint_eq(out.count, 3);
        ck_assert_mem_eq(room, "\x05\x12\xfc", 3);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hexadecimal out = {.bytes = room, .room = sizeof room};
        bool is_nothing = strcmp(bad[i], "0x") == 0;

        ck_assert_int_eq(hexadecimal_read(&out, bad[i], why), is_nothing ? 0 : -1);
        ck_assert_uint_le(out.count, sizeof room);
    }
}
END_TEST

START_TEST(lines_of_dumps)
{
    static const char *const good[][2] = {
        {"00000000  05 12 fc                        |...|", "00000003"},
        {"00000000: 0512 fc                         ...", ""},
        {"0512fc", ""},
        {" 05 12 fc", ""}};
    static const char *const bad[] = {"0000000 1205 00fc", "*"};
    char why[HEXADECIMAL_WHY], line[80];
    uint8_t room[16];
    size_t i, j;

    for (i = 0; i < sizeof good / sizeof *good; i++) {
        struct hexadecimal out = {.bytes = room, .room = sizeof room};

        for (j = 0; j < 2; j++) {
            snprintf(line, sizeof line, "%s\n", good[i][j]);
            ck_assert_int_eq(hexadecimal_line(&out, line, why), 0);
        }
        ck_assert_uint_eq(out.count, 3);
        ck_assert_mem_eq(room, "\x05\x12\xfc", 3);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hexadecimal out = {.bytes = room, .room = sizeof room};

        snprintf(line, sizeof line, "%s\n", bad[i]);
        ck_assert_int_eq(hexadecimal_line(&out, line, why), -1);
    }
}
END_TEST

static void leave(void)
{
    node_tree_free(&tree);
    files_leave();
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("format_reader");
    TCase *tests = tcase_create("format_reader");

    tcase_add_checked_fixture(tests, files_enter, leave);
    tcase_add_loop_test(tests, types, 0, sizeof good_types / sizeof *good_types);
    tcase_add_test(tests, order_and_separator);
    tcase_add_test(tests, parts);
    tcase_add_test(tests, a_whole_format);
    tcase_add_test(tests, what_is_not_said);
    tcase_add_test(tests, epochs);
    tcase_add_test(tests, decimals);
    tcase_add_test(tests, integers);
    tcase_add_test(tests, bytes);
    tcase_add_test(tests, lines_of_dumps);
    suite_add_tcase(suite, tests);
    return suite;
}
