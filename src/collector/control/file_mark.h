/* SPDX-License-Identifier: MIT
 *
 * Whether a file is as it was.
 */
#ifndef COLLECTOR_CONTROL_FILE_MARK_H
#define COLLECTOR_CONTROL_FILE_MARK_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct file_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
    bool is_there;
};

void file_mark_set(struct file_mark *mark, const char *path);

/* Whether it is another file now, or another content, or is gone. */
bool file_mark_differs(const struct file_mark *mark, const char *path);

#endif
