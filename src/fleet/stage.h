/* SPDX-License-Identifier: MIT
 *
 * The play of a scenario: which datagrams are sent, when and in which order.  Pure: no clock, no
 * socket.  The same scenario and seed play the same datagrams.
 */
#ifndef FLEET_STAGE_H
#define FLEET_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "play.h"
#include "scenario.h"

/* One datagram as it is sent to the target. */
struct stage_datagram {
    uint64_t index;     /* DATA: which of its session it is, from 0 */
    uint64_t place;     /* how many numbers the sender used before it in its session */
    uint64_t number;    /* if it has one: its lowest bits */
    uint64_t clock_ns;  /* the sender's clock when it was made, as Unix time */
    uint64_t start_ns;  /* and what it was, if it is right, when the session began */
    uint64_t draw;      /* of a stranger: what it is made of */
    uint64_t sent_ns;   /* when it is sent, since the start */
    uint64_t way_ns;    /* how long it was under way */
    uint32_t sender;    /* a device, or a second sender; SCENARIO_STRANGERS */
    uint32_t device;    /* whose id it has */
    uint32_t group;     /* of that */
    uint32_t session;   /* of the sender, from 1 */
    uint32_t timestamp; /* what the datagram says of the clock, in seconds; 0: nothing */
    uint32_t size;      /* of a stranger: bytes */
    uint32_t join;      /* those that follow each other with the same are one send; 0: alone */
    const char *from;   /* NULL: as the system picks */
    const char *to;     /* NULL: the target */
    uint8_t type;       /* enum muster_msg_type */
    bool copy;          /* the second of two */
    bool is_random;     /* its number has nothing to do with its index */
};

struct stage;

/* The scenario must stay.  `wall_ns` is what the devices' clocks show at the start, as Unix time.
 * NULL if memory is short. */
struct stage *stage_new(const struct scenario *scenario, uint64_t wall_ns);
void stage_free(struct stage *stage);

/* When the next thing happens, in ns of the devices' time since the start.  Returns false when the
 * scenario is over, and nothing is under way. */
bool stage_due(const struct stage *stage, uint64_t *due_ns);

/* Has it happen.  Returns 1 and a datagram that is sent now; 0 if there is none; or -1 if memory is
 * short. */
int stage_step(struct stage *stage, struct stage_datagram *out);

/* Ends the play: brings out what is under way, one a call.  Returns false when nothing is left. */
bool stage_end(struct stage *stage, struct stage_datagram *out);

const struct play_decided *stage_decided(const struct stage *stage);

/* How many numbers of a sender were withheld. */
uint64_t stage_withheld(const struct stage *stage, uint32_t sender);

/* How large a datagram can be, in bytes. */
size_t stage_largest(const struct scenario *scenario);

/* Writes the datagram's bytes, and returns their number; there must be room. */
size_t stage_encode(const struct scenario *scenario, const struct stage_datagram *datagram,
                    uint8_t *out, size_t room);

#endif
