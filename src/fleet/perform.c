/* SPDX-License-Identifier: MIT
 *
 * Datagrams of the same way out, an address that they come from and one that they go to, are sent
 * together; another way, or another send of several in one, begins a new batch.
 */
#include "perform.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pace.h"

#define ROUTES_MOST 64

/* A way out. */
struct route {
    const char *from, *to; /* as in struct stage_datagram */
    bool segment;
    struct sender *sender;
};

struct perform {
    const struct scenario *scenario;
    struct send_plan send; /* of the target */
    double speed;          /* the devices' time by the real time */
    struct stage *stage;
    struct claims *claims;
    struct pace pace;
    struct run_result *result;
    uint64_t sent;
    size_t slot; /* bytes of a datagram's place in `bytes` */
    uint8_t *bytes;
    size_t count;              /* datagrams that wait to be sent */
    const struct route *route; /* theirs */
    struct stage_datagram datagrams[SEND_BATCH];
    struct send_packet packets[SEND_BATCH];
    struct route routes[ROUTES_MOST];
    size_t route_count;
};

/* ---- Ways out ------------------------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const struct route *find_route(const struct perform *perform, const char *from,
                                      const char *to, bool segment)
{
    size_t i;

    for (i = 0; i < perform->route_count; i++) {
        const struct route *route = &perform->routes[i];

        if (is_same(route->from, from) && is_same(route->to, to) && route->segment == segment)
            return route;
    }
    return NULL;
}

static int open_route(struct perform *perform, const char *from, const char *to, bool segment,
                      char *error)
{
    struct send_plan plan = perform->send;
    struct route *route = &perform->routes[perform->route_count];

    if (find_route(perform, from, to, segment) != NULL)
        return 0;
    if (perform->route_count == ROUTES_MOST) {
        snprintf(error, SEND_ERROR_SIZE,
                 "the scenario has more than %d pairs of addresses to send from and to",
                 ROUTES_MOST);
        return -1;
    }
    plan.from = from;
    plan.segment = segment;
    plan.broadcast = to != NULL;
    if (to != NULL)
        plan.host = to;
    if (segment || to != NULL)
        plan.sockets = 1;
    if (plan.own_addresses != NULL)
        plan.sockets = perform->scenario->devices;
    route->sender = sender_open(&plan, error);
    if (route->sender == NULL)
        return -1;
    route->from = from;
    route->to = to;
    route->segment = segment;
    perform->route_count++;
    return 0;
}

/* To the target, and to where broadcasts go; each also in one send, if that happens to the group.
 */
static int open_from(struct perform *perform, uint32_t group, const char *from, char *error)
{
    const struct scenario *scenario = perform->scenario;
    bool segments = false;
    size_t i;

    for (i = 0; i < scenario->act_count; i++)
        segments |= scenario->acts[i].verb == SCENARIO_SEGMENT &&
                    (scenario->acts[i].groups >> group & 1) != 0;
    if (open_route(perform, from, NULL, false, error) != 0 ||
        (segments && open_route(perform, from, NULL, true, error) != 0))
        return -1;
    for (i = 0; i < scenario->act_count; i++) {
        const struct scenario_act *act = &scenario->acts[i];

        if (act->verb == SCENARIO_BROADCAST && act->groups >> group & 1 &&
            (open_route(perform, from, act->to, false, error) != 0 ||
             (segments && open_route(perform, from, act->to, true, error) != 0)))
            return -1;
    }
    return 0;
}

static int open_routes(struct perform *perform, char *error)
{
    const struct scenario *scenario = perform->scenario;
    uint32_t group;
    size_t i;

    for (group = 0; group < scenario->group_count; group++) {
        if (open_from(perform, group, scenario->groups[group].from, error) != 0)
            return -1;
        for (i = 0; i < scenario->act_count; i++)
            if (scenario->acts[i].verb == SCENARIO_SHARE && scenario->acts[i].groups >> group & 1 &&
                open_from(perform, group, scenario->acts[i].from, error) != 0)
                return -1;
    }
    for (i = 0; i < scenario->act_count; i++)
        if (scenario->acts[i].verb == SCENARIO_STRANGERS_COME &&
            open_route(perform, scenario->acts[i].from, NULL, false, error) != 0)
            return -1;
    return 0;
}

struct perform *perform_open(const struct scenario *scenario, const struct send_plan *send,
                             bool sockets_each, double speed, char *error)
{
    struct perform *perform = calloc(1, sizeof *perform);

    if (perform != NULL) {
        perform->scenario = scenario;
        perform->send = *send;
        perform->speed = speed;
        perform->send.sockets = sockets_each ? scenario->devices : 1;
        perform->slot = stage_largest(scenario);
        perform->bytes = calloc(SEND_BATCH, perform->slot);
        perform->claims = claims_new(scenario, speed);
    }
    if (perform == NULL || perform->bytes == NULL || perform->claims == NULL) {
        snprintf(error, SEND_ERROR_SIZE, "out of memory");
    } else if (open_routes(perform, error) == 0) {
        return perform;
    }
    perform_close(perform);
    return NULL;
}

