/* SPDX-License-Identifier: MIT
 *
 * How often a device sends heartbeats.
 */
#include "habits.h"

#include <assert.h>

#include "timing.h"

enum {
    INTERVAL_LEAST = 8, /* units: half a second; nearer heartbeats are one */
    INTERVAL_MOST = INT32_MAX / 8,
    HELD_UP = 600,     /* s: an older stamp is of a clock that was set back */
    DOUBTS = 3,        /* in a row that may be copies, or overtaken; more are of an odd clock */
    ALIKE = 4,         /* intervals are alike if they differ by no more than a 4th */
    ENOUGH = 4,        /* intervals to learn from; or two that are alike, if they are long */
    ENOUGH_TIME = 671, /* units: 45 s */
    FEW = HABITS_INTERVALS,
    CODE_NEAR = 2, /* a quarter of an octave */
    CODE_FAR = 15, /* 3.7 times; three, and what jitter adds, is less */
    SMOOTH = 8
};

void habits_configure(struct habits *habits, uint64_t interval_ns)
{
    uint64_t units = interval_ns >> LISTENING_UNIT_SHIFT;

    if (interval_ns > 0) {
        habits->interval = units > INTERVAL_MOST ? INTERVAL_MOST : (uint32_t)units + 1;
        habits->configured = true;
    } else if (habits->configured) {
        habits->interval = 0;
        habits->configured = false;
        habits->count = 0;
    }
}

/* ---- intervals in eighths of an octave ------------------------------------------------ */

static const uint16_t eighths[8] = {256, 279, 304, 332, 362, 395, 431, 470}; /* 256 * 2^(i/8) */

static uint8_t encode(uint32_t interval)
{
    unsigned octave, eighth = 7;

    assert(interval > 0);
    octave = 31 - (unsigned)__builtin_clz(interval);
    while (interval < (uint64_t)eighths[eighth] << octave >> 8)
        eighth--;
    return (uint8_t)(octave * 8 + eighth);
}

static uint32_t decode(uint8_t code)
{
    return (uint32_t)((uint64_t)eighths[code % 8] << code / 8 >> 8);
}

static bool is_near(uint8_t a, uint8_t b)
{
    return a <= b + CODE_NEAR && b <= a + CODE_NEAR;
}

/* ---- the longest usual one ------------------------------------------------------------ */

static unsigned known_of(const struct habits *habits)
{
    return habits->count < HABITS_INTERVALS ? habits->count : HABITS_INTERVALS;
}

/* The interval that came `back` intervals before the last. */
static uint8_t code_back(const struct habits *habits, unsigned back)
{
    return habits->last[(habits->count - 1 - back) % HABITS_INTERVALS];
}

static void remember(struct habits *habits, uint8_t code)
{
    habits->last[habits->count % HABITS_INTERVALS] = code;
    habits->count++;
    if (habits->count == 2 * HABITS_INTERVALS)
        habits->count = HABITS_INTERVALS;
}

