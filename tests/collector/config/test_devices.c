/* SPDX-License-Identifier: MIT
 *
 * devices.yaml: what becomes of good files, and what is said of bad ones, to the letter.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config/devices.h"
#include "common/runner.h"
#include "common/yaml.h"
#include "files.h"

#define SECOND       UINT64_C(1000000000)
#define NUMBERS_DATA (1u << MUSTER_MSG_DATA)

static char example[PATH_MAX]; /* etc/devices.yaml */

static void write_file(const char *bytes, size_t size)
{
    files_write_bytes("devices.yaml", bytes, size);
}

/* Loads a file that must be good. */
static struct catalog *load_path(const char *path)
{
    struct problems problems = {0};
    struct catalog *catalog = devices_load(path, &problems);

    files_expect_said(&problems, "");
    ck_assert_ptr_nonnull(catalog);
    return catalog;
}

static struct catalog *load(const char *yaml)
{
    write_file(yaml, strlen(yaml));
    return load_path("devices.yaml");
}

static struct muster_device device(const struct catalog *catalog, uint16_t id, int listed)
{
    struct muster_device out;

    memset(&out, 0xa5, sizeof out);
    out.size = sizeof out;
    ck_assert_int_eq(catalog_device(catalog, id, &out), listed);
    ck_assert_uint_eq(out.size, sizeof out);
    ck_assert_uint_eq(out.reserved, 0);
    return out;
}

START_TEST(tags)
{
    struct catalog *catalog = load("devices:\n"
                                   "  - {id: 1, tags: {floor: 2, \"my key\": \"null\"}}\n"
                                   "  - {id: 2, tags: {}}\n"
                                   "  - {id: 3, tags: ~}\n");
    struct muster_device first;

    ck_assert_ptr_nonnull(catalog);
    first = device(catalog, 1, 1);
    ck_assert_uint_eq(first.tag_count, 2);
    ck_assert_str_eq(first.tags[0].key, "floor");
    ck_assert_str_eq(first.tags[0].value, "2");
    ck_assert_str_eq(first.tags[1].key, "my key");
    ck_assert_str_eq(first.tags[1].value, "null");
    ck_assert_uint_eq(device(catalog, 2, 1).tag_count, 0);
    ck_assert_uint_eq(device(catalog, 3, 1).tag_count, 0);
    catalog_free(catalog);
}
END_TEST

static void check_built_in(struct catalog *catalog)
{
    unsigned id;

    ck_assert_uint_eq(catalog_device_count(catalog), 0);
    ck_assert_uint_eq(catalog_class_count(catalog), 1);
    for (id = 0; id < 65536; id++) {
        const struct wire_class *class = catalog_class(catalog, (uint16_t)id);

        if (class->payload != WIRE_PAYLOAD_TEXT || class->numbers != NUMBERS_DATA)
            ck_abort_msg("device %u", id);
    }
    ck_assert_str_eq(device(catalog, 7, 0).class_name, "text");
    ck_assert_ptr_null(device(catalog, 7, 0).name);
    ck_assert_uint_eq(device(catalog, 7, 0).heartbeat_ns, 0);
    ck_assert_uint_eq(device(catalog, 7, 0).data_ns, 0);
    ck_assert_ptr_null(catalog_place(catalog, 7));
    catalog_free(catalog);
}

START_TEST(empty_files)
{
    static const char *const files[] = {"",
                                        "# nothing\n",
                                        "---\n",
                                        "{}",
                                        "~\n",
                                        "devices:\n",
                                        "devices: []\nclasses: {}\n",
                                        "default: text\n",
                                        "classes:\ndefault:\ndevices:\n"};
    size_t i;

    for (i = 0; i < sizeof files / sizeof *files; i++)
        check_built_in(load(files[i]));
}
END_TEST

