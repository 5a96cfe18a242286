/* SPDX-License-Identifier: MIT
 *
 * Which callback of which instance this thread is in.
 */
#include "callback_note.h"

#include <stddef.h>

#include "instance.h"
#include "misuse.h"

static _Thread_local struct muster_instance *note_instance;
static _Thread_local unsigned note_callback;
static void (*watcher)(const char *callback);

void callback_note_watch(void (*watch)(const char *callback))
{
    watcher = watch;
}

void callback_note_enter(struct muster_instance *instance, enum callback_note callback)
{
    instance->follows = true;
    note_instance = instance;
    note_callback = callback;
    if (watcher != NULL)
        watcher(callback_note_name());
}

void callback_note_leave(void)
{
    note_instance = NULL;
    note_callback = NOTE_NONE;
    if (watcher != NULL)
        watcher(NULL);
}

const char *callback_note_name(void)
{
    static const char *const names[] = {
        "check",        "open",    "reload", "close", "worker_open", "process", "worker_tick",
        "worker_close", "connect", "write",  "flush", "disconnect",  "rotate",  "tick",
    };

    return note_callback != NOTE_NONE ? names[__builtin_ctz(note_callback)] : NULL;
}

bool callback_note_allows(const struct muster_instance *instance, unsigned callbacks,
                          const char *function)
{
    if (!instance->follows)
        return true;
    if (note_callback == NOTE_NONE)
        misuse("the plugin calls %s() on a thread of its own", function);
    else if (note_instance != instance)
        misuse("the plugin calls %s() with another instance than the callback was given", function);
    else if ((note_callback & callbacks) == 0)
        misuse("the plugin calls %s(), which it must not here", function);
    else
        return true;
    return false;
}
