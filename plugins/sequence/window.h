/* SPDX-License-Identifier: MIT
 *
 * The window of a session, which says of its last numbers whether they came: a ring of bits
 * (RFC 6479) of a power of two.  The oldest number leaves when the next one enters, and both have
 * the same place.
 */
#ifndef SEQUENCE_WINDOW_H
#define SEQUENCE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

struct tracker;

static inline bool window_has_seen(const uint64_t *window, uint32_t size, uint32_t number)
{
    uint32_t place = number & (size - 1);

    return window[place / 64] >> place % 64 & 1;
}

static inline void window_mark(uint64_t *window, uint32_t size, uint32_t number)
{
    uint32_t place = number & (size - 1);

    window[place / 64] |= UINT64_C(1) << place % 64;
}

static inline void window_unmark(uint64_t *window, uint32_t size, uint32_t number)
{
    uint32_t place = number & (size - 1);

    window[place / 64] &= ~(UINT64_C(1) << place % 64);
}

/* Moves a window up by `ahead` numbers, at least one, the last of which came; those
 * between are missing from now on, and what leaves the window unseen is lost.  Counts and reports
 * both. */
void window_advance(struct tracker *tracker, struct session *session, uint64_t *window,
                    uint32_t ahead);

#endif
