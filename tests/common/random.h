/* SPDX-License-Identifier: MIT
 *
 * Random numbers that are the same on every machine: xorshift64*, one state a program.
 */
#ifndef TESTS_COMMON_RANDOM_H
#define TESTS_COMMON_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static uint64_t random_state = 88172645463325252u;

/* Any number is a seed. */
static inline void random_seed(uint64_t n)
{
    random_state = n * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static inline uint64_t random_u64(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}

static inline uint32_t random_u32(void)
{
    return (uint32_t)(random_u64() >> 32);
}

static inline uint32_t below(uint32_t n)
{
    return random_u32() % n;
}

static inline uint64_t below_u64(uint64_t n)
{
    return random_u64() % n;
}

static inline bool one_in(uint64_t n)
{
    return below_u64(n) == 0;
}

#endif
