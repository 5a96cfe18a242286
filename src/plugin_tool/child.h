/* SPDX-License-Identifier: MIT
 *
 * A process that runs a plugin, and that may crash, exit or hang.
 */
#ifndef PLUGIN_TOOL_CHILD_H
#define PLUGIN_TOOL_CHILD_H

/* Runs `work` in a process of its own, and adds to the report how it ended, if not by coming back.
 * Its standard output goes nowhere.  Returns 0 if `work` came back, else -1. */
int child_run(void (*work)(const void *context), const void *context);

#endif
