/* SPDX-License-Identifier: MIT
 *
 * One socket that datagrams come in by.
 *
 * When the collector stops, a filter in the kernel refuses every datagram, so that what is left to
 * take is finite; and the kernel counts what it refuses, until the socket is retired.
 */
#ifndef COLLECTOR_LIVE_SOCKET_H
#define COLLECTOR_LIVE_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

/* The part of a socket in a group that shares one address. */
enum socket_part {
    SOCKET_ALONE,  /* there is no other */
    SOCKET_FIRST,  /* bound alone, so that an address of another process is an error; then the
                      others may join it */
    SOCKET_FURTHER /* joins the first */
};

/* A socket of that family, AF_INET or AF_INET6, that tells of each datagram when it came, and if
 * `ways`, which costs a little, where it went to, with that receive buffer in bytes; *granted is
 * what the kernel gave.  Returns the descriptor, or -1 with errno. */
int socket_open(int family, bool ways, int receive_buffer, int *granted);

/* The same for one that is there, and bound: as if socket_open had made it. */
int socket_adopt(int fd, bool ways, int receive_buffer, bool has_others, int *granted);

/* Before socket_bind: receives by that interface alone.  0, or -1 with errno. */
int socket_bind_interface(int fd, const char *name);

/* Receives from now on.  0, or -1 with errno.  *is_absent is set if this machine does not have the
 * address now; datagrams come when it does (IP_FREEBIND). */
int socket_bind(int fd, const struct address *address, enum socket_part part, bool *is_absent);

/* A multicast group by the interface of that index, 0: the one that the routes say; from one source
 * (RFC 4607), or from all if it is NULL.  0, or -1 with errno. */
int socket_join(int fd, const struct address *group, unsigned interface,
                const struct address *source);

/* Keeps datagrams out; those kept out count as dropped.  0, or -1 with errno. */
int socket_keep_out(int fd);

/* Ends the kernel's counting too: from here on, what comes is answered with "port
 * unreachable", as if the socket were closed already. */
void socket_retire(int fd);

/* How many datagrams the kernel has dropped on this socket, modulo 2^32: no room
 * in the receive buffer, or kept out.  If the kernel does not say, *drops stays. */
void socket_drops(int fd, uint32_t *drops);

/* Bytes of its receive buffer, as the kernel counts them. */
uint32_t socket_buffer(int fd);

#endif
