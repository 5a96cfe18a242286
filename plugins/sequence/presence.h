/* SPDX-License-Identifier: MIT
 *
 * Whether a device is there: how often it should be heard, and since when it was not.
 *
 * A device that sends heartbeats is heard once in each interval at least.  Each message is a sign
 * of life, a copy too.  Silence is measured by the listening clock (listening.h).
 */
#ifndef SEQUENCE_PRESENCE_H
#define SEQUENCE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#include "habits.h"
#include "listening.h"

enum presence {
    PRESENCE_ONLINE, /* or nobody knows how often it should be heard */
    PRESENCE_LATE,   /* one heartbeat is missed: one and a half intervals of silence */
    PRESENCE_SILENT  /* so many are: that many and a half */
};

/* contact.flags */
enum {
    CONTACT_DATA_LAST = 1, /* the last message was DATA */
    CONTACT_NO_DATA = 2,   /* heartbeats come, and no DATA: it was told */
    CONTACT_MISSED = 4     /* it was never heard, and that was told */
};

/* When a device was heard; what is needed for each message. */
struct contact {
    uint64_t heard_ns; /* when its last message arrived, by the time that passed */
    uint32_t heard_at; /* the same, by the listening clock of its listener */
    uint8_t presence;  /* enum presence */
    uint8_t ear;       /* its listener */
    uint8_t flags;
    uint8_t reserved;
};

_Static_assert(sizeof(struct contact) == 16, "the layout is in files");

/* What came of a message. */
struct presence_news {
    enum presence before; /* it was late or silent until now */
    bool no_data;         /* DATA is missing while it is heard */
    bool has_data;        /* and is no longer */
    bool is_sooner;       /* it is to be looked at sooner than was known */
    uint64_t data_ns;     /* when DATA came last, by the time that passed */
};

/* What the catalog expects of the device, ns; 0: nothing.  `heartbeat_ns`: to hear it so often at
 * least; without it the interval is learnt. */
void presence_configure(struct habits *habits, uint64_t heartbeat_ns, uint64_t data_ns);

/* The device is heard for the first time. */
void presence_begin(struct contact *contact, struct habits *habits,
                    const struct listening_moment *moment);

/* It is heard by another listener, whose clock is so many units ahead. */
void presence_move(struct contact *contact, struct habits *habits, uint8_t ear, uint32_t ahead);

/* What is not usual of a message.  `silent_after`: a number of intervals. */
struct presence_news presence_take(struct contact *contact, struct habits *habits,
                                   const struct muster_record *record,
                                   const struct listening_moment *moment, uint32_t silent_after);

/* It was heard then; what was overtaken, as between two ticks, does not count. */
static inline void presence_note(struct contact *contact, uint64_t passed_ns, uint32_t at)
{
    if (contact->heard_at - at - 1 < 64)
        return;
    contact->heard_ns = passed_ns;
    contact->heard_at = at;
}

/* A message has arrived at that moment, by the listener of the contact. */
static inline struct presence_news presence_heard(struct contact *contact, struct habits *habits,
                                                  const struct muster_record *record,
                                                  const struct listening_moment *moment,
                                                  uint32_t silent_after)
{
    struct presence_news news = {PRESENCE_ONLINE, false, false, false, 0};

    if (record->msg_type != MUSTER_MSG_DATA || contact->flags != CONTACT_DATA_LAST ||
        contact->presence != PRESENCE_ONLINE)
        news = presence_take(contact, habits, record, moment, silent_after);
    presence_note(contact, moment->passed_ns, moment->at);
    return news;
}

/* What the silence until `now`, by the listening clock, amounts to.  It counts from `resumed` at
 * the earliest: a heartbeat may have fallen into the break before.  Sets contact->presence. */
enum presence presence_judge(struct contact *contact, const struct habits *habits, uint32_t now,
                             uint32_t resumed, uint32_t silent_after);

#define PRESENCE_NEVER UINT32_MAX

/* In how many units of the listening clock presence_judge may say something else, at the earliest,
 * if nothing is heard; or PRESENCE_NEVER. */
uint32_t presence_due(const struct contact *contact, const struct habits *habits, uint32_t now,
                      uint32_t resumed, uint32_t silent_after);

#endif
