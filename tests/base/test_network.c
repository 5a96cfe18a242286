/* SPDX-License-Identifier: MIT
 *
 * Blocks of addresses: how they are read, and what is in them.
 */
#include <check.h>

#include "base/address.h"
#include "base/network.h"
#include "common/runner.h"

static bool is_in(const char *block, const char *address)
{
    struct network network;
    struct address one;

    ck_assert_int_eq(network_parse(&network, block), NETWORK_READ);
    ck_assert_int_eq(address_parse(&one, address, 1234), 0);
    return network_has(&network, 1, address_get(&one));
}

START_TEST(what_is_in_a_block)
{
    ck_assert(is_in("10.0.0.0/8", "10.255.0.1"));
    ck_assert(!is_in("10.0.0.0/8", "11.0.0.0"));
    ck_assert(is_in("10.1.128.0/17", "10.1.128.0") && is_in("10.1.128.0/17", "10.1.255.255"));
    ck_assert(!is_in("10.1.128.0/17", "10.1.127.255"));
    ck_assert(is_in("192.0.2.7", "192.0.2.7") && !is_in("192.0.2.7", "192.0.2.6"));
    ck_assert(is_in("192.0.2.7/32", "192.0.2.7") && is_in("0.0.0.0/0", "192.0.2.7"));
    ck_assert(!is_in("0.0.0.0/0", "::1") && !is_in("::/0", "127.0.0.1"));
    ck_assert(is_in("::/0", "2001:db8::1") && is_in("2001:db8::/32", "2001:db8:ffff::1"));
    ck_assert(!is_in("2001:db8::/32", "2001:db9::1"));
    ck_assert(is_in("fe80::/10", "febf::1") && !is_in("fe80::/10", "fec0::1"));
    ck_assert(is_in("::1", "::1") && !is_in("::1/128", "::2"));
    /* As a socket of both families shows it. */
    ck_assert(is_in("10.0.0.0/8", "::ffff:10.1.2.3") && !is_in("::/0", "::ffff:10.1.2.3"));
}
END_TEST

START_TEST(one_of_several)
{
    struct network networks[2];
    struct address one;

    ck_assert_int_eq(network_parse(&networks[0], "10.0.0.0/8"), NETWORK_READ);
    ck_assert_int_eq(network_parse(&networks[1], "::1"), NETWORK_READ);
    ck_assert_int_eq(address_parse(&one, "::1", 0), 0);
    ck_assert(network_has(networks, 2, address_get(&one)));
    ck_assert(!network_has(networks, 1, address_get(&one)));
    ck_assert(!network_has(networks, 0, address_get(&one)));
}
END_TEST

START_TEST(what_is_none)
{
    static const char *const bad[] = {"",
                                      "/",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0/8",
                                      "::/129",
                                      "a.example/8",
                                      "10.0.0.0/8/8",
                                      "10.0.0.0/8 ",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/0008",
                                      "/8",
                                      "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:11"};
    struct network network;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(network_parse(&network, bad[i]) == NETWORK_BAD, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(bits_behind_the_length)
{
    struct network network;
    char text[NETWORK_TEXT];

    ck_assert_int_eq(network_parse(&network, "10.1.2.3/8"), NETWORK_HOST_BITS);
    ck_assert_str_eq(network_text(&network, text), "10.0.0.0/8");
    ck_assert_int_eq(network_parse(&network, "10.1.2.3/31"), NETWORK_HOST_BITS);
    ck_assert_str_eq(network_text(&network, text), "10.1.2.2/31");
    ck_assert_int_eq(network_parse(&network, "2001:db8::1/32"), NETWORK_HOST_BITS);
    ck_assert_str_eq(network_text(&network, text), "2001:db8::/32");
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {what_is_in_a_block, one_of_several, what_is_none,
                                  bits_behind_the_length};
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("network");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
