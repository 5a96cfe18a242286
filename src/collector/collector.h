/* SPDX-License-Identifier: MIT
 *
 * The life of the daemon: start, run, stop, and the ledger at the end.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "collector/config/config.h"
#include "collector/host/host.h"
#include "attendant.h"
#include "restart.h"

/* Exit statuses: musterd(8). */
enum {
    COLLECTOR_FINE = 0,
    COLLECTOR_START = 1,
    COLLECTOR_CONFIGURATION = 2,
    COLLECTOR_LEDGER = 3,
    COLLECTOR_PLUGIN =
        70 /* EX_SOFTWARE of sysexits.h: a plugin has ended it, or did not come back */
};

/* Of the command line. */
struct collector_arguments {
    const char *config;             /* the file that the configuration is from */
    const char *const *directories; /* of plugins; NULL at the end */
    const char *capture;            /* to be replayed, "-": standard input; or NULL */
    const char *into;        /* where the outputs of a replay were moved; NULL: they were not */
    struct restart *restart; /* of a live collector: how; it says whether that is wanted */
    const struct collector_attendant *attendant; /* of a live collector; or NULL */
};

/* [main] Runs the configuration until a signal asks to stop: live, or, if there is a capture, a
 * replay of it, until its end.  The host has log, metrics and catalog.
 * Returns the exit status; does not return if a sink is stuck in its plugin. */
int collector_run(const struct config *config, struct host *host,
                  const struct collector_arguments *arguments);

#endif
