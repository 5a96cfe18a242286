/* SPDX-License-Identifier: MIT
 *
 * A chunk being read.  What an earlier run wrote is made to fit this one: a device has perhaps
 * another number, a format or an entry another place, or is gone; and what a format says of a
 * datagram is looked at anew, since nobody else will before its values are worked out.
 */
#include "spill_chunk.h"

#include <string.h>

#include "base/address.h"
#include "collector/catalog/numbers.h"
#include "spill_parts.h"
#include "wire/plan.h"

void spill_reader_begin(struct spill_reader *reader, const struct spill_chunk_way *way,
                        const uint8_t *bytes, size_t size)
{
    struct spill_chunk_header header;

    memcpy(&header, bytes, sizeof header);
    memset(reader, 0, sizeof *reader);
    reader->way = way;
    reader->bytes = bytes;
    reader->at = bytes + sizeof header;
    reader->end = reader->names = bytes + header.names_at;
    reader->names_end = bytes + size;
    reader->left = header.records;
    reader->name_count = header.names;
    reader->is_own = header.run == way->run;
}

/* Takes that many bytes, or NULL if they are not there. */
static const uint8_t *take(struct spill_reader *reader, size_t size)
{
    const uint8_t *bytes = reader->at;

    if ((size_t)(reader->end - reader->at) < size)
        return NULL;
    reader->at += size;
    return bytes;
}

/* ---- What numbers stand for ----------------------------------------------------------- */

/* What the number was called in the run that wrote the chunk.  Returns the length, 0: nothing. */
static size_t name_of(const struct spill_reader *reader, bool is_format, uint16_t number,
                      char text[UINT8_MAX + 1])
{
    const uint8_t *at = reader->names;
    struct spill_name name;
    uint32_t i;

    for (i = 0; i < reader->name_count; i++) {
        if ((size_t)(reader->names_end - at) < sizeof name)
            break;
        memcpy(&name, at, sizeof name);
        at += sizeof name;
        if ((size_t)(reader->names_end - at) < name.length)
            break;
        if (name.is_format == is_format && name.number == number) {
            memcpy(text, at, name.length);
            text[name.length] = '\0';
            return name.length;
        }
        at += name.length;
    }
    return 0;
}

/* The entry of that name; UINT8_MAX, which no plugin has, if it is gone. */
static uint8_t find_origin(const struct spill_reader *reader, uint8_t origin)
{
    char text[UINT8_MAX + 1];
    uint32_t i;

    if (origin == 0 || name_of(reader, false, origin, text) == 0)
        return origin == 0 ? 0 : UINT8_MAX;
    for (i = 0; i < reader->way->entry_count && i < UINT8_MAX - 1; i++)
        if (strcmp(reader->way->entries[i].name, text) == 0)
            return (uint8_t)(i + 1);
    return UINT8_MAX;
}

/* Whether the format, as it is now, makes such a record of the datagram. */
static bool is_made_by(const struct plan *plan, const struct muster_record *record,
                       const uint8_t *datagram)
{
    const struct muster_arrival *arrival = record->via.arrival;
    struct sockaddr_storage source;
    struct plan_header header;
    struct muster_record made;
    int count;

    address_join(arrival->family, arrival->source_port, arrival->source, arrival->source_scope,
                 &source);
    count = plan_header(plan, &header, datagram, arrival->datagram_size,
                        (const struct sockaddr *)&source, record->arrival_ns);
    if (count <= 0 || record->reading >= count)
        return false;
    plan_record(plan, &made, &header, datagram, arrival->datagram_size, record->reading);
    return made.payload_at == record->payload_at && made.payload_size == record->payload_size;
}

/* The format is that of the same name, if it still fits; else the record is one of the built-in
 * format, which has no more than its own value. */
static void find_format(const struct spill_reader *reader, struct muster_record *record)
{
    const struct catalog *catalog = reader->way->host->catalog;
    const uint8_t *datagram = muster_record_datagram(record);
    char text[UINT8_MAX + 1];
    int number = -1;

    if (record->format == 0)
        return;
    if (catalog != NULL && datagram != NULL && name_of(reader, true, record->format, text) > 0)
        number = catalog_find_format(catalog, text);
    if (number > 0 && is_made_by(catalog_plan(catalog, (unsigned)number), record, datagram)) {
        record->format = (uint16_t)number;
        return;
    }
    record->format = 0;
    record->payload_at = 0;
}

