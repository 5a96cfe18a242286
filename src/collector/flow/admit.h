/* SPDX-License-Identifier: MIT
 *
 * Who may send: what is turned away although it could be decoded, by where it came from, by how
 * much came, and by whether the catalog lists the device.
 *
 * One for all pipelines.  Datagrams of a device are one pipeline's; what several pipelines share
 * is atomic.  An address can be forged, so this keeps out who is wrong, and not who is bad.
 */
#ifndef COLLECTOR_FLOW_ADMIT_H
#define COLLECTOR_FLOW_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/network.h"
#include "collector/catalog/catalog.h"

/* What becomes of a device that the catalog does not list. */
enum admit_unknown {
    ADMIT_ACCEPT,
    ADMIT_MARK, /* accept, and mark its records with MUSTER_MARK_UNKNOWN */
    ADMIT_REJECT
};

/* Whom a listener takes datagrams from. */
struct admit_listener {
    const struct network *allow; /* `count` of them, which outlive this; none: anybody */
    unsigned count;
};

struct admit_settings {
    const struct admit_listener *listeners; /* `listener_count` of them */
    unsigned listener_count;
    uint32_t source_rate, device_rate; /* datagrams a second; 0: as many as come */
    enum admit_unknown unknown;
    uint32_t unknown_most; /* how many such devices are accepted */
};

struct admit;
struct sockaddr;

/* *admit is NULL if everybody may send.  Numbers of devices are below `devices`.  Returns 0, or -1
 * if memory is short. */
int admit_new(struct admit **admit, const struct admit_settings *settings,
              const struct catalog *catalog, uint32_t devices);
/* [main] While all workers wait between two batches: another catalog, which outlives it. */
void admit_use_catalog(struct admit *admit, const struct catalog *catalog);

void admit_free(struct admit *admit);

/* Before it is decoded: returns 0, or -(1 + enum muster_reject). */
int admit_source(struct admit *admit, const struct sockaddr *source, uint8_t listener,
                 uint64_t arrival_ns);

/* Of a datagram that was decoded: the same, by the device's number.  *marks are those that its
 * records have besides. */
int admit_device(struct admit *admit, const struct sockaddr *source, uint32_t device,
                 uint64_t arrival_ns, uint8_t *marks);

/* Whether a device that has no number yet, and so is not listed, may be given one. */
bool admit_may_enroll(const struct admit *admit);

#endif
