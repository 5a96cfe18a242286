/* SPDX-License-Identifier: MIT
 *
 * Whether a file is one that may be loaded as a plugin: dlopen runs what is in it, and dies of one
 * that is cut short.
 */
#ifndef COLLECTOR_HOST_PLUGIN_FILE_H
#define COLLECTOR_HOST_PLUGIN_FILE_H

#include <stddef.h>

/* Looks at the file without waiting for it, whatever it is.  Nobody but root and the user that
 * musterd runs as may have it in his hands, and it must be a whole shared object for this machine.
 * Returns 0, or -1 with what is wrong with it, and what to do, in `why`. */
int plugin_file_check(const char *path, char *why, size_t room);

/* Puts in words why the file cannot be reached: what the errno `error` means for that path. */
void plugin_file_explain(const char *path, int error, char *why, size_t room);

#endif
