/* SPDX-License-Identifier: MIT
 *
 * Records that wait: the one with the oldest time stamp goes first, and of equals the one that came
 * first; and it is known until when each of them may wait.
 *
 * All its memory is taken at the start, and no step is more than the logarithm of what waits.
 */
#ifndef PLUGINS_REORDER_WAITING_H
#define PLUGINS_REORDER_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#define WAITING_NONE UINT32_MAX

/* A record, and those that follow it wherever it goes. */
struct waiting_place {
    const struct muster_record *record; /* NULL: it has gone */
    int64_t time_ns;                    /* that it is ordered by */
    uint64_t number;                    /* in the order in which they came; of a follower too */
    uint64_t until_ns;
    uint32_t earlier, later;     /* places by the time when they came; not of a follower */
    uint32_t follower, farthest; /* the next one that follows, or the next free place; the last */
};

struct waiting {
    struct waiting_place *places;
    uint32_t *heap; /* places */
    uint32_t most, heaped;
    uint32_t count; /* of places that are taken */
    uint32_t fresh; /* places from here on were never taken */
    uint32_t free, oldest, newest;
    uint64_t number;
};

/* Returns -1 if there is no memory. */
int waiting_open(struct waiting *waiting, uint32_t most);
void waiting_close(struct waiting *waiting);

static inline bool waiting_is_full(const struct waiting *waiting)
{
    return waiting->count == waiting->most;
}

/* Takes a record in, which is not full.  Returns its place. */
uint32_t waiting_add(struct waiting *waiting, const struct muster_record *record, int64_t time_ns,
                     uint64_t until_ns);

/* The same for one that goes with that at `place`, and behind those that do already. */
void waiting_follow(struct waiting *waiting, uint32_t place, const struct muster_record *record);

/* The place of the record that goes first, or WAITING_NONE. */
uint32_t waiting_first(const struct waiting *waiting);

/* Takes it out, with its followers. */
void waiting_remove_first(struct waiting *waiting);

/* When the one that has waited longest must go; UINT64_MAX: nothing waits. */
uint64_t waiting_until(const struct waiting *waiting);

#endif
