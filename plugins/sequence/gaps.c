/* SPDX-License-Identifier: MIT
 *
 * What happens to the numbers of gaps: they open, come late, are lost, and are taken back;
 * and the sums of that by cause.
 */
#include "gaps.h"

#include <assert.h>
#include <stdlib.h>

#include "gaps_data.h"
#include "gaps_list.h"
#include "gaps_tell.h"
#include "losses.h"
#include "undo.h"
#include "window.h"

/* ---- begin and end -------------------------------------------------------------------- */

static void sum_up(struct gaps *gaps)
{
    const struct tables *tables = gaps->tables;
    uint32_t id, index;
    unsigned i;

    for (id = tables_next_counted(tables, 0); id < tables->devices;
         id = tables_next_counted(tables, id + 1)) {
        if (id % gaps->options.workers != gaps->options.worker)
            continue;
        for (i = 0; i < MUSTER_CAUSES; i++)
            gaps->sums.lost[i] += tables->losses[id].lost[i];
        for (index = gaps_list_first(&gaps->list, id); index != GAPS_NONE;
             index = gaps_list_at(&gaps->list, index)->next) {
            const struct gap *gap = gaps_list_at(&gaps->list, index);

            if (!gap->settled)
                gaps->sums.open[losses_cause(gap->causes)] += gap->missing;
        }
    }
}

struct gaps *gaps_new(const struct gaps_options *options, struct tables *tables, uint32_t at)
{
    struct gaps *gaps = calloc(1, sizeof *gaps);

    if (gaps == NULL)
        return NULL;
    gaps->options = *options;
    gaps->tables = tables;
    gaps->slot = tables_slot(tables, options->worker);
    gaps->at = at;
    if (gaps_list_begin(&gaps->list, tables, options->worker, options->workers, at) != 0) {
        free(gaps);
        return NULL;
    }
    sum_up(gaps);
    return gaps;
}

void gaps_free(struct gaps *gaps)
{
    free(gaps);
}

const struct gaps_sums *gaps_sums(const struct gaps *gaps)
{
    return &gaps->sums;
}

uint64_t gaps_steps(const struct gaps *gaps)
{
    return gaps->steps + gaps->list.steps;
}

/* ---- opening -------------------------------------------------------------------------- */

/* Two gaps are to have the same causes: those of the one with more numbers. */
static void agree(struct gaps *gaps, struct gap *one, struct gap *other)
{
    if (one->missing >= other->missing)
        gaps_tell_causes(gaps, other, one->causes);
    else
        gaps_tell_causes(gaps, one, other->causes);
}

/* The first of two neighbours that can be one gap, and best have the same causes; or GAPS_NONE. */
static uint32_t find_pair(struct gaps *gaps, uint32_t device)
{
    struct gaps_list *list = &gaps->list;
    uint32_t index, pair = GAPS_NONE;

    for (index = device; gaps_list_at(list, index)->next != GAPS_NONE;
         index = gaps_list_at(list, index)->next) {
        const struct gap *gap = gaps_list_at(list, index);
        const struct gap *next = gaps_list_at(list, gap->next);

        list->steps++;
        if (gap->settled != next->settled)
            continue;
        if (gap->causes == next->causes)
            return index;
        if (pair == GAPS_NONE)
            pair = index;
    }
    return pair;
}

/* Makes room for one more gap of the device.  Returns false if there can be none: then it has one,
 * which is open. */
static bool make_room(struct gaps *gaps, uint32_t device)
{
    struct gaps_list *list = &gaps->list;
    uint32_t pair;

    if (gaps_list_has_room(list, device))
        return true;
    pair = find_pair(gaps, device);
    if (pair != GAPS_NONE) {
        struct gap *gap = gaps_list_at(list, pair);

        agree(gaps, gap, gaps_list_at(list, gap->next));
        gaps_list_merge(list, pair);
        return true;
    }
    /* Of settled numbers it is only forgotten why they are lost, should one come after all. */
    if (gaps_list_at(list, device)->settled) {
        gaps_list_drop(list, device);
        return true;
    }
    return false;
}

/* The device's only gap takes the numbers in. */
static void join(struct gaps *gaps, struct gap *added)
{
    struct gap *gap = gaps_list_at(&gaps->list, added->device);

    if (added->missing > gap->missing)
        gaps_tell_causes(gaps, gap, added->causes);
    added->causes = gap->causes;
    gap->last = added->last;
    gap->missing += added->missing;
    gap->marks |= GAP_MERGED | added->marks;
}

