/* SPDX-License-Identifier: MIT
 *
 * A datagram becomes records in the block, by the built-in format or by the declared ones of its
 * listener.
 */
#include "take.h"

#include <assert.h>
#include <string.h>

#include "admit.h"
#include "answers.h"
#include "base/address.h"
#include "recognize.h"
#include "pipeline.h"
#include "wire/datagram.h"

/* Goes on to an empty block.  What is in the old one must have been published. */
void take_next_block(struct pipeline *pipeline)
{
    struct block *full = pipeline->block;

    pipeline->block = pool_take(&pipeline->pool);
    pipeline->from = 0;
    block_release(full);
}

/* The record has room for an arrival in its block. */
static inline void set_arrival(struct block *block, struct muster_record *record,
                               const struct datagram *datagram)
{
    struct muster_arrival *arrival = block_arrive(block);

    memset(arrival, 0, sizeof *arrival);
    arrival->size = sizeof *arrival;
    arrival->datagram_size = datagram->size;
    arrival->local_port = datagram->local_port;
    arrival->interface = datagram->interface;
    address_split(datagram->source, &arrival->family, &arrival->source_port, arrival->source,
                  &arrival->source_scope);
    if (datagram->local != NULL) {
        arrival->has_local = 1;
        memcpy(arrival->local, datagram->local, sizeof arrival->local);
    }
    record->arrival_ns = datagram->arrival_ns;
    record->listener = datagram->listener;
    record->via.arrival = arrival;
}

/* `device` is NUMBERS_NONE if it is of none that is known. */
static void reject(struct pipeline *pipeline, const struct datagram *datagram, uint32_t device,
                   unsigned reason)
{
    bool is_told = notices_reject(pipeline, datagram, reason);
    struct muster_record *record;

    counter_add(&pipeline->counters.rejected[reason], 1);
    if (!pipeline->keep_rejects)
        return;
    if (!block_has_room(pipeline->block, datagram->stored)) {
        pipeline_publish(pipeline);
        take_next_block(pipeline);
    }
    counter_add(&pipeline->counters.reject_records, 1);
    record = &pipeline->block->records[pipeline->block->records_used++];
    memset(record, 0, sizeof *record);
    record->kind = MUSTER_KIND_REJECT;
    record->reject.reason = (uint8_t)reason;
    if (!is_told)
        record->marks = MUSTER_MARK_HELD_BACK;
    if (device != NUMBERS_NONE)
        numbers_name(pipeline->host->numbers, record, device);
    record->payload_size = datagram->stored;
    if (datagram->stored > 0)
        record->payload.bytes = block_store(pipeline->block, datagram->bytes, datagram->stored);
    set_arrival(pipeline->block, record, datagram);
}

/* Makes the records of a good datagram from reading `from` on, as many as the block has room for.
 * Returns how many. */
static uint32_t fill(struct block *block, const struct datagram *datagram,
                     const struct muster_header *header, const struct wire_class *class,
                     uint32_t from, uint32_t readings, uint8_t marks)
{
    struct muster_record *first = &block->records[block->records_used];
    uint32_t payload_size = datagram->size - MUSTER_HEADER_SIZE;
    uint32_t count = readings - from, room = BLOCK_RECORDS - block->records_used, i;
    const uint8_t *payload = NULL;

    if (count > room)
        count = room;
    if (payload_size > 0)
        payload = block_store(block, datagram->bytes + MUSTER_HEADER_SIZE, payload_size);
    wire_record(first, header, class, payload, payload_size, from, readings);
    set_arrival(block, first, datagram);
    first->marks |= marks;
    for (i = 1; i < count; i++)
        wire_reading(&first[i], first, i);
    block->records_used += count;
    return count;
}

/* ---- the built-in format -------------------------------------------------------------- */

/* Out of line, since most have no rules. */
__attribute__((noinline)) static int admit_it(struct pipeline *pipeline,
                                              const struct datagram *datagram,
                                              const struct muster_header *header, uint8_t *marks)
{
    if (header == NULL)
        return admit_source(pipeline->admit, datagram->source, datagram->listener,
                            datagram->arrival_ns);
    return admit_device(pipeline->admit, datagram->source, header->device_id, datagram->arrival_ns,
                        marks);
}

/* A stranger's word is not taken for anything of the device that it names. */
static uint32_t device_of(const struct datagram *datagram, const struct muster_header *header,
                          enum muster_reject reason)
{
    return datagram->size < MUSTER_HEADER_SIZE || reason == MUSTER_REJECT_SOURCE
               ? NUMBERS_NONE
               : header->device_id;
}

