/* SPDX-License-Identifier: MIT
 *
 * The real host's batch for tests of filters: what it forgives fails the test.
 */
#include "fake_batch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

int fake_batch_emit(struct muster_batch *batch, uint32_t after, const struct muster_record *record)
{
    ck_assert_msg(batch->count == 0 || after < batch->count, "emit behind record %u of %u", after,
                  batch->count);
    ck_assert_int_eq(batch_emit(batch, after, record), 0);
    return 0;
}

int fake_batch_drop(struct muster_batch *batch, uint32_t index)
{
    const uint32_t before = ((struct batch *)batch)->drop_count;

    ck_assert_msg(index < batch->count, "drop of record %u of %u", index, batch->count);
    ck_assert_int_eq(batch_drop(batch, index), 0);
    ck_assert_msg(((struct batch *)batch)->drop_count == before + 1, "record %u is dropped twice",
                  index);
    return 0;
}

void fake_batch_begin(struct fake_batch *batch, const struct muster_record *records, uint32_t count)
{
    static const struct batch_memory nothing;

    memset(batch, 0, sizeof *batch);
    batch->records = aligned_alloc(64, (count + 1) * sizeof *records);
    ck_assert_msg(batch->records != NULL, "out of memory");
    if (count > 0)
        memcpy(batch->records, records, count * sizeof *records);
    batch_init(&batch->real, 0, 1);
    batch_begin(&batch->real, batch->records, count, &nothing);
    batch_turn(&batch->real, 1);
}

void fake_batch_finish(struct fake_batch *batch)
{
    const struct batch_change change = batch_settle(&batch->real);

    ck_assert_msg(!change.meddled, "the plugin writes to the batch's own fields");
    ck_assert_msg(!change.altered, "the plugin changes what it must not in place");
    ck_assert_uint_eq(change.failed, 0);
    batch->emitted = change.emitted;
    batch->dropped = change.dropped;
    batch->out = batch->real.records;
    batch->out_count = batch->real.count;
}

void fake_batch_free(struct fake_batch *batch)
{
    batch_free(&batch->real);
    free(batch->records);
    memset(batch, 0, sizeof *batch);
}

void fake_process(const struct muster_plugin *plugin, void *worker_state, struct fake_batch *batch,
                  const struct muster_record *records, uint32_t count)
{
    fake_batch_begin(batch, records, count);
    ck_assert_int_eq(plugin->filter->process(worker_state, &batch->batch), 0);
    fake_batch_finish(batch);
}
