/* SPDX-License-Identifier: MIT
 *
 * The performance: plays a plan against the clock, and sends it.
 */
#ifndef FLEET_RUN_H
#define FLEET_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "play.h"
#include "send.h"

struct run_plan {
    double speed;   /* the devices' time by the real time */
    double seconds; /* real; 0: no limit */
    bool progress;  /* a line on standard error, once a second */
};

struct ack;

struct run_result {
    double seconds;   /* from the start to the last datagram, or to the end of the wait for it */
    bool interrupted; /* by a signal */
    int error;        /* errno of a send that failed for good; 0: none */
};

/* Plays until the plan's count or time is reached, one of the signals in `stop`
 * comes in, or sending fails for good; and then until no answer is waited for, if there is an
 * `ack`.  The signals must be blocked.  Returns
 * -1 if memory is short. */
int run(struct play *play, const struct play_plan *play_plan, const struct run_plan *plan,
        struct sender *sender, struct account *account, struct ack *ack, const sigset_t *stop,
        struct run_result *result);

#endif
