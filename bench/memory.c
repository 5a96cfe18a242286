/* SPDX-License-Identifier: MIT
 *
 * The floor of the replay benchmarks: the same work on datagrams that lie in memory, with
 * nothing around it.  Decode, a window of 1,024 numbers for each device, a row by
 * tables of digits, and write(2) of 256 KiB.
 *
 *     memory CAPTURE CSV text|u16
 *
 * CAPTURE is one of `capture`.  Prints, as a line of JSON, the rows written and the CPU time
 * of the work; reading the capture into memory is not in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <muster/wire.h>

#include "../plugins/common/number.h"

enum {
    FILE_HEADER = 24,
    PACKET_HEADER = 16,
    PACKET_HEADERS = 14 + 20 + 8, /* Ethernet, IPv4, UDP */
    WINDOW = 1024,
    WINDOW_WORDS = WINDOW / 64,
    DEVICES = 65536,
    OUTPUT = 256 * 1024,
    ROW_MAX = 128 /* bytes, without a text */
};

struct datagram {
    const uint8_t *bytes;
    uint64_t arrival_ns;
    uint32_t size;
};

struct input {
    struct datagram *datagrams;
    uint8_t *bytes;
    size_t count;
};

struct device {
    uint32_t highest;
    bool heard;
    uint64_t window[WINDOW_WORDS]; /* a ring of bits: number n is bit n modulo 1,024 */
};

struct second {
    uint32_t second;
    uint32_t length;
    char text[NUMBER_U32_MAX];
};

struct output {
    int fd;
    const char *path;
    size_t used;
    uint64_t rows;
    struct second arrival, timestamp;
    char bytes[OUTPUT + ROW_MAX + MUSTER_DATAGRAM_MAX];
};

static _Noreturn void fail(const char *what, const char *path)
{
    fprintf(stderr, "memory: cannot %s \"%s\": %s\n", what, path, strerror(errno));
    exit(EXIT_FAILURE);
}

/* ---- The input ------------------------------------------------------------------------- */

/* Copies the datagrams of a capture out of the file, one behind the other. */
static void load(struct input *input, const char *path)
{
    const uint8_t *map, *at, *end;
    uint8_t *bytes;
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &about) < 0)
        fail("open", path);
    if (about.st_size < FILE_HEADER) {
        errno = EINVAL;
        fail("read", path);
    }
    map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        fail("map", path);
    close(fd);
    end = map + about.st_size;
    input->datagrams = calloc((size_t)about.st_size / (PACKET_HEADER + PACKET_HEADERS) + 1,
                              sizeof *input->datagrams);
    input->bytes = bytes = malloc((size_t)about.st_size);
    if (input->datagrams == NULL || bytes == NULL)
        fail("load", path);
    for (at = map + FILE_HEADER; at < end; input->count++) {
        struct datagram *datagram = &input->datagrams[input->count];
        uint32_t head[4];

        memcpy(head, at, sizeof head);
        datagram->arrival_ns = head[0] * UINT64_C(1000000000) + head[1];
        datagram->size = head[2] - PACKET_HEADERS;
        datagram->bytes = bytes;
        memcpy(bytes, at + PACKET_HEADER + PACKET_HEADERS, datagram->size);
        bytes += datagram->size;
        at += PACKET_HEADER + head[2];
    }
    munmap((void *)(uintptr_t)map, (size_t)about.st_size);
}

/* ---- The window ------------------------------------------------------------------------ */

static void advance(struct device *device, uint32_t to)
{
    uint32_t n;

    if (to - device->highest >= WINDOW)
        memset(device->window, 0, sizeof device->window);
    else
        for (n = device->highest + 1; n != to; n++)
            device->window[n % WINDOW / 64] &= ~(UINT64_C(1) << n % 64);
    device->highest = to;
    device->window[to % WINDOW / 64] |= UINT64_C(1) << to % 64;
}

static void judge(struct device *device, uint32_t seq, char *duplicate, char *gap)
{
    uint32_t ahead = muster_seq_ahead(seq, device->highest);
    uint64_t bit = UINT64_C(1) << seq % 64;

    *duplicate = *gap = '0';
    if (!device->heard || (ahead > 0 && ahead < UINT32_C(1) << 31)) {
        *gap = device->heard && ahead > 1 ? '1' : '0';
        device->heard = true;
        advance(device, seq);
    } else if (device->window[seq % WINDOW / 64] & bit) {
        *duplicate = '1';
    } else {
        device->window[seq % WINDOW / 64] |= bit;
    }
}

