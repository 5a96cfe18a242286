/* SPDX-License-Identifier: MIT
 *
 * What each device did wrong.
 */
#include "devices.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND    1000000000
#define CLOCK_DRIFT_MOST 500000 /* parts in 10^9: more than any clock that is not broken */

int devices_open(struct devices *devices, uint32_t count)
{
    devices->counts = calloc(count, sizeof *devices->counts);
    devices->count = count;
    devices->part = DEVICES_PARTS;
    return devices->counts != NULL ? 0 : -1;
}

void devices_close(struct devices *devices)
{
    free(devices->counts);
}

void devices_pass(struct devices *devices, uint64_t now_ns)
{
    devices->now_ns = now_ns;
    devices->part = (uint32_t)(now_ns / DEVICES_PART_NS) + DEVICES_PARTS;
}

/* ---- the last hour -------------------------------------------------------------------- */

/* Parts that have come since the device was heard last are empty. */
static void begin_parts(const struct devices *devices, struct device_counts *counts)
{
    uint32_t passed = devices->part - counts->part, i;

    for (i = 1; i <= passed && i <= DEVICES_PARTS; i++)
        counts->parts[(counts->part + i) % DEVICES_PARTS] = (struct device_part){0};
    counts->part = devices->part;
}

/* The part of so many ns ago, or NULL if that is not of the hour. */
static struct device_part *part_at(const struct devices *devices, struct device_counts *counts,
                                   uint64_t ago_ns)
{
    uint64_t parts;

    if (counts->part != devices->part)
        begin_parts(devices, counts);
    if (ago_ns >= DEVICES_PARTS * DEVICES_PART_NS)
        return NULL;
    parts = (devices->now_ns + DEVICES_PARTS * DEVICES_PART_NS) / DEVICES_PART_NS -
            (devices->now_ns + DEVICES_PARTS * DEVICES_PART_NS - ago_ns) / DEVICES_PART_NS;
    return parts < DEVICES_PARTS ? &counts->parts[(devices->part - parts) % DEVICES_PARTS] : NULL;
}

struct device_hour devices_hour(const struct devices *devices, uint32_t number)
{
    const struct device_counts *counts = &devices->counts[number];
    uint32_t passed = devices->part - counts->part, i;
    struct device_hour hour = {0};

    /* Those that begin_parts would empty are not of this hour. */
    for (i = 0; i + passed < DEVICES_PARTS; i++) {
        const struct device_part *part = &counts->parts[(counts->part - i) % DEVICES_PARTS];

        hour.missing += part->missing;
        hour.due += (uint64_t)part->came + part->missing;
    }
    return hour;
}

/* ---- gaps ----------------------------------------------------------------------------- */

static unsigned cause_of(uint16_t causes)
{
    return (unsigned)__builtin_ctz(muster_cause_counted(causes));
}

/* Whether a number that is missing for that cause was due. */
static bool is_due(uint16_t causes)
{
    uint16_t counted = muster_cause_counted(causes);

    return counted != MUSTER_CAUSE_COLLECTOR_DOWN && counted != MUSTER_CAUSE_NOT_BELIEVABLE;
}

static void add_missing(struct device_part *part, uint64_t count)
{
    if (part != NULL)
        part->missing =
            count < UINT32_MAX - part->missing ? part->missing + (uint32_t)count : UINT32_MAX;
}

/* Takes them back; the clocks of both are a second apart at most, so they may be in a part beside.
 */
static void take_missing(const struct devices *devices, struct device_counts *counts,
                         uint64_t ago_ns, uint64_t count)
{
    const uint64_t second = UINT64_C(1000000000);
    const uint64_t tries[] = {ago_ns, ago_ns + second, ago_ns > second ? ago_ns - second : 0};
    size_t i;

    for (i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct device_part *part = part_at(devices, counts, tries[i]);
        uint32_t taken = 0;

        if (part != NULL)
            taken = count < part->missing ? (uint32_t)count : part->missing;
        if (part != NULL)
            part->missing -= taken;
        count -= taken;
    }
}

/* Numbers are something else than they were. */
static void take_gap(const struct devices *devices, struct device_counts *counts,
                     const struct muster_record *record)
{
    uint64_t count = muster_record_count(record);
    uint64_t ago_ns = record->arrival_ns - record->event.opened_ns;
    bool was_missing =
        record->event.was == MUSTER_EVENT_GAP_OPENED || record->event.was == MUSTER_EVENT_GAP_LOST;
    bool is_missing = record->event.event == MUSTER_EVENT_GAP_OPENED ||
                      record->event.event == MUSTER_EVENT_GAP_LOST;

    if (record->arrival_ns < record->event.opened_ns)
        ago_ns = 0; /* the clock was set */
    if (was_missing && is_due(record->event.was_cause))
        take_missing(devices, counts, ago_ns, count);
    if (is_missing && is_due(record->event.cause))
        add_missing(part_at(devices, counts, ago_ns), count);
    if (record->event.was == MUSTER_EVENT_GAP_OPENED)
        counts->open[cause_of(record->event.was_cause)] -= (int64_t)count;
    if (record->event.was == MUSTER_EVENT_GAP_LOST)
        counts->lost[cause_of(record->event.was_cause)] -= (int64_t)count;
    if (record->event.event == MUSTER_EVENT_GAP_OPENED)
        counts->open[cause_of(record->event.cause)] += (int64_t)count;
    if (record->event.event == MUSTER_EVENT_GAP_LOST)
        counts->lost[cause_of(record->event.cause)] += (int64_t)count;
    if (record->event.event == MUSTER_EVENT_GAP_TAKEN_BACK)
        counts->missing -= count < counts->missing ? count : counts->missing; /* of this run */
}

