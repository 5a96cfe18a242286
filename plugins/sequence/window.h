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

/* Where the number's word is. */
static inline uint32_t window_word(uint32_t size, uint64_t number)
{
    return ((uint32_t)number & (size - 1)) / 64;
}

static inline bool window_has_seen(const uint64_t *window, uint32_t size, uint64_t number)
{
    uint32_t place = (uint32_t)number & (size - 1);

    return window[place / 64] >> place % 64 & 1;
}

static inline void window_mark(uint64_t *window, uint32_t size, uint64_t number)
{
    uint32_t place = (uint32_t)number & (size - 1);

    window[place / 64] |= UINT64_C(1) << place % 64;
}

/* The numbers of a window that are looked at together: those from `first` on, as many as there are
 * up to the end of their word, or of a window that is smaller, `left` at most. */
struct window_part {
    uint32_t word;  /* where they are */
    uint32_t shift; /* the first one's place in it */
    uint32_t count;
    uint64_t mask; /* theirs */
};

static inline struct window_part window_part(uint32_t size, uint32_t first, uint32_t left)
{
    uint32_t places = size < 64 ? size : 64;
    struct window_part part = {.word = window_word(size, first), .shift = first & (places - 1)};

    part.count = places - part.shift < left ? places - part.shift : left;
    part.mask = (part.count < 64 ? (UINT64_C(1) << part.count) - 1 : UINT64_MAX) << part.shift;
    return part;
}

/* How many of the `count` numbers from `first` on, all of the window, did not come. */
uint32_t window_missing(const uint64_t *window, uint32_t size, uint32_t first, uint32_t count);

/* A run of numbers that did not come. */
struct window_run {
    uint32_t first, count; /* 0: there is none */
    uint32_t words;        /* that were looked at */
};

/* The first run among the `count` numbers from `first` on, all of the window. */
struct window_run window_next_run(const uint64_t *window, uint32_t size, uint32_t first,
                                  uint32_t count);

/* Moves a window up by `ahead` numbers, at least one, the last of which came; those
 * between are missing from now on, and what leaves the window unseen is lost.  Counts and reports
 * both: what leaves before anything of the window has changed. */
void window_advance(struct tracker *tracker, struct session *session, uint64_t *window,
                    uint32_t ahead);

#endif
