/* SPDX-License-Identifier: MIT
 *
 * Hashes of what strangers send, under a secret that is multiplied with: so that nobody can make
 * what has the same hash, or the same place in a table.  Not for what outlives the process.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_secret {
    uint64_t first, factor;
};

struct hash_secret hash_new_secret(void);

/* A hash of one word more.  A hash begins as secret->first. */
static inline uint64_t hash_word(const struct hash_secret *secret, uint64_t hash, uint64_t word)
{
    __extension__ const unsigned __int128 product =
        (unsigned __int128)(hash ^ word) * secret->factor;

    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ secret->first;
}

/* The same of bytes, and how many they are. */
uint64_t hash_bytes(const struct hash_secret *secret, uint64_t hash, const void *bytes,
                    size_t size);

#endif
