/* SPDX-License-Identifier: MIT
 *
 * Figures of several devices together.
 */
#include "claims.h"

const char *claims_doubt_name(enum claims_doubt doubt)
{
    static const char *const names[CLAIMS_DOUBTS] = {
        [CLAIMS_CERTAIN] = "certain",   [CLAIMS_TWO_SENDERS] = "two_senders",
        [CLAIMS_RANDOM] = "random",     [CLAIMS_STRAGGLER] = "straggler",
        [CLAIMS_RESTART] = "restart",   [CLAIMS_CLOCK] = "clock",
        [CLAIMS_DISORDER] = "disorder",
    };

    return names[doubt];
}

void claims_add(struct claims_figures *sum, const struct claims_figures *figures)
{
    struct account_expect *to = &sum->expect;
    const struct account_expect *from = &figures->expect;
    size_t i;

    to->records += from->records;
    to->missing += from->missing;
    to->recovered += from->recovered;
    to->late += from->late;
    to->lost += from->lost;
    to->gaps += from->gaps;
    to->duplicates += from->duplicates;
    to->unnumbered += from->unnumbered;
    to->shared += from->shared;
    to->invisible += from->invisible;
    to->reach = from->reach > to->reach ? from->reach : to->reach;
    to->jump = from->jump > to->jump ? from->jump : to->jump;
    sum->first += figures->first;
    sum->in_order += figures->in_order;
    sum->restarts += figures->restarts;
    sum->lost_by_restart += figures->lost_by_restart;
    sum->two_senders += figures->two_senders;
    sum->unclaimed += figures->unclaimed;
    for (i = 0; i < CLAIMS_DOUBTS; i++)
        sum->doubts[i] += figures->doubts[i];
}
