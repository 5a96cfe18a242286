/* SPDX-License-Identifier: MIT
 *
 * The sum is taken of every record for every filter, so it is five loads a record, and no more is
 * asked of it than that a field that changes cannot go unnoticed.
 */
#include "batch_check.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "batch_index.h"
#include "collector/catalog/numbers.h"
#include "wire/steering.h"

/* ---- the sum -------------------------------------------------------------------------- */

typedef uint64_t lanes __attribute__((vector_size(16), may_alias));

/* The 16 bytes of a record that begin with `device`. */
enum { LANES_AT = 32 };
_Static_assert(offsetof(struct muster_record, device) == LANES_AT &&
                   offsetof(struct muster_record, origin) < LANES_AT + sizeof(lanes) &&
                   offsetof(struct muster_record, format) < LANES_AT + sizeof(lanes),
               "what is summed up together");

uint64_t batch_check_sum(const struct muster_record *records, uint32_t count)
{
    static const struct muster_record summed = {.device = UINT32_MAX,
                                                .kind = UINT8_MAX,
                                                .marks = MUSTER_MARK_DEVICE | MUSTER_MARK_KEY,
                                                .origin = UINT8_MAX,
                                                .format = UINT16_MAX};
    uint64_t payloads = 0, places = 0, sizes = 0, ways = 0, ids = 0;
    lanes mask, who = {0, 0};
    uint32_t i;

    assert((uintptr_t)records % sizeof(lanes) == 0);
    memcpy(&mask, (const uint8_t *)&summed + LANES_AT, sizeof mask);
    for (i = 0; i < count; i++) {
        who += *(const lanes *)&records[i].device & mask;
        /* Tied together, so that two records cannot swap one of the two. */
        payloads += records[i].payload.pad * (2 * (uint64_t)records[i].payload_size + 1);
        places += (records[i].payload.pad | 1) * records[i].payload_at;
        sizes += records[i].payload_size;
        ways += records[i].via.pad;
        ids += records[i].device_id;
    }
    return who[0] + who[1] * 3 + payloads * 5 + sizes * 7 + ways * 9 + ids * 11 + places * 13;
}

/* ---- mending -------------------------------------------------------------------------- */

bool batch_check_device(const struct batch *batch, uint32_t device)
{
    return device < numbers_end(batch->numbers) &&
           wire_worker_of(device, batch->workers) == batch->worker;
}

/* How many bytes can be read from there on, `size` at most. */
static uint32_t readable(struct batch *batch, const uint8_t *bytes, uint32_t size)
{
    const struct batch_memory *memory = &batch->memory;
    const uintptr_t at = (uintptr_t)bytes, from = (uintptr_t)memory->bytes;
    size_t left;

    if (at >= from && at - from < memory->size)
        left = memory->size - (at - from);
    else
        left = batch_index_left(batch, bytes);
    if (left > MUSTER_DATAGRAM_MAX)
        left = MUSTER_DATAGRAM_MAX;
    return size < left ? size : (uint32_t)left;
}

bool batch_check_stays(const struct batch *batch, const struct muster_arrival *arrival)
{
    uintptr_t at = (uintptr_t)arrival, from = (uintptr_t)batch->memory.arrivals;

    return at >= from && (at - from) % sizeof *arrival == 0 &&
           (at - from) / sizeof *arrival < batch->memory.arrival_count;
}

static bool is_arrival(struct batch *batch, const struct muster_arrival *arrival)
{
    return batch_check_stays(batch, arrival) || batch_index_has_arrival(batch, arrival);
}

bool batch_check_datagram(struct batch *batch, const struct muster_record *record)
{
    const uint8_t *datagram = muster_record_datagram(record);
    uint32_t size;

    if (datagram == NULL)
        return false;
    size = record->via.arrival->datagram_size;
    return size > 0 && readable(batch, datagram, size) == size;
}

void batch_check_forget(struct muster_record *record)
{
    record->payload_at = 0;
    if (record->kind == MUSTER_KIND_MESSAGE)
        record->format = 0;
}

void batch_check_forget_device(struct muster_record *record)
{
    record->marks &= (uint8_t) ~(MUSTER_MARK_DEVICE | MUSTER_MARK_KEY);
    record->device = 0;
    record->device_id = 0;
}

void batch_check_mend(struct batch *batch)
{
    uint32_t i;

    for (i = 0; i < batch->count; i++) {
        struct muster_record *record = &batch->records[i];

        if (!is_arrival(batch, record->via.arrival))
            record->via.arrival = NULL;
        if (!batch_check_datagram(batch, record))
            batch_check_forget(record);
        record->payload_size = readable(batch, record->payload.bytes, record->payload_size);
        if (record->payload_size == 0)
            record->payload.bytes = NULL;
        if ((record->marks & MUSTER_MARK_DEVICE) != 0 && batch_check_device(batch, record->device))
            numbers_name(batch->numbers, record, record->device);
        else
            batch_check_forget_device(record);
    }
}
