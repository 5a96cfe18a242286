/* SPDX-License-Identifier: MIT
 *
 * What a captured packet holds: a datagram, or a reason why not.  A pure function:
 * no I/O, no allocation, no libpcap.
 */
#ifndef COLLECTOR_REPLAY_PACKET_H
#define COLLECTOR_REPLAY_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in front of the IP packet. */
enum packet_link {
    PACKET_ETHERNET, /* with up to two VLAN tags (802.1Q, 802.1ad) */
    PACKET_SLL,      /* Linux "cooked", of the interface "any" */
    PACKET_SLL2,     /* the same, version 2 */
    PACKET_RAW,      /* nothing; IPv4 or IPv6 */
    PACKET_IPV4,     /* nothing */
    PACKET_IPV6,     /* nothing */
    PACKET_LOOPBACK, /* BSD loopback: an address family of 4 bytes, of any byte order */
    PACKET_LINKS
};

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
    bool has_ports; /* the two ports are known, whatever the outcome */
    uint16_t source_port, destination_port;
    /* Of a datagram alone: */
    const uint8_t *payload; /* inside the packet's bytes */
    uint32_t size;          /* of the payload; all of it is there */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } source;
};

/* Reads a packet: `captured` bytes are there, of `on_wire` that it had.  Fills in all
 * of *packet, and returns its outcome. */
enum packet_outcome packet_parse(enum packet_link link, const uint8_t *bytes, size_t captured,
                                 size_t on_wire, struct packet *packet);

/* A packet as it was captured, readable until the next one is asked for. */
struct capture_bytes {
    const uint8_t *bytes;
    size_t captured, on_wire;
    uint64_t arrival_ns; /* ns since the Unix epoch */
};

/* The arrival from a time stamp.  A fraction of a second or more is damage: it counts as just
 * less, so that the clock of a replay is not led astray. */
static inline uint64_t capture_time(uint64_t seconds, uint64_t fraction_ns)
{
    const uint64_t second = 1000000000;

    return seconds * second + (fraction_ns < second ? fraction_ns : second - 1);
}

/* Where the packets of a capture went:
 * packets = taken + other_port + not_udp + fragments + truncated + malformed */
struct capture_account {
    uint64_t packets, taken, other_port, not_udp, fragments, truncated, malformed;
};

#endif
