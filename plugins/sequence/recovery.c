/* SPDX-License-Identifier: MIT
 *
 * What to believe of the tables that an earlier run left, and how to mend them.
 */
#include "recovery.h"

#include <string.h>

#include "doubt.h"
#include "losses.h"
#include "listening.h"
#include "undo.h"
#include "width.h"
#include "window.h"

/* Numbers of a row: of so many datagrams, none of which has more readings than 2^16. */
enum { DOUBTED_MOST = DOUBT_RIVAL << 16 };

/* ---- what to believe ------------------------------------------------------------------ */

static bool is_row_sound(const struct tables *tables, const struct row *row)
{
    if (row->datagrams == 0)
        return row->count == 0 && row->doubted == 0;
    return row->bits >= 1 && row->bits <= 64 && row->believed <= 1 && row->count >= 1 &&
           row->count <= width_window(tables->window, row->bits) && row->doubted <= DOUBTED_MOST &&
           row->end <= width_mask(row->bits);
}

static bool are_rivals_sound(const struct tables *tables, const struct undo_settled *settled)
{
    const struct session *s = settled->session;
    const struct leap *leap = &settled->rivals->leap;
    const struct row *rows = settled->rivals->rows;
    unsigned i;

    if (s->attention > (ATTENTION_DOUBT | ATTENTION_LEAP | ATTENTION_WATCH) ||
        ((s->attention & ATTENTION_DOUBT) != 0) != (rows[0].doubted > 0) ||
        !is_row_sound(tables, &settled->rivals->copies) || settled->rivals->told > 1 ||
        settled->rivals->init_begun > 1)
        return false;
    for (i = 0; i < RIVALS; i++)
        if (!is_row_sound(tables, &rows[i]) || (i > 0 && rows[i].doubted > 0))
            return false;
    return (s->attention & ATTENTION_LEAP) == 0 ||
           (s->begun && leap->end - 1 == (uint32_t)s->highest && leap->end - leap->next < s->span &&
            leap->first - leap->next < leap->end - leap->next);
}

static bool is_session_sound(const struct tables *tables, const struct undo_settled *settled)
{
    const struct session *s = settled->session;

    if (s->known > 1 || s->begun > 1 || s->has_init > 1 || s->init_came > 1 || s->repeats > 1 ||
        !are_rivals_sound(tables, settled))
        return false;
    if (s->begun && (s->bits < 1 || s->bits > 64 || s->span == 0 || s->span > s->size ||
                     s->size != width_window(tables->window, s->bits)))
        return false;
    if (s->span > tables->window || (!s->begun && s->open != 0))
        return false;
    if (settled->losses->expired > s->open)
        return false;
    return !s->begun || (window_has_seen(settled->window, s->size, s->highest) &&
                         s->open == window_missing(settled->window, s->size,
                                                   (uint32_t)s->highest - s->span + 1, s->span));
}

static bool is_contact_sound(const struct tables *tables, uint32_t id)
{
    const struct contact *contact = &tables_read_device(tables, id)->contact;

    return contact->presence <= PRESENCE_SILENT && contact->ear < LISTENING_EARS &&
           habits_are_sound(&tables->habits[id]);
}

bool recovery_is_sound(const struct tables *tables)
{
    struct undo_busy busy;
    struct tracker_counts sum = {0};
    uint64_t open = 0, doubted = 0, devices = 0, recovered = 0, lost = 0;
    unsigned i;
    uint32_t id;

    for (i = 0; i < TABLES_WORKERS; i++) {
        const struct slot *slot = tables_read_slot(tables, i);
        const struct undo *undo = &slot->undo;

        if (undo->busy > 1 || undo->device_id >= tables->devices ||
            slot->gaps_end > tables->gap_count)
            return false;
        tables_add_counts(&sum, undo->busy ? &undo->counts : &slot->counts);
    }
    undo_find_busy(&busy, tables);
    for (id = tables_next_counted(tables, 0); id < tables->devices;
         id = tables_next_counted(tables, id + 1)) {
        const struct undo_settled settled = undo_settle(&busy, tables, id);

        recovered += settled.losses->recovered;
        lost += losses_sum(settled.losses) - settled.losses->expired;
        if (!tables_is_known(tables, id))
            continue;
        if (!is_session_sound(tables, &settled) || !is_contact_sound(tables, id))
            return false;
        open += settled.session->open;
        doubted += settled.rivals->rows[0].doubted;
        devices += settled.session->known;
    }
    return open == sum.open && doubted == sum.doubted && devices == sum.devices &&
           sum.missing == sum.recovered + sum.lost + sum.open && recovered == sum.recovered &&
           lost == sum.lost;
}

