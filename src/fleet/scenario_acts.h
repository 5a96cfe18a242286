/* SPDX-License-Identifier: MIT
 *
 * Reads a scenario's timeline.
 */
#ifndef FLEET_SCENARIO_ACTS_H
#define FLEET_SCENARIO_ACTS_H

#include "scenario.h"

/* Reads the timeline, a list, when the groups are known; `is_declared` as in scenario_read().  Adds
 * to `problems` what is wrong. Returns -1 if memory is short. */
int scenario_acts_read(struct scenario *scenario, const struct node *list, bool is_declared,
                       struct problems *problems);

#endif
