/* SPDX-License-Identifier: MIT
 *
 * A capture file under construction, and what is read of it.
 */
#ifndef TESTS_COLLECTOR_REPLAY_FILE_H
#define TESTS_COLLECTOR_REPLAY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/replay/capture.h"

enum { FILE_LARGEST = 64 << 20, FILE_HEADER = 24, FILE_PACKET = 16 };

enum file_magic {
    FILE_MICRO = (int)0xa1b2c3d4,
    FILE_NANO = (int)0xa1b23c4d,
    FILE_MODIFIED = (int)0xa1b2cd34
};

struct file {
    uint8_t *at;
    size_t size;
    bool swapped; /* what is put is of the other byte order */
    bool modified;
    size_t block; /* where it begins */
};

/* The one that the tests write. */
extern struct file file;

/* Check's fixtures. */
void file_set_up(void);
void file_tear_down(void);

void file_put(const void *bytes, size_t size);
void file_put_u16(unsigned value);
void file_put_u32(uint32_t value);
void file_put_u64(uint64_t value);

/* Plain pcap.  The bytes of a packet are its number. */
void file_put_header(bool swapped, enum file_magic magic, uint32_t snap, uint32_t link);
void file_put_packet(uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t on_wire);

/* pcapng.  What is put between begin and end is the block's body. */
void file_begin_block(uint32_t type);
void file_end_block(void);
void file_put_section(bool swapped);
void file_put_interface(unsigned link, uint32_t snap);
/* With if_tsresol, and if_tsoffset if it is not 0. */
void file_put_timed_interface(unsigned link, unsigned resolution, int64_t offset);
void file_put_enhanced(uint32_t interface, uint64_t ticks, uint32_t captured, uint32_t on_wire);
void file_put_simple(uint32_t captured, uint32_t on_wire);

/* What was read. */
struct file_read {
    unsigned packets, warnings;
    unsigned odd; /* packets whose bytes are not all the same, as they were written */
    bool opened;
    enum capture_result end;   /* CAPTURE_END or CAPTURE_FAILED */
    char why[1024];            /* of the last warning or failure */
    struct capture_bytes last; /* without the bytes */
    uint8_t first_byte;        /* of the last packet that has any */
    uint64_t times[8];         /* of the first packets */
    size_t sizes[8];           /* captured */
    enum link links[8];
};

/* Reads all of it; of the packets, every byte. */
void file_read(struct file_read *read);

/* The same from a pipe, in pieces. */
void file_read_pipe(struct file_read *read);

/* For tables: expects so many packets, and at the end the text; NULL: no failure. */
void file_expect(unsigned packets, const char *why);

#endif
