/* SPDX-License-Identifier: MIT
 *
 * The rows of a device's numbers beside the one that is believed: those in doubt, those that were
 * not believed, and the one that its session had before.  A few of them, the last one that came
 * first; when there are too many, the one that is silent for longest is forgotten.
 */
#ifndef SEQUENCE_RIVALS_H
#define SEQUENCE_RIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#include "tables.h"
#include "width.h"

struct turn;

static inline bool rivals_is_used(const struct row *row)
{
    return row->datagrams > 0;
}

/* How many quarters of all numbers the session has used, modulo 2^16.  A row whose last number came
 * more than two ago is not of the turn that the session is in: the same numbers are others by now.
 */
static inline uint16_t rivals_quarter(const struct session *session)
{
    return (uint16_t)(session->highest >> (session->bits > 2 ? session->bits - 2 : 0));
}

/* The row's first number, as the device sends it. */
static inline uint64_t rivals_first(const struct row *row)
{
    return width_sent(row->end - row->count, row->bits);
}

/* Whether the message's number is of that row. */
bool rivals_has(const struct row *row, const struct turn *turn);

/* Whether it is the row's last one. */
bool rivals_is_last(const struct row *row, const struct turn *turn);

/* Whether it goes on with that row. */
bool rivals_is_next(const struct row *row, const struct turn *turn);

/* The row that the message goes on with; or NULL. */
struct row *rivals_find_next(struct rivals *rivals, const struct turn *turn);

/* Moves a row to the front.  Returns where it is then. */
struct row *rivals_to_front(struct rivals *rivals, const struct row *row);

/* The row that has the message's number; or NULL. */
struct row *rivals_find(struct rivals *rivals, const struct turn *turn);

/* An unused row in front. */
struct row *rivals_add(struct rivals *rivals);

/* The same, with the session's highest number. */
struct row *rivals_add_session(struct rivals *rivals, const struct session *session);

/* A session begins: what is left of rows came in its turn of the numbers. */
void rivals_renew(struct rivals *rivals, const struct session *session);

/* Forgets a row. */
void rivals_drop(struct rivals *rivals, struct row *row);

/* The next message of a row has come, and is in doubt.  As many of its last numbers as a window has
 * are of interest. */
void rivals_append(struct row *row, const struct turn *turn);

/* Numbers that follow each other. */
struct rivals_run {
    uint32_t ahead; /* how far ahead of the session's highest the first is */
    uint32_t count; /* 0: there are none */
};

/* The first run of numbers of rows, since the session began and in its turn, when it was at that
 * quarter, among the `count` behind the session's highest. */
struct rivals_run rivals_came(const struct rivals *rivals, const struct session *session,
                              uint16_t quarter, uint32_t count);

/* Who has sent a message; family 0 if it is not known. */
struct sender rivals_sender(const struct muster_record *record);

/* The same, in short; 0: it is not known. */
uint32_t rivals_source(const struct sender *sender);

#endif
