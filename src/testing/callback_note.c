/* SPDX-License-Identifier: MIT
 *
 * Which callback of which instance this thread is in.
 */
#include "callback_note.h"

#include <stddef.h>

#include "instance.h"
#include "misuse.h"

static _Thread_local struct muster_instance *note_instance;
static _Thread_local enum callback note_callback;
static void (*watcher)(const char *callback);

void callback_note_watch(void (*watch)(const char *callback))
{
    watcher = watch;
}

void callback_note_enter(struct muster_instance *instance, enum callback callback)
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
    note_callback = CALLBACK_NONE;
    if (watcher != NULL)
        watcher(NULL);
}

const char *callback_note_name(void)
{
    return note_callback != CALLBACK_NONE ? rule_table_callback(note_callback) : NULL;
}

bool callback_note_allows(const struct muster_instance *instance, enum rule rule)
{
    char text[300];

    if (!instance->follows)
        return true;
    if (note_callback != CALLBACK_NONE && note_instance != instance) {
        misuse("the plugin calls %s() with another instance than the callback was given",
               rule_table_function(rule));
        return false;
    }
    if (rule_table_allows(rule, note_callback))
        return true;
    rule_table_explain(rule, note_callback, text, sizeof text);
    misuse("the plugin calls %s", text);
    return false;
}
