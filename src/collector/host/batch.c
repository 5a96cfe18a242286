/* SPDX-License-Identifier: MIT
 *
 * Additions and removals are noted while the filter runs and carried out once,
 * in one pass.  The memory grows to what was ever needed and stays.
 */
#include "batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "batch_check.h"
#include "batch_index.h"
#include "plugin.h"
#include "collector/catalog/numbers.h"

/* Bytes that may be read behind every payload. */
enum { TAIL = 16 };

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

/* The same for a vector, whose records need not stay. */
static int grow_vector(struct vector *vector, uint32_t needed)
{
    uint32_t room = vector->room < 64 ? 64 : vector->room;

    if (needed <= vector->room)
        return 0;
    while (room < needed)
        room *= 2;
    free(vector->records);
    vector->records = aligned_alloc(64, (size_t)room * sizeof *vector->records);
    vector->room = vector->records != NULL ? room : 0;
    return vector->records != NULL ? 0 : -1;
}

static void free_copies(struct batch_copy **copies)
{
    struct batch_copy *copy;

    while ((copy = *copies) != NULL) {
        *copies = copy->next;
        if (copy->bytes != NULL && --copy->bytes->holders == 0)
            free(copy->bytes);
        free(copy);
    }
}

void batch_init(struct batch *batch, unsigned worker, unsigned workers,
                const struct numbers *numbers)
{
    assert(worker < workers);
    batch->worker = worker;
    batch->workers = workers;
    batch->numbers = numbers;
}

void batch_begin(struct batch *batch, struct muster_record *records, uint32_t count,
                 const struct batch_memory *memory)
{
    assert(memory != NULL || count == 0);
    batch_index_clear(batch);
    free_copies(&batch->copies);
    batch->datagram = NULL;
    batch->datagram_copy = NULL;
    batch->view.records = records;
    batch->view.count = count;
    batch->records = records;
    batch->count = count;
    batch->memory = memory != NULL ? *memory : (struct batch_memory){0};
    batch->summed = false;
}

void batch_turn(struct batch *batch, uint8_t origin)
{
    assert(origin > 0);
    batch->origin = origin;
    if (!batch->summed)
        batch->sum = batch_check_sum(batch->records, batch->count);
    batch->summed = true;
}

/* ---- what a filter asks for ----------------------------------------------------------- */

/* What the first version of the contract has; a plugin may be built for it. */
#define ARRIVAL_LEAST (offsetof(struct muster_arrival, peer) + sizeof(uint64_t))

/* What is odd about an addition that can be carried out. */
static unsigned doubt(struct batch *batch, uint32_t after, const struct muster_record *record)
{
    const struct plugin *plugin = batch->plugin;
    unsigned why = 0;

    if (record->kind == MUSTER_KIND_EVENT && record->event.event >= MUSTER_EVENT_OWN &&
        plugin != NULL && plugin_event_name(plugin, record->event.event) == NULL) {
        batch->odd.event = record->event.event;
        why |= BATCH_UNNAMED_EVENT;
    }
    if (record->kind == MUSTER_KIND_REJECT && record->reject.reason >= MUSTER_REJECT_OWN &&
        plugin != NULL && plugin_reject_name(plugin, record->reject.reason) == NULL) {
        batch->odd.reason = record->reject.reason;
        why |= BATCH_UNNAMED_REJECT;
    }
    if (batch->count > 0 && after >= batch->count) {
        batch->odd.after = after;
        why |= BATCH_FAR;
    }
    return why;
}

/* Why the record cannot be added; 0: it can. */
static unsigned refuse(const struct batch *batch, const struct muster_record *record)
{
    const struct muster_arrival *arrival = record->via.arrival;

    if ((record->marks & MUSTER_MARK_DEVICE) != 0 && !batch_check_device(batch, record->device))
        return BATCH_FOREIGN_DEVICE;
    if (record->payload_size > MUSTER_DATAGRAM_MAX ||
        (record->payload_size > 0 && record->payload.bytes == NULL))
        return BATCH_BAD_PAYLOAD;
    if (arrival != NULL && arrival->size < ARRIVAL_LEAST)
        return BATCH_BAD_ARRIVAL;
    if (record->kind > MUSTER_KIND_REJECT)
        return BATCH_BAD_KIND;
    return 0;
}

/* Room for one addition more, such that batch_settle cannot fail.  Returns 0, or -1. */
static int make_room(struct batch *batch)
{
    void *memory = batch->emissions;

    if (grow(&memory, &batch->emission_room, batch->emission_count + 1, sizeof *batch->emissions) <
        0)
        return -1;
    batch->emissions = memory;
    return grow_vector(&batch->vectors[batch->next_vector],
                       batch->count + batch->emission_count + 1);
}

