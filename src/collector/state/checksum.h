/* SPDX-License-Identifier: MIT
 *
 * A checksum of 64 bits that finds damage, at the pace of memory.  It is no protection
 * from somebody who means to deceive.
 */
#ifndef COLLECTOR_STATE_CHECKSUM_H
#define COLLECTOR_STATE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_LANES = 4 }; /* words of 8 bytes that are mixed side by side */

/* Zero it to begin. */
struct checksum {
    uint64_t lanes[CHECKSUM_LANES];
    uint64_t bytes;
};

/* `bytes` is a multiple of 8 * CHECKSUM_LANES, but in the last call. */
void checksum_add(struct checksum *sum, const void *from, size_t bytes);

uint64_t checksum_end(const struct checksum *sum);

#endif
