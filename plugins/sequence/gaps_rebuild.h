/* SPDX-License-Identifier: MIT
 *
 * The lists of open gaps, made anew from what an earlier run left.
 */
#ifndef SEQUENCE_GAPS_REBUILD_H
#define SEQUENCE_GAPS_REBUILD_H

#include <stdint.h>

#include "tables.h"

/* [main] Once, before gaps_new, when an earlier run left something: makes the lists anew, in accord
 * with the windows, which alone say what is missing.  What is missing and in no gap has opened at
 * `now_ns`, for all that is known.  *not_reported is how many there is no room for: the end of
 * those will not be.  Returns -1 if memory is short. */
int gaps_rebuild(struct tables *tables, uint64_t now_ns, uint32_t *not_reported);

#endif
