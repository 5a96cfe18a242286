/* SPDX-License-Identifier: MIT
 *
 * Plain pcap files: of each byte order and precision, cut off at every byte, damaged anywhere,
 * appended to each other, and through a pipe in small pieces.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "common/random.h"
#include "common/runner.h"
#include "file.h"

#define START 1762534152u

static const enum file_magic magics[] = {FILE_MICRO, FILE_NANO, FILE_MODIFIED};

static uint64_t ns(uint32_t seconds, uint32_t fraction)
{
    return seconds * CLOCK_SECOND + fraction;
}

/* Either byte order and each precision; the snap length is no limit. */
START_TEST(every_form)
{
    static const uint32_t snaps[] = {0, 100, 262144, 0x7fffffff, 0xffffffff};
    const enum file_magic magic = magics[_i / 2 % 3];
    struct file_read read;

    file_put_header(_i & 1, magic, snaps[_i / 6], 1);
    file_put_packet(START, 999999, 300, 1500);
    file_put_packet(START - 9, 0, 0, 60); /* back in time, and without bytes */
    file_put_packet(0xffffffff, 123456, 7, 0);
    file_put_packet(0, 0, 1, 1);
    file_put_packet(START, 0xffffffff, 5, 5); /* no fraction of a second */
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 5);
    ck_assert_uint_eq(read.warnings, 0);
    ck_assert_uint_eq(read.times[0], ns(START, magic == FILE_NANO ? 999999 : 999999000));
    ck_assert_uint_eq(read.times[1], ns(START - 9, 0));
    ck_assert_uint_eq(read.times[2], ns(0xffffffff, magic == FILE_NANO ? 123456 : 123456000));
    ck_assert_uint_eq(read.times[3], 0);
    ck_assert_uint_eq(read.times[4], ns(START, 999999999));
    ck_assert_uint_eq(read.sizes[0], 300);
    ck_assert_uint_eq(read.sizes[1], 0);
    ck_assert_uint_eq(read.sizes[2], 7);
    ck_assert_uint_eq(read.last.on_wire, 5);
    ck_assert_uint_eq(read.first_byte, START & 0xff);
    ck_assert_int_eq(read.last.link, LINK_ETHERNET);
}
END_TEST

/* Larger than what is read at once; the largest there may be, and one more. */
START_TEST(large_packets)
{
    static const uint32_t sizes[] = {0, 1, 131071, 131072, 131073, 262143, 262144};
    char expected[128];
    struct file_read read;
    size_t i;

    file_put_header(false, FILE_NANO, 262144, 1);
    for (i = 0; i < 7; i++)
        file_put_packet(START, (uint32_t)i, sizes[i], sizes[i]);
    file_read(&read);
    ck_assert_int_eq(read.end, CAPTURE_END);
    ck_assert_uint_eq(read.packets, 7);
    for (i = 0; i < 7; i++)
        ck_assert_uint_eq(read.sizes[i], sizes[i]);
    snprintf(expected, sizeof expected,
             "it is damaged: the packet at byte %zu has 262145 bytes, where 262144 are the most",
             file.size);
    file_put_packet(START, 7, 262145, 262145);
    file_expect(7, expected);
    file.size -= FILE_PACKET + 262145;
    file_put_packet(START, 7, 4, 4);
    memset(file.at + file.size - 4 - 8, 0xff, 4); /* claims 2^32 - 1 bytes */
    file_expect(7, "has 4294967295 bytes");
}
END_TEST

/* All before the end is there, and what is missing is said. */
START_TEST(cut_off_anywhere)
{
    static const size_t ends[] = {24, 60, 97, 135};
    const size_t modified = _i == 2 ? 8 : 0;
    size_t whole, at, size;
    char expected[128];

    file_put_header(_i & 1, magics[_i], 65535, 1);
    file_put_packet(START, 0, 20, 60);
    file_put_packet(START, 1, 21, 60);
    file_put_packet(START, 2, 22, 60);
    whole = file.size;
    ck_assert_uint_eq(whole, ends[3] + 3 * modified);
    for (size = 0; size <= whole; size++) {
        unsigned packets = 0;

        while (packets < 3 && size >= ends[packets + 1] + (packets + 1) * modified)
            packets++;
        at = ends[packets] + packets * modified;
        file.size = size;
        if (size == 0)
            snprintf(expected, sizeof expected, "as a capture: it is empty");
        else if (size < 4)
            snprintf(expected, sizeof expected, "as a capture: unknown file format");
        else if (size < 24)
            snprintf(expected, sizeof expected,
                     "truncated: of the file header at byte 0, %zu of 24 bytes are there", size);
        else if (size - at < FILE_PACKET + modified)
            snprintf(expected, sizeof expected,
                     "truncated: of the packet's header at byte %zu, %zu of %zu bytes are there",
                     at, size - at, FILE_PACKET + modified);
        else
            snprintf(expected, sizeof expected,
                     "truncated: of the packet at byte %zu, %zu of %u bytes are there", at,
                     size - at - FILE_PACKET - (size_t)modified, 20 + packets);
        file_expect(packets, size >= 24 && size == at ? NULL : expected);
    }
}
END_TEST

