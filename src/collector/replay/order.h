/* SPDX-License-Identifier: MIT
 *
 * Numbers of a file that has the byte order of the machine that wrote it.
 */
#ifndef COLLECTOR_REPLAY_ORDER_H
#define COLLECTOR_REPLAY_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t order_u16(bool swapped, const uint8_t *at)
{
    uint16_t n;

    memcpy(&n, at, sizeof n);
    return swapped ? __builtin_bswap16(n) : n;
}

static inline uint32_t order_u32(bool swapped, const uint8_t *at)
{
    uint32_t n;

    memcpy(&n, at, sizeof n);
    return swapped ? __builtin_bswap32(n) : n;
}

static inline uint64_t order_u64(bool swapped, const uint8_t *at)
{
    uint64_t n;

    memcpy(&n, at, sizeof n);
    return swapped ? __builtin_bswap64(n) : n;
}

#endif
