/* SPDX-License-Identifier: MIT
 *
 * The thread that looks after finished segments.
 */
#include "tend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../common/plugin_log.h"

#define SECOND    UINT64_C(1000000000)
#define NICE      10            /* receiving goes first */
#define RETRY_NS  (10 * SECOND) /* what has failed is tried again */
#define LOOK_NS   (10 * SECOND) /* what is to be kept is looked at */
#define LATEST_NS (SECOND / 4)  /* so long before the deadline it is told to end */

#define LOG(tend, level, ...) plugin_log((tend)->host, (tend)->instance, level, __VA_ARGS__)

/* With the lock held: waits for a change, for so long at most. */
static void wait_for(struct tend *tend, uint64_t ns)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    ns += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(ns / SECOND);
    until.tv_nsec = (long)(ns % SECOND);
    pthread_cond_timedwait(&tend->changes, &tend->lock, &until);
}

/* ---- What it does --------------------------------------------------------------------- */

static void apply_keep(struct tend *tend)
{
    const uint64_t now = tend->host->now(tend->instance, MUSTER_CLOCK_WALL);
    struct kept kept;
    int error;

    if (!keep_is_on(&tend->keep))
        return;
    error = keep_apply(&tend->keep, tend->series, now, &kept);
    if (error != 0 && !tend->cannot_remove)
        LOG(tend, MUSTER_LOG_ERROR, "cannot remove old segments in \"%s\": %s",
            tend->series->directory, strerror(error));
    tend->cannot_remove = error != 0;
    if (kept.removed > 0)
        LOG(tend, MUSTER_LOG_INFO, "removed %llu segment%s, from \"%s\" on: %s",
            (unsigned long long)kept.removed, kept.removed > 1 ? "s" : "", kept.first,
            kept.because);
    if (kept.is_short && !tend->is_short)
        LOG(tend, MUSTER_LOG_WARNING,
            "less than keep_free is free in \"%s\", and no finished segment is left to remove",
            tend->series->directory);
    tend->is_short = kept.is_short;
    atomic_fetch_add(&tend->removed, kept.removed);
}

/* Returns whether the job is done with. */
static bool work_on(struct tend *tend, const struct finish_job *job)
{
    char why[SERIES_WHY];
    int error = finish_segment(&tend->finish, job, why);

    if (error == 0) {
        atomic_fetch_add(&tend->finished, 1);
        tend->is_troubled = false;
        return true;
    }
    if (error == ENOENT)
        LOG(tend, MUSTER_LOG_WARNING, "%s; it gets no manifest", why);
    else if (error != ECANCELED && !tend->is_troubled)
        LOG(tend, MUSTER_LOG_ERROR, "%s; it is tried again until it works", why);
    tend->is_troubled = error != ENOENT && error != ECANCELED;
    return error == ENOENT;
}

/* With the lock held, which it lets go meanwhile.  Returns whether that worked. */
static bool do_first(struct tend *tend)
{
    struct finish_job *job = tend->first;
    bool is_done;

    pthread_mutex_unlock(&tend->lock);
    is_done = work_on(tend, job);
    if (is_done)
        apply_keep(tend);
    pthread_mutex_lock(&tend->lock);
    if (is_done) {
        tend->first = job->next;
        atomic_fetch_sub(&tend->waiting, 1);
        finish_free(job);
    }
    return is_done;
}

static void look_after(struct tend *tend)
{
    pthread_mutex_unlock(&tend->lock);
    apply_keep(tend);
    pthread_mutex_lock(&tend->lock);
}

static void *run(void *argument)
{
    struct tend *tend = argument;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    pthread_mutex_lock(&tend->lock);
    look_after(tend);
    while (!atomic_load(&tend->ends)) {
        if (tend->first != NULL) {
            if (do_first(tend))
                continue;
            if (tend->is_stopping)
                break;
            wait_for(tend, RETRY_NS);
            continue;
        }
        if (tend->is_stopping)
            break;
        wait_for(tend, LOOK_NS);
        if (tend->first == NULL && !tend->is_stopping)
            look_after(tend);
    }
    tend->is_idle = true;
    pthread_cond_broadcast(&tend->changes);
    pthread_mutex_unlock(&tend->lock);
    return NULL;
}

/* ---- Orders --------------------------------------------------------------------------- */

static void make_lock(struct tend *tend)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&tend->lock, NULL);
    pthread_cond_init(&tend->changes, &attributes);
    pthread_condattr_destroy(&attributes);
}

int tend_start(struct tend *tend)
{
    struct finish_job *jobs;
    int error;

    if (tend->is_running)
        return 0;
    tend->is_stopping = tend->is_idle = false;
    atomic_store(&tend->ends, false);
    tend->finish =
        (struct finish){.series = tend->series, .level = tend->level, .ends = &tend->ends};
    error = finish_left_over(&tend->finish, &jobs);
    while (jobs != NULL) { /* the oldest first */
        struct finish_job *next = jobs->next;

        jobs->next = tend->first;
        tend->first = jobs;
        jobs = next;
        atomic_fetch_add(&tend->waiting, 1);
    }
    make_lock(tend);
    if (error == 0)
        error = pthread_create(&tend->thread, NULL, run, tend);
    tend->is_running = error == 0;
    if (error == 0)
        return 0;
    LOG(tend, MUSTER_LOG_ERROR, "cannot look after the segments in \"%s\": %s",
        tend->series->directory, strerror(error));
    tend_stop(tend, 0);
    return -1;
}

void tend_add(struct tend *tend, struct finish_job *job)
{
    struct finish_job **at;

    pthread_mutex_lock(&tend->lock);
    for (at = &tend->first; *at != NULL; at = &(*at)->next)
        ;
    job->next = NULL;
    *at = job;
    atomic_fetch_add(&tend->waiting, 1);
    pthread_cond_broadcast(&tend->changes);
    pthread_mutex_unlock(&tend->lock);
}

static void end_thread(struct tend *tend, uint64_t deadline_ns)
{
    pthread_mutex_lock(&tend->lock);
    tend->is_stopping = true;
    pthread_cond_broadcast(&tend->changes);
    while (!tend->is_idle && !atomic_load(&tend->ends)) {
        uint64_t now = tend->host->now(tend->instance, MUSTER_CLOCK_STEADY);

        if (deadline_ns != 0 && now + LATEST_NS >= deadline_ns)
            atomic_store(&tend->ends, true);
        else
            wait_for(tend, deadline_ns != 0 ? deadline_ns - LATEST_NS - now : RETRY_NS);
    }
    pthread_cond_broadcast(&tend->changes);
    pthread_mutex_unlock(&tend->lock);
    pthread_join(tend->thread, NULL);
    pthread_cond_destroy(&tend->changes);
    pthread_mutex_destroy(&tend->lock);
}

void tend_stop(struct tend *tend, uint64_t deadline_ns)
{
    if (tend->is_running)
        end_thread(tend, deadline_ns);
    tend->is_running = false;
    while (tend->first != NULL) {
        struct finish_job *next = tend->first->next;

        finish_free(tend->first);
        tend->first = next;
    }
    atomic_store(&tend->waiting, 0);
}
