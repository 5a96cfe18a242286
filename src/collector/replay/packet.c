/* SPDX-License-Identifier: MIT
 *
 * From the link layer up to UDP: IEEE 802.3 and 802.1Q, the link types of
 * pcap-linktype(7), RFC 2516 (PPPoE), RFC 1661 (PPP), RFC 3032 (MPLS), RFC 791 (IPv4),
 * RFC 8200 (IPv6), RFC 6946 (atomic fragments), RFC 768 (UDP).  Checksums are not looked at: where
 * a machine captures what it sends itself, the card has not filled them in yet.
 */
#include "packet.h"

#include <string.h>

#include <muster/wire.h>

/* EtherTypes. */
enum {
    TYPE_OTHER = 0,
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_8021Q = 0x8100,
    TYPE_8021AD = 0x88a8,
    TYPE_QINQ = 0x9100, /* of vendors, before 802.1ad */
    TYPE_QINQ2 = 0x9200,
    TYPE_MPLS = 0x8847,
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_PPPOE = 0x8864 /* in a session */
};

enum {
    VLAN_TAGS = 4,
    VLAN_TAG_SIZE = 4,
    ETHERNET_SIZE = 14,
    ETHERNET_TYPE_AT = 12,
    SLL_SIZE = 16,
    SLL_TYPE_AT = 14,
    SLL2_SIZE = 20,
    SLL2_TYPE_AT = 0,
    LOOPBACK_SIZE = 4,
    MPLS_SIZE = 4,
    PPPOE_SIZE = 6,
    PPPOE_VERSION = 0x11,
    IPV4_LEAST = 20,
    IPV6_SIZE = 40,
    EXTENSION_LEAST = 8,
    UDP_SIZE = 8
};

enum { PPP_IPV4 = 0x21, PPP_IPV6 = 0x57, PPP_MPLS = 0x281, PPP_MPLS_MULTICAST = 0x283 };
enum { IP_HOP_BY_HOP = 0, IP_UDP = 17, IP_ROUTING = 43, IP_FRAGMENT = 44, IP_DESTINATION = 60 };

/* What is left of the packet.  `on_wire` is never less than `captured`. */
struct rest {
    const uint8_t *bytes;
    size_t captured, on_wire;
};

/* Why the next `size` bytes cannot be read; PACKET_DATAGRAM: they can. */
static enum packet_outcome look(const struct rest *rest, size_t size)
{
    if (size <= rest->captured)
        return PACKET_DATAGRAM;
    return size <= rest->on_wire ? PACKET_TRUNCATED : PACKET_MALFORMED;
}

/* Goes past `size` bytes, which look() has found to be on the wire. */
static void skip(struct rest *rest, size_t size)
{
    size_t there = size < rest->captured ? size : rest->captured;

    rest->bytes += there;
    rest->captured -= there;
    rest->on_wire -= size;
}

/* Leaves off what comes behind the next `size` bytes, such as Ethernet's padding. */
static void limit(struct rest *rest, size_t size)
{
    rest->on_wire = size;
    if (rest->captured > size)
        rest->captured = size;
}

static enum packet_outcome parse_udp(struct rest *rest, struct packet *packet)
{
    enum packet_outcome outcome = look(rest, UDP_SIZE);
    size_t length;

    /* The ports come first, so a packet cut off behind them can still be told apart. */
    if (rest->captured >= 4) {
        packet->source_port = muster_get_u16(rest->bytes);
        packet->destination_port = muster_get_u16(rest->bytes + 2);
        packet->has_ports = true;
    }
    if (outcome != PACKET_DATAGRAM)
        return outcome;
    length = muster_get_u16(rest->bytes + 4);
    if (length < UDP_SIZE)
        return PACKET_MALFORMED;
    outcome = look(rest, length);
    if (outcome != PACKET_DATAGRAM)
        return outcome;
    packet->is_sound = true;
    packet->payload = rest->bytes + UDP_SIZE;
    packet->size = (uint32_t)(length - UDP_SIZE);
    if (packet->source.any.sa_family == AF_INET6)
        packet->source.v6.sin6_port = htons(packet->source_port);
    else
        packet->source.v4.sin_port = htons(packet->source_port);
    return PACKET_DATAGRAM;
}

static enum packet_outcome parse_ipv4(struct rest *rest, struct packet *packet)
{
    enum packet_outcome outcome = look(rest, IPV4_LEAST);
    const uint8_t *header = rest->bytes;
    size_t header_size, total;

    if (outcome != PACKET_DATAGRAM)
        return outcome;
    header_size = (header[0] & 0x0fu) * 4u;
    total = muster_get_u16(header + 2);
    if (header[0] >> 4 != 4 || header_size < IPV4_LEAST || total < header_size ||
        total > rest->on_wire)
        return PACKET_MALFORMED;
    if (header[9] != IP_UDP)
        return PACKET_NOT_UDP;
    if ((muster_get_u16(header + 6) & 0x3fff) != 0) /* an offset, or more fragments */
        return PACKET_FRAGMENT;
    packet->source.v4.sin_family = AF_INET;
    memcpy(&packet->source.v4.sin_addr, header + 12, 4);
    memcpy(packet->destination, header + 16, 4);
    limit(rest, total);
    skip(rest, header_size);
    return parse_udp(rest, packet);
}