static struct batch_bytes *copy_bytes(const uint8_t *bytes, uint32_t size)
{
    struct batch_bytes *copy = calloc(1, sizeof *copy + size + TAIL);

    if (copy == NULL)
        return NULL;
    copy->holders = 1;
    copy->size = size;
    memcpy(copy->bytes, bytes, size);
    return copy;
}

/* A copy of a datagram of this batch: one for all records that are held of it. */
static struct batch_bytes *share_datagram(struct batch *batch, const uint8_t *bytes, uint32_t size)
{
    if (bytes == batch->datagram && size == batch->datagram_copy->size) {
        batch->datagram_copy->holders++;
        return batch->datagram_copy;
    }
    batch->datagram_copy = copy_bytes(bytes, size);
    batch->datagram = batch->datagram_copy != NULL ? bytes : NULL;
    return batch->datagram_copy;
}

/* A copy of the record's arrival, and of its payload or its datagram, of `size` bytes; or NULL. */
static struct batch_copy *copy_pointed(struct batch *batch, const struct muster_record *record,
                                       bool is_datagram, uint32_t size)
{
    struct batch_copy *copy = calloc(1, sizeof *copy);

    if (copy == NULL)
        return NULL;
    if (size > 0) {
        copy->bytes = is_datagram ? share_datagram(batch, muster_record_datagram(record), size)
                                  : copy_bytes(record->payload.bytes, size);
        if (copy->bytes == NULL) {
            free(copy);
            return NULL;
        }
    }
    if (record->via.arrival != NULL) {
        memcpy(&copy->arrival, record->via.arrival,
               record->via.arrival->size < sizeof copy->arrival ? record->via.arrival->size
                                                                : sizeof copy->arrival);
        copy->arrival.size = sizeof copy->arrival;
    }
    return copy;
}

/* A record is of the device that has its number, whatever else it says of it. */
static void name_device(const struct batch *batch, struct muster_record *record)
{
    if ((record->marks & MUSTER_MARK_DEVICE) != 0)
        numbers_name(batch->numbers, record, record->device);
    else
        batch_check_forget_device(record);
}

/* Adds a copy of the record.  Returns why it could not, BATCH_*; 0: it is added. */
static unsigned emit(struct batch *batch, uint32_t after, const struct muster_record *record)
{
    struct batch_copy *copy = NULL;
    struct emission *emission;
    unsigned why = refuse(batch, record);
    bool is_new_way = record->via.arrival != NULL && !batch_check_stays(batch, record->via.arrival);
    bool stays = why == 0 && batch_check_datagram(batch, record);
    uint32_t size = stays ? 0 : record->payload_size;

    if (why != 0)
        return why;
    if (make_room(batch) < 0)
        return BATCH_NO_MEMORY;
    if (size > 0 || is_new_way) {
        copy = copy_pointed(batch, record, false, size);
        if (copy == NULL)
            return BATCH_NO_MEMORY;
        copy->next = batch->copies;
        batch->copies = copy;
    }
    emission = &batch->emissions[batch->emission_count++];
    emission->after = after < batch->count ? after : batch->count > 0 ? batch->count - 1 : 0;
    emission->record = *record;
    emission->record.origin = batch->origin;
    if (!stays) {
        emission->record.payload.bytes = size > 0 ? copy->bytes->bytes : NULL;
        batch_check_forget(&emission->record);
    }
    if (is_new_way)
        emission->record.via.arrival = &copy->arrival;
    name_device(batch, &emission->record);
    return 0;
}

/* Outside of process, what was added may move on before the callback returns. */
static void move_on(struct batch *batch)
{
    if (batch->full != NULL && batch->count == 0 && batch->emission_count >= BATCH_PIECE)
        batch->full(batch->full_context);
}

int batch_emit(struct muster_batch *view, uint32_t after, const struct muster_record *record)
{
    struct batch *batch = (struct batch *)view;
    unsigned why = emit(batch, after, record);

    if (why == 0) {
        batch->why |= doubt(batch, after, record);
        move_on(batch);
        return 0;
    }
    if (why == BATCH_BAD_KIND)
        batch->odd.kind = record->kind;
    batch->failed++;
    batch->why |= why;
    return MUSTER_FAILED;
}

/* Has marks, and room for what is left.  Returns 0, or -1. */
static int make_marks(struct batch *batch)
{
    void *memory = batch->drop_marks;

    if (batch->drop_count + batch->hold_count > 0)
        return 0;
    if (make_room(batch) < 0 || grow(&memory, &batch->drop_room, batch->count, 1) < 0)
        return -1;
    batch->drop_marks = memory;
    memset(batch->drop_marks, 0, batch->count);
    return 0;
}

int batch_drop(struct muster_batch *view, uint32_t index)
{
    struct batch *batch = (struct batch *)view;

    if (index >= batch->count || make_marks(batch) < 0)
        return MUSTER_FAILED;
    if (!batch->drop_marks[index]) {
        batch->drop_marks[index] = 1;
        batch->drop_count++;
    }
    return 0;
}

