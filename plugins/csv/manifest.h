/* SPDX-License-Identifier: MIT
 *
 * A manifest says of a finished segment what is in it, and what is not.
 */
#ifndef PLUGINS_CSV_MANIFEST_H
#define PLUGINS_CSV_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "figures.h"

/* What was dropped of a device in front of one of its rows, since the queue was full. */
struct hole {
    char device[72];
    uint64_t arrival_ns; /* of that row */
    uint64_t count;
};

/* What only the one who wrote the segment knows. */
struct holes {
    struct hole *list; /* the first HOLES_MOST */
    size_t count, room;
    uint64_t records; /* how many were dropped in all, */
    uint64_t more;    /* and in how many holes that are not in the list */
};

#define HOLES_MOST 10000

/* One more; if memory is short, it is only counted. */
void holes_add(struct holes *holes, const struct hole *hole);
void holes_free(struct holes *holes);

/* The segment, and the file that it is in. */
struct manifest {
    const char *file;    /* its name */
    const char *content; /* the name of what is in it, if it is compressed; or NULL */
    uint64_t number;
    int64_t second;                /* when it was finished */
    uint64_t bytes, content_bytes; /* of the file, and of what is in it */
    char sha256[DIGEST_TEXT], content_sha256[DIGEST_TEXT];
    const struct figures *figures;
    const struct holes *holes; /* NULL: not known, since an earlier run has written a part of it */
    uint64_t unsure_bytes;     /* of the content, at its end: they may not have reached the disk */
};

/* Returns the text, which is JSON, to be freed; or NULL if memory is short. */
char *manifest_text(const struct manifest *manifest, size_t *size);

#endif
