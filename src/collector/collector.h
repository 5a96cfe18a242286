/* SPDX-License-Identifier: MIT
 *
 * The life of the daemon: start, run, stop, and the ledger at the end.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "collector/config/config.h"
#include "collector/host/host.h"

/* Exit statuses: musterd(8). */
enum {
    COLLECTOR_FINE = 0,
    COLLECTOR_START = 1,
    COLLECTOR_CONFIGURATION = 2,
    COLLECTOR_LEDGER = 3,
    COLLECTOR_PLUGIN =
        70 /* EX_SOFTWARE of sysexits.h: a plugin has ended it, or did not come back */
};

/* [main] Runs the configuration until a signal asks to stop: live, or, if `capture` is not NULL, a
 * replay of that file ("-": standard input), until its end.  The host has log, metrics and catalog.
 * Returns the exit status; does not return if a sink is stuck in its plugin. */
int collector_run(const struct config *config, struct host *host, const char *capture);

#endif
