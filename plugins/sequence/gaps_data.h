/* SPDX-License-Identifier: MIT
 *
 * What gaps.c and gaps_tell.c share.
 */
#ifndef SEQUENCE_GAPS_DATA_H
#define SEQUENCE_GAPS_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "gaps.h"
#include "gaps_list.h"

struct gaps {
    struct gaps_options options;
    struct tables *tables;
    struct slot *slot;
    struct gaps_list list;
    struct gaps_sums sums;
    uint32_t at;        /* by the clock of gaps_settle, as far as it was told */
    uint32_t looked_at; /* the same, at the last tick */
    bool has_looked;
    uint64_t steps;
};

#endif
