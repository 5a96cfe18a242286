/* SPDX-License-Identifier: MIT
 *
 * The turns between the two ways to receive.
 */
#include "steering.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { FIRST_TURN = 2 }; /* gathered, and passed by nobody */

#define PATIENCE  CLOCK_SECOND         /* with those that have not passed a turn */
#define SAY_AGAIN (600 * CLOCK_SECOND) /* after so long without, super-packets are news */

static void wake_all(struct steering *steering)
{
    unsigned i;

    for (i = 0; i < steering->workers; i++)
        inbox_wake(&steering->parts[i].inbox);
}

int steering_init(struct steering *steering, const struct listener *listeners,
                  unsigned listener_count, unsigned workers, struct log *log)
{
    unsigned i;

    assert(workers > 0);
    memset(steering, 0, sizeof *steering);
    pthread_mutex_init(&steering->lock, NULL);
    steering->listeners = listeners;
    steering->listener_count = listener_count;
    steering->log = log;
    atomic_store(&steering->turn, FIRST_TURN);
    atomic_store(&steering->complete, FIRST_TURN);
    atomic_store(&steering->until_ns, clock_coarse() + PATIENCE);
    steering->parts =
        aligned_alloc(_Alignof(struct steering_part), workers * sizeof *steering->parts);
    if (steering->parts == NULL)
        return -1;
    memset(steering->parts, 0, workers * sizeof *steering->parts);
    for (i = 0; i < workers; i++) {
        steering->workers++;
        if (inbox_init(&steering->parts[i].inbox) < 0)
            return -1;
    }
    wake_all(steering); /* so that each passes the first turn */
    return 0;
}

void steering_free(struct steering *steering)
{
    unsigned i;

    for (i = 0; i < steering->workers; i++)
        inbox_free(&steering->parts[i].inbox);
    free(steering->parts);
    pthread_mutex_destroy(&steering->lock);
    memset(steering, 0, sizeof *steering);
}

unsigned steering_beats(const struct steering *steering)
{
    unsigned sum = 0, i;

    for (i = 0; i < steering->workers; i++)
        sum += atomic_load_explicit(&steering->parts[i].beat, memory_order_relaxed);
    return sum;
}

/* ---- who may receive ------------------------------------------------------------------ */

static bool has_passed(const struct steering *steering, unsigned worker, unsigned turn)
{
    unsigned passed = atomic_load(&steering->parts[worker].passed);

    return passed == turn || passed == STEERING_ENDED;
}

/* Whether all have passed whose sockets may hold what comes to this worker from that turn on. */
static bool have_passed(const struct steering *steering, unsigned worker, unsigned turn)
{
    unsigned i;

    if (steering_is_apart(turn))
        return worker == 0 || has_passed(steering, 0, turn);
    for (i = 1; worker == 0 && i < steering->workers; i++)
        if (!has_passed(steering, i, turn))
            return false;
    return true;
}

bool steering_may_receive(struct steering *steering, unsigned worker, unsigned turn)
{
    return have_passed(steering, worker, turn) ||
           clock_coarse() >= atomic_load(&steering->until_ns);
}

void steering_pass(struct steering *steering, unsigned worker, unsigned turn)
{
    if (atomic_exchange(&steering->parts[worker].passed, turn) != turn)
        wake_all(steering);
}

/* ---- turns ---------------------------------------------------------------------------- */

static void refuse(const struct steering *steering, int error)
{
    log_format(steering->log, LOG_ERROR, NULL,
               "cannot steer datagrams another way (SO_ATTACH_REUSEPORT_CBPF): %s; some may be "
               "said to be late",
               strerror(error));
}

/* All listeners, one's failure is none of the others. */
static void steer(struct steering *steering, bool apart)
{
    unsigned i;
    int error = 0;

    for (i = 0; i < steering->listener_count; i++)
        if (listener_steer(&steering->listeners[i], apart) < 0)
            error = errno;
    if (error == 0)
        return;
    steering->refused = true;
    refuse(steering, error);
}

/* First it is told, so that nobody takes what comes the new way before what came the old way; then
 * the kernel turns, and only then can anybody have taken all of the old. */
static void turn_on(struct steering *steering, unsigned turn)
{
    atomic_store(&steering->until_ns, clock_coarse() + PATIENCE);
    atomic_store(&steering->turn, turn + 1);
    steer(steering, steering_is_apart(turn + 1));
    atomic_store(&steering->turned_ns, clock_wall());
    atomic_store(&steering->complete, turn + 1);
    wake_all(steering);
}

static unsigned beat_of_0(const struct steering *steering)
{
    return atomic_load_explicit(&steering->parts[0].beat, memory_order_relaxed);
}

static bool may_turn(const struct steering *steering, unsigned turn)
{
    bool is_0_back = !steering->deserted || beat_of_0(steering) != steering->deserted_beat;

    return !steering->refused && !atomic_load(&steering->stopping) &&
           atomic_load(&steering->turn) == turn && (!steering_is_apart(turn) || is_0_back);
}

void steering_change(struct steering *steering, unsigned turn)
{
    if (pthread_mutex_trylock(&steering->lock) != 0)
        return;
    if (may_turn(steering, turn)) {
        steering->deserted = false;
        turn_on(steering, turn);
    }
    pthread_mutex_unlock(&steering->lock);
}

bool steering_desert(struct steering *steering, unsigned turn, unsigned beat)
{
    bool turned;

    assert(!steering_is_apart(turn));
    if (pthread_mutex_trylock(&steering->lock) != 0)
        return false;
    turned = may_turn(steering, turn) && beat_of_0(steering) == beat;
    if (turned) {
        steering->deserted = true;
        steering->deserted_beat = beat;
        log_line(steering->log, LOG_WARNING, NULL,
                 "worker 0, which receives for all workers, does not come back from a plugin; each "
                 "receives for itself now");
        turn_on(steering, turn);
    }
    pthread_mutex_unlock(&steering->lock);
    return turned;
}

void steering_saw_segments(struct steering *steering)
{
    uint64_t now = clock_coarse(), before = atomic_exchange(&steering->segments_ns, now);

    if (before == 0 || now - before >= SAY_AGAIN)
        log_line(steering->log, LOG_INFO, NULL,
                 "datagrams of several devices come as one packet (UDP_SEGMENT); worker 0 receives "
                 "for all workers, so that their order is kept");
}

bool steering_look(struct steering *steering, struct listener *listener, struct problems *problems)
{
    bool begun;

    pthread_mutex_lock(&steering->lock);
    begun = listener_look(listener, problems);
    if (begun && listener_steer(listener, steering_is_apart(steering_turn(steering))) < 0)
        refuse(steering, errno);
    if (begun)
        wake_all(steering); /* they may sleep on sockets that are replaced */
    pthread_mutex_unlock(&steering->lock);
    return begun;
}

/* ---- the end -------------------------------------------------------------------------- */

void steering_stop(struct steering *steering)
{
    atomic_store(&steering->stopping, true);
}

void steering_end(struct steering *steering, unsigned worker)
{
    atomic_store(&steering->parts[worker].passed, STEERING_ENDED);
    wake_all(steering);
}

bool steering_has_ended(const struct steering *steering)
{
    unsigned i;

    for (i = 0; i < steering->workers; i++)
        if (atomic_load(&steering->parts[i].passed) != STEERING_ENDED)
            return false;
    return true;
}
