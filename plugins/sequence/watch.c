/* SPDX-License-Identifier: MIT
 *
 * A worker's watch over its devices.
 */
#include "watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "presence.h"
#include "wheel.h"

/* Units: 10 minutes.  A device of which nobody knows how often it is heard is missed after that. */
#define MISSED_AFTER UINT32_C(8941)

struct watch {
    struct watch_settings is;
    struct wheel *wheel; /* of the worker's devices, in the order of their numbers */
    struct watch_counts counts;
};

/* ---- the wheel ------------------------------------------------------------------------ */

static void stand(struct watch *watch, uint32_t device, uint32_t units)
{
    /* Its listener's clock is never faster than the wheel, but may be a part of a unit ahead. */
    if (units == PRESENCE_NEVER)
        wheel_unset(watch->wheel, device / watch->is.workers);
    else
        wheel_set(watch->wheel, device / watch->is.workers, units > 0 ? units - 1 : 0);
}

static const struct listening_ear *ear_of(const struct watch *watch, uint8_t ear)
{
    const struct listening *listening = watch->is.listening;

    return &listening->ears[ear < listening->ear_count ? ear : 0];
}

/* ---- devices -------------------------------------------------------------------------- */

/* What the catalog expects of a device.  Returns whether it lists it. */
static bool configure(const struct watch *watch, uint32_t number, struct habits *habits)
{
    struct muster_device about = {.size = sizeof about};
    bool is_listed = watch->is.host->device(watch->is.instance, number, &about);

    presence_configure(habits, about.heartbeat_ns != 0 ? about.heartbeat_ns : about.data_ns,
                       about.data_ns);
    return is_listed;
}

/* Whether the catalog lists it, without a look at more. */
static bool is_listed(const struct watch *watch, uint32_t number)
{
    struct muster_device about = {.size = offsetof(struct muster_device, key)};

    return watch->is.host->device(watch->is.instance, number, &about);
}

/* How long it is until a device may be forgotten, ns; UINT64_MAX: it never is. */
static uint64_t forgotten_in(const struct watch *watch, uint32_t number)
{
    uint64_t heard_ns = tables_device(watch->is.tables, number)->contact.heard_ns;
    uint64_t due_ns = heard_ns + watch->is.forget_after_ns;
    uint64_t now_ns = listening_passed(watch->is.listening);

    if (watch->is.forget_after_ns == 0 || due_ns < heard_ns || is_listed(watch, number))
        return UINT64_MAX;
    return due_ns > now_ns ? due_ns - now_ns : 0;
}

/* Where a device stands that was heard of. */
static void stand_known(struct watch *watch, uint32_t number)
{
    const struct contact *contact = &tables_device(watch->is.tables, number)->contact;
    const struct listening_ear *ear = ear_of(watch, contact->ear);
    uint32_t due =
        presence_due(contact, &watch->is.tables->habits[number], listening_units(ear->now_ns),
                     listening_units(ear->resumed_ns), watch->is.silent_after);
    uint64_t forgotten = forgotten_in(watch, number);

    if (forgotten < UINT64_MAX && (forgotten >> LISTENING_UNIT_SHIFT) + 2 < due)
        due = (uint32_t)(forgotten >> LISTENING_UNIT_SHIFT) + 2;
    stand(watch, number, due);
}

/* After how long it is missed, units, if it was never heard. */
static uint32_t missed_after(const struct watch *watch, uint32_t number)
{
    struct habits habits = {0};
    uint64_t after;

    configure(watch, number, &habits);
    after = (uint64_t)habits.interval * watch->is.silent_after + habits.interval / 2;
    if (habits.interval == 0)
        return MISSED_AFTER;
    return after > INT32_MAX ? INT32_MAX : (uint32_t)after;
}

/* A device of the catalog that was never heard.  Until it is, no more of the tables is touched than
 * must be. */
