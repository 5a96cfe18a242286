/* SPDX-License-Identifier: MIT
 *
 * What a worker does with a datagram: decode it into the block, run the filters
 * over what one receive call brought, offer the result to every sink.
 */
#include "collector/live/worker.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "wire/datagram.h"
#include "base/clock.h"
#include "collector/live/listener.h"

/* ---- decode --------------------------------------------------------------------------- */

/* Goes on to an empty block.  What is in the old one must have been offered. */
static void next_block(struct worker *worker)
{
    struct block *full = worker->block;

    worker->block = pool_take(&worker->pool);
    worker->from = 0;
    block_release(full);
}

static const uint8_t *store(struct block *block, const uint8_t *bytes, uint32_t size)
{
    uint8_t *place = block->bytes + block->bytes_used;

    memcpy(place, bytes, size);
    block->bytes_used += size;
    return place;
}

static void set_source(struct muster_record *record, const struct datagram *datagram)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)datagram->source;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)datagram->source;

    record->arrival_ns = datagram->arrival_ns;
    record->listener = datagram->listener;
    if (datagram->source->sa_family == AF_INET6) {
        record->source_family = 6;
        record->source_port = ntohs(v6->sin6_port);
        record->source_scope = v6->sin6_scope_id;
        memcpy(record->source, &v6->sin6_addr, 16);
    } else {
        record->source_family = 4;
        record->source_port = ntohs(v4->sin_port);
        memcpy(record->source, &v4->sin_addr, 4);
    }
}

static void reject(struct worker *worker, const struct datagram *datagram, unsigned reason)
{
    char source[ADDRESS_TEXT], more[64] = "";
    uint64_t held_back;
    struct muster_record *record;

    counter_add(&worker->counters.rejected[reason], 1);
    if (log_limit_pass(&worker->reject_limits[reason], clock_coarse(), &held_back)) {
        if (held_back > 0)
            snprintf(more, sizeof more, "; %" PRIu64 " more since the last such line", held_back);
        log_format(worker->host->log, LOG_WARNING, NULL,
                   "rejected a datagram of %u bytes from %s: %s%s", datagram->size,
                   address_text(datagram->source, source), wire_reject_name(reason), more);
    }
    if (!worker->keep_rejects)
        return;
    if (!block_has_room(worker->block, datagram->stored)) {
        worker_publish(worker);
        next_block(worker);
    }
    counter_add(&worker->counters.kept, 1);
    record = &worker->block->records[worker->block->records_used++];
    memset(record, 0, sizeof *record);
    record->kind = MUSTER_KIND_REJECT;
    record->reason = (uint8_t)reason;
    record->payload_size = datagram->stored;
    record->datagram_size = datagram->size;
    if (datagram->stored > 0)
        record->payload.bytes = store(worker->block, datagram->bytes, datagram->stored);
    set_source(record, datagram);
}

void worker_begin(struct worker *worker)
{
    if (block_rewind(worker->block))
        worker->from = 0;
}

/* Makes the records of a good datagram from reading `from` on, as many as the block has room for.
 * Returns how many. */
static uint32_t fill(struct block *block, const struct datagram *datagram,
                     const struct muster_header *header, const struct wire_class *class,
                     uint32_t from, uint32_t readings)
{
    struct muster_record *first = &block->records[block->records_used];
    uint32_t payload_size = datagram->size - MUSTER_HEADER_SIZE;
    uint32_t count = readings - from, room = BLOCK_RECORDS - block->records_used, i;
    const uint8_t *payload = NULL;

    if (count > room)
        count = room;
    if (payload_size > 0)
        payload = store(block, datagram->bytes + MUSTER_HEADER_SIZE, payload_size);
    wire_record(first, header, class, payload, payload_size, from, readings);
    set_source(first, datagram);
    for (i = 1; i < count; i++)
        wire_reading(&first[i], first, i);
    block->records_used += count;
    return count;
}

void worker_take(struct worker *worker, const struct datagram *datagram)
{
    struct worker_counters *c = &worker->counters;
    const struct wire_class *class = NULL;
    struct muster_header header;
    uint32_t payload_size = 0, done = 0;
    int count = wire_header(&header, datagram->bytes, datagram->size, worker->largest);

    counter_add(&c->received, 1);
    counter_add(&c->bytes, datagram->size);
    if (count == 0) {
        class = catalog_class(worker->host->catalog, header.device_id);
        payload_size = datagram->size - MUSTER_HEADER_SIZE;
        count = wire_payload_check(class, &header, payload_size);
    }
    if (count < 0) {
        reject(worker, datagram, wire_reason(count));
        return;
    }
    counter_add(&c->decoded, 1);
    counter_add(&c->records, (uint64_t)count);
    while (done < (uint32_t)count) {
        /* A long batch of readings may go over several blocks, each with the payload. */
        if (!block_has_room(worker->block, payload_size)) {
            worker_publish(worker);
            next_block(worker);
        }
        done += fill(worker->block, datagram, &header, class, done, (uint32_t)count);
    }
}

