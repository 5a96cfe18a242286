/* SPDX-License-Identifier: MIT
 *
 * Which callback of which instance this thread is in.
 */
#ifndef TESTING_CALLBACK_NOTE_H
#define TESTING_CALLBACK_NOTE_H

#include <stdbool.h>

#include "collector/host/rule_table.h"

struct muster_instance;

void callback_note_enter(struct muster_instance *instance, enum callback callback);
void callback_note_leave(void);

/* "write", or NULL: this thread is in none. */
const char *callback_note_name(void);

/* Whether the function may be called here, by the same table as in the daemon; else it is a misuse.
 * Tests that call the plugin themselves are let through, since nobody knows where they are. */
bool callback_note_allows(const struct muster_instance *instance, enum rule rule);

/* Tells, before and after each callback, who watches: NULL for the time between two callbacks. */
void callback_note_watch(void (*watch)(const char *callback));

#endif
