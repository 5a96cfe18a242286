/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include "base/clock.h"

void samples_add(struct samples *samples, const struct sample *sample)
{
    samples->list[samples->next] = *sample;
    samples->next = (samples->next + 1) % SAMPLES_KEPT;
    if (samples->count < SAMPLES_KEPT)
        samples->count++;
}

/* The one that was added `back` before the last. */
static const struct sample *look_back(const struct samples *samples, unsigned back)
{
    return &samples->list[(samples->next + 2 * SAMPLES_KEPT - 1 - back) % SAMPLES_KEPT];
}

double samples_rate(const struct samples *samples)
{
    const struct sample *last, *first;
    unsigned back;

    if (samples->count < 2)
        return 0;
    back = samples->count - 1 < SAMPLES_RECENT ? samples->count - 1 : SAMPLES_RECENT;
    last = look_back(samples, 0);
    first = look_back(samples, back);
    if (last->at_ns <= first->at_ns)
        return 0;
    return (double)(last->received - first->received) /
           ((double)(last->at_ns - first->at_ns) / (double)CLOCK_SECOND);
}
