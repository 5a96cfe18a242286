/* SPDX-License-Identifier: MIT
 *
 * All of it is read from the tables: nothing is kept for those who ask.
 */
#include "report.h"

#include "gaps_data.h"
#include "gaps_list.h"
#include "gaps_tell.h"
#include "losses.h"
#include "width.h"
#include "window.h"

enum { BEATS = 8 };

_Static_assert(MUSTER_CAUSES <= MUSTER_REPORT_CAUSES, "each has a place");
_Static_assert((int)PRESENCE_ONLINE == (int)MUSTER_PRESENCE_ONLINE &&
                   (int)PRESENCE_LATE == (int)MUSTER_PRESENCE_LATE &&
                   (int)PRESENCE_SILENT == (int)MUSTER_PRESENCE_SILENT,
               "as the contract has them");

/* ---- devices -------------------------------------------------------------------------- */

/* The gaps of the device that are not settled, by cause. */
static void add_open(const struct report_source *source, uint32_t id,
                     struct muster_device_report *report)
{
    const struct gaps_list *list = &source->gaps->list;
    uint32_t index;

    for (index = gaps_list_first(list, id); index != GAPS_NONE;
         index = gaps_list_at(list, index)->next) {
        const struct gap *gap = gaps_list_at(list, index);

        if (!gap->settled)
            report->open[losses_cause(gap->causes)] += gap->missing;
    }
}

/* Which of the last numbers came. */
static void add_beats(const struct tables *tables, uint32_t id, struct muster_device_report *report)
{
    const struct session *session = &tables_read_device(tables, id)->session;
    const uint64_t *window = tables_read_window(tables, id);
    uint32_t i;

    if (!session->begun)
        return;
    report->beat_count = (uint8_t)(session->span < BEATS ? session->span : BEATS);
    for (i = 0; i < report->beat_count; i++)
        if (window_has_seen(window, session->size, session->highest - i))
            report->beats |= (uint8_t)(1u << i);
}

static void add_numbers(const struct report_source *source, uint32_t id,
                        struct muster_device_report *report)
{
    const struct session *session = &tables_read_device(source->tables, id)->session;
    const struct losses *losses = &source->tables->losses[id];
    uint64_t missing = 0;
    unsigned i;

    add_open(source, id, report);
    for (i = 0; i < MUSTER_CAUSES; i++) {
        report->lost[i] = losses->lost[i];
        missing += report->lost[i] + report->open[i];
    }
    report->due = losses->due + losses_due_now(losses, session);
    if (report->due < missing)
        report->due = missing; /* of a state whose end nobody knows */
    report->have = report->due - missing;
    report->recovered = losses->recovered;
    report->duplicates = losses->duplicates;
    report->late = losses->late;
    report->restarts = losses->restarts;
}

static void describe(const struct report_source *source, uint32_t id,
                     struct muster_device_report *report)
{
    const struct device *device = tables_read_device(source->tables, id);

    *report = (struct muster_device_report){
        .size = sizeof *report,
        .device = id,
        .presence = device->contact.presence,
        .first_ns = source->tables->losses[id].first_ns,
        .heard_ns = device->contact.heard_ns + (uint64_t)source->listening->set_ns,
        .interval_ns = (uint64_t)source->tables->habits[id].interval << LISTENING_UNIT_SHIFT,
    };
    add_numbers(source, id, report);
    add_beats(source->tables, id, report);
}

uint32_t report_devices(const struct report_source *source, uint32_t from, uint32_t end,
                        struct muster_device_report *out, uint32_t report_size)
{
    const struct tables *tables = source->tables;
    struct muster_device_report report;
    uint32_t count = 0, id;

    for (id = tables_next_known(tables, from); id < end && id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        if (id % source->workers != source->worker ||
            !tables_read_device(tables, id)->session.known)
            continue;
        describe(source, id, &report);
        muster_report_put(out, report_size, count++, &report, sizeof report);
    }
    return count;
}

/* ---- gaps ----------------------------------------------------------------------------- */

/* Where reports go, and how many are left out before. */
struct output {
    struct muster_gap_report *out;
    uint32_t report_size, room, count, skip;
};

/* Returns false when there is no room. */
static bool put_run(struct output *output, const struct gap *gap, const struct session *session,
                    const struct window_run *run)
{
    const struct muster_gap_report report = {
        .size = sizeof report,
        .device = gap->device,
        .first = width_of_low(session, run->first),
        .last = width_of_low(session, run->first + run->count - 1),
        .opened_ns = gap->opened_ns,
        .last_heard_ns = gap->heard_ns,
        .cause = gap->causes | MUSTER_CAUSE_NETWORK,
        .is_lost = gap->settled,
        .seq_bits = session->bits,
    };

    if (output->skip > 0) {
        output->skip--;
        return true;
    }
    if (output->count == output->room)
        return false;
    muster_report_put(output->out, output->report_size, output->count++, &report, sizeof report);
    return true;
}

/* Returns false when there is no room. */
static bool put_device(const struct report_source *source, uint32_t id, struct output *output)
{
    const struct session *session = &tables_read_device(source->tables, id)->session;
    const struct gaps_list *list = &source->gaps->list;
    uint32_t index;

    for (index = gaps_list_first(list, id); index != GAPS_NONE;
         index = gaps_list_at(list, index)->next) {
        const struct gap *gap = gaps_list_at(list, index);
        struct gaps_part part = gaps_tell_part(source->gaps, gap);
        struct window_run run;

        while ((run = gaps_tell_next(source->gaps, &part)).count > 0)
            if (!put_run(output, gap, session, &run))
                return false;
    }
    return true;
}

uint32_t report_gaps(const struct report_source *source, uint32_t from, uint32_t skip,
                     struct muster_gap_report *out, uint32_t report_size, uint32_t room)
{
    const struct tables *tables = source->tables;
    struct output output = {.out = out, .report_size = report_size, .room = room};
    uint32_t id;

    for (id = tables_next_known(tables, from); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        if (id % source->workers != source->worker)
            continue;
        output.skip = id == from ? skip : 0;
        if (!put_device(source, id, &output))
            break;
    }
    return output.count;
}
