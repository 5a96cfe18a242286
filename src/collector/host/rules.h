/* SPDX-License-Identifier: MIT
 *
 * Where a plugin may call each of the host's functions: the words beside them in struct
 * muster_host, as a table.  A call from elsewhere is said once for each function of an instance,
 * and does nothing.
 */
#ifndef COLLECTOR_HOST_RULES_H
#define COLLECTOR_HOST_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "callback.h"
#include "instance.h"
#include "note.h"

enum rule {
    RULE_GET_INT,
    RULE_GET_REAL,
    RULE_GET_STRING,
    RULE_LIST_LENGTH,
    RULE_LIST_ITEM,
    RULE_CONFIG_ERROR,
    RULE_PROBLEM,
    RULE_TAKE,
    RULE_METRIC,
    RULE_READ_METRIC,
    RULE_FIND_METRIC,
    RULE_DEVICE_COUNT,
    RULE_DEVICE,
    RULE_DEVICE_BY_ID,
    RULE_VALUES,
    RULE_OWN_NAME,
    RULE_ENTRY_NAME,
    RULE_EMIT,
    RULE_DROP,
    RULE_STATE,
    RULE_WAKE,
    RULE_WAIT,
    RULE_STOP,
    RULES /* how many there are */
};

/* For each, the callbacks: bits by enum callback.  CALLBACK_NONE: a thread of the plugin's own. */
extern const uint32_t rules_allowed[RULES];

/* Says that the rule is broken, and returns false. */
bool rules_break(struct muster_instance *instance, enum rule rule);

/* Whether the calling thread may call it now, for that instance. */
static inline bool rules_allow(struct muster_instance *instance, enum rule rule)
{
    unsigned callback = atomic_load_explicit(&note_mine.callback, memory_order_relaxed);

    return (rules_allowed[rule] >> callback & 1) != 0 || rules_break(instance, rule);
}

/* The same for a function that is handed a batch, which must be the one that the thread has: it is
 * not looked into before that is known, but on a thread of the plugin's own. */
static inline bool rules_allow_batch(const struct muster_batch *view, enum rule rule)
{
    unsigned callback = atomic_load_explicit(&note_mine.callback, memory_order_relaxed);

    if (callback == CALLBACK_NONE)
        return rules_break(((const struct batch *)view)->instance, rule);
    return ((rules_allowed[rule] >> callback & 1) != 0 && view == callback_batch) ||
           rules_break(callback_instance, rule);
}

#endif
