/* SPDX-License-Identifier: MIT
 *
 * The filter on a worker: the callbacks of the contract that its thread calls (muster/plugin.h).
 */
#ifndef SEQUENCE_WORKER_H
#define SEQUENCE_WORKER_H

#include <stdint.h>

#include <muster/plugin.h>

#include "listening.h"

/* Time that passed (listening.h), as the clock of gaps_settle. */
static inline uint32_t worker_at(uint64_t passed_ns)
{
    return listening_units(passed_ns);
}

/* `state` is a struct sequence. */
int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state);
int worker_process(void *worker_state, struct muster_batch *batch);
uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns);
void worker_close(void *worker_state, struct muster_batch *batch, const struct muster_call *call);
uint32_t worker_devices(void *worker_state, uint32_t from, uint32_t end,
                        struct muster_device_report *out, uint32_t report_size);
uint32_t worker_gaps(void *worker_state, uint32_t from, uint32_t skip,
                     struct muster_gap_report *out, uint32_t report_size, uint32_t room);
int worker_forget(void *worker_state, struct muster_batch *batch, uint32_t device);

#endif
