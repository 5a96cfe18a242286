/* SPDX-License-Identifier: MIT
 *
 * Whose code an address is in, so that a thread that a plugin has made itself, of which there is no
 * note, can be told when it crashes or calls exit().
 */
#ifndef COLLECTOR_HOST_OWNER_H
#define COLLECTOR_HOST_OWNER_H

#include <stddef.h>

#include "plugin.h"

/* The plugin is loaded; `symbol` is something in its file.  [main] */
void owner_add(const struct plugin *plugin, const void *symbol);

/* Before it is unloaded.  [main] */
void owner_remove(const struct plugin *plugin);

/* "the plugin csv 1.0 (/usr/lib/muster/csv.so)": whose code `address` is in, or else what is on the
 * stack from `stack` on, such as that of who called abort(3).  Either may be 0.  Returns 0, or -1
 * if nobody's is.  Safe in a signal handler. */
int owner_text(const void *address, const void *stack, char *out, size_t room);

#endif
