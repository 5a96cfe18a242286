/* SPDX-License-Identifier: MIT
 *
 * See https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
 *
 * A block has its length in front and behind, and all of it is looked at before any of it is
 * believed.  The snap length of an interface is no limit: where a packet has more bytes, they are
 * there.
 */
#include "pcapng.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "order.h"
#include "pcap.h"

enum {
    /* Types of blocks; others are skipped. */
    INTERFACE = 1,
    OBSOLETE_PACKET = 2,
    SIMPLE_PACKET = 3,
    ENHANCED_PACKET = 6,
    SECTION = 0x0a0d0d0a, /* in either byte order */
    /* Bytes of a block: type and length in front, and the length again behind. */
    BLOCK_FRONT = 8,
    BLOCK_LEAST = 12,
    BLOCK_MOST = STREAM_LOOK_MOST, /* what libpcap and Wireshark believe, too */
    SECTION_LEAST = 28,
    INTERFACE_LEAST = 20,
    SIMPLE_LEAST = 16,
    ENHANCED_LEAST = 32,
    /* Options of an interface. */
    OPTION_HEADER = 4,
    OPTIONS_END = 0,
    TIME_RESOLUTION = 9,
    TIME_OFFSET = 14,
    INTERFACES_MOST = 65536,
    MAJOR = 1
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define SECONDS_MOST     (INT64_MAX / (int64_t)CLOCK_SECOND - 1)

struct block {
    const uint8_t *at;
    uint32_t type, size;
};

/* ---- time ----------------------------------------------------------------------------- */

/* From if_tsresol: the negative exponent of 2 or of 10.  False: a second would have more ticks
 * than 64 bits can count. */
static bool set_resolution(struct pcapng_interface *interface, uint8_t resolution)
{
    unsigned exponent = resolution & 0x7fu;
    bool is_binary = (resolution & 0x80) != 0;

    if (exponent > (is_binary ? 63 : 19))
        return false;
    interface->bits = is_binary ? exponent : 0;
    interface->second = UINT64_C(1) << interface->bits;
    for (; !is_binary && exponent > 0; exponent--)
        interface->second *= 10;
    return true;
}

/* Once resolution and offset are known. */
static void find_tick(struct pcapng_interface *interface)
{
    if (interface->offset != 0 || CLOCK_SECOND % interface->second != 0)
        return;
    interface->tick_ns = CLOCK_SECOND / interface->second;
    interface->ticks_most = INT64_MAX / interface->tick_ns;
}

/* Of less than a second, in ns. */
static uint64_t fraction_of(const struct pcapng_interface *interface, uint64_t ticks)
{
    unsigned bits = interface->bits;

    if (bits > 32) /* in two steps, so that no product is longer than 64 bits */
        return ((ticks >> 32) * CLOCK_SECOND + ((uint32_t)ticks * CLOCK_SECOND >> 32)) >>
               (bits - 32);
    if (bits > 0)
        return ticks * CLOCK_SECOND >> bits;
    return interface->second > CLOCK_SECOND ? ticks / (interface->second / CLOCK_SECOND)
                                            : ticks * (CLOCK_SECOND / interface->second);
}

static int64_t limited(int64_t seconds)
{
    return seconds < SECONDS_MOST ? seconds : SECONDS_MOST;
}

/* The general way; before 1970 is 0, and what a file claims beyond the clock's range its end. */
static uint64_t odd_time_of(const struct pcapng_interface *interface, uint64_t ticks)
{
    uint64_t whole = ticks / interface->second;
    int64_t seconds = whole < SECONDS_MOST ? (int64_t)whole : SECONDS_MOST;

    if (interface->offset < -seconds)
        return 0;
    seconds = limited(limited(interface->offset) + seconds);
    return (uint64_t)seconds * CLOCK_SECOND + fraction_of(interface, ticks % interface->second);
}

static uint64_t time_of(const struct pcapng_interface *interface, uint64_t ticks)
{
    if (ticks < interface->ticks_most)
        return ticks * interface->tick_ns;
    return odd_time_of(interface, ticks);
}

/* ---- sections and interfaces ----------------------------------------------------------- */

static int read_section(struct pcapng *pcapng, struct stream *stream, const struct block *block)
{
    unsigned major, minor;

    if (block->size < SECTION_LEAST)
        return stream_damaged(stream, "section header", "has only %u bytes", block->size);
    major = order_u16(pcapng->swapped, block->at + 12);
    minor = order_u16(pcapng->swapped, block->at + 14);
    if (major != MAJOR || (minor != 0 && minor != 2)) /* 1.2 is the same, of some writers */
        return stream_fail(stream, "its version of pcapng is %u.%u, and not %d.0", major, minor,
                           MAJOR);
    pcapng->count = 0;
    return 0;
}

/* Returns 0, or -1: the stream's `why` says what is wrong. */
static int read_option(const struct pcapng *pcapng, struct stream *stream, unsigned code,
                       const uint8_t *value, unsigned size, struct pcapng_interface *interface)
{
    const unsigned expected = code == TIME_RESOLUTION ? 1 : 8;

    if (code != TIME_RESOLUTION && code != TIME_OFFSET)
        return 0;
    if (size != expected)
        return stream_damaged(stream, "interface", "has an option %u of %u bytes", code, size);
    if (code == TIME_OFFSET)
        interface->offset = (int64_t)order_u64(pcapng->swapped, value);
    else if (!set_resolution(interface, value[0]))
        return stream_damaged(stream, "interface",
                              "has a time resolution of %s^-%u seconds, which is too fine",
                              (value[0] & 0x80) != 0 ? "2" : "10", value[0] & 0x7fu);
    return 0;
}

static int read_options(const struct pcapng *pcapng, struct stream *stream,
                        const struct block *block, struct pcapng_interface *interface)
{
    const uint8_t *at = block->at + INTERFACE_LEAST - 4, *end = block->at + block->size - 4;

    while (end - at >= OPTION_HEADER) {
        unsigned code = order_u16(pcapng->swapped, at), size = order_u16(pcapng->swapped, at + 2);

        at += OPTION_HEADER;
        if (code == OPTIONS_END)
            break;
        if ((ptrdiff_t)size > end - at)
            return stream_damaged(stream, "interface",
                                  "has an option of %u bytes, of which %td are there", size,
                                  end - at);
        if (read_option(pcapng, stream, code, at, size, interface) < 0)
            return -1;
        at += (size + 3) & ~3u;
    }
    return 0;
}

/* Room for one more.  Returns 0, or -1: the stream's `why` says what is wrong. */
static int make_room(struct pcapng *pcapng, struct stream *stream)
{
    uint32_t wanted = pcapng->room > 0 ? pcapng->room * 2 : 4;
    struct pcapng_interface *interfaces;

    if (pcapng->count < pcapng->room)
        return 0;
    if (pcapng->count == INTERFACES_MOST)
        return stream_damaged(stream, "interface", "is one more than %d", INTERFACES_MOST);
    interfaces = realloc(pcapng->interfaces, wanted * sizeof *interfaces);
    if (interfaces == NULL)
        return stream_fail(stream, "out of memory");
    pcapng->interfaces = interfaces;
    pcapng->room = wanted;
    return 0;
}

static int read_interface(struct pcapng *pcapng, struct stream *stream, const struct block *block)
{
    struct pcapng_interface interface = {0};

    if (block->size < INTERFACE_LEAST)
        return stream_damaged(stream, "interface", "has only %u bytes", block->size);
    if (make_room(pcapng, stream) < 0)
        return -1;
    pcapng->link_type = order_u16(pcapng->swapped, block->at + 8);
    interface.link = link_find(pcapng->link_type);
    interface.snap = order_u32(pcapng->swapped, block->at + 12);
    set_resolution(&interface, 6);
    if (read_options(pcapng, stream, block, &interface) < 0)
        return -1;
    find_tick(&interface);
    pcapng->interfaces[pcapng->count++] = interface;
    return 0;
}

/* ---- packets -------------------------------------------------------------------------- */

/* Of the kinds with a time: both have the same fields at the same places, but for the number of
 * the interface, behind which an obsolete packet has a count of drops. */
static int read_packet(const struct pcapng *pcapng, struct stream *stream,
                       const struct block *block, struct capture_bytes *packet)
{
    const uint8_t *at = block->at;
    const bool swapped = pcapng->swapped;
    const struct pcapng_interface *interface;
    uint32_t id, captured;

    if (block->size < ENHANCED_LEAST)
        return stream_damaged(stream, "packet", "has a block of only %u bytes", block->size);
    id = block->type == ENHANCED_PACKET ? order_u32(swapped, at + 8) : order_u16(swapped, at + 8);
    captured = order_u32(swapped, at + 20);
    if (captured > block->size - ENHANCED_LEAST)
        return stream_damaged(stream, "packet", "has %u bytes in a block of %u", captured,
                              block->size);
    if (id >= pcapng->count)
        return stream_damaged(stream, "packet", "is of interface %u, where %u are described", id,
                              pcapng->count);
    interface = &pcapng->interfaces[id];
    packet->bytes = at + ENHANCED_LEAST - 4;
    packet->captured = captured;
    packet->on_wire = order_u32(swapped, at + 24);
    packet->arrival_ns = time_of(interface, (uint64_t)order_u32(swapped, at + 12) << 32 |
                                                order_u32(swapped, at + 16));
    packet->link = interface->link;
    return 0;
}

/* It has no time, is of interface 0, and does not say how many bytes were captured: where the snap
 * length agrees with the block's size, it says which of the last bytes are only padding. */
static int read_simple(const struct pcapng *pcapng, struct stream *stream,
                       const struct block *block, struct capture_bytes *packet)
{
    uint32_t there, snap;

    if (block->size < SIMPLE_LEAST)
        return stream_damaged(stream, "packet", "has a block of only %u bytes", block->size);
    if (pcapng->count == 0)
        return stream_damaged(stream, "packet", "is of no interface");
    there = block->size - SIMPLE_LEAST;
    snap = pcapng->interfaces[0].snap;
    packet->bytes = block->at + SIMPLE_LEAST - 4;
    packet->on_wire = order_u32(pcapng->swapped, block->at + 8);
    packet->captured = packet->on_wire < there ? packet->on_wire : there;
    if (snap < packet->captured && there - snap < 4)
        packet->captured = snap;
    packet->arrival_ns = 0;
    packet->link = pcapng->interfaces[0].link;
    return 0;
}

/* ---- blocks --------------------------------------------------------------------------- */

static bool find_order(const uint8_t *bytes, bool *swapped)
{
    *swapped = order_u32(false, bytes) != BYTE_ORDER_MAGIC;
    return order_u32(*swapped, bytes) == BYTE_ORDER_MAGIC;
}

bool pcapng_has_magic(const uint8_t *bytes)
{
    return order_u32(false, bytes) == SECTION;
}

bool pcapng_begins_at(const uint8_t *bytes)
{
    bool swapped;

    return pcapng_has_magic(bytes) && find_order(bytes + BLOCK_FRONT, &swapped);
}

/* Looks at all of the next block.  CAPTURE_PACKET: here it is. */
static enum capture_result next_block(struct pcapng *pcapng, struct stream *stream,
                                      struct block *block)
{
    ssize_t got = stream_look(stream, BLOCK_LEAST, &block->at);
    uint32_t behind;

