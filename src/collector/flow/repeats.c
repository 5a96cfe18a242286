/* SPDX-License-Identifier: MIT */
#include "repeats.h"

#include <string.h>

static bool is_of(const struct repeat *repeat, uint8_t reason, const struct muster_arrival *arrival)
{
    return repeat->in_use && repeat->reason == reason &&
           repeat->arrival.family == arrival->family &&
           repeat->arrival.source_scope == arrival->source_scope &&
           memcmp(repeat->arrival.source, arrival->source, sizeof arrival->source) == 0;
}

/* The one of this source, a free one, or the one of all others. */
static struct repeat *find(struct repeats *repeats, uint8_t reason,
                           const struct muster_arrival *arrival)
{
    struct repeat *place = &repeats->of[REPEATS_SOURCES];
    unsigned i;

    for (i = REPEATS_SOURCES; i-- > 0;) {
        if (is_of(&repeats->of[i], reason, arrival))
            return &repeats->of[i];
        if (!repeats->of[i].in_use)
            place = &repeats->of[i];
    }
    return place;
}

bool repeats_pass(struct repeats *repeats, uint8_t reason, const struct muster_arrival *arrival,
                  uint64_t now_ns, uint64_t arrival_ns)
{
    struct repeat *repeat = find(repeats, reason, arrival);
    bool is_rest = repeat == &repeats->of[REPEATS_SOURCES];

    if (!repeat->in_use)
        *repeat = (struct repeat){
            .in_use = true, .reason = reason, .begun_ns = now_ns, .begun_wall_ns = arrival_ns};
    repeat->arrival = *arrival;
    if (is_rest)
        repeat->arrival.family = 0;
    if (repeat->told < REPEATS_BURST) {
        repeat->told++;
        repeat->begun_wall_ns = arrival_ns;
        return true;
    }
    repeat->held_back++;
    repeat->reason = reason;
    repeat->last_wall_ns = arrival_ns;
    return false;
}

bool repeats_due(struct repeats *repeats, uint64_t now_ns, bool is_last, struct repeat *out)
{
    unsigned i;

    for (i = 0; i <= REPEATS_SOURCES; i++) {
        struct repeat *repeat = &repeats->of[i];

        if (!repeat->in_use || (!is_last && now_ns - repeat->begun_ns < REPEATS_TIME))
            continue;
        if (repeat->held_back == 0) {
            repeat->in_use = false;
            continue;
        }
        /* While it goes on there are sums alone. */
        *out = *repeat;
        repeat->held_back = 0;
        repeat->begun_ns = now_ns;
        repeat->begun_wall_ns = repeat->last_wall_ns;
        return true;
    }
    return false;
}
