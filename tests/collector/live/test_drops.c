/* SPDX-License-Identifier: MIT
 *
 * Which of a socket's drops were for a wrong checksum.
 */
#include <check.h>
#include <stdlib.h>

#include "collector/live/drops.h"
#include "common/runner.h"

START_TEST(a_table_is_read_by_its_names)
{
    struct drops_seen seen = {0};

    drops_parse("Tcp: RcvbufErrors InCsumErrors\n"
                "Tcp: 1000 1000\n"
                "Udp: InDatagrams NoPorts RcvbufErrors SndbufErrors InCsumErrors MemErrors\n"
                "Udp: 5 6 70 8 9 100\n"
                "UdpLite: RcvbufErrors InCsumErrors\n"
                "UdpLite: 1000 1000\n",
                &seen);
    ck_assert_uint_eq(seen.no_room, 170);
    ck_assert_uint_eq(seen.checksum, 9);
}
END_TEST

START_TEST(a_list_adds_to_it)
{
    struct drops_seen seen = {.no_room = 1, .checksum = 2};

    drops_parse("Ip6InReceives \t 7\nUdp6RcvbufErrors                \t10\nUdp6InCsumErrors \t20\n"
                "UdpLite6RcvbufErrors \t1000\nUdp6MemErrors\t30\n",
                &seen);
    ck_assert_uint_eq(seen.no_room, 41);
    ck_assert_uint_eq(seen.checksum, 22);
}
END_TEST

START_TEST(other_texts_add_nothing)
{
    static const char *const texts[] = {"",
                                        "Udp:",
                                        "Udp: RcvbufErrors",
                                        "Udp: RcvbufErrors\nUdp:",
                                        "Udp: RcvbufErrors\nTcp: 4\n",
                                        "Udp6\n4",
                                        "Udp6",
                                        "Udp6RcvbufErrors",
                                        "Udp6RcvbufErrors\n4"};
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct drops_seen seen = {0};

        drops_parse(texts[i], &seen);
        ck_assert_uint_eq(seen.no_room + seen.checksum, 0);
    }
}
END_TEST

/* With counters that stand still: what was seen is left to be claimed. */
START_TEST(drops_are_claimed_once)
{
    struct drops drops = {.lock = PTHREAD_MUTEX_INITIALIZER,
                          .fds = {-1, -1},
                          .left = {{.no_room = 5, .checksum = 3}, {.no_room = 2, .checksum = 1}}};

    ck_assert_uint_eq(drops_of_checksum(&drops, 0), 0);
    ck_assert_uint_eq(drops_of_checksum(&drops, 6), 0); /* there was no room for them */
    ck_assert_uint_eq(drops_of_checksum(&drops, 3), 2);
    drops_look(&drops);
    ck_assert_uint_eq(drops_of_checksum(&drops, 9),
                      2); /* what was left; nobody knows of the rest */
    ck_assert_uint_eq(drops_of_checksum(&drops, 1), 0);
}
END_TEST

START_TEST(what_nobody_claims_is_forgotten)
{
    struct drops drops = {.lock = PTHREAD_MUTEX_INITIALIZER,
                          .fds = {-1, -1},
                          .left = {{.checksum = 3}, {.checksum = 4}}};

    drops_look(&drops);
    ck_assert_uint_eq(drops.left[1].checksum, 3);
    drops_look(&drops);
    ck_assert_uint_eq(drops_of_checksum(&drops, 3), 0);
}
END_TEST

START_TEST(the_kernel_is_asked)
{
    struct drops drops;

    drops_init(&drops);
    ck_assert_int_ge(drops.fds[0], 0);
    drops_look(&drops);
    drops_free(&drops);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("drops");
    TCase *tcase = tcase_create("drops");

    tcase_add_test(tcase, a_table_is_read_by_its_names);
    tcase_add_test(tcase, a_list_adds_to_it);
    tcase_add_test(tcase, other_texts_add_nothing);
    tcase_add_test(tcase, drops_are_claimed_once);
    tcase_add_test(tcase, what_nobody_claims_is_forgotten);
    tcase_add_test(tcase, the_kernel_is_asked);
    suite_add_tcase(suite, tcase);
    return suite;
}
