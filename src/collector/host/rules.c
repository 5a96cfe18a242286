/* SPDX-License-Identifier: MIT
 *
 * The words for a call where there must be none.
 */
#include "rules.h"

#include <assert.h>
#include <stdlib.h>

bool rules_break(struct muster_instance *instance, enum rule rule)
{
    enum callback callback =
        (enum callback)atomic_load_explicit(&note_mine.callback, memory_order_relaxed);
    const bool is_missing = instance == NULL;
    const uint32_t bit = 1u << rule;
    char text[300];

    assert(rule < RULES);
    if (is_missing && callback > CALLBACK_LOAD)
        instance = callback_instance;
    if (instance == NULL)
        abort(); /* nobody knows whose; who sees the end of the process names the plugin */
    if (atomic_fetch_or(&instance->broken, bit) & bit)
        return false;
    rule_table_explain(rule, callback, text, sizeof text);
    if (!rule_table_allows(rule, callback))
        instance_bug(instance, "%s", text);
    else if (is_missing)
        instance_bug(instance, "%s() without an instance; pass the one that %s() was given",
                     rule_table_function(rule), callback == CALLBACK_CHECK ? "check" : "open");
    else
        instance_bug(instance, "%s() with the batch of another call, or none",
                     rule_table_function(rule));
    return false;
}
