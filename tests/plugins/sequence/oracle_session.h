/* SPDX-License-Identifier: MIT
 *
 * The oracle's sessions: their windows, as lists, and how fast their numbers come.
 */
#ifndef TESTS_PLUGINS_ORACLE_SESSION_H
#define TESTS_PLUGINS_ORACLE_SESSION_H

#include "oracle.h"
#include "oracle_rows.h"

struct oracle_session {
    bool heard, begun, has_init, init_came, repeats;
    bool doubting;                           /* the first row is in doubt */
    bool watching;                           /* it is of interest whether the session goes on */
    unsigned bits;                           /* width of its numbers */
    wide first, highest;                     /* first is where its window of interest begins */
    struct numbers seen, missing;            /* within the window */
    uint32_t highest_time, first_time, init; /* time stamps of these */
    uint32_t highest_at, begun_at, init_at;  /* and when they came */
    uint32_t base_at, pace;                  /* numbers in 64 s */
    wide base;
    wide init_highest; /* the highest when the INIT came, if there was one */
    bool init_begun;
    struct orow rows[OROWS], copies;
    struct { /* a step ahead that is not confirmed */
        bool is_open;
        wide next, first, end;
        uint32_t source;
        unsigned behind;
    } leap;
    uint32_t sender, told_at;
    bool told;
};

struct oracle {
    struct tracker_options options;
    struct oracle_session *devices[MUSTER_DEVICE_IDS];
    struct tracker_counts counts;
    uint32_t now;
    uint64_t two_senders;      /* events */
    bool at_least;             /* of the message: whole turns of its numbers may be missing */
    struct muster_record same; /* the last that shares its number with other readings */
};

/* A message. */
struct message {
    struct oracle *oracle;
    struct oracle_session *s;
    const struct muster_record *record;
    uint64_t number;
    uint32_t stamp;
    wide n; /* the number, extended */
    uint64_t *gap;
    unsigned bits, readings; /* that have numbers of their own */
    bool further;            /* it is not the first of these */
};

/* The number ahead of the highest, by at most half of all, or what can have been sent; else behind.
 */
wide osession_extend(const struct message *m);
/* The one that is not ahead. */
wide osession_behind(const struct oracle_session *s, uint64_t seq);
/* Of the session's width. */
uint32_t osession_window(const struct oracle *oracle, const struct oracle_session *s);
/* What is missing is lost. */
void osession_end(struct oracle *oracle, struct oracle_session *s);
void osession_begin(struct oracle *oracle, struct oracle_session *s, uint64_t n, unsigned bits,
                    uint32_t timestamp);
/* A new highest number: those between are missing, and the window moves. */
void osession_raise(struct oracle *oracle, struct oracle_session *s, wide n);
/* The message is the highest.  Returns how many are missing before it. */
uint32_t osession_advance(const struct message *m);
void osession_recover(const struct message *m, wide n);
/* How far ahead a number can be. */
uint64_t osession_farthest(const struct message *m);

#endif
