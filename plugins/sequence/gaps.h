/* SPDX-License-Identifier: MIT
 *
 * The gaps that are open: which numbers, since when, and what is known of the cause.
 *
 * The tracker says which numbers go missing, come late and are lost; this keeps the
 * stretches together, so that each is reported when it ends.  They are in the tables, which may
 * outlive the process, as far as there is room: TABLES_GAPS of them.  More are in memory of their
 * own, and when they opened is forgotten with it.
 */
#ifndef SEQUENCE_GAPS_H
#define SEQUENCE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

enum { GAPS_NONE = 0 };                  /* the end of a list */
#define GAPS_LONGEST (UINT32_C(1) << 31) /* numbers; farther ahead than this is behind */

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
struct gaps *gaps_new(struct tables *tables, uint32_t worker, uint32_t workers, gap_end_fn *end,
                      void *context);
void gaps_free(struct gaps *gaps);

/* [main] Instead of gaps_rebuild and gaps_new, if nobody will keep the lists in accord with the
 * windows. */
void gaps_forget(struct tables *tables);

/* No gap at this index or beyond was ever used. */
uint32_t gaps_used_end(const struct tables *tables);

/* Numbers first to last are missing, as was found at tick `tick`, for `causes` as far as is
 * known.  Returns -1 if memory is short: the end of this stretch is then not reported. */
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
