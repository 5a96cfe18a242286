/* SPDX-License-Identifier: MIT
 *
 * What a captured packet holds: a datagram, or a reason why not.  A pure function:
 * no I/O, no allocation.
 */
#ifndef COLLECTOR_REPLAY_PACKET_H
#define COLLECTOR_REPLAY_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"

enum packet_outcome {
    PACKET_DATAGRAM,
    PACKET_NOT_UDP,
    PACKET_FRAGMENT,  /* of a UDP datagram, or of what may be one */
    PACKET_TRUNCATED, /* the snap length cut off bytes that are needed */
    PACKET_MALFORMED, /* its lengths contradict each other, or the size of the packet */
    PACKET_OUTCOMES
};

struct packet {
    enum packet_outcome outcome;
    /* Bytes of it were captured, and they make sense as far as they were looked at: so its time may
     * be believed, too. */
    bool is_sound;
    bool has_ports; /* the two ports are known, whatever the outcome */
    uint16_t source_port, destination_port;
    /* Of a datagram alone: */
    const uint8_t *payload;  /* inside the packet's bytes */
    uint32_t size;           /* of the payload; all of it is there */
    uint8_t destination[16]; /* network byte order; IPv4: the first 4 bytes */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } source;
};

/* Reads a packet: `captured` bytes are there, of `on_wire` that it had.  Fills in all
 * of *packet, and returns its outcome. */
enum packet_outcome packet_parse(enum link link, const uint8_t *bytes, size_t captured,
                                 size_t on_wire, struct packet *packet);

#endif
