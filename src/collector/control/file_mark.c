/* SPDX-License-Identifier: MIT */
#include "file_mark.h"

#include <sys/stat.h>

void file_mark_set(struct file_mark *mark, const char *path)
{
    struct stat about;

    *mark = (struct file_mark){0};
    if (stat(path, &about) < 0)
        return;
    *mark = (struct file_mark){.device = about.st_dev,
                               .inode = about.st_ino,
                               .size = about.st_size,
                               .changed = about.st_mtim,
                               .is_there = true};
}

bool file_mark_differs(const struct file_mark *mark, const char *path)
{
    struct file_mark now;

    file_mark_set(&now, path);
    return now.is_there != mark->is_there || now.device != mark->device ||
           now.inode != mark->inode || now.size != mark->size ||
           now.changed.tv_sec != mark->changed.tv_sec ||
           now.changed.tv_nsec != mark->changed.tv_nsec;
}
