/* SPDX-License-Identifier: MIT
 *
 * The configuration is read again while the daemon runs: plugins whose options have changed are
 * asked to adopt them, and log_level is.  All else takes effect at the next start.
 */
#ifndef COLLECTOR_RELOAD_H
#define COLLECTOR_RELOAD_H

#include "base/log.h"
#include "collector/config/config.h"
#include "collector/flow/chain.h"

/* Where the configuration is, and what it was when plugins adopted it. */
struct reload {
    const char *path;
    const char *const *directories; /* of plugins; NULL at the end */
    struct config **adopted;        /* plugins may hold their texts */
    unsigned count;
};

/* [main] While no front of the chain begins or ends.  A configuration with errors changes nothing.
 */
void reload_run(struct reload *reload, struct chain *chain, struct log *log);

/* [main] After the chain is freed. */
void reload_free(struct reload *reload);

#endif