/* The device is the one that calls itself so; if it cannot have a number, the record is about none.
 */
static void find_device(const struct spill_reader *reader, struct muster_record *record,
                        const uint8_t *key, uint8_t length)
{
    struct numbers *numbers = reader->way->host->numbers;
    uint32_t number = NUMBERS_NONE;

    if ((record->marks & MUSTER_MARK_DEVICE) == 0 ||
        (length == 0 && record->device < MUSTER_DEVICE_IDS))
        return;
    if (numbers != NULL && length > 0 && length <= NUMBERS_KEY_MOST)
        number = numbers_of_key(numbers, (const char *)key, length);
    if (numbers != NULL && length > 0 && length <= NUMBERS_KEY_MOST && number == NUMBERS_NONE)
        number = numbers_give(numbers, (const char *)key, length, numbers_worker(numbers, 0));
    if (number != NUMBERS_NONE) {
        record->device = number;
        return;
    }
    record->marks &= (uint8_t) ~(MUSTER_MARK_DEVICE | MUSTER_MARK_KEY);
    record->device = 0;
}

/* ---- Records -------------------------------------------------------------------------- */

/* The arrival that the record says it has.  Returns 0, or -1. */
static int take_arrival(struct spill_reader *reader, const struct spill_head *head,
                        struct muster_record *record)
{
    const uint8_t *bytes;
    struct muster_arrival *arrival;

    record->via.pad = 0;
    record->via.arrival = NULL;
    if ((head->flags & SPILL_ARRIVAL) != 0) {
        arrival = &reader->arrivals[reader->next_arrival++ % 2];
        bytes = take(reader, sizeof *arrival);
        if (bytes == NULL)
            return -1;
        memcpy(arrival, bytes, sizeof *arrival);
        arrival->size = sizeof *arrival;
        arrival->peer.pad = 0;
        arrival->peer.text = NULL;
        reader->arrival = arrival;
    } else if ((head->flags & SPILL_SAME_ARRIVAL) == 0) {
        return 0;
    }
    record->via.arrival = reader->arrival;
    return reader->arrival != NULL ? 0 : -1;
}

/* The payload, or the datagram that it is in.  Returns 0, or -1. */
static int take_bytes(struct spill_reader *reader, const struct spill_head *head,
                      struct muster_record *record)
{
    const uint8_t *bytes = NULL;

    record->payload.pad = 0;
    record->payload.bytes = NULL;
    if ((head->flags & SPILL_DATAGRAM) == 0) {
        bytes = take(reader, head->bytes);
        if (bytes == NULL || head->bytes != record->payload_size)
            return -1;
        record->payload.bytes = head->bytes > 0 ? bytes : NULL;
        return 0;
    }
    if ((head->flags & SPILL_SAME_DATAGRAM) == 0) {
        reader->datagram = take(reader, head->bytes);
        reader->datagram_size = head->bytes;
    }
    if (reader->datagram == NULL || record->via.arrival == NULL ||
        reader->datagram_size != head->bytes || record->via.arrival->datagram_size != head->bytes ||
        record->payload_at > head->bytes || record->payload_size > head->bytes - record->payload_at)
        return -1;
    record->payload.bytes = reader->datagram + record->payload_at;
    return 0;
}

int spill_reader_next(struct spill_reader *reader, struct muster_record *record, uint64_t *missed)
{
    const uint8_t *bytes, *key;
    struct spill_head head;

    if (reader->left == 0)
        return 0;
    bytes = take(reader, sizeof head + sizeof *record);
    if (bytes == NULL)
        return -1;
    memcpy(&head, bytes, sizeof head);
    memcpy(record, bytes + sizeof head, sizeof *record);
    if (head.bytes > MUSTER_DATAGRAM_MAX || take_arrival(reader, &head, record) < 0)
        return -1;
    key = take(reader, head.key);
    if (key == NULL || take_bytes(reader, &head, record) < 0)
        return -1;
    if ((head.flags & SPILL_DATAGRAM) == 0 && muster_record_datagram(record) != NULL)
        return -1;      /* it would have its datagram around it */
    record->answer = 0; /* nobody of this run waits for it */
    record->keep = 0;
    if (!reader->is_own) {
        find_device(reader, record, key, head.key);
        find_format(reader, record);
        record->origin = find_origin(reader, record->origin);
    }
    *missed = head.missed;
    reader->left--;
    return 1;
}
