/* SPDX-License-Identifier: MIT
 *
 * The file that keeps one instance's state: a header page, then the plugin's memory.
 */
#ifndef COLLECTOR_STATE_STATE_FILE_H
#define COLLECTOR_STATE_STATE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state_directory.h"

enum state_file_run {
    STATE_FILE_RUNNING = 1, /* a run has it, or ended without notice */
    STATE_FILE_STOPPED = 2, /* the run stopped in order */
    STATE_FILE_SNAPSHOT = 3 /* a copy, made while the run went on */
};

/* As it is in the file, in the machine's own byte order. */
struct state_file_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t layout; /* version of this struct */
    uint64_t header_checksum;
    uint64_t content_offset; /* the header's bytes, and what the content is aligned to */
    uint64_t content_bytes;
    uint64_t content_checksum; /* unless it is running */
    uint64_t started_ns;       /* when the run began; wall clock, but never before the last run */
    uint64_t written_ns;       /* when this header was; wall clock */
    uint32_t format;
    uint32_t run; /* enum state_file_run */
    uint32_t pid;
    uint32_t stale; /* another run came later, or the one that has it is still at its start
                       and found it stale */
    char boot[40];  /* the kernel's boot id, which tells whether the machine was down since */
    char plugin[64];
    uint8_t reserved[3912];
};
_Static_assert(sizeof(struct state_file_header) == 4096, "the header is one page");

#define STATE_FILE_SUFFIX ".state" /* behind the instance's name */

struct state_file {
    const struct state_directory *directory;
    char name[NAME_MAX + 1];
    int fd;       /* -1: not open */
    bool is_made; /* it was not there before */
    struct state_file_header header;
};

enum state_file_found {
    STATE_FILE_NONE,
    STATE_FILE_GOOD,
    STATE_FILE_OTHER, /* as good, but of another format or size */
    STATE_FILE_BAD,
    STATE_FILE_ERROR
};

/* Whose state it is.  The plugin's memory is of `bytes`. */
struct state_file_owner {
    const char *instance;
    const char *plugin;
    uint32_t format;
    uint64_t bytes;
};

enum { STATE_FILE_WHY = 512 }; /* bytes for a reason */

/* A header for new content of this owner, but for its run. */
struct state_file_header state_file_header_new(const struct state_file_owner *owner);

/* Looks for the instance's file, opens it, and judges all but the content.  OTHER, BAD (it is
 * not of this owner, or damaged; both are still open) and ERROR come with a reason. */
enum state_file_found state_file_find(struct state_file *file,
                                      const struct state_directory *directory,
                                      const struct state_file_owner *owner, char *why);

/* Whether the content has its checksum, which a running one has not.  If not: a reason. */
bool state_file_is_whole(const struct state_file *file, char *why);

/* Reserves the space of a file that has holes; where the file system cannot, so be it.
 * 0, or an errno. */
int state_file_reserve(const struct state_file *file);

/* Writes file->header.  0, or an errno. */
int state_file_write_header(struct state_file *file);

/* The checksum of the content as it is now.  0, or an errno. */
int state_file_checksum(const struct state_file *file, uint64_t *checksum);

/* Notes in the file of that name, if it is a state, that a later run did not have it: the next that
 * does finds it stale.  0, or an errno. */
int state_file_outdate(const struct state_directory *directory, const char *name);

/* Writes header and content through to the disk.  0, or an errno. */
int state_file_sync(const struct state_file *file);

/* Makes a file of this header and zeros, durably and with all of its space, in place of any of
 * that name, which stays if this fails.  0, or an errno. */
int state_file_create(struct state_file *file, const struct state_directory *directory,
                      const char *instance, const struct state_file_header *header);

/* The same, with the content of another file of that size and with its checksum in
 * the header.  Holes are left out, unless the space is to be reserved. */
int state_file_copy(struct state_file *file, const struct state_directory *directory,
                    const char *instance, const struct state_file_header *header,
                    const struct state_file *from, bool reserve);

/* The same in two steps: makes the file, with all of its space, under a name that no run looks for;
 * and writes its header and gives it its name, durably, or if that fails, discards it.  0, or an
 * errno. */
int state_file_begin(struct state_file *file, const struct state_directory *directory,
                     const char *instance, const struct state_file_header *header);
int state_file_publish(struct state_file *file);

/* Gives up one that was begun; one that is not open is left alone. */
void state_file_discard(struct state_file *file);

/* Gives it a name that nobody uses, and closes it.  `name` is the new one.  0, or an errno. */
int state_file_set_aside(struct state_file *file, char name[NAME_MAX + 1]);

/* One that is not open is left alone. */
void state_file_close(struct state_file *file);

/* Closes it as it is; a file that was not there before goes away. */
void state_file_drop(struct state_file *file);

/* Whether that means that the disk is full, for this user at least. */
bool state_file_is_no_space(int error);

#endif
