/* SPDX-License-Identifier: MIT
 *
 * Time that passed, and the listening clocks.
 */
#include "listening.h"

#include <assert.h>

#define SLEEP_LEAST UINT64_C(100000000) /* ns that the boot clock gains on the monotonic one */
#define SET_LEAST   INT64_C(50000000) /* ns that the wall clock gains on the boot clock, or loses */

struct listening_clocks listening_read_clocks(const struct muster_host *host,
                                              struct muster_instance *instance)
{
    struct listening_clocks clocks;

    /* These two one behind the other: they differ by what the machine slept. */
    clocks.monotonic_ns = host->now(instance, MUSTER_CLOCK_MONOTONIC);
    clocks.boot_ns = host->now(instance, MUSTER_CLOCK_BOOT);
    clocks.wall_ns = host->now(instance, MUSTER_CLOCK_WALL);
    return clocks;
}

/* ---- time that passed ----------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* By how much the wall clock was set between two looks in which the boot clock went on. */
static int64_t set_between(const struct listening_clocks *from, const struct listening_clocks *to)
{
    int64_t set = (int64_t)(to->wall_ns - from->wall_ns - (to->boot_ns - from->boot_ns));

    return set >= SET_LEAST || set <= -SET_LEAST ? set : 0;
}

/* The same over a stop.  If the machine was started anew in it, the boot clock was, too, and the
 * wall clock is all that there is; it cannot have been if less time passed than the machine is up.
 */
static int64_t set_over_stop(const struct listening_log *log, const struct listening_clocks *now)
{
    const struct listening_clocks then = {.wall_ns = log->wall_ns, .boot_ns = log->boot_ns};
    int64_t by_wall = (int64_t)(now->wall_ns - then.wall_ns);

    if (now->boot_ns >= then.boot_ns && by_wall < (int64_t)now->boot_ns)
        return set_between(&then, now);
    return by_wall >= 0 ? 0 : by_wall - (int64_t)now->boot_ns;
}

/* What arrives from now on is placed by the last tick. */
static void place_by_tick(struct listening *listening)
{
    listening->near_ns = listening->last.wall_ns;
    listening->near_set_ns = listening->set_ns;
    listening->near_since_ns = 0;
}

void listening_find(struct listening *listening, uint64_t arrival_ns)
{
    struct listening_clocks now = listening->last;
    uint64_t since, age, passed_ns;

    if (listening->host != NULL)
        now = listening_read_clocks(listening->host, listening->instance);
    since = now.boot_ns - listening->last.boot_ns;
    /* Held up for a while in the kernel, or stamped before the clock was set. */
    age = now.wall_ns - arrival_ns;
    if (age > since + LISTENING_MOST)
        age = 0;
    passed_ns = now.wall_ns - (uint64_t)(listening->set_ns + set_between(&listening->last, &now));
    listening->near_ns = arrival_ns;
    listening->near_set_ns = (int64_t)(arrival_ns - (passed_ns - age));
    listening->near_since_ns = (int64_t)(least(since, LISTENING_MOST) - age);
}

/* ---- the listening clocks ------------------------------------------------------------- */

/* Listeners that are new. */
static void add_ears(struct listening *listening, const struct listening_heard *heard,
                     unsigned ears)
{
    assert(ears > 0 && ears <= LISTENING_EARS);
    for (; listening->ear_count < ears; listening->ear_count++)
        listening->ears[listening->ear_count] =
            (struct listening_ear){.now_ns = listening->full_ns,
                                   .resumed_ns = listening->full_ns,
                                   .heard = heard[listening->ear_count]};
}

void listening_begin(struct listening *listening, struct listening_log *log, bool leads,
                     const struct listening_clocks *clocks, const struct listening_heard *heard,
                     unsigned ears)
{
    uint64_t listened_ns = __atomic_load_n(&log->listened_ns, __ATOMIC_RELAXED);

    *listening =
        (struct listening){.log = log, .leads = leads, .last = *clocks, .full_ns = listened_ns};
    add_ears(listening, heard, ears);
    if (leads && log->wall_ns != 0)
        log->set_ns += set_over_stop(log, clocks);
    if (leads) {
        log->wall_ns = clocks->wall_ns;
        log->boot_ns = clocks->boot_ns;
    }
    listening->set_ns = log->set_ns;
    place_by_tick(listening);
}

