/* SPDX-License-Identifier: MIT
 *
 * A chunk being made.
 */
#include "spill_chunk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collector/catalog/numbers.h"
#include "collector/state/checksum.h"
#include "spill_parts.h"
#include "wire/plan.h"

_Static_assert(sizeof(struct spill_chunk_header) == 64, "the layout is kept");
_Static_assert(sizeof(struct spill_head) == 16, "the layout is kept");

static int reserve(struct spill_chunk *chunk, size_t more)
{
    size_t room = chunk->room > 0 ? chunk->room : 65536;
    uint8_t *bytes;

    while (room < chunk->size + more)
        room *= 2;
    if (room == chunk->room)
        return 0;
    bytes = realloc(chunk->bytes, room);
    if (bytes == NULL)
        return -1;
    chunk->bytes = bytes;
    chunk->room = room;
    return 0;
}

static void put(struct spill_chunk *chunk, const void *bytes, size_t size)
{
    assert(chunk->size + size <= chunk->room);
    if (size > 0)
        memcpy(chunk->bytes + chunk->size, bytes, size);
    chunk->size += size;
}

void spill_chunk_begin(struct spill_chunk *chunk)
{
    uint8_t *bytes = chunk->bytes;
    size_t room = chunk->room;

    *chunk = (struct spill_chunk){.bytes = bytes, .room = room, .first_ns = UINT64_MAX};
    chunk->size = sizeof(struct spill_chunk_header);
}

static void note_name(struct spill_chunk *chunk, bool is_format, uint16_t number)
{
    uint32_t i;

    for (i = 0; i < chunk->name_count; i++)
        if (chunk->names[i].is_format == is_format && chunk->names[i].number == number)
            return;
    if (number != 0 && chunk->name_count < SPILL_CHUNK_NAMES)
        chunk->names[chunk->name_count++] = (struct spill_chunk_name){is_format, number};
}

/* What is stored of its bytes: the payload, or the datagram that it is in. */
static const uint8_t *find_bytes(const struct muster_record *record, struct spill_head *head)
{
    const uint8_t *datagram = record->format != 0 ? muster_record_datagram(record) : NULL;

    head->bytes = record->payload_size;
    if (datagram == NULL)
        return record->payload.bytes;
    head->flags |= SPILL_DATAGRAM;
    head->bytes = record->via.arrival->datagram_size;
    return datagram;
}

int spill_chunk_add(struct spill_chunk *chunk, const struct spill_chunk_way *way,
                    const struct muster_record *record, uint64_t missed)
{
    struct spill_head head = {.missed = missed};
    const uint8_t *bytes = find_bytes(record, &head);
    const struct muster_arrival *arrival = record->via.arrival;
    const char *key = NULL;

    if (chunk->records == SPILL_CHUNK_RECORDS || chunk->size >= SPILL_CHUNK_ENOUGH)
        return 1;
    if ((record->marks & MUSTER_MARK_DEVICE) != 0 && record->device >= MUSTER_DEVICE_IDS)
        key = numbers_key(way->host->numbers, record->device);
    if (key != NULL)
        head.key = (uint8_t)strnlen(key, NUMBERS_KEY_MOST);
    if (arrival != NULL)
        head.flags |= arrival == chunk->arrival ? SPILL_SAME_ARRIVAL : SPILL_ARRIVAL;
    if ((head.flags & SPILL_DATAGRAM) != 0 && bytes == chunk->datagram)
        head.flags |= SPILL_SAME_DATAGRAM;
    if (reserve(chunk, sizeof head + sizeof *record + sizeof *arrival + head.key + head.bytes) < 0)
        return -1;
    put(chunk, &head, sizeof head);
    put(chunk, record, sizeof *record);
    if ((head.flags & SPILL_ARRIVAL) != 0)
        put(chunk, arrival, sizeof *arrival);
    put(chunk, key, head.key);
    if ((head.flags & SPILL_SAME_DATAGRAM) == 0)
        put(chunk, bytes, head.bytes);
    note_name(chunk, true, record->format);
    note_name(chunk, false, record->origin);
    if (arrival != NULL)
        chunk->arrival = arrival;
    if (head.bytes > 0) /* of one after another alone: so a chunk is no larger in memory */
        chunk->datagram = (head.flags & SPILL_DATAGRAM) != 0 ? bytes : NULL;
    chunk->records++;
    if (record->arrival_ns < chunk->first_ns)
        chunk->first_ns = record->arrival_ns;
    if (record->arrival_ns > chunk->last_ns)
        chunk->last_ns = record->arrival_ns;
    return 0;
}

