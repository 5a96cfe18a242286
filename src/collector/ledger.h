/* SPDX-License-Identifier: MIT
 *
 * The law of the ledger: every datagram that the kernel delivered is in the output
 * or in a counter that says why not.
 *
 *   packets = taken + other port + not UDP + ...        of a capture, in a replay
 *   taken = received
 *   received = decoded + rejected                        datagrams, by reason
 *   records + kept rejects = the first filter's in
 *   in + emitted = out + dropped                         records, for each filter
 *   the last filter's out = fanned out
 *   offered = written + queued + dropped                 records, for each sink, by reason
 */
#ifndef COLLECTOR_LEDGER_H
#define COLLECTOR_LEDGER_H

#include <stdbool.h>
#include <stdio.h>

#include "collector/flow/chain.h"
#include "collector/replay/capture.h"

/* Prints the sums of a chain that is closed.  `capture` is where a replay's packets went, or NULL.
 * Returns whether all of them agree.  `unfinished`: the threads of the chain are still there, so
 * what they have in their hands is in no sum. */
bool ledger_print(const struct chain *chain, const struct capture_account *capture, double seconds,
                  bool unfinished, FILE *out);

#endif
