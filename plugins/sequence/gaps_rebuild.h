/* SPDX-License-Identifier: MIT
 *
 * The lists of gaps, made anew from what an earlier run left.
 */
#ifndef SEQUENCE_GAPS_REBUILD_H
#define SEQUENCE_GAPS_REBUILD_H

#include <stdint.h>

#include "tables.h"

/* [main] Once, before gaps_new, after recovery: makes the lists anew, in accord with the windows,
 * which alone say what is missing, and with what is lost, which says how much of that is.  What is
 * missing and in no gap, since a kill interrupted a change, has opened at `now_ns`, which is `at`,
 * for all that is known.  Looks at each gap once.  Returns -1 if memory is short. */
int gaps_rebuild(struct tables *tables, uint64_t now_ns, uint32_t at);

#endif