START_TEST(the_example)
{
    struct catalog *catalog = load_path(example);

    ck_assert_uint_eq(catalog_device_count(catalog), 3);
    ck_assert_uint_eq(catalog_class_count(catalog), 3);
    ck_assert_str_eq(device(catalog, 101, 1).name, "boiler");
    ck_assert_str_eq(device(catalog, 101, 1).class_name, "thermometer");
    ck_assert_uint_eq(device(catalog, 101, 1).heartbeat_ns, 30 * SECOND);
    ck_assert_uint_eq(device(catalog, 101, 1).data_ns, 6 * SECOND);
    ck_assert_str_eq(catalog_place(catalog, 103), "under the roof, north side");
    ck_assert_str_eq(device(catalog, 9, 0).class_name, "thermometer");
    catalog_free(catalog);
}
END_TEST

START_TEST(classes_and_devices)
{
    struct catalog *catalog = load("devices:\n" /* before what they refer to */
                                   "  - {id: 0, class: meter, name: 5}\n"
                                   "  - {id: 65535, class: all}\n"
                                   "  - {id: 3, class: text, place: \"null\"}\n"
                                   "  - {id: 4, name: ~, class: , place: null}\n"
                                   "default: quiet\n"
                                   "classes:\n"
                                   "  meter: {payload: u16, heartbeat: 90, data: 250ms}\n"
                                   "  all: {numbers: all}\n"
                                   "  quiet: {numbers: []}\n"
                                   "  two: {numbers: [heartbeat, init]}\n"
                                   "  one: {numbers: init}\n"
                                   "  plain:\n");

    ck_assert_uint_eq(catalog_device_count(catalog), 4);
    ck_assert_uint_eq(catalog_class_count(catalog), 7);

    ck_assert_int_eq(catalog_class(catalog, 0)->payload, WIRE_PAYLOAD_U16);
    ck_assert_uint_eq(catalog_class(catalog, 0)->numbers, NUMBERS_DATA);
    ck_assert_str_eq(device(catalog, 0, 1).name, "5");
    ck_assert_uint_eq(device(catalog, 0, 1).heartbeat_ns, 90 * SECOND);
    ck_assert_uint_eq(device(catalog, 0, 1).data_ns, SECOND / 4);
    ck_assert_uint_eq(catalog_class(catalog, 65535)->numbers, 7);
    ck_assert_str_eq(device(catalog, 3, 1).class_name, "text");
    ck_assert_uint_eq(catalog_class(catalog, 3)->numbers, NUMBERS_DATA);
    ck_assert_str_eq(catalog_place(catalog, 3), "null");
    ck_assert_ptr_null(device(catalog, 4, 1).name);
    ck_assert_ptr_null(catalog_place(catalog, 4));
    ck_assert_str_eq(device(catalog, 4, 1).class_name, "quiet");
    ck_assert_str_eq(device(catalog, 5, 0).class_name, "quiet");
    ck_assert_uint_eq(catalog_class(catalog, 5)->numbers, 0);
    catalog_free(catalog);
}
END_TEST

START_TEST(numbers_of_some_types)
{
    struct catalog *catalog = load("classes:\n"
                                   "  two: {numbers: [heartbeat, init]}\n"
                                   "  one: {numbers: init}\n"
                                   "devices: [{id: 1, class: two}, {id: 2, class: one}]\n");

    ck_assert_uint_eq(catalog_class(catalog, 1)->numbers,
                      1u << MUSTER_MSG_HEARTBEAT | 1u << MUSTER_MSG_INIT);
    ck_assert_uint_eq(catalog_class(catalog, 2)->numbers, 1u << MUSTER_MSG_INIT);
    catalog_free(catalog);
}
END_TEST

START_TEST(the_built_in_class_can_be_redefined)
{
    struct catalog *catalog = load("classes: {text: {payload: u16, data: 1h}}\n");

    ck_assert_uint_eq(catalog_class_count(catalog), 1);
    ck_assert_int_eq(catalog_class(catalog, 12)->payload, WIRE_PAYLOAD_U16);
    ck_assert_uint_eq(device(catalog, 12, 0).data_ns, 3600 * SECOND);
    catalog_free(catalog);
}
END_TEST

