/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct file file;

void file_set_up(void)
{
    file = (struct file){.at = malloc(FILE_LARGEST)};
    ck_assert_ptr_nonnull(file.at);
}

void file_tear_down(void)
{
    free(file.at);
}

/* ---- writing -------------------------------------------------------------------------- */

void file_put(const void *bytes, size_t size)
{
    ck_assert_uint_le(file.size + size, FILE_LARGEST);
    memcpy(file.at + file.size, bytes, size);
    file.size += size;
}

void file_put_u16(unsigned value)
{
    uint16_t n = (uint16_t)value;

    n = file.swapped ? __builtin_bswap16(n) : n;
    file_put(&n, sizeof n);
}

void file_put_u32(uint32_t value)
{
    value = file.swapped ? __builtin_bswap32(value) : value;
    file_put(&value, sizeof value);
}

void file_put_u64(uint64_t value)
{
    value = file.swapped ? __builtin_bswap64(value) : value;
    file_put(&value, sizeof value);
}

static void put_bytes(int value, size_t size)
{
    ck_assert_uint_le(file.size + size, FILE_LARGEST);
    memset(file.at + file.size, value, size);
    file.size += size;
}

void file_put_header(bool swapped, enum file_magic magic, uint32_t snap, uint32_t link)
{
    file.swapped = swapped;
    file.modified = magic == FILE_MODIFIED;
    file_put_u32((uint32_t)magic);
    file_put_u16(2);
    file_put_u16(4);
    file_put_u32(0);
    file_put_u32(0);
    file_put_u32(snap);
    file_put_u32(link);
}

void file_put_packet(uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t on_wire)
{
    file_put_u32(seconds);
    file_put_u32(fraction);
    file_put_u32(captured);
    file_put_u32(on_wire);
    if (file.modified)
        put_bytes(0xee, 8);
    put_bytes((int)(seconds & 0xff), captured);
}

void file_begin_block(uint32_t type)
{
    file.block = file.size;
    file_put_u32(type);
    file_put_u32(0);
}

void file_end_block(void)
{
    uint32_t size;

    put_bytes(0, (file.block - file.size) & 3);
    size = (uint32_t)(file.size - file.block + 4);
    file_put_u32(size);
    memcpy(file.at + file.block + 4, file.at + file.size - 4, 4);
}

void file_put_section(bool swapped)
{
    file.swapped = swapped;
    file_begin_block(0x0a0d0d0a);
    file_put_u32(0x1a2b3c4d);
    file_put_u16(1);
    file_put_u16(0);
    file_put_u64(UINT64_MAX);
    file_put_u16(4); /* shb_userappl */
    file_put_u16(6);
    file_put("muster\0\0", 8);
    file_put_u32(0);
    file_end_block();
}

void file_put_interface(unsigned link, uint32_t snap)
{
    file_begin_block(1);
    file_put_u16(link);
    file_put_u16(0);
    file_put_u32(snap);
    file_end_block();
}

void file_put_timed_interface(unsigned link, unsigned resolution, int64_t offset)
{
    const uint8_t byte[4] = {(uint8_t)resolution, 0xff, 0xff, 0xff};

    file_begin_block(1);
    file_put_u16(link);
    file_put_u16(0);
    file_put_u32(0);
    file_put_u16(2); /* if_name */
    file_put_u16(5);
    file_put("wwan0\0\0", 8);
    file_put_u16(9);
    file_put_u16(1);
    file_put(byte, 4);
    if (offset != 0) {
        file_put_u16(14);
        file_put_u16(8);
        file_put_u64((uint64_t)offset);
    }
    file_put_u32(0);
    file_put("rubbish.", 8); /* behind the end of options */
    file_end_block();
}

void file_put_enhanced(uint32_t interface, uint64_t ticks, uint32_t captured, uint32_t on_wire)
{
    file_begin_block(6);
    file_put_u32(interface);
    file_put_u32((uint32_t)(ticks >> 32));
    file_put_u32((uint32_t)ticks);
    file_put_u32(captured);
    file_put_u32(on_wire);
    put_bytes((int)(ticks & 0xff), captured);
    file_end_block();
}

void file_put_simple(uint32_t captured, uint32_t on_wire)
{
    file_begin_block(3);
    file_put_u32(on_wire);
    put_bytes('s', captured);
    file_end_block();
}

/* ---- reading -------------------------------------------------------------------------- */

static bool never(void *context)
{
    (void)context;
    return false;
}

static void note_packet(struct file_read *read, const struct capture_bytes *packet)
{
    bool is_odd = false;
    size_t i;

    for (i = 1; i < packet->captured; i++)
        is_odd |= packet->bytes[i] != packet->bytes[0];
    read->odd += is_odd;
    if (packet->captured > 0)
        read->first_byte = packet->bytes[0];
    if (read->packets < 8) {
        read->times[read->packets] = packet->arrival_ns;
        read->sizes[read->packets] = packet->captured;
        read->links[read->packets] = packet->link;
    }
    read->last = *packet;
    read->packets++;
}

static void read_path(const char *path, struct file_read *read)
{
    struct capture_bytes packet;
    struct capture *capture;
    enum capture_result result;

    memset(read, 0, sizeof *read);
    read->end = CAPTURE_FAILED;
    capture = capture_open(path, never, NULL, read->why, sizeof read->why);
    if (capture == NULL)
        return;
    read->opened = true;
    ck_assert_str_eq(strrchr(capture_name(capture), '"'), "\"");
    while ((result = capture_next(capture, &packet, read->why, sizeof read->why)) > 0) {
        if (result == CAPTURE_PACKET)
            note_packet(read, &packet);
        else
            read->warnings++;
        ck_assert(result == CAPTURE_PACKET || result == CAPTURE_WARNING);
    }
    read->end = result;
    capture_close(capture);
}

void file_read(struct file_read *read)
{
    char path[64];
    int fd = memfd_create("capture", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, file.at, file.size), (ssize_t)file.size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_path(path, read);
    close(fd);
}

static void *write_slowly(void *argument)
{
    int fd = *(int *)argument;
    size_t at = 0;

    while (at < file.size) {
        size_t most = file.size - at < 700 ? file.size - at : 1 + at % 700;
        ssize_t n = write(fd, file.at + at, most);

        ck_assert_int_gt(n, 0);
        at += (size_t)n;
    }
    close(fd);
    return NULL;
}

void file_read_pipe(struct file_read *read)
{
    char path[64];
    pthread_t writer;
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
    read_path(path, read);
    pthread_join(writer, NULL);
    close(fds[0]);
}

void file_expect(unsigned packets, const char *why)
{
    struct file_read read;

    file_read(&read);
    ck_assert_msg(read.packets == packets, "%u packets, and not %u: %s", read.packets, packets,
                  read.why);
    ck_assert_uint_eq(read.odd, 0);
    ck_assert_msg(read.end == (why == NULL ? CAPTURE_END : CAPTURE_FAILED), "%s", read.why);
    if (why != NULL)
        ck_assert_msg(strstr(read.why, why) != NULL, "%s", read.why);
}
