/* SPDX-License-Identifier: MIT
 *
 * The figures of a play: what was sent, and what a collector that misses
 * nothing must say of it.
 */
#ifndef FLEET_ACCOUNT_H
#define FLEET_ACCOUNT_H

#include "play.h"

/* What a perfect collector sees.  In records where nothing else is said: a
 * DATA is a record for each of its readings, any other message is one.  Where
 * all readings of a datagram share its number, the first of them counts, and
 * the others are `shared`. */
struct account_expect {
    uint64_t datagrams;
    uint64_t records;
    uint64_t missing;    /* numbers that gaps revealed */
    uint64_t recovered;  /* of these, arrived later */
    uint64_t late;       /* recovered, and late before the session's first number */
    uint64_t lost;       /* missing - recovered */
    uint64_t gaps;       /* records that reveal a gap */
    uint64_t duplicates; /* a second HEARTBEAT is none: it has no number */
    uint64_t unnumbered; /* messages without a number, the doubled ones included; no INIT */
    uint64_t invisible;  /* numbers withheld before a session's first or after its last */
    uint64_t reach;      /* how many numbers behind the highest a late one or a copy was, at most */
    uint64_t jump;       /* numbers in the largest gap */
    uint64_t leaps;      /* gaps that one datagram claimed while the numbers that it left went on */
    uint64_t shared;     /* readings that share the number of the first of their datagram */
};

/* A collector doubts a DATA that is ahead, if so many come of those that it overtook, each farther
 * than those before, and that goes on for so long. */
#define ACCOUNT_LEAP    4
#define ACCOUNT_LEAP_NS UINT64_C(9000000000)

/* The numbers of one session of a device, as places: 1 is the session's first number. */
struct account_session {
    uint64_t first;   /* of what was delivered first; 0: nothing yet */
    uint64_t highest; /* the highest that was delivered */
    uint64_t left; /* since that one, if it was ahead: the farthest of those that it left behind */
    uint64_t highest_ns; /* when the highest one was sent */
    uint32_t behind;     /* how many of those that it left came, each farther than those before */
    bool doubted;        /* it is counted in leaps */
};

enum account_place { ACCOUNT_FIRST, ACCOUNT_AHEAD, ACCOUNT_LATE, ACCOUNT_COPY };

/* Takes down that a message with so many numbers, of which `place` are before it, was delivered at
 * that time: `copy` if it was before.  Fills in records, one for each number, missing, recovered,
 * late, gaps, duplicates, reach, jump and leaps, and says what it was.
 */
enum account_place account_data(struct account_expect *expect, struct account_session *session,
                                uint64_t place, bool copy, uint64_t numbers, uint64_t sent_ns);

/* And that it makes more records than it has numbers. */
void account_shared(struct account_expect *expect, uint64_t records, uint64_t numbers);

struct account_figures {
    uint64_t planned, sent, bytes;
    uint64_t sent_by_type[PLAY_TYPES]; /* copies included */
    uint64_t withheld[PLAY_TYPES];
    uint64_t doubled[PLAY_TYPES];
    uint64_t delayed;
    uint64_t resent;   /* sent again, since they were not answered */
    uint64_t underway; /* as in struct play_decided */
    uint64_t unsent;   /* planned and not withheld, but the play was cut off */
    struct account_expect expect;
};

struct account;

/* Returns NULL if memory is short. */
struct account *account_new(const struct play_plan *plan);
void account_free(struct account *account);

/* Takes down that a datagram of `size` bytes was sent.  In order of sending. */
void account_sent(struct account *account, const struct play_datagram *datagram, size_t size);

/* Draws up the figures, and asserts that the sums agree. */
void account_figures(const struct account *account, const struct play_decided *decided,
                     struct account_figures *figures);

#endif
