/* SPDX-License-Identifier: MIT
 *
 * Files with formats: good ones, and what is said of bad ones, to the letter.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config/devices.h"
#include "collector/config/format_files.h"
#include "common/runner.h"
#include "common/yaml.h"
#include "files.h"
#include "wire/plan.h"

static char presets[PATH_MAX]; /* etc/formats */

/* ---- Whole files ---------------------------------------------------------------------- */

static void expect_catalog(const char *path, const char *said, unsigned count)
{
    struct problems problems = {0};
    struct catalog *catalog = devices_load(path, &problems);

    files_expect_said(&problems, said);
    ck_assert_ptr_nonnull(catalog);
    ck_assert_uint_eq(catalog_format_count(catalog), count);
    catalog_free(catalog);
}

START_TEST(the_presets)
{
    static const char *const names[] = {"assignment", "ccsds",       "mavlink2", "netflow5",
                                        "reference",  "reference-2", "rtp",      "ruuvi5"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        struct problems problems = {0};
        struct catalog *catalog;
        char path[PATH_MAX + 64];

        snprintf(path, sizeof path, "%s/%s.yaml", presets, names[i]);
        catalog = devices_load(path, &problems);
        files_expect_said(&problems, "");
        ck_assert_int_eq(catalog_find_format(catalog, names[i]), 1);
        ck_assert_str_eq(plan_name(catalog_plan(catalog, 1)), names[i]);
        ck_assert_int_eq(catalog_find_format(catalog, "built-in"), 0);
        ck_assert_int_eq(catalog_find_format(catalog, "none"), -1);
        catalog_free(catalog);
    }
}
END_TEST

START_TEST(included_files)
{
    char yaml[PATH_MAX + 128];

    files_write("mine.yaml", "formats: { mine: { header: [ u8: device ] } }\n");
    snprintf(yaml, sizeof yaml,
             "include_formats: [ mine, %s/rtp.yaml ]\n"
             "formats: { g: { header: [ u8: device ] } }\n",
             presets);
    files_write("devices.yaml", yaml);
    expect_catalog("devices.yaml", "", 3);
    files_write("empty.yaml", "formats: {}\n");
    files_write("devices.yaml", "include_formats: [ empty.yaml ]\n");
    expect_catalog("devices.yaml", "", 0);
}
END_TEST

START_TEST(wrong_files_that_are_included)
{
    static const char *const files[][2] = {
        {"formats: { g: { header: [ u8: device ] } }\n",
         "./a.yaml:1:12: format \"g\" is there already; expected another name\n"},
        {"devices: []\n", "./a.yaml:1:1: a file of formats has no setting \"devices\"; expected "
                          "formats\n"},
        {"- 1\n", "./a.yaml:1:1: a file of formats is a list; expected a mapping: formats: { NAME: "
                  "{ header: ... } }\n"},
    };
    size_t i;

    for (i = 0; i < sizeof files / sizeof *files; i++) {
        struct problems problems = {0};

        files_write("a.yaml", files[i][0]);
        files_write("devices.yaml", "include_formats: [ a ]\n"
                                    "formats: { g: { header: [ u8: device ] } }\n");
        ck_assert_ptr_null(devices_load("./devices.yaml", &problems));
        files_expect_said(&problems, files[i][1]);
    }
}
END_TEST

START_TEST(a_preset_that_is_not_there)
{
    static const char presets_are[] =
        " (those of Muster are assignment, ccsds, mavlink2, netflow5, reference-2, reference, rtp, "
        "ruuvi5)\n";
    struct node node = {.kind = NODE_WORD, .line = 1, .column = 2, .file = "d.yaml"};
    struct problems problems = {0};
    char expected[PATH_MAX + 512];

    node.text = "ruvi5";
    format_files_say_missing(&node, presets, &problems);
    snprintf(expected, sizeof expected,
             "d.yaml:1:2: include_formats: no file \"ruvi5\"; did you mean \"ruuvi5\"?%s",
             presets_are);
    files_expect_said(&problems, expected);
    node.text = "modbus";
    format_files_say_missing(&node, presets, &problems);
    snprintf(
        expected, sizeof expected,
        "d.yaml:1:2: include_formats: no file \"modbus\" in the folder of the catalog or in %s; "
        "expected one, perhaps without .yaml%s",
        presets, presets_are);
    files_expect_said(&problems, expected);
    format_files_say_missing(&node, "./not-there", &problems);
    files_expect_said(&problems, "d.yaml:1:2: include_formats: no file \"modbus\" in the folder of "
                                 "the catalog or in ./not-there; expected one, perhaps without "
                                 ".yaml\n");
}
END_TEST

