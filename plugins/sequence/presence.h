/* SPDX-License-Identifier: MIT
 *
 * Whether a device is there: how often it should be heard, and since when it was not.
 *
 * A device that sends heartbeats is heard once in each interval at least.  Each message is a sign
 * of life, a copy too.  Silence is measured by the listening clock (hearing.h).
 */
#ifndef SEQUENCE_PRESENCE_H
#define SEQUENCE_PRESENCE_H

#include <muster/record.h>

#include "tables.h"

enum presence {
    PRESENCE_ONLINE, /* or nobody knows how often it should be heard */
    PRESENCE_LATE,   /* one heartbeat is missed: one and a half intervals of silence */
    PRESENCE_SILENT  /* so many are: that many and a half */
};

/* The interval from the catalog, ns; 0: it has none, and the interval is learnt. */
void presence_configure(struct rhythm *rhythm, uint64_t interval_ns);

/* A message has arrived, at `at` by the listening clock, which goes on without a break since
 * `resumed`.  Learns the interval if it is a heartbeat: two intervals in a row that are alike, four
 * if it seems to have become longer, since that is also what loss looks like; none that has a break
 * in it, since the clock does not show its length.  Returns the presence until now, which is online
 * again. */
enum presence presence_heard(struct rhythm *rhythm, struct vitals *vitals,
                             const struct muster_record *record, uint32_t at, uint32_t resumed);

/* What the silence until `now`, by the listening clock, amounts to; `silent_after` is a
 * number of intervals.  It counts from `resumed` at the earliest: a heartbeat may have fallen into
 * the break before.  Sets rhythm->presence. */
enum presence presence_judge(struct rhythm *rhythm, const struct vitals *vitals, uint32_t now,
                             uint32_t resumed, uint32_t silent_after);

#endif
