/* SPDX-License-Identifier: MIT
 *
 * See pcap-savefile(5) and
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 *
 * The snap length in the file's header is no limit: where a packet has more bytes, they are there.
 */
#include "pcap.h"

#include <string.h>

#include "base/clock.h"
#include "order.h"
#include "pcapng.h"

enum {
    FILE_HEADER = 24,
    PACKET_HEADER = 16,
    MODIFIED_HEADER = 24, /* there is the interface in it, too */
    MAJOR = 2,
    MINOR = 4,
    /* What libpcap believes, too; a longer packet is damage. */
    PACKET_MOST = 262144
};

#define MAGIC_MICRO    UINT32_C(0xa1b2c3d4)
#define MAGIC_NANO     UINT32_C(0xa1b23c4d)
#define MAGIC_MODIFIED UINT32_C(0xa1b2cd34) /* of Kuznetzov's patch, in old Linux distributions */
#define LINK_MASK      UINT32_C(0x03ffffff) /* above are the size of the FCS, and reserved bits */

static bool is_magic(uint32_t magic)
{
    return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_MODIFIED;
}

static bool find_order(const uint8_t *bytes, bool *swapped)
{
    *swapped = !is_magic(order_u32(false, bytes));
    return is_magic(order_u32(*swapped, bytes));
}

static bool has_version(bool swapped, const uint8_t *bytes)
{
    return order_u16(swapped, bytes + 4) == MAJOR && order_u16(swapped, bytes + 6) == MINOR;
}

bool pcap_has_magic(const uint8_t *bytes)
{
    bool swapped;

    return find_order(bytes, &swapped);
}

bool pcap_begins_at(const uint8_t *bytes)
{
    bool swapped;

    return find_order(bytes, &swapped) && has_version(swapped, bytes);
}

int pcap_begin(struct pcap *pcap, struct stream *stream)
{
    const uint8_t *header;
    ssize_t got = stream_look(stream, FILE_HEADER, &header);
    uint32_t magic;

    if (got < FILE_HEADER)
        return stream_cut_short(stream, "file header", got, FILE_HEADER);
    if (!find_order(header, &pcap->swapped))
        return stream_damaged(stream, "file header", "is none of pcap");
    /* Other versions have other packet headers. */
    if (!has_version(pcap->swapped, header))
        return stream_fail(
            stream, "its version of pcap is %u.%u, and not %d.%d; write it anew with: tcpdump -r",
            order_u16(pcap->swapped, header + 4), order_u16(pcap->swapped, header + 6), MAJOR,
            MINOR);
    magic = order_u32(pcap->swapped, header);
    pcap->unit = magic == MAGIC_NANO ? 1 : 1000;
    pcap->packet_header = magic == MAGIC_MODIFIED ? MODIFIED_HEADER : PACKET_HEADER;
    pcap->link_type = order_u32(pcap->swapped, header + 20) & LINK_MASK;
    pcap->link = link_find(pcap->link_type);
    stream_skip(stream, FILE_HEADER);
    return 0;
}

/* ns since 1970.  A fraction of a second or more is damage: it counts as just less, so that the
 * clock of a replay is not led astray. */
static uint64_t time_of(uint64_t seconds, uint64_t fraction_ns)
{
    return seconds * CLOCK_SECOND + (fraction_ns < CLOCK_SECOND ? fraction_ns : CLOCK_SECOND - 1);
}

enum capture_result pcap_next(const struct pcap *pcap, struct stream *stream,
                              struct capture_bytes *packet)
{
    const uint32_t header = pcap->packet_header;
    const uint8_t *at;
    ssize_t got = stream_look(stream, header, &at);
    uint32_t captured;
    size_t whole;

    if (got == 0)
        return CAPTURE_END;
    if (got < (ssize_t)header)
        return stream_cut_short(stream, "packet's header", got, header);
    captured = order_u32(pcap->swapped, at + 8);
    /* Where files were appended to each other, the next one's header stands here.  Then these
     * bytes are its time zone, which is always 0, or of pcapng its byte order, which is much:
     * packets with bytes need not be looked at. */
    if (captured == 0 || captured > PACKET_MOST) {
        if (pcap_begins_at(at) || pcapng_begins_at(at))
            return CAPTURE_OTHER;
        if (captured > 0)
            return stream_damaged(stream, "packet", "has %u bytes, where %d are the most", captured,
                                  PACKET_MOST);
    }
    whole = (size_t)header + captured;
    got = stream_look(stream, whole, &at);
    if (got < (ssize_t)whole)
        return stream_cut_short(stream, "packet", got - (ssize_t)header, captured);
    packet->arrival_ns = time_of(order_u32(pcap->swapped, at),
                                 order_u32(pcap->swapped, at + 4) * (uint64_t)pcap->unit);
    packet->captured = captured;
    packet->on_wire = order_u32(pcap->swapped, at + 12);
    packet->bytes = at + header;
    packet->link = pcap->link;
    stream_skip(stream, whole);
    return CAPTURE_PACKET;
}
