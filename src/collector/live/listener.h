/* SPDX-License-Identifier: MIT
 *
 * An address that the collector listens on: a socket for each worker, and the steering between
 * them, so that all datagrams of a device come to one worker.
 */
#ifndef COLLECTOR_LIVE_LISTENER_H
#define COLLECTOR_LIVE_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/problems.h"

struct listener {
    struct address address;
    /* What a datagram that comes in here says of where it went to: see muster_arrival. */
    uint8_t local[16];
    uint16_t port;
    bool has_local; /* it is bound to one address */
    int *sockets;   /* one for each worker; -1: not open */
    unsigned socket_count;
};

/* Opens `workers` sockets, shut, with that receive buffer in bytes.  Returns 0, or -1 after adding
 * to `problems`; when the kernel grants a smaller buffer, it adds that, too.  Port 0: the kernel
 * picks, and the address tells which.  After either, listener_close. */
int listener_open(struct listener *listener, const struct address *address, unsigned workers,
                  int receive_buffer, struct problems *problems);
void listener_close(struct listener *listener);

#endif