void gaps_open(struct gaps *gaps, const struct gaps_opening *opening)
{
    struct gap gap = {.device = opening->device,
                      .first = opening->first,
                      .last = opening->last,
                      .missing = opening->last - opening->first + 1,
                      .opened_tick = opening->tick,
                      .opened_at = opening->at,
                      .causes = opening->causes,
                      .marks = opening->at_least ? GAP_AT_LEAST : 0,
                      .opened_ns = opening->opened_ns,
                      .heard_ns = opening->heard_ns};

    assert(opening->last - opening->first < GAPS_LONGEST);
    assert(opening->device % gaps->options.workers == gaps->options.worker);
    gaps->at = opening->at;
    if (make_room(gaps, opening->device))
        gaps_list_append(&gaps->list, &gap);
    else
        join(gaps, &gap);
    gaps->sums.open[losses_cause(gap.causes)] += gap.missing;
    gaps_tell(gaps, &gap,
              (struct gaps_news){.first = gap.first,
                                 .last = gap.last,
                                 .was = MUSTER_EVENT_NONE,
                                 .is = MUSTER_EVENT_GAP_OPENED,
                                 .causes = gap.causes});
}

/* ---- coming late ---------------------------------------------------------------------- */

/* A number that is in no gap any more: it was lost, and under which cause, nobody knows. */
static void take_forgotten(struct gaps *gaps, uint32_t device, uint32_t number, uint8_t is)
{
    struct losses *losses = &gaps->tables->losses[device];
    const struct gap forgotten = {.device = device, .opened_at = gaps->at};
    unsigned cause = losses_any_cause(losses);

    if (losses->expired == 0)
        return;
    losses->expired--;
    losses->lost[cause]--;
    gaps->sums.lost[cause]--;
    gaps_tell(gaps, &forgotten,
              (struct gaps_news){.first = number,
                                 .last = number,
                                 .was = MUSTER_EVENT_GAP_LOST,
                                 .is = is,
                                 .was_causes = (uint8_t)(1u << cause)});
}

void gaps_recover(struct gaps *gaps, uint32_t device, uint32_t number)
{
    uint32_t index = gaps_list_find(&gaps->list, device, number);
    struct losses *losses = &gaps->tables->losses[device];
    struct gap *gap;
    unsigned cause;

    losses->recovered++;
    if (index == GAPS_NONE) {
        take_forgotten(gaps, device, number, MUSTER_EVENT_GAP_RECOVERED);
        return;
    }
    gap = gaps_list_at(&gaps->list, index);
    cause = losses_cause(gap->causes);
    if (gap->settled) {
        losses->expired--;
        losses->lost[cause]--;
        gaps->sums.lost[cause]--;
    } else {
        gaps->sums.open[cause]--;
    }
    gap->missing--;
    gaps_tell(
        gaps, gap,
        (struct gaps_news){.first = number,
                           .last = number,
                           .was = gap->settled ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_OPENED,
                           .is = MUSTER_EVENT_GAP_RECOVERED,
                           .was_causes = gap->causes});
    if (gap->missing == 0 || number == gap->lost_first + gap->lost_count)
        gaps_tell_run(gaps, gap);
    if (gap->missing == 0)
        gaps_list_drop(&gaps->list, index);
}

/* ---- being lost ----------------------------------------------------------------------- */

/* So many open numbers of the gap are lost. */
static void count_lost(struct gaps *gaps, const struct gap *gap, uint32_t count, uint8_t causes)
{
    gaps->sums.open[losses_cause(gap->causes)] -= count;
    gaps->sums.lost[losses_cause(causes)] += count;
    gaps->tables->losses[gap->device].lost[losses_cause(causes)] += count;
}

/* Whether the number behind is in the window and came. */
static bool ends_run(const struct gaps *gaps, uint32_t device, uint32_t last)
{
    const struct session *session = &tables_read_device(gaps->tables, device)->session;

    return (uint32_t)session->highest - (last + 1) < session->span &&
           window_has_seen(tables_read_window(gaps->tables, device), session->size, last + 1);
}

/* The window leaves these numbers of the gap behind. */
static void lose_part(struct gaps *gaps, struct gap *gap, uint32_t first, uint32_t last)
{
    uint32_t count = last - first + 1;

    gap->missing -= count;
    if (gap->settled) {
        gaps->tables->losses[gap->device].expired -= count;
        return;
    }
    count_lost(gaps, gap, count, gap->causes);
    if (gap->lost_count > 0 && gap->lost_first + gap->lost_count != first)
        gaps_tell_run(gaps, gap);
    if (gap->lost_count == 0)
        gap->lost_first = first;
    gap->lost_count += count;
    if (gap->missing == 0 || ends_run(gaps, gap->device, last))
        gaps_tell_run(gaps, gap);
}

