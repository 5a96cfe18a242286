/* SPDX-License-Identifier: MIT
 *
 * The sockets of the fleet.
 */
#ifndef FLEET_SEND_H
#define FLEET_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEND_BATCH      256 /* packets that one call of the kernel takes */
#define SEND_SEGMENTS   64  /* datagrams that one segmented send may hold */
#define SEND_ERROR_SIZE 256 /* bytes of an error's text */

struct send_plan {
    const char *host;
    const char *port;
    uint32_t sockets; /* packets of device i leave through socket i modulo this */
    bool segment;     /* datagrams of one size and device leave in one send (UDP_SEGMENT) */
    bool broadcast;   /* the target may be a broadcast address */
    const char *from; /* the address that it sends from; NULL: as the system picks */
    /* By socket, a number from 1 to 65535: it sends from 127.0.0.0 and that.  NULL: as above. */
    const uint16_t *own_addresses;
};

struct send_packet {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t device;
};

struct pace;
struct sender;

/* Opens the sockets and connects them.  Returns NULL and writes what is wrong
 * to `error`, which holds SEND_ERROR_SIZE bytes. */
struct sender *sender_open(const struct send_plan *plan, char *error);
void sender_close(struct sender *sender);

/* Sends `count` packets in order.  Returns how many were sent; if fewer, errno
 * says why.  With EAGAIN or ENOBUFS the rest is to be offered again later;
 * anything else does not go away. */
size_t sender_send(struct sender *sender, const struct send_packet *packets, size_t count);

/* The same, waiting while the kernel has no room.  Returns how many were sent, one at least; or 0
 * if that is the end of the play: *error is why, unless it is to be stopped. */
size_t sender_send_patiently(struct sender *sender, const struct send_packet *packets, size_t count,
                             struct pace *pace, int *error);

/* Has the sockets watched for what comes back.  Returns 0, or -1 with errno set. */
int sender_listen(struct sender *sender);

/* Takes in what has come back, and calls for each datagram with the number of the socket.  Does not
 * wait. */
void sender_receive(struct sender *sender,
                    void (*came)(void *context, uint32_t socket, const uint8_t *bytes, size_t size),
                    void *context);

/* Takes in the errors that came back (ICMP).  A late one may still come. */
void sender_settle(struct sender *sender);

/* How many sent datagrams were reported as refused (nobody listens on the
 * port), and as undeliverable for another reason. */
uint64_t sender_refused(const struct sender *sender);
uint64_t sender_unreachable(const struct sender *sender);

#endif
