/* SPDX-License-Identifier: MIT
 *
 * What a fleet of devices sends, in which order, and what the network does to
 * it.  Pure: no clock, no socket.  The same plan plays the same datagrams.
 */
#ifndef FLEET_PLAY_H
#define FLEET_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/wire.h>

#include "message.h"

#define PLAY_DEVICES_MAX MUSTER_DEVICE_IDS

#define PLAY_TYPES    3 /* indexed by enum muster_msg_type */
#define PLAY_HELD_MAX 4 /* datagrams of one device that are held back at the same time */
#define PLAY_STEP_MAX (2 * (1 + PLAY_HELD_MAX)) /* datagrams that one step can deliver */

/* Of a device in the field. */
#define PLAY_DATA_NS      UINT64_C(6000000000)
#define PLAY_HEARTBEAT_NS UINT64_C(30000000000)

#define PLAY_INTERVAL_MAX_NS UINT64_C(86400000000000) /* a day */
#define PLAY_UNDERWAY_MAX    (1u << 22)               /* datagrams */

enum play_pace {
    PLAY_TIMETABLE, /* INIT, DATA and HEARTBEAT when a real device sends them */
    PLAY_FLAT       /* one INIT each, then DATA alone, the devices in turn */
};

struct play_plan {
    uint64_t count; /* datagrams before impairment; 0: no limit */
    uint64_t seed;
    double loss, duplicate, reorder; /* probabilities, 0 to 1 */
    double interval_ns;              /* PLAY_FLAT: from one datagram to the next; 0: none */
    uint64_t data_ns, heartbeat_ns;  /* PLAY_TIMETABLE: of a device; no heartbeats if 0 */
    uint64_t delay_ns;               /* how long a datagram is under way; a pace is needed */
    uint64_t jitter_ns;              /* and by how much longer, at most; INIT is never overtaken */
    uint64_t start_seq;              /* of each device's first DATA */
    uint64_t first_id;               /* device i is first_id + i; of the built-in format modulo
                                        MUSTER_DEVICE_IDS */
    uint32_t devices;                /* 1 to PLAY_DEVICES_MAX */
    uint32_t turn;                   /* PLAY_FLAT: DATA datagrams that a device sends in one turn */
    struct message_form form;
    enum play_pace pace;
    bool acks; /* devices wait for answers: what is withheld is told, too */
};

/* One datagram as it is delivered. */
struct play_datagram {
    uint64_t index;    /* which of its device and type it is, from 0 */
    uint64_t place;    /* how many numbers its device used before it */
    uint64_t withheld; /* and how many of these were withheld */
    uint64_t sent_ns;  /* since the start; for whoever sends it to set */
    uint64_t clock_ns; /* the device's clock when it was made, as Unix time */
    uint64_t start_ns; /* and when the play began */
    uint32_t device;   /* from 0 */
    uint8_t type;      /* enum muster_msg_type */
    bool copy;         /* the second of two, or of more */
    bool again;        /* sent again, since it was not answered; a copy if it was not withheld */
    bool lost;         /* withheld: it is told for whoever waits for its answer, and not sent */
};

/* What was decided so far, by type. */
struct play_decided {
    uint64_t planned[PLAY_TYPES];
    uint64_t withheld[PLAY_TYPES];
    uint64_t underway; /* datagrams at the same time, at most */
};

struct play;

/* How many datagrams can be under way at the same time: as many as are sent in that time.  What is
 * more than PLAY_UNDERWAY_MAX is not to be played. */
uint64_t play_underway(const struct play_plan *plan);

/* Returns NULL if memory is short.  The plan is copied. */
struct play *play_new(const struct play_plan *plan);
void play_free(struct play *play);

/* When the next datagram is due, in ns of the devices' time since the start: to be sent, or to come
 * out at the end of its way.  Returns false if the plan's count is reached, and none is under way.
 */
bool play_due(const struct play *play, uint64_t *due_ns);

/* Plays what play_due() announced; it must have returned true.  `clock_ns` is the devices' clock
 * at that time, as Unix time, and `start_ns` what it was at the start.  Writes what is delivered
 * now, or lost, at most PLAY_STEP_MAX datagrams in this order, and returns their number. */
size_t play_step(struct play *play, uint64_t clock_ns, uint64_t start_ns,
                 struct play_datagram *out);

/* Ends the play: releases what is still under way or held back, at most PLAY_STEP_MAX
 * datagrams a call.  Returns their number, and 0 when nothing is left. */
size_t play_end(struct play *play, struct play_datagram *out);

const struct play_decided *play_decided(const struct play *play);

/* Size in bytes of a datagram of that type, at most. */
size_t play_size(const struct play_plan *plan, uint8_t type);

/* Writes the datagram's bytes and returns their number, or 0 if `room` is too small. */
size_t play_encode(const struct play_plan *plan, const struct play_datagram *datagram, uint8_t *out,
                   size_t room);

#endif
