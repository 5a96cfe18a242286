/* SPDX-License-Identifier: MIT
 *
 * Whether a plugin may call a function of the host where it does, by rule_table.h.  A call from
 * elsewhere is said once for each function of an instance, and does nothing.
 */
#ifndef COLLECTOR_HOST_RULES_H
#define COLLECTOR_HOST_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "callback.h"
#include "instance.h"
#include "note.h"

/* Says that the rule is broken, and returns false.  `instance` is NULL if the plugin has passed
 * none. */
bool rules_break(struct muster_instance *instance, enum rule rule);

/* Whether the calling thread may call it now, for that instance. */
static inline bool rules_allow(struct muster_instance *instance, enum rule rule)
{
    unsigned callback = atomic_load_explicit(&note_mine.callback, memory_order_relaxed);

    return (rule_table_allows(rule, callback) && instance != NULL) || rules_break(instance, rule);
}

/* The same for a function that is handed a batch, which must be the one that the thread has: it is
 * not looked into before that is known, but on a thread of the plugin's own. */
static inline bool rules_allow_batch(const struct muster_batch *view, enum rule rule)
{
    unsigned callback = atomic_load_explicit(&note_mine.callback, memory_order_relaxed);

    if (callback == CALLBACK_NONE)
        return rules_break(view != NULL ? ((const struct batch *)view)->instance : NULL, rule);
    return (rule_table_allows(rule, callback) && view == callback_batch) ||
           rules_break(callback_instance, rule);
}

#endif