static void take_built_in(struct pipeline *pipeline, const struct datagram *datagram)
{
    struct pipeline_counters *c = &pipeline->counters;
    const struct wire_class *class = NULL;
    struct muster_header header;
    uint32_t payload_size = 0, done = 0;
    uint8_t marks = 0;
    int admitted = 0, count;

    if (pipeline->admit != NULL)
        admitted = admit_it(pipeline, datagram, NULL, &marks);
    count = admitted < 0 ? admitted
                         : wire_header(&header, datagram->bytes, datagram->size, pipeline->largest);
    assert(datagram->stored == datagram->size || datagram->stored == pipeline->largest + 1);
    counter_add(&c->received, 1);
    counter_add(&c->bytes, datagram->size);
    if (count == 0) {
        class = catalog_class(pipeline->host->catalog, header.device_id);
        payload_size = datagram->size - MUSTER_HEADER_SIZE;
        count = wire_payload_check(class, &header, payload_size);
    }
    if (pipeline->admit != NULL && count >= 0) {
        int known = admit_it(pipeline, datagram, &header, &marks);

        count = known < 0 ? known : count;
    }
    if (count < 0) {
        if (admitted < 0)
            wire_header(&header, datagram->bytes, datagram->size, pipeline->largest);
        reject(pipeline, datagram, device_of(datagram, &header, wire_reason(count)),
               wire_reason(count));
        return;
    }
    counter_add(&c->decoded, 1);
    counter_add(&c->records, (uint64_t)count);
    if (strangers_watch(&pipeline->notices.strangers, datagram->listener))
        notices_see(pipeline, datagram, header.device_id);
    while (done < (uint32_t)count) {
        /* A long batch of readings may go over several blocks, each with the payload. */
        if (!block_has_room(pipeline->block, payload_size)) {
            pipeline_publish(pipeline);
            take_next_block(pipeline);
        }
        done += fill(pipeline->block, datagram, &header, class, done, (uint32_t)count, marks);
    }
}

/* ---- declared formats ----------------------------------------------------------------- */

/* What the header says of one whose class says which of its messages count. */
static bool is_numbered(const struct pipeline *pipeline, const struct plan_header *header,
                        uint32_t device)
{
    const struct wire_class *class = catalog_class(pipeline->host->catalog, device);

    return !class->says_numbers || (class->numbers >> header->msg_type & 1) != 0;
}

/* As fill. */
static uint32_t fill_declared(struct block *block, const struct datagram *datagram,
                              const struct plan *plan, struct plan_header *header,
                              const struct muster_record *same, uint32_t from, uint32_t readings)
{
    struct muster_record *first = &block->records[block->records_used];
    const uint8_t *bytes = block_store(block, datagram->bytes, datagram->size);
    uint32_t count = readings - from, room = BLOCK_RECORDS - block->records_used, i;

    if (count > room)
        count = room;
    for (i = 0; i < count; i++) {
        struct muster_record *record = &first[i];

        plan_record(plan, record, header, bytes, datagram->size, from + i);
        record->device_id = same->device_id;
        record->device = same->device;
        record->marks |= same->marks;
        record->format = same->format;
        record->keep = same->keep;
        record->answer = same->answer;
        if (same->seq_bits == 0) {
            record->seq_bits = 0;
            record->marks &= (uint8_t)~MUSTER_MARK_SHARED_NUMBER;
        }
        if (i == 0)
            set_arrival(block, first, datagram);
        record->arrival_ns = first->arrival_ns;
        record->listener = first->listener;
        record->via = first->via;
    }
    block->records_used += count;
    return count;
}

/* A device at its first datagram.  Returns its number; NUMBERS_NONE: it gets none. */
static uint32_t enroll(struct pipeline *pipeline, const struct plan_device *device)
{
    if (pipeline->admit != NULL && !admit_may_enroll(pipeline->admit))
        return NUMBERS_NONE;
    return recognize_enroll(pipeline->host->numbers, device, pipeline->id);
}

/* Judges it.  Returns how many records it makes, 0 if it is to be ignored, or
 * -(1 + enum muster_reject).  *device: its number, or NUMBERS_NONE. */
static int judge_declared(struct pipeline *pipeline, const struct listener_formats *formats,
                          const struct datagram *datagram, struct recognized *seen,
                          struct muster_record *same, uint32_t *device)
{
    int admitted = 0;
    uint8_t marks = 0;

