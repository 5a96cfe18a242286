/* SPDX-License-Identifier: MIT
 *
 * The gaps that are open: which numbers, since when, and what is known of the cause.
 *
 * The tracker says which numbers go missing, come late and are lost; this keeps the
 * stretches together, so that each is told when it ends.
 */
#ifndef SEQUENCE_GAPS_H
#define SEQUENCE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

/* A stretch of numbers that is not missing any more. */
struct gap_end {
    uint16_t device_id;
    uint32_t first, last; /* included */
    uint64_t opened_ns;   /* ns since the Unix epoch */
    bool lost;            /* else it was recovered */
    bool kernel;          /* the kernel dropped datagrams at that time */
};

typedef void gap_end_fn(void *context, const struct gap_end *end);

struct gaps;

/* For the device ids that are `worker` modulo `workers`.  `end` is called for each
 * stretch that ends.  NULL if memory is short. */
struct gaps *gaps_new(uint32_t worker, uint32_t workers, gap_end_fn *end, void *context);
void gaps_free(struct gaps *gaps);

/* The device has been heard, so what it sent before is not affected by what the kernel
 * drops from now on.  Call it after the others. */
void gaps_heard(struct gaps *gaps, uint16_t device_id);

/* Numbers first to last are missing.  Returns -1 if memory is short: this stretch is
 * then not told of. */
int gaps_open(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last,
              uint64_t now_ns);

/* One of them came late. */
void gaps_recover(struct gaps *gaps, uint16_t device_id, uint32_t number);

/* The window has left numbers first to last behind. */
void gaps_lose(struct gaps *gaps, uint16_t device_id, uint32_t first, uint32_t last);

/* The session is over: all of the device's are lost. */
void gaps_lose_all(struct gaps *gaps, uint16_t device_id);

/* About once a second: how many datagrams the kernel has dropped so far. */
void gaps_tick(struct gaps *gaps, uint64_t kernel_drops);

#endif
