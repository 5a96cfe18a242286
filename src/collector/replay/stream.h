/* SPDX-License-Identifier: MIT
 *
 * The bytes of a file or a pipe, read ahead and looked at in place.
 */
#ifndef COLLECTOR_REPLAY_STREAM_H
#define COLLECTOR_REPLAY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Called when the next byte is not there yet, as from a pipe, and again and again while it is
 * awaited.  Returns whether to give up and take that for the end. */
typedef bool stream_idle(void *context);

enum {
    STREAM_LOOK_MOST = 16 * 1024 * 1024, /* bytes that can be looked at at once */
    STREAM_READ = 128 * 1024,            /* bytes of a read(2) */
    STREAM_WHY = 512
};

struct stream {
    int fd;
    bool is_own; /* fd is closed with the stream */
    stream_idle *idle;
    void *context;
    uint64_t offset;   /* of the buffer's first byte in the file */
    size_t begin, end; /* of `buffer`: read, and not skipped yet */
    uint8_t *buffer;
    size_t room; /* of the buffer; it grows with what is there, whatever is asked for */
    char why[STREAM_WHY];
};

/* "-" is standard input.  Returns 0, or -1 with errno. */
int stream_open(struct stream *stream, const char *path, stream_idle *idle, void *context);
void stream_close(struct stream *stream);

/* Reads until there are `size` bytes, at most STREAM_LOOK_MOST, or the end.  Returns how many there
 * are, fewer only at the end, or -1 with errno.  *bytes are valid until the next call. */
ssize_t stream_fill(struct stream *stream, size_t size, const uint8_t **bytes);

/* The same, but without a call if they have been read already, as they mostly have. */
static inline ssize_t stream_look(struct stream *stream, size_t size, const uint8_t **bytes)
{
    if (stream->end - stream->begin < size)
        return stream_fill(stream, size, bytes);
    *bytes = stream->buffer + stream->begin;
    return (ssize_t)(stream->end - stream->begin);
}

/* Goes past `size` bytes, which have been looked at. */
static inline void stream_skip(struct stream *stream, size_t size)
{
    stream->begin += size;
}

/* For the formats' readers: put into `why` what is wrong, and return -1. */
int stream_fail(struct stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of `what`, which begins at the next byte and should have `wanted` bytes, stream_look() got fewer,
 * or -1. */
int stream_cut_short(struct stream *stream, const char *what, ssize_t got, size_t wanted);

/* The same place: `what` has, or is, something that cannot be. */
int stream_damaged(struct stream *stream, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
