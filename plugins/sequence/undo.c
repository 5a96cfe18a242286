/* SPDX-License-Identifier: MIT
 *
 * A kill at any time.
 */
#include "undo.h"

#include <assert.h>
#include <string.h>

void undo_begin(struct undo *undo, const struct tracker_counts *counts, const struct tables *tables,
                uint32_t device_id)
{
    assert(!undo->busy && device_id < tables->devices);
    undo->device_id = device_id;
    undo->counts = *counts;
    undo->session = tables_read_device(tables, device_id)->session;
    memcpy(undo + 1, tables_read_window(tables, device_id), tables->words * sizeof(uint64_t));
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

struct undo_settled undo_settle(const struct undo_busy *busy, const struct tables *tables,
                                uint32_t device_id)
{
    struct undo_settled settled = {&tables_read_device(tables, device_id)->session,
                                   tables_read_window(tables, device_id)};
    unsigned i;

    for (i = 0; i < busy->count; i++)
        if (busy->all[i]->device_id == device_id)
            settled = (struct undo_settled){&busy->all[i]->session, undo_window(busy->all[i])};
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
    memcpy(tables_window(tables, undo->device_id), undo_window(undo),
           tables->words * sizeof(uint64_t));
    /* A kill while this is done finds the record again. */
    __atomic_store_n(&slot->undo.busy, 0, __ATOMIC_RELEASE);
}
