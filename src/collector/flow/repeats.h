/* SPDX-License-Identifier: MIT
 *
 * Rejected datagrams that are like others from the same source: the first few are told one by one,
 * those that follow as a sum when their time is over.  By source, so that one that floods does not
 * hide another, and in little memory, whatever the number of sources.
 */
#ifndef COLLECTOR_FLOW_REPEATS_H
#define COLLECTOR_FLOW_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#include "base/clock.h"

#define REPEATS_TIME (10 * CLOCK_SECOND) /* after so long there is a sum */

enum {
    REPEATS_BURST = 5,   /* are told one by one */
    REPEATS_SOURCES = 32 /* sources, and reasons of each, that are told apart; the rest is one */
};

struct repeat {
    bool in_use;
    uint8_t reason;
    struct muster_arrival arrival; /* how the last came that was held back */
    uint64_t begun_ns, begun_wall_ns, last_wall_ns;
    unsigned told;
    uint64_t held_back;
};

/* All zeros is an empty one. */
struct repeats {
    struct repeat of[REPEATS_SOURCES + 1]; /* the last: of all for which there was no place */
};

/* Whether this one is told by itself; else it is counted for the sum.  `now_ns` is of a clock that
 * does not go back, `arrival_ns` since the Unix epoch. */
bool repeats_pass(struct repeats *repeats, uint8_t reason, const struct muster_arrival *arrival,
                  uint64_t now_ns, uint64_t arrival_ns);

/* The next sum whose time is over, or any if this `is_last`: `out` is what it was, and it begins
 * anew.  The arrival of a sum of many sources has no family.  Returns false if there is none; then
 * sources that have been quiet are forgotten. */
bool repeats_due(struct repeats *repeats, uint64_t now_ns, bool is_last, struct repeat *out);

#endif
