/* SPDX-License-Identifier: MIT
 *
 * How many numbers a device can have used in a time.
 */
#include "pace.h"

#include <stdbool.h>

enum {
    KNOWN_FROM = 4, /* numbers: fewer say nothing of the pace */
    FORGOTTEN = 64  /* epochs in which the pace of a faster one is forgotten, by and by */
};

/* Numbers in an epoch, as the session's came since its base: of a slow device not none. */
static uint64_t current(const struct session *session)
{
    uint64_t numbers = session->highest - session->base;
    uint64_t passed = (uint64_t)(session->highest_at - session->base_at) + 1;

    return (numbers * PACE_EPOCH + passed - 1) / passed;
}

/* Whether nothing is known of the pace. */
static bool is_unknown(const struct session *session)
{
    return session->pace == 0 && session->highest - session->base < KNOWN_FROM;
}

uint64_t pace_most(const struct session *session, uint32_t now, uint64_t interval_ns,
                   uint32_t readings)
{
    const uint64_t epoch_ns = PACE_EPOCH * UINT64_C(1000000000);
    uint32_t passed = now - session->highest_at;
    uint64_t pace = current(session), of_class = 0;

    if (interval_ns > 0)
        of_class = epoch_ns / interval_ns * readings + readings;
    else if (is_unknown(session))
        of_class = PACE_UNKNOWN * PACE_EPOCH;
    if (pace < session->pace)
        pace = session->pace;
    if (pace < of_class)
        pace = of_class;
    if (pace > UINT32_MAX / PACE_FACTOR)
        pace = UINT32_MAX / PACE_FACTOR;
    return PACE_ALWAYS + PACE_FACTOR * pace * ((uint64_t)passed + 1) / PACE_EPOCH;
}

void pace_renew(struct session *session, uint32_t now)
{
    uint64_t pace = current(session);
    uint32_t left = session->pace - (session->pace + FORGOTTEN - 1) / FORGOTTEN;

    if (is_unknown(session))
        return; /* a slow device's first numbers are in several epochs */
    if (pace > UINT32_MAX)
        pace = UINT32_MAX;
    session->pace = pace > left ? (uint32_t)pace : left;
    session->base = session->highest;
    session->base_at = now;
}

void pace_take_back(struct session *session, uint32_t missing)
{
    session->base -= missing;
    if (session->highest - session->base > UINT32_MAX / 2)
        session->base = session->highest; /* it was renewed since */
}

void pace_begin(struct session *session, uint32_t now)
{
    session->base = session->highest;
    session->base_at = session->highest_at = now;
}