    if (got == 0)
        return CAPTURE_END;
    if (got < BLOCK_LEAST)
        return stream_cut_short(stream, "block", got, BLOCK_LEAST);
    block->type = order_u32(pcapng->swapped, block->at);
    if (block->type > ENHANCED_PACKET) {
        if (pcap_begins_at(block->at))
            return CAPTURE_OTHER;
        if (block->type == SECTION && !find_order(block->at + BLOCK_FRONT, &pcapng->swapped))
            return stream_damaged(stream, "section header", "has no byte order");
    }
    block->size = order_u32(pcapng->swapped, block->at + 4);
    if (block->size < BLOCK_LEAST || block->size > BLOCK_MOST || block->size % 4 != 0)
        return stream_damaged(stream, "block",
                              "has %u bytes, and not a multiple of 4 from %d to %d", block->size,
                              BLOCK_LEAST, BLOCK_MOST);
    got = stream_look(stream, block->size, &block->at);
    if (got < (ssize_t)block->size)
        return stream_cut_short(stream, "block", got, block->size);
    behind = order_u32(pcapng->swapped, block->at + block->size - 4);
    if (behind != block->size)
        return stream_damaged(stream, "block", "has %u bytes in front, and %u behind", block->size,
                              behind);
    return CAPTURE_PACKET;
}

enum capture_result pcapng_next(struct pcapng *pcapng, struct stream *stream,
                                struct capture_bytes *packet)
{
    for (;;) {
        struct block block = {0};
        enum capture_result result = next_block(pcapng, stream, &block);
        int read = 0;

        if (result != CAPTURE_PACKET)
            return result;
        switch (block.type) {
        case ENHANCED_PACKET:
        case OBSOLETE_PACKET:
            read = read_packet(pcapng, stream, &block, packet);
            break;
        case SIMPLE_PACKET:
            read = read_simple(pcapng, stream, &block, packet);
            break;
        case INTERFACE:
            read = read_interface(pcapng, stream, &block);
            result = CAPTURE_INTERFACE;
            break;
        case SECTION:
            read = read_section(pcapng, stream, &block);
            result = CAPTURE_END;
            break;
        default:
            result = CAPTURE_END; /* of the block; go on */
        }
        if (read < 0)
            return CAPTURE_FAILED;
        stream_skip(stream, block.size);
        if (result != CAPTURE_END)
            return result;
    }
}

void pcapng_close(struct pcapng *pcapng)
{
    free(pcapng->interfaces);
    memset(pcapng, 0, sizeof *pcapng);
}
