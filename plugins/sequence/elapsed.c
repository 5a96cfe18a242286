/* SPDX-License-Identifier: MIT
 *
 * Time that passed since counting began.
 */
#include "elapsed.h"

#include "undo.h"

void elapsed_resume(struct elapsed_log *log, uint64_t wall_ns)
{
    if (log->wall_ns != 0 && wall_ns > log->wall_ns)
        log->passed_ns += wall_ns - log->wall_ns;
    undo_keep_order();
    log->wall_ns = wall_ns;
}

void elapsed_begin(struct elapsed *elapsed, struct elapsed_log *log, bool leads,
                   const struct listening_clocks *clocks)
{
    elapsed->log = log;
    elapsed->leads = leads;
    elapsed->last = *clocks;
    elapsed->passed_ns = __atomic_load_n(&log->passed_ns, __ATOMIC_RELAXED);
}

uint64_t elapsed_now(const struct elapsed *elapsed, uint64_t boot_ns)
{
    uint64_t since = boot_ns - elapsed->last.boot_ns;

    /* In a replay the clock is the capture's, and stands still rather than going back. */
    return elapsed->passed_ns + (since < UINT64_MAX / 2 ? since : 0);
}

void elapsed_tick(struct elapsed *elapsed, const struct listening_clocks *clocks)
{
    elapsed->passed_ns = elapsed_now(elapsed, clocks->boot_ns);
    elapsed->last = *clocks;
    if (!elapsed->leads)
        return;
    /* A kill in between lets the time between two ticks pass twice. */
    __atomic_store_n(&elapsed->log->passed_ns, elapsed->passed_ns, __ATOMIC_RELAXED);
    undo_keep_order();
    __atomic_store_n(&elapsed->log->wall_ns, clocks->wall_ns, __ATOMIC_RELAXED);
}

uint64_t elapsed_at(const struct elapsed *elapsed, uint64_t arrival_ns, uint64_t boot_ns)
{
    uint64_t now = elapsed_now(elapsed, boot_ns), since = arrival_ns - elapsed->last.wall_ns;

    if (since >= UINT64_MAX / 2)
        return elapsed->passed_ns; /* it waited since before that, or the clock was set back */
    return since < now - elapsed->passed_ns ? elapsed->passed_ns + since : now;
}
