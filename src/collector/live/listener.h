/* SPDX-License-Identifier: MIT
 *
 * An address that the collector listens on: a socket for each worker, and the kernel's program that
 * picks one of them for a datagram.
 *
 * Its interface may be missing, as at boot.  Then the sockets are there, and receive nothing until
 * listener_look finds the interface, or finds it back under another index.
 */
#ifndef COLLECTOR_LIVE_LISTENER_H
#define COLLECTOR_LIVE_LISTENER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/problems.h"
#include "collector/config/listen.h"
#include "inherited.h"

struct listener {
    const struct listen *listen; /* outlives it */
    struct address address;      /* as bound */
    int *sockets;                /* one for each worker; -1: not open */
    unsigned socket_count;
    unsigned bound_count;   /* of them that are bound */
    uint32_t *drops;        /* of each, what the kernel has dropped on it and is counted already */
    int receive_buffer;     /* bytes */
    unsigned interface;     /* index of the interface that it is bound to; 0: any */
    atomic_uint generation; /* how often its sockets were replaced by others */
    bool is_ready;          /* it receives */
    int said;               /* the errno of what was last said of it */
};

/* Takes sockets that the process was started with, and opens others, until there are `workers`
 * with that receive buffer in bytes.  Returns 0, or -1 after adding to
 * `problems`; when the kernel grants a smaller buffer, or the listener cannot receive yet, it adds
 * that, too.  Port 0: the kernel picks, and the address tells which.  After either, listener_close.
 */
int listener_open(struct listener *listener, const struct listen *listen, unsigned workers,
                  int receive_buffer, struct inherited *inherited, struct problems *problems);
void listener_close(struct listener *listener);

/* Whether listener_look has anything to do: now and then, every few seconds. */
bool listener_is_looked_at(const struct listener *listener);

/* Tries again what could not be done yet; begins anew if its interface has gone or changed. Returns
 * whether it has begun, or begun again, to receive. */
bool listener_look(struct listener *listener, struct problems *problems);

/* With several workers: has the kernel give each worker the datagrams of its devices, or all of
 * them to worker 0, as it is when it begins.  0, or -1 with errno. */
int listener_steer(const struct listener *listener, bool apart);

#endif
