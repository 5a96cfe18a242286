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
#define PATIENCE CLOCK_SECOND

static void wake_all(struct steering *steering)
{
    unsigned i;

    for (i = 0; i < steering->workers; i++)
        inbox_wake(&steering->inboxes[i]);
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
    steering->passed = calloc(workers, sizeof *steering->passed);
    steering->inboxes = calloc(workers, sizeof *steering->inboxes);
    if (steering->passed == NULL || steering->inboxes == NULL)
        return -1;
    for (i = 0; i < workers; i++) {
        steering->workers++;
        if (inbox_init(&steering->inboxes[i]) < 0)
            return -1;
    }
    wake_all(steering); /* so that each passes the first turn */
    return 0;
}

void steering_free(struct steering *steering)
{
    unsigned i;

    for (i = 0; i < steering->workers; i++)
        inbox_free(&steering->inboxes[i]);
    free(steering->inboxes);
    free(steering->passed);
    pthread_mutex_destroy(&steering->lock);
    memset(steering, 0, sizeof *steering);
}

/* Whether all have passed whose sockets may hold what comes to this worker from that turn on. */
static bool have_passed(struct steering *steering, unsigned worker, unsigned turn)
{
    unsigned i;

    if (steering_is_apart(turn))
        return worker == 0 || atomic_load(&steering->passed[0]) == turn;
    for (i = 1; worker == 0 && i < steering->workers; i++)
        if (atomic_load(&steering->passed[i]) != turn)
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
    if (atomic_exchange(&steering->passed[worker], turn) != turn)
        wake_all(steering);
}

/* Of all listeners.  Returns 0, or an errno. */
static int steer(struct steering *steering, bool apart)
{
    unsigned i;

    for (i = 0; i < steering->listener_count; i++)
        if (listener_steer(&steering->listeners[i], apart) < 0)
            return errno;
    return 0;
}

static void refuse(const struct steering *steering, int error)
{
    log_format(steering->log, LOG_ERROR, NULL,
               "cannot steer datagrams another way (SO_ATTACH_REUSEPORT_CBPF): %s; some may be "
               "said to be late",
               strerror(error));
}

/* First it is told, so that nobody takes what comes the new way before what came the old way; then
 * the kernel turns, and only then can anybody have taken all of the old. */
void steering_change(struct steering *steering, unsigned turn)
{
    bool apart = !steering_is_apart(turn);
    int error;

    pthread_mutex_lock(&steering->lock);
    if (steering->refused || atomic_load(&steering->turn) != turn)
        goto done;
    atomic_store(&steering->until_ns, clock_coarse() + PATIENCE);
    atomic_store(&steering->turn, turn + 1);
    error = steer(steering, apart);
    if (error != 0) {
        steering->refused = true;
        refuse(steering, error);
    } else if (!apart) {
        log_line(steering->log, LOG_INFO, NULL,
                 "datagrams of several devices come as one packet (UDP_SEGMENT); worker 0 receives "
                 "for all workers, so that their order is kept");
    }
    atomic_store(&steering->turned_ns, clock_wall());
    atomic_store(&steering->complete, turn + 1);
    wake_all(steering);

done:
    pthread_mutex_unlock(&steering->lock);
}

bool steering_look(struct steering *steering, struct listener *listener, struct problems *problems)
{
    bool begun;

    pthread_mutex_lock(&steering->lock);
    begun = listener_look(listener, problems);
    if (begun && steering->workers > 1 &&
        listener_steer(listener, steering_is_apart(steering_turn(steering))) < 0)
        refuse(steering, errno);
    pthread_mutex_unlock(&steering->lock);
    return begun;
}

void steering_end(struct steering *steering)
{
    if (atomic_fetch_add(&steering->ended, 1) + 1 == steering->workers)
        wake_all(steering);
}

bool steering_has_ended(struct steering *steering)
{
    return atomic_load(&steering->ended) == steering->workers;
}
