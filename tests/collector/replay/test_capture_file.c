/* SPDX-License-Identifier: MIT
 *
 * Plain pcap files, read in place, beside what libpcap makes of the same bytes: of each byte order
 * and precision, cut off at every byte, damaged anywhere, and through a pipe in small pieces.
 */
#include <check.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/random.h"
#include "collector/replay/capture_file.h"
#include "base/clock.h"
#include "common/runner.h"

enum { LARGEST = 1 << 20, HEADER = 24 };

#define START 1762534152u

/* A capture under construction. */
struct bytes {
    uint8_t *at;
    size_t size;
    bool swapped;
};

static void put_u32(struct bytes *to, uint32_t value)
{
    if (to->swapped)
        value = __builtin_bswap32(value);
    memcpy(to->at + to->size, &value, 4);
    to->size += 4;
}

static void put_u16(struct bytes *to, uint16_t value)
{
    if (to->swapped)
        value = __builtin_bswap16(value);
    memcpy(to->at + to->size, &value, 2);
    to->size += 2;
}

static void put_header(struct bytes *to, bool swapped, bool nano, uint32_t snap, uint32_t link)
{
    to->swapped = swapped;
    to->size = 0;
    put_u32(to, nano ? 0xa1b23c4d : 0xa1b2c3d4);
    put_u16(to, 2);
    put_u16(to, 4);
    put_u32(to, 0);
    put_u32(to, 0);
    put_u32(to, snap);
    put_u32(to, link);
}

static void put_packet(struct bytes *to, uint32_t number, uint32_t captured, uint32_t on_wire)
{
    put_u32(to, START + number / 10);
    put_u32(to, number % 10 * 99999);
    put_u32(to, captured);
    put_u32(to, on_wire);
    memset(to->at + to->size, (int)(number & 0xff), captured);
    to->size += captured;
    ck_assert_uint_lt(to->size, LARGEST);
}

/* ---- the two readers ------------------------------------------------------------------- */

static bool never(void *context)
{
    (void)context;
    return false;
}

static pcap_t *open_library(const struct bytes *bytes)
{
    char why[PCAP_ERRBUF_SIZE];
    FILE *stream = fmemopen(bytes->at, bytes->size, "rb");

    ck_assert_ptr_nonnull(stream);
    return pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
}

/* Reads all of the file, and compares it with what libpcap reads of the bytes.  Returns how many
 * packets there are. */
static unsigned compare(const char *path, const struct bytes *bytes)
{
    char why[1024] = "";
    pcap_t *library = open_library(bytes);
    struct capture_file *file = capture_file_open(path, never, NULL, why, sizeof why);
    unsigned count = 0;
    int ours, theirs;

    ck_assert_msg((file != NULL) == (library != NULL), "%s", why);
    if (file == NULL)
        return 0;
    for (;; count++) {
        struct pcap_pkthdr *header;
        const u_char *data;
        struct capture_bytes packet;

        ours = capture_file_next(file, &packet, why, sizeof why);
        theirs = pcap_next_ex(library, &header, &data);
        if (ours != 1 || theirs != 1)
            break;
        ck_assert_uint_eq(packet.captured, header->caplen);
        ck_assert_uint_eq(packet.on_wire, header->len);
        ck_assert_mem_eq(packet.bytes, data, header->caplen);
        ck_assert_uint_eq(packet.arrival_ns / CLOCK_SECOND, (uint32_t)header->ts.tv_sec);
        if ((uint64_t)header->ts.tv_usec < CLOCK_SECOND)
            ck_assert_uint_eq(packet.arrival_ns % CLOCK_SECOND, (uint64_t)header->ts.tv_usec);
        else
            ck_assert_uint_eq(packet.arrival_ns % CLOCK_SECOND, CLOCK_SECOND - 1);
    }
    ck_assert_msg(ours == (theirs == PCAP_ERROR_BREAK ? 0 : -1), "%d and %d behind %u packets: %s",
                  ours, theirs, count, why);
    capture_file_close(file);
    pcap_close(library);
    return count;
}

static unsigned compare_written(const struct bytes *bytes)
{
    char path[] = "/tmp/muster-capture-XXXXXX";
    int fd = mkstemp(path);
    unsigned count;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes->at, bytes->size), (ssize_t)bytes->size);
    close(fd);
    count = compare(path, bytes);
    unlink(path);
    return count;
}

/* ---- tests ----------------------------------------------------------------------------- */