START_TEST(a_name_that_is_nearly_a_role)
{
    files_write("devices.yaml",
                "formats: { f: { header: [ u8: device, u8: [sequnce/7, tyype/1] ] } }\n");
    expect_catalog(
        "devices.yaml",
        "devices.yaml:1:44: warning: \"sequnce\" is the name of a value here; did you "
        "mean the role \"sequence\"?\n"
        "devices.yaml:1:55: warning: \"tyype\" is the name of a value here; did you mean "
        "the role \"type\"?\n",
        1);
}
END_TEST

START_TEST(what_is_wrong_anywhere_is_said_at_once)
{
    struct problems problems = {0};

    files_write("a.yaml", "formats:\n"
                          "  a: { header: [ u12: device ] }\n"
                          "  b: { header: [ u16: device ], expect: { devise: 1 } }\n");
    files_write("b.yaml", "formats: { c: { header: [ u16: devise ] } }\n");
    files_write("devices.yaml", "include_formats: [ a, b ]\n"
                                "devices: [ { id: 1, class: none } ]\n"
                                "formats: { d: { header: [ u16: device ], order: el } }\n");
    ck_assert_ptr_null(devices_load("./devices.yaml", &problems));
    files_expect_said(
        &problems,
        "./a.yaml:2:18: unknown type \"u12\"; did you mean \"u16\"?\n"
        "./a.yaml:3:43: expect: header and trailer have no field \"devise\"; did you mean "
        "\"device\"?\n"
        "./b.yaml:1:12: nothing says which device a datagram is of: name a field of the header "
        "\"device\", or write `device: NAME` or `device: source`\n"
        "./b.yaml:1:27: warning: \"devise\" is the name of a value here; did you mean the role "
        "\"device\"?\n"
        "./devices.yaml:2:28: unknown class \"none\"; expected one that \"classes\" defines, or "
        "\"text\"\n"
        "./devices.yaml:3:49: order: unknown \"el\"; did you mean \"le\"? (one of \"be\", "
        "\"le\")\n");
}
END_TEST

/* What people call types elsewhere, and here. */
static const char *const other_types[][2] = {
    {"uint8", "u8"},        {"uint16_t", "u16"},    {"int32", "i32"},    {"float", "f32"},
    {"double", "f64"},      {"string:4", "text:4"}, {"byte", "u8"},      {"bool", "u8"},
    {"char:8", "text:8"},   {"char[8]", "text:8"},  {"u16_le", "u16le"}, {"u16 be", "u16be"},
    {"U16", "u16"},         {"UINT16LE", "u16le"},  {"s16", "i16"},      {"float64be", "f64be"},
    {"bytes:u8", "hex:u8"}, {"u8_le", "u8"},        {"string", "text"},  {"pad:2", "skip:2"},
};

START_TEST(types_of_other_languages)
{
    char yaml[128], said[128];
    struct problems problems = {0};

    snprintf(yaml, sizeof yaml, "formats: { f: { header: [ u8: device, \"%s\": x ] } }\n",
             other_types[_i][0]);
    snprintf(said, sizeof said, "devices.yaml:1:39: unknown type \"%s\"; did you mean \"%s\"?\n",
             other_types[_i][0], other_types[_i][1]);
    files_write("devices.yaml", yaml);
    ck_assert_ptr_null(devices_load("devices.yaml", &problems));
    files_expect_said(&problems, said);
    /* What is proposed is one. */
    snprintf(yaml, sizeof yaml, "formats: { f: { header: [ u8: device, \"%s\": x ] } }\n",
             other_types[_i][1]);
    files_write("devices.yaml", yaml);
    expect_catalog("devices.yaml", "", 1);
}
END_TEST

START_TEST(roles_that_nothing_is_said_of)
{
    files_write("devices.yaml", "formats: { f: { header: [ u8: device, u8: [type/4, -/4] ], "
                                "trailer: [ u8: check ] } }\n");
    expect_catalog(
        "devices.yaml",
        "devices.yaml:1:44: warning: every datagram is DATA, since nothing says what \"type\" "
        "means; "
        "expected such as `type: { 0: heartbeat, 1: data }` beside `header`, or `type: data` if "
        "they "
        "all are\n"
        "devices.yaml:1:71: warning: \"check\" is not verified, since nothing says how it is "
        "computed; expected such as `check: crc16-x25` beside `header`, or `check: none` if it is "
        "not to be\n",
        1);
    files_write("devices.yaml", "formats: { f: { header: [ u8: device, u8: type, u8: check ], "
                                "type: data, check: none } }\n");
    expect_catalog("devices.yaml", "", 1);
}
END_TEST

struct bad {
    const char *yaml;
    const char *expected; /* without "devices.yaml:" at the beginning */
};

