/* SPDX-License-Identifier: MIT
 *
 * The daemon's own batch; what it forgives is a misuse here.
 */
#include "batches.h"

#include <stdlib.h>
#include <string.h>

#include "callback_note.h"
#include "instance.h"
#include "misuse.h"

struct own {
    struct batch real; /* first: what the plugin hands back is its address */
    struct muster_instance *instance;
    struct muster_record *copy;
};

static bool allows(const struct own *own, enum rule rule)
{
    return own->instance == NULL || callback_note_allows(own->instance, rule);
}

static bool fails(const struct own *own, enum muster_test_function function)
{
    return own->instance != NULL && testing_instance_fails(own->instance, function);
}

/* Says what an addition breaks. */
static void explain(unsigned why, const struct batch_odd *odd)
{
    if ((why & BATCH_NO_MEMORY) != 0)
        misuse_no_memory();
    if ((why & BATCH_FOREIGN_DEVICE) != 0)
        misuse("the plugin calls emit() of a record of a device that is another worker's");
    if ((why & BATCH_BAD_PAYLOAD) != 0)
        misuse("the plugin calls emit() of a record whose payload is missing or larger than %u "
               "bytes",
               MUSTER_DATAGRAM_MAX);
    if ((why & BATCH_BAD_ARRIVAL) != 0)
        misuse("the plugin calls emit() of a record whose `via` has no size");
    if ((why & BATCH_BAD_KIND) != 0)
        misuse("the plugin calls emit() of a record of kind %u, which there is not", odd->kind);
    if ((why & BATCH_UNNAMED_EVENT) != 0)
        misuse("the plugin calls emit() of the event %u, which its table `events` does not name",
               odd->event);
    if ((why & BATCH_UNNAMED_REJECT) != 0)
        misuse("the plugin calls emit() of a reject for the reason %u, which its table `rejects` "
               "does not name",
               odd->reason);
}

int batches_emit(struct muster_batch *batch, uint32_t after, const struct muster_record *record)
{
    struct own *own = (struct own *)batch;
    int result;

    if (!allows(own, RULE_EMIT) || fails(own, MUSTER_TEST_EMIT))
        return MUSTER_FAILED;
    if (own->real.count != 0 && after >= own->real.count) {
        misuse("the plugin calls emit() behind record %u of %u", after, own->real.count);
        return MUSTER_FAILED;
    }
    if (record == NULL) {
        misuse("the plugin calls emit() without a record");
        return MUSTER_FAILED;
    }
    own->real.why = 0;
    result = batch_emit(batch, after, record);
    explain(own->real.why, &own->real.odd);
    return result;
}

int batches_drop(struct muster_batch *batch, uint32_t index)
{
    struct own *own = (struct own *)batch;
    const uint32_t before = own->real.drop_count;

    if (!allows(own, RULE_DROP) || fails(own, MUSTER_TEST_DROP))
        return MUSTER_FAILED;
    if (index >= own->real.count) {
        misuse("the plugin calls drop() of record %u of %u", index, own->real.count);
        return MUSTER_FAILED;
    }
    if (batch_drop(batch, index) != 0)
        misuse_no_memory();
    if (own->real.drop_count != before + 1)
        misuse("the plugin calls drop() of record %u twice", index);
    return 0;
}

const struct muster_record *batches_hold(struct muster_batch *batch, uint32_t index)
{
    struct own *own = (struct own *)batch;
    const struct muster_record *held;

    if (!allows(own, RULE_HOLD) || fails(own, MUSTER_TEST_HOLD))
        return NULL;
    if (index >= own->real.count) {
        misuse("the plugin calls hold() of record %u of %u", index, own->real.count);
        return NULL;
    }
    held = batch_hold(batch, index);
    if (held == NULL)
        misuse("the plugin calls hold() of record %u, which it has taken out already", index);
    return held;
}

int batches_release(struct muster_batch *batch, uint32_t after, const struct muster_record *held)
{
    struct own *own = (struct own *)batch;

    if (!allows(own, RULE_RELEASE) || fails(own, MUSTER_TEST_RELEASE))
        return MUSTER_FAILED;
    if (own->real.count != 0 && after >= own->real.count) {
        misuse("the plugin calls release() behind record %u of %u", after, own->real.count);
        return MUSTER_FAILED;
    }
    if (held == NULL) {
        misuse("the plugin calls release() without a record");
        return MUSTER_FAILED;
    }
    if (batch_release(batch, after, held) != 0) {
        misuse("the plugin calls release() of a record that it does not hold");
        return MUSTER_FAILED;
    }
    return 0;
}

void batches_begin(struct muster_test_batch *batch, struct muster_instance *instance,
                   uint32_t worker, uint32_t workers, struct muster_record *records, uint32_t count,
                   const struct batch_memory *memory)
{
    static const struct batch_memory nowhere;
    struct own *own = batch->own;

    if (own == NULL) {
        own = calloc(1, sizeof *own);
        if (own == NULL)
            misuse_no_memory();
        batch->own = own;
    }
    own->instance = instance;
    free(own->copy);
    own->copy = NULL;
    if (memory == NULL) {
        own->copy = aligned_alloc(64, (count + 1u) * sizeof *records);
        if (own->copy == NULL)
            misuse_no_memory();
        if (count > 0)
            memcpy(own->copy, records, count * sizeof *records);
        records = own->copy;
        memory = &nowhere;
    }
    batch_init(&own->real, worker, workers, NULL);
    batch_begin(&own->real, records, count, memory);
    batch_turn(&own->real, 1);
    own->real.plugin = instance != NULL ? &instance->plugin : NULL;
    batch->batch = &own->real.view;
}

void muster_test_batch_begin(struct muster_test_batch *batch, const struct muster_record *records,
                             uint32_t count)
{
    batches_begin(batch, NULL, 0, 1, (struct muster_record *)records, count, NULL);
}

void muster_test_batch_finish(struct muster_test_batch *batch)
{
    struct own *own = batch->own;
    const struct batch_change change = batch_settle(&own->real);

    if (change.meddled)
        misuse("the plugin writes to the batch's own fields");
    if (change.altered)
        misuse("the plugin changes kind, payload, payload_size, payload_at, format, device, "
               "via or origin of a record "
               "in place; drop it, and emit another");
    batch->emitted = change.emitted;
    batch->dropped = change.dropped;
    batch->held = change.held;
    batch->released = change.released;
    batch->out = own->real.records;
    batch->out_count = own->real.count;
}

void muster_test_batch_free(struct muster_test_batch *batch)
{
    struct own *own = batch->own;

    if (own != NULL) {
        batch_free(&own->real);
        free(own->copy);
        free(own);
    }
    memset(batch, 0, sizeof *batch);
}
