/* SPDX-License-Identifier: MIT
 *
 * pcapng files: sections, interfaces, units of time, every kind of packet; cut off at every byte,
 * damaged, and with absurd sizes.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "common/random.h"
#include "common/runner.h"
#include "file.h"

#define START (UINT64_C(1762534152) * CLOCK_SECOND)
#define MICRO (START / 1000)
#define LAST  ((INT64_MAX / CLOCK_SECOND - 1) * CLOCK_SECOND) /* second of the clock */

enum { MOST = 16 << 20, NANO = 9, SECOND_NAMES = 4, CUSTOM = 0xbad };

/* An obsolete packet has 16 bits of the interface, and then a count of drops. */
static void put_obsolete(unsigned interface, uint64_t ticks, const char *bytes)
{
    file_begin_block(2);
    file_put_u16(interface);
    file_put_u16(0xffff);
    file_put_u32((uint32_t)(ticks >> 32));
    file_put_u32((uint32_t)ticks);
    file_put_u32((uint32_t)strlen(bytes));
    file_put_u32(1000);
    file_put(bytes, strlen(bytes));
    file_end_block();
}

static void put_other(uint32_t type, size_t size)
{
    file_begin_block(type);
    ck_assert_uint_le(file.size + size, FILE_LARGEST);
    memset(file.at + file.size, 0xee, size);
    file.size += size;
    file_end_block();
}

START_TEST(every_block)
{
    struct file_read read;

    file_put_section(_i & 1);
    put_other(SECOND_NAMES, 50);
    file_put_interface(1, 0);
    put_other(CUSTOM, 0);
    file_put_enhanced(0, MICRO, 61, 1500);
    put_obsolete(0, MICRO + 5, "ooooo");
    put_other(0x80000001, 5);
    file_put_simple(6, 6);
    put_other(5, 40); /* statistics */
    file_put_enhanced(0, MICRO + 7, 0, 60);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 4);
    ck_assert_uint_eq(read.odd, 0);
    ck_assert_uint_eq(read.warnings, 0);
    ck_assert_uint_eq(read.times[0], START);
    ck_assert_uint_eq(read.times[1], START + 5000);
    ck_assert_uint_eq(read.times[2], 0); /* the file does not say */
    ck_assert_uint_eq(read.times[3], START + 7000);
    ck_assert_uint_eq(read.sizes[0], 61);
    ck_assert_uint_eq(read.sizes[1], 5);
    ck_assert_uint_eq(read.sizes[2], 6);
    ck_assert_uint_eq(read.sizes[3], 0);
    ck_assert_uint_eq(read.last.on_wire, 60);
    ck_assert_uint_eq(read.first_byte, 's');
}
END_TEST

/* Options behind a packet's bytes are not looked at. */
START_TEST(options_of_packets)
{
    file_put_section(_i & 1);
    file_put_interface(1, 0);
    file_begin_block(6);
    file_put_u32(0);
    file_put_u64(0);
    file_put_u32(3);
    file_put_u32(3);
    file_put("aaa\0", 4);
    file_put("\xff\xff\xff\xff\xff\xff", 6);
    file_end_block();
    file_put_enhanced(0, MICRO, 4, 4);
    file_expect(2, NULL);
}
END_TEST

