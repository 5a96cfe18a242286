/* SPDX-License-Identifier: MIT
 *
 * Waiting is waiting for a signal with a time limit, so that one that comes just before it is not
 * missed.
 */
#include "pace.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

/* Exact to 256 ns for Unix time, and to 2 ns for the time since boot. */
static double clock_ns(clockid_t id)
{
    struct timespec now;
    int result = clock_gettime(id, &now);

    assert(result == 0);
    (void)result; /* with NDEBUG */
    return (double)now.tv_sec * PACE_SECOND_NS + (double)now.tv_nsec;
}

void pace_begin(struct pace *pace, const sigset_t *stop, bool progress)
{
    *pace = (struct pace){
        .stop = stop,
        .start_ns = clock_ns(CLOCK_MONOTONIC),
        .wall_ns = clock_ns(CLOCK_REALTIME),
        .progress_ns = PACE_SECOND_NS,
        .progress = progress,
    };
}

double pace_elapsed(const struct pace *pace)
{
    return clock_ns(CLOCK_MONOTONIC) - pace->start_ns;
}

bool pace_stopped(struct pace *pace, double ns)
{
    struct timespec limit = {0};

    if (pace->interrupted)
        return true;
    if (ns > 0) {
        limit.tv_sec = (time_t)(ns / PACE_SECOND_NS);
        limit.tv_nsec = (long)(ns - (double)limit.tv_sec * PACE_SECOND_NS);
    }
    if (sigtimedwait(pace->stop, NULL, &limit) > 0)
        pace->interrupted = true;
    return pace->interrupted;
}

void pace_show(struct pace *pace, double now, uint64_t sent)
{
    double since;

    if (!pace->progress || now < pace->progress_ns)
        return;
    since = now - pace->progress_ns + PACE_SECOND_NS;
    fprintf(stderr, "\r%8.0f s  %12llu sent  %10.0f/s ", now / PACE_SECOND_NS,
            (unsigned long long)sent, (double)(sent - pace->sent_before) / since * PACE_SECOND_NS);
    fflush(stderr);
    pace->sent_before = sent;
    pace->progress_ns = now + PACE_SECOND_NS;
}

void pace_end(const struct pace *pace)
{
    if (pace->progress && pace->progress_ns > PACE_SECOND_NS)
        fputc('\n', stderr);
}
