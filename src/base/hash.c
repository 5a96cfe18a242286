/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <string.h>
#include <sys/random.h>

#include "clock.h"

struct hash_secret hash_new_secret(void)
{
    struct hash_secret secret;

    if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) != (ssize_t)sizeof secret)
        secret.first = secret.factor = clock_monotonic();
    secret.factor |= 1;
    return secret;
}

uint64_t hash_bytes(const struct hash_secret *secret, uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t word;

    hash = hash_word(secret, hash, size);
    for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = hash_word(secret, hash, word);
    }
    word = 0;
    memcpy(&word, at, size);
    return hash_word(secret, hash_word(secret, hash, word), 0);
}
