/* SPDX-License-Identifier: MIT
 *
 * Numbers that are not of the session's row: when to believe them, and when not.
 *
 * One datagram alone may be anything, so its number is in doubt until the next one follows it.
 * What is not believed is remembered for a while, since it came: it may be the number that is
 * missed later, or of the row of another sender.
 */
#ifndef SEQUENCE_DOUBT_H
#define SEQUENCE_DOUBT_H

#include <stdbool.h>

#include <muster/record.h>

#include "tables.h"

struct turn;

enum {
    DOUBT_PLAUSIBLE = 2, /* datagrams in a row that are believed if nothing else speaks against */
    DOUBT_ANY = 4,       /* and whatever does */
    DOUBT_BESIDE = 2,    /* times that both rows went on: neither has left numbers out */
    DOUBT_RIVAL = 16,    /* of a row beside which the session's goes on, too */
    DOUBT_LAG = 8,       /* numbers: copies that are as late are of another way, or sender */
    DOUBT_COPY = 10,     /* s: a copy, or what was overtaken, comes sooner */
    DOUBT_REST = 300     /* s: no network holds a datagram for so long, and who resends begins with
                            its last numbers, not with its first */
};

enum doubt {
    DOUBT_AHEAD,         /* too far ahead */
    DOUBT_BEHIND,        /* behind, but made later than the highest */
    DOUBT_BEHIND_WEAKLY, /* behind, and no time stamp says that it was made later */
    DOUBT_WIDTH,         /* its numbers are of another width than the session's */
    DOUBT_STALE          /* made before the session began */
};

/* The message is not of the session's row.  An outlier, or enough of its row came by now. */
enum muster_verdict doubt_judge(const struct turn *turn, enum doubt kind);

/* The number was seen before.  A duplicate, unless enough of them came in a row and too late for
 * copies. */
enum muster_verdict doubt_copy(const struct turn *turn);

/* The session begins anew with the number that it had, and only had. */
enum muster_verdict doubt_repeat(const struct turn *turn);

/* The session's row goes on with the message. */
void doubt_go_on(const struct turn *turn);

/* What is in doubt is not confirmed. */
void doubt_refute(const struct turn *turn);

/* Nothing more comes: what is in doubt is confirmed if the kernel dropped so much. */
void doubt_end(const struct turn *turn);

/* How far ahead of the highest a number can be by now. */
uint64_t doubt_most(const struct turn *turn);

/* Whether a number so far ahead of the highest, which is more than half of all numbers, is rather
 * that than behind: the device may well have used so many, and it is neither late nor a copy. */
bool doubt_is_beyond_half(const struct turn *turn, uint64_t ahead);

/* Whether the message's step ahead may well be longer by whole turns of the numbers. */
bool doubt_may_have_turned(const struct turn *turn);

#endif