START_TEST(anchors_and_aliases)
{
    struct catalog *catalog = load("classes:\n"
                                   "  a: &a {payload: u16}\n"
                                   "  b: *a\n"
                                   "devices: [{id: 1, class: &c b, place: &p x},\n"
                                   "          {id: 2, class: *c, place: *p}]\n");

    ck_assert_int_eq(catalog_class(catalog, 2)->payload, WIRE_PAYLOAD_U16);
    ck_assert_str_eq(device(catalog, 2, 1).class_name, "b");
    ck_assert_str_eq(catalog_place(catalog, 2), "x");
    catalog_free(catalog);
}
END_TEST

START_TEST(a_byte_order_mark_and_utf8)
{
    struct catalog *catalog = load("\xef\xbb\xbf"
                                   "devices: [{id: 1, name: K\xc3\xbc"
                                   "che}]\n");

    ck_assert_str_eq(device(catalog, 1, 1).name, "K\xc3\xbc"
                                                 "che");
    catalog_free(catalog);
}
END_TEST

START_TEST(every_device)
{
    size_t room = 65536 * 32;
    char *yaml = malloc(room);
    size_t used = 0;
    struct catalog *catalog;
    unsigned id;

    ck_assert_ptr_nonnull(yaml);
    used += (size_t)snprintf(yaml, room, "devices:\n");
    for (id = 0; id < 65536; id++)
        used += (size_t)snprintf(yaml + used, room - used, "- {id: %u, name: n%u}\n", id, id);
    catalog = load(yaml);
    ck_assert_uint_eq(catalog_device_count(catalog), 65536);
    ck_assert_str_eq(device(catalog, 65535, 1).name, "n65535");
    catalog_free(catalog);
    free(yaml);
}
END_TEST

struct bad {
    const char *yaml;
    const char *expected; /* without "devices.yaml:" at the beginning of each line */
};

#define INTERVAL "expected at least 1ns, or leave it out\n"
#define PAYLOADS "one of \"text\", \"u16\""
#define NUMBERS  "one of \"heartbeat\", \"data\", \"init\", \"all\""
#define BAD_ID                                                                                     \
    " is no whole number from 0 to 65535, and no format of this catalog has such devices\n"
#define NO_ID                                                                                      \
    "a device needs the setting \"id\" (a text in quotes): What it calls itself in its "           \
    "datagrams: a number, or the key of a declared format; each only once\n"
#define LETTERS_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

