/* SPDX-License-Identifier: MIT
 *
 * One entry of the chain as the configuration has it: values, and the code of its plugin.  What
 * runs is an instance made of it (instance.h); several may be made of one entry.
 */
#ifndef COLLECTOR_HOST_ENTRY_H
#define COLLECTOR_HOST_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "plugin.h"

struct entry {
    char *name; /* unique in the chain */
    char *file; /* where the entry stands */
    unsigned line;
    struct plugin plugin;
    struct option_value *values; /* one for each of the plugin's options */
    int64_t queue;               /* records that may wait; sinks only */
    bool required;               /* no start without it; sinks only */
    char *spill;                 /* directory for what finds no room; NULL: none; sinks only */
    int64_t spill_size;          /* bytes, at most */
    int64_t spill_drop;          /* enum spill_drop */
    bool incomplete;             /* a required option is missing */
};

static inline bool entry_is_filter(const struct entry *entry)
{
    return plugin_is_filter(&entry->plugin);
}

/* Frees what it holds, and unloads the plugin. */
void entry_free(struct entry *entry);

#endif
