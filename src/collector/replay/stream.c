/* SPDX-License-Identifier: MIT
 *
 * Waiting for a pipe can be given up: signals are blocked in this process and would not
 * interrupt read(2), so poll(2) wakes up now and then to have somebody look for them.
 */
#include "stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 2, /* a busy pipe is read in larger bites; a quiet one is late by that */
    LOOK_MS = 50,
    ROOM = 4 * STREAM_READ
};

int stream_open(struct stream *stream, const char *path, stream_idle *idle, void *context)
{
    bool is_input = strcmp(path, "-") == 0;

    memset(stream, 0, sizeof *stream);
    stream->is_own = !is_input;
    stream->idle = idle;
    stream->context = context;
    /* Without O_NONBLOCK, open would wait for a FIFO's writer, and no signal could end that. */
    stream->fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (stream->fd < 0)
        return -1;
    stream->room = ROOM;
    stream->buffer = malloc(stream->room);
    if (stream->buffer == NULL) {
        stream_close(stream);
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

void stream_close(struct stream *stream)
{
    if (stream->is_own && stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    free(stream->buffer);
    stream->buffer = NULL;
}

/* As read(2), but 0 also when idle() says so. */
static ssize_t read_some(struct stream *stream)
{
    struct pollfd fd = {.fd = stream->fd, .events = POLLIN};
    ssize_t got;
    int wait_ms;

    do {
        for (wait_ms = PATIENCE_MS; poll(&fd, 1, wait_ms) == 0; wait_ms = LOOK_MS)
            if (stream->idle(stream->context))
                return 0;
        got = read(stream->fd, stream->buffer + stream->end, STREAM_READ);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));
    return got;
}

/* For one read(2) more. */
static int make_room(struct stream *stream)
{
    uint8_t *buffer;

    if (stream->room - stream->end >= STREAM_READ)
        return 0;
    buffer = realloc(stream->buffer, stream->room * 2);
    if (buffer == NULL)
        return -1;
    stream->buffer = buffer;
    stream->room *= 2;
    return 0;
}

ssize_t stream_fill(struct stream *stream, size_t size, const uint8_t **bytes)
{
    ssize_t got = 1;

    assert(size <= STREAM_LOOK_MOST);
    memmove(stream->buffer, stream->buffer + stream->begin, stream->end - stream->begin);
    stream->end -= stream->begin;
    stream->offset += stream->begin;
    stream->begin = 0;
    while (stream->end < size && got > 0) {
        got = make_room(stream) < 0 ? -1 : read_some(stream);
        if (got > 0)
            stream->end += (size_t)got;
    }
    *bytes = stream->buffer;
    return got < 0 ? -1 : (ssize_t)stream->end;
}

int stream_fail(struct stream *stream, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(stream->why, sizeof stream->why, format, arguments);
    va_end(arguments);
    return -1;
}

int stream_cut_short(struct stream *stream, const char *what, ssize_t got, size_t wanted)
{
    if (got < 0)
        return stream_fail(stream, "%s", strerror(errno));
    return stream_fail(stream,
                       "it is truncated: of the %s at byte %" PRIu64 ", %zd of %zu bytes are "
                       "there; its writer was killed, or still writes, then follow it with: "
                       "tail -c +1 -f",
                       what, stream->offset + stream->begin, got, wanted);
}

int stream_damaged(struct stream *stream, const char *what, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return stream_fail(stream, "it is damaged: the %s at byte %" PRIu64 " %s; copy the file anew",
                       what, stream->offset + stream->begin, text);
}
