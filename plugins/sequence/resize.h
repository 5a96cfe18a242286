/* SPDX-License-Identifier: MIT
 *
 * The tables of an earlier run, taken over to those of another window.
 */
#ifndef SEQUENCE_RESIZE_H
#define SEQUENCE_RESIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

/* What smaller tables have no place for. */
struct resize_losses {
    uint64_t numbers; /* that were missing, and are lost now; in the counts, too */
    uint32_t gaps;    /* of which nothing is left, and whose end nobody reports */
    uint32_t devices; /* that there cannot be any more, and are forgotten */
};

/* [main] Before a run begins: copies to tables of zeros what others have, which are only read and
 * must be sound, with what was not complete when the process was killed taken back.  The newest
 * numbers of each session stay known, as many as both windows have.  `is_stale`: sessions are of no
 * use, and recovery_forget_sessions comes next; then `from` may be damaged, too. */
struct resize_losses resize_tables(struct tables *to, const struct tables *from, bool is_stale);

#endif