void gaps_lose(struct gaps *gaps, uint32_t device, uint32_t first, uint32_t last)
{
    struct losses *losses = &gaps->tables->losses[device];
    uint32_t index = gaps_list_first(&gaps->list, device), left = last - first + 1;

    assert(last - first < GAPS_LONGEST);
    while (index != GAPS_NONE && left > 0) {
        struct gap *gap = gaps_list_at(&gaps->list, index);
        uint32_t begin, end;

        gaps->list.steps++;
        begin = gap->first - first <= last - first ? gap->first : first;
        if (begin - gap->first > gap->last - gap->first) { /* none of these is in it */
            index = gap->next;
            continue;
        }
        end = gap->last - begin <= last - begin ? gap->last : last;
        left -= end - begin + 1;
        lose_part(gaps, gap, begin, end);
        index = gap->missing == 0 ? gaps_list_drop(&gaps->list, index) : gap->next;
    }
    /* The others are forgotten: they were lost before. */
    losses->expired -= left < losses->expired ? left : losses->expired;
}

/* All that is missing of a gap is lost now: tells it, by runs. */
static void tell_all_lost(struct gaps *gaps, struct gap *gap, uint8_t causes)
{
    struct gaps_part part = gaps_tell_part(gaps, gap);
    struct window_run run;

    while ((run = gaps_tell_next(gaps, &part)).count > 0) {
        if (causes == gap->causes && gap->lost_count > 0 &&
            gap->lost_first + gap->lost_count == run.first) {
            run.first = gap->lost_first;
            run.count += gap->lost_count;
            gap->lost_count = 0;
        }
        gaps_tell_run(gaps, gap);
        gaps_tell_lost(gaps, gap, run.first, run.count, causes);
    }
    gaps_tell_run(gaps, gap);
}

void gaps_lose_all(struct gaps *gaps, uint32_t device, uint8_t causes)
{
    uint32_t index = gaps_list_first(&gaps->list, device);

    while (index != GAPS_NONE) {
        struct gap *gap = gaps_list_at(&gaps->list, index);

        if (!gap->settled) {
            tell_all_lost(gaps, gap, gap->causes | causes);
            count_lost(gaps, gap, gap->missing, gap->causes | causes);
        }
        index = gaps_list_drop(&gaps->list, index);
    }
    gaps->tables->losses[device].expired = 0;
}

/* ---- taken back ----------------------------------------------------------------------- */

/* From `first` on nothing of the gap was missing.  Returns how many numbers that are. */
static uint32_t take_rest_back(struct gaps *gaps, struct gap *gap, uint32_t first)
{
    struct losses *losses = &gaps->tables->losses[gap->device];
    unsigned cause = losses_cause(gap->causes);
    struct gaps_part part = gaps_tell_part(gaps, gap);
    uint32_t count = 0;
    struct window_run run;

    part.count -= first - part.first;
    part.first = first;
    while ((run = gaps_tell_next(gaps, &part)).count > 0) {
        count += run.count;
        gaps_tell(gaps, gap,
                  (struct gaps_news){.first = run.first,
                                     .last = run.first + run.count - 1,
                                     .was = gap->settled ? MUSTER_EVENT_GAP_LOST
                                                         : MUSTER_EVENT_GAP_OPENED,
                                     .is = MUSTER_EVENT_GAP_TAKEN_BACK,
                                     .was_causes = gap->causes,
                                     .causes = gap->causes});
    }
    assert(gap->missing >= count);
    if (gap->settled) {
        losses->expired -= count;
        losses->lost[cause] -= count;
        gaps->sums.lost[cause] -= count;
    } else {
        gaps->sums.open[cause] -= count;
    }
    gap->missing -= count;
    gap->last = first - 1;
    return count;
}

