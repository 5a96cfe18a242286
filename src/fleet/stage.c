/* SPDX-License-Identifier: MIT
 *
 * Everything that happens is an event in one heap: that an act begins or ends, that a device has
 * something to say, that a datagram comes out at the end of its way.
 */
#include "stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "stage_data.h"
#include "stage_way.h"

#define FIRST_DATA_NS      UINT64_C(2000000)    /* from INIT to the first DATA */
#define FIRST_HEARTBEAT_NS UINT64_C(5000000000) /* from INIT to the first HEARTBEAT, at most */
#define EVENTS_AT_FIRST    1024

static bool push(struct stage *stage, uint64_t due_ns, enum stage_event_kind kind, uint32_t who,
                 uint32_t count)
{
    const struct stage_event event = {.kind = kind, .who = who, .count = count};

    return stage_push(stage, due_ns, &event);
}

bool stage_push(struct stage *stage, uint64_t due_ns, const struct stage_event *event)
{
    if (heap_push(stage->events, due_ns, event) != 0)
        stage->failed = true;
    return !stage->failed;
}

/* ---- A sender begins ------------------------------------------------------------------ */

static uint64_t shortest(const struct scenario_group *group)
{
    return group->heartbeat_ns > 0 && group->heartbeat_ns < group->interval_ns ? group->heartbeat_ns
                                                                               : group->interval_ns;
}

/* A device's timetable begins anew: what was planned before is void. */
static void begin(struct stage *stage, uint32_t who, uint64_t now, bool init, uint64_t number)
{
    struct stage_sender *sender = &stage->senders[who];
    const struct scenario_group *group = &stage->scenario->groups[sender->group];
    uint64_t heartbeat = group->heartbeat_ns;

    init = init && message_is_sent(&group->form, MUSTER_MSG_INIT);
    sender->epoch++;
    sender->session++;
    sender->index = sender->place = 0;
    /* An INIT that has a number has the one before the first DATA. */
    sender->base = number - (init ? message_numbers(&group->form, MUSTER_MSG_INIT) : 0);
    sender->started_ns = now;
    sender->is_on = true;
    if (init)
        push(stage, now, EVENT_INIT, who, sender->epoch);
    push(stage, now + FIRST_DATA_NS, EVENT_DATA, who, sender->epoch);
    if (heartbeat > 0 && message_is_sent(&group->form, MUSTER_MSG_HEARTBEAT))
        push(stage, now + (heartbeat < FIRST_HEARTBEAT_NS ? heartbeat : FIRST_HEARTBEAT_NS),
             EVENT_HEARTBEAT, who, sender->epoch);
}

static void switch_off(struct stage *stage, uint32_t who)
{
    stage->senders[who].epoch++;
    stage->senders[who].is_on = false;
}

static uint64_t first_number(const struct stage *stage, const struct scenario_act *act,
                             uint32_t who)
{
    const struct stage_sender *sender = &stage->senders[who];

    switch (act->first) {
    case SCENARIO_GIVEN:
        return act->number;
    case SCENARIO_ANY:
        return stage_draw(stage, act, who, sender->session, STAGE_DRAW_FIRST);
    default:
        return stage->scenario->groups[sender->group].start_seq;
    }
}

/* ---- Acts ----------------------------------------------------------------------------- */

/* Calls for each device of the act's groups. */
static void for_each(struct stage *stage, const struct scenario_act *act, uint64_t now,
                     void (*call)(struct stage *, const struct scenario_act *, uint64_t now,
                                  uint32_t device, uint32_t nth))
{
    uint32_t group, i, nth = 0;

    for (group = 0; group < stage->scenario->group_count; group++) {
        const struct scenario_group *of = &stage->scenario->groups[group];

        for (i = 0; act->groups >> group & 1 && i < of->count; i++)
            call(stage, act, now, of->first + i, nth++);
    }
}

static void go_down(struct stage *stage, const struct scenario_act *act, uint64_t now,
                    uint32_t device, uint32_t nth)
{
    (void)act;
    (void)now;
    (void)nth;
    switch_off(stage, device);
}

static void come_up(struct stage *stage, const struct scenario_act *act, uint64_t now,
                    uint32_t device, uint32_t nth)
{
    (void)nth;
    begin(stage, device, now, act->init, first_number(stage, act, device));
}

