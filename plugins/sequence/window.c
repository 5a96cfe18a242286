/* SPDX-License-Identifier: MIT
 *
 * The window of a session on the move: what enters, what leaves, what is lost by that.  A word of
 * it has 64 numbers in a row, and they are looked at together.
 */
#include "window.h"

#include <assert.h>

#include "tracker_data.h"
#include "undo.h"

uint32_t window_missing(const uint64_t *window, uint32_t size, uint32_t first, uint32_t count)
{
    uint32_t missing = 0;

    assert(count <= size);
    while (count > 0) {
        const struct window_part part = window_part(size, first, count);

        missing += (uint32_t)__builtin_popcountll(~window[part.word] & part.mask);
        first += part.count;
        count -= part.count;
    }
    return missing;
}

/* Up to the end of the run that begins with the first of these numbers. */
static void extend(struct window_run *run, const uint64_t *window, uint32_t size, uint32_t first,
                   uint32_t count)
{
    while (count > 0) {
        const struct window_part part = window_part(size, first, count);
        uint64_t seen = window[part.word] & part.mask;

        run->words++;
        if (seen != 0) {
            run->count += (uint32_t)__builtin_ctzll(seen) - part.shift;
            return;
        }
        run->count += part.count;
        first += part.count;
        count -= part.count;
    }
}

struct window_run window_next_run(const uint64_t *window, uint32_t size, uint32_t first,
                                  uint32_t count)
{
    struct window_run run = {0};

    assert(count <= size);
    while (count > 0) {
        const struct window_part part = window_part(size, first, count);
        uint64_t missing = ~window[part.word] & part.mask;

        run.words++;
        if (missing != 0) {
            uint32_t passed = (uint32_t)__builtin_ctzll(missing) - part.shift;

            run.first = first + passed;
            extend(&run, window, size, run.first, count - passed);
            return run;
        }
        first += part.count;
        count -= part.count;
    }
    return run;
}

static void lose(struct tracker *tracker, const struct session *session, uint64_t first,
                 uint32_t count)
{
    tracker->counts->lost += count;
    tracker_report(tracker, session, TRACKER_LOST, first, first + count - 1, session->bits);
}

/* The oldest `count` numbers of the window leave it. */
static void leave(struct tracker *tracker, struct session *session, const uint64_t *window,
                  uint32_t count)
{
    uint32_t size = session->size, first = (uint32_t)session->highest - session->span + 1;

    while (count > 0 && session->open > 0) {
        const struct window_run run = window_next_run(window, size, first, count);
        uint32_t passed = run.first - first + run.count;

        tracker->steps += run.words;
        if (run.count == 0)
            break;
        session->open -= run.count;
        tracker->counts->open -= run.count;
        lose(tracker, session, session->highest - ((uint32_t)session->highest - run.first),
             run.count);
        first += passed;
        count -= passed;
    }
}

/* The last `count` numbers of the window have entered, and only the last of them came. */
static void enter(struct tracker *tracker, struct session *session, uint64_t *window,
                  uint32_t count)
{
    uint32_t size = session->size, first = (uint32_t)session->highest - count + 1, left = count;

    while (left > 0) {
        const struct window_part part = window_part(size, first, left);

        undo_save(tracker->undo, window, part.word);
        window[part.word] &= ~part.mask;
        tracker->steps++;
        first += part.count;
        left -= part.count;
    }
    window_mark(window, size, session->highest);
    session->open += count - 1;
    tracker->counts->open += count - 1;
}

void window_advance(struct tracker *tracker, struct session *session, uint64_t *window,
                    uint32_t ahead)
{
    uint32_t size = session->size, entering = ahead < size ? ahead : size;
    uint32_t room = size - session->span;

    assert(ahead > 0 && session->begun && session->open < session->span && session->span <= size);
    tracker->counts->missing += ahead - 1;
    if (ahead > 1)
        tracker_report(tracker, session, TRACKER_GAP, session->highest + 1,
                       session->highest + ahead - 1, session->bits);
    if (entering > room)
        leave(tracker, session, window, entering - room);
    /* Of a step longer than the window, the first numbers only pass through it. */
    if (ahead > entering)
        lose(tracker, session, session->highest + 1, ahead - entering);
    session->span = entering < room ? session->span + entering : size;
    session->highest += ahead;
    enter(tracker, session, window, entering);
}
