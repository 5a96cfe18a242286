/* SPDX-License-Identifier: MIT
 *
 * Which callbacks there are, and in which of them a plugin may call each of the host's functions:
 * the words beside them in struct muster_host, as a table.  The daemon and the host for tests go by
 * the same one.
 */
#ifndef COLLECTOR_HOST_RULE_TABLE_H
#define COLLECTOR_HOST_RULE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum callback {
    CALLBACK_NONE, /* the thread is in the daemon's own code */
    CALLBACK_LOAD, /* dlopen or dlclose, with a constructor or destructor of the shared object */
    CALLBACK_CHECK,
    CALLBACK_OPEN,
    CALLBACK_CLOSE,
    CALLBACK_IS_SOUND,
    CALLBACK_CONVERT,
    CALLBACK_RELOAD,
    CALLBACK_WORKER_OPEN,
    CALLBACK_PROCESS,
    CALLBACK_WORKER_TICK,
    CALLBACK_WORKER_CLOSE,
    CALLBACK_DEVICES,
    CALLBACK_GAPS,
    CALLBACK_FORGET,
    CALLBACK_CONNECT,
    CALLBACK_WRITE,
    CALLBACK_FLUSH,
    CALLBACK_DISCONNECT,
    CALLBACK_ROTATE,
    CALLBACK_TICK,
    CALLBACKS /* how many there are */
};

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
    RULE_DROPPED_BEFORE,
    RULE_HOLD,
    RULE_RELEASE,
    RULE_VALUE_COLUMN,
    RULE_MISFIT,
    RULES /* how many there are */
};

/* For each, the callbacks: bits by enum callback.  CALLBACK_NONE: a thread of the plugin's own. */
extern const uint32_t rule_table[RULES];

static inline bool rule_table_allows(enum rule rule, unsigned callback)
{
    return (rule_table[rule] >> callback & 1) != 0;
}

/* "write" */
const char *rule_table_callback(enum callback callback);

/* "metric() in write(); expected in open or worker_open" */
void rule_table_explain(enum rule rule, enum callback callback, char *out, size_t room);

/* "metric" */
const char *rule_table_function(enum rule rule);

#endif