void gaps_take_back(struct gaps *gaps, uint32_t device, uint32_t first, uint32_t last)
{
    struct gaps_part part = {.window = tables_read_window(gaps->tables, device),
                             .size = tables_read_device(gaps->tables, device)->session.size,
                             .first = first,
                             .count = last - first + 1};
    uint32_t index = gaps_list_first(&gaps->list, device), left;
    struct window_run run;

    assert(last - first < part.size);
    left = window_missing(part.window, part.size, first, part.count);
    while (index != GAPS_NONE) {
        struct gap *gap = gaps_list_at(&gaps->list, index);
        uint32_t begin = gap->first - first <= last - first ? gap->first : first;

        gaps->list.steps++;
        if (begin - gap->first > gap->last - gap->first) { /* none of these is in it */
            index = gap->next;
            continue;
        }
        left -= take_rest_back(gaps, gap, begin);
        if (gap->missing == 0)
            gaps_tell_run(gaps, gap);
        index = gap->missing == 0 ? gaps_list_drop(&gaps->list, index) : gap->next;
    }
    /* The oldest are forgotten: they are lost. */
    while (left > 0 && (run = gaps_tell_next(gaps, &part)).count > 0)
        for (; left > 0 && run.count > 0; run.count--, left--)
            take_forgotten(gaps, device, run.first++, MUSTER_EVENT_GAP_TAKEN_BACK);
}

/* ---- as time passes ------------------------------------------------------------------- */

void gaps_add_causes(struct gaps *gaps, uint32_t device, uint8_t causes)
{
    uint32_t index;

    for (index = gaps_list_first(&gaps->list, device); index != GAPS_NONE;
         index = gaps_list_at(&gaps->list, index)->next) {
        struct gap *gap = gaps_list_at(&gaps->list, index);

        if (!gap->settled)
            gaps_tell_causes(gaps, gap, gap->causes | causes);
    }
}

/* What may explain the gap was noticed in the tick in which it opened; `oldest` is the first tick
 * that may have been. */
static void look_for_causes(struct gaps *gaps, struct gap *gap, uint32_t oldest)
{
    const struct device *device = tables_read_device(gaps->tables, gap->device);

    /* Of several that are one only some opened then. */
    if (gap->opened_tick - oldest < UINT32_MAX / 2 && (gap->marks & GAP_MERGED) == 0)
        gaps_tell_causes(gaps, gap,
                         gap->causes | causes_since(&gaps->tables->shared->causes, gap->opened_tick,
                                                    device->listener));
}

static bool stands(const struct gap *gap, uint32_t at)
{
    uint32_t age = at - gap->opened_at;

    return age >= GAPS_STANDS && age <= INT32_MAX;
}

void gaps_tick(struct gaps *gaps, uint32_t tick, uint32_t at)
{
    /* A worker that does not move the ticks on looks in the middle of one. */
    uint32_t oldest = gaps->options.worker == 0 ? tick : tick - 1, index;

    gaps->at = at;
    for (index = gaps->list.latest; index != GAPS_NONE;
         index = gaps_list_at(&gaps->list, index)->earlier) {
        struct gap *gap = gaps_list_at(&gaps->list, index);

        gaps->list.steps++;
        look_for_causes(gaps, gap, oldest);
        if (gaps->has_looked && stands(gap, gaps->looked_at))
            break; /* and so did it then, and do those before it */
        if (stands(gap, at) && (gap->marks & GAP_STANDS) == 0)
            gaps_tell_missing(gaps, gap, gap->causes);
    }
    gaps->looked_at = at;
    gaps->has_looked = true;
}

static void settle_gap(struct gaps *gaps, uint32_t index)
{
    struct gap *gap = gaps_list_at(&gaps->list, index);

    tell_all_lost(gaps, gap, gap->causes);
    count_lost(gaps, gap, gap->missing, gap->causes);
    gaps->tables->losses[gap->device].expired += gap->missing;
    gaps_list_settle(&gaps->list, index);
}

/* That gap, and those of its device before it: what is lost in the window is its oldest. */
static void settle_up_to(struct gaps *gaps, uint32_t last)
{
    uint32_t device = gaps_list_at(&gaps->list, last)->device, index;

    if (gaps->options.persistent)
        undo_begin(&gaps->slot->undo, &gaps->slot->counts, gaps->tables, device);
    for (index = device;; index = gaps_list_at(&gaps->list, index)->next) {
        if (!gaps_list_at(&gaps->list, index)->settled)
            settle_gap(gaps, index);
        if (index == last)
            break;
    }
    if (gaps->options.persistent)
        undo_end(&gaps->slot->undo);
}

void gaps_settle(struct gaps *gaps, uint32_t at, uint32_t most)
{
    gaps->at = at;
    while (gaps->list.earliest != GAPS_NONE) {
        uint32_t age = at - gaps_list_at(&gaps->list, gaps->list.earliest)->opened_at;

        if (age < most || age > INT32_MAX)
            break;
        settle_up_to(gaps, gaps->list.earliest);
    }
}
