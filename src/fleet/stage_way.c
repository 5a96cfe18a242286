/* SPDX-License-Identifier: MIT
 *
 * The acts that last, as each message meets them: the device's, then the network's, then those of
 * whoever sends it to the target.
 */
#include "stage_way.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "send.h"
#include "wire/plan_encode.h"

#define SECOND_NS       UINT64_C(1000000000)
#define RUBBISH_LARGEST 64 /* bytes, if the act does not say */
#define ID_TRIES        64 /* to find one that no device has */

struct stage_gathered {
    uint32_t count;
    struct stage_datagram datagrams[SEND_SEGMENTS];
};

uint64_t stage_draw(const struct stage *stage, const struct scenario_act *act, uint32_t sender,
                    uint64_t serial, enum stage_draw what)
{
    uint64_t number = (uint64_t)(act - stage->scenario->acts);
    uint64_t state = draw_splitmix(draw_splitmix(stage->scenario->seed, 0), number);

    return draw_splitmix(draw_splitmix(state, sender), serial * STAGE_DRAWS + what);
}

/* The act number `i` of those that last, if it has that verb and the group is one of its. */
static const struct scenario_act *active(const struct stage *stage, size_t i,
                                         enum scenario_verb verb, uint32_t group)
{
    const struct scenario_act *act = &stage->scenario->acts[stage->active[i]];

    return act->verb == verb && act->groups >> group & 1 ? act : NULL;
}

/* The last of them, or NULL. */
static const struct scenario_act *find(const struct stage *stage, enum scenario_verb verb,
                                       uint32_t group)
{
    const struct scenario_act *found = NULL, *act;
    size_t i;

    for (i = 0; i < stage->active_count; i++)
        if ((act = active(stage, i, verb, group)) != NULL)
            found = act;
    return found;
}

/* ---- The device ----------------------------------------------------------------------- */

static bool is_about(const struct scenario_act *act, uint8_t type)
{
    switch (act->what) {
    case SCENARIO_DATA:
        return type == MUSTER_MSG_DATA;
    case SCENARIO_HEARTBEAT:
        return type == MUSTER_MSG_HEARTBEAT;
    default:
        return true;
    }
}

static bool is_stopped(const struct stage *stage, uint32_t group, uint8_t type)
{
    const struct scenario_act *act;
    size_t i;

    for (i = 0; i < stage->active_count; i++)
        if ((act = active(stage, i, SCENARIO_STOP, group)) != NULL && is_about(act, type))
            return true;
    return false;
}

/* What the device's clock shows, as Unix time in ns. */
static uint64_t read_clock(const struct stage *stage, uint32_t who, uint64_t serial, uint64_t now)
{
    const struct stage_sender *sender = &stage->senders[who];
    uint64_t shown = stage->wall_ns + now;
    const struct scenario_act *act;
    size_t i;

    for (i = 0; i < stage->active_count; i++) {
        act = active(stage, i, SCENARIO_CLOCK, sender->group);
        if (act == NULL || !draw_happens(stage_draw(stage, act, who, serial, STAGE_DRAW_CLOCK),
                                         draw_threshold(act->share)))
            continue;
        switch (act->clock) {
        case SCENARIO_OFFSET:
            shown += (uint64_t)act->offset_ns;
            break;
        case SCENARIO_STANDS:
            shown = stage->wall_ns + act->at_ns;
            break;
        case SCENARIO_ZERO:
            shown = 0;
            break;
        case SCENARIO_UPTIME:
            shown = now - sender->started_ns;
            break;
        }
    }
    return shown;
}

/* ---- The network ---------------------------------------------------------------------- */

static bool is_lost(const struct stage *stage, uint32_t who, uint64_t serial, uint8_t type)
{
    const struct scenario_act *act;
    size_t i;

    for (i = 0; i < stage->active_count; i++) {
        act = active(stage, i, SCENARIO_LOSE, stage->senders[who].group);
        if (act != NULL && is_about(act, type) &&
            draw_happens(stage_draw(stage, act, who, serial, STAGE_DRAW_LOSE),
                         draw_threshold(act->share)))
            return true;
    }
    return false;
}

static bool is_doubled(const struct stage *stage, uint32_t who, uint64_t serial)
{
    const struct scenario_act *act;
    size_t i;

    for (i = 0; i < stage->active_count; i++) {
        act = active(stage, i, SCENARIO_DUPLICATE, stage->senders[who].group);
        if (act != NULL && draw_happens(stage_draw(stage, act, who, serial, STAGE_DRAW_DUPLICATE),
                                        draw_threshold(act->share)))
            return true;
    }
    return false;
}

/* How long a message is under way; STAGE_DRAW_COPY: its copy.  An INIT has no jitter, so that what
 * the device says next does not overtake it. */
