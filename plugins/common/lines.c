/* SPDX-License-Identifier: MIT
 *
 * Whole lines on their way to a file descriptor.
 */
#include "lines.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lines_free(struct lines *lines)
{
    free(lines->bytes);
    memset(lines, 0, sizeof *lines);
}

int lines_grow(struct lines *lines, size_t room)
{
    size_t capacity = lines->capacity + lines->capacity / 2;
    char *bytes;

    if (capacity < lines->size + room)
        capacity = lines->size + room;
    bytes = realloc(lines->bytes, capacity);
    if (bytes == NULL)
        return -1;
    lines->bytes = bytes;
    lines->capacity = capacity;
    return 0;
}

void lines_forget_held(struct lines *lines)
{
    assert(lines->size == lines->held);
    lines->size = 0;
    lines->held = 0;
}

void lines_give_up_held(struct lines *lines)
{
    assert(lines->held > 0 && lines->size == lines->held);
    lines->bytes[0] = '\n';
    lines->size = 1;
    lines->held = 1;
    lines->given_up = true;
}

int lines_patience_ms(uint64_t deadline_ns, uint64_t now_ns)
{
    uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 : 0;

    return deadline_ns == 0 || left_ms > LINES_PATIENCE_MS ? LINES_PATIENCE_MS : (int)left_ms;
}

/* Returns 0 when the descriptor takes bytes again or has failed (then write
 * says how), or EAGAIN. */
static int wait_for_room(int fd, int patience_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    int ready;

    if (patience_ms <= 0)
        return EAGAIN;
    ready = poll(&waiting, 1, patience_ms);
    if (ready < 0 && errno != EINTR)
        return errno;
    return ready > 0 ? 0 : EAGAIN;
}

const char *lines_error(int error)
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

/* After an error: `out` bytes are out.  Keeps the rest of the line that is
 * torn, if one is, and forgets the others. */
static void keep_torn(struct lines *lines, size_t out, struct lines_sent *sent)
{
    const char *newline = memrchr(lines->bytes, '\n', out);
    size_t whole = newline == NULL ? 0 : (size_t)(newline + 1 - lines->bytes);
    bool was_held = lines->held > 0;

    sent->whole = count_lines(lines->bytes, whole);
    if (was_held && whole > 0) {
        sent->whole--;
        sent->held_done = !lines->given_up;
        lines->given_up = false;
    }
    if (was_held && whole == 0) {
        /* Still the line that was held before, shorter by what is out now. */
        lines->held -= out;
    } else if (out > whole) {
        const char *end = memchr(lines->bytes + out, '\n', lines->size - out);

        assert(end != NULL);
        sent->torn = (uint32_t)(out - whole);
        lines->held = (size_t)(end + 1 - lines->bytes) - out;
    } else {
        lines->held = 0;
    }
    memmove(lines->bytes, lines->bytes + out, lines->held);
    lines->size = lines->held;
    lines->count = 0;
}

struct lines_sent lines_send(struct lines *lines, int fd, int patience_ms)
{
    struct lines_sent sent = {0};
    size_t out = 0;

    while (out < lines->size) {
        size_t most = lines->size - out;
        ssize_t n;

        if (lines->gently) {
            /* A pipe that polls writable takes PIPE_BUF bytes without blocking: pipe(7). */
            most = most < PIPE_BUF ? most : PIPE_BUF;
            sent.error = wait_for_room(fd, patience_ms);
            if (sent.error != 0)
                break;
        }
        n = write(fd, lines->bytes + out, most);
        sent.calls++;
        if (n > 0) {
            out += (size_t)n;
            continue;
        }
        sent.error = n == 0 ? EIO : errno;
        if (sent.error == EAGAIN)
            sent.error = wait_for_room(fd, patience_ms);
        if (sent.error != 0 && sent.error != EINTR)
            break;
        sent.error = 0;
    }
    sent.bytes = out;
    if (sent.error != 0) {
        keep_torn(lines, out, &sent);
    } else {
        sent.whole = lines->count;
        sent.held_done = lines->held > 0 && !lines->given_up;
        lines->given_up = false;
        lines->size = 0;
        lines->held = 0;
        lines->count = 0;
    }
    return sent;
}
