/* SPDX-License-Identifier: MIT
 *
 * The register of metrics: named numbers, each with one writer or several whose
 * cells are summed.  Reading takes no lock that a writer would notice.
 *
 * What is registered has an owner, any pointer, and is taken out again by it.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "counter.h"

enum metric_kind {
    METRIC_COUNTER = 0, /* only grows */
    METRIC_GAUGE = 1    /* goes up and down */
};

/* What a metric is, and its value now.  The strings live as long as the register. */
struct metric_reading {
    uint32_t kind; /* enum metric_kind */
    const char *name, *unit, *help;
    uint64_t value;
};

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Adds a cell to the metric "ORIGIN.NAME", which is created if need be.  The
 * register owns the cell and copies the strings.  NULL if memory is short.  Any thread. */
struct counter *metrics_cell(struct metrics *metrics, const void *owner, const char *origin,
                             const char *name, uint32_t kind, const char *unit, const char *help);

/* The same with a cell of the caller's, which lives until metrics_remove.
 * Returns 0, or -1 if memory is short. */
int metrics_watch(struct metrics *metrics, const void *owner, const char *origin, const char *name,
                  const char *unit, const char *help, const struct counter *cell);

/* Takes out all cells of the owner; those of metrics_cell are freed.  What a counter had counted in
 * them stays in its metric, so that nobody sees it go back; a metric without cells is not listed
 * until it gets one again.  Any thread. */
void metrics_remove(struct metrics *metrics, const void *owner);

/* Reads metric number `index`, from 0; false past the last.  Any thread. */
bool metrics_read(struct metrics *metrics, uint32_t index, struct metric_reading *out);

#endif
