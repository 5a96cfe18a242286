/* SPDX-License-Identifier: MIT
 *
 * Taking datagrams from a socket, many with one call.
 */
#ifndef COLLECTOR_LIVE_RECEIVE_H
#define COLLECTOR_LIVE_RECEIVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RECEIVE_BATCH = 64 };

struct receiver;

/* One datagram, readable until the next call of receive. */
struct datagram {
    const uint8_t *bytes;
    uint32_t size;   /* its true size on the wire */
    uint32_t stored; /* bytes that are there: `size`, or largest + 1 if it is larger than that */
    uint64_t arrival_ns; /* the kernel's time stamp, ns since the Unix epoch */
    const struct sockaddr *source;
    uint8_t listener; /* which entry of `listen` it came in by; the caller's to set */
};

/* For datagrams of up to `largest` bytes.  NULL if memory is short. */
struct receiver *receiver_new(uint32_t largest);
void receiver_free(struct receiver *receiver);

/* Takes what is there, up to RECEIVE_BATCH datagrams, without waiting.  Returns
 * how many, 0 if there is none, or -1 with errno for an error of the socket. */
int receive(struct receiver *receiver, int fd);

/* Number `index` of the last call. */
void receive_get(const struct receiver *receiver, int index, struct datagram *datagram);

#endif