/* The header of a fragment, at the start of `rest`. */
static enum packet_outcome judge_fragment(const struct rest *rest)
{
    uint8_t next = rest->bytes[0];
    bool is_whole = (muster_get_u16(rest->bytes + 2) & 0xfff9) == 0; /* offset and M flag */

    if (is_whole)
        return PACKET_DATAGRAM;
    /* Behind a destination header there may be UDP or not: that is in the first fragment. */
    return next == IP_UDP || next == IP_DESTINATION ? PACKET_FRAGMENT : PACKET_NOT_UDP;
}

static enum packet_outcome parse_ipv6(struct rest *rest, struct packet *packet)
{
    enum packet_outcome outcome = look(rest, IPV6_SIZE);
    const uint8_t *header = rest->bytes;
    size_t size;
    uint8_t next;

    if (outcome != PACKET_DATAGRAM)
        return outcome;
    size = muster_get_u16(header + 4);
    if (header[0] >> 4 != 6 || size > rest->on_wire - IPV6_SIZE)
        return PACKET_MALFORMED;
    packet->source.v6.sin6_family = AF_INET6;
    memcpy(&packet->source.v6.sin6_addr, header + 8, 16);
    memcpy(packet->destination, header + 24, 16);
    next = header[6];
    limit(rest, IPV6_SIZE + size);
    skip(rest, IPV6_SIZE);
    while (next == IP_HOP_BY_HOP || next == IP_ROUTING || next == IP_DESTINATION ||
           next == IP_FRAGMENT) {
        outcome = look(rest, EXTENSION_LEAST);
        if (outcome == PACKET_DATAGRAM && next == IP_FRAGMENT)
            outcome = judge_fragment(rest);
        if (outcome != PACKET_DATAGRAM)
            return outcome;
        size = next == IP_FRAGMENT ? EXTENSION_LEAST : (rest->bytes[1] + 1u) * 8u;
        next = rest->bytes[0];
        if (size > rest->on_wire)
            return PACKET_MALFORMED;
        skip(rest, size);
    }
    return next == IP_UDP ? parse_udp(rest, packet) : PACKET_NOT_UDP;
}

/* ---- in front of IP -------------------------------------------------------------------- */

/* What follows take off one kind of header, and set *type to the EtherType of what is behind. */

static bool is_vlan(unsigned type)
{
    if (type < TYPE_8021Q) /* as IPv4 is */
        return false;
    return type == TYPE_8021Q || type == TYPE_8021AD || type == TYPE_QINQ || type == TYPE_QINQ2;
}

/* A header of `size` bytes with an EtherType in it; VLAN tags may follow. */
static enum packet_outcome strip_ethernet(struct rest *rest, size_t size, size_t type_at,
                                          unsigned *type)
{
    enum packet_outcome outcome = look(rest, size);
    unsigned tags;

    if (outcome != PACKET_DATAGRAM)
        return outcome;
    *type = muster_get_u16(rest->bytes + type_at);
    skip(rest, size);
    for (tags = 0; is_vlan(*type) && tags < VLAN_TAGS; tags++) {
        outcome = look(rest, VLAN_TAG_SIZE);
        if (outcome != PACKET_DATAGRAM)
            return outcome;
        *type = muster_get_u16(rest->bytes + 2);
        skip(rest, VLAN_TAG_SIZE);
    }
    return PACKET_DATAGRAM;
}

static enum packet_outcome strip_loopback(struct rest *rest, unsigned *type)
{
    enum packet_outcome outcome = look(rest, LOOPBACK_SIZE);
    uint32_t family;

    if (outcome != PACKET_DATAGRAM)
        return outcome;
    family = muster_get_u32(rest->bytes);
    if (family > 0xffff) /* of a little-endian machine */
        family = __builtin_bswap32(family);
    skip(rest, LOOPBACK_SIZE);
    switch (family) {
    case 2: /* AF_INET everywhere */
        *type = TYPE_IPV4;
        break;
    case 10: /* AF_INET6 of Linux, */
    case 24: /* NetBSD and OpenBSD, */
    case 28: /* FreeBSD, */
    case 30: /* macOS */
        *type = TYPE_IPV6;
        break;
    default:
        *type = TYPE_OTHER;
    }
    return PACKET_DATAGRAM;
}

/* Takes off nothing: IP says its version itself. */
static enum packet_outcome find_version(const struct rest *rest, unsigned *type)
{
    enum packet_outcome outcome = look(rest, 1);
    unsigned version;

    if (outcome != PACKET_DATAGRAM)
        return outcome;
    version = rest->bytes[0] >> 4;
    *type = version == 4 ? TYPE_IPV4 : version == 6 ? TYPE_IPV6 : TYPE_OTHER;
    return PACKET_DATAGRAM;
}

