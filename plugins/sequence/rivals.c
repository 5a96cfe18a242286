/* SPDX-License-Identifier: MIT
 *
 * The rows of a device's numbers beside the one that is believed.
 */
#include "rivals.h"

#include <assert.h>
#include <string.h>

#include "tracker_data.h"

struct row *rivals_to_front(struct rivals *rivals, const struct row *row)
{
    const struct row moved = *row;
    unsigned i = (unsigned)(row - rivals->rows);

    assert(i < RIVALS);
    memmove(&rivals->rows[1], &rivals->rows[0], i * sizeof moved);
    rivals->rows[0] = moved;
    return &rivals->rows[0];
}

bool rivals_has(const struct row *row, const struct turn *turn)
{
    return rivals_is_used(row) && row->bits == turn->bits &&
           width_sent(turn->number - rivals_first(row), row->bits) < row->count;
}

bool rivals_is_last(const struct row *row, const struct turn *turn)
{
    return rivals_has(row, turn) && width_sent(turn->number + 1, row->bits) == row->end;
}

bool rivals_is_next(const struct row *row, const struct turn *turn)
{
    return rivals_is_used(row) && row->bits == turn->bits &&
           width_sent(turn->number, row->bits) == row->end;
}

struct row *rivals_find_next(struct rivals *rivals, const struct turn *turn)
{
    unsigned i;

    for (i = 0; i < RIVALS; i++)
        if (rivals_is_next(&rivals->rows[i], turn))
            return &rivals->rows[i];
    return NULL;
}

struct row *rivals_find(struct rivals *rivals, const struct turn *turn)
{
    unsigned i;

    for (i = 0; i < RIVALS; i++)
        if (rivals_has(&rivals->rows[i], turn))
            return &rivals->rows[i];
    return NULL;
}

struct row *rivals_add(struct rivals *rivals)
{
    struct row *row = rivals_to_front(rivals, &rivals->rows[RIVALS - 1]);

    memset(row, 0, sizeof *row);
    return row;
}

struct row *rivals_add_session(struct rivals *rivals, const struct session *session)
{
    struct row *row = rivals_add(rivals);

    row->end = width_sent(session->highest + 1, session->bits);
    row->count = 1;
    row->first_time = row->last_time = session->highest_time;
    row->last_at = session->highest_at;
    row->datagrams = 1;
    row->quarter = rivals_quarter(session);
    row->bits = session->bits;
    return row;
}

void rivals_renew(struct rivals *rivals, const struct session *session)
{
    unsigned i;

    for (i = 0; i < RIVALS; i++)
        rivals->rows[i].quarter = rivals_quarter(session);
}

void rivals_drop(struct rivals *rivals, struct row *row)
{
    unsigned i = (unsigned)(row - rivals->rows);

    assert(i < RIVALS);
    memmove(row, row + 1, (RIVALS - 1 - i) * sizeof *row);
    memset(&rivals->rows[RIVALS - 1], 0, sizeof *row);
}

void rivals_append(struct row *row, const struct turn *turn)
{
    const struct sender sender = rivals_sender(turn->record);
    const bool begins = !rivals_is_used(row);

    if (begins) {
        row->end = width_sent(turn->number, turn->bits);
        row->count = row->doubted = 0;
        row->bits = turn->bits;
        row->first_time = turn->stamp;
    }
    assert(row->end == width_sent(turn->number, turn->bits) && row->bits == turn->bits);
    row->end = width_sent(row->end + 1, row->bits);
    row->doubted++;
    if (row->count < turn->size)
        row->count++;
    row->last_time = turn->stamp;
    row->last_at = turn->tracker->now;
    row->quarter = turn->session->begun ? rivals_quarter(turn->session) : 0;
    row->source = rivals_source(&sender);
    if (turn->is_further && !begins)
        return;
    if (row->datagrams < UINT8_MAX)
        row->datagrams++;
    if (row->streak < UINT8_MAX)
        row->streak++;
}

/* Whether its numbers are of the session's width, and of the turn that it was in at that quarter.
 */
static bool is_of_turn(const struct row *row, const struct session *session, uint16_t quarter)
{
    return rivals_is_used(row) && row->bits == session->bits &&
           (uint16_t)(quarter - row->quarter) <= 2;
}

struct rivals_run rivals_came(const struct rivals *rivals, const struct session *session,
                              uint16_t quarter, uint32_t count)
{
    struct rivals_run run = {.ahead = count + 1};
    const uint64_t next = session->highest + 1;
    unsigned i;

    for (i = 0; i < RIVALS; i++) {
        const struct row *row = &rivals->rows[i];
        uint32_t of_row = row->count - row->believed; /* an earlier session's highest is none */
        uint64_t between, passed;

        if (!is_of_turn(row, session, quarter) || of_row == 0)
            continue;
        between = width_sent(row->end - of_row - next, row->bits);
        passed = width_sent(next - (row->end - of_row), row->bits);
        if (passed < of_row) { /* the session is amidst them */
            between = 0;
            of_row -= (uint32_t)passed;
        }
        if (between + 1 >= run.ahead || between > count)
            continue;
        run.ahead = (uint32_t)between + 1;
        run.count = of_row < count - between ? of_row : count - (uint32_t)between;
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
