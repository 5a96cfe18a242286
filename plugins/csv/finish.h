/* SPDX-License-Identifier: MIT
 *
 * Finishes a segment: compresses it, and puts a manifest beside it.
 *
 * It can be begun again at any step, by a later run too: a segment without a manifest is not
 * finished, and the plain file goes when all else is on the disk.
 */
#ifndef PLUGINS_CSV_FINISH_H
#define PLUGINS_CSV_FINISH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "manifest.h"
#include "series.h"

struct finish {
    const struct series *series;
    int level;               /* of the compression; 0: none */
    const atomic_bool *ends; /* becomes true when there is no more time */
};

/* A segment that is to be finished. */
struct finish_job {
    struct finish_job *next;
    char name[NAME_MAX + 1];
    uint64_t number;
    int64_t second;
    struct holes holes;
    bool knows_holes;
    uint64_t unsure_bytes; /* at its end, which may not have reached the disk */
};

/* Returns 0; or an errno after an explanation: ENOENT if the segment is not there any more,
 * ECANCELED if there was no more time. */
int finish_segment(const struct finish *finish, const struct finish_job *job, char why[SERIES_WHY]);

/* What an earlier run has left unfinished, by number, the last one first.  Returns 0, or an errno.
 */
int finish_left_over(const struct finish *finish, struct finish_job **jobs);

void finish_free(struct finish_job *job);

#endif
