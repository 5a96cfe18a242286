/* SPDX-License-Identifier: MIT
 *
 * The bookkeeping of a scenario, device by device.
 *
 * It knows of which session a datagram is, which a collector has to find out.  What the collector
 * cannot know for certain by the rules in muster-sequence(7) is not claimed.
 */
#include "claims.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/datagram.h"

#define HALF     UINT32_C(0x80000000) /* farther ahead is behind: RFC 1982, 3.2 */
#define FAR_JUMP 1000000u             /* numbers that no device can have sent meanwhile */

/* A session that no INIT began shows by two numbers in a row. */
struct candidate {
    uint64_t index; /* of the first of them */
    uint32_t number, timestamp, session;
};

struct device {
    struct claims_figures figures;
    struct account_session session;
    struct candidate candidate; /* session 0: none */
    uint64_t missing_before;    /* in the sessions before */
    uint64_t recovered_before;
    uint32_t session_number;        /* 0: nothing was heard yet that tells */
    uint32_t highest, highest_time; /* of this session */
    uint32_t init_time;
    bool is_heard, has_init;
    bool has_twin;
    enum claims_doubt doubt;
};

struct claims {
    const struct scenario *scenario;
    struct claims_totals sent;
    struct device *devices;
};

struct claims *claims_new(const struct scenario *scenario)
{
    struct claims *claims = calloc(1, sizeof *claims);

    if (claims == NULL)
        return NULL;
    claims->scenario = scenario;
    claims->devices = calloc(scenario->devices, sizeof *claims->devices);
    if (claims->devices == NULL) {
        free(claims);
        return NULL;
    }
    return claims;
}

void claims_free(struct claims *claims)
{
    if (claims == NULL)
        return;
    free(claims->devices);
    free(claims);
}

const char *claims_doubt_name(enum claims_doubt doubt)
{
    static const char *const names[CLAIMS_DOUBTS] = {
        [CLAIMS_CERTAIN] = "certain", [CLAIMS_TWO_SENDERS] = "two_senders",
        [CLAIMS_RANDOM] = "random",   [CLAIMS_STRAGGLER] = "straggler",
        [CLAIMS_RESTART] = "restart", [CLAIMS_CLOCK] = "clock",
    };

    return names[doubt];
}

static bool is_newer(uint32_t timestamp, uint32_t than)
{
    return timestamp != than && timestamp - than < HALF;
}

static void give_up(struct device *device, enum claims_doubt doubt)
{
    if (device->doubt == CLAIMS_CERTAIN)
        device->doubt = doubt;
}

/* ---- Sessions ------------------------------------------------------------------------- */

/* What the session misses is lost, and another one begins. */
static void begin_session(struct device *device, uint32_t number)
{
    const struct account_expect *expect = &device->figures.expect;
    uint64_t missing = expect->missing - device->missing_before;
    uint64_t recovered = expect->recovered - device->recovered_before;

    device->figures.lost_by_restart += missing - recovered;
    device->missing_before = expect->missing;
    device->recovered_before = expect->recovered;
    device->session = (struct account_session){0};
    device->session_number = number;
}

static void take_init(struct device *device, const struct stage_datagram *datagram)
{
    device->figures.expect.records++;
    if (datagram->session < device->session_number || device->candidate.session != 0) {
        give_up(device, CLAIMS_STRAGGLER);
        return;
    }
    if (datagram->session == device->session_number) {
        if (datagram->copy && device->has_init)
            device->figures.expect.duplicates++;
        else
            give_up(device, CLAIMS_STRAGGLER);
        return;
    }
    /* By its time stamp it would be a copy of the last INIT, or older than the session. */
    if (device->is_heard &&
        ((device->has_init && !is_newer(datagram->timestamp, device->init_time)) ||
         (device->session.first > 0 && !is_newer(datagram->timestamp, device->highest_time))))
        give_up(device, CLAIMS_RESTART);
    if (device->is_heard)
        device->figures.restarts++;
    else
        device->figures.first++;
    begin_session(device, datagram->session);
    device->has_init = true;
    device->init_time = datagram->timestamp;
}

