/* SPDX-License-Identifier: MIT
 *
 * Sends answers, by the sockets that their datagrams came in by: so a device hears from the address
 * and the port that it sent to.
 */
#ifndef COLLECTOR_LIVE_REPLY_H
#define COLLECTOR_LIVE_REPLY_H

#include "collector/flow/answers.h"
#include "listener.h"

/* Sends without waiting, by the sockets of that worker; `listeners` has those of all answers.
 * Returns how many the kernel has taken.  Any thread, one at a time. */
unsigned reply_send(const struct listener *listeners, unsigned worker, const struct answer *answers,
                    unsigned count);

#endif
