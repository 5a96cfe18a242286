/* SPDX-License-Identifier: MIT
 *
 * The packets of a pcapng file, where they lie: sections of either byte order, each with
 * interfaces, each of which has a link type and a unit of time.
 */
#ifndef COLLECTOR_REPLAY_PCAPNG_H
#define COLLECTOR_REPLAY_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"
#include "link.h"
#include "stream.h"

enum {
    PCAPNG_MAGIC = 4, /* bytes that pcapng_has_magic() looks at */
    PCAPNG_LOOK = 12  /* bytes that pcapng_begins_at() looks at */
};

struct pcapng_interface {
    enum link link;
    uint32_t snap; /* bytes of a packet, at most; 0: all */
    /* Where a tick is so many whole ns since Unix's epoch, for less than that many ticks. */
    uint64_t tick_ns, ticks_most;
    /* For all others. */
    uint64_t second; /* in ticks */
    unsigned bits;   /* a second is 1 << bits; 0: it is a power of 10 */
    int64_t offset;  /* seconds, to be added */
};

/* Starts as all zeroes. */
struct pcapng {
    bool swapped; /* the section is of the other byte order */
    struct pcapng_interface *interfaces;
    uint32_t count, room;
    uint32_t link_type; /* the number, of the interface that was described last */
};

/* Whether a section begins there; the second asks for its byte order, too, so that no packet of
 * another file looks like one. */
bool pcapng_has_magic(const uint8_t *bytes);
bool pcapng_begins_at(const uint8_t *bytes);

void pcapng_close(struct pcapng *pcapng);

/* Any of enum capture_result but CAPTURE_WARNING.  The first block must be a section's header. */
enum capture_result pcapng_next(struct pcapng *pcapng, struct stream *stream,
                                struct capture_bytes *packet);

#endif
