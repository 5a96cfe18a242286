/* SPDX-License-Identifier: MIT
 *
 * The process becomes the program that is at its path now, with the sockets open.
 */
#ifndef COLLECTOR_RESTART_H
#define COLLECTOR_RESTART_H

#include <limits.h>

#include "base/problems.h"
#include "collector/live/inherited.h"

struct restart {
    char path[PATH_MAX];      /* of the program; empty: not known */
    char **argv;              /* as it was started */
    struct inherited sockets; /* to be left to it */
    bool is_wanted;           /* once the collector has ended */
};

/* [main] The first act: where the program is. */
void restart_remember(struct restart *restart, char **argv);

/* Has the program that is there look whether it could run with what is configured now; it collects
 * nothing meanwhile.  Returns 0, or -1 after adding what it says to `problems`. */
int restart_check(const struct restart *restart, struct problems *problems);

/* Does not return, unless it cannot be done: with errno. */
void restart_now(const struct restart *restart);

#endif
