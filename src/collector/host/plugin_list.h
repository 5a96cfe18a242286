/* SPDX-License-Identifier: MIT
 *
 * Which plugins there are.
 */
#ifndef COLLECTOR_HOST_PLUGIN_LIST_H
#define COLLECTOR_HOST_PLUGIN_LIST_H

#include <stdio.h>

/* Prints each plugin in the directories (ends with NULL): name, version, role, what it is, and its
 * file; of one that cannot be loaded, the reason.  Returns 0, or -1 if memory is short. */
int plugin_list_print(const char *const *directories, FILE *out);

#endif