/* ---- what is handed on later ---------------------------------------------------------- */

/* Whose it is, so that nobody releases what is another one's. */
static uint64_t holder(const struct batch *batch)
{
    return (uint64_t)batch->worker << 16 | (uint64_t)batch->origin << 8 | 1;
}

const struct muster_record *batch_hold(struct muster_batch *view, uint32_t index)
{
    struct batch *batch = (struct batch *)view;
    const struct muster_record *record;
    struct batch_copy *copy;
    bool has_datagram;
    unsigned why;

    if (index >= batch->count || make_marks(batch) < 0 || batch->drop_marks[index])
        return NULL;
    record = &batch->records[index];
    why = refuse(batch, record); /* the filter may have altered it */
    if (why != 0) {
        batch->why |= why;
        return NULL;
    }
    has_datagram = batch_check_datagram(batch, record);
    copy = copy_pointed(batch, record, has_datagram,
                        has_datagram ? record->via.arrival->datagram_size : record->payload_size);
    if (copy == NULL)
        return NULL;
    copy->record = *record;
    name_device(batch, &copy->record);
    if (!has_datagram)
        batch_check_forget(&copy->record);
    copy->record.payload.bytes =
        copy->bytes != NULL ? copy->bytes->bytes + copy->record.payload_at : NULL;
    if (record->via.arrival != NULL)
        copy->record.via.arrival = &copy->arrival;
    copy->holder = holder(batch);
    copy->next = batch->held;
    if (copy->next != NULL)
        copy->next->before = copy;
    batch->held = copy;
    batch->drop_marks[index] = 1;
    batch->hold_count++;
    return &copy->record;
}

int batch_release(struct muster_batch *view, uint32_t after, const struct muster_record *held)
{
    struct batch *batch = (struct batch *)view;
    struct batch_copy *copy = (struct batch_copy *)held; /* its first member */

    if (copy->holder != holder(batch)) {
        batch->why |= BATCH_NOT_HELD;
        return MUSTER_FAILED;
    }
    if (make_room(batch) < 0)
        return MUSTER_FAILED;
    copy->holder = 0;
    if (copy->before != NULL)
        copy->before->next = copy->next;
    else
        batch->held = copy->next;
    if (copy->next != NULL)
        copy->next->before = copy->before;
    copy->next = batch->copies;
    batch->copies = copy;
    batch->emissions[batch->emission_count++] =
        (struct emission){.after = after < batch->count ? after
                                   : batch->count > 0   ? batch->count - 1
                                                        : 0,
                          .record = copy->record};
    batch->release_count++;
    move_on(batch);
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
    struct batch_change change = {.emitted = batch->emission_count - batch->release_count,
                                  .dropped = batch->drop_count,
                                  .held = batch->hold_count,
                                  .released = batch->release_count,
                                  .failed = batch->failed,
                                  .why = batch->why,
                                  .odd = batch->odd};
    struct vector *vector = &batch->vectors[batch->next_vector];
    uint32_t i, e = 0, count = 0;

    assert(batch->summed);
    batch->failed = 0;
    batch->why = 0;
    change.meddled = batch->view.records != batch->records || batch->view.count != batch->count;
    batch->view.records = batch->records;
    batch->view.count = batch->count;
    change.altered = batch_check_sum(batch->records, batch->count) != batch->sum;
    if (change.altered) {
        batch_check_mend(batch);
        batch->summed = false;
    }
    if (batch->emission_count + batch->drop_count + batch->hold_count == 0)
        return change;
    assert(vector->room >= batch->count + batch->emission_count); /* see make_room */
    sort_emissions(batch->emissions, batch->emission_count);
    for (i = 0; i < batch->view.count; i++) {
        if (batch->drop_count + batch->hold_count == 0 || !batch->drop_marks[i])
            vector->records[count++] = batch->view.records[i];
        while (e < batch->emission_count && batch->emissions[e].after == i)
            vector->records[count++] = batch->emissions[e++].record;
    }
    while (e < batch->emission_count)
        vector->records[count++] = batch->emissions[e++].record;
    batch->view.records = batch->records = vector->records;
    batch->view.count = batch->count = count;
    batch->next_vector ^= 1;
    batch->summed = false;
    batch->emission_count = 0;
    batch->release_count = 0;
    batch->drop_count = 0;
    batch->hold_count = 0;
    return change;
}

void batch_free(struct batch *batch)
{
    batch_index_clear(batch);
    free_copies(&batch->copies);
    free_copies(&batch->held); /* nobody will release them any more */
    free(batch->vectors[0].records);
    free(batch->vectors[1].records);
    free(batch->emissions);
    free(batch->drop_marks);
    memset(batch, 0, sizeof *batch);
}