/* ---- fan out -------------------------------------------------------------------------- */

static void report_full(struct worker *worker, unsigned s, uint32_t wanted)
{
    const struct sink *sink = &worker->sinks[s];
    const struct queue *queue = &sink->queues[worker->id];
    uint64_t held_back;

    if (!log_limit_pass(&worker->full_limits[s], clock_coarse(), &held_back))
        return;
    log_format(worker->host->log, LOG_WARNING, sink->instance->entry->name,
               "the queue is full (no room for %u more: %" PRIu64 " records wait, %" PRIu64
               " were dropped so far): what "
               "comes now is dropped for this sink and counted, until half of the queue is free; "
               "other sinks are not affected",
               wanted, queue_waiting(queue), counter_value(&queue->dropped));
}

static bool takes(const struct sink *sink, const struct muster_record *record)
{
    return sink->instance->kinds >> sink_kind(record) & 1;
}

/* Offers a run, of which the sink takes `wanted` records. */
static void offer(struct worker *worker, unsigned s, const struct run *run, uint32_t wanted)
{
    struct sink *sink = &worker->sinks[s];
    struct queue *queue = &sink->queues[worker->id];

    if (worker->wait_for_room != NULL)
        worker->wait_for_room(worker->wait_context, queue, run, wanted);
    switch (queue_offer(queue, run, wanted)) {
    case QUEUE_TOOK:
        if (!worker->wakes_late)
            eventcount_notify(&sink->bell);
        break;
    case QUEUE_BECAME_FULL:
        report_full(worker, s, wanted);
        break;
    case QUEUE_IS_FULL:
        break;
    }
}

/* Copies the records that the sink takes into its side block, and offers them there. */
static void offer_aside(struct worker *worker, unsigned s, const struct run *run)
{
    struct block *side = worker->sides[s];
    struct run copied = {.block = side};
    uint32_t i;

    if (side != NULL)
        block_rewind(side);
    for (i = 0; i < run->count; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];
        struct muster_record *copy;

        if (!takes(&worker->sinks[s], record))
            continue;
        if (side == NULL || !block_has_room(side, record->payload_size)) {
            if (copied.count > 0)
                offer(worker, s, &copied, copied.count);
            if (side != NULL)
                block_release(side);
            side = worker->sides[s] = pool_take(&worker->pool);
            copied = (struct run){.block = side};
        }
        if (copied.count == 0)
            copied.from = side->records_used;
        copy = &side->records[side->records_used++];
        *copy = *record;
        if (record->payload_size > 0)
            copy->payload.bytes = store(side, record->payload.bytes, record->payload_size);
        copied.count++;
    }
    if (copied.count > 0)
        offer(worker, s, &copied, copied.count);
}

/* How many records of each kind there are.  Nearly all are messages, and those are not counted in
 * memory. */
static void count_kinds(const struct run *run, uint32_t kinds[SINK_KINDS])
{
    uint32_t messages = 0, i;

    for (i = 0; i < run->count; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        if (record->kind == MUSTER_KIND_MESSAGE)
            messages++;
        else
            kinds[sink_kind(record)]++;
    }
    kinds[MUSTER_KIND_MESSAGE] += messages;
}

/* Offers the records of the block from `worker->from` on to every sink. */
static void fan_out(struct worker *worker)
{
    struct block *block = worker->block;
    struct run run = {
        .block = block, .from = worker->from, .count = block->records_used - worker->from};
    uint32_t kinds[SINK_KINDS] = {0};
    unsigned s, kind;

    if (run.count == 0)
        return;
    count_kinds(&run, kinds);
    for (kind = 0; kind < SINK_KINDS; kind++)
        if (kinds[kind] > 0)
            counter_add(&worker->counters.fanned[kind], kinds[kind]);
    for (s = 0; s < worker->sink_count; s++) {
        uint32_t mask = worker->sinks[s].instance->kinds, wanted = 0;

        for (kind = 0; kind < SINK_KINDS; kind++)
            if (mask >> kind & 1)
                wanted += kinds[kind];
        if (wanted > 0 && (mask & MUSTER_TAKES_MESSAGES))
            offer(worker, s, &run, wanted);
        else if (wanted > 0)
            offer_aside(worker, s, &run);
    }
    worker->from = block->records_used;
}

