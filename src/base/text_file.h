/* SPDX-License-Identifier: MIT
 *
 * A whole file, read once: bounded in size, and in time if it is a FIFO or a pipe.
 */
#ifndef BASE_TEXT_FILE_H
#define BASE_TEXT_FILE_H

#include <stddef.h>

#define TEXT_FILE_PATIENCE 10 /* seconds for all that comes through a FIFO or a pipe */

struct text_file {
    char *bytes; /* `size` of them, and a 0 behind; to be freed */
    size_t size;
};

/* Reads a regular file, a FIFO or a pipe such as /dev/stdin, of at most `largest` bytes.  Returns
 * 0, or -1 with the reason in `why`, and then there is nothing to free. */
int text_file_read(struct text_file *file, const char *path, size_t largest, char *why,
                   size_t room);

#endif
