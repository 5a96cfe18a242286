/* SPDX-License-Identifier: MIT
 *
 * Taking datagrams from a socket, many with one call.
 */
#ifndef COLLECTOR_LIVE_RECEIVER_H
#define COLLECTOR_LIVE_RECEIVER_H

#include <stddef.h>
#include <stdint.h>

#include "collector/flow/pipeline.h"

enum { RECEIVER_BATCH = 64 };

struct receiver;

/* For datagrams of up to `largest` bytes.  NULL if memory is short. */
struct receiver *receiver_new(uint32_t largest);
void receiver_free(struct receiver *receiver);

/* Takes what is there, up to RECEIVER_BATCH datagrams, without waiting.  Returns
 * how many, 0 if there is none, or -1 with errno for an error of the socket. */
int receiver_receive(struct receiver *receiver, int fd);

/* Number `index` of the last call, readable until the next; all but its listener and that one's
 * port, and where it went to only if the socket tells. */
void receiver_get(struct receiver *receiver, int index, struct datagram *datagram);

#endif
