/* SPDX-License-Identifier: MIT
 *
 * Which of two of a device's time stamps is newer.  They are whole seconds, modulo 2^32, and wrap
 * as numbers do.  One that is 0, or ten years off or more, is of a clock that was not set, or of
 * none: then they tell nothing.
 */
#ifndef SEQUENCE_STAMPS_H
#define SEQUENCE_STAMPS_H

#include <stdbool.h>
#include <stdint.h>

#define STAMPS_FARTHEST UINT32_C(315576000) /* s: ten years */

enum stamps_order { STAMPS_UNKNOWN, STAMPS_OLDER, STAMPS_SAME, STAMPS_NEWER };

static inline enum stamps_order stamps_compare(uint32_t stamp, uint32_t with)
{
    if (stamp == 0 || with == 0)
        return STAMPS_UNKNOWN;
    if (stamp == with)
        return STAMPS_SAME;
    if (stamp - with < STAMPS_FARTHEST)
        return STAMPS_NEWER;
    return with - stamp < STAMPS_FARTHEST ? STAMPS_OLDER : STAMPS_UNKNOWN;
}

/* In fewer steps: may say so of stamps of 0, too. */
static inline bool stamps_may_be_older(uint32_t stamp, uint32_t with)
{
    return with - stamp - 1 < STAMPS_FARTHEST - 1;
}

#endif