/* A metric of one listener, or of all if `label` is NULL. */
static bool read_counter(const struct muster_host *host, struct muster_instance *instance,
                         const char *name, const char *label, uint64_t *value)
{
    struct muster_metric metric = {.size = sizeof metric};

    if (!host->find_metric(instance, name, label, &metric))
        return false;
    *value = metric.value.u64;
    return true;
}

unsigned listening_read_heard(const struct muster_host *host, struct muster_instance *instance,
                              struct listening_heard heard[LISTENING_EARS])
{
    unsigned count;

    for (count = 0; count < LISTENING_EARS; count++) {
        const char label[3] = {(char)('0' + (count < 10 ? count : count / 10)),
                               count < 10 ? '\0' : (char)('0' + count % 10)};

        heard[count] = (struct listening_heard){0};
        if (!read_counter(host, instance, "collector.listener.kernel_drops", label,
                          &heard[count].dropped) ||
            !read_counter(host, instance, "collector.listener.received", label,
                          &heard[count].received))
            break;
    }
    if (count > 0)
        return count;
    read_counter(host, instance, "collector.kernel_drops", NULL, &heard[0].dropped);
    read_counter(host, instance, "collector.received", NULL, &heard[0].received);
    return 1;
}

bool listening_has_slept(const struct listening *listening, const struct listening_clocks *clocks)
{
    const struct listening_clocks *last = &listening->last;
    uint64_t slept = clocks->boot_ns - last->boot_ns - (clocks->monotonic_ns - last->monotonic_ns);

    return slept >= SLEEP_LEAST && slept < UINT64_MAX / 2;
}

/* Goes on by that time, in proportion to what was heard of it.  Returns whether anything was. */
static bool go_on(struct listening_ear *ear, uint64_t elapsed, const struct listening_heard *heard)
{
    uint64_t received = heard->received - ear->heard.received;
    uint64_t dropped = heard->dropped - ear->heard.dropped;

    ear->heard = *heard;
    if (dropped > 0 && received == 0)
        return false;
    if (dropped > 0) /* in floating point, since no product may be too large */
        elapsed = (uint64_t)((double)elapsed * ((double)received / (double)(received + dropped)));
    ear->now_ns += elapsed;
    return true;
}

void listening_tick(struct listening *listening, const struct listening_clocks *clocks,
                    const struct listening_heard *heard, unsigned ears)
{
    uint64_t elapsed = clocks->monotonic_ns - listening->last.monotonic_ns, farthest = 0;
    bool broken = elapsed > LISTENING_MOST || listening_has_slept(listening, clocks);
    unsigned i;

    add_ears(listening, heard, ears);
    listening->set_ns += set_between(&listening->last, clocks);
    elapsed = least(elapsed, LISTENING_MOST);
    listening->full_ns += elapsed;
    for (i = 0; i < ears; i++) {
        struct listening_ear *ear = &listening->ears[i];

        if (!go_on(ear, elapsed, &heard[i]) || broken)
            ear->resumed_ns = ear->now_ns;
        if (ear->now_ns > farthest)
            farthest = ear->now_ns;
    }
    listening->last = *clocks;
    place_by_tick(listening);
    if (!listening->leads)
        return;
    __atomic_store_n(&listening->log->listened_ns, farthest, __ATOMIC_RELAXED);
    listening->log->set_ns = listening->set_ns;
    listening->log->wall_ns = clocks->wall_ns;
    listening->log->boot_ns = clocks->boot_ns;
}

const struct listening_ear *listening_worst(const struct listening *listening)
{
    const struct listening_ear *worst = &listening->ears[0];
    unsigned i;

    for (i = 1; i < listening->ear_count; i++)
        if (listening->ears[i].now_ns - listening->ears[i].resumed_ns <
            worst->now_ns - worst->resumed_ns)
            worst = &listening->ears[i];
    return worst;
}
