/* SPDX-License-Identifier: MIT
 *
 * Records as bytes, so that they can leave the process and come back in another: with the payload,
 * the arrival, the device's key, and the names of what a number stands for in this run alone.
 *
 * A chunk is a header and its records, one after another, with a checksum over all.  What is read
 * need not be trusted: it is what a disk gives.
 */
#ifndef COLLECTOR_FLOW_SPILL_CHUNK_H
#define COLLECTOR_FLOW_SPILL_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "collector/host/entry.h"
#include "collector/host/host.h"

enum {
    SPILL_CHUNK_MAGIC = 0x4353554d,     /* "MUSC" on a little-endian machine */
    SPILL_CHUNK_RECORDS = 1024,         /* at most */
    SPILL_CHUNK_ENOUGH = 256 * 1024,    /* bytes: no more is added */
    SPILL_CHUNK_MOST = 4 * 1024 * 1024, /* bytes of any that is believed */
    SPILL_CHUNK_NAMES = 64              /* names of formats and entries, at most */
};

struct spill_chunk_header {
    uint32_t magic;
    uint32_t bytes; /* of the chunk, this included */
    uint32_t records;
    uint32_t names_at; /* where the names are, from the start of the chunk */
    uint32_t names;
    uint32_t reserved;
    uint64_t run;               /* of which run of the daemon it is */
    uint64_t first_ns, last_ns; /* the least and the largest arrival */
    uint64_t header_check;      /* of what is before */
    uint64_t check;             /* of the whole chunk, with this as 0 */
};

/* Who makes and reads chunks. */
struct spill_chunk_way {
    const struct host *host;
    const struct entry *entries; /* number `origin` is at origin - 1 */
    uint32_t entry_count;
    uint64_t run; /* numbers of chunks of this run are right as they are */
};

struct spill_chunk_name {
    bool is_format; /* else an entry */
    uint16_t number;
};

/* One that is being made. */
struct spill_chunk {
    uint8_t *bytes; /* `size` of them; free() them in the end */
    size_t size, room;
    uint32_t records;
    uint64_t first_ns, last_ns;
    struct spill_chunk_name names[SPILL_CHUNK_NAMES];
    uint32_t name_count;
    const struct muster_arrival *arrival; /* what was added last */
    const uint8_t *datagram;
};

void spill_chunk_begin(struct spill_chunk *chunk);

/* Adds a record; the sink was told that it missed so many of its device before it.  Returns 0; 1:
 * it is full, and the record not in it; or -1 if memory is short. */
int spill_chunk_add(struct spill_chunk *chunk, const struct spill_chunk_way *way,
                    const struct muster_record *record, uint64_t missed);

/* It is complete.  Returns 0, or -1 if memory is short. */
int spill_chunk_end(struct spill_chunk *chunk, const struct spill_chunk_way *way);

/* Whether a chunk may begin with that header, as far as it says itself. */
bool spill_chunk_header_is_sound(const struct spill_chunk_header *header);

/* Whether these bytes are a chunk as it was made. */
bool spill_chunk_is_sound(const uint8_t *bytes, size_t size);

/* Where the reading of a chunk has come to.  The bytes outlive it. */
struct spill_reader {
    const struct spill_chunk_way *way;
    const uint8_t *bytes, *at, *end, *names;
    const uint8_t *names_end;
    uint32_t left, name_count;
    bool is_own; /* of this run */
    struct muster_arrival arrivals[2];
    unsigned next_arrival;
    const struct muster_arrival *arrival;
    const uint8_t *datagram;
    uint32_t datagram_size;
};

/* Of a sound chunk. */
void spill_reader_begin(struct spill_reader *reader, const struct spill_chunk_way *way,
                        const uint8_t *bytes, size_t size);

/* The next record; what it points to is in the chunk, or in the reader until the one after the
 * next.  Returns 1, 0 at the end, or -1 if that is no record. */
int spill_reader_next(struct spill_reader *reader, struct muster_record *record, uint64_t *missed);

#endif