/* ---- The rows -------------------------------------------------------------------------- */

static void write_out(struct output *output)
{
    size_t done = 0;

    while (done < output->used) {
        ssize_t n = write(output->fd, output->bytes + done, output->used - done);

        if (n < 0 && errno != EINTR)
            fail("write", output->path);
        if (n > 0)
            done += (size_t)n;
    }
    output->used = 0;
}

static inline char *put_second(char *out, uint32_t second, struct second *kept)
{
    if (kept->length == 0 || kept->second != second) {
        kept->second = second;
        kept->length = (uint32_t)(number_u32(kept->text, second) - kept->text);
    }
    memcpy(out, kept->text, sizeof kept->text);
    return out + kept->length;
}

static inline char *put_start(char *out, const struct muster_header *header, uint32_t seq,
                              struct second *kept)
{
    out = number_u32(out, header->device_id);
    *out++ = ',';
    out = number_u32(out, seq);
    *out++ = ',';
    out = put_second(out, header->timestamp, kept);
    *out++ = ',';
    *out++ = (char)('0' + header->msg_type);
    *out++ = ',';
    return out;
}

static inline char *put_end(char *out, char duplicate, char gap, uint64_t arrival_ns,
                            struct second *kept)
{
    uint32_t micros = (uint32_t)(arrival_ns % 1000000000) / 1000;

    *out++ = ',';
    *out++ = duplicate;
    *out++ = ',';
    *out++ = gap;
    *out++ = ',';
    out = put_second(out, (uint32_t)(arrival_ns / 1000000000), kept);
    *out++ = '.';
    out = number_pair(out, micros / 10000);
    out = number_pair(out, micros / 100 % 100);
    out = number_pair(out, micros % 100);
    *out++ = '\n';
    return out;
}

static inline void end_row(struct output *output, const char *end)
{
    output->used = (size_t)(end - output->bytes);
    output->rows++;
    if (output->used >= OUTPUT)
        write_out(output);
}

static void take(struct output *output, struct device *devices, const struct datagram *datagram,
                 bool u16)
{
    const uint8_t *payload = datagram->bytes + MUSTER_HEADER_SIZE;
    size_t size = datagram->size - MUSTER_HEADER_SIZE, i;
    struct muster_header header;
    char duplicate = '0', gap = '0', *out;

    if (muster_header_decode(&header, datagram->bytes, datagram->size) < 0)
        return;
    if (u16 && header.msg_type == MUSTER_MSG_DATA) {
        for (i = 0; i < muster_u16_count(size); i++) {
            uint32_t seq = header.seq_num + (uint32_t)i;

            judge(&devices[header.device_id], seq, &duplicate, &gap);
            out = put_start(output->bytes + output->used, &header, seq, &output->timestamp);
            out = number_u32(out, muster_get_u16(payload + i * MUSTER_READING_SIZE));
            end_row(output, put_end(out, duplicate, gap, datagram->arrival_ns, &output->arrival));
        }
        return;
    }
    if (header.msg_type == MUSTER_MSG_DATA)
        judge(&devices[header.device_id], header.seq_num, &duplicate, &gap);
    else if (header.msg_type == MUSTER_MSG_INIT)
        devices[header.device_id].heard = false;
    out = put_start(output->bytes + output->used, &header, header.seq_num, &output->timestamp);
    memcpy(out, payload, size);
    end_row(output, put_end(out + size, duplicate, gap, datagram->arrival_ns, &output->arrival));
}

static double cpu_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct output output;
    struct input input = {0};
    struct device *devices;
    double begin;
    size_t i;

    if (argc != 4 || (strcmp(argv[3], "text") != 0 && strcmp(argv[3], "u16") != 0)) {
        fprintf(stderr, "usage: memory CAPTURE CSV text|u16\n");
        return 2;
    }
    load(&input, argv[1]);
    devices = calloc(DEVICES, sizeof *devices);
    if (devices == NULL)
        fail("make room for the devices of", argv[1]);
    output.path = argv[2];
    output.fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (output.fd < 0)
        fail("open", argv[2]);
    begin = cpu_seconds();
    for (i = 0; i < input.count; i++)
        take(&output, devices, &input.datagrams[i], argv[3][0] == 'u');
    write_out(&output);
    printf("{\"rows\": %" PRIu64 ", \"cpu_seconds\": %.6f}\n", output.rows, cpu_seconds() - begin);
    if (close(output.fd) < 0)
        fail("close", argv[2]);
    free(devices);
    free(input.bytes);
    free(input.datagrams);
    return EXIT_SUCCESS;
}