START_TEST(units_of_time)
{
    static const struct {
        unsigned resolution;
        int64_t offset;
        uint64_t ticks, ns;
    } list[] = {
        {0, 0, 1762534152, START},
        {3, 0, 1762534152123, START + 123000000},
        {6, 0, 1762534152123456, START + 123456000},
        {9, 0, START + 123456789, START + 123456789},
        {12, 0, UINT64_C(1762534152123456789), 1762534152123456},
        {12, 0, UINT64_C(9000000123000999), 9000000123000},
        {19, 0, UINT64_MAX, 1844674407},
        {0x80, 0, 1762534152, START},
        {0x81, 0, 3, 1500000000},
        {0x89, 0, 1025, 2001953125},
        {0x8a, 0, (UINT64_C(1762534152) << 10) + 512, START + 500000000},
        {0xa0, 0, (UINT64_C(1762534152) << 32) + 0x40000000, START + 250000000},
        {0xa0, 0, (UINT64_C(1762534152) << 32) + 0xffffffff, START + 999999999},
        {0xa1, 0, (UINT64_C(1) << 33) + (UINT64_C(1) << 32), 1500000000},
        {0xbf, 0, UINT64_C(3) << 62, 1500000000},
        {0xbf, 0, UINT64_MAX, 1999999999},
        {6, 1762534152, 123456, START + 123456000},
        {9, -3600, START + 5, START - 3600 * CLOCK_SECOND + 5},
        {0x8a, 10, 512, 10500000000},
        /* Before 1970; never; beyond the clock. */
        {6, -1762534153, MICRO, 0},
        {9, INT64_MIN, UINT64_MAX, 0},
        {0, INT64_MAX, 7, LAST},
        {0, INT64_MAX, UINT64_MAX, LAST},
        {0, 0, UINT64_MAX, LAST},
        {6, 0, UINT64_MAX, LAST + 551615000},
        {9, 0, UINT64_MAX, LAST + 709551615},
    };
    struct file_read read;

    ck_assert_uint_eq(sizeof list / sizeof list[0], 26);
    file_put_section(_i & 1);
    file_put_timed_interface(1, list[_i / 2].resolution, list[_i / 2].offset);
    file_put_enhanced(0, list[_i / 2].ticks, 4, 4);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_msg(read.times[0] == list[_i / 2].ns, "%d: %lu, and not %lu", _i / 2,
                  (unsigned long)read.times[0], (unsigned long)list[_i / 2].ns);
}
END_TEST

/* Each has a link type and a unit of its own, also one that comes later; a section has its own. */
START_TEST(sections_and_interfaces)
{
    static const enum link links[] = {LINK_RAW,      LINK_ETHERNET, LINK_SLL2, LINK_IPV4,
                                      LINK_LOOPBACK, LINK_IPV4,     LINK_IPV6};
    struct file_read read;
    size_t i;

    file_put_section(_i & 1);
    file_put_timed_interface(1, NANO, 0);
    file_put_interface(101, 0);
    file_put_enhanced(1, MICRO, 4, 4);
    file_put_enhanced(0, START + 1, 5, 5);
    file_put_timed_interface(276, 0, 0);
    file_put_enhanced(2, START / CLOCK_SECOND + 1, 4, 4);
    file_put_section(_i & 2);
    file_put_timed_interface(228, 3, 7);
    file_put_interface(0, 0);
    file_put_enhanced(0, 1000, 4, 4);
    file_put_enhanced(1, MICRO + 2, 4, 4);
    file_put_simple(4, 4);
    file_put_section(_i & 4);
    file_put_section(_i & 4);
    file_put_interface(229, 0);
    file_put_enhanced(0, MICRO + 3, 4, 4);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 7);
    for (i = 0; i < 7; i++)
        ck_assert_int_eq(read.links[i], links[i]);
    ck_assert_uint_eq(read.times[0], START);
    ck_assert_uint_eq(read.times[1], START + 1);
    ck_assert_uint_eq(read.times[2], START + CLOCK_SECOND);
    ck_assert_uint_eq(read.times[3], 8 * CLOCK_SECOND);
    ck_assert_uint_eq(read.times[4], START + 2000);
    ck_assert_uint_eq(read.times[6], START + 3000);
}
END_TEST

/* What of a simple packet was captured, and what is padding, follows from three sizes. */
START_TEST(simple_packets)
{
    static const struct {
        uint32_t snap, written, on_wire, captured;
    } list[] = {
        {0, 5, 5, 5},     {0, 8, 8, 8},      {0, 8, 100, 8},   {65, 65, 100, 65},
        {65, 50, 50, 50}, {64, 64, 100, 64}, {20, 60, 60, 60}, {20, 60, 100, 60},
        {0, 0, 0, 0},     {1, 1, 9, 1},      {70, 65, 66, 66}, {UINT32_MAX, 4, 4, 4},
    };
    struct file_read read;

    ck_assert_uint_eq(sizeof list / sizeof list[0], 12);
    file_put_section(_i & 1);
    file_put_interface(1, list[_i / 2].snap);
    file_put_simple(list[_i / 2].written, list[_i / 2].on_wire);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 1);
    ck_assert_uint_eq(read.last.captured, list[_i / 2].captured);
    ck_assert_uint_eq(read.last.on_wire, list[_i / 2].on_wire);
}
END_TEST

