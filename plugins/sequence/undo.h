/* SPDX-License-Identifier: MIT
 *
 * A kill at any time: a change of a session that takes several stores is taken back if it was not
 * complete.
 */
#ifndef SEQUENCE_UNDO_H
#define SEQUENCE_UNDO_H

#include <stdatomic.h>

#include "tables.h"

/* Stores before this are in memory before those behind it, as far as the compiler goes: a
 * process that is killed has made all stores up to some instruction. */
static inline void undo_keep_order(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

/* Before a change of that device's session, its losses, its gaps, its window and these counts; of
 * the window, undo_save is called for what changes. */
void undo_begin(struct undo *undo, const struct tracker_counts *counts, const struct tables *tables,
                uint32_t device_id);

/* The change is complete. */
void undo_end(struct undo *undo);

/* [main] Takes back the change of that worker that was not complete when the process was killed,
 * if there was one. */
void undo_take_back(struct tables *tables, uint32_t worker);

/* The changes that were not complete. */
struct undo_busy {
    const struct undo *all[TABLES_WORKERS];
    unsigned count;
    uint64_t window[TABLES_WINDOW_MOST / 64]; /* for undo_settle */
};

void undo_find_busy(struct undo_busy *busy, const struct tables *tables);

/* A session as it was before a change that was not complete, or as it is: up to the next call. */
struct undo_settled {
    const struct session *session;
    const struct losses *losses;
    const struct rivals *rivals;
    const uint64_t *window;
};

struct undo_settled undo_settle(struct undo_busy *busy, const struct tables *tables,
                                uint32_t device_id);

/* Behind the record are the words of the window as they were, and a bit for each that is saved. */
static inline uint64_t *undo_words(struct undo *undo)
{
    return (uint64_t *)(undo + 1);
}

static inline const uint64_t *undo_read_words(const struct undo *undo)
{
    return (const uint64_t *)(undo + 1);
}

/* Before that word of the window changes; `undo` may be NULL.  A word is saved once. */
static inline void undo_save(struct undo *undo, const uint64_t *window, uint32_t word)
{
    uint64_t *saved, bit = UINT64_C(1) << word % 64;

    if (undo == NULL)
        return;
    saved = undo_words(undo) + undo->words + word / 64;
    if ((*saved & bit) != 0)
        return;
    undo_words(undo)[word] = window[word];
    undo_keep_order();
    *saved |= bit;
    undo_keep_order();
}

#endif