static const struct bad bad_files[] = {
    /* The whole. */
    {"- 1\n", "1:1: the catalog is a list; expected a mapping\n"},
    {"hello\n", "1:1: the catalog is a text; expected a mapping\n"},
    {"device: []\n", "1:1: the catalog has no setting \"device\"; did you mean \"devices\"?\n"},
    {"colour: red\n",
     "1:1: the catalog has no setting \"colour\"; expected classes, devices, formats, "
     "include_formats or default\n"},
    {"devices: []\nclasses: {}\ndevices: []\n",
     "3:1: setting \"devices\" is given again; it is first on line 1\n"},
    {"? [a]\n: 1\n", "1:3: a key is a list; expected a text\n"},
    {"devices: []\n---\nclasses: {}\n",
     "2:1: a second document begins here; expected only one in the file\n"},
    {"devices: []\n---\n[\n",
     "4:1: not valid YAML: while parsing a flow node (line 4): did not find expected node "
     "content\n"},
    {"devices:\n  - id: 1\n name: x\n",
     "3:2: not valid YAML: while parsing a block mapping (line 1): did not find expected key\n"},
    {"devices:\n\t- id: 1\n",
     "2:1: not valid YAML: while scanning for the next token (line 2): found character that cannot "
     "start any token\n"},
    {"devices: [*boiler]\n", "1:11: not valid YAML: found undefined alias\n"},
    {"devices: &all [*all]\n", "1:10: a device is a list; expected a mapping\n"},
    {"# \xc3\xa9\ndevices: [{name: \xc3\xa9\xff}]\n",
     "2:19: invalid leading UTF-8 octet; expected text in UTF-8\n"},
    {"devices: []\n# bell: \a\n",
     "2:9: control characters are not allowed; expected text in UTF-8\n"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
     "1:33: lists and mappings nest deeper than 32; expected fewer\n"},

    /* Classes. */
    {"classes: [a]\n", "1:10: classes is a list; expected a mapping of names to classes\n"},
    {"classes: {a: text}\n", "1:14: a class is a text; expected a mapping\n"},
    {"classes: {\"\": {}}\n", "1:11: the name of a class is empty; expected a text\n"},
    {"classes: {? [x] : {}}\n", "1:13: the name of a class is a list; expected a text\n"},
    {"classes:\n  a: {}\n  b: {}\n  a: {payload: u61}\n",
     "4:3: class \"a\" is defined again; it is first on line 2\n"
     "devices.yaml:4:16: payload: unknown \"u61\"; did you mean \"u16\"? (" PAYLOADS ")\n"},
    {"classes: {text: {}, text: {}}\n",
     "1:21: class \"text\" is defined again; it is first on line 1\n"},
    {"classes: {a: {paylaod: u16}}\n",
     "1:15: a class has no setting \"paylaod\"; did you mean \"payload\"?\n"},
    {"classes: {a: {x: 1}}\n",
     "1:15: a class has no setting \"x\"; expected payload, numbers, heartbeat or data\n"},
    {"classes: {a: {<<: {payload: u16}}}\n",
     "1:15: a class has no setting \"<<\"; expected payload, numbers, heartbeat or data\n"},
    {"classes: {a: {payload: json}}\n", "1:24: payload: unknown \"json\"; expected " PAYLOADS "\n"},
    {"classes: {a: {payload: [u16]}}\n", "1:24: payload is a list; expected " PAYLOADS "\n"},
    {"classes: {a: {numbers: [data, initt, 3]}}\n",
     "1:31: numbers: unknown \"initt\"; did you mean \"init\"? (" NUMBERS ")\n"
     "devices.yaml:1:38: numbers: unknown \"3\"; expected " NUMBERS "\n"},
    {"classes: {a: {numbers: {data: 1}}}\n",
     "1:24: numbers is a mapping; expected a list of texts such as [ \"a\", \"b\" ], each " NUMBERS
     "\n"},
    {"classes: {a: {heartbeat: 30x, data: -1s}}\n",
     "1:26: heartbeat: cannot read \"30x\"; expected a whole number with ns, us, ms, s, m, h or d, "
     "such as 10s\n"
     "devices.yaml:1:37: data: -1s is too small; " INTERVAL},
    {"classes: {a: {data: 0s}}\n", "1:21: data: 0s is too small; " INTERVAL},
    {"classes: {a: {data: 99999999999d}}\n",
     "1:21: data: 99999999999d is too large; expected at most 9223372036854775807ns\n"},
    {"classes: {a: {data: {}}}\n",
     "1:21: data is a mapping; expected a duration such as \"250ms\" or \"10s\", at least 1ns\n"},
    {"classes: {thermometer: {}}\ndefault: thermometre\n",
     "2:10: unknown class \"thermometre\"; did you mean \"thermometer\"?\n"},
    {"default: [text]\n", "1:10: default is a list; expected a text in quotes\n"},

    /* Devices. */
    {"devices: {id: 1}\n", "1:10: devices is a mapping; expected a list of devices\n"},
    {"devices: 5\n", "1:10: devices is a text; expected a list of devices\n"},
    {"devices: [5, [], ~]\n", "1:11: a device is a text; expected a mapping\n"
                              "devices.yaml:1:14: a device is a list; expected a mapping\n"
                              "devices.yaml:1:18: a device is nothing; expected a mapping\n"},
    {"devices:\n  - name: x\n  - id:\n", "2:5: " NO_ID "devices.yaml:3:5: " NO_ID},
    {"devices: [{id: 65536}]\n", "1:16: id: \"65536\"" BAD_ID},
    {"devices: [{id: -1}]\n", "1:16: id: \"-1\"" BAD_ID},
    {"devices: [{id: +1}]\n", "1:16: id: \"+1\"" BAD_ID},
    {"devices: [{id: 0x65}]\n", "1:16: id: \"0x65\"" BAD_ID},
    {"devices: [{id: 010}]\n", "1:16: id: \"010\"" BAD_ID},
    {"devices: [{id: 1.0}]\n", "1:16: id: \"1.0\"" BAD_ID},
    {"devices: [{id: \"\"}]\n", "1:16: id: it has 0 bytes; expected 1 to 64\n"},
    {"devices: [{id: 18446744073709551617}]\n", "1:16: id: \"18446744073709551617\"" BAD_ID},
    {"devices: [{id: [1]}]\n", "1:16: id is a list; expected a text in quotes\n"},
    {"devices:\n  - id: 7\n  - id: 8\n  - id: 7\n",
     "4:9: device 7 is listed again; it is first on line 2\n"},
    {"devices:\n  - {id: 1, name: b}\n  - {id: 2, name: a}\n  - {id: 3, name: b}\n"
     "  - {id: 4, name: b}\n",
     "4:19: name \"b\" is given again; it is first on line 2\n"
     "devices.yaml:5:19: name \"b\" is given again; it is first on line 2\n"},
    {"devices: [{id: 1, name: \"\", place: \"\"}]\n",
     "1:25: name: it is empty; expected a text\n"
     "devices.yaml:1:36: place: it is empty; expected a text\n"},
    {"devices: [{id: \"a\\0b\", name: \"x\\n\"}, {id: 1, class: x, name: ~}]\n",
     "1:16: id has a control character; expected plain text\n"
     "devices.yaml:1:30: name has a control character; expected plain text\n"
     "devices.yaml:1:53: unknown class \"x\"; expected one that \"classes\" defines, or "
     "\"text\"\n"},
    {"devices: [{id: 1, name: \"a\\0b\"}]\n",
     "1:25: name has a control character; expected plain text\n"},
    {"devices: [{id: 1, name: \"\\u009b2J\"}]\n",
     "1:25: name has a control character; expected plain text\n"},
    {"devices: [{id: 1, place: " LETTERS_64 LETTERS_64 LETTERS_64 LETTERS_64 "}]\n",
     "1:26: place has 256 bytes; expected at most 255\n"},
    {"devices: [{id: 1, place: [a]}]\n", "1:26: place is a list; expected a text in quotes\n"},
    {"devices: [{id: 1, tags: [a]}]\n",
     "1:25: tags is a list; expected a mapping such as { floor: 2 }\n"},
    {"devices: [{id: 1, tags: {a: [b], c: , \"\": d, e: {}}}]\n",
     "1:29: tags: a is a list; expected a text\n"
     "devices.yaml:1:37: tags: c is nothing; expected a text\n"
     "devices.yaml:1:39: tags: a key is empty; expected a text\n"
     "devices.yaml:1:49: tags: e is a mapping; expected a text\n"},
    {"devices: [{id: 1, tags: {a: b, a: b}}]\n",
     "1:32: tags: \"a\" is given again; it is first on line 1\n"},
    {"devices: [{id: 1, tags: {a: \"\"}}]\n", "1:29: tags: a is empty; expected a text\n"},
    {"devices: [{id: 1, tags: {a: \"x\\n\"}}]\n",
     "1:29: a has a control character; expected plain text\n"},
    {"devices: [{id: 1, tags: {1: a, 2: a, 3: a, 4: a, 5: a, 6: a, 7: a, 8: a, 9: a, 10: a, 11: a,"
     " 12: a, 13: a, 14: a, 15: a, 16: a, 17: a}}]\n",
     "1:25: tags: there are 17; expected at most 16\n"},
    {"devices: [{id: 1, id: 2}]\n", "1:19: setting \"id\" is given again; it is first on line 1\n"},
    {"devices: [{id: 1, nmae: x}]\n",
     "1:19: a device has no setting \"nmae\"; did you mean \"name\"?\n"},
    {"devices: [{\"id\\0\": 1}]\n",
     "1:11: " NO_ID "devices.yaml:1:12: a key has a control character; expected plain text\n"},
    {"devices: [{id: 1, class: u16}]\n",
     "1:26: unknown class \"u16\"; expected one that \"classes\" defines, or \"text\"\n"},
    {"devices: [{id: 1, class: Text}]\n", "1:26: unknown class \"Text\"; did you mean \"text\"?\n"},

    /* Many at once, sorted by line although classes are read first; a class that has an error is
     * still known. */
    {"devices:\n"
     "  - {id: x, class: meter}\n"
     "  - {id: 2, clas: meter}\n"
     "defualt: meter\n"
     "classes:\n"
     "  meter: {payload: u32}\n",
     "2:10: id: \"x\"" BAD_ID
     "devices.yaml:3:13: a device has no setting \"clas\"; did you mean \"class\"?\n"
     "devices.yaml:4:1: the catalog has no setting \"defualt\"; did you mean \"default\"?\n"
     "devices.yaml:6:20: payload: unknown \"u32\"; expected " PAYLOADS "\n"},
};

