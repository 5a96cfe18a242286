/* SPDX-License-Identifier: MIT
 *
 * How often a device sends heartbeats: as the catalog says, or learnt.
 *
 * What is learnt is the longest interval that is usual.  A device may be awake for some heartbeats
 * and asleep for longer, so it is not the commonest: of the last 16 intervals, those that are as
 * long as that or longer cover three quarters of the time; and of those that are almost four times
 * as long, or more, there is one at most.  Losses make an interval longer, too, but up to a quarter
 * of all do not cover that much.
 */
#ifndef SEQUENCE_HABITS_H
#define SEQUENCE_HABITS_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#include "listening.h"

enum { HABITS_INTERVALS = 16 };

/* Intervals and the times that end in _at are in units of the listening clock. */
struct habits {
    uint32_t interval;              /* between heartbeats; 0: not known */
    uint32_t heartbeat_at;          /* when its last heartbeat arrived */
    uint32_t heartbeat_time;        /* the device's time stamp on it */
    uint32_t data_interval;         /* between DATA messages, by the catalog; 0: not known */
    uint64_t data_ns;               /* when DATA came last before a message of another kind, ... */
    uint32_t data_at;               /* ... by the time that passed, and by the listening clock */
    uint8_t configured;             /* the interval is the catalog's, not learnt */
    uint8_t has_heartbeat;          /* the first three are set */
    uint8_t doubted;                /* heartbeats in a row whose stamp was not newer */
    uint8_t count;                  /* of `last` that are known, and which is the next */
    uint8_t last[HABITS_INTERVALS]; /* intervals, in eighths of an octave */
};

_Static_assert(sizeof(struct habits) == 48, "the layout is in files");

/* The interval from the catalog, ns; 0: it has none, and the interval is learnt. */
void habits_configure(struct habits *habits, uint64_t interval_ns);

/* A heartbeat has arrived.  `is_broken`: the listening clock does not show how long it was since
 * the last one.  Returns whether the interval became known, or shorter. */
bool habits_heartbeat(struct habits *habits, const struct muster_record *record,
                      const struct listening_moment *moment, bool is_broken);

/* Whether what is in a file can be so. */
bool habits_are_sound(const struct habits *habits);

#endif
