/* SPDX-License-Identifier: MIT
 *
 * Batches as a plugin may get them: every kind, every verdict, no payload and the largest, extreme
 * numbers, and what a later version may add.
 */
#ifndef PLUGIN_TOOL_GENERATE_H
#define PLUGIN_TOOL_GENERATE_H

#include <stdint.h>

#include <muster/plugin.h>

#include "collector/host/batch.h"
#include "pages.h"

struct generated {
    struct pages *pages, *payloads, *arrivals;
    struct muster_record *records; /* aligned to 16 bytes */
    uint32_t count;
    struct batch_memory memory;
};

/* `count` records, all of devices of worker `worker` of `workers`; `serial` makes each batch
 * another one.  `takes` is a set of MUSTER_TAKES_*; 0: all kinds, and one of a later version.
 * Returns 0, or -1: no memory. */
int generate_batch(struct generated *batch, uint32_t count, uint32_t serial, uint32_t takes,
                   uint32_t worker, uint32_t workers);

/* Nobody may write to it any more; or to what the records point to alone. */
void generate_read_only(struct generated *batch, bool records_too);

/* The callback is over. */
void generate_gone(struct generated *batch, const char *callback);

#endif
