/* SPDX-License-Identifier: MIT
 *
 * Batches for tests of filters: the records that a filter gets, and what is left of them.
 */
#ifndef TESTS_PLUGINS_FAKE_BATCH_H
#define TESTS_PLUGINS_FAKE_BATCH_H

#include <stdint.h>

#include <muster/plugin.h>

#include "collector/host/batch.h"

/* A batch, and what is left of it: the records that the next filter would see. */
struct fake_batch {
    union {
        struct muster_batch batch; /* what the callback gets */
        struct batch real;
    };
    struct muster_record *out; /* after fake_batch_finish: the records in their order */
    uint32_t out_count;
    uint32_t dropped, emitted;     /* of the last callback */
    struct muster_record *records; /* the fake host's own: what the batch began with */
};

/* A batch with a copy of the records; `count` may be 0.  The payloads are the
 * caller's and must stay. */
void fake_batch_begin(struct fake_batch *batch, const struct muster_record *records,
                      uint32_t count);
/* After the callback: works out `out`.  Emitted payloads are copies, alive until
 * fake_batch_free. */
void fake_batch_finish(struct fake_batch *batch);
void fake_batch_free(struct fake_batch *batch);

/* Begin, the plugin's process, finish. */
void fake_process(const struct muster_plugin *plugin, void *worker_state, struct fake_batch *batch,
                  const struct muster_record *records, uint32_t count);

/* For the host's table. */
int fake_batch_emit(struct muster_batch *batch, uint32_t after, const struct muster_record *record);
int fake_batch_drop(struct muster_batch *batch, uint32_t index);

#endif
