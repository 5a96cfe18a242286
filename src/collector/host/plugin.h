/* SPDX-License-Identifier: MIT
 *
 * Finding and loading a plugin's shared object.
 */
#ifndef COLLECTOR_HOST_PLUGIN_H
#define COLLECTOR_HOST_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include <muster/plugin.h>

#include "options.h"

struct plugin {
    void *handle;                /* dlopen's */
    char *path;                  /* of the file */
    struct muster_plugin api;    /* these are completed with zeros if it is of an older version */
    struct muster_filter filter; /* if api.filter is not NULL */
    struct muster_sink sink;     /* if api.sink is not NULL */
    struct option_table options;
};

/* Loads the plugin `name`: NAME.so in the first of `directories` (ends with NULL)
 * that has it, or that very file if the name has a slash.  Returns 0, or -1 with
 * an explanation in `why`. */
int plugin_load(struct plugin *plugin, const char *name, const char *const *directories, char *why,
                size_t room);
void plugin_unload(struct plugin *plugin);

static inline bool plugin_is_filter(const struct plugin *plugin)
{
    return plugin->api.filter != NULL;
}

/* What the plugin calls an event or a reject of its own, by its number; or NULL. */
const char *plugin_event_name(const struct plugin *plugin, uint32_t number);
const char *plugin_reject_name(const struct plugin *plugin, uint32_t number);

const char *plugin_role_name(const struct plugin *plugin);

#endif
