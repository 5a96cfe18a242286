/* SPDX-License-Identifier: MIT
 *
 * The packets of a plain pcap file, where they lie: the format of pcap-savefile(5), version 2.4,
 * of either byte order, with microseconds or nanoseconds.
 */
#ifndef COLLECTOR_REPLAY_PCAP_H
#define COLLECTOR_REPLAY_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"
#include "link.h"
#include "stream.h"

enum {
    PCAP_MAGIC = 4, /* bytes that pcap_has_magic() looks at */
    PCAP_LOOK = 8   /* bytes that pcap_begins_at() looks at */
};

struct pcap {
    bool swapped;           /* of the other byte order */
    uint32_t packet_header; /* bytes in front of each packet */
    uint32_t unit;          /* ns of a time stamp's fraction */
    uint32_t link_type;     /* the number */
    enum link link;
};

/* Whether such a file begins there; the second asks for its version, too, so that no packet of
 * another file looks like one. */
bool pcap_has_magic(const uint8_t *bytes);
bool pcap_begins_at(const uint8_t *bytes);

/* Reads the file's header.  Returns 0, or -1: the stream's `why` says what is wrong. */
int pcap_begin(struct pcap *pcap, struct stream *stream);

/* One of CAPTURE_PACKET, CAPTURE_END, CAPTURE_OTHER and CAPTURE_FAILED. */
enum capture_result pcap_next(const struct pcap *pcap, struct stream *stream,
                              struct capture_bytes *packet);

#endif
