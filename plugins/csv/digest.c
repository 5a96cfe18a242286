/* SPDX-License-Identifier: MIT
 *
 * The SHA-256 of bytes, by nettle; without it there is none.
 */
#include "digest.h"

#include <stdint.h>

#ifdef CSV_WITH_NETTLE
#include <nettle/version.h>

#include "../common/text.h"

void digest_begin(struct digest *digest)
{
    sha256_init(&digest->context);
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
    sha256_update(&digest->context, size, bytes);
}

void digest_end(struct digest *digest, char text[DIGEST_TEXT])
{
    uint8_t bytes[SHA256_DIGEST_SIZE];

#if NETTLE_VERSION_MAJOR < 4
    sha256_digest(&digest->context, sizeof bytes, bytes);
#else
    sha256_digest(&digest->context, bytes);
#endif
    *text_hex(text, bytes, sizeof bytes) = '\0';
}

#else

void digest_begin(struct digest *digest)
{
    digest->nothing = '\0';
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
    (void)digest;
    (void)bytes;
    (void)size;
}

void digest_end(struct digest *digest, char text[DIGEST_TEXT])
{
    text[0] = digest->nothing;
}

#endif
