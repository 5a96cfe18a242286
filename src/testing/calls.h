/* SPDX-License-Identifier: MIT
 *
 * Callbacks with batches that were begun by the caller.
 */
#ifndef TESTING_CALLS_H
#define TESTING_CALLS_H

#include "instance.h"

/* process() over a batch that batches_begin has begun, and its end. */
int calls_process(struct muster_instance *instance, uint32_t worker,
                  struct muster_test_batch *batch);

#endif
