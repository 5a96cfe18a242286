/* SPDX-License-Identifier: MIT
 *
 * A device in the field, and what the tracker makes of its messages.
 */
#ifndef TEST_FIELD_H
#define TEST_FIELD_H

#include "sequence/tracker.h"

#define FIRST     MUSTER_VERDICT_FIRST
#define NEW       MUSTER_VERDICT_NEW
#define GAP       MUSTER_VERDICT_GAP
#define LATE      MUSTER_VERDICT_LATE
#define DUPLICATE MUSTER_VERDICT_DUPLICATE
#define RESTART   MUSTER_VERDICT_RESTART
#define OUTLIER   MUSTER_VERDICT_OUTLIER

enum { WINDOW = 1024, MAX_JUMP = 3000, START = 1750000000 };

/* Since the test began. */
struct field {
    struct tracker *tracker;
    uint32_t passed, clock_ahead; /* s */
    uint64_t interval_ns;         /* of its class */
    uint64_t dropped;             /* by the kernel since its highest number came */
    unsigned told_two_senders, told_restarts;
    uint64_t taken_back; /* numbers */
};

extern struct field field;

void field_set_up(void);
void field_tear_down(void);

/* A message of number `seq` with that time stamp, from the sender with that port. */
enum muster_verdict field_judge_from(uint16_t port, uint8_t type, uint32_t seq, uint32_t stamp);

/* What its clock shows. */
uint32_t field_stamp_now(void);

/* DATA made now. */
enum muster_verdict field_data(uint32_t seq);

/* All of these numbers, in order, each so many seconds behind the one before. */
void field_row(uint32_t first, uint32_t last, uint32_t every);

const struct tracker_counts *field_counts(void);

#endif
