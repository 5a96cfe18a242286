/* SPDX-License-Identifier: MIT */
#include "visit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "chain.h"
#include "pipeline.h"

#define PATIENCE CLOCK_SECOND

enum visit_stage { IDLE, ASKED, BUSY, DONE };

void visit_init(struct visit *visit)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&visit->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&visit->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    atomic_init(&visit->stage, IDLE);
}

void visit_free(struct visit *visit)
{
    pthread_cond_destroy(&visit->changed);
    pthread_mutex_destroy(&visit->lock);
    free(visit->reports.list.devices);
    visit->reports.list.devices = NULL;
}

/* ---- the worker's part ---------------------------------------------------------------- */

static void answer(struct pipeline *pipeline)
{
    struct visit *visit = &pipeline->visit;
    const struct visit_question *question = &visit->question;
    const struct filter *filter = &pipeline->filters[question->filter];
    struct visit_reports *reports = &visit->reports;

    reports->count = 0;
    reports->was_known = false;
    if (!filter->opened || filter->failed)
        return;
    switch (question->kind) {
    case VISIT_ABOUT_DEVICES:
        reports->count = callback_devices(filter->instance, filter->state, question->from,
                                          question->end, reports->list.devices);
        break;
    case VISIT_ABOUT_GAPS:
        reports->count = callback_gaps(filter->instance, filter->state, question->from,
                                       question->skip, reports->list.gaps, VISIT_GAPS);
        break;
    case VISIT_FORGET:
        reports->was_known = pipeline_forget(pipeline, question->filter, question->from);
        break;
    }
}

static void move(struct visit *visit, enum visit_stage stage)
{
    pthread_mutex_lock(&visit->lock);
    atomic_store(&visit->stage, stage);
    pthread_cond_broadcast(&visit->changed);
    pthread_mutex_unlock(&visit->lock);
}

void visit_serve(struct pipeline *pipeline)
{
    struct visit *visit = &pipeline->visit;
    unsigned asked = ASKED;

    if (atomic_load_explicit(&visit->stage, memory_order_relaxed) != ASKED ||
        !atomic_compare_exchange_strong(&visit->stage, &asked, BUSY))
        return;
    answer(pipeline);
    move(visit, DONE);
}

/* ---- who asks ------------------------------------------------------------------------- */

/* Returns -1 if memory is short, or the worker still is with the last question. */
static int put(struct pipeline *pipeline, const struct visit_question *question)
{
    const size_t devices = VISIT_DEVICES * sizeof(struct muster_device_report);
    const size_t gaps = VISIT_GAPS * sizeof(struct muster_gap_report);
    struct visit *visit = &pipeline->visit;

    if (pipeline->stuck || atomic_load(&visit->stage) == BUSY)
        return -1;
    if (visit->reports.list.devices == NULL)
        visit->reports.list.devices = malloc(devices > gaps ? devices : gaps);
    if (visit->reports.list.devices == NULL)
        return -1;
    visit->question = *question;
    atomic_store(&visit->stage, ASKED);
    pipeline_wake(pipeline, NULL);
    return 0;
}

/* Returns whether it has answered.  Who has not begun to does not any more. */
static bool wait_for_answer(struct visit *visit, uint64_t until_ns)
{
    const struct timespec until = clock_to_timespec(until_ns);
    unsigned asked = ASKED;
    int error = 0;

    pthread_mutex_lock(&visit->lock);
    while (atomic_load(&visit->stage) != DONE && error == 0)
        error = pthread_cond_timedwait(&visit->changed, &visit->lock, &until);
    pthread_mutex_unlock(&visit->lock);
    atomic_compare_exchange_strong(&visit->stage, &asked, IDLE);
    return atomic_load(&visit->stage) == DONE;
}

int visit_ask(struct chain *chain, const struct visit_question *question, unsigned first,
              unsigned last, unsigned *stuck)
{
    uint64_t until = clock_monotonic() + PATIENCE;
    int result = 0;
    unsigned i, asked;

    for (asked = first; asked < last; asked++) {
        if (put(&chain->pipelines[asked], question) == 0)
            continue;
        *stuck = asked;
        result = -1;
        break;
    }
    for (i = first; i < asked; i++) {
        if (wait_for_answer(&chain->pipelines[i].visit, until))
            continue;
        *stuck = i;
        result = -1;
    }
    return result;
}
