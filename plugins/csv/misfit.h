/* SPDX-License-Identifier: MIT
 *
 * Whether the file that is there could take the rows, for a check.
 */
#ifndef PLUGINS_CSV_MISFIT_H
#define PLUGINS_CSV_MISFIT_H

#include <stddef.h>

#include <muster/plugin.h>

/* Tells the host if a file at the path of the entry has another first line than `header`, which
 * ends with a newline.  Waits for nothing and changes nothing. */
void misfit_check(const struct muster_host *host, struct muster_instance *instance,
                  const char *header, size_t size);

#endif
