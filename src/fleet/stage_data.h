/* SPDX-License-Identifier: MIT
 *
 * What the files of the stage share.
 */
#ifndef FLEET_STAGE_DATA_H
#define FLEET_STAGE_DATA_H

#include "stage.h"

/* Under way, and one or two to come of each sender. */
#define STAGE_EVENTS_MOST (2 * PLAY_UNDERWAY_MAX)

enum stage_event_kind {
    EVENT_NOTHING,  /* the scenario's time is over */
    EVENT_BEGIN,    /* an act begins: `who` is its number */
    EVENT_END,      /* and ends */
    EVENT_BURSTS,   /* the devices of an act send a burst each */
    EVENT_STRANGER, /* a stranger of an act sends its datagram number `count` */
    EVENT_INIT,     /* a sender has something to say, if its epoch is `count` */
    EVENT_DATA,
    EVENT_HEARTBEAT,
    EVENT_BURST,  /* DATA, and more at once until none is `left` */
    EVENT_ARRIVAL /* a datagram comes out */
};

struct stage_event {
    enum stage_event_kind kind;
    uint32_t who, count, left;
    struct stage_datagram datagram;
};

struct stage_sender {
    uint64_t index;      /* of its next DATA in this session */
    uint64_t place;      /* numbers that it used in this session */
    uint64_t base;       /* its first one */
    uint64_t serial;     /* messages so far */
    uint64_t withheld;   /* numbers */
    uint64_t started_ns; /* this session */
    uint32_t group, device;
    uint32_t epoch; /* what was planned in another one is void */
    uint32_t session;
    bool is_on;
    const char *from;
};

struct stage_gathered; /* DATA that wait to leave in one send */

struct stage {
    const struct scenario *scenario;
    struct heap *events;
    struct stage_sender *senders;
    uint32_t *active; /* the acts that last now, in the file's order */
    size_t active_count;
    struct stage_gathered **gathered; /* by act; NULL: it gathers nothing */
    struct play_decided decided;
    uint64_t underway; /* now */
    uint64_t wall_ns;
    uint32_t joins; /* sends of several so far */
    bool failed;    /* memory is short */
};

/* Puts an event in.  Returns false, and the stage has failed, if memory is short. */
bool stage_push(struct stage *stage, uint64_t due_ns, const struct stage_event *event);

enum stage_draw {
    STAGE_DRAW_LOSE,
    STAGE_DRAW_DUPLICATE,
    STAGE_DRAW_WAY,
    STAGE_DRAW_COPY, /* its way */
    STAGE_DRAW_CLOCK,
    STAGE_DRAW_NUMBER,
    STAGE_DRAW_FIRST,
    STAGE_DRAW_RUBBISH,
    STAGE_DRAWS
};

/* Depends on nothing but the seed and what it is for. */
uint64_t stage_draw(const struct stage *stage, const struct scenario_act *act, uint32_t sender,
                    uint64_t serial, enum stage_draw what);

#endif
