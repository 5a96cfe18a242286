/* SPDX-License-Identifier: MIT
 *
 * What a start would find: addresses and ports, directories, files.
 */
#ifndef COLLECTOR_ENVIRONMENT_H
#define COLLECTOR_ENVIRONMENT_H

#include "base/problems.h"
#include "collector/config/config.h"

/* [main] Looks whether the collector could start with this configuration, here and now.  Changes
 * nothing, and waits for nothing.  What would keep it from starting is an error; what it would
 * start with in trouble, such as an output that cannot be written yet, a warning. */
void environment_check(const struct config *config, struct problems *problems);

#endif