static void check_bad(const char *path, const char *expected)
{
    struct problems problems = {0};

    problems_add(&problems, NULL, 0, 0, "something else");
    ck_assert_ptr_null(devices_load(path, &problems));
    ck_assert_uint_gt(problems_count(&problems), 1);
    files_expect_said(&problems, expected);
}

START_TEST(bad_file)
{
    const struct bad *bad = &bad_files[_i];
    char expected[2048];

    write_file(bad->yaml, strlen(bad->yaml));
    snprintf(expected, sizeof expected, "something else\ndevices.yaml:%s", bad->expected);
    check_bad("devices.yaml", expected);
}
END_TEST

START_TEST(a_nul_byte)
{
    write_file("devices: []\n\0", 13);
    check_bad("devices.yaml", "something else\ndevices.yaml:2:1: control characters are not "
                              "allowed; expected text in UTF-8\n");
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
    check_bad("none.yaml", "something else\nnone.yaml: cannot read: No such file or directory\n");
    check_bad("..", "something else\n..: cannot read: it is a directory; expected a file\n");
}
END_TEST

START_TEST(the_largest_file)
{
    const size_t size = 16u << 20;
    char *bytes = malloc(size + 1);

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, '\n', size + 1);
    write_file(bytes, size);
    catalog_free(load_path("devices.yaml"));
    write_file(bytes, size + 1);
    check_bad("devices.yaml", "something else\ndevices.yaml: cannot read: it is larger than 16 "
                              "MiB; expected a smaller file\n");
    free(bytes);
}
END_TEST

