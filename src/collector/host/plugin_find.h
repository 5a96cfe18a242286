/* SPDX-License-Identifier: MIT
 *
 * Which file a plugin's name stands for.
 */
#ifndef COLLECTOR_HOST_PLUGIN_FIND_H
#define COLLECTOR_HOST_PLUGIN_FIND_H

#include <stddef.h>

/* The path of the plugin `name`: NAME.so in the first of `directories` (ends with NULL) that has
 * it, or that very file if the name has a slash.  To be freed; NULL with an explanation in `why`,
 * also if a directory in front of it cannot be searched, since it might be there. */
char *plugin_find(const char *name, const char *const *directories, char *why, size_t room);

#endif
