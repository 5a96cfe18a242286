/* SPDX-License-Identifier: MIT
 *
 * Whole lines on their way to a file descriptor.
 */
#include "line_buffer.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void line_buffer_free(struct line_buffer *buffer)
{
    free(buffer->bytes);
    free(buffer->ends);
    memset(buffer, 0, sizeof *buffer);
}

int line_buffer_grow(struct line_buffer *buffer, size_t room)
{
    size_t capacity = buffer->capacity + buffer->capacity / 2;
    char *bytes;

    if (capacity < buffer->size + room)
        capacity = buffer->size + room;
    bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL)
        return -1;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return 0;
}

void line_buffer_forget_held(struct line_buffer *buffer)
{
    assert(buffer->size == buffer->held);
    buffer->size = 0;
    buffer->held = 0;
}

void line_buffer_abandon_held(struct line_buffer *buffer)
{
    assert(buffer->held > 0 && buffer->size == buffer->held);
    buffer->bytes[0] = '\n';
    buffer->size = 1;
    buffer->held = 1;
    buffer->abandoned = true;
}

/* Returns 0 when the descriptor takes bytes again or has failed (then write
 * says how), or EAGAIN. */
static int wait_for_room(int fd, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    int ready;

    if (timeout_ms <= 0)
        return EAGAIN;
    ready = poll(&waiting, 1, timeout_ms);
    if (ready < 0 && errno != EINTR)
        return errno;
    return ready > 0 ? 0 : EAGAIN;
}

const char *line_buffer_error(int error)
{
    return error == EAGAIN ? "whoever reads it takes nothing more" : strerror(error);
}

static uint32_t count_lines(const char *bytes, size_t size)
{
    const char *end = bytes + size;
    uint32_t count = 0;

    while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        count++;
        bytes++;
    }
    return count;
}

/* Of the first `out` bytes: how many lines are whole, the held one included, and how many bytes
 * that is. */
static uint32_t find_whole(const struct line_buffer *buffer, size_t out, size_t *whole)
{
    const char *newline;
    uint32_t lines = 0;

    if (buffer->ends == NULL) {
        newline = memrchr(buffer->bytes, '\n', out);
        *whole = newline == NULL ? 0 : (size_t)(newline + 1 - buffer->bytes);
        return count_lines(buffer->bytes, *whole);
    }
    *whole = out >= buffer->held ? buffer->held : 0;
    while (lines < buffer->count && buffer->ends[lines] <= out)
        *whole = buffer->ends[lines++];
    return lines + (buffer->held > 0 && *whole > 0);
}

/* Where the line ends that is torn at `out`, in front of which `lines` are whole. */
static size_t find_end(const struct line_buffer *buffer, size_t out, uint32_t lines)
{
    const char *newline;

    if (buffer->ends != NULL)
        return buffer->ends[lines];
    newline = memchr(buffer->bytes + out, '\n', buffer->size - out);
    assert(newline != NULL);
    return (size_t)(newline + 1 - buffer->bytes);
}

/* After an error: `out` bytes are out.  Keeps the rest of the line that is
 * torn, if one is, and forgets the others. */
static void keep_torn(struct line_buffer *buffer, size_t out, struct line_buffer_sent *sent)
{
    bool was_held = buffer->held > 0;
    size_t whole;

    sent->whole = find_whole(buffer, out, &whole);
    if (was_held && whole > 0) {
        sent->whole--;
        sent->held_done = !buffer->abandoned;
        buffer->abandoned = false;
    }
    if (was_held && whole == 0) {
        /* Still the line that was held before, shorter by what is out now. */
        buffer->held -= out;
    } else if (out > whole) {
        sent->torn = (uint32_t)(out - whole);
        buffer->held = find_end(buffer, out, sent->whole) - out;
    } else {
        buffer->held = 0;
    }
    memmove(buffer->bytes, buffer->bytes + out, buffer->held);
    buffer->size = buffer->held;
    buffer->count = 0;
}

struct line_buffer_sent line_buffer_send(struct line_buffer *buffer, int fd, int timeout_ms)
{
    struct line_buffer_sent sent = {0};
    size_t out = 0;

    while (out < buffer->size) {
        size_t most = buffer->size - out;
        ssize_t n;

        if (buffer->never_block) {
            /* A pipe that polls writable takes PIPE_BUF bytes without blocking: pipe(7). */
            most = most < PIPE_BUF ? most : PIPE_BUF;
            sent.error = wait_for_room(fd, timeout_ms);
            if (sent.error != 0)
                break;
        }
        n = write(fd, buffer->bytes + out, most);
        sent.calls++;
        if (n > 0) {
            out += (size_t)n;
            continue;
        }
        sent.error = n == 0 ? EIO : errno;
        if (sent.error == EAGAIN)
            sent.error = wait_for_room(fd, timeout_ms);
        if (sent.error != 0 && sent.error != EINTR)
            break;
        sent.error = 0;
    }
    sent.bytes = out;
    if (sent.error != 0) {
        keep_torn(buffer, out, &sent);
    } else {
        sent.whole = buffer->count;
        sent.held_done = buffer->held > 0 && !buffer->abandoned;
        buffer->abandoned = false;
        buffer->size = 0;
        buffer->held = 0;
        buffer->count = 0;
    }
    return sent;
}