/* ---- mending -------------------------------------------------------------------------- */

void recovery_mend_span(struct session *session, const uint64_t *window)
{
    if (session->begun && session->span < session->size &&
        window_has_seen(window, session->size, session->highest - session->span))
        session->span++;
}

void recovery_take_back(struct tables *tables)
{
    uint32_t id, worker;

    for (worker = 0; worker < TABLES_WORKERS; worker++)
        undo_take_back(tables, worker);
    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1))
        recovery_mend_span(&tables_device(tables, id)->session, tables_read_window(tables, id));
}

void recovery_forget(struct tables *tables, uint32_t id)
{
    struct slot *slot = tables_slot(tables, 0);
    struct tracker_counts *counts = &slot->counts;
    struct device *device = tables_device(tables, id);
    struct losses *losses = &tables->losses[id];

    undo_begin(&slot->undo, counts, tables, id);
    counts->devices -= device->session.known;
    counts->doubted -= tables->rivals[id].rows[0].doubted;
    counts->outliers += tables->rivals[id].rows[0].doubted;
    counts->open -= device->session.open;
    counts->lost += device->session.open;
    losses->lost[losses_cause(0)] += device->session.open - losses->expired;
    losses->expired = losses->count = 0;
    losses_end_session(losses, &device->session);
    memset(&device->session, 0, sizeof device->session);
    memset(&tables->rivals[id], 0, sizeof tables->rivals[id]);
    undo_end(&slot->undo);
    /* Of whom has the number now, none of this is so.  Who is killed here does it again. */
    memset(&device->contact, 0, sizeof device->contact);
    memset(&device->timing, 0, sizeof device->timing);
    memset(&tables->habits[id], 0, sizeof tables->habits[id]);
    device->highest_tick = 0;
    device->disorder = 0;
    tables_forget(tables, id);
}

/* What of a device holds even though some of what it sent since is not known. */
static void forget_session(struct device *device, struct habits *habits, uint32_t now)
{
    /* The clock may be from before what was heard by it. */
    const struct contact contact = {.heard_ns = device->contact.heard_ns, .heard_at = now};

    memset(&device->session, 0, sizeof device->session);
    device->session.known = true;
    device->contact = contact;
    timing_restart(&device->timing);
    if (!habits_are_sound(habits))
        memset(habits, 0, sizeof *habits);
    habits->has_heartbeat = false;
    habits->data_ns = contact.heard_ns;
    habits->data_at = now;
}

void recovery_forget_sessions(struct tables *tables)
{
    struct tracker_counts sum = tables_counts_from(tables, 0);
    uint32_t now = listening_units(tables->shared->listening.listened_ns), id;
    unsigned i;

    sum.devices = sum.recovered = sum.lost = 0;
    for (id = 0; id < tables->devices; id++) {
        struct device *device = tables_device(tables, id);

        if (device->session.known || tables->shared->has_forgotten) {
            tables->losses[id].expired = tables->losses[id].count = 0;
            sum.recovered += tables->losses[id].recovered;
            sum.lost += losses_sum(&tables->losses[id]);
        }
        if (!device->session.known) {
            memset(device, 0, sizeof *device);
            memset(&tables->habits[id], 0, sizeof tables->habits[id]);
            continue;
        }
        tables_know(tables, id);
        memset(&tables->rivals[id], 0, sizeof tables->rivals[id]);
        forget_session(device, &tables->habits[id], now);
        sum.devices++;
    }
    sum.outliers += sum.doubted;
    sum.doubted = 0;
    /* Whether what was open came after all, nobody knows. */
    sum.open = 0;
    sum.missing = sum.recovered + sum.lost;
    for (i = 0; i < TABLES_WORKERS; i++)
        memset(tables_slot(tables, i), 0, sizeof(struct slot));
    tables_slot(tables, 0)->counts = sum; /* and no gap was ever used, as the slots have it */
}
