/* SPDX-License-Identifier: MIT
 *
 * The catalog's values: what is built is what is looked up.  Its file is tested in config/.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/catalog/catalog.h"
#include "common/random.h"
#include "common/runner.h"

#define NUMBERS_DATA (1u << MUSTER_MSG_DATA)

static struct catalog *catalog;

static void set_up(void)
{
    catalog = catalog_default();
    ck_assert_ptr_nonnull(catalog);
}

static void tear_down(void)
{
    catalog_free(catalog);
}

static struct muster_device look_up(uint16_t id, int listed)
{
    struct muster_device out;

    memset(&out, 0xa5, sizeof out);
    out.size = sizeof out;
    ck_assert_int_eq(catalog_device(catalog, id, &out), listed);
    ck_assert_uint_eq(out.size, sizeof out);
    ck_assert_uint_eq(out.reserved, 0);
    return out;
}

static unsigned add_class(const char *name, uint8_t numbers, uint64_t data_ns)
{
    const struct catalog_class class = {
        .speech = {.payload = WIRE_PAYLOAD_U16, .numbers = numbers},
        .heartbeat_ns = data_ns + 1,
        .data_ns = data_ns,
    };
    int index = catalog_add_class(catalog, name);

    ck_assert_int_gt(index, 0);
    catalog_set_class(catalog, (unsigned)index, &class);
    return (unsigned)index;
}

static void add_device(uint16_t id, unsigned class, const char *name, const char *place)
{
    const struct catalog_device device = {.name = name, .place = place, .class = class};
    char key[8];

    snprintf(key, sizeof key, "%u", id);
    ck_assert_int_eq(catalog_add_device(catalog, key, &device), 0);
}

START_TEST(ids_as_text)
{
    char expected[8];
    uint32_t id;

    for (id = 0; id < MUSTER_DEVICE_IDS; id++) {
        const struct muster_device device = look_up((uint16_t)id, 0);

        snprintf(expected, sizeof expected, "%u", id);
        ck_assert_str_eq(device.key, expected);
        ck_assert_ptr_eq(device.key, look_up((uint16_t)id, 0).key);
        ck_assert_uint_eq(device.number, id);
        ck_assert_uint_eq(device.id, id);
    }
}
END_TEST

START_TEST(tags_and_places)
{
    char key[] = "floor", value[] = "2";
    const struct muster_tag tags[] = {{key, value}, {"owner", "me"}};
    const struct catalog_device device = {.place = "cellar", .tags = tags, .tag_count = 2};
    struct muster_device out;

    ck_assert_int_eq(catalog_add_device(catalog, "7", &device), 0);
    key[0] = value[0] = 'x'; /* they are copied */
    out = look_up(7, 1);
    ck_assert_str_eq(out.place, "cellar");
    ck_assert_uint_eq(out.tag_count, 2);
    ck_assert_str_eq(out.tags[0].key, "floor");
    ck_assert_str_eq(out.tags[0].value, "2");
    ck_assert_str_eq(out.tags[1].key, "owner");
    ck_assert_uint_eq(look_up(8, 0).tag_count, 0);
}
END_TEST

START_TEST(of_no_table)
{
    struct muster_device out = {.size = sizeof out};
    unsigned class = add_class("other", NUMBERS_DATA, 5);

    catalog_set_default(catalog, class);
    ck_assert_int_eq(catalog_no_device(catalog, UINT64_C(1) << 40, &out), 0);
    ck_assert_uint_eq(out.number, UINT32_MAX);
    ck_assert_uint_eq(out.id, UINT64_C(1) << 40);
    ck_assert_str_eq(out.key, "");
    ck_assert_str_eq(out.class_name, "other");
    ck_assert_uint_eq(out.data_ns, 5);
}
END_TEST

START_TEST(nothing_listed)
{
    unsigned id;

    ck_assert_uint_eq(catalog_device_count(catalog), 0);
    ck_assert_uint_eq(catalog_class_count(catalog), 1);
    ck_assert_int_eq(catalog_find_class(catalog, "text"), 0);
    ck_assert_int_eq(catalog_find_class(catalog, "Text"), -1);
    ck_assert_str_eq(catalog_class_name(catalog, 0), "text");
    for (id = 0; id < MUSTER_DEVICE_IDS; id++) {
        const struct wire_class *class = catalog_class(catalog, (uint16_t)id);

        if (class->payload != WIRE_PAYLOAD_TEXT || class->numbers != NUMBERS_DATA)
            ck_abort_msg("device %u", id);
    }
    ck_assert_str_eq(look_up(7, 0).class_name, "text");
    ck_assert_ptr_null(look_up(7, 0).name);
    ck_assert_uint_eq(look_up(7, 0).heartbeat_ns, 0);
    ck_assert_uint_eq(look_up(7, 0).data_ns, 0);
    ck_assert_ptr_null(catalog_place(catalog, 7));
    catalog_free(NULL);
}
END_TEST

