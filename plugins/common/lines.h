/* SPDX-License-Identifier: MIT
 *
 * Whole lines on their way to a file descriptor.
 *
 * The owner appends lines, each with one '\n' at its end, and sends them.  What
 * could not be sent is forgotten, because the host offers it again; but of a
 * line whose beginning is already out, the rest is held, and goes out first the
 * next time.
 */
#ifndef PLUGINS_COMMON_LINES_H
#define PLUGINS_COMMON_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Send when this many bytes are waiting. */
#define LINES_ENOUGH ((size_t)256 * 1024)

/* How long to wait for a pipe or terminal that is full, at most. */
#define LINES_PATIENCE_MS 500

struct lines {
    char *bytes;
    size_t size;     /* bytes that wait */
    size_t capacity; /* bytes that `bytes` has room for */
    size_t held;     /* of these the first so many are the rest of a line whose beginning is out */
    uint32_t count;  /* lines that wait, without the held one */
    bool gently;     /* the descriptor is no regular file: never block in write(2) */
    bool given_up;   /* what is held is only the '\n' of a line that was given up */
};

/* What a lines_send did. */
struct lines_sent {
    uint64_t bytes; /* that went out */
    uint64_t calls; /* of write(2) */
    uint32_t whole; /* lines that are out whole, without one that was held before */
    uint32_t torn;  /* bytes that are out of the line that is held now; 0: none, or it was torn
                       by an earlier call */
    bool held_done; /* the line that was held before is out whole now, and was not given up */
    int error;      /* 0: everything is out; else the errno that stopped it */
};

/* All zeros is an empty struct lines.  Frees the memory and makes it so again. */
void lines_free(struct lines *lines);

/* How long a flush with this deadline may wait; both are MUSTER_CLOCK_STEADY,
 * and a deadline of 0 is none. */
int lines_patience_ms(uint64_t deadline_ns, uint64_t now_ns);

/* Moves the lines to where there is room for `room` more bytes.  Returns 0, or -1 with errno set.
 */
int lines_grow(struct lines *lines, size_t room);

/* Makes room for `room` more bytes.  Returns 0, or -1 with errno set. */
static inline int lines_reserve(struct lines *lines, size_t room)
{
    return lines->capacity - lines->size >= room ? 0 : lines_grow(lines, room);
}

/* Where the next line goes. */
static inline char *lines_next(const struct lines *lines)
{
    return lines->bytes + lines->size;
}

/* A line has been written there, up to `end`. */
static inline void lines_added(struct lines *lines, const char *end)
{
    lines->size = (size_t)(end - lines->bytes);
    lines->count++;
}

/* The error of a lines_sent for people to read. */
const char *lines_error(int error);

/* Writes what waits.  Waits up to `patience_ms` for a pipe or terminal that is
 * full.  Afterwards nothing waits but what is held. */
struct lines_sent lines_send(struct lines *lines, int fd, int patience_ms);

/* Nothing but the rest of a line waits.  Forgets it: its beginning has been taken back. */
void lines_forget_held(struct lines *lines);

/* The same, but its beginning stays out: a '\n' is held instead, so that the
 * next line does not run into it. */
void lines_give_up_held(struct lines *lines);

#endif
