/* SPDX-License-Identifier: MIT
 *
 * Sequence numbers of 1 to 64 bits, and how they are extended.
 *
 * A session's numbers are extended to 64 bits: those that follow each other differ by one, over the
 * wrap, too, and the lowest bits are what the device has sent.  What is ahead of the highest, or
 * behind it, is so by its distance modulo 2^bits (RFC 1982).
 */
#ifndef SEQUENCE_WIDTH_H
#define SEQUENCE_WIDTH_H

#include <stdint.h>

#include "tables.h"

/* The lowest bits, as many as that: 1 to 64. */
static inline uint64_t width_mask(uint8_t bits)
{
    return UINT64_MAX >> (64 - bits);
}

/* The number as the device sends it. */
static inline uint64_t width_sent(uint64_t number, uint8_t bits)
{
    return number & width_mask(bits);
}

/* The farthest ahead that a number can be; farther is behind.  Of the two numbers of one bit the
 * other is ahead. */
static inline uint64_t width_reach(uint8_t bits)
{
    return bits > 1 ? (UINT64_C(1) << (bits - 1)) - 1 : 1;
}

/* How many numbers a window has at most, so that late and new can be told apart: half of all. */
static inline uint32_t width_window(uint32_t window, uint8_t bits)
{
    uint64_t half = UINT64_C(1) << (bits - 1);

    return half < window ? (uint32_t)half : window;
}

/* The number whose lowest 32 bits are these and that is nearest to the session's highest, as the
 * device sends it. */
static inline uint64_t width_of_low(const struct session *session, uint32_t low)
{
    int64_t away = (int32_t)(low - (uint32_t)session->highest);

    return width_sent(session->highest + (uint64_t)away, session->bits);
}

#endif