START_TEST(the_most_classes)
{
    char yaml[8192] = "classes:\n";
    size_t used = strlen(yaml);
    struct catalog *catalog;
    int i;

    for (i = 0; i < 255; i++)
        used += (size_t)snprintf(yaml + used, sizeof yaml - used, "  c%d: {}\n", i);
    snprintf(yaml + used, sizeof yaml - used, "default: c254\n");
    catalog = load(yaml);
    ck_assert_uint_eq(catalog_class_count(catalog), 256);
    ck_assert_str_eq(device(catalog, 1, 0).class_name, "c254");
    catalog_free(catalog);

    snprintf(yaml + used, sizeof yaml - used, "  more: {}\n");
    write_file(yaml, strlen(yaml));
    check_bad("devices.yaml", "something else\ndevices.yaml:257:3: class \"more\" is one too many; "
                              "expected at most 255\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices");
    TCase *tests = tcase_create("devices");
    char path[PATH_MAX];

    vectors_path(path, sizeof path, "etc/devices.yaml");
    if (!realpath(path, example)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    tcase_add_checked_fixture(tests, files_enter, files_leave);
    tcase_add_test(tests, tags);
    tcase_add_test(tests, empty_files);
    tcase_add_test(tests, the_example);
    tcase_add_test(tests, classes_and_devices);
    tcase_add_test(tests, numbers_of_some_types);
    tcase_add_test(tests, the_built_in_class_can_be_redefined);
    tcase_add_test(tests, anchors_and_aliases);
    tcase_add_test(tests, a_byte_order_mark_and_utf8);
    tcase_add_test(tests, every_device);
    tcase_add_loop_test(tests, bad_file, 0, sizeof bad_files / sizeof *bad_files);
    tcase_add_test(tests, a_nul_byte);
    tcase_add_test(tests, files_that_cannot_be_read);
    tcase_add_test(tests, the_largest_file);
    tcase_add_test(tests, the_most_classes);
    suite_add_tcase(suite, tests);
    return suite;
}
