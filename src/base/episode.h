/* SPDX-License-Identifier: MIT
 *
 * A trouble that is counted, from the first time that its counter moves until it rests again: so
 * that it is said when it begins, now and then while it lasts, and with a sum when it ends.
 *
 * Whoever has one looks at the counter about once a second.  No thread of its own, and no clock.
 */
#ifndef BASE_EPISODE_H
#define BASE_EPISODE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

#define EPISODE_REST  (5 * CLOCK_SECOND)  /* so long the counter rests when it is over */
#define EPISODE_AGAIN (60 * CLOCK_SECOND) /* between two times that it is said to last */

enum episode_news {
    EPISODE_QUIET, /* nothing to be said */
    EPISODE_BEGAN,
    EPISODE_LASTS, /* a minute more */
    EPISODE_ENDED
};

/* All zeros is one that has not begun, of a counter of 0. */
struct episode {
    bool is_open;
    uint64_t total;        /* the counter at the last look */
    uint64_t count;        /* of this episode, or of the last */
    uint64_t recent;       /* of these, in the minute that EPISODE_LASTS tells of */
    uint64_t said;         /* what `count` was at that time */
    uint64_t told, last;   /* monotonic: when it was said, and when the counter moved */
    uint64_t looked;       /* ns since the Unix epoch: the last look */
    uint64_t since, until; /* ns since the Unix epoch: what is counted is in between */
};

/* A moment by both clocks. */
struct episode_moment {
    uint64_t monotonic, wall;
};

enum episode_end {
    EPISODE_RESTS,   /* it is over when the counter rests */
    EPISODE_GOES_ON, /* its cause lasts, though the counter may rest */
    EPISODE_LAST     /* the end of all things: what is open ends */
};

/* The counter is `total` now.  To be called until there is nothing to be said: an episode may begin
 * and end at one look. */
enum episode_news episode_look(struct episode *episode, uint64_t total, struct episode_moment now,
                               enum episode_end end);

/* "from 13:30:03Z to 13:30:56Z" as the log's times are, or "at 13:30:03Z"; with dates if it is not
 * on one day. */
enum { EPISODE_SPAN = 64 };
const char *episode_span(const struct episode *episode, char text[EPISODE_SPAN]);

#endif
