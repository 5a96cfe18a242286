/* SPDX-License-Identifier: MIT
 *
 * Random numbers that depend on nothing but what they are for.
 */
#ifndef FLEET_DRAW_H
#define FLEET_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#define DRAW_ONE 9007199254740992.0 /* 2^53 */

/* SplitMix64 by Sebastiano Vigna (public domain, prng.di.unimi.it/splitmix64.c),
 * after Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014.  Its state is a counter, so that draw number n can be had directly. */
static inline uint64_t draw_splitmix(uint64_t state, uint64_t n)
{
    uint64_t z = state + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A probability as what draw_happens() compares with, of 2^53. */
static inline uint64_t draw_threshold(double probability)
{
    return (uint64_t)(probability * DRAW_ONE);
}

static inline bool draw_happens(uint64_t draw, uint64_t threshold)
{
    return draw >> 11 < threshold;
}

/* From 0 to `most`, which is included and at most 2^53. */
static inline uint64_t draw_up_to(uint64_t draw, uint64_t most)
{
    return (uint64_t)((double)(draw >> 11) / DRAW_ONE * (double)(most + 1));
}

#endif
