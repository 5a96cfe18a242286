/* SPDX-License-Identifier: MIT
 *
 * The SHA-256 of bytes, by nettle; without it there is none.
 */
#ifndef PLUGINS_CSV_DIGEST_H
#define PLUGINS_CSV_DIGEST_H

#include <stddef.h>

#ifdef CSV_WITH_NETTLE
#include <nettle/sha2.h>
#endif

#define DIGEST_TEXT 65 /* bytes of it in hexadecimal, terminated */

struct digest {
#ifdef CSV_WITH_NETTLE
    struct sha256_ctx context;
#else
    char nothing;
#endif
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t size);

/* Of what was added; empty if this was built without nettle. */
void digest_end(struct digest *digest, char text[DIGEST_TEXT]);

#endif
