/* SPDX-License-Identifier: MIT
 *
 * Whether what a listener gets may be of another format than it has: then most datagrams seem to
 * be of a device that is not heard again, and the same sender seems to be another device each time.
 *
 * A listener's first datagrams are a sample; who of them is heard again is seen while a device may
 * well have something to say.  One listener at a time.
 */
#ifndef COLLECTOR_FLOW_STRANGERS_H
#define COLLECTOR_FLOW_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define STRANGERS_SAMPLE 256 /* datagrams */
#define STRANGERS_WAIT   (5 * 60 * CLOCK_SECOND)

enum { STRANGERS_PLACES = 2 * STRANGERS_SAMPLE /* so that a search ends soon */ };

struct strangers {
    uint8_t judged[UINT8_MAX + 1]; /* by listener */
    bool watches;
    uint8_t listener;  /* that is watched */
    uint64_t begun_ns; /* since the Unix epoch, as all here */
    unsigned datagrams;
    unsigned once;             /* devices of the sample that are not listed nor heard again */
    unsigned sources, changed; /* those that were another device each time */
    struct strangers_seen {
        uint64_t id;     /* 0: none */
        uint64_t device; /* of a source: what it was at first */
        bool marked;     /* a device that was heard again, a source that was another one since */
    } devices[STRANGERS_PLACES], from[STRANGERS_PLACES];
};

struct strangers_datagram {
    uint64_t device, source; /* whatever tells them apart */
    uint64_t arrival_ns;
    uint64_t wait_ns; /* after which a device should be heard again; at least STRANGERS_WAIT */
    uint8_t listener;
    bool is_listed; /* the catalog has the device */
};

/* Whether there is something to find out. */
static inline bool strangers_watch(const struct strangers *strangers, uint8_t listener)
{
    return !strangers->judged[listener];
}

/* Returns true once for a listener, when nearly all are strangers. */
bool strangers_see(struct strangers *strangers, const struct strangers_datagram *datagram);

#endif