/* A number of a session of which no INIT came: it is doubted until the next one follows it. */
static void take_candidate(struct device *device, const struct stage_datagram *datagram,
                           uint32_t readings)
{
    uint32_t ahead = datagram->number - device->highest;
    bool is_behind = ahead == 0 || ahead >= HALF;

    device->figures.expect.records += readings;
    if (readings > 1 || datagram->copy || (!is_behind && ahead < FAR_JUMP) ||
        !is_newer(datagram->timestamp, device->highest_time) ||
        (device->has_init && !is_newer(datagram->timestamp, device->init_time)))
        give_up(device, CLAIMS_RESTART);
    device->candidate = (struct candidate){
        .index = datagram->index,
        .number = datagram->number,
        .timestamp = datagram->timestamp,
        .session = datagram->session,
    };
}

/* The second number of such a session: the first was in order, and this one shows the restart. */
static void confirm_candidate(struct device *device, const struct stage_datagram *datagram)
{
    const struct candidate *candidate = &device->candidate;

    device->figures.expect.records++;
    if (datagram->session != candidate->session || datagram->copy ||
        datagram->index != candidate->index + 1 ||
        is_newer(candidate->timestamp, datagram->timestamp)) {
        give_up(device, CLAIMS_RESTART);
        return;
    }
    begin_session(device, candidate->session);
    device->session.first = candidate->index + 1;
    device->session.highest = datagram->index + 1;
    device->highest = datagram->number;
    device->highest_time = datagram->timestamp;
    device->has_init = false;
    device->figures.restarts++;
    device->figures.in_order++;
    device->candidate.session = 0;
}

/* ---- Numbers -------------------------------------------------------------------------- */

static void take_number(struct device *device, const struct stage_datagram *datagram,
                        uint32_t readings)
{
    struct claims_figures *figures = &device->figures;
    uint64_t gaps = figures->expect.gaps;
    bool is_new = is_newer(datagram->timestamp, device->highest_time);

    switch (account_data(&figures->expect, &device->session, datagram->index, datagram->copy,
                         readings)) {
    case ACCOUNT_FIRST:
        figures->first++;
        figures->in_order += readings - 1;
        break;
    case ACCOUNT_AHEAD:
        figures->in_order += readings - (figures->expect.gaps - gaps);
        break;
    default:
        if (is_new)
            give_up(device, CLAIMS_CLOCK);
        return;
    }
    device->highest = (uint32_t)(datagram->number + readings - 1);
    device->highest_time = datagram->timestamp;
}

static void take_data(struct device *device, const struct stage_datagram *datagram,
                      uint32_t readings)
{
    if (datagram->is_random)
        give_up(device, CLAIMS_RANDOM);
    if (device->doubt != CLAIMS_CERTAIN)
        device->figures.expect.records += readings;
    else if (device->candidate.session != 0)
        confirm_candidate(device, datagram);
    else if (datagram->session == device->session_number)
        take_number(device, datagram, readings);
    else if (datagram->session < device->session_number) {
        give_up(device, CLAIMS_STRAGGLER);
        device->figures.expect.records += readings;
    } else if (device->session.first == 0) {
        /* Of a device of which no number came yet, or none since an INIT, any is the first. */
        begin_session(device, datagram->session);
        take_number(device, datagram, readings);
    } else {
        take_candidate(device, datagram, readings);
    }
}

/* ---- Datagrams ------------------------------------------------------------------------ */

static void take_stranger(struct claims *claims, const uint8_t *bytes, size_t size)
{
    struct muster_header header;
    int result = wire_header(&header, bytes, size, WIRE_LARGEST);

    assert(result < 0 && wire_reason(result) < CLAIMS_REASONS);
    claims->sent.strangers++;
    claims->sent.rejected[wire_reason(result)]++;
}

