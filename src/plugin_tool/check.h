/* SPDX-License-Identifier: MIT
 *
 * muster-plugin check: has a plugin live many lives, and says what is wrong with it.
 */
#ifndef PLUGIN_TOOL_CHECK_H
#define PLUGIN_TOOL_CHECK_H

/* `options` are texts OPTION=VALUE, NULL at the end.  Returns the exit status. */
int check_run(const char *file, char *const *options);

#endif