/* ---- records -------------------------------------------------------------------------- */

/* Whether a device's timestamps say anything of jitter.  Whole seconds, cut, make up to half a
 * second of it by themselves; one that is not there, or stands still, makes it of the interval; so
 * does a clock that runs at another speed than ours. */
static bool is_clock_believed(struct device_counts *counts, const struct muster_record *record)
{
    const int64_t drift = record->message.clock_drift_ppb;
    const uint32_t stamp = (uint32_t)record->device_time_ns;

    /* The same again says nothing in a copy or in the next reading of a batch. */
    if (record->verdict != MUSTER_VERDICT_DUPLICATE && record->reading == 0) {
        if (record->device_time_ns == 0 || (stamp & INT32_MAX) == counts->stamp)
            counts->is_fine = false;
        else if (record->device_time_ns % NS_PER_SECOND != 0)
            counts->is_fine = true;
        counts->stamp = stamp & INT32_MAX;
    }
    return counts->is_fine && (drift < 0 ? -drift : drift) <=
                                  (int64_t)record->message.clock_drift_error_ppb + CLOCK_DRIFT_MOST;
}

static void take_message(const struct devices *devices, struct device_counts *counts,
                         const struct muster_record *record)
{
    bool came = true;

    counts->jitter_us = is_clock_believed(counts, record) ? record->message.jitter_us : 0;
    if ((record->marks & MUSTER_MARK_SHARED_NUMBER) != 0 && record->reading > 0)
        return; /* its number counts with the first reading */
    switch (record->verdict) {
    case MUSTER_VERDICT_GAP:
        counts->gaps++;
        counts->missing += record->message.gap;
        break;
    case MUSTER_VERDICT_LATE:
        counts->late++;
        break;
    case MUSTER_VERDICT_DUPLICATE:
        counts->duplicates++;
        came = false;
        break;
    case MUSTER_VERDICT_RESTART:
        counts->restarts++;
        break;
    case MUSTER_VERDICT_OUTLIER:
        counts->outliers++;
        came = false;
        break;
    default:
        break;
    }
    if (came && record->seq_bits > 0)
        part_at(devices, counts, 0)->came++;
}

void devices_take(struct devices *devices, const struct muster_record *record)
{
    struct device_counts *counts = &devices->counts[record->device];

    assert(record->device < devices->count);
    if (record->kind == MUSTER_KIND_MESSAGE) {
        /* Else it was not judged, or derived by a filter. */
        if (record->verdict != MUSTER_VERDICT_NONE && record->origin == 0)
            take_message(devices, counts, record);
    } else if (record->kind == MUSTER_KIND_EVENT &&
               ((record->event.event >= MUSTER_EVENT_GAP_OPENED &&
                 record->event.event <= MUSTER_EVENT_GAP_LOST) ||
                record->event.event == MUSTER_EVENT_GAP_TAKEN_BACK)) {
        take_gap(devices, counts, record);
    }
}

/* ---- the worst ------------------------------------------------------------------------ */

static bool is_harmless(const struct device_counts *device)
{
    return device->gaps + device->late + device->duplicates + device->restarts + device->outliers ==
           0;
}

/* What is compared of a device. */
struct badness {
    const struct device_counts *counts;
    struct device_hour hour;
};

static struct badness badness_of(const struct devices *devices, uint32_t number)
{
    return (struct badness){&devices->counts[number], devices_hour(devices, number)};
}

static double share(const struct device_hour *hour)
{
    return hour->due > 0 ? (double)hour->missing / (double)hour->due : 0;
}

static bool is_worse(const struct badness *one, const struct badness *other)
{
    const struct device_counts *a = one->counts, *b = other->counts;
    double first = share(&one->hour), second = share(&other->hour);

    if (first > second || first < second)
        return first > second;
    if (a->missing != b->missing)
        return a->missing > b->missing;
    if (a->duplicates != b->duplicates)
        return a->duplicates > b->duplicates;
    return a->late + a->restarts + a->outliers > b->late + b->restarts + b->outliers;
}

void devices_find_worst(const struct devices *devices, uint32_t most, struct worst_devices *worst)
{
    struct badness found[DEVICES_WORST_MAX];
    uint32_t id, place;

    assert(most <= DEVICES_WORST_MAX);
    worst->count = 0;
    for (id = 0; most > 0 && id < devices->count; id++) {
        struct badness device;

        if (is_harmless(&devices->counts[id]))
            continue;
        device = badness_of(devices, id);
        if (worst->count < most)
            worst->count++;
        else if (!is_worse(&device, &found[worst->count - 1]))
            continue;
        for (place = worst->count - 1; place > 0 && is_worse(&device, &found[place - 1]); place--) {
            found[place] = found[place - 1];
            worst->devices[place] = worst->devices[place - 1];
        }
        found[place] = device;
        worst->devices[place] = id;
    }
}
