/* SPDX-License-Identifier: MIT
 *
 * The control socket: a thread that answers whoever may ask what the collector does. doc/control.md
 * has the protocol.
 */
#ifndef COLLECTOR_CONTROL_CONTROL_H
#define COLLECTOR_CONTROL_CONTROL_H

#include "collector/attendant.h"

struct control;

/* [main] `commit` is what the program was built from, and outlives it.  NULL if memory is short. */
struct control *control_new(const char *commit);
void control_free(struct control *control);

/* How the collector starts and ends it. */
struct collector_attendant control_attendant(struct control *control);

#endif
