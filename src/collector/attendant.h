/* SPDX-License-Identifier: MIT
 *
 * Who attends to a running collector from above: it is shown what there is, and answers whoever
 * asks.
 */
#ifndef COLLECTOR_ATTENDANT_H
#define COLLECTOR_ATTENDANT_H

#include <stdint.h>

#include "collector/config/config.h"
#include "collector/flow/chain.h"
#include "collector/host/host.h"
#include "requests.h"

/* A collector, as long as it runs. */
struct collector_view {
    const struct config *config;
    const char *config_path;
    struct host *host;
    struct chain *chain;
    uint64_t started_ns;       /* monotonic */
    uint64_t started_at;       /* ns since the Unix epoch */
    struct requests *requests; /* what may be asked of it; answered until the end */
};

/* Both are [main]: when the front has begun, and before the chain is closed. */
struct collector_attendant {
    void *context;
    void (*begin)(void *context, const struct collector_view *view);
    void (*end)(void *context);
};

#endif