static enum packet_outcome strip_pppoe(struct rest *rest, unsigned *type)
{
    enum packet_outcome outcome = look(rest, PPPOE_SIZE);
    size_t length, size;
    unsigned protocol;

    if (outcome != PACKET_DATAGRAM)
        return outcome;
    length = muster_get_u16(rest->bytes + 4);
    if (rest->bytes[0] != PPPOE_VERSION || length > rest->on_wire - PPPOE_SIZE)
        return PACKET_MALFORMED;
    if (rest->bytes[1] != 0) /* not a session's code */
        return PACKET_NOT_UDP;
    limit(rest, PPPOE_SIZE + length);
    skip(rest, PPPOE_SIZE);
    outcome = look(rest, 1);
    if (outcome != PACKET_DATAGRAM)
        return outcome;
    size = (rest->bytes[0] & 1) != 0 ? 1 : 2; /* an odd byte is the last; it may stand alone */
    outcome = look(rest, size);
    if (outcome != PACKET_DATAGRAM)
        return outcome;
    protocol = size == 1 ? rest->bytes[0] : muster_get_u16(rest->bytes);
    skip(rest, size);
    switch (protocol) {
    case PPP_IPV4:
        *type = TYPE_IPV4;
        break;
    case PPP_IPV6:
        *type = TYPE_IPV6;
        break;
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        *type = TYPE_MPLS;
        break;
    default:
        *type = TYPE_OTHER;
    }
    return PACKET_DATAGRAM;
}

/* The stack of labels; the last one is marked. */
static enum packet_outcome strip_mpls(struct rest *rest, unsigned *type)
{
    bool is_last;

    do {
        enum packet_outcome outcome = look(rest, MPLS_SIZE);

        if (outcome != PACKET_DATAGRAM)
            return outcome;
        is_last = (rest->bytes[2] & 1) != 0;
        skip(rest, MPLS_SIZE);
    } while (!is_last);
    return find_version(rest, type);
}

/* What may stand between the link layer and IP. */
static enum packet_outcome strip_tunnel(struct rest *rest, unsigned *type)
{
    enum packet_outcome outcome = PACKET_DATAGRAM;

    if (*type == TYPE_PPPOE)
        outcome = strip_pppoe(rest, type);
    if (outcome == PACKET_DATAGRAM && (*type == TYPE_MPLS || *type == TYPE_MPLS_MULTICAST))
        outcome = strip_mpls(rest, type);
    return outcome;
}

static enum packet_outcome strip_link(enum link link, struct rest *rest, unsigned *type)
{
    enum packet_outcome outcome;

    switch (link) {
    case LINK_ETHERNET:
        return strip_ethernet(rest, ETHERNET_SIZE, ETHERNET_TYPE_AT, type);
    case LINK_SLL:
        return strip_ethernet(rest, SLL_SIZE, SLL_TYPE_AT, type);
    case LINK_SLL2:
        return strip_ethernet(rest, SLL2_SIZE, SLL2_TYPE_AT, type);
    case LINK_RAW:
        outcome = find_version(rest, type);
        if (*type == TYPE_OTHER)
            *type = TYPE_IPV4; /* which will be found to be malformed */
        return outcome;
    case LINK_IPV4:
        *type = TYPE_IPV4;
        return PACKET_DATAGRAM;
    case LINK_IPV6:
        *type = TYPE_IPV6;
        return PACKET_DATAGRAM;
    case LINK_LOOPBACK:
        return strip_loopback(rest, type);
    case LINK_UNKNOWN:
    case LINK_TYPES:
        break;
    }
    return PACKET_NOT_UDP;
}

static enum packet_outcome parse(enum link link, struct rest *rest, struct packet *packet)
{
    unsigned type = TYPE_OTHER;
    enum packet_outcome outcome = strip_link(link, rest, &type);

    if (outcome == PACKET_DATAGRAM && type != TYPE_IPV4)
        outcome = strip_tunnel(rest, &type);
    if (outcome != PACKET_DATAGRAM)
        return outcome;
    if (type == TYPE_IPV4)
        return parse_ipv4(rest, packet);
    return type == TYPE_IPV6 ? parse_ipv6(rest, packet) : PACKET_NOT_UDP;
}

/* Flattened, so that what is left of the packet stays in registers. */
__attribute__((flatten)) enum packet_outcome packet_parse(enum link link, const uint8_t *bytes,
                                                          size_t captured, size_t on_wire,
                                                          struct packet *packet)
{
    /* Some writers leave the size on the wire empty. */
    struct rest rest = {
        .bytes = bytes, .captured = captured, .on_wire = on_wire > captured ? on_wire : captured};

    memset(packet, 0, sizeof *packet);
    packet->outcome = parse(link, &rest, packet);
    if (packet->outcome != PACKET_DATAGRAM)
        packet->is_sound =
            packet->outcome != PACKET_MALFORMED && captured > 0 && link != LINK_UNKNOWN;
    return packet->outcome;
}