    *device = NUMBERS_NONE;
    if (pipeline->admit != NULL)
        admitted = admit_it(pipeline, datagram, NULL, &marks);
    if (datagram->size > pipeline->largest)
        return admitted < 0 ? admitted : -(1 + (int)MUSTER_REJECT_TOO_LONG);
    if (seen->format == 0)
        recognize(formats, pipeline->host->catalog, datagram, seen);
    same->format = seen->format;
    *device = recognize_number(pipeline->host->numbers, &seen->header.device);
    if (admitted < 0)
        return admitted;
    if (seen->count <= 0)
        return seen->count;
    if (*device == NUMBERS_NONE)
        *device = enroll(pipeline, &seen->header.device);
    if (*device == NUMBERS_NONE)
        return -(1 + (int)MUSTER_REJECT_UNKNOWN_DEVICE);
    if (pipeline->admit != NULL)
        admitted =
            admit_device(pipeline->admit, datagram->source, *device, datagram->arrival_ns, &marks);
    same->marks = marks;
    numbers_name(pipeline->host->numbers, same, *device);
    return admitted < 0 ? admitted : seen->count;
}

/* A datagram that is taken may have to be answered. */
static void ask(struct pipeline *pipeline, const struct datagram *datagram,
                const struct plan_header *header, struct muster_record *same, uint32_t device,
                int records)
{
    bool is_listed = device != NUMBERS_NONE && catalog_lists(pipeline->host->catalog, device);
    struct answers_ticket ticket = answers_ask(pipeline->answers, same->format, datagram, header,
                                               is_listed, (uint32_t)records);

    same->answer = ticket.token;
    same->keep = ticket.keep;
}

/* Of whom a rejected datagram is: not if he was given a number of another worker just now, whose
 * records are that one's. */
static uint32_t sender_of(const struct pipeline *pipeline, uint32_t device, int result)
{
    return device == NUMBERS_NONE || wire_reason(result) == MUSTER_REJECT_SOURCE ||
                   wire_worker_of(device, pipeline->count) != pipeline->id
               ? NUMBERS_NONE
               : device;
}

static void take_declared(struct pipeline *pipeline, const struct listener_formats *formats,
                          const struct datagram *datagram)
{
    struct pipeline_counters *c = &pipeline->counters;
    struct muster_record same = {0}; /* of all its records */
    struct recognized here, *seen = datagram->recognized;
    uint32_t done = 0, device;
    int count;

    if (seen == NULL) {
        seen = &here;
        seen->format = 0;
    }
    count = judge_declared(pipeline, formats, datagram, seen, &same, &device);
    if (count > 0 && wire_worker_of(device, pipeline->count) != pipeline->id) {
        pipeline_overrun(pipeline, datagram); /* two workers saw it for the first time at once */
        return;
    }
    counter_add(&c->received, 1);
    counter_add(&c->bytes, datagram->size);
    if (count < 0) {
        reject(pipeline, datagram, sender_of(pipeline, device, count), wire_reason(count));
        /* There may be no number left for so many. */
        if (wire_reason(count) == MUSTER_REJECT_UNKNOWN_DEVICE &&
            strangers_watch(&pipeline->notices.strangers, datagram->listener))
            notices_see(pipeline, datagram, device);
        return;
    }
    counter_add(&c->decoded, 1);
    counter_add(&c->records, (uint64_t)count);
    if (pipeline->answers != NULL)
        ask(pipeline, datagram, &seen->header, &same, device, count);
    if (count == 0) {
        counter_add(&c->ignored, 1);
        return;
    }
    if (device >= MUSTER_DEVICE_IDS)
        numbers_heard(pipeline->host->numbers, device, datagram->arrival_ns);
    if (strangers_watch(&pipeline->notices.strangers, datagram->listener))
        notices_see(pipeline, datagram, device);
    same.seq_bits = is_numbered(pipeline, &seen->header, device);
    while (done < (uint32_t)count) {
        if (!block_has_room(pipeline->block, datagram->size)) {
            pipeline_publish(pipeline);
            take_next_block(pipeline);
        }
        done += fill_declared(pipeline->block, datagram,
                              catalog_plan(pipeline->host->catalog, same.format), &seen->header,
                              &same, done, (uint32_t)count);
    }
    if (same.answer != 0)
        answers_taken(pipeline->answers);
}

void pipeline_take(struct pipeline *pipeline, const struct datagram *datagram)
{
    const struct listener_formats *formats =
        pipeline->formats != NULL ? &pipeline->formats[datagram->listener] : NULL;

    pipeline->taken[datagram->listener]++;
    if (formats == NULL || formats->count == 0)
        take_built_in(pipeline, datagram);
    else
        take_declared(pipeline, formats, datagram);
}

void pipeline_overrun(struct pipeline *pipeline, const struct datagram *datagram)
{
    counter_add(&pipeline->counters.received, 1);
    counter_add(&pipeline->counters.bytes, datagram->size);
    counter_add(&pipeline->counters.overrun, 1);
}
