/* SPDX-License-Identifier: MIT
 *
 * An address that the collector listens on: a socket for each worker, and the kernel's program that
 * picks one of them for a datagram.
 */
#ifndef COLLECTOR_LIVE_LISTENER_H
#define COLLECTOR_LIVE_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/problems.h"

struct listener {
    struct address address;
    int *sockets; /* one for each worker; -1: not open */
    unsigned socket_count;
};

/* Opens `workers` sockets with that receive buffer in bytes.  Returns 0, or -1 after adding
 * to `problems`; when the kernel grants a smaller buffer, it adds that, too.  Port 0: the kernel
 * picks, and the address tells which.  After either, listener_close. */
int listener_open(struct listener *listener, const struct address *address, unsigned workers,
                  int receive_buffer, struct problems *problems);
void listener_close(struct listener *listener);

/* With several workers: has the kernel give each worker the datagrams of its devices, or all of
 * them to worker 0, as it is after listener_open.  0, or -1 with errno. */
int listener_steer(const struct listener *listener, bool apart);

#endif
