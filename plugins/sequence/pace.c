/* SPDX-License-Identifier: MIT
 *
 * How many numbers a device can have used in a time.
 */
#include "pace.h"

enum {
    KNOWN_FROM = 4, /* numbers: fewer say nothing of the pace */
    FORGOTTEN = 64  /* epochs in which the pace of a faster one is forgotten, by and by */
};

/* Numbers in an epoch, as the session's came since its base: of a slow device not none. */
static uint64_t current(const struct session *session)
{
    uint64_t numbers = (uint32_t)session->highest - session->base;
    uint64_t passed = (uint64_t)(session->highest_at - session->base_at) + 1;

    return (numbers * PACE_EPOCH + passed - 1) / passed;
}

bool pace_is_known(const struct session *session)
{
    return session->pace != 0 || (uint32_t)session->highest - session->base >= KNOWN_FROM;
}

/* Numbers in an epoch. */
static uint64_t known_pace(const struct session *session, uint64_t interval_ns, uint32_t readings)
{
    const uint64_t epoch_ns = PACE_EPOCH * UINT64_C(1000000000);
    uint64_t pace = current(session), of_class = 0;

    if (interval_ns > 0)
        of_class = epoch_ns / interval_ns * readings + readings;
    else if (!pace_is_known(session))
        of_class = PACE_UNKNOWN * PACE_EPOCH;
    if (pace < session->pace)
        pace = session->pace;
    if (pace < of_class)
        pace = of_class;
    if (pace > UINT32_MAX / PACE_FACTOR)
        pace = UINT32_MAX / PACE_FACTOR;
    return pace;
}

static uint64_t used_until(const struct session *session, uint32_t now, uint64_t pace)
{
    return pace * ((uint64_t)(now - session->highest_at) + 1) / PACE_EPOCH;
}

/* Whatever time has passed. */
static uint32_t always(const struct session *session)
{
    uint32_t part = session->bits < 32 ? (1u << session->bits) / PACE_PART : PACE_ALWAYS;

    return part < 1 ? 1 : part < PACE_ALWAYS ? part : PACE_ALWAYS;
}

uint64_t pace_most(const struct session *session, uint32_t now, uint64_t interval_ns,
                   uint32_t readings)
{
    uint64_t pace = known_pace(session, interval_ns, readings);

    return always(session) + used_until(session, now, PACE_FACTOR * pace);
}

bool pace_may_have_used(const struct session *session, uint32_t now, uint64_t interval_ns,
                        uint32_t readings, uint64_t numbers)
{
    uint64_t pace = known_pace(session, interval_ns, readings);

    return used_until(session, now, PACE_USUAL * pace) >= numbers;
}

void pace_renew(struct session *session, uint32_t now)
{
    uint64_t pace = current(session);
    uint32_t left = session->pace - (session->pace + FORGOTTEN - 1) / FORGOTTEN;

    if (!pace_is_known(session))
        return; /* a slow device's first numbers are in several epochs */
    if (pace > UINT32_MAX)
        pace = UINT32_MAX;
    session->pace = pace > left ? (uint32_t)pace : left;
    session->base = (uint32_t)session->highest;
    session->base_at = now;
}

void pace_take_back(struct session *session, uint32_t missing)
{
    session->base -= missing;
    if ((uint32_t)session->highest - session->base > UINT32_MAX / 2)
        session->base = (uint32_t)session->highest; /* it was renewed since */
}

void pace_begin(struct session *session, uint32_t now)
{
    session->base = (uint32_t)session->highest;
    session->base_at = session->highest_at = now;
}
