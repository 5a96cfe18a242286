/* SPDX-License-Identifier: MIT
 *
 * The notes of the threads are looked at from outside, so a callback costs no clock.  When it began
 * is known as well as that: it is said to have taken what was seen of it.
 */
#include "watchdog.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "collector/host/note.h"
#include "ending.h"

#define USUAL  CLOCK_SECOND              /* between two looks */
#define CLOSER (100 * CLOCK_MILLISECOND) /* the same while something hangs, or is to stop */
#define AFTER                                                                                      \
    (2 * CLOCK_SECOND) /* what the main thread has to close the others, once it has given up those \
                          that are stuck */
#define HANGS (250 * CLOCK_MILLISECOND) /* in a stop that is late: in one callback for so long */
#define GAP   (3 * CLOCK_SECOND)        /* without a look: all threads stood still */
#define AGAIN (10 * UINT64_C(60) * CLOCK_SECOND) /* between two lines, in the end */

/* When a callback is told that has not returned. */
static const uint64_t told_after[] = {2 * CLOCK_SECOND, 10 * CLOCK_SECOND, 60 * CLOCK_SECOND};

enum { TIMES = sizeof told_after / sizeof told_after[0] };

static struct {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of the orders from the main thread */
    pthread_cond_t order; /* by the monotonic clock */
    bool over;
    uint64_t stop_ns, deadline_ns; /* 0: no stop has begun */

    /* The thread's, but for those that are set before it starts. */
    struct log *log;
    const struct note *main;
    uint64_t looked_ns, pending_ns; /* since when a signal has waited; 0: none does */
    bool hanging;
} dog = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_inside(const struct note *note)
{
    return atomic_load_explicit(&note->callback, memory_order_acquire) != 0;
}

static uint64_t next_time(unsigned told)
{
    return told < TIMES ? told_after[told] : told_after[TIMES - 1] + (told - TIMES + 1) * AGAIN;
}

/* It is in no callback, or in another than at the last look. */
static void tell_return(struct note *note, uint64_t now)
{
    char text[48];

    if (note->told == 0)
        return;
    snprintf(text, sizeof text, "it came back after %.1f s",
             (double)(now - note->since_ns) / (double)CLOCK_SECOND);
    log_format(dog.log, LOG_WARNING, NULL, "%s: %s", note->told_where, text);
    note->told = 0;
}

static void look(struct note *note, void *context)
{
    uint64_t now = *(const uint64_t *)context;
    unsigned changes = atomic_load_explicit(&note->changes, memory_order_acquire);
    bool inside = is_inside(note);

    if (!inside || changes != note->seen_changes || note->since_ns == 0) {
        tell_return(note, now);
        note->seen_changes = changes;
        note->since_ns = inside ? now : 0;
        return;
    }
    if (note == dog.main || note->told > 0)
        dog.hanging = true;
    if (now - note->since_ns < next_time(note->told) ||
        note_text(note, note->told_where, sizeof note->told_where) < 0)
        return;
    log_format(dog.log, LOG_WARNING, NULL, "%s has not returned for %" PRIu64 " s",
               note->told_where, (now - note->since_ns) / CLOCK_SECOND);
    note->told++;
    dog.hanging = true;
}

/* The machine or the process stood still, and so did the callbacks. */
static void begin_anew(struct note *note, void *context)
{
    note->since_ns = is_inside(note) ? *(const uint64_t *)context : 0;
}

/* ---- stops ---------------------------------------------------------------------------- */

static bool is_asked_to_stop(void)
{
    sigset_t set;

    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1 ||
            sigismember(&set, SIGQUIT) == 1);
}

/* When the stop must be over; UINT64_MAX: nobody has asked for one. */
static uint64_t stop_limit(uint64_t now)
{
    uint64_t limit = UINT64_MAX, pending_limit;

    if (!is_asked_to_stop())
        dog.pending_ns = 0;
    else if (dog.pending_ns == 0)
        dog.pending_ns = now;
    if (dog.deadline_ns != 0)
        limit = dog.deadline_ns + WATCHDOG_GRACE + AFTER;
    if (dog.pending_ns != 0) {
        /* One that comes while it stops already is from somebody in a hurry. */
        pending_limit = dog.pending_ns + (dog.deadline_ns == 0 ? dog.stop_ns : 0) + WATCHDOG_GRACE;
        if (pending_limit < limit)
            limit = pending_limit;
    }
    return limit;
}

/* Whether the main thread is in a plugin that keeps it from stopping. */
static bool must_end(uint64_t now)
{
    bool late = now >= stop_limit(now);

    return late && dog.main->since_ns != 0 && now - dog.main->since_ns >= HANGS;
}

static void name_if_hanging(struct note *note, void *context)
{
    char where[NOTE_TEXT];

    (void)context;
    if (note != dog.main && note_text(note, where, sizeof where) == 0)
        log_format(dog.log, LOG_ERROR, NULL, "%s does not come back; the daemon ends without it",
                   where);
}

void watchdog_name_hanging(void)
{
    note_each(name_if_hanging, NULL);
}

static void end_daemon(void)
{
    char where[NOTE_TEXT], text[NOTE_TEXT + 100];

    if (note_text(dog.main, where, sizeof where) < 0)
        return; /* just in time */
    watchdog_name_hanging();
    snprintf(text, sizeof text, "%s does not come back, and the time to stop is over", where);
    ending_now(text);
}

/* ---- the thread ----------------------------------------------------------------------- */

static void look_at_all(uint64_t now)
{
    bool stood_still = dog.looked_ns != 0 && now - dog.looked_ns > GAP;

    dog.looked_ns = now;
    dog.hanging = false;
    note_each(stood_still ? begin_anew : look, &now);
    if (must_end(now))
        end_daemon();
}

static void *run(void *unused)
{
    (void)unused;
    thread_call(pthread_self(), "watchdog");
    note_begin();
    pthread_mutex_lock(&dog.lock);
    while (!dog.over) {
        bool close = dog.hanging || dog.deadline_ns != 0 || dog.pending_ns != 0;
        struct timespec until = clock_to_timespec(clock_monotonic() + (close ? CLOSER : USUAL));

        pthread_cond_timedwait(&dog.order, &dog.lock, &until);
        look_at_all(clock_monotonic());
    }
    pthread_mutex_unlock(&dog.lock);
    note_end();
    return NULL;
}

/* ---- main ----------------------------------------------------------------------------- */

int watchdog_start(struct log *log)
{
    sigset_t all, before;
    int error;

    thread_condition(&dog.order);
    dog.log = log;
    dog.over = false;
    dog.main = &note_mine;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&dog.thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    dog.started = error == 0;
    return error;
}

void watchdog_end(void)
{
    if (!dog.started)
        return;
    pthread_mutex_lock(&dog.lock);
    dog.over = true;
    pthread_cond_signal(&dog.order);
    pthread_mutex_unlock(&dog.lock);
    pthread_join(dog.thread, NULL);
    dog.started = false;
}

void watchdog_allow(uint64_t stop_ns)
{
    pthread_mutex_lock(&dog.lock);
    dog.stop_ns = stop_ns;
    pthread_mutex_unlock(&dog.lock);
}

void watchdog_stopping(uint64_t deadline_ns)
{
    pthread_mutex_lock(&dog.lock);
    dog.deadline_ns = deadline_ns;
    pthread_cond_signal(&dog.order);
    pthread_mutex_unlock(&dog.lock);
}