/* The snap length is no limit of a packet that says how much of it there is. */
START_TEST(snap_length)
{
    struct file_read read;

    file_put_section(false);
    file_put_interface(1, 20);
    file_put_enhanced(0, MICRO, 60, 60);
    file_read(&read);
    ck_assert_uint_eq(read.packets, 1);
    ck_assert_uint_eq(read.last.captured, 60);
}
END_TEST

START_TEST(large_blocks)
{
    struct file_read read;

    file_put_section(false);
    file_put_interface(1, 0);
    file_put_enhanced(0, MICRO, 300000, 300000);
    put_other(SECOND_NAMES, MOST - 12);
    file_put_enhanced(0, MICRO, MOST - 32, MOST - 32);
    file_put_enhanced(0, MICRO + 1, 4, 4);
    file_read(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 3);
    ck_assert_uint_eq(read.odd, 0);
    ck_assert_uint_eq(read.sizes[1], MOST - 32);
    put_other(CUSTOM, MOST - 8);
    file_expect(3, "has 16777220 bytes, and not a multiple of 4 from 12 to 16777216");
}
END_TEST

START_TEST(cut_off_anywhere)
{
    size_t ends[16] = {0}, whole, size;
    unsigned blocks = 0, done;
    char expected[128];

    file_put_section(_i & 1);
    ends[++blocks] = file.size;
    file_put_interface(1, 0);
    ends[++blocks] = file.size;
    file_put_enhanced(0, MICRO, 5, 5);
    ends[++blocks] = file.size;
    put_other(CUSTOM, 13);
    ends[++blocks] = file.size;
    put_obsolete(0, MICRO, "oooo");
    ends[++blocks] = file.size;
    file_put_simple(7, 7);
    ends[++blocks] = file.size;
    file_put_section(!(_i & 1));
    ends[++blocks] = file.size;
    whole = file.size;
    for (size = 4; size <= whole; size++) {
        unsigned packets;

        for (done = 0; done < blocks && size >= ends[done + 1]; done++)
            ;
        packets = done < 3 ? 0 : done < 5 ? 1 : done < 6 ? 2 : 3;
        file.size = size;
        snprintf(expected, sizeof expected,
                 "it is truncated: of the block at byte %zu, %zu of %zu bytes are there",
                 ends[done], size - ends[done],
                 size - ends[done] < 12 ? 12 : ends[done + 1] - ends[done]);
        file_expect(packets, size == ends[done] ? NULL : expected);
    }
}
END_TEST

/* A field of 32 bits, counted from the start of a section's header, an interface or a packet, and
 * what is said of its value. */
START_TEST(damage)
{
    static const struct {
        unsigned block;
        size_t at;
        uint32_t value;
        const char *why;
    } list[] = {
        {0, 4, 0, "the block at byte 0 has 0 bytes, and not a multiple"},
        {0, 4, 24, "the block at byte 0 has 24 bytes in front, and"},
        {0, 8, 0x11223344, "the section header at byte 0 has no byte order"},
        {1, 4, 11, "the block at byte 44 has 11 bytes, and not a multiple"},
        {1, 4, 16, "the block at byte 44 has 16 bytes in front, and 0 behind"},
        {1, 4, 22, "the block at byte 44 has 22 bytes, and not a multiple"},
        {1, 4, 24, "the block at byte 44 has 24 bytes in front, and 6 behind"},
        {1, 16, 21, "the block at byte 44 has 20 bytes in front, and 21 behind"},
        {2, 4, UINT32_MAX, "the block at byte 64 has 4294967295 bytes"},
        {2, 4, UINT32_MAX - 3, "the block at byte 64 has 4294967292 bytes"},
        {2, 4, MOST, "truncated: of the block at byte 64, 40 of 16777216 bytes are there"},
        {2, 8, 1, "the packet at byte 64 is of interface 1, where 1 are described"},
        {2, 8, UINT32_MAX, "the packet at byte 64 is of interface 4294967295, where 1 are"},
        {2, 20, 9, "the packet at byte 64 has 9 bytes in a block of 40"},
        {2, 20, UINT32_MAX, "the packet at byte 64 has 4294967295 bytes in a block of 40"},
        {2, 36, 41, "the block at byte 64 has 40 bytes in front, and 41 behind"},
    };
    static const size_t begins[] = {0, 44, 64};

    ck_assert_uint_eq(sizeof list / sizeof list[0], 16);
    file_put_section(_i & 1);
    ck_assert_uint_eq(file.size, begins[1]);
    file_put_interface(1, 0);
    ck_assert_uint_eq(file.size, begins[2]);
    file_put_enhanced(0, 0, 8, 8);
    file.size = begins[list[_i / 2].block] + list[_i / 2].at;
    file_put_u32(list[_i / 2].value);
    file.size = begins[2] + 40;
    file_expect(0, list[_i / 2].why);
}
END_TEST

