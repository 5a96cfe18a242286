/* SPDX-License-Identifier: MIT
 *
 * Batches for filters under test.
 */
#ifndef TESTING_BATCHES_H
#define TESTING_BATCHES_H

#include <muster/test.h>

#include "collector/host/batch.h"

/* Of a worker of an instance, which may be NULL.  The records are used where they are, if they are
 * in memory of `memory`, which may be NULL: they are copied. */
void batches_begin(struct muster_test_batch *batch, struct muster_instance *instance,
                   uint32_t worker, uint32_t workers, struct muster_record *records, uint32_t count,
                   const struct batch_memory *memory);

/* For the table. */
int batches_emit(struct muster_batch *batch, uint32_t after, const struct muster_record *record);
int batches_drop(struct muster_batch *batch, uint32_t index);
const struct muster_record *batches_hold(struct muster_batch *batch, uint32_t index);
int batches_release(struct muster_batch *batch, uint32_t after, const struct muster_record *held);

#endif
