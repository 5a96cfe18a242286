/* SPDX-License-Identifier: MIT
 *
 * A kill at any time.
 */
#include "undo.h"

#include <assert.h>
#include <string.h>

/* Words of 64 bits, of which each is for a word of the window. */
static uint32_t saved_words(uint32_t words)
{
    return (words + 63) / 64;
}

/* Writes the words that were saved to that window. */
static void write_back(uint64_t *window, const struct undo *undo, uint32_t words)
{
    const uint64_t *saved = undo_read_words(undo) + words;
    uint32_t i;

    for (i = 0; i < words; i++)
        if ((saved[i / 64] >> i % 64 & 1) != 0)
            window[i] = undo_read_words(undo)[i];
}

/* Gaps that it had may be made into others, or dropped. */
static void save_gaps(struct undo *undo, const struct tables *tables)
{
    uint32_t count = tables->losses[undo->device_id].count, index = undo->device_id;

    undo->gap_count = 0;
    while (undo->gap_count < count && undo->gap_count < TABLES_GAPS_EACH &&
           index < tables->gap_count && tables->gaps[index].used) {
        undo->gap_index[undo->gap_count] = index;
        undo->gaps[undo->gap_count++] = tables->gaps[index];
        index = tables->gaps[index].next;
    }
}

/* Of a damaged state nothing is written where no gap of the device can be. */
static void write_gaps_back(struct tables *tables, const struct undo *undo)
{
    uint32_t i;

    for (i = 0; i < undo->gap_count && i < TABLES_GAPS_EACH; i++) {
        uint32_t index = undo->gap_index[i];

        if (index == undo->device_id || (index >= tables->devices && index < tables->gap_count))
            tables->gaps[index] = undo->gaps[i];
    }
}

void undo_begin(struct undo *undo, const struct tracker_counts *counts, const struct tables *tables,
                uint32_t device_id)
{
    assert(!undo->busy && device_id < tables->devices);
    undo->device_id = device_id;
    undo->counts = *counts;
    undo->session = tables_read_device(tables, device_id)->session;
    undo->losses = tables->losses[device_id];
    undo->rivals = tables->rivals[device_id];
    save_gaps(undo, tables);
    undo->words = tables->words;
    memset(undo_words(undo) + tables->words, 0, saved_words(tables->words) * sizeof(uint64_t));
    undo_keep_order();
    undo->busy = 1;
    undo_keep_order();
}

void undo_end(struct undo *undo)
{
    assert(undo->busy);
    undo_keep_order();
    undo->busy = 0;
    undo_keep_order();
}

void undo_find_busy(struct undo_busy *busy, const struct tables *tables)
{
    unsigned i;

    busy->count = 0;
    for (i = 0; i < TABLES_WORKERS; i++) {
        const struct undo *undo = &tables_read_slot(tables, i)->undo;

        if (undo->busy)
            busy->all[busy->count++] = undo;
    }
}

struct undo_settled undo_settle(struct undo_busy *busy, const struct tables *tables,
                                uint32_t device_id)
{
    struct undo_settled settled = {&tables_read_device(tables, device_id)->session,
                                   &tables->losses[device_id], &tables->rivals[device_id],
                                   tables_read_window(tables, device_id)};
    unsigned i;

    for (i = 0; i < busy->count; i++) {
        if (busy->all[i]->device_id != device_id)
            continue;
        memcpy(busy->window, tables_read_window(tables, device_id),
               tables->words * sizeof *busy->window);
        write_back(busy->window, busy->all[i], tables->words);
        settled = (struct undo_settled){&busy->all[i]->session, &busy->all[i]->losses,
                                        &busy->all[i]->rivals, busy->window};
    }
    return settled;
}

void undo_take_back(struct tables *tables, uint32_t worker)
{
    struct slot *slot = tables_slot(tables, worker);
    const struct undo *undo = &slot->undo;

    if (!undo->busy)
        return;
    assert(undo->device_id < tables->devices);
    slot->counts = undo->counts;
    tables_device(tables, undo->device_id)->session = undo->session;
    tables->losses[undo->device_id] = undo->losses;
    tables->rivals[undo->device_id] = undo->rivals;
    write_back(tables_window(tables, undo->device_id), undo, tables->words);
    write_gaps_back(tables, undo);
    /* A kill while this is done finds the record again. */
    __atomic_store_n(&slot->undo.busy, 0, __ATOMIC_RELEASE);
}