/* Blocks that are too short for what they are. */
START_TEST(short_blocks)
{
    static const struct {
        uint32_t type;
        size_t size;
        const char *why;
    } list[] = {
        {1, 4, "the interface at byte 64 has only 16 bytes"},
        {2, 16, "the packet at byte 64 has a block of only 28 bytes"},
        {3, 0, "the packet at byte 64 has a block of only 12 bytes"},
        {6, 16, "the packet at byte 64 has a block of only 28 bytes"},
    };

    file_put_section(_i & 1);
    file_put_interface(1, 0);
    file_begin_block(list[_i / 2].type);
    memset(file.at + file.size, 0, list[_i / 2].size);
    file.size += list[_i / 2].size;
    file_end_block();
    file_expect(0, list[_i / 2].why);
}
END_TEST

START_TEST(sections_that_are_none)
{
    file_put_section(_i & 1);
    file.at[_i & 1 ? 13 : 12] = 2;
    file_expect(0, "its version of pcapng is 2.0, and not 1.0");
    file.at[_i & 1 ? 13 : 12] = 1;
    file.at[_i & 1 ? 15 : 14] = 2; /* the same with another name */
    file_expect(0, NULL);
    file_begin_block(0x0a0d0d0a);
    file_put_u32(0x1a2b3c4d);
    file_put_u64(1);
    file_end_block();
    file_expect(0, "the section header at byte 44 has only 24 bytes");
    file.size = 44;
    file_put_simple(4, 4);
    file_expect(0, "the packet at byte 44 is of no interface");
    file.size = 44;
    file_put_enhanced(0, 0, 4, 4);
    file_expect(0, "the packet at byte 44 is of interface 0, where 0 are described");
}
END_TEST

START_TEST(options_of_interfaces)
{
    static const struct {
        unsigned code, size;
        const char *bytes; /* 8 */
        const char *why;
    } list[] = {
        {9, 2, "\6\6\0\0\0\0\0", "the interface at byte 44 has an option 9 of 2 bytes"},
        {14, 4, "\0\0\0\0\0\0\0", "the interface at byte 44 has an option 14 of 4 bytes"},
        {2, 9, "toolong", "the interface at byte 44 has an option of 9 bytes, of which 8 are"},
        {9, 0xffff, "\6\0\0\0\0\0\0", "has an option of 65535 bytes, of which 8 are there"},
        {9, 1, "\x14\0\0\0\0\0\0", "has a time resolution of 10^-20 seconds"},
        {9, 1, "\x7f\0\0\0\0\0\0", "has a time resolution of 10^-127 seconds"},
        {9, 1, "\xc0\0\0\0\0\0\0", "has a time resolution of 2^-64 seconds"},
        {9, 1, "\x13\0\0\0\0\0\0", NULL},
        {0, 0xffff, "\xff\xff\xff\xff\xff\xff\xff", NULL},
        {3, 8, "\xff\xff\xff\xff\xff\xff\xff", NULL},
    };

    ck_assert_uint_eq(sizeof list / sizeof list[0], 10);
    file_put_section(_i & 1);
    file_begin_block(1);
    file_put_u16(1);
    file_put_u16(0);
    file_put_u32(0);
    file_put_u16(list[_i / 2].code);
    file_put_u16(list[_i / 2].size);
    file_put(list[_i / 2].bytes, 8);
    file_end_block();
    file_put_enhanced(0, 0, 4, 4);
    file_expect(list[_i / 2].why == NULL, list[_i / 2].why);
}
END_TEST