/* The second sender of an id has the timetable of the first, from now on. */
static void begin_twin(struct stage *stage, const struct scenario_act *act, uint64_t now,
                       uint32_t device, uint32_t nth)
{
    struct stage_sender *twin = &stage->senders[act->twins + nth];
    const struct scenario_group *group = &stage->scenario->groups[stage->senders[device].group];

    twin->group = stage->senders[device].group;
    twin->device = device;
    twin->from = act->from;
    begin(stage, act->twins + nth, now + (device - group->first) * shortest(group) / group->count,
          act->init, first_number(stage, act, act->twins + nth));
}

static void end_twin(struct stage *stage, const struct scenario_act *act, uint64_t now,
                     uint32_t device, uint32_t nth)
{
    (void)now;
    (void)device;
    switch_off(stage, act->twins + nth);
}

static void burst(struct stage *stage, const struct scenario_act *act, uint64_t now,
                  uint32_t device, uint32_t nth)
{
    const struct stage_event event = {.kind = EVENT_BURST,
                                      .who = device,
                                      .count = stage->senders[device].epoch,
                                      .left = (uint32_t)act->count};

    (void)nth;
    stage_push(stage, now, &event);
}

/* Acts that last are looked at for each message. */
static void activate(struct stage *stage, uint32_t number)
{
    size_t i = stage->active_count++;

    for (; i > 0 && stage->active[i - 1] > number; i--)
        stage->active[i] = stage->active[i - 1];
    stage->active[i] = number;
}

static void deactivate(struct stage *stage, uint32_t number)
{
    size_t i, kept = 0;

    for (i = 0; i < stage->active_count; i++)
        if (stage->active[i] != number)
            stage->active[kept++] = stage->active[i];
    stage->active_count = kept;
}

static void begin_act(struct stage *stage, uint32_t number, uint64_t now)
{
    const struct scenario_act *act = &stage->scenario->acts[number];

    switch (act->verb) {
    case SCENARIO_REBOOT:
        for_each(stage, act, now, go_down);
        break;
    case SCENARIO_SHARE:
        for_each(stage, act, now, begin_twin);
        break;
    case SCENARIO_BURST:
        push(stage, now, EVENT_BURSTS, number, 0);
        break;
    case SCENARIO_STRANGERS_COME:
        push(stage, now, EVENT_STRANGER, number, 0);
        break;
    default:
        activate(stage, number);
    }
}

static void end_act(struct stage *stage, uint32_t number, uint64_t now)
{
    const struct scenario_act *act = &stage->scenario->acts[number];

    if (act->verb == SCENARIO_REBOOT && act->end_ns <= now)
        for_each(stage, act, now, come_up);
    else if (act->verb == SCENARIO_SHARE)
        for_each(stage, act, now, end_twin);
    else if (act->verb == SCENARIO_SEGMENT)
        stage_way_release(stage, number, now);
    deactivate(stage, number);
}

/* Whether an act that repeats itself does so once more. */
static bool repeats(const struct stage *stage, const struct scenario_act *act, uint64_t now)
{
    return act->every_ns > 0 && now + act->every_ns < act->end_ns &&
           now + act->every_ns < stage->scenario->length_ns;
}

static void send_bursts(struct stage *stage, uint32_t number, uint64_t now)
{
    const struct scenario_act *act = &stage->scenario->acts[number];

    for_each(stage, act, now, burst);
    if (repeats(stage, act, now))
        push(stage, now + act->every_ns, EVENT_BURSTS, number, 0);
}

static void send_rubbish(struct stage *stage, const struct stage_event *event, uint64_t now)
{
    const struct scenario_act *act = &stage->scenario->acts[event->who];

    stage_way_stranger(stage, act, event->count, now);
    if (repeats(stage, act, now))
        push(stage, now + act->every_ns, EVENT_STRANGER, event->who, event->count + 1);
}

/* ---- Messages ------------------------------------------------------------------------- */

/* A device says something, unless it was switched off since that was planned; and will again. */
static void speak(struct stage *stage, const struct stage_event *event, uint64_t now)
{
    const struct stage_sender *sender = &stage->senders[event->who];
    const struct scenario_group *group = &stage->scenario->groups[sender->group];
    struct stage_event again = *event;
    uint64_t next = now;

    if (!sender->is_on || sender->epoch != event->count || now >= stage->scenario->length_ns)
        return;
    switch (event->kind) {
    case EVENT_INIT:
        stage_way_send(stage, event->who, MUSTER_MSG_INIT, now);
        return;
    case EVENT_HEARTBEAT:
        stage_way_send(stage, event->who, MUSTER_MSG_HEARTBEAT, now);
        next = now + group->heartbeat_ns;
        break;
    case EVENT_BURST:
        stage_way_send(stage, event->who, MUSTER_MSG_DATA, now);
        if (--again.left == 0)
            return;
        break;
    default:
        stage_way_send(stage, event->who, MUSTER_MSG_DATA, now);
        next = now + group->interval_ns;
    }
    if (next < stage->scenario->length_ns)
        stage_push(stage, next, &again);
}

