/* SPDX-License-Identifier: MIT
 *
 * What a worker noticed, as records.
 */
#include "events.h"

#include <assert.h>
#include <string.h>

/* An event of the device, now. */
static struct muster_record event_of(const struct events *events, enum muster_event event,
                                     uint16_t device_id)
{
    struct muster_record record;

    memset(&record, 0, sizeof record);
    record.kind = MUSTER_KIND_EVENT;
    record.event = (uint8_t)event;
    record.device_id = device_id;
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

    record.seq_num = record.first = note->first;
    record.last = note->last;
    if (event == MUSTER_EVENT_GAP_OPENED)
        record.opened_ns = events->now_ns;
    emit(events, &record);
}

void events_gap_end(struct events *events, const struct gap_end *end)
{
    struct muster_record record = event_of(
        events, end->lost ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_RECOVERED, end->device_id);

    record.seq_num = record.first = end->first;
    record.last = end->last;
    record.opened_ns = end->opened_ns;
    record.closed_ns = events->now_ns;
    record.cause = MUSTER_CAUSE_NETWORK;
    if (end->lost) /* what came was not dropped */
        record.cause |= end->causes;
    if (events->restarting)
        record.cause |= MUSTER_CAUSE_RESTART;
    emit(events, &record);
}

void events_presence(struct events *events, enum muster_event event, uint16_t device_id,
                     uint64_t heard_ns)
{
    struct muster_record record = event_of(events, event, device_id);

    record.opened_ns = heard_ns;
    if (event == MUSTER_EVENT_DEVICE_BACK)
        record.closed_ns = events->now_ns;
    emit(events, &record);
}
