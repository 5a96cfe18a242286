/* SPDX-License-Identifier: MIT
 *
 * A thread, and poll(2) over a handful of clients.  Nobody waits for it but whoever asked: it reads
 * counters, and takes no lock that is taken on the way of a datagram.
 *
 * Clients are few.  When there is no room for another, the one makes room that has been idle for
 * longest, so that none that hangs keeps others out.
 */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "collector/host/note.h"
#include "client.h"
#include "door.h"
#include "order.h"

#define LOOK  CLOCK_SECOND             /* between two samples, and looks at the socket's file */
#define WAIT  (20 * CLOCK_MILLISECOND) /* between two looks at what somebody else does */
#define RETRY (10 * CLOCK_SECOND)      /* between two tries to make the socket */

enum { CLIENTS = 32, ACCEPTS = 16 /* at a time */, STOP = 0, DOOR = 1, OTHERS = 2 };
enum { LAST_TURNS = 50 }; /* of 10 ms, for those that have given an order */

struct control {
    struct collector_view view;
    struct about about;
    struct order order;
    char *path;
    struct door door;
    struct client clients[CLIENTS];
    pthread_t thread;
    bool started;
    int stop_fd;              /* an eventfd */
    uint64_t look_ns, try_ns; /* monotonic */
    char told[DOOR_WHY];      /* why there is no socket, as it was said last */
};

struct control *control_new(const char *commit)
{
    struct control *control = calloc(1, sizeof *control);
    unsigned i;

    if (control == NULL)
        return NULL;
    control->about.commit = commit;
    control->about.order = &control->order;
    control->door.fd = control->stop_fd = -1;
    for (i = 0; i < CLIENTS; i++)
        control->clients[i].fd = -1;
    return control;
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    free(control->path);
    free(control);
}

/* ---- the socket ----------------------------------------------------------------------- */

static void open_door(struct control *control, uint64_t now)
{
    struct log *log = control->view.host->log;
    char why[DOOR_WHY];

    control->try_ns = now + RETRY;
    if (door_open(&control->door, control->path, why) == 0) {
        log_format(log, LOG_INFO, NULL, "answering musterctl on %s", control->path);
        control->told[0] = '\0';
        return;
    }
    if (strcmp(why, control->told) != 0)
        log_format(log, LOG_ERROR, NULL,
                   "no control socket: %s; all else goes on, and it is tried again every 10 s",
                   why);
    memcpy(control->told, why, sizeof why);
}

/* Who cleans up a directory of temporary files takes the socket, too. */
static void look_at_door(struct control *control, uint64_t now)
{
    if (control->door.fd >= 0 && !door_stands(&control->door, control->path)) {
        log_format(control->view.host->log, LOG_WARNING, NULL,
                   "the control socket %s is gone or another's; it is made again", control->path);
        door_close(&control->door, control->path);
        control->try_ns = now;
    }
    if (control->door.fd < 0 && now >= control->try_ns)
        open_door(control, now);
}

/* ---- clients -------------------------------------------------------------------------- */

/* A place for another client: a free one, or that of the one that has been idle for longest.  NULL:
 * all are being answered. */
static struct client *find_place(struct control *control)
{
    struct client *idle = NULL;
    unsigned i;

    for (i = 0; i < CLIENTS; i++) {
        struct client *client = &control->clients[i];

        if (client->fd < 0)
            return client;
        if (!client->answering && (idle == NULL || client->moved_ns < idle->moved_ns))
            idle = client;
    }
    if (idle != NULL)
        client_end(idle);
    return idle;
}

static void let_in(struct control *control, int fd, uint64_t now)
{
    struct client *client = find_place(control);
    char why[DOOR_WHY];

    if (client == NULL) {
        close(fd);
        return;
    }
    client_begin(client, fd, now);
    if (!door_admits(&control->door, fd, why))
        client_refuse(client, why);
}

