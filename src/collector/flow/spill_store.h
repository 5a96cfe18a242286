/* SPDX-License-Identifier: MIT
 *
 * Chunks of records on a disk: a queue in the files of a directory, in order, bounded, and there
 * again after a restart.
 *
 * Each file is a segment, with chunks one behind the other and a header that says up to where they
 * are settled; so after a kill what was not settled comes again, and nothing is missing.  What a
 * power cut has torn off is found by the checksums.  A segment in which something is wrong is set
 * aside under another name.
 *
 * It knows no threads: its user has a lock.
 */
#ifndef COLLECTOR_FLOW_SPILL_STORE_H
#define COLLECTOR_FLOW_SPILL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum { SPILL_LOADED_MOST = 64 /* chunks that are read and not settled */ };

struct spill_segment {
    uint64_t number;
    uint64_t size;              /* bytes: the header, and whole chunks */
    uint64_t at;                /* where its first chunk begins that is not settled */
    uint32_t of;                /* records of that chunk that are */
    uint64_t records;           /* that are not settled */
    uint64_t first_ns, last_ns; /* the least and the largest arrival, as far as known; or 0 */
    bool is_damaged;            /* there is more in the file; it is set aside in the end */
    uint64_t lost;              /* records of that, as far as can be told, found at the start */
};

/* A chunk that is read and not settled. */
struct spill_loaded {
    uint64_t number, end; /* of its segment; where the next chunk begins */
    uint32_t records;     /* that are left of it */
};

struct spill_store {
    const char *directory, *name; /* the files are DIRECTORY/NAME.NUMBER.spill; outlive it */
    uint64_t most;                /* bytes, of all segments */
    uint64_t segment_most;
    struct log *log;
    int folder, lock;
    struct spill_segment *segments; /* in order */
    uint32_t count, room;
    uint64_t bytes;
    uint64_t next; /* the number of the next segment, which none has had in this run */
    int write_fd;  /* of the last segment; -1: the next chunk begins another */
    int read_fd;
    uint64_t read_number, read_at; /* of the segment that is read */
    struct spill_loaded loaded[SPILL_LOADED_MOST];
    unsigned loaded_first, loaded_count;
    uint64_t damaged;               /* records that were in what was set aside or cut off, as far as
                                       can be told */
    uint64_t hole_first, hole_last; /* arrivals of what spill_store_drop has dropped last */
};

/* All but the strings and `log` is set.  Returns 0 with what an earlier run has left, or -1 after
 * `why` says what to do. */
int spill_store_open(struct spill_store *store, char why[256]);

/* Syncs what was written, and notes what is settled. */
void spill_store_close(struct spill_store *store);

/* Records that are not settled. */
uint64_t spill_store_records(const struct spill_store *store);

/* Appends a chunk.  Returns 0, or -1 with errno: EDQUOT if it is full. */
int spill_store_append(struct spill_store *store, const uint8_t *chunk, size_t size);

/* Puts chunks in front of all others, in a segment of their own, whatever its size: begin, add in
 * order, end.  Each returns 0, or -1 with errno.  It ends the reading: what is loaded and not
 * settled stays. */
int spill_store_prepend(struct spill_store *store, int *fd);
int spill_store_prepend_chunk(struct spill_store *store, int fd, const uint8_t *chunk, size_t size);
void spill_store_prepend_end(struct spill_store *store, int fd);

/* Drops the oldest segment that is neither read nor written.  Returns its records that were not
 * settled; 0: there is none. */
uint64_t spill_store_drop(struct spill_store *store);

/* Whether there is a chunk that is not loaded, and may be before something is settled. */
bool spill_store_has_more(const struct spill_store *store);

/* Reads the next chunk into *bytes, which it grows, and of which *room is the size.  Returns its
 * size; 0: there is none, or no more is loaded before something is settled; or -1 with errno.
 * *skip of its records are settled already. */
int64_t spill_store_load(struct spill_store *store, uint8_t **bytes, size_t *room, uint32_t *skip);

/* That many records of what is loaded are settled, the first ones first. */
void spill_store_settle(struct spill_store *store, uint64_t records);

/* The last of those records of the chunk that was loaded last are none: they are lost. */
void spill_store_lose(struct spill_store *store, uint32_t records);

/* The segment of the chunk that was loaded last, or is to be, is not what it should be: it is set
 * aside, and the rest of it is lost.  Returns how many records. */
uint64_t spill_store_reject(struct spill_store *store);

#endif
