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
#include "wire/plan_encode.h"

#define SECOND_NS UINT64_C(1000000000)

/* What a collector believes, by the rules in muster-sequence(7), and well on this side of them. */
#define FARTHEST_APART                                                                             \
    UINT32_C(315360000)              /* s: timestamps that can be compared: less than 10 years */
#define COPY_WAY_NS  (9 * SECOND_NS) /* a copy comes within 10 s */
#define JUMP_ALWAYS  64u             /* numbers, whatever time has passed; or a 16th of all */
#define JUMP_MOST    512u            /* half of its window */
#define REACH_MOST   1000u           /* its window, and some to spare */
#define TURNS        20u             /* of two senders that both go on */
#define FAR_JUMP     1000000u        /* more than any device can have sent meanwhile */
#define NARROW       24u             /* bits: a device may use half of all soon */
#define IN_A_ROW     2               /* numbers that show a plain restart */
#define FAR_IN_A_ROW 4               /* and one to any number ahead */

/* A session that no INIT began shows by some numbers in a row. */
struct candidate {
    uint64_t first, next; /* as places: of them, and behind them */
    uint32_t timestamp, session;
    uint32_t count, needed; /* how many came, and how many it takes */
};

struct device {
    struct claims_figures figures;
    struct account_session session;
    struct candidate candidate; /* session 0: none */
    uint64_t missing_before;    /* in the sessions before */
    uint64_t recovered_before;
    uint32_t session_number; /* 0: nothing was heard yet that tells */
    uint64_t highest_ns;     /* when the highest was sent */
    uint64_t highest;        /* of this session */
    uint64_t last;           /* the highest of the session before */
    uint32_t highest_time, first_time;
    uint32_t init_time;
    bool is_heard, has_init, has_last;
    bool is_twin;   /* its last DATA was of the second sender */
    uint32_t turns; /* how often the two took turns */
    enum claims_doubt doubt;
};

struct claims {
    const struct scenario *scenario;
    double speed;
    struct claims_totals sent;
    struct device *devices;
};

/* A message, and what it is made of. */
struct turn {
    const struct claims *claims;
    const struct scenario_group *group;
    const struct stage_datagram *datagram;
    struct device *device;
    uint32_t records, numbers;
    uint64_t mask; /* of numbers */
};

struct claims *claims_new(const struct scenario *scenario, double speed)
{
    struct claims *claims = calloc(1, sizeof *claims);

