/* SPDX-License-Identifier: MIT
 *
 * What is told of gaps, and the causes that they count under.
 */
#include "gaps_tell.h"

#include "gaps_data.h"
#include "losses.h"
#include "undo.h"

void gaps_tell(const struct gaps *gaps, const struct gap *gap, struct gaps_news news)
{
    news.device = gap->device;
    news.at_least = (gap->marks & GAP_AT_LEAST) != 0;
    news.was_causes |= MUSTER_CAUSE_NETWORK;
    news.causes |= MUSTER_CAUSE_NETWORK;
    news.opened_at = gap->opened_at;
    news.opened_ns = gap->opened_ns;
    news.heard_ns = gap->heard_ns;
    if (gaps->options.tell != NULL)
        gaps->options.tell(gaps->options.context, &news);
}

void gaps_tell_lost(const struct gaps *gaps, const struct gap *gap, uint32_t first, uint32_t count,
                    uint8_t causes)
{
    gaps_tell(gaps, gap,
              (struct gaps_news){.first = first,
                                 .last = first + count - 1,
                                 .was = MUSTER_EVENT_GAP_OPENED,
                                 .is = MUSTER_EVENT_GAP_LOST,
                                 .was_causes = gap->causes,
                                 .causes = causes});
}

void gaps_tell_run(const struct gaps *gaps, struct gap *gap)
{
    if (gap->lost_count > 0)
        gaps_tell_lost(gaps, gap, gap->lost_first, gap->lost_count, gap->causes);
    gap->lost_count = 0;
}

struct gaps_part gaps_tell_part(const struct gaps *gaps, const struct gap *gap)
{
    const struct session *session = &tables_read_device(gaps->tables, gap->device)->session;
    struct gaps_part part = {.session = session,
                             .window = tables_read_window(gaps->tables, gap->device),
                             .size = session->size,
                             .first = gap->first};
    uint32_t oldest = (uint32_t)session->highest - session->span + 1, behind;

    if (oldest - gap->first <= gap->last - gap->first)
        part.first = oldest;
    behind = (uint32_t)session->highest - part.first; /* of the window, numbers behind the first */
    if (behind < session->span)
        part.count = (gap->last - part.first < behind ? gap->last - part.first : behind) + 1;
    return part;
}

struct window_run gaps_tell_next(struct gaps *gaps, struct gaps_part *part)
{
    const struct window_run run =
        window_next_run(part->window, part->size, part->first, part->count);
    uint32_t passed = run.first - part->first + run.count;

    gaps->steps += run.words;
    if (run.count > 0) {
        part->first += passed;
        part->count -= passed;
    }
    return run;
}

void gaps_tell_missing(struct gaps *gaps, struct gap *gap, uint8_t causes)
{
    uint8_t is = gap->settled ? MUSTER_EVENT_GAP_LOST : MUSTER_EVENT_GAP_OPENED;
    struct gaps_part part = gaps_tell_part(gaps, gap);
    struct window_run run;

    while ((run = gaps_tell_next(gaps, &part)).count > 0)
        gaps_tell(gaps, gap,
                  (struct gaps_news){.first = run.first,
                                     .last = run.first + run.count - 1,
                                     .was = is,
                                     .is = is,
                                     .was_causes = gap->causes,
                                     .causes = causes});
    gap->marks |= GAP_STANDS;
}

/* So many lost numbers of the device are counted under another cause. */
static void move_lost(struct gaps *gaps, uint32_t device, uint32_t count, unsigned from,
                      unsigned to)
{
    struct losses *losses = &gaps->tables->losses[device];
    struct undo *undo = &gaps->slot->undo;
    bool is_change = gaps->options.persistent && !undo->busy; /* of its own */

    if (count == 0)
        return;
    if (is_change)
        undo_begin(undo, &gaps->slot->counts, gaps->tables, device);
    losses->lost[from] -= count;
    losses->lost[to] += count;
    if (is_change)
        undo_end(undo);
    gaps->sums.lost[from] -= count;
    gaps->sums.lost[to] += count;
}

void gaps_tell_causes(struct gaps *gaps, struct gap *gap, uint8_t causes)
{
    unsigned from = losses_cause(gap->causes), to = losses_cause(causes);

    if (causes == gap->causes)
        return;
    move_lost(gaps, gap->device, gap->lost_count, from, to);
    if (gap->settled) {
        move_lost(gaps, gap->device, gap->missing, from, to);
    } else {
        gaps->sums.open[from] -= gap->missing;
        gaps->sums.open[to] += gap->missing;
    }
    if (gap->lost_count > 0)
        gaps_tell(gaps, gap,
                  (struct gaps_news){.first = gap->lost_first,
                                     .last = gap->lost_first + gap->lost_count - 1,
                                     .was = MUSTER_EVENT_GAP_OPENED,
                                     .is = MUSTER_EVENT_GAP_OPENED,
                                     .was_causes = gap->causes,
                                     .causes = causes});
    gaps_tell_missing(gaps, gap, causes);
    gap->causes = causes;
}
