/* SPDX-License-Identifier: MIT
 *
 * Windows are rings of a power of two of bits, at least a word of 64: so 64 numbers that share a
 * word in one do so in each.
 */
#include "resize.h"

#include <assert.h>

#include "gaps.h"
#include "recovery.h"
#include "undo.h"

/* Copies the session's newest numbers, as many as its span says.  Returns how many of them are
 * missing. */
static uint32_t copy_window(struct tables *to, const struct tables *from, uint32_t id,
                            const uint64_t *old, const struct session *session)
{
    uint64_t *new = tables_window(to, id);
    uint32_t number = session->highest - session->span + 1, left = session->span, seen = 0;

    while (left > 0) {
        uint32_t shift = number % 64, count = 64 - shift < left ? 64 - shift : left;
        uint64_t mask = (count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX) << shift;
        uint64_t bits = old[number / 64 % from->words] & mask;

        new[number / 64 % to->words] |= bits;
        seen += (uint32_t)__builtin_popcountll(bits);
        number += count;
        left -= count;
    }
    return session->span - seen;
}

/* Returns how many numbers that were missing the new window does not have. */
static uint32_t copy_device(struct tables *to, const struct tables *from,
                            const struct undo_settled *settled, uint32_t id)
{
    struct device *device = tables_device(to, id);
    struct session session = *settled->session;
    uint32_t open = session.open;

    recovery_mend_span(&session, settled->window, from->window);
    if (session.begun) {
        if (session.span > to->window)
            session.span = to->window;
        session.open = copy_window(to, from, id, settled->window, &session);
    }
    *device = *tables_read_device(from, id);
    device->session = session;
    to->habits[id] = from->habits[id];
    return open - session.open;
}

/* Whether something is left of the gap; then it begins in the new window. */
static bool cut_gap(const struct tables *to, struct gap *gap)
{
    const struct session *session = &tables_read_device(to, gap->device_id)->session;
    uint32_t oldest = session->highest - session->span + 1;

    if (!session->begun || (int32_t)(gap->last - oldest) < 0)
        return false;
    if ((int32_t)(gap->first - oldest) < 0)
        gap->first = oldest; /* what is before that is reported as lost when the rest ends */
    return true;
}

/* Returns how many gaps are gone. */
static uint32_t copy_gaps(struct tables *to, const struct tables *from)
{
    uint32_t end = gaps_used_end(from), gone = 0, i;

    for (i = 1; i < end; i++) {
        struct gap gap = from->gaps[i];

        if (!gap.used)
            continue;
        if (cut_gap(to, &gap))
            to->gaps[i] = gap;
        else
            gone++;
    }
    return gone;
}

/* Of sessions nothing is believed, so their windows stay behind. */
static void copy_stale(struct tables *to, const struct tables *from)
{
    uint32_t id, i;

    for (id = 0; id < from->devices && id < to->devices; id++)
        if (tables_read_device(from, id)->session.known) {
            *tables_device(to, id) = *tables_read_device(from, id);
            to->habits[id] = from->habits[id];
        }
    for (i = 0; i < TABLES_WORKERS; i++)
        tables_slot(to, i)->counts = tables_read_slot(from, i)->counts;
}

/* Devices that are known and have no place in the new tables are none that the caller has. */
static void copy_known(struct tables *to, const struct tables *from)
{
    uint32_t id;

    for (id = tables_next_known(from, 0); id < from->devices && id < to->devices;
         id = tables_next_known(from, id + 1))
        tables_know(to, id);
}

struct resize_losses resize_tables(struct tables *to, const struct tables *from, bool is_stale)
{
    struct resize_losses losses = {0};
    struct undo_busy busy;
    struct tracker_counts *counts = &tables_slot(to, 0)->counts;
    uint32_t id, i;

    assert(tables_next_known(from, to->devices) == from->devices || is_stale);
    *to->shared = *from->shared;
    copy_known(to, from);
    if (is_stale) {
        copy_stale(to, from);
        return losses;
    }
    undo_find_busy(&busy, from);
    for (i = 0; i < TABLES_WORKERS; i++) {
        const struct slot *slot = tables_read_slot(from, i);

        tables_slot(to, i)->counts = slot->undo.busy ? slot->undo.counts : slot->counts;
        tables_slot(to, i)->gaps_end = slot->gaps_end;
    }
    for (id = tables_next_known(from, 0); id < from->devices;
         id = tables_next_known(from, id + 1)) {
        const struct undo_settled settled = undo_settle(&busy, from, id);

        losses.numbers += copy_device(to, from, &settled, id);
    }
    /* Whichever worker had counted them: it is the sum that counts. */
    counts->open -= losses.numbers;
    counts->lost += losses.numbers;
    losses.gaps = copy_gaps(to, from);
    return losses;
}
