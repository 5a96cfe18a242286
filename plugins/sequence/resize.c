/* SPDX-License-Identifier: MIT
 *
 * Windows are rings of a power of two of bits, at least a word of 64: so 64 numbers that share a
 * word in one do so in each.
 */
#include "resize.h"

#include <assert.h>

#include "losses.h"
#include "gaps_list.h"
#include "recovery.h"
#include "undo.h"
#include "width.h"
#include "window.h"

/* Copies the session's newest numbers, as many as its span says. */
static void copy_window(struct tables *to, const struct tables *from, uint32_t id,
                        const uint64_t *old, const struct session *session)
{
    uint64_t *new = tables_window(to, id);
    const uint32_t size = width_window(from->window, session->bits);
    uint32_t number = (uint32_t)session->highest - session->span + 1, left = session->span;

    while (left > 0) {
        const struct window_part part = window_part(size, number, left);

        new[window_word(session->size, number)] |= old[part.word] & part.mask;
        number += part.count;
        left -= part.count;
    }
}

/* Rows are no longer than a window, and what a step ahead has left is in it. */
static void copy_rivals(struct tables *to, const struct undo_settled *settled, uint32_t id,
                        struct session *session)
{
    struct rivals *rivals = &to->rivals[id];
    unsigned i;

    *rivals = *settled->rivals;
    for (i = 0; i < RIVALS; i++)
        if (rivals->rows[i].count > to->window)
            rivals->rows[i].count = to->window;
    if (rivals->copies.count > to->window)
        rivals->copies.count = to->window;
    if (rivals->leap.end - rivals->leap.next >= session->span)
        session->attention &= (uint8_t)~ATTENTION_LEAP;
}

/* Returns how many numbers that were missing the new window does not have. */
static uint32_t copy_device(struct tables *to, const struct tables *from,
                            const struct undo_settled *settled, uint32_t id)
{
    struct device *device = tables_device(to, id);
    struct losses *losses = &to->losses[id];
    struct session session = *settled->session;
    uint32_t open = session.open, left = 0, expired;

    recovery_mend_span(&session, settled->window);
    *losses = *settled->losses;
    if (session.begun) {
        session.size = width_window(to->window, session.bits);
        if (session.span > session.size)
            session.span = session.size;
        copy_window(to, from, id, settled->window, &session);
        session.open = window_missing(tables_read_window(to, id), session.size,
                                      (uint32_t)session.highest - session.span + 1, session.span);
    } else if (session.span > to->window) {
        session.span = session.size = to->window; /* between two sessions it says nothing */
    }
    *device = *tables_read_device(from, id);
    copy_rivals(to, settled, id, &session);
    device->session = session;
    to->habits[id] = from->habits[id];
    left = open - session.open;
    /* The oldest go, and of those some may be lost already. */
    expired = losses->expired < left ? losses->expired : left;
    losses->expired -= expired;
    losses->lost[losses_cause(0)] += left - expired;
    return left;
}

/* How many of the gap's missing numbers are in front of the new window; from *first on. */
static uint32_t count_gone(const struct tables *to, const struct tables *from,
                           const struct gap *gap, uint32_t *first)
{
    const struct session *session = &tables_read_device(to, gap->device)->session;
    const struct session *before = &tables_read_device(from, gap->device)->session;
    uint32_t oldest = (uint32_t)session->highest - session->span + 1;
    uint32_t was = (uint32_t)before->highest - before->span + 1, count;

    *first = was - gap->first <= gap->last - gap->first ? was : gap->first;
    count = oldest - *first;
    if (!session->begun || count > before->size || *first - was >= before->span)
        return 0; /* none of it, or it is beyond belief */
    if (gap->last - *first < count)
        count = gap->last - *first + 1;
    return window_missing(tables_read_window(from, gap->device), before->size, *first, count);
}

/* What is lost of the gap is counted under its cause, and told when the rest ends, if it is a run
 * up to there.  Returns whether something is left of it. */
static bool settle_gap(struct tables *to, const struct tables *from, struct gap *gap)
{
    const struct session *session = &tables_read_device(to, gap->device)->session;
    struct losses *losses = &to->losses[gap->device];
    uint64_t *network = &losses->lost[losses_cause(0)];
    uint32_t oldest = (uint32_t)session->highest - session->span + 1, first;
    uint32_t gone = count_gone(to, from, gap, &first);

    if (gone > 0 && !gap->settled && *network >= gone) {
        *network -= gone;
        losses->lost[losses_cause(gap->causes)] += gone;
        if (gap->lost_count == 0 || gap->lost_first + gap->lost_count != first) {
            gap->lost_first = first;
            gap->lost_count = 0;
        }
        gap->lost_count = gone == oldest - first ? gap->lost_count + gone : 0;
    }
    return session->begun && gap->missing > gone;
}

