/* SPDX-License-Identifier: MIT
 *
 * How long finished segments stay: what is too much goes, the oldest first.
 */
#ifndef PLUGINS_CSV_KEEP_H
#define PLUGINS_CSV_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "series.h"

/* 0: no limit. */
struct keep {
    uint64_t files;  /* how many segments stay at most, */
    uint64_t bytes;  /* how large they are together, */
    uint64_t age_ns; /* and how old. */
    uint64_t free;   /* bytes of the file system that are to be free */
};

/* What keep_apply has done. */
struct kept {
    uint64_t removed;         /* segments */
    char first[NAME_MAX + 1]; /* the name of the first of these, */
    const char *because;      /* and why it went */
    bool is_short;            /* less is free than there should be, and nothing is left to remove */
};

static inline bool keep_is_on(const struct keep *keep)
{
    return keep->files > 0 || keep->bytes > 0 || keep->age_ns > 0 || keep->free > 0;
}

/* Removes what is too much; only segments that have a manifest.  Returns 0, or an errno. */
int keep_apply(const struct keep *keep, const struct series *series, uint64_t wall_ns,
               struct kept *kept);

#endif