static void await(struct watch *watch, uint32_t number)
{
    watch->counts.never_heard++;
    if ((tables_device(watch->is.tables, number)->contact.flags & CONTACT_MISSED) == 0)
        stand(watch, number, missed_after(watch, number) + 1);
}

static void take_up(struct watch *watch, uint32_t number)
{
    struct contact *contact = &tables_device(watch->is.tables, number)->contact;

    if (contact->ear >= watch->is.listening->ear_count) /* there are fewer listeners now */
        contact->ear = 0;
    watch->counts.known++;
    watch->counts.unknown += !configure(watch, number, &watch->is.tables->habits[number]);
    watch->counts.late += contact->presence == PRESENCE_LATE;
    watch->counts.silent += contact->presence == PRESENCE_SILENT;
    watch->counts.no_data += (contact->flags & CONTACT_NO_DATA) != 0;
    stand_known(watch, number);
}

/* ---- open and close ------------------------------------------------------------------- */

struct watch *watch_new(const struct watch_settings *settings)
{
    const struct tables *tables = settings->tables;
    struct watch *watch = calloc(1, sizeof *watch);
    uint32_t id;

    assert(settings->worker < settings->workers && settings->silent_after > 1);
    if (watch == NULL)
        return NULL;
    watch->is = *settings;
    watch->wheel = wheel_new(tables->devices / settings->workers + 1,
                             listening_units(settings->listening->full_ns));
    if (watch->wheel == NULL) {
        free(watch);
        return NULL;
    }
    for (id = settings->worker; id < tables->devices; id += settings->workers) {
        if (tables_is_known(tables, id) && tables_read_device(tables, id)->session.known)
            take_up(watch, id);
        else if (is_listed(watch, id))
            await(watch, id);
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    wheel_free(watch->wheel);
    free(watch);
}

const struct watch_counts *watch_counts(const struct watch *watch)
{
    return &watch->counts;
}

/* ---- messages ------------------------------------------------------------------------- */

static void report(const struct watch *watch, enum muster_event event, uint32_t device,
                   uint64_t from_ns, uint64_t to_ns)
{
    watch->is.report(watch->is.context, event, device, to_ns > from_ns ? to_ns - from_ns : 0);
}

static void take_news(struct watch *watch, uint32_t number, const struct presence_news *news,
                      uint64_t heard_ns, uint64_t now_ns)
{
    if (news->before != PRESENCE_ONLINE) {
        watch->counts.late -= news->before == PRESENCE_LATE;
        watch->counts.silent -= news->before == PRESENCE_SILENT;
        report(watch, MUSTER_EVENT_DEVICE_BACK, number, heard_ns, now_ns);
    }
    watch->counts.no_data += news->no_data;
    watch->counts.no_data -= news->has_data;
    if (news->no_data || news->has_data)
        report(watch, news->no_data ? MUSTER_EVENT_NO_DATA : MUSTER_EVENT_DATA_BACK, number,
               news->data_ns, now_ns);
}

/* It is heard by another listener than before, whose clock shows another time. */
static void move(const struct watch *watch, struct device *device, struct habits *habits,
                 const struct listening_moment *moment)
{
    uint64_t from_ns = ear_of(watch, device->contact.ear)->now_ns;
    uint64_t to_ns = ear_of(watch, moment->ear)->now_ns;

    presence_move(&device->contact, habits, moment->ear,
                  listening_units(to_ns) - listening_units(from_ns));
}

static void begin(struct watch *watch, uint32_t number, struct device *device,
                  const struct listening_moment *moment)
{
    struct habits *habits = &watch->is.tables->habits[number];
    bool listed = configure(watch, number, habits);

    presence_begin(&device->contact, habits, moment);
    watch->counts.known++;
    watch->counts.unknown += !listed;
    watch->counts.never_heard -= listed;
}

void watch_message(struct watch *watch, struct device *device, const struct muster_record *record,
                   bool is_new)
{
    const struct listening_moment moment =
        listening_moment_of(watch->is.listening, record->listener, record->arrival_ns);
    struct habits *habits = &watch->is.tables->habits[record->device];
    uint64_t heard_ns = device->contact.heard_ns;
    struct presence_news news;

    if (is_new)
        begin(watch, record->device, device, &moment);
    else if (device->contact.ear != moment.ear)
        move(watch, device, habits, &moment);
    news = presence_heard(&device->contact, habits, record, &moment, watch->is.silent_after);
    if (news.before != PRESENCE_ONLINE || news.no_data || news.has_data)
        take_news(watch, record->device, &news, heard_ns, moment.passed_ns);
    if (is_new || news.before != PRESENCE_ONLINE || news.is_sooner)
        stand_known(watch, record->device);
}

/* ---- ticks ---------------------------------------------------------------------------- */

static void forget(struct watch *watch, uint32_t number)
{
    struct contact *contact = &tables_device(watch->is.tables, number)->contact;

    watch->counts.known--;
    watch->counts.unknown -= !is_listed(watch, number);
    watch->counts.late -= contact->presence == PRESENCE_LATE;
    watch->counts.silent -= contact->presence == PRESENCE_SILENT;
    watch->counts.no_data -= (contact->flags & CONTACT_NO_DATA) != 0;
    report(watch, MUSTER_EVENT_FORGOTTEN, number, contact->heard_ns,
           listening_passed(watch->is.listening));
    watch->is.forget(watch->is.context, number);
    memset(contact, 0, sizeof *contact);
    memset(&watch->is.tables->habits[number], 0, sizeof watch->is.tables->habits[number]);
}

void watch_forget(struct watch *watch, uint32_t number)
{
    forget(watch, number);
    wheel_unset(watch->wheel, number / watch->is.workers);
    if (is_listed(watch, number))
        await(watch, number);
}

static void look_at_known(struct watch *watch, uint32_t number)
{
    struct contact *contact = &tables_device(watch->is.tables, number)->contact;
    const struct listening_ear *ear = ear_of(watch, contact->ear);
    enum presence before = (enum presence)contact->presence;
    enum presence presence =
        presence_judge(contact, &watch->is.tables->habits[number], listening_units(ear->now_ns),
                       listening_units(ear->resumed_ns), watch->is.silent_after);

    if (presence != before) {
        watch->counts.late -= before == PRESENCE_LATE;
        watch->counts.late += presence == PRESENCE_LATE;
        watch->counts.silent += presence == PRESENCE_SILENT;
        report(watch,
               presence == PRESENCE_LATE ? MUSTER_EVENT_DEVICE_LATE : MUSTER_EVENT_DEVICE_SILENT,
               number, contact->heard_ns, listening_passed(watch->is.listening));
    }
    if (forgotten_in(watch, number) == 0)
        forget(watch, number);
    else
        stand_known(watch, number);
}

/* Time in which it could be heard counts, wherever it would be. */
static void look_for_missed(struct watch *watch, uint32_t number)
{
    const struct listening_ear *ear = listening_worst(watch->is.listening);
    uint32_t listened = listening_units(ear->now_ns) - listening_units(ear->resumed_ns);
    uint32_t after = missed_after(watch, number);

    if (listened <= after) {
        stand(watch, number, after + 1 - listened);
        return;
    }
    tables_device(watch->is.tables, number)->contact.flags |= CONTACT_MISSED;
    report(watch, MUSTER_EVENT_NEVER_HEARD, number, watch->is.tables->shared->since_ns,
           listening_passed(watch->is.listening));
}

void watch_tick(struct watch *watch)
{
    uint32_t now = listening_units(watch->is.listening->full_ns), due;

    wheel_turn(watch->wheel, now - wheel_now(watch->wheel));
    while ((due = wheel_next(watch->wheel)) != WHEEL_NONE) {
        uint32_t number = due * watch->is.workers + watch->is.worker;

        if (tables_read_device(watch->is.tables, number)->session.known)
            look_at_known(watch, number);
        else
            look_for_missed(watch, number);
    }
}
