/* SPDX-License-Identifier: MIT
 *
 * What a worker noticed, as records.
 */
#include "events.h"

#include <assert.h>
#include <string.h>

#include "../common/address.h"
#include "../common/number.h"
#include "../common/text.h"
#include "listening.h"
#include "rivals.h"
#include "width.h"

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
    if (events->room == 0 || events->host->emit(events->batch, events->after, record) != 0)
        muster_cell_add(events->not_reported, 1);
    else if (events->batch->count > 0) /* else they move on meanwhile */
        events->room--;
}

static void set_numbers(struct muster_record *record, const struct tracker_note *note)
{
    const uint8_t bits =
        note->bits > 0 ? note->bits : 64; /* as the message without a number has it */

    record->seq_bits = note->bits;
    record->seq = record->event.first = width_sent(note->first, bits);
    record->event.last = width_sent(note->last, bits);
}

void events_numbers(struct events *events, enum muster_event event, const struct tracker_note *note)
{
    struct muster_record record = event_of(events, event, note->device_id);

    set_numbers(&record, note);
    emit(events, &record);
}

/* When what opened then ended, or was still open: by the wall clock, unless that was set since. */
static uint64_t closed_ns(const struct events *events, const struct gaps_news *news,
                          uint64_t opened_ns)
{
    const uint64_t tolerated = UINT64_C(2000000000); /* units and the pace of the clocks */
    uint32_t units = events->at - news->opened_at;
    uint64_t shown = events->now_ns - opened_ns, passed;

    passed = units <= INT32_MAX ? (uint64_t)units << LISTENING_UNIT_SHIFT : 0;
    if (shown - passed + tolerated <= 2 * tolerated && events->now_ns >= opened_ns)
        return events->now_ns;
    return opened_ns + passed;
}

void events_gap(struct events *events, const struct gaps_news *news, const struct session *session)
{
    struct muster_record record = event_of(events, (enum muster_event)news->is, news->device);

    record.seq = record.event.first = width_of_low(session, news->first);
    record.seq_bits = session->bits;
    record.event.last = width_of_low(session, news->last);
    if (news->at_least && news->is != MUSTER_EVENT_GAP_RECOVERED)
        record.marks |= MUSTER_MARK_AT_LEAST;
    record.event.was = news->was;
    record.event.was_cause = news->was_causes;
    record.event.cause = news->causes;
    record.event.opened_ns = news->opened_ns != 0 ? news->opened_ns : events->now_ns;
    record.value.heard_ns =
        news->heard_ns < record.event.opened_ns ? news->heard_ns : record.event.opened_ns;
    record.event.closed_ns = closed_ns(events, news, record.event.opened_ns);
    emit(events, &record);
}

/* "127.0.0.1:4000", or "?". */
static char *write_sender(char *out, const struct sender *sender)
{
    if (sender->family == 0)
        return text_copy(out, "?");
    if (sender->family == 6)
        out = text_copy(out, "[");
    out = address_text(out, sender->family, sender->address);
    if (sender->family == 6)
        out = text_copy(out, "]");
    out = text_copy(out, ":");
    return number_u32(out, sender->port);
}

void events_two_senders(struct events *events, const struct tracker_note *note,
                        const struct sender *one, const struct muster_record *other)
{
    struct muster_record record = event_of(events, MUSTER_EVENT_TWO_SENDERS, note->device_id);
    const struct sender sender = rivals_sender(other);
    char text[2 * (ADDRESS_MAX + 16)], *end;

    end = write_sender(text, one);
    end = text_copy(end, " and ");
    end = write_sender(end, &sender);
    set_numbers(&record, note);
    record.via = other->via;
    record.payload.bytes = (const uint8_t *)text;
    record.payload_size = (uint32_t)(end - text);
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
