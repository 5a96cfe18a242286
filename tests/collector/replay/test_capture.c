/* SPDX-License-Identifier: MIT
 *
 * What is common to the formats: which one it is, also in the middle, and link types that are not
 * known.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "file.h"

#define START 1762534152u

START_TEST(what_is_no_capture)
{
    file_expect(0, "cannot read \"/proc/self/fd/");
    file_expect(0, "\" as a capture: it is empty");
    file_put("device_id,seq_num\n", 18);
    file_expect(0, "\" as a capture: unknown file format; expected pcap or pcapng, not compressed");
    file.size = 0;
    file_put("\x1f\x8b\x08\0", 4);
    file_expect(0, "not compressed");
}
END_TEST

START_TEST(what_cannot_be_opened)
{
    char why[256];

    ck_assert_ptr_null(capture_open("/nonexistent/a.pcap", NULL, NULL, why, sizeof why));
    ck_assert_str_eq(why, "cannot open \"/nonexistent/a.pcap\": No such file or directory");
}
END_TEST

/* Files of either format and byte order behind each other. */
START_TEST(one_behind_the_other)
{
    struct file_read read;

    file_put_header(_i & 1, FILE_NANO, 65535, 1);
    file_put_packet(START, 1, 4, 4);
    file_put_section(_i & 2);
    file_put_interface(101, 0);
    file_put_enhanced(0, START, 4, 4);
    file_put_header(_i & 4, FILE_MICRO, 65535, 113);
    file_put_packet(START, 1, 4, 4);
    file_put_section(_i & 8);
    file_put_header(_i & 1, FILE_MODIFIED, 65535, 228);
    file_put_packet(START, 1, 4, 4);
    file_put_section(_i & 2);
    file_put_interface(229, 0);
    file_put_simple(4, 4);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 5);
    ck_assert_int_eq(read.links[0], LINK_ETHERNET);
    ck_assert_int_eq(read.links[1], LINK_RAW);
    ck_assert_int_eq(read.links[2], LINK_SLL);
    ck_assert_int_eq(read.links[3], LINK_IPV4);
    ck_assert_int_eq(read.links[4], LINK_IPV6);
    file_put("rubbish rubbish rubbish rubbish", 31);
    file_expect(5, "it is damaged: the block at byte ");
}
END_TEST

START_TEST(link_types)
{
    static const struct {
        uint32_t type;
        enum link link;
        const char *why;
    } list[] = {
        {0, LINK_LOOPBACK, NULL},
        {1, LINK_ETHERNET, NULL},
        {12, LINK_RAW, NULL},
        {14, LINK_RAW, NULL},
        {101, LINK_RAW, NULL},
        {108, LINK_LOOPBACK, NULL},
        {113, LINK_SLL, NULL},
        {228, LINK_IPV4, NULL},
        {229, LINK_IPV6, NULL},
        {276, LINK_SLL2, NULL},
        {0xf4000001, LINK_ETHERNET, NULL}, /* with an FCS of two times 16 bits */
        {9, LINK_UNKNOWN, "\": its link type is PPP (9); expected Ethernet, Linux cooked, raw IP"},
        {127, LINK_UNKNOWN, "\": its link type is 802.11 with radiotap header (127); expected"},
        {999, LINK_UNKNOWN, "\": its link type is unknown (999); expected Ethernet"},
    };
    struct file_read read;

    ck_assert_uint_eq(sizeof list / sizeof list[0], 14);
    file_put_header(_i & 1, FILE_MICRO, 65535, list[_i / 2].type);
    file_put_packet(START, 1, 4, 4);
    file_read(&read);
    ck_assert_int_eq(read.opened, list[_i / 2].why == NULL);
    if (list[_i / 2].why != NULL) {
        ck_assert_msg(strstr(read.why, list[_i / 2].why) != NULL, "%s", read.why);
        ck_assert_ptr_eq(strstr(read.why, "cannot replay \"/proc/self/fd/"), read.why);
    } else {
        ck_assert_int_eq(read.last.link, list[_i / 2].link);
    }
}
END_TEST

/* One interface of many: its packets come, with one warning. */
START_TEST(an_unknown_interface)
{
    struct file_read read;
    unsigned i;

    file_put_section(false);
    file_put_interface(9, 0);
    file_put_interface(9, 0);
    if (_i == 0)
        file_put_interface(1, 0);
    for (i = 0; i < 5; i++) {
        file_put_enhanced(0, START, 4, 4);
        file_put_enhanced(1, START, 4, 4);
    }
    if (_i == 1) /* only now, or in another section, or another file */
        file_put_interface(1, 0);
    if (_i == 2) {
        file_put_section(false);
        file_put_interface(1, 0);
    }
    if (_i == 3)
        file_put_header(true, FILE_NANO, 65535, 1);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 10);
    ck_assert_int_eq(read.last.link, LINK_UNKNOWN);
    ck_assert_uint_eq(read.warnings, 1);
    ck_assert_ptr_nonnull(strstr(read.why, "\" has packets whose link type is PPP (9), which "
                                           "count as not UDP; expected Ethernet"));
}
END_TEST

START_TEST(only_unknown_interfaces)
{
    struct file_read read;

    file_put_section(false);
    file_put_interface(9, 0);
    file_put_interface(189, 0);
    file_put_enhanced(0, START, 4, 4);
    file_put_enhanced(1, START, 4, 4);
    file_read(&read);
    ck_assert_int_eq(read.end, CAPTURE_FAILED);
    ck_assert_uint_eq(read.warnings, 2);
    ck_assert_ptr_nonnull(strstr(read.why, "cannot replay \"/proc"));
    ck_assert_ptr_nonnull(strstr(read.why, "\": its link type is PPP (9); expected Ethernet"));
}
END_TEST

/* Behind a file that can be replayed is one that cannot; the warnings have an end. */
START_TEST(unknown_files_behind)
{
    struct file_read read;
    uint32_t i;

    file_put_header(false, FILE_MICRO, 65535, 1);
    for (i = 0; i < 50; i++) {
        file_put_header(i & 1, FILE_MICRO, 65535, 500 + i);
        file_put_packet(START, 1, 4, 4);
    }
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 50);
    ck_assert_uint_eq(read.warnings, 8);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("capture");
    TCase *tcase = tcase_create("capture");

    tcase_add_checked_fixture(tcase, file_set_up, file_tear_down);
    tcase_add_test(tcase, what_is_no_capture);
    tcase_add_test(tcase, what_cannot_be_opened);
    tcase_add_loop_test(tcase, one_behind_the_other, 0, 16);
    tcase_add_loop_test(tcase, link_types, 0, 28);
    tcase_add_loop_test(tcase, an_unknown_interface, 0, 4);
    tcase_add_test(tcase, only_unknown_interfaces);
    tcase_add_test(tcase, unknown_files_behind);
    suite_add_tcase(suite, tcase);
    return suite;
}
