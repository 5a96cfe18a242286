/* SPDX-License-Identifier: MIT
 *
 * A note for each thread of what it is doing in which plugin, so that whoever sees the thread
 * crash, leave or hang can name the plugin.
 */
#ifndef COLLECTOR_HOST_NOTE_H
#define COLLECTOR_HOST_NOTE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"

enum { NOTE_TEXT = 800 }; /* bytes that say where a thread is; a longer path is cut */

/* Written by its thread alone.  Another one may read it in note_each. */
struct note {
    _Atomic(const struct entry *) entry; /* in whose code the thread is; NULL: that of... */
    _Atomic(const char *) path;          /* ...this file, which is being loaded or unloaded */
    atomic_uint callback;                /* enum callback; 0: it is in the daemon's own code */
    atomic_uint outer;                   /* the callback that called the host that calls this one */
    atomic_uint changes;                 /* of all this: goes up whenever a callback begins */

    /* For whoever watches. */
    struct note *next;
    unsigned seen_changes, told;
    uint64_t since_ns;
    char told_where[NOTE_TEXT];
};

extern _Thread_local struct note note_mine;

/* The first act of a thread that calls plugins, and its last; thread_begin and thread_end with
 * them. */
void note_begin(void);
void note_end(void);

/* Who is told, on that thread, that a thread ends which has not called note_end: a plugin has ended
 * it. */
void note_tell_lost(void (*lost)(void));

/* Calls `look` for the note of each thread between note_begin and note_end.  Until it returns,
 * nothing is freed that a note points to. */
void note_each(void (*look)(struct note *note, void *context), void *context);

/* Before what a note may point to is freed: waits for those who look. */
void note_forget(void);

/* "write() of the plugin csv 1.0 (entry "csv", /usr/lib/muster/csv.so)".  Returns 0, or -1 if the
 * thread is in no callback.  Safe in a signal handler, for note_mine. */
int note_text(const struct note *note, char *out, size_t room);

/* Appends what fits to a text in that much room.  Safe in a signal handler, as strncat is not on
 * every system. */
void note_append(char *out, size_t room, const char *text);

/* Around all code of a plugin; a callback may be called within another one of the same entry. */
static inline void note_enter(const struct entry *entry, unsigned callback)
{
    struct note *note = &note_mine;

    atomic_store_explicit(&note->outer, atomic_load_explicit(&note->callback, memory_order_relaxed),
                          memory_order_relaxed);
    atomic_store_explicit(&note->entry, entry, memory_order_relaxed);
    atomic_store_explicit(&note->callback, callback, memory_order_relaxed);
    atomic_store_explicit(&note->changes,
                          atomic_load_explicit(&note->changes, memory_order_relaxed) + 1,
                          memory_order_release);
}

static inline void note_leave(void)
{
    struct note *note = &note_mine;

    atomic_store_explicit(&note->callback, atomic_load_explicit(&note->outer, memory_order_relaxed),
                          memory_order_release);
    atomic_store_explicit(&note->outer, 0, memory_order_relaxed);
}

/* The same around dlopen and dlclose of that file. */
void note_enter_file(const char *path);

#endif