    if (claims == NULL)
        return NULL;
    claims->scenario = scenario;
    claims->speed = speed;
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

/* Of a clock that is not set, a timestamp says nothing. */
static bool is_newer(uint32_t timestamp, uint32_t than)
{
    return timestamp != than && timestamp - than < FARTHEST_APART && timestamp != 0 && than != 0;
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

static void note_highest(struct device *device, const struct turn *turn)
{
    device->highest = (turn->datagram->number + turn->numbers - 1) & turn->mask;
    device->highest_time = turn->datagram->timestamp;
    device->highest_ns = turn->datagram->sent_ns;
}

/* In ns of the real time. */
static uint64_t real(const struct claims *claims, uint64_t ns)
{
    return (uint64_t)((double)ns / claims->speed);
}

/* The session's first number is that of its INIT. */
static void number_init(const struct turn *turn)
{
    struct device *device = turn->device;

    account_data(&device->figures.expect, &device->session, turn->datagram->place, false,
                 turn->numbers, real(turn->claims, turn->datagram->sent_ns));
    device->figures.expect.records -= turn->numbers; /* it is counted already */
    device->first_time = turn->datagram->timestamp;
    note_highest(device, turn);
}

static void take_init(const struct turn *turn)
{
    struct device *device = turn->device;
    const struct stage_datagram *datagram = turn->datagram;

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
    if (turn->numbers > 0)
        number_init(turn);
    device->has_init = true;
    device->has_last = false;
    device->init_time = datagram->timestamp;
}

/* The groups's devices send at their pace and no faster. */
static bool has_bursts(const struct turn *turn)
{
    const struct scenario *scenario = turn->claims->scenario;
    size_t i;

    for (i = 0; i < scenario->act_count; i++)
        if (scenario->acts[i].verb == SCENARIO_BURST &&
            scenario->acts[i].groups >> turn->datagram->group & 1)
            return true;
    return false;
}

/* So many, or a part of all numbers that there are. */
static uint64_t at_most(const struct turn *turn, uint64_t most, unsigned part)
{
    return turn->mask / part < most ? turn->mask / part : most;
}

/* How many numbers the device uses since its highest one was sent. */
static uint64_t used_since(const struct turn *turn)
{
    const struct scenario_group *group = turn->group;
    uint64_t passed = turn->datagram->sent_ns - turn->device->highest_ns;
    uint64_t used = message_numbers(&group->form, MUSTER_MSG_DATA) * (passed / group->interval_ns);

    if (group->heartbeat_ns > 0)
        used +=
            message_numbers(&group->form, MUSTER_MSG_HEARTBEAT) * (passed / group->heartbeat_ns);
    return used;
}

/* Whether it is beyond doubt for a collector that a device can have used so many numbers since its
 * highest one was sent: what it believes is several times that. */
static bool is_plausible(const struct turn *turn, uint64_t ahead)
{
    const uint64_t always = at_most(turn, JUMP_ALWAYS, 16);

    return ahead <= always || (ahead <= at_most(turn, JUMP_MOST, 4) && !has_bursts(turn) &&
                               ahead <= always + 2 * used_since(turn));
}

/* How far ahead of the highest it is. */
static uint64_t ahead_of(const struct turn *turn)
{
    return (turn->datagram->number - turn->device->highest) & turn->mask;
}

/* Whether a restart with that number is plain: not if a collector may take it for a gap. */
static bool is_plain_restart(const struct turn *turn, uint64_t ahead, bool is_ahead)
{
    if (is_ahead && (ahead < FAR_JUMP || has_bursts(turn)))
        return false;
    if (turn->mask >> NARROW != 0)
        return true;
    /* Numbers that are narrow may have gone round. */
    return !has_bursts(turn) &&
           ahead > at_most(turn, JUMP_ALWAYS, 16) + 16 * (used_since(turn) + 1);
}

/* A number of a session of which no INIT came: it is doubted until others follow it. */
static void take_candidate(const struct turn *turn)
{
    struct device *device = turn->device;
    const struct stage_datagram *datagram = turn->datagram;
    uint64_t ahead = ahead_of(turn);
    bool is_ahead = ahead != 0 && ahead <= turn->mask / 2;

    device->figures.expect.records += turn->records;
    if (turn->records > 1 || datagram->copy || !is_plain_restart(turn, ahead, is_ahead) ||
        !is_newer(datagram->timestamp, device->highest_time) ||
        (device->has_init && !is_newer(datagram->timestamp, device->init_time)))
        give_up(device, CLAIMS_RESTART);
    device->candidate = (struct candidate){
        .first = datagram->place,
        .next = datagram->place + turn->numbers,
        .timestamp = datagram->timestamp,
        .session = datagram->session,
        .count = 1,
        .needed = is_ahead ? FAR_IN_A_ROW : IN_A_ROW,
    };
}

/* The next number of such a session: the last that it takes shows the restart, and those before it
 * were in order. */
static void confirm_candidate(const struct turn *turn)
{
    struct device *device = turn->device;
    const struct stage_datagram *datagram = turn->datagram;
    struct candidate *candidate = &device->candidate;

    device->figures.expect.records++;
    if (datagram->session != candidate->session || datagram->copy ||
        datagram->place != candidate->next ||
        (datagram->timestamp != candidate->timestamp &&
         !is_newer(datagram->timestamp, candidate->timestamp))) {
        give_up(device, CLAIMS_RESTART);
        return;
    }
    candidate->next += turn->numbers;
    candidate->count++;
    if (candidate->count < candidate->needed)
        return;
    device->last = device->highest;
    begin_session(device, candidate->session);
    device->session = (struct account_session){
        .first = candidate->first + 1, .highest = candidate->next, .left = candidate->next};
    device->first_time = candidate->timestamp;
    note_highest(device, turn);
    device->has_init = false;
    device->has_last = true;
    device->figures.restarts++;
    device->figures.in_order += candidate->count - 1;
    candidate->session = 0;
}

/* ---- Numbers -------------------------------------------------------------------------- */

/* Whether a number contradicts its timestamp. */
static bool is_at_odds(const struct device *device, const struct stage_datagram *datagram,
                       enum account_place place)
{
    if (device->has_init && is_newer(device->init_time, datagram->timestamp))
        return true; /* from before the session */
    if (place == ACCOUNT_AHEAD)
        return is_newer(device->first_time, datagram->timestamp);
    return place != ACCOUNT_FIRST && is_newer(datagram->timestamp, device->highest_time);
}

/* Whether a step ahead is past the last number of the session before, or right behind it: that one
 * is remembered as one that came. */
static bool meets_last(const struct turn *turn, uint64_t ahead)
{
    const struct device *device = turn->device;

    return device->has_last && ahead > 1 && ((device->last - device->highest) & turn->mask) < ahead;
}

static void take_number(const struct turn *turn)
{
    const struct claims *claims = turn->claims;
    const struct stage_datagram *datagram = turn->datagram;
    struct device *device = turn->device;
    struct claims_figures *figures = &device->figures;
    const uint64_t ahead = ahead_of(turn);
    uint64_t gaps = figures->expect.gaps, leaps = figures->expect.leaps;
    enum account_place place =
        account_data(&figures->expect, &device->session, datagram->place, datagram->copy,
                     turn->numbers, real(claims, datagram->sent_ns));

    account_shared(&figures->expect, turn->records, turn->numbers);
    if (is_at_odds(device, datagram, place))
        give_up(device, CLAIMS_CLOCK);
    if (place == ACCOUNT_AHEAD && meets_last(turn, ahead))
        give_up(device, CLAIMS_RESTART);
    if (figures->expect.leaps > leaps || figures->expect.reach > at_most(turn, REACH_MOST, 2) ||
        (datagram->copy && real(claims, datagram->way_ns) > COPY_WAY_NS) ||
        (place == ACCOUNT_AHEAD && !is_plausible(turn, ahead)))
        give_up(device, CLAIMS_DISORDER);
    switch (place) {
    case ACCOUNT_FIRST:
        figures->first++;
        figures->in_order += turn->numbers - 1;
        device->first_time = datagram->timestamp;
        break;
    case ACCOUNT_AHEAD:
        figures->in_order += turn->numbers - (figures->expect.gaps - gaps);
        break;
    default:
        return;
    }
    note_highest(device, turn);
}

static void take_numbered(const struct turn *turn)
{
    struct device *device = turn->device;
    const struct stage_datagram *datagram = turn->datagram;

    if (datagram->is_random)
        give_up(device, CLAIMS_RANDOM);
    if (datagram->session < device->session_number)
        give_up(device, CLAIMS_STRAGGLER);
    if (device->doubt != CLAIMS_CERTAIN) {
        device->figures.expect.records += turn->records;
    } else if (device->candidate.session != 0) {
        confirm_candidate(turn);
    } else if (datagram->session == device->session_number) {
        take_number(turn);
    } else if (device->session.first == 0) {
        /* Of a device of which no number came yet, or none since an INIT, any is the first. */
        begin_session(device, datagram->session);
        take_number(turn);
    } else {
        take_candidate(turn);
    }
}

/* ---- Datagrams ------------------------------------------------------------------------ */

static void take_stranger(struct claims *claims, const uint8_t *bytes, size_t size)
{
    const struct plan_encoder *encoder = claims->scenario->groups[0].form.encoder;
    struct plan_header declared;
    struct muster_header header;
    int result = encoder != NULL
                     ? plan_header(plan_encoder_plan(encoder), &declared, bytes, size, NULL, 0)
                     : wire_header(&header, bytes, size, WIRE_LARGEST);

    assert(result < 0 && wire_reason(result) < CLAIMS_REASONS);
    claims->sent.strangers++;
    claims->sent.rejected[wire_reason(result)]++;
}

static void take_message(const struct turn *turn)
{
    struct account_expect *expect = &turn->device->figures.expect;

    if (turn->datagram->type == MUSTER_MSG_INIT) {
        take_init(turn);
    } else if (turn->numbers > 0) {
        take_numbered(turn);
    } else {
        expect->records += turn->records;
        expect->unnumbered += turn->records;
    }
    turn->device->is_heard = true;
}

void claims_sent(struct claims *claims, const struct stage_datagram *datagram, const uint8_t *bytes,
                 size_t size)
{
    struct claims_totals *sent = &claims->sent;
    const struct message_form *form;
    struct device *device;
    unsigned bits;

    sent->datagrams++;
    sent->bytes += size;
    if (datagram->sender == SCENARIO_STRANGERS) {
        take_stranger(claims, bytes, size);
        return;
    }
    sent->by_type[datagram->type]++;
    sent->doubled[datagram->type] += datagram->copy;
    device = &claims->devices[datagram->device];
    if (datagram->sender != datagram->device)
        give_up(device, CLAIMS_TWO_SENDERS);
    if (datagram->type == MUSTER_MSG_DATA) {
        bool is_twin = datagram->sender != datagram->device;

        device->turns += is_twin != device->is_twin;
        device->is_twin = is_twin;
    }
    form = &claims->scenario->groups[datagram->group].form;
    bits = message_bits(form);
    take_message(&(const struct turn){
        .claims = claims,
        .group = &claims->scenario->groups[datagram->group],
        .datagram = datagram,
        .device = device,
        .records = message_records(form, datagram->type),
        .numbers = message_numbers(form, datagram->type),
        .mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1,
    });
}

const struct claims_totals *claims_totals(const struct claims *claims)
{
    return &claims->sent;
}

/* ---- Sums ----------------------------------------------------------------------------- */

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
                                          .two_senders = device->turns >= TURNS};
        figures.expect.records = device->figures.expect.records;
    } else {
        expect->lost = expect->missing - expect->recovered;
        /* A play that was cut off by an error misses more than was withheld. */
        expect->invisible = withheld > expect->lost ? withheld - expect->lost : 0;
        assert(expect->records == figures.first + figures.in_order + figures.restarts +
                                      expect->gaps + expect->late + expect->duplicates +
                                      expect->unnumbered + expect->shared);
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