/* ---- filters -------------------------------------------------------------------------- */

/* Carries out what a filter asked for, and counts it. */
static void settle(struct worker *worker, struct filter *filter, uint32_t in)
{
    struct batch_change change = batch_settle(&worker->batch);

    counter_add(&filter->in, in);
    counter_add(&filter->emitted, change.emitted);
    counter_add(&filter->dropped, change.dropped);
    counter_add(&filter->out, worker->batch.view.count);
    if (change.meddled)
        log_line(worker->host->log, LOG_ERROR, filter->instance->entry->name,
                 "bug in the plugin: it wrote to the fields of struct muster_batch");
    if (change.failed > 0)
        log_format(worker->host->log, LOG_ERROR, filter->instance->entry->name,
                   "%u records could not be added: no memory, or too large a payload",
                   change.failed);
}

/* Runs the batch through the filters from number `first` on. */
static void run_filters(struct worker *worker, unsigned first)
{
    unsigned i;

    for (i = first; i < worker->filter_count && worker->batch.view.count > 0; i++) {
        struct filter *filter = &worker->filters[i];
        uint32_t in = worker->batch.view.count;

        filter->instance->entry->plugin.api.process(filter->state, &worker->batch.view);
        settle(worker, filter, in);
    }
}

static bool is_stored_in(const struct block *block, const struct muster_record *record)
{
    return record->payload.bytes >= block->bytes &&
           record->payload.bytes < block->bytes + BLOCK_BYTES;
}

/* Puts a batch that filters have put together anew back into the block, in place
 * of what was decoded, and offers it.  It may have outgrown the block; the first
 * block is held until the end, for the payloads in it. */
static void offer_rebuilt(struct worker *worker)
{
    struct block *first = worker->block;
    uint32_t i;

    block_hold(first);
    worker->block->records_used = worker->from;
    for (i = 0; i < worker->batch.view.count; i++) {
        struct muster_record record = worker->batch.view.records[i];
        bool elsewhere = record.payload_size > 0 && !is_stored_in(worker->block, &record);

        if (!block_has_room(worker->block, elsewhere ? record.payload_size : 0)) {
            fan_out(worker);
            next_block(worker);
            elsewhere = record.payload_size > 0;
        }
        if (elsewhere)
            record.payload.bytes = store(worker->block, record.payload.bytes, record.payload_size);
        worker->block->records[worker->block->records_used++] = record;
    }
    fan_out(worker);
    block_release(first);
}

void worker_publish(struct worker *worker)
{
    struct block *block = worker->block;
    struct muster_record *records = &block->records[worker->from];
    uint32_t count = block->records_used - worker->from;

    if (count > 0) {
        batch_begin(&worker->batch, records, count);
        run_filters(worker, 0);
        if (worker->batch.view.records == records)
            fan_out(worker);
        else
            offer_rebuilt(worker);
    }
}

uint64_t worker_tick_filters(struct worker *worker, uint64_t now_ns)
{
    uint64_t next = now_ns + WORKER_TICK;
    unsigned i;

    for (i = 0; i < worker->filter_count; i++) {
        struct filter *filter = &worker->filters[i];
        uint64_t asked;

        if (filter->instance->entry->plugin.api.worker_tick == NULL)
            continue;
        if (now_ns >= filter->next_tick_ns) {
            batch_begin(&worker->batch, NULL, 0);
            asked = filter->instance->entry->plugin.api.worker_tick(filter->state,
                                                                    &worker->batch.view, now_ns);
            filter->next_tick_ns = tick_next(now_ns, asked);
            settle(worker, filter, 0);
            run_filters(worker, i + 1);
            offer_rebuilt(worker);
        }
        if (filter->next_tick_ns < next)
            next = filter->next_tick_ns;
    }
    return next;
}

void worker_close_filters(struct worker *worker)
{
    unsigned i;

    for (i = 0; i < worker->filter_count; i++) {
        struct filter *filter = &worker->filters[i];

        if (filter->opened && filter->instance->entry->plugin.api.worker_close != NULL) {
            batch_begin(&worker->batch, NULL, 0);
            filter->instance->entry->plugin.api.worker_close(filter->state, &worker->batch.view);
            settle(worker, filter, 0);
            run_filters(worker, i + 1);
            offer_rebuilt(worker);
        }
        filter->opened = false;
    }
}
