/* SPDX-License-Identifier: MIT
 *
 * muster-plugin new: a folder with a plugin that builds and passes its check, to begin with.
 */
#ifndef PLUGIN_TOOL_NEW_H
#define PLUGIN_TOOL_NEW_H

#include <stdbool.h>

/* Makes the folder NAME in the present directory.  Returns the exit status. */
int new_run(const char *name, bool is_filter, bool is_cxx);

#endif
