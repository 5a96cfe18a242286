/* SPDX-License-Identifier: MIT
 *
 * Link types: what stands in front of the IP packet.
 */
#ifndef COLLECTOR_REPLAY_LINK_H
#define COLLECTOR_REPLAY_LINK_H

#include <stdint.h>

enum link {
    LINK_ETHERNET,
    LINK_SLL,      /* Linux "cooked", of the interface "any" */
    LINK_SLL2,     /* the same, version 2 */
    LINK_RAW,      /* nothing; IPv4 or IPv6 */
    LINK_IPV4,     /* nothing */
    LINK_IPV6,     /* nothing */
    LINK_LOOPBACK, /* BSD loopback: an address family of 4 bytes, of any byte order */
    LINK_UNKNOWN,
    LINK_TYPES
};

/* As in messages: those that are known. */
#define LINK_EXPECTED "Ethernet, Linux cooked, raw IP or loopback"

/* `type` is a number of https://www.tcpdump.org/linktypes.html. */
enum link link_find(uint32_t type);

/* The number's name; "unknown" if it has none here. */
const char *link_name(uint32_t type);

#endif