#define HEADER "formats:\n  f:\n    header: [ u16: device, u16: sequence ]\n"

static const struct bad bad_files[] = {
    /* The whole. */
    {"formats: []\n", "1:10: formats is a list; expected a mapping of names to formats\n"},
    {"formats: { f: [] }\n",
     "1:15: a format is a list; expected a mapping such as { header: [ u16: device ] }\n"},
    {"formats: { f: { } }\n",
     "1:12: format \"f\" has no header; expected header: [ TYPE: NAME, ... ]\n"},
    {"formats: { f: }\n",
     "1:15: a format is nothing; expected a mapping such as { header: [ u16: device ] }\n"},
    {"formats: { built-in: { header: [ u8: device ] } }\n",
     "1:12: format \"built-in\" is always there; expected another name\n"},
    {"formats: { 1st: { header: [ u8: device ] } }\n",
     "1:12: the name of a format \"1st\": expected a letter, then letters, digits, '_', '-' and "
     "'.', at most 64\n"},
    {"formats:\n"
     "  f: { header: [ u8: device ] }\n"
     "  f: { header: [ u8: device ] }\n",
     "3:3: \"f\" is given again; it is first on line 2\n"},
    {"formats: { f: { haeder: [ u8: device ] } }\n",
     "1:12: format \"f\" has no header; expected header: [ TYPE: NAME, ... ]\n"
     "devices.yaml:1:17: a format has no setting \"haeder\"; did you mean \"header\"?\n"},
    {HEADER "    order: el\n"
            "    counts: reading\n",
     "4:12: order: unknown \"el\"; did you mean \"le\"? (one of \"be\", \"le\")\n"
     "devices.yaml:5:13: counts: unknown \"reading\"; did you mean \"readings\"? (one of "
     "\"datagrams\", \"readings\")\n"},
    {HEADER "    header: [ u8: device ]\n",
     "4:5: setting \"header\" is given again; it is first on line 3\n"},

    /* Answers. */
    {HEADER "    reply: { on: data }\n",
     "4:12: reply is a mapping; expected a list of { on: TYPE, send: [ ... ] }\n"},
    {HEADER "    reply:\n"
            "      - { on: dta, sned: [ u8: 1 ] }\n",
     "5:9: an entry of reply has no send; expected what is sent, such as send: [ u8: 1 ]\n"
     "devices.yaml:5:15: unknown type \"dta\"; did you mean \"data\"?\n"
     "devices.yaml:5:20: an entry of reply has no setting \"sned\"; did you mean \"send\"?\n"},
    {HEADER
     "    reply: [ { send: [ u12: 1, f32: device, u8: 1, \"text:u8\": device ], to: lsited } ]\n",
     "4:24: unknown type \"u12\"; did you mean \"u16\"?\n"
     "devices.yaml:4:32: send: \"f32\" cannot be sent; expected an integer, or text, hex or bcd of "
     "a fixed length\n"
     "devices.yaml:4:52: send: \"text:u8\" cannot be sent; expected an integer, or text, hex or "
     "bcd "
     "of a fixed length\n"
     "devices.yaml:4:77: to: unknown \"lsited\"; did you mean \"listed\"? (one of \"listed\", "
     "\"all\")\n"},
    {HEADER "    reply: [ { send: [ \"text:3\": \"OK\", hex: \"0a0\", hex: device, u8: [ ] ] } ]\n",
     "4:34: send: it has 2 bytes, and the type says 3\n"
     "devices.yaml:4:45: send: an odd number of digits, 3, in \"0a0\"; expected two for each byte\n"
     "devices.yaml:4:57: send: how long it is, is missing; expected one such as text:8\n"
     "devices.yaml:4:69: there are no parts; expected some, or a number\n"},
    {HEADER "    reply: [ { when: { device: { hsa: 1 } }, send: [ u8: 1 ] },\n"
            "             { when: { device: { has: 0 } }, send: [ u8: 1 ] } ]\n",
     "4:34: unknown property of a condition \"hsa\"; did you mean \"has\"?\n"
     "devices.yaml:5:39: has: 0 has no bit; expected a number such as 1 or 0x80\n"},
    {HEADER "    reply: [ { send: [ u8: 1 ], after: \"\" } ]\n",
     "4:40: after is empty; expected receive, or the name of a sink of the chain\n"},
    {HEADER "    reply: [ { send: [ u8: 1, u8: devcie ] } ]\n",
     "4:35: send: header and trailer have no field \"devcie\"; did you mean \"device\"?\n"},
    {HEADER "    reply: [ { send: [ u16: device ] } ]\n"
            "    examples: [ { hex: \"00070001\", is: { answer: \"0008\" } }, { hex: \"0007 "
            "0001\", is: { answer: "
            "null } } ]\n",
     "5:50: example: the answer is 00 07; the example says 0008\n"
     "devices.yaml:5:96: example: the answer is 00 07; the example says that there is none\n"},

    /* Fields. */
    {"formats: { f: { header: u16 } }\n",
     "1:25: header is a text; expected a list of TYPE: NAME such as [ u16: device ]\n"},
    {"formats: { f: { header: [ u12: device ] } }\n",
     "1:27: unknown type \"u12\"; did you mean \"u16\"?\n"},
    {"formats: { f: { header: [ u16: device, tetx: x ] } }\n",
     "1:40: unknown type \"tetx\"; did you mean \"text\"?\n"},
    {"formats: { f: { header: [ u16: device, i65: x ] } }\n",
     "1:40: unknown type \"i65\"; did you mean \"i64\"?\n"},
    {"formats: { f: { header: [ u16: device, \"u16:4\": x ] } }\n",
     "1:40: type \"u16:4\": u16 has a length of its own; expected no ':' behind it\n"},
    {"formats: { f: { header: [ u16: device, \"text:0\": x, \"hex:u32\": y, \"bcd:-1\": z, "
     "\"skip:70000\": x ] } }\n",
     "1:40: type \"text:0\": \"0\" is not a length; expected 1 to 65535 bytes, u8 or u16 for a "
     "length in front, or no ':' for all that is left\n"
     "devices.yaml:1:53: type \"hex:u32\": \"u32\" is not a length; expected 1 to 65535 bytes, u8 "
     "or u16 for a length in front, or no ':' for all that is left\n"
     "devices.yaml:1:67: type \"bcd:-1\": \"-1\" is not a length; expected 1 to 65535 bytes, u8 or "
     "u16 for a length in front, or no ':' for all that is left\n"
     "devices.yaml:1:80: type \"skip:70000\": \"70000\" is not a length; expected 1 to 65535 "
     "bytes, u8 or u16 for a length in front, or no ':' for all that is left\n"},
    {"formats: { f: { header: [ u16: device, \"number:5\": x ] } }\n",
     "1:40: separator \"5\": expected one character that no number has, or comma, semicolon, "
     "colon, space, bar, slash, tab or newline\n"},
    {"formats: { f: { header: [ u16: device, u8: [ ] ] } }\n",
     "1:44: there are no parts; expected some, or a name\n"},
    {"formats: { f: { header: [ u16: device, u8: [ a/4, b ] ] } }\n",
     "1:51: part \"b\": expected NAME/BITS such as version/4, 1 to 64 bits\n"},
    {"formats: { f: { header: [ u16: device, u8: [ a/0, b/65, /4 ] ] } }\n",
     "1:46: part \"a/0\": expected NAME/BITS such as version/4, 1 to 64 bits\n"
     "devices.yaml:1:51: part \"b/65\": expected NAME/BITS such as version/4, 1 to 64 bits\n"
     "devices.yaml:1:57: part \"/4\": expected NAME/BITS such as version/4, 1 to 64 bits\n"},
    {"formats: { f: { header: [ u16: device, text: [ a/4 ] ] } }\n",
     "1:46: only an integer, u8 to u64, has parts; expected a name\n"},
    {"formats: { f: { header: [ u16: device, u8: a/4 ] } }\n",
     "1:44: name \"a/4\": parts stand in a list; expected [a/4]\n"},
    {"formats: { f: { header: [ u16: device, u8: \"a b\" ] } }\n",
     "1:44: name \"a b\": expected a letter, then letters, digits, '_', '-' and '.', at most 64\n"},
    {"formats: { f: { header: [ u16: device, u8:  ] } }\n",
     "1:45: a field's name is nothing; expected a name, \"-\" if it has none, or a list of "
     "parts\n"},
    {"formats: { f: { header: [ u16: device, u8: { a: 4 } ] } }\n",
     "1:44: a field's name is a mapping; expected a name, \"-\" if it has none, or a list of "
     "parts\n"},
    {"formats: { f: { header: [ { u16: device, u8: a } ] } }\n",
     "1:42: a field is one TYPE: NAME; expected each behind a '-' of its own\n"},
    {"formats: { f: { header: [ u16, u8 ] } }\n",
     "1:27: a field is a text; expected TYPE: NAME such as u16: device\n"
     "devices.yaml:1:32: a field is a text; expected TYPE: NAME such as u16: device\n"},
    {"formats: { f: { header: [ u16: device, u8: [ a/4, b/5 ] ] } }\n",
     "1:40: the parts have 9 bits together, and the integer has 8\n"},
    {"formats: { f: { header: [ u16: device, u8: a, u8: a ] } }\n",
     "1:47: a datagram would have \"a\" twice, the other one is of line 1; name one of them "
     "otherwise, or '-' if it does not matter\n"},
    {"formats: { f: { header: [ u16: device, text: a, u8: b ] } }\n",
     "1:40: it goes to the end, so nothing can follow it; give it a length\n"},

    /* Conditions and types. */
    {HEADER "    expect: 5\n",
     "4:13: expect is a text; expected a mapping such as { version: 1 }\n"},
    {HEADER "    expect: { device: five, sequence: [ ] }\n",
     "4:23: device: \"five\" is not a whole number of 64 bits; expected one such as 7, -1 or 0xfd\n"
     "devices.yaml:4:39: sequence: the list is empty; expected a value\n"},
    {HEADER "    expect: { sequense: 5 }\n",
     "4:15: expect: header and trailer have no field \"sequense\"; did you mean \"sequence\"?\n"},
    {HEADER "    expect: { device: 1, device: 2 }\n",
     "4:26: \"device\" is given again; it is first on line 4\n"},
    {HEADER "    type: dta\n", "4:11: unknown type \"dta\"; did you mean \"data\"?\n"},
    {HEADER "    type: { 1: datta, x: init, 1: init }\n",
     "4:16: unknown type \"datta\"; did you mean \"data\"?\n"
     "devices.yaml:4:23: type: \"x\" is not a whole number of 64 bits; expected one such as 7, -1 "
     "or 0xfd\n"
     "devices.yaml:4:32: \"1\" is given again; it is first on line 4\n"},
    {HEADER "    type: [ data ]\n",
     "4:11: type is a list; expected a mapping such as { 0: heartbeat, 1: data }\n"},
    {HEADER "    body: [ { when: { type: dat } } ]\n",
     "4:29: unknown type \"dat\"; did you mean \"data\"?\n"},
    {HEADER "    body: [ { when: { typ: data } }, { when: { tipe: [ init ], device: high } } ]\n",
     "4:23: \"typ\" has numbers, only \"type\" has words; did you mean \"type\"?\n"
     "devices.yaml:4:48: \"tipe\" has numbers, only \"type\" has words; did you mean \"type\"?\n"
     "devices.yaml:4:72: device: \"high\" is not a whole number of 64 bits; expected one such as "
     "7, "
     "-1 or 0xfd\n"},
    {HEADER "    body: [ { when: { sequense: 1 } } ]\n",
     "4:23: when: header and trailer have no field \"sequense\"; did you mean \"sequence\"?\n"},
    {HEADER "    time: { fraction: sequense, per: 9 }\n",
     "4:11: `time` says what a time stamp means, but no header has a field \"time\"\n"
     "devices.yaml:4:11: fraction: header and trailer have no field \"sequense\"; did you mean "
     "\"sequence\"?\n"},
    {HEADER "    body: { reading: [ u8: a ] }\n",
     "4:11: body is a mapping; expected a list of { when: ..., reading: [ ... ] }\n"},
    {HEADER
     "    body: [ { reading: [ u8: a ], readings: 0 }, { readings: 2 }, { wehn: { } }, [ ] ]\n",
     "4:45: readings: 0 is out of range; expected 1 to 65535\n"
     "devices.yaml:4:62: readings: \"reading\" is missing: what each of them is\n"
     "devices.yaml:4:69: an entry of body has no setting \"wehn\"; did you mean \"when\"?\n"
     "devices.yaml:4:82: an entry of body is a list; expected a mapping such as { reading: [ u16: "
     "x ] }\n"},

    /* Device, time and check. */
    {HEADER "    device: [ ]\n", "4:13: device: the list is empty; expected names of fields\n"},
    {HEADER "    device: [ device, [ ] ]\n",
     "4:23: device is a list; expected the name of a field, a list of them, or source\n"},
    {HEADER "    device: apid\n",
     "4:13: device: header and trailer have no field \"apid\"; expected device, sequence or "
     "source\n"},
    {HEADER "    device: sorce\n",
     "4:13: device: header and trailer have no field \"sorce\"; did you mean \"source\"?\n"},
    {HEADER "    time: ms\n", "4:11: time is a text; expected a mapping such as { unit: ms }\n"},
    {HEADER "    time: { unit: min, epoch: gsp, wraps: yes }\n",
     "4:19: unit: unknown \"min\"; expected one of \"s\", \"ms\", \"us\", \"ns\"\n"
     "devices.yaml:4:31: epoch: unknown \"gsp\"; did you mean \"gps\"?\n"
     "devices.yaml:4:43: wraps: cannot read \"yes\"; expected true or false\n"},
    {HEADER "    time: { epoch: 1980 }\n",
     "4:20: epoch: 1980 is a year, not a Unix time in seconds; expected \"gps\", which is 6 "
     "January, or 315532800 for 1 January\n"},
    {HEADER "    time: { epoch: 1900 }\n", "4:20: epoch: 1900 is a year, not a Unix time in "
                                           "seconds; expected \"ntp\", or -2208988800 for "
                                           "1 January\n"},
    {HEADER "    time: { epoch: 2001 }\n",
     "4:20: epoch: 2001 is a year, not a Unix time in seconds; expected 978307200 for 1 January\n"},
    {HEADER "    time: { fraction: ms }\n",
     "4:23: fraction: \"per\" is missing: how many of it are a second\n"},
    {HEADER "    time: { per: 1000 }\n",
     "4:18: per: \"fraction\" is missing: the field that it is of\n"},
    {HEADER "    time: { fraction: ms, per: 0 }\n",
     "4:32: per: 0 is out of range; expected 1 to 4294967296\n"},
    {HEADER "    check: crc-16\n",
     "4:12: unknown check \"crc-16\"; expected none, sum8, sum16, xor8, internet16, crc16-arc, "
     "crc16-modbus, crc16-ccitt-false, crc16-x25, crc16-mcrf4xx or crc32\n"},
    {HEADER "    check: { is: crc16, from: -1 }\n",
     "4:18: is: unknown \"crc16\"; expected one of \"none\", \"sum8\", \"sum16\", \"xor8\", "
     "\"internet16\", "
     "\"crc16-arc\", \"crc16-modbus\", \"crc16-ccitt-false\", \"crc16-x25\", \"crc16-mcrf4xx\", "
     "\"crc32\"\n"
     "devices.yaml:4:31: from: -1 is out of range; expected 0 to 65535\n"},
    {HEADER "    check: { from: 1 }\n",
     "4:12: check needs the setting \"is\" (one of \"none\", \"sum8\", \"sum16\", \"xor8\", "
     "\"internet16\", "
     "\"crc16-arc\", \"crc16-modbus\", \"crc16-ccitt-false\", \"crc16-x25\", \"crc16-mcrf4xx\", "
     "\"crc32\"): How the field \"check\" is computed\n"},
    {HEADER "    check: { is: sum8, holds: one }\n",
     "4:31: holds: unknown \"one\"; expected one of \"zero\"\n"},

    /* Values. */
    {HEADER "    values: [ ]\n",
     "4:13: values is a list; expected a mapping of names to { scale: 0.1, unit: Cel }\n"},
    {HEADER "    values: { a: 5 }\n",
     "4:18: a is a text; expected a mapping such as { scale: 0.1, unit: Cel }\n"},
    {HEADER "    values: { a: { scael: 1, scale: x } }\n",
     "4:20: unknown property of a value \"scael\"; did you mean \"scale\"?\n"
     "devices.yaml:4:37: scale: cannot read \"x\"; expected a number such as 0.005, 1e-7 or "
     "1/200\n"},
    {HEADER "    values: { a: { scale: 0, offset: 1/2 } }\n",
     "4:27: scale: it is 0, so that every value would be the same; expected another\n"
     "devices.yaml:4:38: offset: cannot read \"1/2\"; expected a number such as -40 or 1.6\n"},
    {HEADER "    values: { a: { scale: 1/0 }, a: { } }\n",
     "4:27: scale: cannot read \"1/0\"; expected a number such as 0.005, 1e-7 or 1/200\n"
     "devices.yaml:4:34: \"a\" is given again; it is first on line 4\n"},
    {HEADER "    values: { a: { absent: [ x ], names: [ a ] } }\n",
     "4:30: absent: \"x\" is not a whole number of 64 bits; expected one such as 7, -1 or 0xfd\n"
     "devices.yaml:4:42: names is a list; expected a mapping such as { 0: off, 1: on }\n"},
    {HEADER "    values: { a: { names: { 1: a, 1: b }, map: { 2: c } } }\n",
     "4:35: \"1\" is given again; it is first on line 4\n"
     "devices.yaml:4:48: \"map\" is another word for \"names\"; expected one\n"},
    {HEADER "    values: { sequence: { scale: 2 }, sequense: { } }\n",
     "4:15: values: \"sequence\" is a role and not a value, so it has no scale, unit or words; "
     "leave "
     "it out here\n"
     "devices.yaml:4:39: values: no field that is a value is named \"sequense\"; did you mean "
     "\"sequence\"?\n"},
    {HEADER "    values: { a: { names: { 1: [ ] }, unit: { } } }\n",
     "4:32: names: a word is a list; expected a text\n"
     "devices.yaml:4:45: unit is a mapping; expected a text such as Cel or \"%RH\"\n"},

    /* Examples. */
    {HEADER "    examples: { hex: 00 }\n",
     "4:15: examples is a mapping; expected a list of { hex: \"...\", is: { ... } }\n"},
    {HEADER "    examples: [ 5, { is: { } }, { hex: \"00 0\" }, { hex: \"00 xy\" }, { hex: "
            "\"00010002\", si: { } } ]\n",
     "4:17: an example is a text; expected a mapping: { hex: \"...\", is: { ... } }\n"
     "devices.yaml:4:20: an example needs \"hex\": the datagram's bytes, two digits each\n"
     "devices.yaml:4:40: hex: an odd number of digits, 1, in \"0\"; expected two for each byte\n"
     "devices.yaml:4:57: hex: \"xy\" is not hexadecimal; expected digits 0 to f, two for each "
     "byte\n"
     "devices.yaml:4:87: an example has no setting \"si\"; did you mean \"is\"?\n"},
    {HEADER
     "    examples: [ { hex: \"0001 0002\", is: { device: 2, sequence: 1, type: init } } ]\n",
     "4:51: example: the device is 1; the example says 2\n"
     "devices.yaml:4:64: example: the sequence number is 2; the example says 1\n"
     "devices.yaml:4:73: example: the type is data; the example says init\n"},
    {HEADER "    examples: [ { hex: \"0001 0002\", is: { devise: 1, time: soon, readings: 2, "
            "rejected: bad_length } } ]\n",
     "4:43: example: there is no value \"devise\"; did you mean \"device\"?\n"
     "devices.yaml:4:60: example: the time is none; the example says \"soon\", which cannot be "
     "read: expected one such as 2025-12-17T19:33:20Z, or seconds since 1970\n"
     "devices.yaml:4:76: example: the number of readings is 0; the example says 2\n"
     "devices.yaml:4:89: example: it is taken; the example says rejected: bad_length\n"},
    {HEADER "    examples: [ { hex: \"0001 00\" } ]\n",
     "4:24: example: it is rejected, too_short at byte 3: it has 3 bytes, and header and trailer "
     "need 4\n"},
    {HEADER "    examples: [ { hex: \"0001 00\", is: { rejected: bad_length } } ]\n",
     "4:51: example: it is rejected, and the reason is too_short; the example says bad_length\n"},
    {"formats:\n"
     "  f:\n"
     "    header: [ u8: device, i16: t ]\n"
     "    values: { t: { scale: 0.1, absent: -1 } }\n"
     "    examples:\n"
     "      - { hex: 01 00d4, is: { t: 21.3 } }\n"
     "      - { hex: 01 ffff, is: { t: -0.1 } }\n"
     "      - { hex: 01 00d4, is: { t: } }\n",
     "6:34: example: t is 21.2; the example says 21.3\n"
     "devices.yaml:7:34: example: t is absent; the example says -0.1\n"
     "devices.yaml:8:34: example: t is 21.2; the example says that it is absent\n"},
    {"formats:\n"
     "  f:\n"
     "    header: [ u8: device ]\n"
     "    body: [ { reading: [ u8: v ] } ]\n"
     "    examples:\n"
     "      - hex: 01 05 06\n"
     "        is: { readings: [ { v: 5 } ] }\n"
     "      - hex: 01 05 06\n"
     "        is: { readings: [ { v: 5 }, { v: 7 } ] }\n"
     "      - hex: 01 05 06\n"
     "        is: { readings: [ { v: 5 }, 6 ] }\n",
     "7:25: example: there are 2 readings; the example has 1\n"
     "devices.yaml:9:42: example: v of reading 2 is 6; the example says 7\n"
     "devices.yaml:11:37: a reading is a text; expected a mapping such as { temperature: 21.2 }\n"},
    {"formats:\n"
     "  f:\n"
     "    header: [ u8: device, u16: time ]\n"
     "    time: { wraps: true }\n"
     "    examples: [ { hex: 01 0001, is: { time: 2025-12-17T19:33:20Z } } ]\n",
     "5:45: example: the time depends on when it arrives; expected \"arrival\" beside \"hex\", "
     "such as arrival: 2025-12-17T19:33:20Z\n"},

    {"formats:\n"
     "  f:\n"
     "    header: [ u8: device, u16: sequence, u8: count ]\n"
     "    counts: readings\n"
     "    body: [ { reading: [ u8: v ] } ]\n"
     "    examples:\n"
     "      - { hex: 01 0005 01 07, is: { device: [ 1 ], sequence: , time: { }, type: , v: [ ] } "
     "}\n"
     "      - { hex: 01 0005 01 07, is: { readings: , rejected: } }\n"
     "      - { hex: 01 0005 01 07, is: { readings: [ { v: { } } ] } }\n"
     "      - { hex: 01 0005 01 07, is: { readings: [ { flags: 1, w: 1 } ] } }\n"
     "      - { hex: 01 0005 00, is: { sequence: , time: , v: } }\n"
     "      - { hex: 01 0005 00, is: { sequence: 4 } }\n",
     "7:45: example: the device is 1; the example says a list\n"
     "devices.yaml:7:62: example: the sequence number is 5; the example says nothing\n"
     "devices.yaml:7:70: example: the time is none; the example says a mapping\n"
     "devices.yaml:7:81: example: the type is data; the example says nothing\n"
     "devices.yaml:7:86: example: v is 7; the example says a list\n"
     "devices.yaml:8:47: example: the number of readings is 1; the example says nothing\n"
     "devices.yaml:8:59: example: it is taken; the example says rejected: nothing\n"
     "devices.yaml:9:54: example: v of reading 1 is 7; the example says a mapping\n"
     "devices.yaml:10:51: example: \"flags\" is of the whole datagram; expected beside "
     "\"readings\"\n"
     "devices.yaml:10:61: example: there is no value \"w\"; expected v, device, sequence, type, "
     "time, "
     "flags, readings, rejected or answer\n"
     "devices.yaml:12:44: example: the sequence number is none; the example says 4\n"},

    /* Files that are included. */
    {"include_formats: ruuvi5\n",
     "1:18: include_formats is a text; expected a list such as [ ruuvi5 ]\n"},
};

