/* SPDX-License-Identifier: MIT
 *
 * Whether a device is there.
 */
#include "presence.h"

#include <assert.h>

/* So many intervals and a half, units. */
static uint64_t limit(uint32_t interval, uint32_t count)
{
    return (uint64_t)interval * count + interval / 2;
}

/* From one time on the listening clock to another, and from the end of a break at the earliest;
 * below 0 if it was before. */
static int64_t time_since(uint32_t from, uint32_t to, uint32_t resumed)
{
    int64_t time = (int32_t)(to - from), listened = to - resumed;

    return time > listened ? listened : time;
}

void presence_configure(struct habits *habits, uint64_t heartbeat_ns, uint64_t data_ns)
{
    struct habits data = {0};

    habits_configure(habits, heartbeat_ns);
    habits_configure(&data, data_ns);
    habits->data_interval = data.interval;
}

void presence_begin(struct contact *contact, struct habits *habits,
                    const struct listening_moment *moment)
{
    contact->heard_ns = habits->data_ns = moment->passed_ns;
    contact->heard_at = habits->data_at = moment->at;
    contact->ear = moment->ear;
    contact->presence = PRESENCE_ONLINE;
    contact->flags = 0;
}

void presence_move(struct contact *contact, struct habits *habits, uint8_t ear, uint32_t ahead)
{
    contact->heard_at += ahead;
    habits->heartbeat_at += ahead;
    habits->data_at += ahead;
    contact->ear = ear;
}

/* A message that is no DATA, while those are expected. */
static void miss_data(struct contact *contact, struct habits *habits,
                      const struct listening_moment *moment, uint32_t silent_after,
                      struct presence_news *news)
{
    if ((contact->flags & CONTACT_DATA_LAST) != 0) {
        habits->data_ns = contact->heard_ns;
        habits->data_at = contact->heard_at;
        contact->flags &= (uint8_t)~CONTACT_DATA_LAST;
    }
    if (news->before != PRESENCE_ONLINE) /* it has just begun to send again */
        habits->data_at = moment->at;
    if (habits->data_interval == 0 || (contact->flags & CONTACT_NO_DATA) != 0 ||
        time_since(habits->data_at, moment->at, moment->resumed) <=
            (int64_t)limit(habits->data_interval, silent_after))
        return;
    contact->flags |= CONTACT_NO_DATA;
    news->no_data = true;
    news->data_ns = habits->data_ns;
}

struct presence_news presence_take(struct contact *contact, struct habits *habits,
                                   const struct muster_record *record,
                                   const struct listening_moment *moment, uint32_t silent_after)
{
    struct presence_news news = {.before = (enum presence)contact->presence};
    bool is_broken = moment->resumed - habits->heartbeat_at - 1 < INT32_MAX; /* it resumed later */

    if (record->msg_type != MUSTER_MSG_DATA) {
        miss_data(contact, habits, moment, silent_after, &news);
    } else {
        news.has_data = (contact->flags & CONTACT_NO_DATA) != 0;
        news.data_ns = habits->data_ns;
        contact->flags = CONTACT_DATA_LAST;
    }
    if (record->msg_type == MUSTER_MSG_HEARTBEAT)
        news.is_sooner = habits_heartbeat(habits, record, moment, is_broken);
    if (news.before != PRESENCE_ONLINE)
        contact->presence = PRESENCE_ONLINE;
    return news;
}

enum presence presence_judge(struct contact *contact, const struct habits *habits, uint32_t now,
                             uint32_t resumed, uint32_t silent_after)
{
    int64_t silence = time_since(contact->heard_at, now, resumed);
    enum presence presence = (enum presence)contact->presence;

    assert(silent_after > 1 && presence <= PRESENCE_SILENT);
    if (habits->interval == 0 || silence < 0) /* the latter: heard since the clock was read */
        return presence;
    if (silence > (int64_t)limit(habits->interval, silent_after))
        presence = PRESENCE_SILENT;
    else if (silence > (int64_t)limit(habits->interval, 1) && presence == PRESENCE_ONLINE)
        presence = PRESENCE_LATE;
    if (presence != contact->presence)
        contact->presence = (uint8_t)presence;
    return presence;
}

uint32_t presence_due(const struct contact *contact, const struct habits *habits, uint32_t now,
                      uint32_t resumed, uint32_t silent_after)
{
    int64_t due;

    if (habits->interval == 0 || contact->presence == PRESENCE_SILENT)
        return PRESENCE_NEVER;
    due =
        (int64_t)limit(habits->interval, contact->presence == PRESENCE_ONLINE ? 1 : silent_after) +
        1 - time_since(contact->heard_at, now, resumed);
    return due < 0 ? 0 : due > INT32_MAX ? INT32_MAX : (uint32_t)due;
}