START_TEST(classes_and_devices)
{
    unsigned meter = add_class("meter", 7, 6), plain;
    char name[] = "boiler", place[] = "cellar";

    ck_assert_int_eq(catalog_find_class(catalog, "meter"), (int)meter);
    plain = (unsigned)catalog_add_class(catalog, "plain");
    add_device(0, meter, name, place);
    add_device(65535, plain, NULL, NULL);
    memset(name, 'x', sizeof name - 1); /* the caller's own again */
    memset(place, 'x', sizeof place - 1);
    ck_assert_uint_eq(catalog_device_count(catalog), 2);
    ck_assert_uint_eq(catalog_class_count(catalog), 3);
    ck_assert_str_eq(look_up(0, 1).name, "boiler");
    ck_assert_str_eq(look_up(0, 1).class_name, "meter");
    ck_assert_uint_eq(look_up(0, 1).heartbeat_ns, 7);
    ck_assert_uint_eq(look_up(0, 1).data_ns, 6);
    ck_assert_str_eq(catalog_place(catalog, 0), "cellar");
    ck_assert_int_eq(catalog_class(catalog, 0)->payload, WIRE_PAYLOAD_U16);
    ck_assert_uint_eq(catalog_class(catalog, 0)->numbers, 7);
    ck_assert_str_eq(look_up(65535, 1).class_name, "plain"); /* as the built-in one at first */
    ck_assert_uint_eq(catalog_class(catalog, 65535)->numbers, NUMBERS_DATA);
    ck_assert_ptr_null(look_up(65535, 1).name);
    ck_assert_str_eq(look_up(1, 0).class_name, "text");
}
END_TEST

START_TEST(the_default_class)
{
    unsigned quiet = add_class("quiet", 0, 0), meter = add_class("meter", 7, 6);

    catalog_set_default(catalog, quiet);
    ck_assert_str_eq(look_up(5, 0).class_name, "quiet");
    add_device(5, 0, NULL, NULL);
    catalog_set_default(catalog, meter); /* for those that are not listed */
    ck_assert_str_eq(look_up(5, 1).class_name, "text");
    ck_assert_str_eq(look_up(6, 0).class_name, "meter");
}
END_TEST

START_TEST(the_built_in_class_can_be_redefined)
{
    const struct catalog_class class = {.speech = {.payload = WIRE_PAYLOAD_U16}, .data_ns = 9};

    catalog_set_class(catalog, 0, &class);
    ck_assert_int_eq(catalog_class(catalog, 12)->payload, WIRE_PAYLOAD_U16);
    ck_assert_uint_eq(look_up(12, 0).data_ns, 9);
    ck_assert_str_eq(look_up(12, 0).class_name, "text");
}
END_TEST

START_TEST(the_most)
{
    static uint16_t ids[MUSTER_DEVICE_IDS];
    char name[16];
    unsigned i;

    for (i = 1; i < CATALOG_CLASSES_MOST; i++) {
        snprintf(name, sizeof name, "c%u", i);
        ck_assert_uint_eq(add_class(name, 1, i), i);
    }
    random_seed(5);
    for (i = 0; i < MUSTER_DEVICE_IDS; i++) {
        uint32_t with = below(i + 1);

        ids[i] = ids[with];
        ids[with] = (uint16_t)i;
    }
    for (i = 0; i < MUSTER_DEVICE_IDS; i++) {
        snprintf(name, sizeof name, "n%u", ids[i]);
        add_device(ids[i], ids[i] % CATALOG_CLASSES_MOST, name, NULL);
    }
    ck_assert_uint_eq(catalog_device_count(catalog), MUSTER_DEVICE_IDS);
    for (i = 0; i < MUSTER_DEVICE_IDS; i++) {
        snprintf(name, sizeof name, "n%u", i);
        ck_assert_str_eq(look_up((uint16_t)i, 1).name, name);
        ck_assert_uint_eq(look_up((uint16_t)i, 1).data_ns, i % CATALOG_CLASSES_MOST);
    }
}
END_TEST

/* A plugin may be older or newer than the host. */
START_TEST(devices_of_another_size)
{
    const size_t older = offsetof(struct muster_device, class_name);
    struct {
        struct muster_device device;
        uint64_t more;
        uint64_t beyond;
    } out;

    add_device(1, 0, "x", NULL);
    memset(&out, 0xa5, sizeof out);
    out.device.size = (uint32_t)older;
    ck_assert_int_eq(catalog_device(catalog, 1, &out.device), 1);
    ck_assert_str_eq(out.device.name, "x");
    ck_assert_uint_eq(out.device.size, older);
    ck_assert_uint_eq(out.device.data_ns, UINT64_C(0xa5a5a5a5a5a5a5a5));

    out.device.size = sizeof out.device + sizeof out.more;
    ck_assert_int_eq(catalog_device(catalog, 1, &out.device), 1);
    ck_assert_str_eq(out.device.class_name, "text");
    ck_assert_uint_eq(out.device.size, sizeof out.device + sizeof out.more);
    ck_assert_uint_eq(out.more, 0);
    ck_assert_uint_eq(out.beyond, UINT64_C(0xa5a5a5a5a5a5a5a5));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {nothing_listed,    classes_and_devices,
                                  the_default_class, the_built_in_class_can_be_redefined,
                                  the_most,          devices_of_another_size,
                                  ids_as_text,       tags_and_places,
                                  of_no_table};
    Suite *suite = suite_create("catalog");
    TCase *tcase = tcase_create("catalog");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
