/* SPDX-License-Identifier: MIT
 *
 * The table, and the words for a call that is not in it.
 */
#include "rule_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define IN(name)     (1u << CALLBACK_##name)
#define GETTERS      (IN(CHECK) | IN(OPEN) | IN(WORKER_OPEN) | IN(CONNECT) | IN(RELOAD))
#define FROM_OPEN_ON (~(IN(LOAD) | IN(CHECK)))
#define OF_A_SINK    (IN(CONNECT) | IN(WRITE) | IN(FLUSH) | IN(DISCONNECT) | IN(ROTATE) | IN(TICK))
#define WITH_A_BATCH (IN(PROCESS) | IN(WORKER_TICK) | IN(WORKER_CLOSE) | IN(FORGET))

_Static_assert(CALLBACKS <= 32 && RULES <= 32, "a bit each");

const uint32_t rule_table[RULES] = {
    [RULE_GET_INT] = GETTERS,
    [RULE_GET_REAL] = GETTERS,
    [RULE_GET_STRING] = GETTERS,
    [RULE_LIST_LENGTH] = GETTERS,
    [RULE_LIST_ITEM] = GETTERS,
    [RULE_CONFIG_ERROR] = IN(CHECK),
    [RULE_PROBLEM] = IN(CHECK),
    [RULE_TAKE] = IN(OPEN),
    [RULE_METRIC] = IN(OPEN) | IN(WORKER_OPEN),
    [RULE_READ_METRIC] = FROM_OPEN_ON,
    [RULE_FIND_METRIC] = FROM_OPEN_ON,
    [RULE_DEVICE_COUNT] = FROM_OPEN_ON,
    [RULE_DEVICE] = FROM_OPEN_ON,
    [RULE_DEVICE_BY_ID] = FROM_OPEN_ON,
    [RULE_VALUES] = IN(PROCESS) | IN(WRITE),
    [RULE_OWN_NAME] = FROM_OPEN_ON,
    [RULE_ENTRY_NAME] = FROM_OPEN_ON,
    [RULE_EMIT] = WITH_A_BATCH,
    [RULE_DROP] = WITH_A_BATCH,
    [RULE_STATE] = IN(OPEN),
    [RULE_WAKE] = FROM_OPEN_ON,
    [RULE_WAIT] = IN(NONE) | OF_A_SINK,
    [RULE_STOP] = FROM_OPEN_ON,
    [RULE_DROPPED_BEFORE] = IN(WRITE),
    [RULE_HOLD] = IN(PROCESS),
    [RULE_RELEASE] = WITH_A_BATCH,
    [RULE_VALUE_COLUMN] = ~IN(LOAD),
    [RULE_MISFIT] = IN(CHECK),
};

static const char *const functions[RULES] = {
    [RULE_GET_INT] = "get_int",
    [RULE_GET_REAL] = "get_real",
    [RULE_GET_STRING] = "get_string",
    [RULE_LIST_LENGTH] = "list_length",
    [RULE_LIST_ITEM] = "list_item",
    [RULE_CONFIG_ERROR] = "config_error",
    [RULE_PROBLEM] = "problem",
    [RULE_TAKE] = "take",
    [RULE_METRIC] = "metric",
    [RULE_READ_METRIC] = "read_metric",
    [RULE_FIND_METRIC] = "find_metric",
    [RULE_DEVICE_COUNT] = "device_count",
    [RULE_DEVICE] = "device",
    [RULE_DEVICE_BY_ID] = "device_by_id",
    [RULE_VALUES] = "values",
    [RULE_OWN_NAME] = "own_name",
    [RULE_ENTRY_NAME] = "entry_name",
    [RULE_EMIT] = "emit",
    [RULE_DROP] = "drop",
    [RULE_STATE] = "state",
    [RULE_WAKE] = "wake",
    [RULE_WAIT] = "wait",
    [RULE_STOP] = "stop",
    [RULE_DROPPED_BEFORE] = "dropped_before",
    [RULE_HOLD] = "hold",
    [RULE_RELEASE] = "release",
    [RULE_VALUE_COLUMN] = "value_column",
    [RULE_MISFIT] = "misfit",
};

const char *rule_table_function(enum rule rule)
{
    assert(rule < RULES);
    return functions[rule];
}

const char *rule_table_callback(enum callback callback)
{
    static const char *const names[CALLBACKS] = {
        [CALLBACK_NONE] = "",
        [CALLBACK_LOAD] = "the loading or unloading",
        [CALLBACK_CHECK] = "check",
        [CALLBACK_OPEN] = "open",
        [CALLBACK_CLOSE] = "close",
        [CALLBACK_IS_SOUND] = "is_sound",
        [CALLBACK_CONVERT] = "convert",
        [CALLBACK_RELOAD] = "reload",
        [CALLBACK_WORKER_OPEN] = "worker_open",
        [CALLBACK_PROCESS] = "process",
        [CALLBACK_WORKER_TICK] = "worker_tick",
        [CALLBACK_WORKER_CLOSE] = "worker_close",
        [CALLBACK_DEVICES] = "devices",
        [CALLBACK_GAPS] = "gaps",
        [CALLBACK_FORGET] = "forget",
        [CALLBACK_CONNECT] = "connect",
        [CALLBACK_WRITE] = "write",
        [CALLBACK_FLUSH] = "flush",
        [CALLBACK_DISCONNECT] = "disconnect",
        [CALLBACK_ROTATE] = "rotate",
        [CALLBACK_TICK] = "tick",
    };

    assert(callback < CALLBACKS);
    return names[callback];
}

/* "open or worker_open" */
static void list_allowed(uint32_t allowed, char *out, size_t room)
{
    size_t length = 0;
    unsigned callback;

    out[0] = '\0';
    for (callback = CALLBACK_NONE; callback < CALLBACKS && length < room; callback++) {
        const uint32_t later = allowed >> callback >> 1 & ((1u << (CALLBACKS - 1)) - 1);
        const char *between = length == 0 ? "" : later != 0 ? ", " : " or ";

        if ((allowed >> callback & 1) != 0)
            length += (size_t)snprintf(out + length, room - length, "%s%s", between,
                                       callback == CALLBACK_NONE
                                           ? "a thread of its own"
                                           : rule_table_callback((enum callback)callback));
    }
}

void rule_table_explain(enum rule rule, enum callback callback, char *out, size_t room)
{
    char expected[200];

    if (rule_table[rule] == (uint32_t)FROM_OPEN_ON)
        snprintf(expected, sizeof expected, "open, or what comes behind it");
    else if (rule_table[rule] == (uint32_t)~IN(LOAD))
        snprintf(expected, sizeof expected, "check, or what comes behind it");
    else
        list_allowed(rule_table[rule], expected, sizeof expected);
    if (callback == CALLBACK_NONE)
        snprintf(out, room, "%s() in a thread of its own; expected in %s",
                 rule_table_function(rule), expected);
    else
        snprintf(out, room, "%s() in %s(); expected in %s", rule_table_function(rule),
                 rule_table_callback(callback), expected);
}
