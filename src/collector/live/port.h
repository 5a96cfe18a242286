/* SPDX-License-Identifier: MIT
 *
 * A worker's socket of a listener, and what is counted there.
 */
#ifndef COLLECTOR_LIVE_PORT_H
#define COLLECTOR_LIVE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/metrics.h"
#include "collector/flow/pipeline.h"
#include "drops.h"
#include "listener.h"

struct port {
    const struct listener *listener;
    int fd;
    unsigned generation;  /* of the listener's sockets, that... */
    uint32_t drops;       /* ...the socket's counter is of, when it was last read */
    unsigned passed;      /* the turn of the steering before which nothing waits here any more */
    uint16_t number;      /* the UDP port */
    uint8_t local[16];    /* the address, as in muster_arrival... */
    bool has_local;       /* ...if it is one */
    uint64_t last_ns;     /* its last datagram: when it came, ns since the Unix epoch... */
    unsigned last_worker; /* ...and whose it was */
    struct counter *received, *kernel_drops; /* metrics of the listener: datagrams */
};

/* For that worker's socket of listener number `number`; its metrics are the owner's.  Returns 0, or
 * -1 if memory is short. */
int port_init(struct port *port, const struct listener *listener, unsigned number, unsigned worker,
              struct metrics *metrics, const void *owner);

/* Counts what the kernel has dropped since the last time: wrong checksums, and the others as
 * losses, or as refused if the socket is shut. */
void port_count_drops(struct port *port, struct drops *drops, struct pipeline_counters *counters,
                      bool shut);

#endif
