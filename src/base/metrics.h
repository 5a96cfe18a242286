/* SPDX-License-Identifier: MIT
 *
 * The register of metrics: named numbers, with a label or without, each with one writer or several
 * whose cells are summed.  Reading takes no lock that a writer would notice.
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

enum metric_type {
    METRIC_U64 = 0,
    METRIC_I64 = 1,
    METRIC_DOUBLE = 2 /* its cells hold the bits of one */
};

/* What a metric is. */
struct metric_description {
    uint32_t kind; /* enum metric_kind */
    uint32_t type; /* enum metric_type */
    const char *name, *unit, *help;
    const char *label, *label_value; /* what those of the same name differ by; NULL: nothing */
};

/* A metric and its value now.  The strings live as long as the register. */
struct metric_reading {
    struct metric_description is; /* its name with the origin in front */
    union {
        uint64_t u64;
        int64_t i64;
        double real;
    } value; /* of its type */
};

enum metrics_outcome {
    METRICS_ADDED,
    METRICS_NO_MEMORY,
    METRICS_CONFLICT /* the register has one of that name, of another kind, type or label */
};

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Adds a cell to the metric "ORIGIN.NAME" with that label, which is created if need be.  The
 * register owns the cell, *cell, which begins as 0, and copies the strings.  Any thread. */
enum metrics_outcome metrics_cell(struct metrics *metrics, const void *owner, const char *origin,
                                  const struct metric_description *is, struct counter **cell);

/* The same, of a counter of type U64 without a label, with a cell of the caller's, which lives
 * until metrics_remove.  Returns 0, or -1 if memory is short. */
int metrics_watch(struct metrics *metrics, const void *owner, const char *origin, const char *name,
                  const char *unit, const char *help, const struct counter *cell);

/* The same for a gauge. */
int metrics_watch_gauge(struct metrics *metrics, const void *owner, const char *origin,
                        const char *name, const char *unit, const char *help,
                        const struct counter *cell);

/* Takes out all cells of the owner; those of metrics_cell are freed.  What a counter had counted in
 * them stays in its metric, so that nobody sees it go back; a metric without cells is not listed
 * until it gets one again.  Any thread. */
void metrics_remove(struct metrics *metrics, const void *owner);

/* Reads metric number `index`, from 0; false past the last.  Any thread. */
bool metrics_read(struct metrics *metrics, uint32_t index, struct metric_reading *out);

/* Reads the metric of that whole name and that value of its label; without one (NULL), the sum over
 * its labels.  False if there is none.  Any thread. */
bool metrics_find(struct metrics *metrics, const char *name, const char *label_value,
                  struct metric_reading *out);

#endif
