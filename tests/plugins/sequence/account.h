/* SPDX-License-Identifier: MIT
 *
 * An account of gaps: each missing number is in one that opens, and in one that ends.
 */
#ifndef TESTS_SEQUENCE_ACCOUNT_H
#define TESTS_SEQUENCE_ACCOUNT_H

#include <stdint.h>

#include "collector.h"

enum { ACCOUNT_NUMBERS = 1 << 16, ACCOUNT_KILLS = 512 };

struct account {
    uint64_t opened_ns[DEVICES][ACCOUNT_NUMBERS]; /* 0: not open */
    uint64_t killed_ns[ACCOUNT_KILLS];            /* when, in the middle of a change */
    uint32_t kills;
    uint64_t missing, recovered, lost;
    uint64_t not_reported; /* what was lost long before a kill, in a gap that was changing then */
};

/* A message arrives at the collector, and its events are booked.  Returns the message as it came
 * out, which must be the first. */
struct muster_record account_receive(struct account *account, struct collector *c,
                                     const struct muster_record *record);

#endif
