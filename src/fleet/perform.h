/* SPDX-License-Identifier: MIT
 *
 * The performance of a scenario: plays it against the clock, and sends it.
 */
#ifndef FLEET_PERFORM_H
#define FLEET_PERFORM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "claims.h"
#include "run.h"
#include "scenario.h"
#include "send.h"

struct perform;

/* Opens the sockets for all that the scenario sends, so much faster than real.  The target's host
 * and port, and whether each device has a socket, and an address
 * of its own, are those of `send`.  Returns NULL, and writes
 * what is wrong to `error`, which holds SEND_ERROR_SIZE bytes. */
struct perform *perform_open(const struct scenario *scenario, const struct send_plan *send,
                             bool sockets_each, double speed, char *error);
void perform_close(struct perform *perform);

/* Plays it to the end, until one of the signals in `stop` comes in, or until sending fails for
 * good.  The signals must be blocked.  `progress`: a line on standard error, once a second. Returns
 * -1 if memory is short. */
int perform_run(struct perform *perform, bool progress, const sigset_t *stop,
                struct run_result *result);

/* When it has been played: what was sent, what the network did, and what came back. */
const struct claims *perform_claims(const struct perform *perform);
const struct stage *perform_stage(const struct perform *perform);
uint64_t perform_refused(const struct perform *perform);
uint64_t perform_unreachable(const struct perform *perform);

#endif
