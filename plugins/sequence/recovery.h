/* SPDX-License-Identifier: MIT
 *
 * What to believe of the tables that an earlier run left, and how to mend them.  [main], before
 * any worker begins.
 */
#ifndef SEQUENCE_RECOVERY_H
#define SEQUENCE_RECOVERY_H

#include <stdbool.h>

#include "tables.h"

/* Whether the tables can have been left by a tracker that was stopped or killed: every field
 * is in its range, and the sums agree.  Writes nothing. */
bool recovery_is_sound(const struct tables *tables);

/* A kill in step_plainly of the tracker, between the highest number and the span, leaves out the
 * session's first number, which came: takes it in. */
void recovery_mend_span(struct session *session, const uint64_t *window);

/* Takes back the changes that were not complete when the process was killed. */
void recovery_take_back(struct tables *tables);

/* That number is another device's now: what is missing of the one that had it is lost. */
void recovery_forget(struct tables *tables, uint32_t id);

/* The tables are from some time before the end: which numbers came since is not
 * known.  Keeps the devices, their intervals and the counters, and ends the sessions, without a
 * claim on what was missing then. */
void recovery_forget_sessions(struct tables *tables);

#endif
