/* SPDX-License-Identifier: MIT
 *
 * The packets of a plain pcap file, where they lie: the format of pcap-savefile(5), version 2.4,
 * of either byte order, with microseconds or nanoseconds.
 *
 * Every other kind of capture is left to libpcap (capture_file.c).  These are the
 * many gigabytes that tcpdump wrote, and through libpcap and stdio a packet took 40 ns more.
 */
#ifndef COLLECTOR_REPLAY_CAPTURE_PCAP_H
#define COLLECTOR_REPLAY_CAPTURE_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "stream.h"

struct capture_pcap {
    bool swapped;  /* of the other byte order */
    uint32_t unit; /* ns of a time stamp's fraction */
    uint32_t snap; /* bytes of a packet, at most */
    enum packet_link link;
};

/* Whether the stream is such a file, of a link type that is known; then its header is skipped. */
bool capture_pcap_begin(struct capture_pcap *pcap, struct stream *stream);

/* Returns 1, 0 at the end, or -1 if the rest cannot be read: `why` says so. */
int capture_pcap_next(const struct capture_pcap *pcap, struct stream *stream,
                      struct capture_bytes *packet, char *why, size_t room);

#endif