static uint64_t way(const struct stage *stage, uint32_t who, uint64_t serial, uint8_t type,
                    enum stage_draw which)
{
    const uint32_t group = stage->senders[who].group;
    const struct scenario_act *act;
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < stage->active_count; i++) {
        if ((act = active(stage, i, SCENARIO_DELAY, group)) != NULL)
            sum += act->by_ns;
        act = active(stage, i, SCENARIO_JITTER, group);
        if (act != NULL && type != MUSTER_MSG_INIT)
            sum += draw_up_to(stage_draw(stage, act, who, serial, which), act->by_ns);
    }
    return sum;
}

static void set_out(struct stage *stage, const struct stage_datagram *datagram, uint64_t now,
                    uint64_t way_ns)
{
    struct stage_event event = {.kind = EVENT_ARRIVAL, .datagram = *datagram};

    stage->underway++;
    if (stage->underway > stage->decided.underway)
        stage->decided.underway = stage->underway;
    event.datagram.way_ns += way_ns;
    stage_push(stage, now + way_ns, &event);
}

void stage_way_send(struct stage *stage, uint32_t who, uint8_t type, uint64_t now)
{
    struct stage_sender *sender = &stage->senders[who];
    const struct scenario_group *group = &stage->scenario->groups[sender->group];
    const struct scenario_act *random = find(stage, SCENARIO_RANDOM, sender->group);
    struct stage_datagram datagram = {
        .sender = who,
        .device = sender->device,
        .group = sender->group,
        .session = sender->session,
        .from = sender->from,
        .type = type,
    };
    const uint32_t numbers = message_numbers(&group->form, type);
    uint64_t serial, there, copy;

    if (is_stopped(stage, sender->group, type))
        return;
    serial = sender->serial++;
    datagram.clock_ns = read_clock(stage, who, serial, now);
    datagram.start_ns = stage->wall_ns + sender->started_ns;
    datagram.timestamp = (uint32_t)(datagram.clock_ns / SECOND_NS);
    if (type == MUSTER_MSG_DATA)
        datagram.index = sender->index++;
    if (numbers > 0) {
        datagram.place = sender->place;
        datagram.number = sender->base + sender->place;
        sender->place += numbers;
        datagram.is_random = random != NULL && type != MUSTER_MSG_INIT;
        if (datagram.is_random)
            datagram.number = stage_draw(stage, random, who, serial, STAGE_DRAW_NUMBER);
    }
    stage->decided.planned[type]++;
    if (is_lost(stage, who, serial, type)) {
        stage->decided.withheld[type]++;
        sender->withheld += numbers;
        return;
    }
    there = way(stage, who, serial, type, STAGE_DRAW_WAY);
    if (!is_doubled(stage, who, serial)) {
        set_out(stage, &datagram, now, there);
        return;
    }
    /* Whichever of the two comes out first is the original. */
    copy = way(stage, who, serial, type, STAGE_DRAW_COPY);
    set_out(stage, &datagram, now, there < copy ? there : copy);
    datagram.copy = true;
    set_out(stage, &datagram, now, there < copy ? copy : there);
}

/* ---- Strangers ------------------------------------------------------------------------ */

void stage_way_stranger(struct stage *stage, const struct scenario_act *act, uint32_t serial,
                        uint64_t now)
{
    uint64_t draw = stage_draw(stage, act, SCENARIO_STRANGERS, serial, STAGE_DRAW_RUBBISH);
    struct stage_datagram datagram = {
        .sender = SCENARIO_STRANGERS,
        .device = SCENARIO_STRANGERS,
        .size = act->size > 0 ? (uint32_t)act->size : 1 + (uint32_t)(draw % RUBBISH_LARGEST),
        .draw = draw,
        .from = act->from,
        .type = UINT8_MAX,
    };

    set_out(stage, &datagram, now, 0);
}

static bool is_device(const struct scenario *scenario, uint16_t id)
{
    uint32_t i;

    for (i = 0; i < scenario->devices; i++)
        if (scenario->ids[i] == id)
            return true;
    return false;
}

static void draw_bytes(const struct stage_datagram *datagram, uint32_t nth, uint8_t *out)
{
    uint32_t i;

    for (i = 0; i < datagram->size; i++)
        out[i] = (uint8_t)draw_splitmix(datagram->draw + nth, i);
}

/* Bytes that the format refuses, and rather those in the name of no device; else too few of them.
 */
static size_t declared_rubbish(const struct plan *plan, const struct stage_datagram *datagram,
                               uint8_t *out)
{
    struct plan_header header;
    uint32_t tries, size;

    for (tries = 0; tries < ID_TRIES; tries++) {
        draw_bytes(datagram, tries, out);
        if (plan_header(plan, &header, out, datagram->size, NULL, 0) < 0 &&
            !header.device.is_number && header.device.length == 0)
            return datagram->size;
    }
    for (size = datagram->size; size > 0 && plan_header(plan, &header, out, size, NULL, 0) >= 0;)
        size--;
    return size;
}

