/* SPDX-License-Identifier: MIT
 *
 * The files of a spill_store: names, headers, and what is found in them.
 */
#ifndef COLLECTOR_FLOW_SPILL_FILE_H
#define COLLECTOR_FLOW_SPILL_FILE_H

#include "spill_chunk.h"
#include "spill_store.h"

enum {
    SPILL_FILE_NAME = 320,
    SPILL_FILE_RECORD = 256 /* bytes of a record, where nothing else can tell */
};

/* At the start of each segment. */
struct spill_file_header {
    uint64_t magic;
    uint64_t number;
    uint64_t reserved[2];
    /* Written again and again. */
    uint64_t at;
    uint32_t of, zero;
    uint64_t at_check; /* of the number and these; else nothing is settled */
    uint64_t reserved2;
};

void spill_file_name(const struct spill_store *store, uint64_t number, char out[SPILL_FILE_NAME]);

/* Makes a new segment of that number.  Returns its descriptor, or -1 with errno. */
int spill_file_make(struct spill_store *store, uint64_t number);
int spill_file_open(const struct spill_store *store, uint64_t number, int flags);

/* Writes all.  Returns 0, or -1 with errno. */
int spill_file_write(int fd, const void *bytes, size_t size, uint64_t at);

/* Reads all.  Returns 1; 0 if the file ends before; or -1 with errno. */
int spill_file_read(int fd, void *bytes, size_t size, uint64_t at);

/* The same for a chunk's header, and 0 if it is not sound. */
int spill_file_read_sound(int fd, struct spill_chunk_header *header, uint64_t at);

void spill_file_note_position(int fd, const struct spill_segment *segment);

/* Looks at every segment of the directory, in order.  Returns 0, or -1 with errno. */
int spill_file_scan(struct spill_store *store);

/* Renames a segment, so that nobody reads it any more, and says why. */
void spill_file_set_aside(struct spill_store *store, uint64_t number, const char *why);

/* Room for one more; or -1. */
int spill_file_reserve(struct spill_store *store);

#endif
