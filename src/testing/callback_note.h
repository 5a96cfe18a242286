/* SPDX-License-Identifier: MIT
 *
 * Which callback of which instance this thread is in.
 */
#ifndef TESTING_CALLBACK_NOTE_H
#define TESTING_CALLBACK_NOTE_H

#include <stdbool.h>

struct muster_instance;

/* As sets: which callbacks may call a function. */
enum callback_note {
    NOTE_NONE = 0,
    NOTE_CHECK = 1 << 0,
    NOTE_OPEN = 1 << 1,
    NOTE_RELOAD = 1 << 2,
    NOTE_CLOSE = 1 << 3,
    NOTE_WORKER_OPEN = 1 << 4,
    NOTE_PROCESS = 1 << 5,
    NOTE_WORKER_TICK = 1 << 6,
    NOTE_WORKER_CLOSE = 1 << 7,
    NOTE_CONNECT = 1 << 8,
    NOTE_WRITE = 1 << 9,
    NOTE_FLUSH = 1 << 10,
    NOTE_DISCONNECT = 1 << 11,
    NOTE_ROTATE = 1 << 12,
    NOTE_TICK = 1 << 13
};

void callback_note_enter(struct muster_instance *instance, enum callback_note callback);
void callback_note_leave(void);

/* "write", or NULL: this thread is in none. */
const char *callback_note_name(void);

/* Whether `function` may be called here; else it is a misuse.  Tests that call the plugin
 * themselves are let through, since nobody knows where they are. */
bool callback_note_allows(const struct muster_instance *instance, unsigned callbacks,
                          const char *function);

/* Tells, before and after each callback, who watches: NULL for the time between two callbacks. */
void callback_note_watch(void (*watch)(const char *callback));

#endif