int stage_step(struct stage *stage, struct stage_datagram *out)
{
    struct stage_event event;
    uint64_t now = 0;
    bool came;

    came = heap_due(stage->events, &now) && heap_pop(stage->events, &event);
    assert(came);
    (void)came; /* with NDEBUG */
    switch (event.kind) {
    case EVENT_BEGIN:
        begin_act(stage, event.who, now);
        break;
    case EVENT_END:
        end_act(stage, event.who, now);
        break;
    case EVENT_BURSTS:
        send_bursts(stage, event.who, now);
        break;
    case EVENT_STRANGER:
        send_rubbish(stage, &event, now);
        break;
    case EVENT_ARRIVAL:
        if (!stage->failed && stage_way_arrive(stage, &event.datagram, now)) {
            *out = event.datagram;
            out->sent_ns = now;
            return 1;
        }
        break;
    default:
        speak(stage, &event, now);
    }
    return stage->failed ? -1 : 0;
}

bool stage_due(const struct stage *stage, uint64_t *due_ns)
{
    return heap_due(stage->events, due_ns);
}

bool stage_end(struct stage *stage, struct stage_datagram *out)
{
    struct stage_event event;
    size_t i;

    for (i = 0; i < stage->scenario->act_count; i++)
        if (stage->scenario->acts[i].verb == SCENARIO_SEGMENT)
            stage_way_release(stage, (uint32_t)i, 0);
    while (heap_pop(stage->events, &event)) {
        if (event.kind == EVENT_ARRIVAL) {
            stage_way_route(stage, &event.datagram);
            *out = event.datagram;
            return true;
        }
    }
    return false;
}

/* ---- From beginning to end ------------------------------------------------------------ */

/* What is to happen from the start: the acts first, so that at the same time they are before the
 * messages. */
static void plan(struct stage *stage)
{
    const struct scenario *scenario = stage->scenario;
    uint32_t i, group;

    for (i = 0; i < scenario->act_count; i++) {
        const struct scenario_act *act = &scenario->acts[i];
        uint64_t end = act->end_ns < scenario->length_ns ? act->end_ns : scenario->length_ns;

        push(stage, act->at_ns, EVENT_BEGIN, i, 0);
        push(stage, end, EVENT_END, i, 0);
    }
    push(stage, scenario->length_ns, EVENT_NOTHING, 0, 0);
    for (group = 0; group < scenario->group_count; group++) {
        const struct scenario_group *of = &scenario->groups[group];

        for (i = 0; i < of->count; i++) {
            struct stage_sender *sender = &stage->senders[of->first + i];

            sender->group = group;
            sender->device = of->first + i;
            sender->from = of->from;
            begin(stage, of->first + i, i * shortest(of) / of->count, true, of->start_seq);
        }
    }
}

struct stage *stage_new(const struct scenario *scenario, uint64_t wall_ns)
{
    struct stage *stage = calloc(1, sizeof *stage);

    if (stage == NULL)
        return NULL;
    stage->scenario = scenario;
    stage->wall_ns = wall_ns;
    stage->events = heap_new(sizeof(struct stage_event), EVENTS_AT_FIRST, STAGE_EVENTS_MOST);
    stage->senders = calloc(scenario->senders, sizeof *stage->senders);
    stage->active = calloc(scenario->act_count + 1, sizeof *stage->active);
    stage->gathered = calloc(scenario->act_count + 1, sizeof *stage->gathered);
    if (stage->events != NULL && stage->senders != NULL && stage->active != NULL &&
        stage->gathered != NULL && stage_way_open(stage) == 0)
        plan(stage);
    else
        stage->failed = true;
    if (stage->failed) {
        stage_free(stage);
        return NULL;
    }
    return stage;
}

void stage_free(struct stage *stage)
{
    if (stage == NULL)
        return;
    stage_way_close(stage);
    free(stage->gathered);
    free(stage->active);
    free(stage->senders);
    heap_free(stage->events);
    free(stage);
}

const struct play_decided *stage_decided(const struct stage *stage)
{
    return &stage->decided;
}

uint64_t stage_withheld(const struct stage *stage, uint32_t sender)
{
    return stage->senders[sender].withheld;
}
