/* SPDX-License-Identifier: MIT
 *
 * For fuzz targets that read a file: one in memory.
 */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/problems.h"
#include "fuzz.h"

struct fuzz_file {
    int fd;
    char path[64];
};

static inline void fuzz_file_open(struct fuzz_file *file, const uint8_t *data, size_t size)
{
    file->fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_check(file->fd >= 0, "a file in memory");
    fuzz_check(write(file->fd, data, size) == (ssize_t)size, "it can be written");
    snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
}

static inline void fuzz_file_close(struct fuzz_file *file)
{
    close(file->fd);
}

/* Every problem is one line. */
static inline void fuzz_print(const struct problems *problems)
{
    char *text;
    size_t size, i, lines = 0,
                    shown = problems->added > problems->kept ? problems->kept + 1 : problems->added;
    FILE *out = open_memstream(&text, &size);

    fuzz_check(out != NULL, "memory");
    problems_print(problems, out);
    fclose(out);
    for (i = 0; i < size; i++) {
        fuzz_check((unsigned char)text[i] >= ' ' || text[i] == '\n', "no control characters");
        lines += text[i] == '\n';
    }
    fuzz_check(lines == shown, "a line for each problem");
    free(text);
}

#endif
