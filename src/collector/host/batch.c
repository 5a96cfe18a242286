/* SPDX-License-Identifier: MIT
 *
 * Additions and removals are noted while the filter runs and carried out once,
 * in one pass.  The memory grows to what was ever needed and stays.
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

struct payload_copy {
    struct payload_copy *next;
    uint8_t bytes[];
};

/* Makes room for `needed` elements of `size` bytes.  Returns 0, or -1. */
static int grow(void **memory, uint32_t *room, uint32_t needed, size_t size)
{
    uint32_t larger = *room < 64 ? 64 : *room;
    void *moved;

    if (needed <= *room)
        return 0;
    while (larger < needed)
        larger *= 2;
    moved = reallocarray(*memory, larger, size);
    if (moved == NULL)
        return -1;
    *memory = moved;
    *room = larger;
    return 0;
}

static void free_payloads(struct batch *batch)
{
    struct payload_copy *copy;

    while ((copy = batch->payloads) != NULL) {
        batch->payloads = copy->next;
        free(copy);
    }
}

void batch_begin(struct batch *batch, struct muster_record *records, uint32_t count)
{
    free_payloads(batch);
    batch->view.records = records;
    batch->view.count = count;
    batch->records = records;
    batch->count = count;
}

int batch_emit(struct muster_batch *view, uint32_t after, const struct muster_record *record)
{
    struct batch *batch = (struct batch *)view;
    void *memory = batch->emissions;
    struct emission *emission;
    struct payload_copy *copy = NULL;

    if (grow(&memory, &batch->emission_room, batch->emission_count + 1, sizeof *batch->emissions) <
        0) {
        batch->failed++;
        return MUSTER_FAILED;
    }
    batch->emissions = memory;
    if (record->payload_size > MUSTER_DATAGRAM_MAX) {
        batch->failed++;
        return MUSTER_FAILED;
    }
    if (record->payload_size > 0) {
        copy = malloc(sizeof *copy + record->payload_size);
        if (copy == NULL) {
            batch->failed++;
            return MUSTER_FAILED;
        }
        memcpy(copy->bytes, record->payload.bytes, record->payload_size);
        copy->next = batch->payloads;
        batch->payloads = copy;
    }
    emission = &batch->emissions[batch->emission_count++];
    emission->after = after < batch->count ? after : batch->count > 0 ? batch->count - 1 : 0;
    emission->record = *record;
    if (copy != NULL)
        emission->record.payload.bytes = copy->bytes;
    return 0;
}

int batch_drop(struct muster_batch *view, uint32_t index)
{
    struct batch *batch = (struct batch *)view;
    void *memory = batch->drop_marks;

    if (index >= batch->count)
        return MUSTER_FAILED;
    if (batch->drop_count == 0) {
        if (grow(&memory, &batch->drop_room, batch->count, 1) < 0)
            return MUSTER_FAILED;
        batch->drop_marks = memory;
        memset(batch->drop_marks, 0, batch->count);
    }
    if (!batch->drop_marks[index]) {
        batch->drop_marks[index] = 1;
        batch->drop_count++;
    }
    return 0;
}

/* Sorted by place; those of the same place stay in order.  A filter goes through
 * its batch from front to back, so that there mostly is nothing to do. */
static void sort_emissions(struct emission *emissions, uint32_t count)
{
    uint32_t i, j;

    for (i = 1; i < count; i++) {
        struct emission moving;

        if (emissions[i - 1].after <= emissions[i].after)
            continue;
        moving = emissions[i];
        for (j = i; j > 0 && emissions[j - 1].after > moving.after; j--)
            emissions[j] = emissions[j - 1];
        emissions[j] = moving;
    }
}

struct batch_change batch_settle(struct batch *batch)
{
    struct batch_change change = {
        .emitted = batch->emission_count, .dropped = batch->drop_count, .failed = batch->failed};
    struct vector *vector = &batch->vectors[batch->next_vector];
    void *memory = vector->records;
    uint32_t i, e = 0, count = 0;

    batch->failed = 0;
    change.meddled = batch->view.records != batch->records || batch->view.count != batch->count;
    batch->view.records = batch->records;
    batch->view.count = batch->count;
    if (change.emitted == 0 && change.dropped == 0)
        return change;
    if (grow(&memory, &vector->room, batch->view.count + change.emitted, sizeof *vector->records) <
        0) {
        /* Without memory the batch goes on as it was. */
        change.failed += change.emitted;
        change.emitted = change.dropped = 0;
        goto done;
    }
    vector->records = memory;
    sort_emissions(batch->emissions, batch->emission_count);
    for (i = 0; i < batch->view.count; i++) {
        if (batch->drop_count == 0 || !batch->drop_marks[i])
            vector->records[count++] = batch->view.records[i];
        while (e < batch->emission_count && batch->emissions[e].after == i)
            vector->records[count++] = batch->emissions[e++].record;
    }
    while (e < batch->emission_count)
        vector->records[count++] = batch->emissions[e++].record;
    batch->view.records = batch->records = vector->records;
    batch->view.count = batch->count = count;
    batch->next_vector ^= 1;

done:
    batch->emission_count = 0;
    batch->drop_count = 0;
    return change;
}

void batch_free(struct batch *batch)
{
    free_payloads(batch);
    free(batch->vectors[0].records);
    free(batch->vectors[1].records);
    free(batch->emissions);
    free(batch->drop_marks);
    memset(batch, 0, sizeof *batch);
}
