/* SPDX-License-Identifier: MIT
 *
 * The thread that moves lanes to the store.
 */
#ifndef COLLECTOR_FLOW_SPILL_THREAD_H
#define COLLECTOR_FLOW_SPILL_THREAD_H

#include "spill.h"

#define SPILL_SEGMENT_MOST (UINT64_C(16) << 20)

/* The thread of a struct spill. */
void *spill_run(void *argument);

/* [with the lock] All that was stored is settled. */
void spill_tell_over(struct spill *spill);

#endif