static void take_message(struct device *device, const struct stage_datagram *datagram,
                         uint32_t readings)
{
    switch (datagram->type) {
    case MUSTER_MSG_INIT:
        take_init(device, datagram);
        break;
    case MUSTER_MSG_DATA:
        take_data(device, datagram, readings);
        break;
    default:
        device->figures.expect.records++;
        device->figures.expect.unnumbered++;
    }
    device->is_heard = true;
}

void claims_sent(struct claims *claims, const struct stage_datagram *datagram, const uint8_t *bytes,
                 size_t size)
{
    struct claims_totals *sent = &claims->sent;
    struct device *device;

    sent->datagrams++;
    sent->bytes += size;
    if (datagram->sender == SCENARIO_STRANGERS) {
        take_stranger(claims, bytes, size);
        return;
    }
    sent->by_type[datagram->type]++;
    sent->doubled[datagram->type] += datagram->copy;
    device = &claims->devices[datagram->device];
    if (datagram->sender != datagram->device) {
        device->has_twin = true;
        give_up(device, CLAIMS_TWO_SENDERS);
    }
    take_message(device, datagram, claims->scenario->groups[datagram->group].form.readings);
}

const struct claims_totals *claims_totals(const struct claims *claims)
{
    return &claims->sent;
}

/* ---- Sums ----------------------------------------------------------------------------- */

void claims_add(struct claims_figures *sum, const struct claims_figures *figures)
{
    struct account_expect *to = &sum->expect;
    const struct account_expect *from = &figures->expect;
    size_t i;

    to->records += from->records;
    to->missing += from->missing;
    to->recovered += from->recovered;
    to->late += from->late;
    to->lost += from->lost;
    to->gaps += from->gaps;
    to->duplicates += from->duplicates;
    to->unnumbered += from->unnumbered;
    to->invisible += from->invisible;
    to->reach = from->reach > to->reach ? from->reach : to->reach;
    to->jump = from->jump > to->jump ? from->jump : to->jump;
    sum->first += figures->first;
    sum->in_order += figures->in_order;
    sum->restarts += figures->restarts;
    sum->lost_by_restart += figures->lost_by_restart;
    sum->two_senders += figures->two_senders;
    sum->unclaimed += figures->unclaimed;
    for (i = 0; i < CLAIMS_DOUBTS; i++)
        sum->doubts[i] += figures->doubts[i];
}

/* What stands at the end of the play. */
static struct claims_figures conclude(const struct device *device, uint64_t withheld)
{
    struct claims_figures figures = device->figures;
    struct account_expect *expect = &figures.expect;
    enum claims_doubt doubt = device->doubt;

    if (doubt == CLAIMS_CERTAIN && device->candidate.session != 0)
        doubt = CLAIMS_RESTART;
    if (doubt != CLAIMS_CERTAIN) {
        figures = (struct claims_figures){.unclaimed = device->figures.expect.records,
                                          .two_senders = device->has_twin};
        figures.expect.records = device->figures.expect.records;
    } else {
        expect->lost = expect->missing - expect->recovered;
        /* A play that was cut off by an error misses more than was withheld. */
        expect->invisible = withheld > expect->lost ? withheld - expect->lost : 0;
        assert(expect->records == figures.first + figures.in_order + figures.restarts +
                                      expect->gaps + expect->late + expect->duplicates +
                                      expect->unnumbered);
    }
    figures.doubts[doubt] = 1;
    return figures;
}

void claims_group(const struct claims *claims, const struct stage *stage, uint32_t group,
                  struct claims_figures *figures)
{
    const struct scenario_group *of = &claims->scenario->groups[group];
    uint32_t i;

    *figures = (struct claims_figures){0};
    for (i = of->first; i < of->first + of->count; i++) {
        struct claims_figures one = conclude(&claims->devices[i], stage_withheld(stage, i));

        claims_add(figures, &one);
    }
}
