/* SPDX-License-Identifier: MIT
 *
 * A packet capture: pcap and pcapng, of any byte order, also several files one behind the other.
 */
#ifndef COLLECTOR_REPLAY_CAPTURE_H
#define COLLECTOR_REPLAY_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "stream.h"

struct capture;

/* A packet as it was captured, readable until the next one is asked for. */
struct capture_bytes {
    const uint8_t *bytes;
    size_t captured, on_wire;
    uint64_t arrival_ns; /* ns since the Unix epoch; 0: the file does not say */
    enum link link;
};

enum capture_result {
    CAPTURE_FAILED = -1, /* the rest cannot be read: `why` says so */
    CAPTURE_END,
    CAPTURE_PACKET,
    CAPTURE_WARNING, /* no packet yet, ask again; `why` says what may be amiss */
    /* Of the formats' readers alone: */
    CAPTURE_OTHER,    /* the next bytes begin another file */
    CAPTURE_INTERFACE /* an interface is described */
};

/* Where the packets of a capture went:
 * packets = taken + other_port + not_udp + fragments + truncated + malformed */
struct capture_account {
    uint64_t packets, taken, other_port, not_udp, fragments, truncated, malformed;
};

/* Opens a capture; "-" is standard input.  NULL: `why` says what is wrong, with the
 * file's name. */
struct capture *capture_open(const char *path, stream_idle *idle, void *context, char *why,
                             size_t room);
void capture_close(struct capture *capture);

/* As in messages. */
const char *capture_name(const struct capture *capture);

/* Packets of link types that are not known come, too, if others may. */
enum capture_result capture_next(struct capture *capture, struct capture_bytes *packet, char *why,
                                 size_t room);

#endif
