/* SPDX-License-Identifier: MIT
 *
 * The file that the rows go to: opened, checked, repaired, locked.
 */
#ifndef PLUGINS_CSV_FILE_H
#define PLUGINS_CSV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <muster/plugin.h>

#include "../common/replace.h"

/* What somebody else has done with the file. */
enum file_found {
    FILE_SAME,
    FILE_EMPTIED,  /* in place, or cut short */
    FILE_MOVED,    /* it has another name, and nothing is at the path */
    FILE_REPLACED, /* something else is at the path */
    FILE_REMOVED   /* it has no name any more */
};

/* What is open. */
struct file_open {
    int fd;       /* -1: nothing */
    bool regular; /* else a FIFO or a character device */
    dev_t device;
    ino_t inode;
    off_t end; /* of a regular file: how long it is at least, as far as it is ours */
};

struct file {
    const struct muster_host *host;
    struct muster_instance *instance;
    const char *header; /* the first line with its '\n'; the owner's, not terminated */
    size_t header_size;
    bool sync;   /* a new file is to survive a crash of the machine */
    mode_t mode; /* of a new file; 0: DESTINATION_MODE, less the umask */
    char *path;  /* absolute */
    char *label; /* the path in quotes, fit for a message */
    struct file_open open;
    bool was_open;        /* once */
    bool is_quiet;        /* errors are said by whoever tries again */
    enum file_found told; /* that has been said */
};

/* Takes the path.  The caller has set host to mode; the rest is 0.  Returns 0, or -1 after a log
 * line. */
int file_init(struct file *file, const char *path);
void file_free(struct file *file);

/* Opens the path for appending and writes the header if it is empty.  Returns 0, MUSTER_AGAIN or
 * MUSTER_FAILED, after a log line: see muster_sink.connect.  MUSTER_FAILED only as long as it never
 * was open. */
int file_open(struct file *file);

/* What has become of the file that is open: before rows are written. */
enum file_found file_look(const struct file *file);

/* Opens what is at the path now, or makes it, if the file is not the same any more; and sees to it
 * that it has its header.  Says what was found, once.  Returns 0, or -1 without a word of why; then
 * what is open stays so, and file_open says it. */
int file_renew(struct file *file, enum file_found found);

/* The next file, which is to take the path: it is ready for rows, and locked. */
struct file_next {
    struct file_open open;
    struct destination at;
    struct replacement replacement;
};

/* Makes it, beside the one that is open and like that.  Returns 0, or -1 after an explanation. */
int file_next_begin(struct file *file, struct file_next *next, char why[DESTINATION_WHY]);

/* It takes the path, with no moment in which nothing, or nobody's lock, is there.  Returns 0, or
 * -1 if it could not; then the one before is open as it was. */
int file_next_take(struct file *file, struct file_next *next);

/* It is not wanted. */
void file_next_discard(struct file_next *next);

/* Whether rows that were written are in a file that has a name: after they were written.  Those
 * that are not are in no file. */
bool file_has_rows(const struct file *file);

/* Takes back the last `size` bytes that were written.  Returns 0, or -1 if that
 * can not be done. */
int file_take_back(struct file *file, uint32_t size);

/* Logs what goes wrong. */
void file_close(struct file *file);

/* A line for the log; `level` is one of enum muster_level. */
__attribute__((format(printf, 3, 4))) void file_log(const struct file *file, uint32_t level,
                                                    const char *format, ...);

#endif
