/* SPDX-License-Identifier: MIT
 *
 * The reference mode: judges as the reference server does.
 */
#ifndef SEQUENCE_REFERENCE_H
#define SEQUENCE_REFERENCE_H

#include <muster/record.h>

#include "tables.h"

/* Every message has a number; equal to the last: DUPLICATE; larger than the last + 1: GAP, and
 * record->message.gap is set; else NEW.  There are no sessions, no window and no wrap. */
enum muster_verdict reference_judge(struct session *session, struct tracker_counts *counts,
                                    struct muster_record *record);

#endif