static struct bytes bytes;

static void set_up(void)
{
    bytes = (struct bytes){.at = malloc(LARGEST)};
    ck_assert_ptr_nonnull(bytes.at);
    random_seed(1);
}

static void tear_down(void)
{
    free(bytes.at);
}

/* Either byte order and precision; packets longer than the snap length. */
START_TEST(every_form)
{
    static const uint32_t snaps[] = {0, 100, 262144, 0x7fffffff, 0xffffffff};
    unsigned form;
    uint32_t n;

    for (form = 0; form < 4 * sizeof snaps / sizeof snaps[0]; form++) {
        put_header(&bytes, form & 1, form & 2, snaps[form / 4], 1);
        for (n = 0; n < 500; n++)
            put_packet(&bytes, n, below(300), below(1500));
        ck_assert_uint_eq(compare_written(&bytes), 500);
    }
}
END_TEST

/* Larger than what is read at once; the largest there may be, and one more. */
START_TEST(large_packets)
{
    static const uint32_t sizes[] = {0, 1, 131071, 131072, 131073, 262143, 262144};
    size_t i;

    put_header(&bytes, false, true, 262144, 1);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        put_packet(&bytes, (uint32_t)i, sizes[i], sizes[i]);
    ck_assert_uint_eq(compare_written(&bytes), sizeof sizes / sizeof sizes[0]);
    put_packet(&bytes, 7, 1, 1);
    bytes.size -= 17;
    put_packet(&bytes, 7, 20000, 20000);
    memset(bytes.at + bytes.size - 20000 - 8, 0xff, 4); /* claims 2^32 - 1 bytes */
    ck_assert_uint_eq(compare_written(&bytes), sizeof sizes / sizeof sizes[0]);
}
END_TEST

START_TEST(cut_off_anywhere)
{
    size_t whole;
    uint32_t n;

    put_header(&bytes, true, false, 65535, 1);
    for (n = 0; n < 4; n++)
        put_packet(&bytes, n, 20 + n, 60);
    whole = bytes.size;
    for (bytes.size = HEADER; bytes.size <= whole; bytes.size++)
        compare_written(&bytes);
}
END_TEST

/* Bytes changed at random: in the file's header, so that it may be of another kind, and behind. */
START_TEST(damaged_anywhere)
{
    uint8_t original[HEADER + 8 * (16 + 30)];
    unsigned form, turn;
    uint32_t n;

    for (form = 0; form < 4; form++) {
        put_header(&bytes, form & 1, form & 2, 65535, 1);
        for (n = 0; n < 8; n++)
            put_packet(&bytes, n, 30, 30);
        ck_assert_uint_eq(bytes.size, sizeof original);
        memcpy(original, bytes.at, sizeof original);
        for (turn = 0; turn < 5000; turn++) {
            memcpy(bytes.at, original, sizeof original);
            for (n = 1 + below(3); n > 0; n--)
                bytes.at[below(8) == 0 ? below(HEADER - 4)
                                       : HEADER + below(sizeof original - HEADER)] =
                    (uint8_t)(below(2) == 0 ? below(256) : below(3) * 127);
            compare_written(&bytes);
        }
    }
}
END_TEST

static void *write_slowly(void *argument)
{
    int fd = *(int *)argument;
    size_t at = 0;

    while (at < bytes.size) {
        size_t most = bytes.size - at < 700 ? bytes.size - at : 1 + at % 700;
        ssize_t n = write(fd, bytes.at + at, most);

        ck_assert_int_gt(n, 0);
        at += (size_t)n;
    }
    close(fd);
    return NULL;
}

START_TEST(a_pipe_in_pieces)
{
    char path[64];
    pthread_t writer;
    int fds[2];
    uint32_t n;

    put_header(&bytes, false, false, 65535, 1);
    for (n = 0; n < 2000; n++)
        put_packet(&bytes, n, below(400), 400);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
    ck_assert_uint_eq(compare(path, &bytes), 2000);
    pthread_join(writer, NULL);
    close(fds[0]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("capture file");
    TCase *tcase = tcase_create("capture file");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_form);
    tcase_add_test(tcase, large_packets);
    tcase_add_test(tcase, cut_off_anywhere);
    tcase_add_test(tcase, damaged_anywhere);
    tcase_add_test(tcase, a_pipe_in_pieces);
    suite_add_tcase(suite, tcase);
    return suite;
}
