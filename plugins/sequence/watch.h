/* SPDX-License-Identifier: MIT
 *
 * Who is there: a worker's watch over its devices.
 *
 * Whoever may become late or silent stands in a timing wheel, at the earliest time when that can
 * be.  A message moves nothing there: the device is looked at then, and stands at the next such
 * time.  So a tick looks at those that are due, and not at all devices.
 */
#ifndef SEQUENCE_WATCH_H
#define SEQUENCE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "listening.h"
#include "tables.h"

/* How many of a worker's devices there are. */
struct watch_counts {
    uint32_t known;        /* heard of */
    uint32_t late, silent; /* of these */
    uint32_t no_data;      /* of these: heard, but not with DATA */
    uint32_t unknown;      /* of these: the catalog does not list them */
    uint32_t never_heard;  /* the catalog lists them */
};

/* An event of the device, now; what it is about began so long ago, ns. */
typedef void watch_report_fn(void *context, enum muster_event event, uint32_t device,
                             uint64_t since_ns);

/* The device is forgotten, now: whoever knows something of it gives it up. */
typedef void watch_forget_fn(void *context, uint32_t device);

struct watch_settings {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct tables *tables;
    struct listening *listening; /* has begun */
    uint32_t worker, workers;
    uint32_t silent_after;
    uint64_t forget_after_ns; /* devices that the catalog does not list; 0: never */
    watch_report_fn *report;
    watch_forget_fn *forget; /* after the report */
    void *context;
};

struct watch;

/* Takes up what the tables have.  NULL if memory is short. */
struct watch *watch_new(const struct watch_settings *settings);
void watch_free(struct watch *watch);

const struct watch_counts *watch_counts(const struct watch *watch);

/* A message of a device has arrived, and it is as usual: DATA of a device that is there, shortly
 * after the last tick.  Returns whether it was; else it is watch_message's. */
static inline bool watch_usual(const struct listening *listening, struct device *device,
                               const struct muster_record *record)
{
    struct contact *contact = &device->contact;
    uint64_t since;

    if (record->msg_type != MUSTER_MSG_DATA || contact->presence != PRESENCE_ONLINE ||
        contact->ear != record->listener || contact->flags != CONTACT_DATA_LAST ||
        !device->session.known || !listening_is_near(listening, record->arrival_ns, &since))
        return false;
    presence_note(contact, listening_passed_at(listening, record->arrival_ns),
                  listening_at(listening, contact->ear, since));
    return true;
}

/* Any other message; it is the first ever if `is_new`. */
void watch_message(struct watch *watch, struct device *device, const struct muster_record *record,
                   bool is_new);

/* The device, which is known, is forgotten at once, also if the catalog lists it. */
void watch_forget(struct watch *watch, uint32_t number);

/* After listening_tick: looks at those that are due. */
void watch_tick(struct watch *watch);

#endif
