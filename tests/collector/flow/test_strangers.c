/* SPDX-License-Identifier: MIT
 *
 * When a listener's datagrams seem to be of another format, and when they are only many devices.
 */
#include "collector/flow/strangers.h"

#include "common/runner.h"

static struct strangers strangers;
static struct strangers_datagram datagram;
static unsigned told;

static void set_up(void)
{
    strangers = (struct strangers){0};
    datagram = (struct strangers_datagram){.arrival_ns = UINT64_C(1000) * CLOCK_SECOND};
    told = 0;
}

static void see(uint64_t device, uint64_t source)
{
    datagram.device = device;
    datagram.source = source;
    if (strangers_watch(&strangers, datagram.listener))
        told += strangers_see(&strangers, &datagram);
}

/* `count` datagrams in as many seconds: device `first`, and those behind it. */
static void see_row(uint64_t first, unsigned count, uint64_t sources)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        see(first + i, sources > 0 ? i % sources : first + i);
        datagram.arrival_ns += CLOCK_SECOND;
    }
}

START_TEST(a_misread_stream_is_told_once)
{
    see_row(0, 300, 1);
    ck_assert_uint_eq(told, 0); /* not before devices have had the time to be heard again */
    see_row(300, 1, 1);
    ck_assert_uint_eq(told, 1);
    see_row(10000, 10000, 1);
    ck_assert_uint_eq(told, 1);
    ck_assert(!strangers_watch(&strangers, 0));
}
END_TEST

START_TEST(as_is_one_of_many_devices)
{
    unsigned round;

    for (round = 0; round < 4; round++)
        see_row(round * 1000, 200, 100);
    ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(a_large_fleet_that_starts_is_none)
{
    unsigned round, i;

    for (round = 0; round < 100; round++)
        for (i = 0; i < 5000; i++) {
            see(i, 0);
            datagram.arrival_ns += CLOCK_SECOND / 5000 * 6;
        }
    ck_assert_uint_eq(told, 0);
    ck_assert(!strangers_watch(&strangers, 0)); /* nothing more is to be found out */
}
END_TEST

START_TEST(rare_devices_with_addresses_of_their_own_are_none)
{
    see_row(0, 50000, 0);
    ck_assert_uint_eq(told, 0);
    ck_assert(!strangers_watch(&strangers, 0));
}
END_TEST

START_TEST(a_catalog_says_how_long_to_wait)
{
    datagram.wait_ns = 3600 * CLOCK_SECOND;
    see_row(0, 3000, 1);
    see_row(0, 3000, 1);
    ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(listed_devices_are_none)
{
    datagram.is_listed = true;
    see_row(0, 10000, 1);
    ck_assert_uint_eq(told, 0);
    ck_assert(!strangers_watch(&strangers, 0));
}
END_TEST

START_TEST(one_listener_after_the_other)
{
    datagram.listener = 1;
    see(1, 1);
    datagram.listener = 0;
    see_row(0, 1000, 1);
    ck_assert_uint_eq(told, 0);
    ck_assert(strangers_watch(&strangers, 1));
    see_row(1000, 1000, 1); /* the other one is too quiet */
    ck_assert_uint_eq(told, 1);
    datagram.listener = 1;
    see_row(0, 1000, 1);
    ck_assert_uint_eq(told, 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("strangers");
    TCase *tests = tcase_create("strangers");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_misread_stream_is_told_once);
    tcase_add_test(tests, as_is_one_of_many_devices);
    tcase_add_test(tests, a_large_fleet_that_starts_is_none);
    tcase_add_test(tests, rare_devices_with_addresses_of_their_own_are_none);
    tcase_add_test(tests, a_catalog_says_how_long_to_wait);
    tcase_add_test(tests, listed_devices_are_none);
    tcase_add_test(tests, one_listener_after_the_other);
    suite_add_tcase(suite, tests);
    return suite;
}
