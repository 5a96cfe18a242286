/* SPDX-License-Identifier: MIT
 *
 * Each file that the chain writes is one entry's alone.
 */
#ifndef COLLECTOR_CONFIG_OWN_FILES_H
#define COLLECTOR_CONFIG_OWN_FILES_H

#include "base/problems.h"
#include "config.h"

/* Two options that lead to one file go to `problems`: however they are spelled, by way of links
 * too, and when it is still to be made.  Character devices can be shared, and so can directories.
 */
void own_files_check(const struct config *config, struct problems *problems);

#endif
