/* SPDX-License-Identifier: MIT
 *
 * Descriptions that make no sense, and what is said of them.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "plan_fixture.h"

static const uint64_t five[] = {5};

static struct format a_format(const struct format_field *header, size_t count)
{
    return (struct format){
        .at = &fixture_node, .name = "f", .header = {header, count}, .message = FORMAT_DATA};
}

/* One problem, whose text this begins. */
static void expect(const struct format *format, const char *wanted)
{
    const char *found = fixture_problems(format);

    ck_assert_msg(strncmp(found, "f.yaml:1:1: ", 12) == 0 &&
                      strncmp(found + 12, wanted, strlen(wanted)) == 0,
                  "expected %s, found %s", wanted, found);
    ck_assert_msg(strchr(found, '\n')[1] == '\0', "there are more: %s", found);
}

/* Header: one field, and a device. */
static void expect_field(const char *type, const char *name, const char *wanted)
{
    const struct format_field header[] = {fixture_field("u8", "device"), fixture_field(type, name),
                                          fixture_field("u8", "last")};
    const struct format format = a_format(header, 3);

    expect(&format, wanted);
}

START_TEST(fields)
{
    expect_field("u40", "x", "there is no number of 5 bytes");
    expect_field("f24", "x", "there is no number of 3 bytes");
    expect_field("text", "x", "it goes to the end, so nothing can follow it; give it a length");
    expect_field("number", "x", "it goes to the end");
    expect_field("hex:0", "x", "it has no bytes");
    expect_field("skip:70000", "x", "no datagram is that long: 70000 bytes");
    expect_field("skip:65535", "x", "no datagram is that long: 65536 bytes");
    expect_field("skip:65520", "x", "header and trailer have 65522 bytes together");
    expect_field("u8", "device", "a datagram would have \"device\" twice");
    expect_field("text:4", "sequence", "\"sequence\" must be an integer");
    expect_field("hex:4", "time", "\"time\" must be a number");
    expect_field("f32", "type", "\"type\" must be a whole number");
    expect_field("i8", "flags", "\"flags\" must be an integer without a sign");
    expect_field("text:u8", "count", "\"count\" must be a whole number");
}
END_TEST

START_TEST(parts)
{
    struct format_part list[] = {{&fixture_node, "a", 4}, {&fixture_node, "b", 3}};
    struct format_field header[] = {fixture_field("u8", "device"), fixture_parts("u8", list, 2)};
    const struct format format = a_format(header, 2);

    expect(&format, "the parts have 7 bits together, and the integer has 8");
    list[1].bits = 4;
    ck_assert_str_eq(fixture_problems(&format), "");
    list[1].bits = 0;
    ck_assert_ptr_nonnull(strstr(fixture_problems(&format), "a part has 1 to 64 bits"));
    list[1].bits = 4;
    header[1].type = FORMAT_SIGNED;
    expect(&format, "only an integer without a sign has parts");
}
END_TEST

START_TEST(names_that_are_not_there)
{
    const struct format_field header[] = {
        fixture_field("u8", "device"), fixture_field("i8", "version"), fixture_field("u32", "time"),
        fixture_field("skip:2", "gap")};
    const char *devices[] = {"device", "versoin"};
    struct format_condition condition = {
        .at = &fixture_node, .name = "verson", .values = five, .value_count = 1};
    struct format_value value = fixture_value("versio", 1, 1);
    struct format format = a_format(header, 4);

    ck_assert_str_eq(fixture_problems(&format), "");
    format.expect = (struct format_conditions){&condition, 1};
    expect(&format,
           "expect: header and trailer have no field \"verson\"; did you mean \"version\"?");
    condition.name = "gap";
    expect(&format, "expect: header and trailer have no field \"gap\"");
    condition.name = "version";
    condition.values = (const uint64_t[]){200};
    expect(&format, "expect: \"version\" is never 200: it has 8 bits, and a sign");
    condition.name = "device";
    condition.values = (const uint64_t[]){256};
    expect(&format, "expect: \"device\" is never 256: it has 8 bits");
    condition.value_count = 0;
    expect(&format, "expect: \"device\" needs 1 to 256 values");
    format.expect.count = 0;

    format.device = devices;
    format.device_count = 2;
    expect(&format, "device: header and trailer have no field \"versoin\"; did you mean");
    format.device_count = 0;

    format.values = &value;
    format.value_count = 1;
    expect(&format, "values: no field that is a value is named \"versio\"; did you mean");
    value.name = "time"; /* a role is none */
    expect(&format, "values: \"time\" is a role and not a value");
    format.value_count = 0;

    format.clock = (struct format_clock){
        .at = &fixture_node, .unit_ns = 1000000000, .fraction = "ms", .per = 1000};
    expect(&format, "fraction: header and trailer have no field \"ms\"");
}
END_TEST

