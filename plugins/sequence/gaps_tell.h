/* SPDX-License-Identifier: MIT
 *
 * What is told of gaps, and the causes that they count under: for gaps.c.
 */
#ifndef SEQUENCE_GAPS_TELL_H
#define SEQUENCE_GAPS_TELL_H

#include <stdint.h>

#include "gaps.h"
#include "window.h"

/* These news of the gap; its times are filled in. */
void gaps_tell(const struct gaps *gaps, const struct gap *gap, struct gaps_news news);

/* That these numbers of the gap were open, and are lost. */
void gaps_tell_lost(const struct gaps *gaps, const struct gap *gap, uint32_t first, uint32_t count,
                    uint8_t causes);

/* The run of the gap that the window has left behind is complete. */
void gaps_tell_run(const struct gaps *gaps, struct gap *gap);

/* Numbers of a gap that are in the window, from some number on. */
struct gaps_part {
    const struct session *session;
    const uint64_t *window;
    uint32_t size; /* of the window */
    uint32_t first, count;
};

struct gaps_part gaps_tell_part(const struct gaps *gaps, const struct gap *gap);

/* The next run of them that did not come; of none, its count is 0. */
struct window_run gaps_tell_next(struct gaps *gaps, struct gaps_part *part);

/* That what is missing of the gap is what it was, with these causes now. */
void gaps_tell_missing(struct gaps *gaps, struct gap *gap, uint8_t causes);

/* What is missing of the gap, or is lost and not told yet, is counted under these causes, and told.
 */
void gaps_tell_causes(struct gaps *gaps, struct gap *gap, uint8_t causes);

#endif
