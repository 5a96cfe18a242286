/* SPDX-License-Identifier: MIT
 *
 * The window of a session on the move: what enters, what leaves, what is lost by that.
 */
#include "window.h"

#include <assert.h>

#include "tracker_data.h"

/* Numbers that are lost one after the other, reported as one. */
struct losses {
    uint32_t first, count;
};

static void report_losses(struct tracker *tracker, const struct session *session,
                          struct losses *losses)
{
    if (losses->count > 0)
        tracker_report(tracker, session, TRACKER_LOST, losses->first,
                       losses->first + losses->count - 1);
    tracker->counts->lost += losses->count;
    losses->count = 0;
}

static void lose(struct tracker *tracker, const struct session *session, struct losses *losses,
                 uint32_t number)
{
    if (losses->count > 0 && number != losses->first + losses->count)
        report_losses(tracker, session, losses);
    if (losses->count == 0)
        losses->first = number;
    losses->count++;
}

/* One number after the highest enters, and one may leave. */
static void step(struct tracker *tracker, struct session *session, uint64_t *window,
                 struct losses *losses, bool came)
{
    uint32_t size = tracker->options.window, number = ++session->highest;

    if (session->span == size && !window_has_seen(window, size, number)) {
        /* What leaves has the place of what enters. */
        lose(tracker, session, losses, number - size);
        session->open--;
        tracker->counts->open--;
    }
    if (session->span < size)
        session->span++;
    if (came) {
        window_mark(window, size, number);
    } else {
        window_unmark(window, size, number);
        session->open++;
        tracker->counts->open++;
    }
}

void window_advance(struct tracker *tracker, struct session *session, uint64_t *window,
                    uint32_t ahead)
{
    uint32_t size = tracker->options.window, i;
    struct losses losses = {0};

    assert(ahead > 0 && session->begun && session->open < session->span && session->span <= size);
    if (ahead > 1)
        tracker_report(tracker, session, TRACKER_GAP, session->highest + 1,
                       session->highest + ahead - 1);
    tracker->counts->missing += ahead - 1;
    for (i = 1; i < ahead && i <= size; i++)
        step(tracker, session, window, &losses, false);
    if (i < ahead) {
        /* The window holds nothing but missing numbers: the rest only passes through it. */
        uint32_t oldest = session->highest - size + 1;

        if (losses.count > 0 && oldest != losses.first + losses.count)
            report_losses(tracker, session, &losses);
        if (losses.count == 0)
            losses.first = oldest;
        losses.count += ahead - i;
        session->highest += ahead - i;
    }
    step(tracker, session, window, &losses, true);
    report_losses(tracker, session, &losses);
}