/* Returns how many gaps are gone. */
static uint32_t copy_gaps(struct tables *to, const struct tables *from)
{
    uint32_t end = gaps_list_used_end(from), at = to->devices, gone = 0, i;

    for (i = 0; i < end; i++) {
        struct gap gap = from->gaps[i];

        if (gap.used != 1)
            continue;
        if (i < from->devices)
            gap.device = i;
        if (gap.device >= from->devices || gap.device >= to->devices ||
            !tables_is_known(from, gap.device))
            continue;
        if (!settle_gap(to, from, &gap))
            gone++;
        else if (i < from->devices)
            to->gaps[i] = gap;
        else if (at < to->gap_count)
            to->gaps[at++] = gap;
    }
    tables_slot(to, 0)->gaps_end = at;
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
            to->losses[id] = from->losses[id];
        }
    for (i = 0; i < TABLES_WORKERS; i++)
        tables_slot(to, i)->counts = tables_read_slot(from, i)->counts;
}

static void copy_known(struct tables *to, const struct tables *from)
{
    uint32_t id;

    for (id = tables_next_known(from, 0); id < from->devices && id < to->devices;
         id = tables_next_known(from, id + 1))
        tables_know(to, id);
}

/* What was lost of a device that is forgotten still counts.  Of which of them it was does not
 * matter any more. */
static void add_losses(struct tables *to, uint32_t id, const struct losses *forgotten)
{
    struct losses *losses = &to->losses[id < to->devices ? id : 0];
    unsigned i;

    losses->recovered += forgotten->recovered;
    losses->due += forgotten->due;
    for (i = 0; i < MUSTER_CAUSES; i++)
        losses->lost[i] += forgotten->lost[i];
}

/* The same of those that are not known any more.  `busy`: the changes that were not complete; NULL:
 * nothing is believed of them. */
static void copy_forgotten(struct tables *to, const struct tables *from, struct undo_busy *busy)
{
    uint32_t id;

    for (id = tables_next_counted(from, 0); id < from->devices;
         id = tables_next_counted(from, id + 1)) {
        const struct losses *losses = &from->losses[id];

        if (id < to->devices &&
            (tables_is_known(from, id) || tables_read_device(from, id)->session.known))
            continue;
        if (busy != NULL)
            losses = undo_settle(busy, from, id).losses;
        add_losses(to, id, losses);
    }
}

/* A device that has no place in the new tables: what is missing of it is lost.  Its losses are
 * added by copy_forgotten.  Returns whether it was known. */
static bool forget(struct tables *to, const struct undo_settled *settled)
{
    struct tracker_counts *counts = &tables_slot(to, 0)->counts;
    const uint32_t open = settled->session->open;

    counts->devices -= settled->session->known;
    counts->doubted -= settled->rivals->rows[0].doubted;
    counts->outliers += settled->rivals->rows[0].doubted;
    counts->open -= open;
    counts->lost += open;
    to->losses[0].due += losses_due_now(settled->losses, settled->session);
    to->losses[0].lost[losses_cause(0)] += open - settled->losses->expired;
    return settled->session->known;
}

struct resize_losses resize_tables(struct tables *to, const struct tables *from, bool is_stale)
{
    struct resize_losses losses = {0};
    struct undo_busy busy;
    struct tracker_counts *counts = &tables_slot(to, 0)->counts;
    uint32_t id, i;

    *to->shared = *from->shared;
    if (tables_next_known(from, to->devices) < from->devices)
        to->shared->has_forgotten = 1;
    copy_known(to, from);
    if (is_stale) {
        copy_stale(to, from);
        copy_forgotten(to, from, NULL);
        return losses;
    }
    undo_find_busy(&busy, from);
    for (i = 0; i < TABLES_WORKERS; i++) {
        const struct slot *slot = tables_read_slot(from, i);

        tables_slot(to, i)->counts = slot->undo.busy ? slot->undo.counts : slot->counts;
    }
    for (id = tables_next_known(from, 0); id < from->devices;
         id = tables_next_known(from, id + 1)) {
        const struct undo_settled settled = undo_settle(&busy, from, id);

        if (id < to->devices)
            losses.numbers += copy_device(to, from, &settled, id);
        else
            losses.devices += forget(to, &settled);
    }
    /* Whichever worker had counted them: it is the sum that counts. */
    counts->open -= losses.numbers;
    counts->lost += losses.numbers;
    losses.gaps = copy_gaps(to, from);
    copy_forgotten(to, from, &busy);
    return losses;
}
