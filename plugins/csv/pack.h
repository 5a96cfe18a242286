/* SPDX-License-Identifier: MIT
 *
 * Bytes on their way into a file that is compressed with zstd.
 */
#ifndef PLUGINS_CSV_PACK_H
#define PLUGINS_CSV_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

struct pack {
    int fd;
    void *stream;
    char *out; /* room for what comes out of it */
    size_t room;
    struct digest digest; /* of what went into the file */
    uint64_t bytes;       /* how many those are */
};

/* Whether this was built with zstd; the functions below fail if not. */
bool pack_is_possible(void);

/* The descriptor stays the caller's.  Returns 0 or an errno; pack_free in any case. */
int pack_begin(struct pack *pack, int fd, int level);
int pack_add(struct pack *pack, const void *bytes, size_t size);
int pack_end(struct pack *pack);
void pack_free(struct pack *pack);

#endif