START_TEST(bad_file)
{
    struct problems problems = {0};
    char expected[4096];

    files_write("devices.yaml", bad_files[_i].yaml);
    ck_assert_ptr_null(devices_load("devices.yaml", &problems));
    snprintf(expected, sizeof expected, "devices.yaml:%s", bad_files[_i].expected);
    files_expect_said(&problems, expected);
}
END_TEST

static void expect_too_many(const char *yaml, const char *said)
{
    struct problems problems = {0};

    files_write("devices.yaml", yaml);
    ck_assert_ptr_null(devices_load("devices.yaml", &problems));
    files_expect_said(&problems, said);
}

/* `n` times an item, with its number in it. */
static void many(char *out, size_t room, const char *before, const char *item, int n,
                 const char *behind)
{
    size_t used = (size_t)snprintf(out, room, "%s", before);
    int i;

    for (i = 0; i < n; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%d%s", item, i, ", ");
    snprintf(out + used, room - used, "%s", behind);
}

START_TEST(limits)
{
    static char yaml[65536];

    many(yaml, sizeof yaml, "formats: { f: { header: [ ", "u8: a", 65, "] } }\n");
    expect_too_many(yaml, "devices.yaml:1:25: header: there are 65; expected at most 64\n");
    many(yaml, sizeof yaml, HEADER "    expect: { sequence: [ ", "", 257, "] }\n");
    expect_too_many(yaml, "devices.yaml:4:25: sequence: there are 257; expected at most 256\n");
    many(yaml, sizeof yaml, HEADER "    device: [ ", "a", 65, "]\n");
    expect_too_many(yaml, "devices.yaml:4:13: device: there are 65; expected at most 64\n");
    many(yaml, sizeof yaml, HEADER "    values: { ", "a", 129, "}\n");
    expect_too_many(yaml, "devices.yaml:4:13: values: there are 129; expected at most 128\n");
    many(yaml, sizeof yaml, HEADER "    examples: [ ", "a", 65, "]\n");
    expect_too_many(yaml, "devices.yaml:4:15: examples: there are 65; expected at most 64\n");
    many(yaml, sizeof yaml, "include_formats: [ ", "a", 101, "]\n");
    expect_too_many(yaml,
                    "devices.yaml:1:18: include_formats: there are 101; expected at most 100\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("formats");
    char path[PATH_MAX];

    vectors_path(path, sizeof path, "etc/formats");
    if (!realpath(path, presets)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    tcase_add_checked_fixture(tests, files_enter, files_leave);
    tcase_add_test(tests, the_presets);
    tcase_add_test(tests, included_files);
    tcase_add_test(tests, wrong_files_that_are_included);
    tcase_add_test(tests, a_preset_that_is_not_there);
    tcase_add_test(tests, a_name_that_is_nearly_a_role);
    tcase_add_test(tests, what_is_wrong_anywhere_is_said_at_once);
    tcase_add_loop_test(tests, types_of_other_languages, 0,
                        sizeof other_types / sizeof *other_types);
    tcase_add_test(tests, roles_that_nothing_is_said_of);
    tcase_add_loop_test(tests, bad_file, 0, sizeof bad_files / sizeof *bad_files);
    tcase_add_test(tests, limits);
    suite_add_tcase(suite, tests);
    return suite;
}
