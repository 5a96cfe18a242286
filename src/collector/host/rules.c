/* SPDX-License-Identifier: MIT
 *
 * The table, and the words for a call that is not in it.
 */
#include "rules.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "callback.h"

#define IN(name)     (1u << CALLBACK_##name)
#define GETTERS      (IN(CHECK) | IN(OPEN) | IN(WORKER_OPEN) | IN(CONNECT) | IN(RELOAD))
#define FROM_OPEN_ON (~(IN(LOAD) | IN(CHECK)))
#define OF_A_SINK    (IN(CONNECT) | IN(WRITE) | IN(FLUSH) | IN(DISCONNECT) | IN(ROTATE) | IN(TICK))
#define WITH_A_BATCH (IN(PROCESS) | IN(WORKER_TICK) | IN(WORKER_CLOSE))

_Static_assert(CALLBACKS <= 32 && RULES <= 32, "a bit each");

const uint32_t rules_allowed[RULES] = {
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
};

static const char *const names[RULES] = {
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
};

/* "open or worker_open" */
static void list_allowed(uint32_t allowed, char *out, size_t room)
{
    unsigned callback;

    out[0] = '\0';
    for (callback = CALLBACK_NONE; callback < CALLBACKS; callback++) {
        uint32_t later = allowed >> callback >> 1;

        if ((allowed >> callback & 1) == 0)
            continue;
        note_append(out, room,
                    out[0] == '\0'                            ? ""
                    : (later & ((1u << (CALLBACKS - 1)) - 1)) ? ", "
                                                              : " or ");
        note_append(out, room,
                    callback == CALLBACK_NONE ? "a thread of its own"
                                              : callback_name((enum callback)callback));
    }
}

bool rules_break(struct muster_instance *instance, enum rule rule)
{
    enum callback callback =
        (enum callback)atomic_load_explicit(&note_mine.callback, memory_order_relaxed);
    const uint32_t bit = 1u << rule, allowed = rules_allowed[rule];
    char expected[200];

    assert(rule < RULES);
    if (atomic_fetch_or(&instance->broken, bit) & bit)
        return false;
    if (allowed == (uint32_t)FROM_OPEN_ON)
        snprintf(expected, sizeof expected, "open, or what comes behind it");
    else
        list_allowed(allowed, expected, sizeof expected);
    if (allowed >> callback & 1)
        instance_bug(instance, "%s() with the batch of another call", names[rule]);
    else if (callback == CALLBACK_NONE)
        instance_bug(instance, "%s() in a thread of its own; expected in %s", names[rule],
                     expected);
    else
        instance_bug(instance, "%s() in %s(); expected in %s", names[rule], callback_name(callback),
                     expected);
    return false;
}
