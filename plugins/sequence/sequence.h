/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence": what its instance has, for sequence.c, which opens it, and worker.c,
 * which does the work.
 */
#ifndef SEQUENCE_SEQUENCE_H
#define SEQUENCE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "evidence.h"
#include "tables.h"
#include "tracker.h"

struct sequence {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct tracker_options options;
    struct tables tables;
    void *own;      /* the tables' memory, if it is not the host's */
    uint64_t bytes; /* of that memory */
    bool events;
    uint32_t untold; /* gaps of an earlier run that there is no room for */
    uint32_t silent_after;
    struct evidence_metrics evidence;
};

/* Callbacks of the contract: muster/plugin.h. */
int sequence_worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state);
void sequence_process(void *worker_state, struct muster_batch *batch);
uint64_t sequence_worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns);
void sequence_worker_close(void *worker_state, struct muster_batch *batch);

#endif
