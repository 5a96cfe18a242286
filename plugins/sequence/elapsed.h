/* SPDX-License-Identifier: MIT
 *
 * Time that passed since counting began, by the boot clock: whatever the wall clock is set to, ten
 * seconds are ten seconds.  It goes on over restarts, by as much as the wall clock did meanwhile,
 * since the boot clock may have begun anew.
 */
#ifndef SEQUENCE_ELAPSED_H
#define SEQUENCE_ELAPSED_H

#include <stdbool.h>
#include <stdint.h>

#include "listening.h"

/* What outlives the process: of the first worker, at its last tick. */
struct elapsed_log {
    uint64_t passed_ns;
    uint64_t wall_ns; /* ns since the Unix epoch; 0: nothing has passed yet */
};

/* A worker's view. */
struct elapsed {
    struct elapsed_log *log;
    bool leads;                   /* this is the first worker */
    struct listening_clocks last; /* at the last tick */
    uint64_t passed_ns;           /* until then */
};

/* [main] Before any worker begins: what passed between two runs is added. */
void elapsed_resume(struct elapsed_log *log, uint64_t wall_ns);

void elapsed_begin(struct elapsed *elapsed, struct elapsed_log *log, bool leads,
                   const struct listening_clocks *clocks);

/* About once a second. */
void elapsed_tick(struct elapsed *elapsed, const struct listening_clocks *clocks);

/* What has passed by now, as the boot clock shows it. */
uint64_t elapsed_now(const struct elapsed *elapsed, uint64_t boot_ns);

/* What had passed at an arrival since the last tick, ns since the Unix epoch: at least what had at
 * that tick.  `boot_ns` is now. */
uint64_t elapsed_at(const struct elapsed *elapsed, uint64_t arrival_ns, uint64_t boot_ns);

static inline uint32_t elapsed_seconds(uint64_t passed_ns)
{
    return (uint32_t)(passed_ns / 1000000000);
}

#endif