/* Bytes that no device sends: of a type that there is not, and as long as some id is free, not in
 * the name of one of the devices. */
static size_t rubbish(const struct scenario *scenario, const struct stage_datagram *datagram,
                      uint8_t *out)
{
    const struct plan_encoder *encoder = scenario->groups[0].form.encoder;
    uint32_t tries;

    if (encoder != NULL)
        return declared_rubbish(plan_encoder_plan(encoder), datagram, out);
    draw_bytes(datagram, 0, out);
    for (tries = 0;
         datagram->size >= 2 && tries < ID_TRIES && is_device(scenario, muster_get_u16(out));
         tries++)
        muster_put_u16(out, (uint16_t)draw_splitmix(~datagram->draw, tries));
    if (datagram->size >= MUSTER_HEADER_SIZE && out[10] <= MUSTER_MSG_INIT)
        out[10] = (uint8_t)(out[10] + MUSTER_MSG_INIT + 1);
    return datagram->size;
}

/* ---- Out ------------------------------------------------------------------------------ */

void stage_way_route(const struct stage *stage, struct stage_datagram *datagram)
{
    const struct scenario_act *act;

    if (datagram->sender == SCENARIO_STRANGERS)
        return;
    act = find(stage, SCENARIO_BROADCAST, datagram->group);
    if (act != NULL)
        datagram->to = act->to;
}

void stage_way_release(struct stage *stage, uint32_t act, uint64_t now)
{
    struct stage_gathered *gathered = stage->gathered[act];
    uint32_t i;

    if (gathered == NULL || gathered->count == 0)
        return;
    stage->joins++;
    for (i = 0; i < gathered->count; i++) {
        gathered->datagrams[i].join = stage->joins;
        set_out(stage, &gathered->datagrams[i], now, 0);
    }
    gathered->count = 0;
}

bool stage_way_arrive(struct stage *stage, struct stage_datagram *datagram, uint64_t now)
{
    const struct scenario_act *act = NULL;
    struct stage_gathered *gathered;
    uint32_t number;

    assert(stage->underway > 0);
    stage->underway--;
    stage_way_route(stage, datagram);
    if (datagram->join == 0 && datagram->type == MUSTER_MSG_DATA)
        act = find(stage, SCENARIO_SEGMENT, datagram->group);
    if (act == NULL)
        return true;
    number = (uint32_t)(act - stage->scenario->acts);
    gathered = stage->gathered[number];
    gathered->datagrams[gathered->count++] = *datagram;
    if (gathered->count == act->count)
        stage_way_release(stage, number, now);
    return false;
}

int stage_way_open(struct stage *stage)
{
    size_t i;

    for (i = 0; i < stage->scenario->act_count; i++) {
        if (stage->scenario->acts[i].verb != SCENARIO_SEGMENT)
            continue;
        stage->gathered[i] = calloc(1, sizeof **stage->gathered);
        if (stage->gathered[i] == NULL)
            return -1;
    }
    return 0;
}

void stage_way_close(struct stage *stage)
{
    size_t i;

    for (i = 0; stage->gathered != NULL && i < stage->scenario->act_count; i++)
        free(stage->gathered[i]);
}

/* ---- Bytes ---------------------------------------------------------------------------- */

size_t stage_largest(const struct scenario *scenario)
{
    size_t largest = RUBBISH_LARGEST, i;

    for (i = 0; i < scenario->group_count; i++) {
        size_t size = message_size(&scenario->groups[i].form, MUSTER_MSG_DATA);

        largest = size > largest ? size : largest;
    }
    for (i = 0; i < scenario->act_count; i++)
        largest = scenario->acts[i].size > largest ? scenario->acts[i].size : largest;
    return largest;
}

size_t stage_encode(const struct scenario *scenario, const struct stage_datagram *datagram,
                    uint8_t *out, size_t room)
{
    const struct message_form *form;
    struct message message;
    size_t size;

    if (datagram->sender == SCENARIO_STRANGERS) {
        assert(datagram->size <= room);
        return rubbish(scenario, datagram, out);
    }
    form = &scenario->groups[datagram->group].form;
    message = (struct message){
        .reading = datagram->index * form->readings,
        .device = datagram->device,
        .number = datagram->number,
        .clock_ns = datagram->clock_ns,
        .start_ns = datagram->start_ns,
        .id = scenario->ids[datagram->device],
        .seed = scenario->seed,
        .type = datagram->type,
    };
    size = message_encode(form, &message, out, room);
    assert(size > 0);
    return size;
}