static const char *name_of(const struct spill_chunk_way *way, const struct spill_chunk_name *name)
{
    const struct plan *plan;

    if (!name->is_format)
        return name->number <= way->entry_count ? way->entries[name->number - 1].name : "";
    if (way->host->catalog == NULL || name->number > catalog_format_count(way->host->catalog))
        return "";
    plan = catalog_plan(way->host->catalog, name->number);
    return plan != NULL ? plan_name(plan) : "";
}

/* What a name stands for is put behind the records. */
static int put_names(struct spill_chunk *chunk, const struct spill_chunk_way *way)
{
    uint32_t i;

    for (i = 0; i < chunk->name_count; i++) {
        const char *text = name_of(way, &chunk->names[i]);
        const size_t length = strnlen(text, UINT8_MAX);
        const struct spill_name name = {.is_format = chunk->names[i].is_format,
                                        .length = (uint8_t)length,
                                        .number = chunk->names[i].number};

        if (reserve(chunk, sizeof name + length) < 0)
            return -1;
        put(chunk, &name, sizeof name);
        put(chunk, text, length);
    }
    return 0;
}

int spill_chunk_end(struct spill_chunk *chunk, const struct spill_chunk_way *way)
{
    struct spill_chunk_header header = {.magic = SPILL_CHUNK_MAGIC,
                                        .records = chunk->records,
                                        .names_at = (uint32_t)chunk->size,
                                        .names = chunk->name_count,
                                        .run = way->run,
                                        .first_ns = chunk->first_ns,
                                        .last_ns = chunk->last_ns};

    if (put_names(chunk, way) < 0)
        return -1;
    header.bytes = (uint32_t)chunk->size;
    header.header_check = spill_header_check(&header);
    memcpy(chunk->bytes, &header, sizeof header);
    header.check = spill_check(chunk->bytes, chunk->size);
    memcpy(chunk->bytes, &header, sizeof header);
    return 0;
}

/* ---- Checks --------------------------------------------------------------------------- */

uint64_t spill_header_check(const struct spill_chunk_header *header)
{
    struct checksum sum = {0};

    checksum_add(&sum, header, offsetof(struct spill_chunk_header, header_check));
    return checksum_end(&sum);
}

uint64_t spill_check(const uint8_t *bytes, size_t size)
{
    struct spill_chunk_header header;
    struct checksum sum = {0};

    memcpy(&header, bytes, sizeof header);
    header.check = 0;
    checksum_add(&sum, &header, sizeof header);
    checksum_add(&sum, bytes + sizeof header, size - sizeof header);
    return checksum_end(&sum);
}

bool spill_chunk_header_is_sound(const struct spill_chunk_header *header)
{
    return header->magic == SPILL_CHUNK_MAGIC &&
           header->header_check == spill_header_check(header) && header->bytes >= sizeof *header &&
           header->bytes <= SPILL_CHUNK_MOST && header->records > 0 &&
           header->records <= SPILL_CHUNK_RECORDS && header->names <= SPILL_CHUNK_NAMES &&
           header->names_at >= sizeof *header && header->names_at <= header->bytes;
}

bool spill_chunk_is_sound(const uint8_t *bytes, size_t size)
{
    struct spill_chunk_header header;

    if (size < sizeof header)
        return false;
    memcpy(&header, bytes, sizeof header);
    return spill_chunk_header_is_sound(&header) && header.bytes == size &&
           header.check == spill_check(bytes, size);
}
