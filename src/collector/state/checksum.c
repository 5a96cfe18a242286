/* SPDX-License-Identifier: MIT
 *
 * Each step can be undone, so one changed word always changes the sum.
 */
#include "checksum.h"

#include <assert.h>
#include <string.h>

#define MIX UINT64_C(0x9e3779b97f4a7c15) /* odd, so that no bit of a word gets lost */

static inline uint64_t mixed(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * MIX;
    return lane ^ (lane >> 29);
}

void checksum_add(struct checksum *sum, const void *from, size_t bytes)
{
    const uint8_t *next = from;
    uint64_t words[CHECKSUM_LANES];
    size_t at;
    unsigned i;

    assert(sum->bytes % sizeof words == 0); /* else that was the last call */

    for (at = 0; at + sizeof words <= bytes; at += sizeof words) {
        memcpy(words, next + at, sizeof words);
        for (i = 0; i < CHECKSUM_LANES; i++)
            sum->lanes[i] = mixed(sum->lanes[i], words[i]);
    }
    if (at < bytes) {
        memset(words, 0, sizeof words);
        memcpy(words, next + at, bytes - at);
        for (i = 0; i < CHECKSUM_LANES; i++)
            sum->lanes[i] = mixed(sum->lanes[i], words[i]);
    }
    sum->bytes += bytes;
}

uint64_t checksum_end(const struct checksum *sum)
{
    uint64_t end = sum->bytes;
    unsigned i;

    for (i = 0; i < CHECKSUM_LANES; i++)
        end = mixed(end, sum->lanes[i] + i);
    return mixed(end, end >> 32);
}
