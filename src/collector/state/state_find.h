/* SPDX-License-Identifier: MIT
 *
 * Which file an instance's state comes from.
 */
#ifndef COLLECTOR_STATE_STATE_FIND_H
#define COLLECTOR_STATE_STATE_FIND_H

#include "state_store.h"

/* Finds what earlier runs left, if it is good, and maps it; what is no good is set aside. */
enum state_outcome state_find(struct state *state, struct muster_state *wanted,
                              struct problems *problems);

#endif
