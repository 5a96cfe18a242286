/* SPDX-License-Identifier: MIT
 *
 * Whether a device is there: how often it should be heard, and since when it was not.
 *
 * A device that sends heartbeats is heard once in each interval at least.  Each message is a sign
 * of life, a copy too.  Silence is measured by the listening clock (listening.h).
 */
#ifndef SEQUENCE_PRESENCE_H
#define SEQUENCE_PRESENCE_H

#include <stdint.h>

#include <muster/record.h>

enum presence {
    PRESENCE_ONLINE, /* or nobody knows how often it should be heard */
    PRESENCE_LATE,   /* one heartbeat is missed: one and a half intervals of silence */
    PRESENCE_SILENT  /* so many are: that many and a half */
};

/* When a device was heard, and how often it should be.  Intervals and the times that end in _at
 * are in units of the listening clock. */
struct contact {
    uint32_t interval;       /* between heartbeats; 0: not known */
    uint32_t candidate;      /* an interval that was seen `candidate_count` times in a row */
    uint32_t heartbeat_time; /* the device's time stamp on its last heartbeat */
    uint8_t candidate_count;
    uint8_t presence;      /* enum presence */
    uint8_t configured;    /* the interval is the catalog's, not learnt */
    uint8_t has_heartbeat; /* heartbeat_time and heartbeat_at are set */
    uint64_t heard_ns;     /* when its last message arrived: ns since the Unix epoch */
    uint32_t heard_at;     /* the same, by the listening clock */
    uint32_t heartbeat_at; /* when its last heartbeat arrived */
};

/* The interval from the catalog, ns; 0: it has none, and the interval is learnt. */
void presence_configure(struct contact *contact, uint64_t interval_ns);

/* A message has arrived, at `at` by the listening clock, which goes on without a break since
 * `resumed`.  Learns the interval if it is a heartbeat: two intervals in a row that are alike, four
 * if it seems to have become longer, since that is also what loss looks like; none that has a break
 * in it, since the clock does not show its length.  Returns the presence until now, which is online
 * again. */
enum presence presence_heard(struct contact *contact, const struct muster_record *record,
                             uint32_t at, uint32_t resumed);

/* What the silence until `now`, by the listening clock, amounts to; `silent_after` is a
 * number of intervals.  It counts from `resumed` at the earliest: a heartbeat may have fallen into
 * the break before.  Sets contact->presence. */
enum presence presence_judge(struct contact *contact, uint32_t now, uint32_t resumed,
                             uint32_t silent_after);

#endif