START_TEST(devices)
{
    const struct format_field header[] = {fixture_field("hex:33", "key"),
                                          fixture_field("f32", "x")};
    const char *key = "key";
    struct format format = a_format(header, 2);

    expect(&format, "nothing says which device a datagram is of");
    format.device_is_source = true;
    ck_assert_str_eq(fixture_problems(&format), "");
    format.device_is_source = false;
    format.device = &key;
    format.device_count = 1;
    expect(&format, "the device would have 66 characters or more; at most 64 are possible");
    key = "x";
    expect(&format, "\"x\" is the device, so it must be an integer");
}
END_TEST

START_TEST(types)
{
    static const struct format_type_word words[] = {
        {1, FORMAT_DATA}, {1, FORMAT_INIT}, {256, FORMAT_DATA}};
    const struct format_field header[] = {fixture_field("u8", "device"),
                                          fixture_field("u8", "type")};
    struct format format = a_format(header, 2);

    format.has_types = true;
    format.types = words;
    expect(&format, "`type` needs 1 to 256 values");
    format.type_count = 2;
    expect(&format, "`type` has 1 twice");
    format.types = words + 2;
    format.type_count = 1;
    expect(&format, "`type` is never 256: the field \"type\" has 8 bits");
    format.types = words;
    format.header.count = 1;
    expect(&format, "`type` says what types mean, but header and trailer have no field \"type\"");
}
END_TEST

START_TEST(bodies)
{
    const struct format_field header[] = {fixture_field("u8", "device"), fixture_field("u8", "x")};
    const struct format_field open[] = {fixture_field("text", "rest")};
    const struct format_field counted[] = {fixture_field("u8", "count")};
    const struct format_field twice[] = {fixture_field("u8", "x")};
    const struct format_field late[] = {fixture_field("u8", "sequence")};
    const struct format_field typed[] = {fixture_field("u8", "type")};
    struct format_body list[2] = {{.at = &fixture_node, .reading = {open, 1}, .readings = 1},
                                  {.at = &fixture_node}};
    struct format format = a_format(header, 2);

    format.bodies = list;
    format.body_count = 1;
    ck_assert_str_eq(fixture_problems(&format), "");
    format.body_count = 2;
    expect(&format, "no datagram gets here: the body in front of it has no `when`");
    format.body_count = 1;
    list[0].readings = 0;
    expect(&format, "a reading that goes to the end can only be one: write `readings: 1`");
    list[0] =
        (struct format_body){.at = &fixture_node, .header = {counted, 1}, .reading = {late, 1}};
    expect(&format, "\"sequence\" is of the whole datagram, so its place is in `header`, or that");
    list[0].reading.list = twice;
    expect(&format, "a datagram would have \"x\" twice");
    list[0].reading.list = open;
    list[0].readings = 1;
    expect(&format, "`readings` says already that there are 1");
    list[0].header.list = typed;
    expect(&format, "\"type\" is of the whole datagram, so its place is in `header`;");
    list[0].header.list = open;
    list[0].reading.list = counted + 0;
    list[0].reading.count = 0;
    expect(&format, "readings: there is no `reading`");
    list[0].readings = 0;
    ck_assert_str_eq(fixture_problems(&format), "");
    format.trailer = (struct format_fields){open, 1};
    expect(&format, "a trailer is found from the end: its fields need a fixed length");
}
END_TEST

