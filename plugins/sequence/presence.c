/* SPDX-License-Identifier: MIT
 *
 * Whether a device is there.
 */
#include "presence.h"

#include <stdbool.h>

#include "hearing.h"

enum {
    INTERVAL_LEAST = 8, /* units: half a second; nearer heartbeats are one */
    ALIKE = 4,          /* intervals are alike if they differ by no more than a 4th */
    HELD_UP = 600,      /* s: an older stamp is of a clock that was set back */
    BELIEVED = 2,       /* in a row */
    BELIEVED_LONGER = 4
};

void presence_configure(struct rhythm *rhythm, uint64_t interval_ns)
{
    uint64_t units = interval_ns >> HEARING_UNIT_SHIFT;

    if (interval_ns > 0) {
        rhythm->interval = units > INT32_MAX / 8 ? INT32_MAX / 8 : (uint32_t)units + 1;
        rhythm->configured = true;
    } else if (rhythm->configured) {
        rhythm->interval = 0;
        rhythm->configured = false;
    }
}

static bool is_alike(uint32_t a, uint32_t b)
{
    uint32_t difference = a > b ? a - b : b - a;

    return difference <= b / ALIKE;
}

static void learn(struct rhythm *rhythm, uint32_t interval)
{
    unsigned needed;

    if (rhythm->count > 0 && is_alike(interval, rhythm->candidate)) {
        rhythm->count++;
    } else {
        rhythm->candidate = interval;
        rhythm->count = 1;
    }
    needed =
        rhythm->interval == 0 || rhythm->candidate <= rhythm->interval ? BELIEVED : BELIEVED_LONGER;
    if (rhythm->count < needed)
        return;
    rhythm->interval = rhythm->candidate;
    rhythm->count = 0;
}

static void take_heartbeat(struct rhythm *rhythm, struct vitals *vitals,
                           const struct muster_record *record, uint32_t at, uint32_t resumed)
{
    bool is_broken = resumed - vitals->beat_at - 1 < INT32_MAX; /* it resumed later */
    uint32_t interval = at - vitals->beat_at;
    uint32_t older = rhythm->beat_time - record->timestamp;
    bool had_beat = rhythm->has_beat;

    if (had_beat && (older < HELD_UP || interval < INTERVAL_LEAST))
        return; /* a copy, or it was overtaken */
    rhythm->has_beat = true;
    rhythm->beat_time = record->timestamp;
    vitals->beat_at = at;
    if (had_beat && !is_broken && !rhythm->configured && interval < INT32_MAX / 8)
        learn(rhythm, interval);
}

enum presence presence_heard(struct rhythm *rhythm, struct vitals *vitals,
                             const struct muster_record *record, uint32_t at, uint32_t resumed)
{
    enum presence before = (enum presence)rhythm->presence;

    if (record->msg_type == MUSTER_MSG_HEARTBEAT)
        take_heartbeat(rhythm, vitals, record, at, resumed);
    vitals->heard_ns = record->arrival_ns;
    vitals->heard_at = at;
    if (before != PRESENCE_ONLINE)
        rhythm->presence = PRESENCE_ONLINE;
    return before;
}

enum presence presence_judge(struct rhythm *rhythm, const struct vitals *vitals, uint32_t now,
                             uint32_t resumed, uint32_t silent_after)
{
    uint32_t silence = now - vitals->heard_at, listened = now - resumed;
    uint64_t interval = rhythm->interval;
    enum presence presence = (enum presence)rhythm->presence;

    if (interval == 0 || silence > INT32_MAX) /* the latter: heard since the clock was read */
        return presence;
    if (silence > listened)
        silence = listened;
    if (silence > interval * silent_after + interval / 2)
        presence = PRESENCE_SILENT;
    else if (silence > interval + interval / 2 && presence == PRESENCE_ONLINE)
        presence = PRESENCE_LATE;
    if (presence != rhythm->presence)
        rhythm->presence = (uint8_t)presence;
    return presence;
}
