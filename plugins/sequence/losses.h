/* SPDX-License-Identifier: MIT
 *
 * What became of a device's missing numbers, by cause.  Each is counted under one cause, the first
 * in the order of muster_cause_counted, so that the sums by cause add up.
 */
#ifndef SEQUENCE_LOSSES_H
#define SEQUENCE_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#include "tables.h"

/* Under which cause, as the number of its bit, a set of causes is counted. */
static inline unsigned losses_cause(uint16_t causes)
{
    return (unsigned)__builtin_ctz(muster_cause_counted(causes));
}

/* Of a device that is new; or that was known once, so that what was lost of it counts. */
static inline void losses_begin(struct losses *losses, bool was_known)
{
    if (!was_known)
        *losses = (struct losses){0};
    losses->expired = losses->rejected_tick = losses->last = losses->count = 0;
}

/* The numbers of its session so far. */
static inline uint64_t losses_due_now(const struct losses *losses, const struct session *session)
{
    return session->begun ? session->highest - losses->first + 1 : 0;
}

/* The session is over, or nothing is known of it any more. */
static inline void losses_end_session(struct losses *losses, const struct session *session)
{
    losses->due += losses_due_now(losses, session);
}

/* A message that is not simply the next. */
static inline void losses_tally(struct losses *losses, const struct muster_record *record)
{
    losses->duplicates += record->verdict == MUSTER_VERDICT_DUPLICATE;
    losses->late += record->verdict == MUSTER_VERDICT_LATE;
    losses->restarts += record->verdict == MUSTER_VERDICT_RESTART;
}

/* Numbers that are lost, by all causes. */
static inline uint64_t losses_sum(const struct losses *losses)
{
    uint64_t lost = 0;
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++)
        lost += losses->lost[i];
    return lost;
}

/* The cause of a number that is lost, when that is not known any more: one that there are lost ones
 * of, the weakest evidence first. */
unsigned losses_any_cause(const struct losses *losses);

/* So many numbers are not lost after all. */
void losses_take_back(struct losses *losses, uint32_t count);

#endif
