/* SPDX-License-Identifier: MIT
 *
 * Whether a device is there.
 */
#include "presence.h"

#include <assert.h>
#include <stdbool.h>

#include "listening.h"
#include "timing.h"

enum {
    INTERVAL_LEAST = 8, /* units: half a second; nearer heartbeats are one */
    INTERVAL_MOST = INT32_MAX / 8,
    ALIKE = 4,     /* intervals are alike if they differ by no more than a 4th */
    HELD_UP = 600, /* s: an older stamp is of a clock that was set back */
    BELIEVED = 2,  /* in a row */
    BELIEVED_LONGER = 4
};

void presence_configure(struct contact *contact, uint64_t interval_ns)
{
    uint64_t units = interval_ns >> LISTENING_UNIT_SHIFT;

    if (interval_ns > 0) {
        contact->interval = units > INTERVAL_MOST ? INTERVAL_MOST : (uint32_t)units + 1;
        contact->configured = true;
    } else if (contact->configured) {
        contact->interval = 0;
        contact->configured = false;
    }
}

static bool is_alike(uint32_t a, uint32_t b)
{
    uint32_t difference = a > b ? a - b : b - a;

    return difference <= b / ALIKE;
}

static void learn(struct contact *contact, uint32_t interval)
{
    unsigned needed;

    assert(interval >= INTERVAL_LEAST && interval < INTERVAL_MOST && !contact->configured);
    if (contact->candidate_count > 0 && is_alike(interval, contact->candidate)) {
        contact->candidate_count++;
    } else {
        contact->candidate = interval;
        contact->candidate_count = 1;
    }
    needed = contact->interval == 0 || contact->candidate <= contact->interval ? BELIEVED
                                                                               : BELIEVED_LONGER;
    if (contact->candidate_count < needed)
        return;
    contact->interval = contact->candidate;
    contact->candidate_count = 0;
}

static void take_heartbeat(struct contact *contact, const struct muster_record *record, uint32_t at,
                           uint32_t resumed)
{
    bool is_broken = resumed - contact->heartbeat_at - 1 < INT32_MAX; /* it resumed later */
    uint32_t interval = at - contact->heartbeat_at;
    uint32_t older = contact->heartbeat_time - timing_stamp(record);
    bool had_heartbeat = contact->has_heartbeat;

    if (had_heartbeat && (older < HELD_UP || interval < INTERVAL_LEAST))
        return; /* a copy, or it was overtaken */
    contact->has_heartbeat = true;
    contact->heartbeat_time = timing_stamp(record);
    contact->heartbeat_at = at;
    if (had_heartbeat && !is_broken && !contact->configured && interval < INTERVAL_MOST)
        learn(contact, interval);
}

enum presence presence_heard(struct contact *contact, const struct muster_record *record,
                             uint32_t at, uint32_t resumed)
{
    enum presence before = (enum presence)contact->presence;

    if (record->msg_type == MUSTER_MSG_HEARTBEAT)
        take_heartbeat(contact, record, at, resumed);
    contact->heard_ns = record->arrival_ns;
    contact->heard_at = at;
    if (before != PRESENCE_ONLINE)
        contact->presence = PRESENCE_ONLINE;
    return before;
}

enum presence presence_judge(struct contact *contact, uint32_t now, uint32_t resumed,
                             uint32_t silent_after)
{
    uint32_t silence = now - contact->heard_at, listened = now - resumed;
    uint64_t interval = contact->interval;
    enum presence presence = (enum presence)contact->presence;

    assert(silent_after > 1 && presence <= PRESENCE_SILENT);
    if (interval == 0 || silence > INT32_MAX) /* the latter: heard since the clock was read */
        return presence;
    if (silence > listened)
        silence = listened;
    if (silence > interval * silent_after + interval / 2)
        presence = PRESENCE_SILENT;
    else if (silence > interval + interval / 2 && presence == PRESENCE_ONLINE)
        presence = PRESENCE_LATE;
    if (presence != contact->presence)
        contact->presence = (uint8_t)presence;
    return presence;
}
