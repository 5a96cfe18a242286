/* SPDX-License-Identifier: MIT
 *
 * Bytes on their way into a file that is compressed with zstd.
 */
#include "pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef CSV_WITH_ZSTD
#include <zstd.h>

bool pack_is_possible(void)
{
    return true;
}

int pack_begin(struct pack *pack, int fd, int level)
{
    memset(pack, 0, sizeof *pack);
    pack->fd = fd;
    pack->room = ZSTD_CStreamOutSize();
    pack->out = malloc(pack->room);
    pack->stream = ZSTD_createCCtx();
    digest_begin(&pack->digest);
    if (pack->out == NULL || pack->stream == NULL)
        return ENOMEM;
    if (ZSTD_isError(ZSTD_CCtx_setParameter(pack->stream, ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(pack->stream, ZSTD_c_checksumFlag, 1)))
        return EINVAL;
    return 0;
}

static int write_all(struct pack *pack, size_t size)
{
    const char *at = pack->out;

    digest_add(&pack->digest, at, size);
    pack->bytes += size;
    while (size > 0) {
        ssize_t n = write(pack->fd, at, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Hands these to the compressor, and what comes out to the file, until it asks for more. */
static int push(struct pack *pack, const void *bytes, size_t size, ZSTD_EndDirective end)
{
    ZSTD_inBuffer in = {.src = bytes, .size = size};
    size_t left;

    do {
        ZSTD_outBuffer out = {.dst = pack->out, .size = pack->room};
        int error;

        left = ZSTD_compressStream2(pack->stream, &out, &in, end);
        if (ZSTD_isError(left))
            return ENOMEM; /* of what can go wrong, all that is not a bug */
        error = write_all(pack, out.pos);
        if (error != 0)
            return error;
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return 0;
}

int pack_add(struct pack *pack, const void *bytes, size_t size)
{
    return push(pack, bytes, size, ZSTD_e_continue);
}

int pack_end(struct pack *pack)
{
    return push(pack, NULL, 0, ZSTD_e_end);
}

void pack_free(struct pack *pack)
{
    ZSTD_freeCCtx(pack->stream);
    free(pack->out);
    memset(pack, 0, sizeof *pack);
}

#else

bool pack_is_possible(void)
{
    return false;
}

int pack_begin(struct pack *pack, int fd, int level)
{
    (void)level;
    memset(pack, 0, sizeof *pack);
    pack->fd = fd;
    return ENOTSUP;
}

int pack_add(struct pack *pack, const void *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return pack->stream != NULL ? 0 : ENOTSUP;
}

int pack_end(struct pack *pack)
{
    return pack->stream != NULL ? 0 : ENOTSUP;
}

void pack_free(struct pack *pack)
{
    memset(pack, 0, sizeof *pack);
}

#endif
