/* SPDX-License-Identifier: MIT
 *
 * How many numbers a device can have used in a time: from how fast its numbers came so far, or from
 * what its class says.
 */
#ifndef SEQUENCE_PACE_H
#define SEQUENCE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

#define PACE_EPOCH_SHIFT 6
#define PACE_EPOCH       (1 << PACE_EPOCH_SHIFT) /* s */

enum {
    PACE_ALWAYS = 64,  /* numbers: so many may be missing whatever time has passed; */
    PACE_PART = 16,    /* and of narrow ones that part of all, or most restarts would be losses */
    PACE_FACTOR = 8,   /* times the pace that is known */
    PACE_UNKNOWN = 10, /* numbers in a second, of a device that nothing is known of */
    PACE_USUAL = 2,    /* times the pace that is known: what it may well have used */
    PACE_SILENCE = 2   /* s: in less no device uses all its numbers */
};

/* What it can have used until `now` since its highest number came, and another second.
 * `interval_ns`: how often its class sends DATA, each of `readings` numbers; 0: it does not say. */
uint64_t pace_most(const struct session *session, uint32_t now, uint64_t interval_ns,
                   uint32_t readings);

/* Whether something is known of the pace without the class. */
bool pace_is_known(const struct session *session);

/* Whether it may well have used so many numbers until `now`: twice what it usually does. */
bool pace_may_have_used(const struct session *session, uint32_t now, uint64_t interval_ns,
                        uint32_t readings, uint64_t numbers);

/* Whether the session's numbers are to be counted from a new base. */
static inline int pace_is_due(const struct session *session, uint32_t now)
{
    return (now ^ session->base_at) >> PACE_EPOCH_SHIFT != 0;
}

/* Takes the numbers since the base into account, and counts from a new one. */
void pace_renew(struct session *session, uint32_t now);

/* The highest is to pass over so many numbers, which do not count: they are missing, or came some
 * time ago.  Else each loss that is believed would make a greater one credible. */
static inline void pace_pass(struct session *session, uint32_t numbers)
{
    session->base += numbers;
}

/* They are not, and were not even sent. */
void pace_take_back(struct session *session, uint32_t missing);

/* The session's first number has come. */
void pace_begin(struct session *session, uint32_t now);

#endif
