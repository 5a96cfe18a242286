/* SPDX-License-Identifier: MIT
 *
 * Which symbols a shared object shows to others.
 */
#ifndef PLUGIN_TOOL_SYMBOLS_H
#define PLUGIN_TOOL_SYMBOLS_H

/* Adds to the report what the file exports beside muster_plugin_v1, and what it needs of a host. */
void symbols_check(const char *path);

#endif
