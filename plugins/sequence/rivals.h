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

static inline bool rivals_is_used(const struct row *row)
{
    return row->datagrams > 0;
}

/* Whether the number is of that row. */
static inline bool rivals_has(const struct row *row, uint32_t number)
{
    return rivals_is_used(row) && number - row->first < row->end - row->first;
}

/* The row that the number goes on with; or NULL. */
struct row *rivals_find_next(struct rivals *rivals, uint32_t number);

/* Moves a row to the front.  Returns where it is then. */
struct row *rivals_to_front(struct rivals *rivals, const struct row *row);

/* The row that has the number; or NULL. */
struct row *rivals_find(struct rivals *rivals, uint32_t number);

/* An unused row in front. */
struct row *rivals_add(struct rivals *rivals);

/* Forgets a row. */
void rivals_drop(struct rivals *rivals, struct row *row);

/* The next message of a row has come.  `window`: how many of its last numbers are of interest. */
void rivals_append(struct row *row, const struct muster_record *record, uint32_t now,
                   uint32_t window);

/* Numbers that follow each other. */
struct rivals_run {
    uint32_t first, count; /* 0: there are none */
};

/* The first run of numbers of rows, since the session began, among the `count` from `first` on. */
struct rivals_run rivals_came(const struct rivals *rivals, uint32_t first, uint32_t count);

/* Who has sent a message; family 0 if it is not known. */
struct sender rivals_sender(const struct muster_record *record);

/* The same, in short; 0: it is not known. */
uint32_t rivals_source(const struct sender *sender);

#endif
