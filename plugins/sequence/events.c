/* SPDX-License-Identifier: MIT
 *
 * What a worker noticed, as records.
 */
#include "events.h"

#include <assert.h>
#include <string.h>

/* An event of the device, now. */
static struct muster_record event_of(const struct events *events, enum muster_event event,
                                     uint32_t device)
{
    struct muster_device about = {.size = sizeof about};
    struct muster_record record;

    events->host->device(events->instance, device, &about);
    memset(&record, 0, sizeof record);
    record.kind = MUSTER_KIND_EVENT;
    record.event.event = (uint8_t)event;
    record.device_id = about.id;
    record.device = device;
    record.marks = MUSTER_MARK_DEVICE;
    record.arrival_ns = events->now_ns;
    return record;
}

static void emit(struct events *events, const struct muster_record *record)
{
    assert(events->batch != NULL);
    if (events->host->emit(events->batch, events->after, record) != 0)
        muster_cell_add(events->not_reported, 1);
}

void events_numbers(struct events *events, enum muster_event event, const struct tracker_note *note)
{
    struct muster_record record = event_of(events, event, note->device_id);

    record.seq = record.event.first = note->first;
    record.seq_bits = TRACKER_SEQ_BITS;
    record.event.last = note->last;
    if (event == MUSTER_EVENT_GAP_OPENED)
        record.event.opened_ns = events->now_ns;
    emit(events, &record);
}

void events_gap_end(struct events *events, const struct gap_end *end)
{
    struct muster_record record = event_of(
        events, end->lost ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_RECOVERED, end->device_id);

    record.seq = record.event.first = end->first;
    record.seq_bits = TRACKER_SEQ_BITS;
    record.event.last = end->last;
    record.event.opened_ns = end->opened_ns;
    record.event.closed_ns = events->now_ns;
    record.event.cause = MUSTER_CAUSE_NETWORK;
    if (end->lost) /* what came was not dropped */
        record.event.cause |= end->causes;
    if (events->restarting)
        record.event.cause |= MUSTER_CAUSE_RESTART;
    emit(events, &record);
}

void events_presence(struct events *events, enum muster_event event, uint32_t device,
                     uint64_t since_ns)
{
    struct muster_record record = event_of(events, event, device);

    record.event.opened_ns = events->now_ns > since_ns ? events->now_ns - since_ns : 0;
    if (event == MUSTER_EVENT_DEVICE_BACK || event == MUSTER_EVENT_DATA_BACK)
        record.event.closed_ns = events->now_ns;
    emit(events, &record);
}
