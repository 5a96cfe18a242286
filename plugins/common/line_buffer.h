/* SPDX-License-Identifier: MIT
 *
 * Whole lines on their way to a file descriptor.
 *
 * The owner appends lines, each with one '\n' at its end, and sends them.  What
 * could not be sent is forgotten, because the host offers it again; but of a
 * line whose beginning is already out, the rest is held, and goes out first the
 * next time.
 */
#ifndef PLUGINS_COMMON_LINE_BUFFER_H
#define PLUGINS_COMMON_LINE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Send when this many bytes are waiting. */
#define LINE_BUFFER_ENOUGH ((size_t)256 * 1024)

/* How long to wait for a pipe or terminal that is full, at most. */
#define LINE_BUFFER_TIMEOUT_MS 500

/* All zeros is an empty one.  With `ends`, a line is what its owner says it is: it may have several
 * '\n', and what is said of a line below is true of all of it. */
struct line_buffer {
    char *bytes;
    size_t *ends;     /* NULL, or where each of the `count` lines ends: the owner's to set, for */
    uint32_t most;    /* so many lines, and to keep to */
    size_t size;      /* bytes that wait */
    size_t capacity;  /* bytes that `bytes` has room for */
    size_t held;      /* of these the first so many are the rest of a line whose beginning is out */
    uint32_t count;   /* lines that wait, without the held one */
    bool never_block; /* in write(2): the descriptor is no regular file */
    bool abandoned;   /* what is held is only the '\n' of a line that was given up */
};

/* What a line_buffer_send did. */
struct line_buffer_sent {
    uint64_t bytes; /* that went out */
    uint64_t calls; /* of write(2) */
    uint32_t whole; /* lines that are out whole, without one that was held before */
    uint32_t torn;  /* bytes that are out of the line that is held now; 0: none, or it was torn
                       by an earlier call */
    bool held_done; /* the line that was held before is out whole now, and was not given up */
    int error;      /* 0: everything is out; else the errno that stopped it */
};

/* Frees the memory, and makes it an empty one. */
void line_buffer_free(struct line_buffer *buffer);

/* Moves the lines to where there is room for `room` more bytes.  Returns 0, or -1 with errno set.
 */
int line_buffer_grow(struct line_buffer *buffer, size_t room);

/* Makes room for `room` more bytes.  Returns 0, or -1 with errno set. */
static inline int line_buffer_reserve(struct line_buffer *buffer, size_t room)
{
    return buffer->capacity - buffer->size >= room ? 0 : line_buffer_grow(buffer, room);
}

/* Where the next line goes. */
static inline char *line_buffer_next(const struct line_buffer *buffer)
{
    return buffer->bytes + buffer->size;
}

/* A line has been written there, up to `end`. */
static inline void line_buffer_add(struct line_buffer *buffer, const char *end)
{
    buffer->size = (size_t)(end - buffer->bytes);
    buffer->count++;
}

/* The error of a line_buffer_sent for people to read. */
const char *line_buffer_error(int error);

/* Writes what waits.  Waits up to `timeout_ms` for a pipe or terminal that is
 * full.  Afterwards nothing waits but what is held. */
struct line_buffer_sent line_buffer_send(struct line_buffer *buffer, int fd, int timeout_ms);

/* Nothing but the rest of a line waits.  Forgets it: its beginning has been taken back. */
void line_buffer_forget_held(struct line_buffer *buffer);

/* The same, but its beginning stays out: a '\n' is held instead, so that the
 * next line does not run into it. */
void line_buffer_abandon_held(struct line_buffer *buffer);

#endif
