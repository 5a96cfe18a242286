/* SPDX-License-Identifier: MIT
 *
 * The register of metrics: named numbers, each with one writer or several whose
 * cells are summed.  Reading takes no lock that a writer would notice.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Adds a cell to the metric "ORIGIN.NAME", which is created if need be.  The
 * register owns the cell and the name; unit and help must outlive it.  NULL if
 * memory is short.  Any thread. */
struct muster_counter *metrics_cell(struct metrics *metrics, const char *origin, const char *name,
                                    uint32_t kind, const char *unit, const char *help);

/* The same with a counter's cell that the caller owns and that outlives the register.
 * Returns 0, or -1 if memory is short. */
int metrics_watch(struct metrics *metrics, const char *origin, const char *name, const char *unit,
                  const char *help, const struct muster_counter *cell);

/* Reads metric number `index`, from 0; false past the last.  Any thread.  The
 * strings live as long as the register. */
bool metrics_read(struct metrics *metrics, uint32_t index, struct muster_metric *out);

/* The value now; for cells of any thread. */
static inline uint64_t metrics_value(const struct muster_counter *cell)
{
    return __atomic_load_n(&cell->value, __ATOMIC_RELAXED);
}

#endif