START_TEST(clocks_and_checks)
{
    const struct format_field header[] = {
        fixture_field("u8", "device"), fixture_field("u64", "time"), fixture_field("u16", "check"),
        fixture_field("u16", "ms")};
    struct format format = a_format(header, 1);

    format.clock = (struct format_clock){.at = &fixture_node, .unit_ns = 1000};
    expect(&format, "`time` says what a time stamp means, but no header has a field \"time\"");
    format.header.count = 4;
    ck_assert_str_eq(fixture_problems(&format), "");
    format.clock.wraps = true;
    expect(&format, "wraps: a time of 64 bits does not in 292 years");
    format.clock.wraps = false;
    format.clock.fraction = "ms";
    expect(&format, "fraction: `per` says how many of \"ms\" are a second, such as 1000");
    format.clock.per = 1000;
    ck_assert_str_eq(fixture_problems(&format), "");

    format.checksum = (struct format_checksum){.at = &fixture_node, .is = FORMAT_CRC32};
    expect(&format, "\"check\" must be u32, as the sum is");
    format.checksum.is = FORMAT_CRC16_ARC;
    ck_assert_str_eq(fixture_problems(&format), "");
    format.checksum.has_from = format.checksum.has_to = true;
    format.checksum.from = 4;
    format.checksum.to = 4;
    expect(&format, "check: there are no bytes from 4 to 4");
    format.checksum.to = 70000;
    expect(&format, "check: no datagram has 70000 bytes");
    format.checksum.to = 5;
    format.clock.fraction = NULL;
    format.header.count = 2;
    expect(&format, "`check` says how a sum is made, but no header and no trailer has a field");
}
END_TEST

START_TEST(scales)
{
    static const struct format_name words[] = {{1, "on"}, {1, "off"}, {256, "what"}};
    const struct format_field header[] = {fixture_field("u8", "device"), fixture_field("u8", "x"),
                                          fixture_field("hex:2", "y"), fixture_field("f32", "z")};
    struct format_value value = fixture_value("x", 1, 0);
    struct format format = a_format(header, 4);

    format.values = &value;
    format.value_count = 1;
    expect(&format, "\"x\" would be divided by 0");
    value = fixture_value("x", INT64_MAX, 3);
    expect(&format, "scale and offset of \"x\" have too many digits together");
    value = fixture_value("y", 1, 10);
    expect(&format, "\"y\" is no number, so it has no scale and no offset");
    value = fixture_value("x", 1, 1);
    value.absent = (const uint64_t[]){256};
    value.absent_count = 1;
    expect(&format, "absent: \"x\" is never 256");
    value.name = "z";
    expect(&format, "absent: \"z\" is never 256");
    value = fixture_value("x", 1, 1);
    value.names = words;
    value.name_count = 2;
    expect(&format, "\"x\" has two words for 1");
    value.names = words + 2;
    value.name_count = 1;
    expect(&format, "names: \"x\" is never 256");
}
END_TEST

START_TEST(limits)
{
    struct format_field header[FORMAT_FIELDS_MOST + 1];
    struct format_body list[FORMAT_BODIES_MOST + 1];
    struct format format = a_format(header, FORMAT_FIELDS_MOST);
    size_t i;

    for (i = 0; i < COUNT_OF(header); i++)
        header[i] = fixture_field("u8", i == 0 ? "device" : NULL);
    ck_assert_str_eq(fixture_problems(&format), "");
    format.header.count++;
    expect(&format, "there are 65 fields, parts included; at most 64 are possible");
    format.header.count = 60;
    format.trailer = (struct format_fields){header + 1, 5};
    expect(&format, "header and trailer have 65 fields together");
    format.trailer.count = 0;
    for (i = 0; i < COUNT_OF(list); i++)
        list[i] = (struct format_body){.at = &fixture_node, .reading = {header + 1, 5}};
    format.bodies = list;
    format.body_count = 1;
    expect(&format, "a datagram with this body has 65 fields, parts included");
    format.body_count = COUNT_OF(list);
    expect(&format, "a format has 32 bodies at most");
}
END_TEST

/* What refers to fields is not judged where the fields are wrong. */
START_TEST(one_problem_has_no_others_behind_it)
{
    const struct format_field header[] = {fixture_field("u8", "device")};
    const struct format_field reading[] = {fixture_field("hex:0", "x")};
    const struct format_body body = {.at = &fixture_node, .reading = {reading, 1}};
    const struct format_value value = fixture_value("x", 1, 10);
    struct format format = a_format(header, 1);

    format.bodies = &body;
    format.body_count = 1;
    format.values = &value;
    format.value_count = 1;
    expect(&format, "it has no bytes");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        fields,
        parts,
        names_that_are_not_there,
        devices,
        types,
        bodies,
        clocks_and_checks,
        scales,
        limits,
        one_problem_has_no_others_behind_it,
    };
    Suite *suite = suite_create("plan compile");
    TCase *cases = tcase_create("plan compile");
    size_t i;

    for (i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}