void perform_close(struct perform *perform)
{
    size_t i;

    if (perform == NULL)
        return;
    for (i = 0; i < perform->route_count; i++)
        sender_close(perform->routes[i].sender);
    stage_free(perform->stage);
    claims_free(perform->claims);
    free(perform->bytes);
    free(perform);
}

/* ---- Sending -------------------------------------------------------------------------- */

/* Sends what waits.  Returns false if that is the end of it: result says why. */
static bool send_all(struct perform *perform)
{
    size_t done = 0;

    while (done < perform->count) {
        size_t sent =
            sender_send_patiently(perform->route->sender, perform->packets + done,
                                  perform->count - done, &perform->pace, &perform->result->error);
        size_t i;

        if (sent == 0)
            return false;
        for (i = done; i < done + sent; i++)
            claims_sent(perform->claims, &perform->datagrams[i], perform->packets[i].bytes,
                        perform->packets[i].size);
        done += sent;
        perform->sent += sent;
    }
    perform->count = 0;
    return true;
}

/* Puts one behind those that wait; sends them before, if it does not go with them. */
static bool add(struct perform *perform, const struct stage_datagram *datagram)
{
    const struct route *route =
        find_route(perform, datagram->from, datagram->to, datagram->join != 0);
    size_t count = perform->count;
    struct send_packet *packet;

    assert(route != NULL);
    if (count > 0 &&
        (count == SEND_BATCH || route != perform->route ||
         datagram->join != perform->datagrams[count - 1].join) &&
        !send_all(perform))
        return false;
    perform->route = route;
    count = perform->count++;
    packet = &perform->packets[count];
    perform->datagrams[count] = *datagram;
    packet->bytes = perform->bytes + count * perform->slot;
    packet->size = (uint32_t)stage_encode(perform->scenario, datagram,
                                          perform->bytes + count * perform->slot, perform->slot);
    if (datagram->sender != SCENARIO_STRANGERS)
        message_timestamp(&perform->scenario->groups[datagram->group].form, packet->bytes,
                          packet->size,
                          (uint64_t)(perform->pace.wall_ns + pace_elapsed(&perform->pace)),
                          &perform->datagrams[count].timestamp);
    packet->device = datagram->join != 0 ? datagram->join : datagram->sender;
    return true;
}

/* Has all happen that is due.  Returns false if the play cannot go on. */
static bool catch_up(struct perform *perform, double now)
{
    struct stage_datagram datagram;
    uint64_t due;

    while (stage_due(perform->stage, &due) && (double)due / perform->speed <= now) {
        int came = stage_step(perform->stage, &datagram);

        if (came < 0)
            perform->result->error = ENOMEM;
        if (came < 0 || (came > 0 && !add(perform, &datagram)))
            return false;
    }
    return send_all(perform);
}

static void play(struct perform *perform)
{
    double wake = 0;
    uint64_t due;

    while (stage_due(perform->stage, &due)) {
        double now = pace_elapsed(&perform->pace);
        double until = (double)due / perform->speed;

        pace_show(&perform->pace, now, perform->sent);
        if (until > now) {
            if (until < wake)
                until = wake;
            if (perform->pace.progress && until > perform->pace.progress_ns)
                until = perform->pace.progress_ns;
            if (pace_stopped(&perform->pace, until - now))
                return;
            continue;
        }
        wake = now + PACE_WAKE_NS;
        if (!catch_up(perform, now) || pace_stopped(&perform->pace, 0))
            return;
    }
}

int perform_run(struct perform *perform, bool progress, const sigset_t *stop,
                struct run_result *result)
{
    struct stage_datagram datagram;
    size_t i;

    *result = (struct run_result){0};
    perform->result = result;
    pace_begin(&perform->pace, stop, progress);
    perform->stage = stage_new(perform->scenario, (uint64_t)perform->pace.wall_ns);
    if (perform->stage == NULL)
        return -1;
    play(perform);
    /* What is under way when a play is cut off is sent all the same. */
    while (result->error == 0 && stage_end(perform->stage, &datagram))
        if (!add(perform, &datagram))
            break;
    if (result->error == 0)
        send_all(perform);
    result->interrupted = perform->pace.interrupted;
    result->seconds = pace_elapsed(&perform->pace) / PACE_SECOND_NS;
    for (i = 0; i < perform->route_count; i++)
        sender_settle(perform->routes[i].sender);
    pace_end(&perform->pace);
    return 0;
}

const struct claims *perform_claims(const struct perform *perform)
{
    return perform->claims;
}

const struct stage *perform_stage(const struct perform *perform)
{
    return perform->stage;
}

uint64_t perform_refused(const struct perform *perform)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < perform->route_count; i++)
        sum += sender_refused(perform->routes[i].sender);
    return sum;
}

uint64_t perform_unreachable(const struct perform *perform)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < perform->route_count; i++)
        sum += sender_unreachable(perform->routes[i].sender);
    return sum;
}