/* They take memory, so there is an end to them. */
START_TEST(many_interfaces)
{
    unsigned i;

    file_put_section(false);
    for (i = 0; i < 65536; i++)
        file_put_interface(1, 0);
    file_put_enhanced(65535, MICRO, 4, 4);
    file_expect(1, NULL);
    file_put_interface(1, 0);
    file_expect(1, "is one more than 65536");
}
END_TEST

START_TEST(damaged_anywhere)
{
    uint8_t original[1024];
    unsigned turn, n;
    size_t size;

    random_seed((unsigned)_i);
    file_put_section(_i & 1);
    file_put_timed_interface(1, NANO, 5);
    file_put_interface(101, 64);
    for (n = 0; n < 3; n++) {
        file_put_enhanced(n & 1, MICRO + n, 20 + n, 60);
        put_obsolete(0, MICRO + n, "ooo");
        file_put_simple(20, 60);
    }
    file_put_section(_i & 2);
    file_put_interface(9, 0);
    file_put_enhanced(0, MICRO, 20, 20);
    size = file.size;
    ck_assert_uint_le(size, sizeof original);
    memcpy(original, file.at, size);
    for (turn = 0; turn < 3000; turn++) {
        struct file_read read;

        memcpy(file.at, original, size);
        for (n = 1 + below(3); n > 0; n--)
            file.at[below((uint32_t)size)] = (uint8_t)(below(2) == 0 ? below(256) : below(3) * 127);
        file_read(&read);
        ck_assert_uint_le(read.packets, 10);
        if (read.end == CAPTURE_FAILED)
            ck_assert_ptr_nonnull(strstr(read.why, "cannot re"));
    }
}
END_TEST

START_TEST(a_pipe_in_pieces)
{
    struct file_read read;
    unsigned n;

    random_seed(1);
    file_put_section(true);
    file_put_timed_interface(1, NANO, 0);
    for (n = 0; n < 1000; n++) {
        file_put_enhanced(0, START + n, below(400), 400);
        put_other(CUSTOM, below(400));
    }
    file_read_pipe(&read);
    ck_assert_msg(read.end == CAPTURE_END, "%s", read.why);
    ck_assert_uint_eq(read.packets, 1000);
    ck_assert_uint_eq(read.odd, 0);
    ck_assert_uint_eq(read.last.arrival_ns, START + 999);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pcapng");
    TCase *tcase = tcase_create("pcapng");

    tcase_add_checked_fixture(tcase, file_set_up, file_tear_down);
    tcase_add_loop_test(tcase, every_block, 0, 2);
    tcase_add_loop_test(tcase, options_of_packets, 0, 2);
    tcase_add_loop_test(tcase, units_of_time, 0, 52);
    tcase_add_loop_test(tcase, sections_and_interfaces, 0, 8);
    tcase_add_loop_test(tcase, simple_packets, 0, 24);
    tcase_add_test(tcase, snap_length);
    tcase_add_test(tcase, large_blocks);
    tcase_add_loop_test(tcase, cut_off_anywhere, 0, 2);
    tcase_add_loop_test(tcase, damage, 0, 32);
    tcase_add_loop_test(tcase, short_blocks, 0, 8);
    tcase_add_loop_test(tcase, sections_that_are_none, 0, 2);
    tcase_add_loop_test(tcase, options_of_interfaces, 0, 20);
    tcase_add_test(tcase, many_interfaces);
    tcase_add_loop_test(tcase, damaged_anywhere, 0, 4);
    tcase_add_test(tcase, a_pipe_in_pieces);
    suite_add_tcase(suite, tcase);
    return suite;
}
