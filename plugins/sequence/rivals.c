/* SPDX-License-Identifier: MIT
 *
 * The rows of a device's numbers beside the one that is believed.
 */
#include "rivals.h"

#include <assert.h>
#include <string.h>

#include "timing.h"

struct row *rivals_to_front(struct rivals *rivals, const struct row *row)
{
    const struct row moved = *row;
    unsigned i = (unsigned)(row - rivals->rows);

    assert(i < RIVALS);
    memmove(&rivals->rows[1], &rivals->rows[0], i * sizeof moved);
    rivals->rows[0] = moved;
    return &rivals->rows[0];
}

struct row *rivals_find_next(struct rivals *rivals, uint32_t number)
{
    unsigned i;

    for (i = 0; i < RIVALS; i++)
        if (rivals_is_used(&rivals->rows[i]) && rivals->rows[i].end == number)
            return &rivals->rows[i];
    return NULL;
}

struct row *rivals_find(struct rivals *rivals, uint32_t number)
{
    unsigned i;

    for (i = 0; i < RIVALS; i++)
        if (rivals_has(&rivals->rows[i], number))
            return &rivals->rows[i];
    return NULL;
}

struct row *rivals_add(struct rivals *rivals)
{
    struct row *row = rivals_to_front(rivals, &rivals->rows[RIVALS - 1]);

    memset(row, 0, sizeof *row);
    return row;
}

void rivals_drop(struct rivals *rivals, struct row *row)
{
    unsigned i = (unsigned)(row - rivals->rows);

    assert(i < RIVALS);
    memmove(row, row + 1, (RIVALS - 1 - i) * sizeof *row);
    memset(&rivals->rows[RIVALS - 1], 0, sizeof *row);
}

void rivals_append(struct row *row, const struct muster_record *record, uint32_t now,
                   uint32_t window)
{
    const struct sender sender = rivals_sender(record);

    if (!rivals_is_used(row)) {
        row->first = row->doubt = row->end = (uint32_t)record->seq;
        row->first_time = timing_stamp(record);
    }
    assert(row->end == (uint32_t)record->seq);
    row->end++;
    if (row->end - row->first > window)
        row->first++;
    row->last_time = timing_stamp(record);
    row->last_at = now;
    row->source = rivals_source(&sender);
    if (record->reading > 0 && rivals_is_used(row))
        return;
    if (row->datagrams < UINT8_MAX)
        row->datagrams++;
    if (row->streak < UINT8_MAX)
        row->streak++;
}

struct rivals_run rivals_came(const struct rivals *rivals, uint32_t first, uint32_t count)
{
    struct rivals_run run = {.first = first + count};
    unsigned i;

    for (i = 0; i < RIVALS; i++) {
        const struct row *row = &rivals->rows[i];
        uint32_t begin = row->first + row->believed,
                 left; /* an earlier session's highest is none */

        if (!rivals_is_used(row) || begin == row->end)
            continue;
        if (first - begin < row->end - begin)
            begin = first;
        else if (begin - first >= count)
            continue;
        left = first + count - begin;
        if (begin - first >= run.first - first)
            continue;
        run.first = begin;
        run.count = row->end - begin < left ? row->end - begin : left;
    }
    return run;
}

struct sender rivals_sender(const struct muster_record *record)
{
    const struct muster_arrival *arrival = record->via.arrival;
    struct sender sender = {.family = 0};

    if (arrival == NULL || arrival->family == 0)
        return sender;
    memcpy(sender.address, arrival->source, arrival->family == 4 ? 4 : sizeof sender.address);
    sender.scope = arrival->source_scope;
    sender.port = arrival->source_port;
    sender.family = arrival->family;
    return sender;
}

uint32_t rivals_source(const struct sender *sender)
{
    const uint8_t *bytes = (const uint8_t *)sender;
    uint32_t hash = UINT32_C(2166136261), i; /* FNV-1a */

    if (sender->family == 0)
        return 0;
    for (i = 0; i < sizeof *sender; i++)
        hash = (hash ^ bytes[i]) * UINT32_C(16777619);
    return hash | 1;
}
