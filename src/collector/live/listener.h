/* SPDX-License-Identifier: MIT
 *
 * The sockets: for each address that the collector listens on, one a worker.
 *
 * Sockets are opened shut: a filter in the kernel refuses every datagram until
 * all of them are there and steering is in place, and again when the collector
 * stops, so that the queue that is left to drain is finite.
 */
#ifndef COLLECTOR_LIVE_LISTENER_H
#define COLLECTOR_LIVE_LISTENER_H

#include <stdint.h>

#include "base/address.h"
#include "base/log.h"

struct listener {
    struct address address;
    int *sockets; /* one for each worker; -1: not open */
    unsigned socket_count;
};

/* Opens `workers` sockets, shut, with that receive buffer in bytes.  Datagrams of
 * device d go to socket d mod workers.  Logs why it fails (-1), and when the
 * kernel grants a smaller buffer.  Port 0: the kernel picks, and the address
 * tells which. */
int listener_open(struct listener *listener, unsigned workers, int receive_buffer, struct log *log);
void listener_close(struct listener *listener);

/* Lets datagrams in, or keeps them out; those kept out count as dropped. */
int socket_let_in(int fd);
int socket_keep_out(int fd);

/* Ends the kernel's counting too: from here on, what comes is answered with "port
 * unreachable", as if the socket were closed already. */
void socket_retire(int fd);

/* How many datagrams the kernel has dropped on this socket, modulo 2^32: no room
 * in the receive buffer, or kept out. */
uint32_t socket_drops(int fd);

#endif
