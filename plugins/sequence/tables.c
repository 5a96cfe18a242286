/* SPDX-License-Identifier: MIT
 *
 * Where the tables are in the memory.
 */
#include "tables.h"

#include <assert.h>
#include <string.h>

enum { PAGE = 4096, COUNTS = sizeof(struct tracker_counts) / sizeof(uint64_t) };

static uint64_t pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static size_t slot_size(uint32_t window)
{
    const uint32_t words = window / 64, saved = (words + 63) / 64;

    return (sizeof(struct slot) + (words + saved) * sizeof(uint64_t) + TABLES_CACHE_LINE - 1) /
           TABLES_CACHE_LINE * TABLES_CACHE_LINE;
}

/* Where each table is; the last is the end. */
struct places {
    uint64_t slots, entries, losses, rivals, gaps, habits, end;
};

static uint32_t entry_size(uint32_t window)
{
    return (uint32_t)sizeof(struct device) + window / 8;
}

/* Of each device its own, and many more. */
static uint32_t gaps_of(uint32_t devices)
{
    const uint32_t least = 1 << 16;

    return least + (devices > least ? devices : least);
}

static struct places find_places(uint32_t devices, uint32_t window)
{
    struct places p;

    p.slots = pages(sizeof(struct shared) + (devices + 63) / 64 * sizeof(uint64_t));
    p.entries = p.slots + pages(TABLES_WORKERS * slot_size(window));
    p.losses = p.entries + pages((uint64_t)devices * entry_size(window));
    p.rivals = p.losses + pages((uint64_t)devices * sizeof(struct losses));
    p.gaps = p.rivals + pages((uint64_t)devices * sizeof(struct rivals));
    p.habits = p.gaps + pages((uint64_t)gaps_of(devices) * sizeof(struct gap));
    p.end = p.habits + pages((uint64_t)devices * sizeof(struct habits));
    return p;
}

uint64_t tables_bytes(uint32_t devices, uint32_t window)
{
    return find_places(devices, window).end;
}

uint32_t tables_devices_of(uint64_t bytes, uint32_t window)
{
    uint32_t low = 0, high = TABLES_DEVICES_MOST;

    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;

        if (tables_bytes(middle, window) <= bytes)
            low = middle;
        else
            high = middle - 1;
    }
    return tables_bytes(low, window) == bytes ? low : 0;
}

void tables_lay_out(struct tables *tables, void *memory, uint32_t devices, uint32_t window)
{
    const struct places p = find_places(devices, window);
    uint8_t *bytes = memory;

    assert((window & (window - 1)) == 0 && window >= TABLES_WINDOW_LEAST &&
           window <= TABLES_WINDOW_MOST);
    assert(devices > 0 && devices <= TABLES_DEVICES_MOST);
    assert((uintptr_t)memory % TABLES_CACHE_LINE == 0);
    tables->devices = devices;
    tables->window = window;
    tables->words = window / 64;
    tables->stride = entry_size(window);
    tables->shared = memory;
    tables->slots = bytes + p.slots;
    tables->entries = bytes + p.entries;
    tables->losses = (struct losses *)(bytes + p.losses);
    tables->rivals = (struct rivals *)(bytes + p.rivals);
    tables->gap_count = gaps_of(devices);
    tables->gaps = (struct gap *)(bytes + p.gaps);
    tables->habits = (struct habits *)(bytes + p.habits);
}

struct slot *tables_slot(struct tables *tables, uint32_t worker)
{
    assert(worker < TABLES_WORKERS);
    return (struct slot *)(tables->slots + worker * slot_size(tables->window));
}

const struct slot *tables_read_slot(const struct tables *tables, uint32_t worker)
{
    assert(worker < TABLES_WORKERS);
    return (const struct slot *)(tables->slots + worker * slot_size(tables->window));
}

uint32_t tables_next_known(const struct tables *tables, uint32_t id)
{
    uint32_t word = id / 64, found;
    uint64_t bits;

    if (id >= tables->devices)
        return tables->devices;
    bits = __atomic_load_n(&tables->shared->known[word], __ATOMIC_RELAXED) & UINT64_MAX << id % 64;
    while (bits == 0) {
        if (++word * 64 >= tables->devices)
            return tables->devices;
        bits = __atomic_load_n(&tables->shared->known[word], __ATOMIC_RELAXED);
    }
    found = word * 64 + (uint32_t)__builtin_ctzll(bits);
    return found < tables->devices ? found : tables->devices;
}

void tables_know(struct tables *tables, uint32_t id)
{
    assert(id < tables->devices);
    /* Devices of other workers are in the same word. */
    __atomic_fetch_or(&tables->shared->known[id / 64], UINT64_C(1) << id % 64, __ATOMIC_RELAXED);
}

uint32_t tables_next_counted(const struct tables *tables, uint32_t id)
{
    return tables->shared->has_forgotten ? id : tables_next_known(tables, id);
}

void tables_forget(struct tables *tables, uint32_t id)
{
    assert(id < tables->devices);
    __atomic_store_n(&tables->shared->has_forgotten, 1, __ATOMIC_RELAXED);
    __atomic_fetch_and(&tables->shared->known[id / 64], ~(UINT64_C(1) << id % 64),
                       __ATOMIC_RELEASE);
}

void tables_add_counts(struct tracker_counts *sum, const struct tracker_counts *counts)
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

    for (i = worker; i < TABLES_WORKERS; i++)
        tables_add_counts(&sum, &tables_read_slot(tables, i)->counts);
    return sum;
}
