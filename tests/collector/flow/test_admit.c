/* SPDX-License-Identifier: MIT
 *
 * Who may send: by source, by rate, and by the catalog.
 */
#include <check.h>
#include <stdio.h>

#include "base/address.h"
#include "base/clock.h"
#include "collector/flow/admit.h"
#include "common/runner.h"

#define NOW (UINT64_C(1762534152) * CLOCK_SECOND)

static struct catalog *catalog;
static struct admit_settings settings;
static struct admit *admit;

static void set_up(void)
{
    catalog = catalog_default();
    settings = (struct admit_settings){.unknown_most = MUSTER_DEVICE_IDS};
}

static void tear_down(void)
{
    admit_free(admit);
    catalog_free(catalog);
}

static void make(void)
{
    ck_assert_int_eq(admit_new(&admit, &settings, catalog, MUSTER_DEVICE_IDS), 0);
}

/* The reason why not, or -1. */
static int source_at(const char *text, uint8_t listener, uint64_t now_ns)
{
    struct address address;

    ck_assert_int_eq(address_parse(&address, text, 1234), 0);
    return -1 - admit_source(admit, address_get(&address), listener, now_ns);
}

static uint8_t marks;

static int device_at(uint16_t id, const char *text, uint64_t now_ns)
{
    struct address address;

    ck_assert_int_eq(address_parse(&address, text, 1234), 0);
    return -1 - admit_device(admit, address_get(&address), id, now_ns, &marks);
}

static void list(uint16_t id, const char *source)
{
    struct network network;
    char key[8];
    struct catalog_device device = {.sources = &network, .source_count = source != NULL};

    if (source != NULL)
        ck_assert_int_eq(network_parse(&network, source), NETWORK_READ);
    snprintf(key, sizeof key, "%u", id);
    ck_assert_int_eq(catalog_add_device(catalog, key, &device), 0);
}

START_TEST(no_rules)
{
    list(7, NULL);
    make();
    ck_assert_ptr_null(admit);
}
END_TEST

START_TEST(a_listener_allows)
{
    struct network allow[2];
    struct admit_listener listeners[] = {{allow, 2}, {NULL, 0}};

    network_parse(&allow[0], "10.0.0.0/8");
    network_parse(&allow[1], "2001:db8::/32");
    settings.listeners = listeners;
    settings.listener_count = 2;
    make();
    listeners[0].count = 0; /* it was copied */
    ck_assert_int_eq(source_at("10.1.2.3", 0, NOW), -1);
    ck_assert_int_eq(source_at("2001:db8::1", 0, NOW), -1);
    ck_assert_int_eq(source_at("11.1.2.3", 0, NOW), MUSTER_REJECT_SOURCE);
    ck_assert_int_eq(source_at("::1", 0, NOW), MUSTER_REJECT_SOURCE);
    ck_assert_int_eq(source_at("11.1.2.3", 1, NOW), -1);
    ck_assert_int_eq(device_at(7, "11.1.2.3", NOW), -1);
    ck_assert_uint_eq(marks, 0);
}
END_TEST

START_TEST(a_device_sends_from)
{
    list(7, "192.0.2.0/24");
    list(8, NULL);
    make();
    ck_assert_int_eq(source_at("11.1.2.3", 0, NOW), -1);
    ck_assert_int_eq(device_at(7, "192.0.2.9", NOW), -1);
    ck_assert_int_eq(device_at(7, "192.0.3.9", NOW), MUSTER_REJECT_SOURCE);
    ck_assert_int_eq(device_at(8, "192.0.3.9", NOW), -1);
    ck_assert_int_eq(device_at(9, "192.0.3.9", NOW), -1);
}
END_TEST

/* How many of `count` datagrams pass that come evenly in `ns`. */
static unsigned pass_devices(uint16_t id, unsigned count, uint64_t from_ns, uint64_t ns)
{
    unsigned passed = 0, i;

    for (i = 0; i < count; i++)
        passed += device_at(id, "10.0.0.1", from_ns + ns * i / count) < 0;
    return passed;
}

START_TEST(a_device_has_a_rate)
{
    settings.device_rate = 10;
    make();
    ck_assert_uint_eq(pass_devices(7, 100, NOW, 0), 10); /* a second's worth at once */
    ck_assert_int_eq(device_at(7, "10.0.0.1", NOW), MUSTER_REJECT_RATE);
    ck_assert_int_eq(device_at(8, "10.0.0.1", NOW), -1);
    ck_assert_uint_eq(pass_devices(7, 1000, NOW, 10 * CLOCK_SECOND), 99);
    ck_assert_uint_eq(pass_devices(9, 100, NOW, 10 * CLOCK_SECOND), 100);
    /* The clock is set: nobody is shut out for that long. */
    ck_assert_uint_eq(pass_devices(7, 100, NOW - 3600 * CLOCK_SECOND, 0), 10);
    ck_assert_uint_eq(pass_devices(7, 100, NOW + 3600 * CLOCK_SECOND, 0), 10);
}
END_TEST

START_TEST(a_source_has_a_rate)
{
    char text[20];
    unsigned passed = 0, i;

    settings.source_rate = 100;
    make();
    for (i = 0; i < 1000; i++)
        passed += source_at("10.0.0.1", 0, NOW) < 0;
    ck_assert_uint_eq(passed, 100);
    ck_assert_int_eq(source_at("10.0.0.1", 0, NOW), MUSTER_REJECT_RATE);
    ck_assert_int_eq(source_at("2001:db8::1", 0, NOW), -1);
    /* One that floods does not shut others out, however many these are. */
    for (i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "10.9.%u.%u", i / 256, i % 256);
        ck_assert_int_eq(source_at(text, 0, NOW + i * 1000), -1);
    }
    ck_assert_int_eq(source_at("10.0.0.1", 0, NOW + CLOCK_SECOND), -1);
}
END_TEST

START_TEST(unknown_devices_are_marked)
{
    list(7, NULL);
    settings.unknown = ADMIT_MARK;
    make();
    ck_assert_int_eq(device_at(7, "10.0.0.1", NOW), -1);
    ck_assert_uint_eq(marks, 0);
    ck_assert_int_eq(device_at(8, "10.0.0.1", NOW), -1);
    ck_assert_uint_eq(marks, MUSTER_MARK_UNKNOWN);
}
END_TEST

START_TEST(unknown_devices_are_rejected)
{
    list(7, NULL);
    settings.unknown = ADMIT_REJECT;
    make();
    ck_assert_int_eq(device_at(7, "10.0.0.1", NOW), -1);
    ck_assert_int_eq(device_at(8, "10.0.0.1", NOW), MUSTER_REJECT_UNKNOWN_DEVICE);
}
END_TEST

START_TEST(unknown_devices_are_bounded)
{
    uint16_t id;

    list(7, NULL);
    settings.unknown_most = 3;
    make();
    for (id = 100; id < 200; id++)
        ck_assert_int_eq(device_at(id, "10.0.0.1", NOW),
                         id < 103 ? -1 : MUSTER_REJECT_UNKNOWN_DEVICE);
    ck_assert_int_eq(device_at(102, "10.0.0.1", NOW), -1);
    ck_assert_int_eq(device_at(7, "10.0.0.1", NOW), -1);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {
        no_rules,
        a_listener_allows,
        a_device_sends_from,
        a_device_has_a_rate,
        a_source_has_a_rate,
        unknown_devices_are_marked,
        unknown_devices_are_rejected,
        unknown_devices_are_bounded,
    };
    Suite *suite = suite_create("admit");
    TCase *tests = tcase_create("admit");
    size_t i;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
