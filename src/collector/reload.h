/* SPDX-License-Identifier: MIT
 *
 * The configuration is read again while the daemon runs, as a transaction: either all that has
 * changed is in force afterwards, or nothing is, and whoever asked is told why.
 *
 * log_level, stop_timeout, the catalog's devices, the options that a plugin adopts, and sinks,
 * which come, go and are replaced, can change; all else needs a restart, and refuses the whole.
 */
#ifndef COLLECTOR_RELOAD_H
#define COLLECTOR_RELOAD_H

#include <stdbool.h>

#include "base/problems.h"
#include "collector/config/config.h"
#include "collector/flow/chain.h"

/* Where the configuration is, and what runs. */
struct reload {
    const char *path;
    const char *const *directories; /* of plugins; NULL at the end */
    struct chain *chain;
    const struct config *running; /* what is in force: the first, or the last that was adopted */
    struct config **kept;         /* plugins may hold their texts, and others their names */
    unsigned count;
};

/* [main] While no front of the chain begins or ends.  Returns 0, or -1 if nothing has changed since
 * it cannot be; what was done, would be done if it is a `dry` run, or is wrong, with its place, is
 * added to `said`. */
int reload_run(struct reload *reload, bool dry, struct problems *said);

/* [main] Now and then: replaces the sinks whose plugins could not adopt what has changed. */
void reload_renew(struct reload *reload, struct problems *said);

/* [main] After the chain is freed. */
void reload_free(struct reload *reload);

#endif
