/* SPDX-License-Identifier: MIT
 *
 * Whether a device's numbers are believable at all: one that counts at random is not, and what
 * seems to be missing of it says nothing of the network.
 *
 * A loss only ever goes ahead, so what counts is the numbers that fit nowhere, the outliers.  Each
 * adds some points, each number in order takes one away.  An odd one now and then, a restart
 * without an INIT, or heavy loss do not come near the limit; sixteen numbers in order lead back
 * from it.
 */
#ifndef SEQUENCE_DISORDER_H
#define SEQUENCE_DISORDER_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

enum {
    DISORDER_OUTLIER = 3, /* points */
    DISORDER_LIMIT = 24,
    DISORDER_MOST = 32,
    DISORDER_BELIEVED = DISORDER_MOST - 16,
    DISORDER_MARK = 0x80 /* not believable, until the points are fewer than that */
};

static inline bool disorder_is_marked(uint8_t disorder)
{
    return (disorder & DISORDER_MARK) != 0;
}

/* After a message with that verdict. */
static inline uint8_t disorder_after(uint8_t disorder, uint8_t verdict)
{
    uint8_t mark = disorder & DISORDER_MARK, points = disorder & (uint8_t)~DISORDER_MARK;

    if (verdict == MUSTER_VERDICT_OUTLIER)
        points =
            points + DISORDER_OUTLIER < DISORDER_MOST ? points + DISORDER_OUTLIER : DISORDER_MOST;
    else if (verdict == MUSTER_VERDICT_NEW && points > 0)
        points--;
    if (points >= DISORDER_LIMIT)
        mark = DISORDER_MARK;
    else if (points <= DISORDER_BELIEVED)
        mark = 0;
    return mark | points;
}

#endif