static void accept_clients(struct control *control, uint64_t now)
{
    unsigned i;
    int fd;

    for (i = 0; i < ACCEPTS; i++) {
        /* cppcheck-suppress nullPointer; accept(2) allows it */
        fd = accept4(control->door.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            let_in(control, fd, now);
        else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/* ---- the thread ----------------------------------------------------------------------- */

static void look(struct control *control, uint64_t now)
{
    const struct chain_account account = chain_account(control->view.chain);
    const struct sample sample = {
        .at_ns = now, .received = account.received, .kernel_drops = account.kernel_drops};

    samples_add(&control->about.samples, &sample);
    look_at_door(control, now);
    control->look_ns = now + LOOK;
}

/* Waits until there is something to do.  Returns false when it is time to end. */
static bool wait_for_work(struct control *control, struct pollfd fds[OTHERS + CLIENTS])
{
    uint64_t now = clock_monotonic();
    uint64_t left = control->look_ns > now ? control->look_ns - now : 0;
    struct timespec limit;
    unsigned i;

    fds[STOP] = (struct pollfd){.fd = control->stop_fd, .events = POLLIN};
    fds[DOOR] = (struct pollfd){.fd = control->door.fd, .events = POLLIN};
    for (i = 0; i < CLIENTS; i++) {
        const struct client *client = &control->clients[i];

        fds[OTHERS + i] = (struct pollfd){.fd = client->fd};
        if (client->fd < 0)
            continue;
        fds[OTHERS + i].events = client_events(client);
        if (client_is_busy(client))
            left = 0;
        else if (client->waits && left > WAIT)
            left = WAIT;
    }
    limit = clock_to_timespec(left);
    if (ppoll(fds, OTHERS + CLIENTS, &limit, NULL) < 0) {
        for (i = 0; i < OTHERS + CLIENTS; i++)
            fds[i].revents = 0;
        if (errno != EINTR) /* short of memory: later */
            clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return fds[STOP].revents == 0;
}

static bool takes_turns(struct control *control, const struct pollfd fds[OTHERS + CLIENTS])
{
    uint64_t now = clock_monotonic();
    bool any_waits = false;
    unsigned i;

    for (i = 0; i < CLIENTS; i++) {
        struct client *client = &control->clients[i];

        if (client->fd >= 0 &&
            !client_turn(client, fds[OTHERS + i].revents, now, &control->view, &control->about))
            client_end(client);
        any_waits |= client->fd >= 0 && client->waits;
    }
    return any_waits;
}

/* Whoever has given an order, such as to restart, is told what came of it before the end. */
static void answer_last(struct control *control)
{
    const struct pollfd none[OTHERS + CLIENTS] = {{0}};
    const struct timespec pause = {.tv_nsec = 10000000};
    unsigned turn;

    for (turn = 0; turn < LAST_TURNS && takes_turns(control, none); turn++)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void *run(void *argument)
{
    struct control *control = argument;
    struct pollfd fds[OTHERS + CLIENTS];

    note_begin();
    look(control, clock_monotonic());
    while (wait_for_work(control, fds)) {
        uint64_t now = clock_monotonic();

        if (now >= control->look_ns)
            look(control, now);
        takes_turns(control, fds);
        if (fds[DOOR].revents != 0 && control->door.fd >= 0)
            accept_clients(control, now);
    }
    answer_last(control);
    note_end();
    return NULL;
}

static void begin(void *context, const struct collector_view *view)
{
    struct control *control = context;
    int error;

    control->view = *view;
    file_mark_set(&control->about.config, view->config_path);
    control->path = door_path(view->config->control, view->config->state_directory);
    if (control->path == NULL)
        return;
    json_object_seed(0); /* once, while no other thread makes objects */
    control->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    error = control->stop_fd < 0 ? errno : 0;
    if (error == 0)
        error = pthread_create(&control->thread, NULL, run, control);
    control->started = error == 0;
    if (control->started)
        thread_call(control->thread, "control");
    else
        log_format(view->host->log, LOG_ERROR, NULL,
                   "cannot answer musterctl: no thread or descriptor for it: %s; all else goes on",
                   strerror(error));
}

static void end(void *context)
{
    struct control *control = context;
    unsigned i;

    if (control->started) {
        eventfd_write(control->stop_fd, 1);
        pthread_join(control->thread, NULL);
    }
    control->started = false;
    for (i = 0; i < CLIENTS; i++)
        client_end(&control->clients[i]);
    order_end(&control->order);
    if (control->path != NULL)
        door_close(&control->door, control->path);
    if (control->stop_fd >= 0)
        close(control->stop_fd);
    control->stop_fd = -1;
}

struct collector_attendant control_attendant(struct control *control)
{
    return (struct collector_attendant){.context = control, .begin = begin, .end = end};
}