/* Bytes changed at random: in the file's header, so that it may be of another kind, and behind. */
START_TEST(damaged_anywhere)
{
    uint8_t original[FILE_HEADER + 8 * (FILE_PACKET + 8 + 30)];
    unsigned turn;
    uint32_t n;
    size_t size;

    random_seed((unsigned)_i);
    file_put_header(_i & 1, magics[_i / 2], 65535, 1);
    for (n = 0; n < 8; n++)
        file_put_packet(START, n, 30, 30);
    size = file.size;
    memcpy(original, file.at, size);
    for (turn = 0; turn < 2000; turn++) {
        struct file_read read;

        memcpy(file.at, original, size);
        for (n = 1 + below(3); n > 0; n--)
            file.at[below(8) == 0 ? below(FILE_HEADER)
                                  : FILE_HEADER + below((uint32_t)size - FILE_HEADER)] =
                (uint8_t)(below(2) == 0 ? below(256) : below(3) * 127);
        file_read(&read);
        ck_assert_uint_le(read.packets, size / FILE_PACKET);
        if (read.end == CAPTURE_FAILED)
            ck_assert_ptr_nonnull(strstr(read.why, "cannot re"));
    }
}
END_TEST

START_TEST(a_pipe_in_pieces)
{
    struct file_read read;
    uint32_t n;

    random_seed(1);
    file_put_header(false, FILE_MICRO, 65535, 1);
    for (n = 0; n < 2000; n++)
        file_put_packet(START + n, n, below(400), 400);
    file_read_pipe(&read);
    ck_assert_int_eq(read.end, CAPTURE_END);
    ck_assert_uint_eq(read.packets, 2000);
    ck_assert_uint_eq(read.odd, 0);
    ck_assert_uint_eq(read.last.arrival_ns, ns(START + 1999, 1999000));
}
END_TEST

/* Where a file was appended to another, it has its own byte order, unit and link type. */
START_TEST(appended)
{
    const enum file_magic first = magics[_i / 6 % 3], second = magics[_i % 6 / 2];
    struct file_read read;

    file_put_header(_i / 18, first, 65535, 1);
    file_put_packet(START, 1, 7, 7);
    file_put_header(_i & 1, second, 65535, 101);
    file_put_packet(START, 2, 9, 9);
    file_put_packet(START, 3, 10, 10);
    file_put_header(_i / 18, first, 65535, 113); /* an empty one */
    file_put_header(_i / 18, first, 65535, 113);
    file_put_packet(START, 4, 8, 8);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 4);
    ck_assert_uint_eq(read.odd, 0);
    ck_assert_uint_eq(read.times[0], ns(START, first == FILE_NANO ? 1 : 1000));
    ck_assert_uint_eq(read.times[1], ns(START, second == FILE_NANO ? 2 : 2000));
    ck_assert_uint_eq(read.times[3], ns(START, first == FILE_NANO ? 4 : 4000));
    ck_assert_int_eq(read.links[0], LINK_ETHERNET);
    ck_assert_int_eq(read.links[1], LINK_RAW);
    ck_assert_int_eq(read.links[2], LINK_RAW);
    ck_assert_int_eq(read.links[3], LINK_SLL);
}
END_TEST

/* A packet whose time is a magic number: as of 2011, where the other order's nanoseconds are. */
START_TEST(a_packet_is_no_header)
{
    static const uint32_t times[] = {0x4d3cb2a1, 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x0a0d0d0a};
    size_t i;

    file_put_header(false, FILE_MICRO, 65535, 1);
    for (i = 0; i < 5; i++) {
        file_put_packet(times[i], 0x00040002, 60, 60);
        file_put_packet(times[i], 0x04000200, 1, 60);
        file_put_packet(times[i], 7, 0, 60);
    }
    file_expect(15, NULL);
}
END_TEST

START_TEST(appended_and_cut_off)
{
    size_t whole, first, size;

    file_put_header(true, FILE_NANO, 65535, 1);
    file_put_packet(START, 1, 7, 7);
    first = file.size;
    file_put_header(false, FILE_MICRO, 65535, 1);
    whole = file.size;
    for (size = first + 1; size < whole; size++) {
        file.size = size;
        file_expect(1, size < first + FILE_PACKET ? "truncated: of the packet's header"
                                                  : "truncated: of the file header at byte 47");
    }
}
END_TEST

/* Others than 2.4 have other headers of packets. */
START_TEST(other_versions)
{
    file_put_header(_i & 1, FILE_MICRO, 65535, 1);
    file.at[_i & 1 ? 7 : 6] = 3;
    file_put_packet(START, 1, 7, 7);
    file_expect(0, "as a capture: its version of pcap is 2.3, and not 2.4");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pcap");
    TCase *tcase = tcase_create("pcap");

    tcase_add_checked_fixture(tcase, file_set_up, file_tear_down);
    tcase_add_loop_test(tcase, every_form, 0, 30);
    tcase_add_test(tcase, large_packets);
    tcase_add_loop_test(tcase, cut_off_anywhere, 0, 3);
    tcase_add_loop_test(tcase, damaged_anywhere, 0, 6);
    tcase_add_test(tcase, a_pipe_in_pieces);
    tcase_add_loop_test(tcase, appended, 0, 36);
    tcase_add_test(tcase, a_packet_is_no_header);
    tcase_add_test(tcase, appended_and_cut_off);
    tcase_add_loop_test(tcase, other_versions, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
