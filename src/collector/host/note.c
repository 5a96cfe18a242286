/* SPDX-License-Identifier: MIT
 *
 * The notes of all threads are in a list, under a lock that nobody takes on the way of a record.
 */
#include "note.h"

#include <pthread.h>
#include <string.h>

#include "base/thread.h"
#include "callback.h"

_Thread_local struct note note_mine;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct note *notes;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t end_key; /* of each thread: its note, until note_end */
static void (*_Atomic tell_lost)(void);

static void take_out(struct note *note)
{
    struct note **at;

    pthread_mutex_lock(&lock);
    for (at = &notes; *at != NULL; at = &(*at)->next)
        if (*at == note) {
            *at = note->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}

/* The thread ends, and has not called note_end. */
static void end_lost(void *note)
{
    void (*lost)(void) = atomic_load(&tell_lost);

    if (lost != NULL)
        lost();
    take_out(note);
}

static void make_key(void)
{
    pthread_key_create(&end_key, end_lost);
}

void note_begin(void)
{
    thread_begin();
    pthread_once(&once, make_key);
    pthread_setspecific(end_key, &note_mine);
    pthread_mutex_lock(&lock);
    note_mine.next = notes;
    notes = &note_mine;
    pthread_mutex_unlock(&lock);
}

void note_end(void)
{
    pthread_setspecific(end_key, NULL);
    take_out(&note_mine);
    thread_end();
}

void note_tell_lost(void (*lost)(void))
{
    atomic_store(&tell_lost, lost);
}

void note_each(void (*look)(struct note *note, void *context), void *context)
{
    struct note *note;

    pthread_mutex_lock(&lock);
    for (note = notes; note != NULL; note = note->next)
        look(note, context);
    pthread_mutex_unlock(&lock);
}

void note_forget(void)
{
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
}

void note_enter_file(const char *path)
{
    atomic_store_explicit(&note_mine.path, path, memory_order_relaxed);
    note_enter(NULL, CALLBACK_LOAD);
}

void note_append(char *out, size_t room, const char *text)
{
    size_t length = strlen(out), more = strlen(text);

    if (more > room - 1 - length)
        more = room - 1 - length;
    memcpy(out + length, text, more);
    out[length + more] = '\0';
}

int note_text(const struct note *note, char *out, size_t room)
{
    unsigned callback = atomic_load_explicit(&note->callback, memory_order_acquire);
    const struct entry *entry = atomic_load_explicit(&note->entry, memory_order_relaxed);
    const char *path = atomic_load_explicit(&note->path, memory_order_relaxed);

    if (callback == CALLBACK_NONE)
        return -1;
    out[0] = '\0';
    if (entry == NULL) {
        note_append(out, room, rule_table_callback(callback));
        note_append(out, room, " of the plugin ");
        note_append(out, room, path != NULL ? path : "?");
        return 0;
    }
    note_append(out, room, rule_table_callback(callback));
    note_append(out, room, "() of the plugin ");
    note_append(out, room, entry->plugin.api.name);
    note_append(out, room, " ");
    note_append(out, room, entry->plugin.api.version);
    note_append(out, room, " (entry \"");
    note_append(out, room, entry->name != NULL ? entry->name : "?");
    note_append(out, room, "\", ");
    note_append(out, room, entry->plugin.path);
    note_append(out, room, ")");
    return 0;
}
