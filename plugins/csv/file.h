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

struct file {
    const struct muster_host *host;
    struct muster_instance *instance;
    const char *header; /* the first line with its '\n'; the owner's, not terminated */
    size_t header_size;
    bool sync;    /* a new file is to survive a crash of the machine */
    char *path;   /* absolute */
    char *label;  /* the path in quotes, fit for a message */
    int fd;       /* -1: not open */
    bool regular; /* else a FIFO or a character device */
    bool removed; /* and that has been said */
};

/* Takes the path.  The caller has set host to sync; the rest is 0.  Returns 0, or -1 after a log
 * line. */
int file_init(struct file *file, const char *path);
void file_free(struct file *file);

/* Opens the path for appending and writes the header if it is empty.  Returns 0, MUSTER_AGAIN or
 * MUSTER_FAILED, after a log line: see muster_sink.connect. */
int file_open(struct file *file);

/* Opens the same path again and closes the old file.  Returns 0, or -1 after a
 * log line; the old file stays in use then. */
int file_reopen(struct file *file);

/* Takes back the last `size` bytes that were written.  Returns 0, or -1 if that
 * can not be done. */
int file_take_back(struct file *file, uint32_t size);

/* Says once when the file is no longer in any directory. */
void file_check_removed(struct file *file);

/* Logs what goes wrong. */
void file_close(struct file *file);

#endif
