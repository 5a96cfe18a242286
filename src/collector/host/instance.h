/* SPDX-License-Identifier: MIT
 *
 * One entry of the chain: a plugin, its options, its state; and the host's side
 * of the plugin contract.
 */
#ifndef COLLECTOR_HOST_INSTANCE_H
#define COLLECTOR_HOST_INSTANCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <muster/plugin.h>

#include "collector/catalog/catalog.h"
#include "loader.h"
#include "base/log.h"
#include "base/metrics.h"
#include "options.h"
#include "base/problems.h"
#include "collector/state/state.h"

/* What the host's functions work on; the same for every instance. */
struct services {
    struct log *log;
    struct metrics *metrics;
    const struct catalog *catalog;
    struct state_store *states; /* NULL until instances are opened */
    bool is_replay;
    atomic_ullong capture_ns; /* in a replay: the capture's time, ns since the Unix epoch */
};

/* What one of enum muster_clock shows, in ns.  Any thread. */
uint64_t services_now(const struct services *services, uint32_t clock);

struct muster_instance {
    char *name; /* unique in the chain */
    char *file; /* where the entry stands */
    unsigned line;
    struct plugin plugin;
    struct option_value *values; /* one for each of the plugin's options */
    int64_t queue;               /* records; sinks only */
    const struct services *services;
    struct problems *problems; /* while the configuration is checked, else NULL */
    void *state;               /* the plugin's own */
    struct state *kept;        /* what it asked the host for; NULL: nothing */
    uint32_t kinds;            /* MUSTER_TAKES_*; sinks only */
    bool incomplete;           /* a required option is missing */
    bool opening;              /* the plugin's open runs */
    bool opened;
    atomic_bool misused; /* asked for what it must not */
};

static inline bool instance_is_filter(const struct muster_instance *instance)
{
    return instance->plugin.api.role == MUSTER_FILTER;
}

/* Looks for errors that the option table cannot express, unless a required option
 * is missing, which is one already.  [main] */
void instance_check(struct muster_instance *instance, struct problems *problems);

/* Opens and closes the plugin's state.  -1: the plugin has logged why.  [main] */
int instance_open(struct muster_instance *instance);
void instance_close(struct muster_instance *instance);

/* Frees what the configuration made of it. */
void instance_free(struct muster_instance *instance);

/* The host's functions for plugins. */
extern const struct muster_host instance_host;

#endif
