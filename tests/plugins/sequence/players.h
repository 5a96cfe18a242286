/* SPDX-License-Identifier: MIT
 *
 * Devices, the networks to them, and what happens there: loss, copies, delays, bursts, restarts
 * with and without INIT, clocks that are not set or far off, strays, two senders of one id, and
 * numbers of all widths.
 */
#ifndef TESTS_PLUGINS_PLAYERS_H
#define TESTS_PLUGINS_PLAYERS_H

#include <stdbool.h>

#include "sequence/tracker.h"

enum { PLAYERS_MOST = 6, PLAYERS_IN_FLIGHT = 16, PLAYERS_REMEMBERED = 1 << 13 };

struct round {
    struct tracker_options options;
    uint32_t workers, worker, devices;
    uint32_t readings;            /* at most, in a datagram */
    uint32_t loss, copies, delay; /* percent */
    uint32_t now;                 /* s */
    uint32_t pace;                /* of that many messages one is a second later */
    bool goes_on;                 /* in a long silence its devices send */
};

/* What a device's clock shows. */
enum player_clock {
    CLOCK_RIGHT,
    CLOCK_NONE,       /* 0, always */
    CLOCK_AT_TIMES_0, /* or decades off, now and then */
    CLOCK_FROM_BOOT,  /* it begins at 0 with each start */
    CLOCK_STUCK,
    CLOCK_DAY_AHEAD, /* at times */
    CLOCKS
};

/* A device and the network to it. */
struct player {
    uint16_t id;
    uint64_t next; /* number, of which it sends the lowest bits */
    uint8_t bits;
    bool shares; /* all readings of a datagram have one number */
    uint32_t clock, sent;
    enum player_clock kind;
    uint32_t ahead;    /* of the clock */
    uint32_t booted;   /* the clock, then */
    bool is_shared;    /* another one has the same id, with a row of its own */
    uint64_t other;    /* its next number */
    bool alone_number; /* it wakes up, sends number 1, and sleeps */
    bool wakes;        /* it sends three at each wake-up */
    struct muster_record in_flight[PLAYERS_IN_FLIGHT]; /* datagrams, as their first reading */
    uint32_t in_flight_count;
    struct muster_record arriving; /* the datagram whose readings are coming in now */
    struct muster_record remembered[PLAYERS_REMEMBERED];
};

struct round players_round(void);
void players_begin(const struct round *round, struct player *players);

/* Time goes on. */
void players_pass(struct round *round, struct player *players);

/* Puts what arrives next into events[0], and some of the further readings of its datagram behind
 * it, `room` of them at most.  Returns how many of those. */
uint32_t players_arrive(const struct round *round, struct player *player,
                        struct muster_record *events, uint32_t room);

/* A message as the device sends it when all is well, of that number. */
struct muster_record players_message(const struct player *player, uint64_t number, uint32_t stamp);

#endif
