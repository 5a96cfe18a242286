/* SPDX-License-Identifier: MIT
 *
 * Where the tables are in the memory, what to believe of what an earlier run left, and how to
 * mend it.
 */
#include "tables.h"

#include <string.h>

#include "hearing.h"
#include "presence.h"

enum { PAGE = 4096, COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t) };

static uint64_t pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static size_t slot_size(uint32_t window)
{
    return (sizeof(struct slot) + window / 8 + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Where each table is; the last is the end. */
struct places {
    uint64_t slots, entries, gaps, end;
};

static uint32_t entry_size(uint32_t window)
{
    return (uint32_t)(sizeof(struct device) + sizeof(struct vitals)) + window / 8;
}

static struct places find_places(uint32_t window)
{
    struct places p;

    p.slots = pages(sizeof(struct shared));
    p.entries = p.slots + pages(WORKERS_MOST * slot_size(window));
    p.gaps = p.entries + pages((uint64_t)MUSTER_DEVICE_IDS * entry_size(window));
    p.end = p.gaps + pages(GAPS_KEPT * sizeof(struct gap));
    return p;
}

uint64_t tables_bytes(uint32_t window)
{
    return find_places(window).end;
}

void tables_lay_out(struct tables *tables, void *memory, uint32_t window)
{
    const struct places p = find_places(window);
    uint8_t *bytes = memory;

    tables->window = window;
    tables->words = window / 64;
    tables->stride = entry_size(window);
    tables->shared = memory;
    tables->slots = bytes + p.slots;
    tables->entries = bytes + p.entries;
    tables->gaps = (struct gap *)(bytes + p.gaps);
}

struct slot *tables_slot(const struct tables *tables, uint32_t worker)
{
    return (struct slot *)(tables->slots + worker * slot_size(tables->window));
}

uint32_t tables_next_known(const struct tables *tables, uint32_t id)
{
    uint32_t word = id / 64;
    uint64_t bits;

    if (id >= MUSTER_DEVICE_IDS)
        return MUSTER_DEVICE_IDS;
    bits = __atomic_load_n(&tables->shared->known[word], __ATOMIC_RELAXED) & UINT64_MAX << id % 64;
    while (bits == 0) {
        if (++word == MUSTER_DEVICE_IDS / 64)
            return MUSTER_DEVICE_IDS;
        bits = __atomic_load_n(&tables->shared->known[word], __ATOMIC_RELAXED);
    }
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

void tables_know(const struct tables *tables, uint32_t id)
{
    /* Devices of other workers are in the same word. */
    __atomic_fetch_or(&tables->shared->known[id / 64], UINT64_C(1) << id % 64, __ATOMIC_RELAXED);
}

static void add_counts(struct tracker_counts *sum, const struct tracker_counts *counts)
{
    uint64_t a[COUNTS], b[COUNTS];
    unsigned i;

    memcpy(a, sum, sizeof a);
    memcpy(b, counts, sizeof b);
    for (i = 0; i < COUNTS; i++)
        a[i] += b[i];
    memcpy(sum, a, sizeof a);
}

struct tracker_counts tables_counts_from(const struct tables *tables, uint32_t worker)
{
    struct tracker_counts sum = {0};
    uint32_t i;

    for (i = worker; i < WORKERS_MOST; i++)
        add_counts(&sum, &tables_slot(tables, i)->counts);
    return sum;
}

/* ---- what to believe ------------------------------------------------------------------ */

/* How a device was before changes that were not complete. */
struct settled {
    const struct device *device;
    const uint64_t *window;
};

static struct settled settle(const struct tables *tables, const struct undo *const *busy,
                             unsigned count, uint32_t id)
{
    struct settled settled = {tables_device(tables, id), tables_window(tables, id)};
    unsigned i;

    for (i = 0; i < count; i++)
        if (busy[i]->device_id == id)
            settled = (struct settled){&busy[i]->device, (const uint64_t *)(busy[i] + 1)};
    return settled;
}

static uint32_t count_missing(const struct tables *tables, const struct settled *settled)
{
    const struct device *device = settled->device;
    uint32_t missing = 0, i;

    if (device->span < tables->window) {
        for (i = 0; i < device->span; i++)
            missing += !tables_has_seen(tables, settled->window, device->highest - i);
        return missing;
    }
    for (i = 0; i < tables->words; i++)
        missing += 64 - (uint32_t)__builtin_popcountll(settled->window[i]);
    return missing;
}

static bool is_device_sound(const struct tables *tables, const struct settled *settled)
{
    const struct device *d = settled->device;
    const struct rhythm *r = &d->rhythm;

    if (d->known > 1 || d->begun > 1 || d->has_init > 1 || d->init_came > 1 || r->configured > 1 ||
        r->has_beat > 1 || r->presence > PRESENCE_SILENT)
        return false;
    if (d->doubt > DOUBT_STALE || (d->doubt == DOUBT_NONE) != (d->doubt_count == 0) ||
        (d->doubt_count > 0 && d->doubt_end - d->doubted != d->doubt_count))
        return false;
    if (d->span > tables->window || (d->begun && d->span == 0) || (!d->begun && d->open != 0))
        return false;
    return !d->begun || (tables_has_seen(tables, settled->window, d->highest) &&
                         d->open == count_missing(tables, settled));
}

bool tables_are_sound(const struct tables *tables)
{
    const struct undo *busy[WORKERS_MOST];
    struct tracker_counts sum = {0};
    uint64_t open = 0, doubted = 0, devices = 0;
    unsigned busy_count = 0, i;
    uint32_t id;

    for (i = 0; i < WORKERS_MOST; i++) {
        const struct slot *slot = tables_slot(tables, i);

        if (slot->undo.busy > 1 || slot->undo.device_id >= MUSTER_DEVICE_IDS ||
            slot->gaps_end > GAPS_KEPT)
            return false;
        if (slot->undo.busy)
            busy[busy_count++] = &slot->undo;
        add_counts(&sum, slot->undo.busy ? &slot->undo.counts : &slot->counts);
    }
    for (id = tables_next_known(tables, 0); id < MUSTER_DEVICE_IDS;
         id = tables_next_known(tables, id + 1)) {
        const struct settled settled = settle(tables, busy, busy_count, id);

        if (!is_device_sound(tables, &settled))
            return false;
        open += settled.device->open;
        doubted += settled.device->doubt_count;
        devices += settled.device->known;
    }
    return open == sum.open && doubted == sum.doubted && devices == sum.devices &&
           sum.missing == sum.recovered + sum.lost + sum.open;
}

/* ---- mending -------------------------------------------------------------------------- */

/* A kill in step_plainly, between the highest number and the span, leaves out the session's
 * first number, which came. */
static void mend_span(const struct tables *tables, uint32_t id)
{
    struct device *device = tables_device(tables, id);

    if (device->begun && device->span < tables->window &&
        tables_has_seen(tables, tables_window(tables, id), device->highest - device->span))
        device->span++;
}

void tables_recover(const struct tables *tables)
{
    uint32_t id;
    unsigned i;

    for (i = 0; i < WORKERS_MOST; i++) {
        struct slot *slot = tables_slot(tables, i);
        const struct undo *undo = &slot->undo;

        if (!undo->busy)
            continue;
        slot->counts = undo->counts;
        *tables_device(tables, undo->device_id) = undo->device;
        memcpy(tables_window(tables, undo->device_id), undo + 1, tables->words * sizeof(uint64_t));
        /* A kill while this is done finds the record again. */
        __atomic_store_n(&slot->undo.busy, 0, __ATOMIC_RELEASE);
    }
    for (id = tables_next_known(tables, 0); id < MUSTER_DEVICE_IDS;
         id = tables_next_known(tables, id + 1))
        mend_span(tables, id);
}

/* What of a device holds even though some of what it sent since is not known. */
static void forget_session(struct device *device, struct vitals *vitals, uint32_t now)
{
    const struct rhythm rhythm = {.interval = device->rhythm.interval,
                                  .configured = device->rhythm.configured != 0};

    memset(device, 0, sizeof *device);
    device->known = true;
    device->rhythm = rhythm;
    vitals->gaps = 0;
    vitals->heard_at = now; /* it may be from before the clock that it is compared with */
    timing_restart(&vitals->timing);
}

void tables_forget_sessions(const struct tables *tables)
{
    struct tracker_counts sum = tables_counts_from(tables, 0);
    uint32_t now = hearing_units(tables->shared->listened_ns), id;
    unsigned i;

    sum.devices = 0;
    for (id = 0; id < MUSTER_DEVICE_IDS; id++) {
        struct device *device = tables_device(tables, id);

        if (!device->known) {
            memset(device, 0, sizeof *device);
            memset(tables_vitals(tables, id), 0, sizeof(struct vitals));
            continue;
        }
        tables_know(tables, id);
        forget_session(device, tables_vitals(tables, id), now);
        sum.devices++;
    }
    sum.outliers += sum.doubted;
    sum.doubted = 0;
    /* Whether what was open came after all, nobody knows. */
    sum.open = 0;
    sum.missing = sum.recovered + sum.lost;
    for (i = 0; i < WORKERS_MOST; i++)
        memset(tables_slot(tables, i), 0, sizeof(struct slot));
    tables_slot(tables, 0)->counts = sum;
    memset(tables->gaps, 0, GAPS_KEPT * sizeof *tables->gaps);
}