/* The known ones, longest first.  Returns how long they are together. */
static uint64_t sort(const struct habits *habits, uint8_t sorted[HABITS_INTERVALS])
{
    unsigned count = known_of(habits), i, j;
    uint64_t sum = 0;

    for (i = 0; i < count; i++) {
        uint8_t code = habits->last[i];

        sum += decode(code);
        for (j = i; j > 0 && sorted[j - 1] < code; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = code;
    }
    return sum;
}

static uint8_t find_usual(const struct habits *habits)
{
    uint8_t sorted[HABITS_INTERVALS] = {0};
    uint64_t sum = sort(habits, sorted), covered = 0;
    unsigned once = known_of(habits) < FEW ? 0 : 1; /* at first, rather too long than too short */
    unsigned i = 0, longer;

    for (;; i++) {
        covered += decode(sorted[i]);
        if (covered * 4 > sum * 3)
            break;
    }
    for (;;) {
        for (longer = 0; longer < i && sorted[longer] >= sorted[i] + CODE_FAR; longer++)
            ;
        if (longer <= once)
            return sorted[i];
        i = longer - 1;
    }
}

/* Whether the last four are alike, and longer than was usual: then those before do not count. */
static bool has_become_longer(const struct habits *habits)
{
    uint8_t usual, first;
    unsigned i;

    if (habits->interval == 0 || known_of(habits) < ENOUGH)
        return false;
    usual = encode(habits->interval);
    first = code_back(habits, 0);
    for (i = 0; i < ENOUGH; i++)
        if (code_back(habits, i) <= usual + CODE_NEAR || !is_near(code_back(habits, i), first))
            return false;
    return true;
}

static bool are_alike(uint32_t a, uint32_t b)
{
    return (a > b ? a - b : b - a) <= b / ALIKE;
}

static bool knows_enough(const struct habits *habits, uint32_t interval)
{
    unsigned known = known_of(habits);
    uint32_t before;

    if (known >= ENOUGH || known < 2)
        return known >= ENOUGH;
    before = decode(code_back(habits, 1));
    return interval + before >= ENOUGH_TIME && are_alike(interval, before);
}

static void learn(struct habits *habits, uint32_t interval)
{
    uint8_t code = encode(interval), usual;
    unsigned i;

    assert(interval >= INTERVAL_LEAST && interval < INTERVAL_MOST && !habits->configured);
    remember(habits, code);
    if (has_become_longer(habits)) {
        for (i = 0; i < ENOUGH; i++)
            habits->last[i] = code;
        habits->count = ENOUGH;
    }
    if (habits->interval == 0 && !knows_enough(habits, interval))
        return;
    usual = find_usual(habits);
    if (habits->interval == 0 || !is_near(encode(habits->interval), usual))
        habits->interval = is_near(code, usual) ? interval : decode(usual);
    else if (is_near(code, encode(habits->interval)))
        habits->interval += (uint32_t)(((int32_t)interval - (int32_t)habits->interval) / SMOOTH);
}

/* ---- heartbeats ----------------------------------------------------------------------- */

/* Whether it is a heartbeat of its own, not a copy of the last nor one that was overtaken by it.
 * These have no newer stamp; but neither has a device without a clock, or whose clock was set back,
 * and it sends on. */
static bool is_own(struct habits *habits, const struct muster_record *record,
                   const struct listening_moment *moment)
{
    uint32_t older = habits->heartbeat_time - timing_stamp(record);

    if (moment->at - habits->heartbeat_at < INTERVAL_LEAST)
        return false;
    if (record->device_time_ns == 0) /* there is no stamp */
        return true;
    if (older >= HELD_UP) {
        habits->doubted = 0;
        return true;
    }
    if (habits->doubted >= DOUBTS)
        return true;
    habits->doubted++;
    if (habits->doubted == DOUBTS) /* the next interval begins here */
        habits->heartbeat_at = moment->at;
    return false;
}

bool habits_heartbeat(struct habits *habits, const struct muster_record *record,
                      const struct listening_moment *moment, bool is_broken)
{
    uint32_t interval = moment->at - habits->heartbeat_at, before = habits->interval;
    bool had_heartbeat = habits->has_heartbeat;

    if (had_heartbeat && !is_own(habits, record, moment))
        return false;
    habits->has_heartbeat = true;
    habits->heartbeat_time = timing_stamp(record);
    habits->heartbeat_at = moment->at;
    if (had_heartbeat && !is_broken && !habits->configured && interval < INTERVAL_MOST)
        learn(habits, interval);
    return habits->interval != 0 && (before == 0 || habits->interval < before);
}

bool habits_are_sound(const struct habits *habits)
{
    return habits->configured <= 1 && habits->has_heartbeat <= 1 && habits->doubted <= DOUBTS &&
           habits->count < 2 * HABITS_INTERVALS && habits->interval <= INTERVAL_MOST &&
           habits->data_interval <= INTERVAL_MOST;
}
