/* SPDX-License-Identifier: MIT
 *
 * The window of a device on the move: what enters, what leaves, what is lost by that.
 */
#include "tracker_data.h"

void tracker_tell(const struct tracker *tracker, const struct device *device,
                  enum tracker_note_kind kind, uint32_t first, uint32_t last)
{
    struct tracker_note told = {
        .kind = kind,
        .device_id = tables_id(tracker->tables, device),
        .first = first,
        .last = last,
    };

    if (tracker->options.note != NULL)
        tracker->options.note(tracker->options.context, &told);
}

/* Numbers that are lost one after the other, told as one. */
struct losses {
    uint32_t first, count;
};

static void tell_losses(struct tracker *tracker, const struct device *device, struct losses *losses)
{
    if (losses->count > 0)
        tracker_tell(tracker, device, TRACKER_LOST, losses->first,
                     losses->first + losses->count - 1);
    tracker->counts->lost += losses->count;
    losses->count = 0;
}

static void lose(struct tracker *tracker, const struct device *device, struct losses *losses,
                 uint32_t number)
{
    if (losses->count > 0 && number != losses->first + losses->count)
        tell_losses(tracker, device, losses);
    if (losses->count == 0)
        losses->first = number;
    losses->count++;
}

/* One number after the highest enters, and one may leave. */
static void step(struct tracker *tracker, struct device *device, uint64_t *window,
                 struct losses *losses, bool here)
{
    uint32_t size = tracker->options.window, number = ++device->highest;

    if (device->span == size && !tracker_has_seen(tracker, window, number)) {
        /* What leaves has the place of what enters. */
        lose(tracker, device, losses, number - size);
        device->open--;
        tracker->counts->open--;
    }
    if (device->span < size)
        device->span++;
    if (here) {
        tracker_mark(tracker, window, number);
    } else {
        tracker_unmark(tracker, window, number);
        device->open++;
        tracker->counts->open++;
    }
}

void tracker_advance(struct tracker *tracker, struct device *device, uint64_t *window,
                     uint32_t ahead)
{
    uint32_t size = tracker->options.window, i;
    struct losses losses = {0};

    if (ahead > 1)
        tracker_tell(tracker, device, TRACKER_GAP, device->highest + 1,
                     device->highest + ahead - 1);
    tracker->counts->missing += ahead - 1;
    for (i = 1; i < ahead && i <= size; i++)
        step(tracker, device, window, &losses, false);
    if (i < ahead) {
        /* The window holds nothing but missing numbers: the rest only passes through it. */
        uint32_t oldest = device->highest - size + 1;

        if (losses.count > 0 && oldest != losses.first + losses.count)
            tell_losses(tracker, device, &losses);
        if (losses.count == 0)
            losses.first = oldest;
        losses.count += ahead - i;
        device->highest += ahead - i;
    }
    step(tracker, device, window, &losses, true);
    tell_losses(tracker, device, &losses);
}
