/* SPDX-License-Identifier: MIT
 *
 * The replies of the listeners' formats against the chain: `after` names a sink of it.
 */
#ifndef COLLECTOR_CONFIG_AFTER_H
#define COLLECTOR_CONFIG_AFTER_H

#include "base/problems.h"
#include "config.h"

/* What is wrong goes to `problems`. */
void after_check(const struct config *config, struct problems *problems);

#endif
