/* SPDX-License-Identifier: MIT
 *
 * How much time passed, and how much of it the collector listened.
 *
 * Wall clocks may be set, so time is told by the boot clock: "passed" is the wall clock less all
 * that it was set by since counting began.  It goes on over restarts.
 *
 * The listening clock goes on only while the collector listens.  It stands still while the
 * collector is stopped, suspended, or stalled.  Each listener has one of its own: in a second in
 * which the kernel dropped datagrams, it goes on by the share that was received, and not at all if
 * none was.  Silence is measured by it, so it is never held against a device that nobody listened.
 * It goes on over restarts, in units of 2^26 ns (67 ms), modulo 2^32 (9 years).
 * Each worker has its own; all go on from where the first worker's farthest was.
 */
#ifndef SEQUENCE_LISTENING_H
#define SEQUENCE_LISTENING_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#define LISTENING_UNIT_SHIFT 26

enum { LISTENING_EARS = 64 /* listeners that are told apart; others are taken for the first */ };

/* The host's clocks, read at one time. */
struct listening_clocks {
    uint64_t wall_ns, monotonic_ns, boot_ns;
};

/* What outlives the process: of the first worker, at its last tick. */
struct listening_log {
    uint64_t listened_ns;      /* the listening clock */
    uint64_t wall_ns, boot_ns; /* clocks */
    int64_t set_ns;            /* by how much the wall clock was set since counting began */
};

/* Datagrams of one listener, in this run so far. */
struct listening_heard {
    uint64_t received, dropped;
};

/* One listener's clock. */
struct listening_ear {
    uint64_t now_ns;              /* at the last tick */
    uint64_t resumed_ns;          /* when it last began to go on */
    struct listening_heard heard; /* until then */
};

/* A worker's clocks. */
struct listening {
    struct listening_log *log;
    bool leads;                       /* this is the first worker */
    const struct muster_host *host;   /* to look at the clocks between two ticks; or NULL */
    struct muster_instance *instance; /* its */
    struct listening_clocks last;     /* at the last tick */
    int64_t set_ns;                   /* as in the log */
    uint64_t full_ns;                 /* the clock of a listener that nothing is dropped of */
    /* An arrival that others are placed by: the last tick, or the last that was not near one. */
    uint64_t near_ns;      /* by the wall clock */
    int64_t near_set_ns;   /* what that is ahead of time that passed */
    int64_t near_since_ns; /* how long after the tick */
    unsigned ear_count;    /* 1 at least */
    struct listening_ear ears[LISTENING_EARS];
};

/* A moment: when something arrived. */
struct listening_moment {
    uint64_t passed_ns; /* time that passed */
    uint32_t at;        /* the listener's clock, units */
    uint32_t resumed;   /* when that last began to go on */
    uint8_t ear;
};

/* [any thread] */
struct listening_clocks listening_read_clocks(const struct muster_host *host,
                                              struct muster_instance *instance);

/* What each listener heard: fills in `heard`, and returns how many there are, 1 at least.  A host
 * that does not tell them apart has one. */
unsigned listening_read_heard(const struct muster_host *host, struct muster_instance *instance,
                              struct listening_heard heard[LISTENING_EARS]);

/* The leader first.  Each listener may have heard something in this run already. */
void listening_begin(struct listening *listening, struct listening_log *log, bool leads,
                     const struct listening_clocks *clocks, const struct listening_heard *heard,
                     unsigned ears);

/* Whether the machine has slept since the last tick. */
bool listening_has_slept(const struct listening *listening, const struct listening_clocks *clocks);

/* About once a second. */
void listening_tick(struct listening *listening, const struct listening_clocks *clocks,
                    const struct listening_heard *heard, unsigned ears);

/* Looks at the clocks for an arrival that is not near the last tick, as when the wall clock was set
 * since, and places further ones by it. */
void listening_find(struct listening *listening, uint64_t arrival_ns);

/* The clock by which a device is judged that was never heard: of the listener that heard least. */
const struct listening_ear *listening_worst(const struct listening *listening);

static inline uint32_t listening_units(uint64_t listened_ns)
{
    return (uint32_t)(listened_ns >> LISTENING_UNIT_SHIFT);
}

/* Time that passed until the last tick. */
static inline uint64_t listening_passed(const struct listening *listening)
{
    return listening->last.wall_ns - (uint64_t)listening->set_ns;
}

#define LISTENING_BEFORE UINT64_C(50000000)   /* ns; what came so long before counts as then */
#define LISTENING_NEAR   UINT64_C(1250000000) /* ns; a second, and some delay of the tick */
#define LISTENING_MOST   UINT64_C(2000000000) /* ns; a longer tick was a stall */

/* By an ear's clock, so long after the arrival that others are placed by. */
static inline uint32_t listening_at(const struct listening *listening, unsigned ear,
                                    uint64_t since_ns)
{
    int64_t since = listening->near_since_ns + (int64_t)since_ns;

    if (since < 0)
        since = 0;
    else if (since > (int64_t)LISTENING_MOST)
        since = (int64_t)LISTENING_MOST;
    return listening_units(listening->ears[ear].now_ns + (uint64_t)since);
}

/* Whether an arrival, ns since the Unix epoch, is placed without a look at the clocks, and when. */
static inline bool listening_is_near(const struct listening *listening, uint64_t arrival_ns,
                                     uint64_t *since_ns)
{
    *since_ns = arrival_ns - listening->near_ns;
    return *since_ns < LISTENING_NEAR;
}

static inline uint64_t listening_passed_at(const struct listening *listening, uint64_t arrival_ns)
{
    return arrival_ns - (uint64_t)listening->near_set_ns;
}

/* The moment of an arrival. */
static inline struct listening_moment listening_moment_of(struct listening *listening,
                                                          uint8_t listener, uint64_t arrival_ns)
{
    const uint8_t ear = listener < listening->ear_count ? listener : 0;
    uint64_t since;

    if (arrival_ns - listening->near_ns + LISTENING_BEFORE >= LISTENING_BEFORE + LISTENING_NEAR)
        listening_find(listening, arrival_ns);
    if (!listening_is_near(listening, arrival_ns, &since))
        since = 0;
    return (struct listening_moment){.passed_ns = listening_passed_at(listening, arrival_ns),
                                     .at = listening_at(listening, ear, since),
                                     .resumed = listening_units(listening->ears[ear].resumed_ns),
                                     .ear = ear};
}

#endif
