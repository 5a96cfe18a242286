/* SPDX-License-Identifier: MIT
 *
 * The gaps that are open: which numbers, since when, and what is known of the cause.
 *
 * The tracker says which numbers go missing, come late and are lost; this keeps the
 * stretches together, so that each is told when it ends.  They are in the tables, which may outlive
 * the process, as far as there is room: GAPS_KEPT of them.  More are in memory of their own, and
 * when they opened is forgotten with it.
 */
#ifndef SEQUENCE_GAPS_H
#define SEQUENCE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

/* A stretch of numbers that is not missing any more. */
struct gap_end {
    uint16_t device_id;
    uint32_t first, last; /* included */
    uint64_t opened_ns;   /* ns since the Unix epoch */
    bool lost;            /* else it was recovered */
    uint8_t causes;       /* MUSTER_CAUSE_*: what was noticed while it went missing */
};

typedef void gap_end_fn(void *context, const struct gap_end *end);

struct gaps;

/* For the device ids that are `worker` modulo `workers`; goes on with what the
 * tables have of them.  `end` is called for each stretch that ends.  NULL if memory is short. */
struct gaps *gaps_new(const struct tables *tables, uint32_t worker, uint32_t workers,
                      gap_end_fn *end, void *context);
void gaps_free(struct gaps *gaps);

/* [main] Once, before gaps_new, when an earlier run left something: makes the lists anew, in accord
 * with the windows, which alone say what is missing.  What is missing and in no gap has opened at
 * `now_ns`, for all that is known.  *untold is how many there is no room for: those are not
 * told of any more.  Returns -1 if memory is short. */
int gaps_rebuild(const struct tables *tables, uint64_t now_ns, uint32_t *untold);

/* [main] Instead, if nobody will keep the lists in accord with the windows. */
void gaps_forget(const struct tables *tables);

/* Numbers first to last are missing, as was found at tick `tick`, for `causes` as far as is
 * known.  Returns -1 if memory is short: this stretch is then not told of. */
int gaps_open(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last, uint64_t now_ns,
              uint32_t tick, uint8_t causes);

/* One of them came late. */
void gaps_recover(struct gaps *gaps, uint16_t device_id, uint32_t number);

/* The window has left numbers first to last behind. */
void gaps_lose(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last);

/* The session is over: all of the device's are lost. */
void gaps_lose_all(struct gaps *gaps, uint16_t device_id);

/* About once a second: tick number `tick` ends, and in it these causes were noticed.  They may
 * be why a gap opened in it. */
void gaps_tick(struct gaps *gaps, uint32_t tick, uint8_t causes);

#endif
