/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the parser of captured packets.  An input is the link type (1 byte), how many bytes of
 * the packet were not captured (2 bytes), and those that were.
 */
#include "fuzz.h"

#include <string.h>

#include <muster/wire.h>

#include "collector/replay/packet.h"

const char *const fuzz_corpus = "packet";

static void check_datagram(const struct packet *packet, const uint8_t *bytes, size_t size)
{
    fuzz_check(packet->is_sound && packet->has_ports, "a datagram has ports");
    fuzz_check(packet->payload >= bytes && packet->payload <= bytes + size &&
                   packet->size <= (size_t)(bytes + size - packet->payload),
               "the payload lies in the packet");
    fuzz_check(packet->payload - bytes >= 28, "IPv4 and UDP stand before it, at least");
    fuzz_check(muster_get_u16(packet->payload - 4) == packet->size + 8, "UDP says how long it is");
    fuzz_check(muster_get_u16(packet->payload - 6) == packet->destination_port, "the port is its");
    if (packet->source.any.sa_family == AF_INET6)
        fuzz_check(ntohs(packet->source.v6.sin6_port) == packet->source_port, "IPv6 source");
    else
        fuzz_check(packet->source.any.sa_family == AF_INET &&
                       ntohs(packet->source.v4.sin_port) == packet->source_port,
                   "IPv4 source");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet packet, whole;
    enum link link;
    enum packet_outcome outcome;
    size_t missing;
    uint8_t *bytes;

    if (size < 3)
        return 0;
    link = (enum link)(data[0] % LINK_TYPES);
    missing = muster_get_u16(data + 1);
    size -= 3;
    bytes = malloc(size > 0 ? size : 1);
    fuzz_check(bytes != NULL, "memory");
    memcpy(bytes, data + 3, size);

    memset(&packet, 0xee, sizeof packet);
    outcome = packet_parse(link, bytes, size, size + missing, &packet);
    fuzz_check(outcome == packet.outcome && outcome < PACKET_OUTCOMES, "a known outcome");
    fuzz_check(!packet.is_sound || (size > 0 && outcome != PACKET_MALFORMED), "sound");
    if (outcome == PACKET_DATAGRAM)
        check_datagram(&packet, bytes, size);
    else
        fuzz_check(packet.payload == NULL && packet.size == 0, "no payload without a datagram");
    if (missing == 0)
        fuzz_check(outcome != PACKET_TRUNCATED, "nothing is cut off a whole packet");

    /* What is a datagram in a part of a packet is the same in all of it, and the other way
     * round: what the whole of it is, a part is, too, or it is truncated. */
    if (missing == 0 && size > 0) {
        enum packet_outcome part;
        struct packet cut;

        whole = packet;
        part = packet_parse(link, bytes, size / 2, size, &cut);
        fuzz_check(part == whole.outcome || part == PACKET_TRUNCATED, "a part is no other thing");
        if (part == PACKET_DATAGRAM)
            fuzz_check(cut.payload == whole.payload && cut.size == whole.size, "the same datagram");
    }
    free(bytes);
    return 0;
}
