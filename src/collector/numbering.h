/* SPDX-License-Identifier: MIT
 *
 * The numbers of devices beyond those of the built-in format, from a run's start to its end: kept
 * with the states, and only if a listener has a format whose devices may need them.
 *
 * All of this is [main].
 */
#ifndef COLLECTOR_NUMBERING_H
#define COLLECTOR_NUMBERING_H

#include "base/problems.h"
#include "collector/config/config.h"
#include "collector/host/host.h"

struct numbering {
    struct numbers *numbers; /* NULL: no device needs any */
    struct state *state;
};

/* Between state_store_open and the first plugin; sets host->numbers.  Starts as all zeros.  Returns
 * 0, or -1 after adding to `problems`; in either case numbering_close too. */
int numbering_open(struct numbering *numbering, const struct config *config, struct host *host,
                   struct problems *problems);

/* When every plugin is closed, and before state_store_close. */
void numbering_close(struct numbering *numbering, struct host *host, struct problems *problems);

#endif
