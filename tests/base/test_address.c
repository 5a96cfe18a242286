/* SPDX-License-Identifier: MIT
 *
 * Addresses as text and back, and which of them cannot be had together.
 */
#include <check.h>
#include <string.h>

#include "base/address.h"
#include "common/runner.h"

static struct address parsed(const char *text, uint16_t port)
{
    struct address address;

    ck_assert_msg(address_parse(&address, text, port) == 0, "%s", text);
    return address;
}

START_TEST(there_and_back)
{
    static const struct {
        const char *text, *shown;
        int family;
    } good[] = {
        {"127.0.0.1", "127.0.0.1:8888", AF_INET},
        {"0.0.0.0", "0.0.0.0:8888", AF_INET},
        {"255.255.255.255", "255.255.255.255:8888", AF_INET},
        {"::1", "[::1]:8888", AF_INET6},
        {"::", "[::]:8888", AF_INET6},
        {"2001:DB8:0:0:0:0:0:1", "[2001:db8::1]:8888", AF_INET6},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:8888", AF_INET6},
        {"1111:2222:3333:4444:5555:6666:7777:8888",
         "[1111:2222:3333:4444:5555:6666:7777:8888]:8888", AF_INET6},
    };
    char text[ADDRESS_TEXT];
    size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct address address = parsed(good[i].text, 8888);

        ck_assert_str_eq(address_text(address_get(&address), text), good[i].shown);
        ck_assert_int_eq(address_get(&address)->sa_family, good[i].family);
        ck_assert_uint_eq(address_port(&address), 8888);
        ck_assert_uint_eq(address.size, good[i].family == AF_INET ? 16 : 28); /* ip(7), ipv6(7) */
    }
}
END_TEST

START_TEST(no_address)
{
    static const char *const bad[] = {"",    "localhost", "1.2.3",  "1.2.3.256", "1.2.3.4 ",
                                      ":::", "[::1]",     "::1%lo", "::g",       "127.0.0.1:80",
                                      "*",   "0x7f.1",    "::1 "};
    struct address address;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(address_parse(&address, bad[i], 1) == -1, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(every_port)
{
    static const uint16_t ports[] = {0, 1, 255, 256, 65535};
    size_t i;

    for (i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        struct address v4 = parsed("127.0.0.1", ports[i]), v6 = parsed("::1", ports[i]);

        ck_assert_uint_eq(address_port(&v4), ports[i]);
        ck_assert_uint_eq(address_port(&v6), ports[i]);
    }
}
END_TEST

START_TEST(wildcards)
{
    static const struct {
        const char *text;
        bool is_wildcard;
    } all[] = {{"0.0.0.0", true}, {"::", true},       {"127.0.0.1", false},
               {"::1", false},    {"0.0.0.1", false}, {"::ffff:0.0.0.0", false}};
    size_t i;

    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct address address = parsed(all[i].text, 1);

        ck_assert_msg(address_is_wildcard(&address) == all[i].is_wildcard, "%s", all[i].text);
    }
}
END_TEST

START_TEST(which_clash)
{
    static const struct {
        const char *a, *b;
        uint16_t port_a, port_b;
        bool clash;
    } pairs[] = {
        {"127.0.0.1", "127.0.0.1", 1, 1, true},
        {"127.0.0.1", "127.0.0.1", 1, 2, false},
        {"127.0.0.1", "127.0.0.2", 1, 1, false},
        {"127.0.0.1", "0.0.0.0", 1, 1, true},
        {"127.0.0.1", "0.0.0.0", 1, 2, false},
        {"0.0.0.0", "0.0.0.0", 0, 0, false},
        {"::1", "::1", 1, 1, true},
        {"::1", "::2", 1, 1, false},
        {"::1", "::", 1, 1, true},
        {"::", "0.0.0.0", 1, 1, false},
        {"::1", "127.0.0.1", 1, 1, false},
    };
    size_t i;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct address a = parsed(pairs[i].a, pairs[i].port_a);
        struct address b = parsed(pairs[i].b, pairs[i].port_b);

        ck_assert_msg(address_clash(&a, &b) == pairs[i].clash, "%s and %s", pairs[i].a, pairs[i].b);
        ck_assert_msg(address_clash(&b, &a) == pairs[i].clash, "%s and %s", pairs[i].b, pairs[i].a);
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {there_and_back, no_address, every_port, wildcards, which_clash};
    Suite *suite = suite_create("address");
    TCase *tcase = tcase_create("address");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
