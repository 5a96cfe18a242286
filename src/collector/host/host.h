/* SPDX-License-Identifier: MIT
 *
 * The host of the plugins: what its functions work on, and the table of them.
 */
#ifndef COLLECTOR_HOST_HOST_H
#define COLLECTOR_HOST_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "base/log.h"
#include "base/metrics.h"
#include "collector/catalog/catalog.h"
#include "collector/state/state.h"

struct columns;
struct numbers;

/* The same for every instance. */
struct host {
    struct log *log;
    struct metrics *metrics;
    _Atomic(const struct catalog *) catalog; /* another one when that is reloaded */
    struct numbers *numbers;    /* of devices beyond MUSTER_DEVICE_IDS; NULL: there are none */
    struct columns *columns;    /* the values that messages can have; NULL: the built-in one */
    struct state_store *states; /* NULL until instances are opened */
    bool lacks_values; /* while a configuration is checked: the catalog could not be read */
    bool is_checking;  /* the same, and what is there is looked at, too */
    bool is_replay;
    atomic_ullong capture_ns; /* in a replay: the capture's time, ns since the Unix epoch */
    pthread_mutex_t wait_lock;
    pthread_cond_t wait_ends; /* look again whether to go on waiting */
};

/* Makes it usable; the rest of it begins as zeros, and is the caller's to set. */
void host_init(struct host *host);

/* What one of enum muster_clock shows, in ns.  Any thread. */
uint64_t host_now(const struct host *host, uint32_t clock);

/* Has every muster_host.wait look again whether it is to end.  Any thread. */
void host_end_waits(struct host *host);

/* The host's functions for plugins. */
extern const struct muster_host host_functions;

#endif
