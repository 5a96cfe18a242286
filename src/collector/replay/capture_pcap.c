/* SPDX-License-Identifier: MIT
 *
 * See pcap-savefile(5) and
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
#include "capture_pcap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_HEADER = 24,
    PACKET_HEADER = 16,
    MAJOR = 2,
    MINOR = 4,
    /* What libpcap believes, too; a longer packet is damage. */
    SNAP_MOST = 262144
};

#define MAGIC_MICRO UINT32_C(0xa1b2c3d4)
#define MAGIC_NANO  UINT32_C(0xa1b23c4d)
#define LINK_MASK   UINT32_C(0x03ffffff) /* above are the size of the FCS, and reserved bits */

static uint32_t field32(const struct capture_pcap *pcap, const uint8_t *at)
{
    uint32_t n;

    memcpy(&n, at, sizeof n);
    return pcap->swapped ? __builtin_bswap32(n) : n;
}

static uint16_t field16(const struct capture_pcap *pcap, const uint8_t *at)
{
    uint16_t n;

    memcpy(&n, at, sizeof n);
    return pcap->swapped ? __builtin_bswap16(n) : n;
}

static bool is_magic(uint32_t magic)
{
    return magic == MAGIC_MICRO || magic == MAGIC_NANO;
}

/* See https://www.tcpdump.org/linktypes.html; libpcap has other numbers for some. */
static bool find_link(uint32_t type, enum packet_link *link)
{
    static const struct {
        uint32_t type;
        enum packet_link link;
    } known[] = {
        {0, PACKET_LOOPBACK}, {1, PACKET_ETHERNET}, {101, PACKET_RAW},  {108, PACKET_LOOPBACK},
        {113, PACKET_SLL},    {228, PACKET_IPV4},   {229, PACKET_IPV6}, {276, PACKET_SLL2},
    };
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].type == type) {
            *link = known[i].link;
            return true;
        }
    }
    return false;
}

bool capture_pcap_begin(struct capture_pcap *pcap, struct stream *stream)
{
    const uint8_t *header;
    uint32_t magic;

    memset(pcap, 0, sizeof *pcap);
    if (stream_look(stream, FILE_HEADER, &header) < FILE_HEADER)
        return false;
    pcap->swapped = !is_magic(field32(pcap, header));
    magic = field32(pcap, header);
    /* Other versions have other packet headers. */
    if (!is_magic(magic) || field16(pcap, header + 4) != MAJOR ||
        field16(pcap, header + 6) != MINOR ||
        !find_link(field32(pcap, header + 20) & LINK_MASK, &pcap->link))
        return false;
    pcap->unit = magic == MAGIC_NANO ? 1 : 1000;
    pcap->snap = field32(pcap, header + 16);
    if (pcap->snap == 0 || pcap->snap > SNAP_MOST)
        pcap->snap = SNAP_MOST;
    stream_skip(stream, FILE_HEADER);
    return true;
}

static int cut_short(const char *what, ssize_t got, uint32_t wanted, char *why, size_t room)
{
    if (got < 0)
        snprintf(why, room, "%s", strerror(errno));
    else
        snprintf(why, room, "it is truncated: of the last %s, %zd of %u bytes are there", what, got,
                 wanted);
    return -1;
}

int capture_pcap_next(const struct capture_pcap *pcap, struct stream *stream,
                      struct capture_bytes *packet, char *why, size_t room)
{
    const uint8_t *at;
    ssize_t got = stream_look(stream, PACKET_HEADER, &at);
    uint32_t captured;

    if (got == 0)
        return 0;
    if (got < PACKET_HEADER)
        return cut_short("packet's header", got, PACKET_HEADER, why, room);
    captured = field32(pcap, at + 8);
    if (captured > SNAP_MOST) {
        snprintf(why, room, "the file is damaged: a packet of %u bytes, where %d are the most",
                 captured, SNAP_MOST);
        return -1;
    }
    got = stream_look(stream, PACKET_HEADER + captured, &at);
    if (got < PACKET_HEADER + (ssize_t)captured)
        return cut_short("packet", got - PACKET_HEADER, captured, why, room);
    packet->arrival_ns =
        capture_time(field32(pcap, at), field32(pcap, at + 4) * (uint64_t)pcap->unit);
    packet->captured = captured < pcap->snap ? captured : pcap->snap;
    packet->on_wire = field32(pcap, at + 12);
    packet->bytes = at + PACKET_HEADER;
    stream_skip(stream, PACKET_HEADER + captured);
    return 1;
}
