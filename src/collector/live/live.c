/* SPDX-License-Identifier: MIT
 *
 * All sockets are there before the first worker starts.
 */
#include "live.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/notify.h"
#include "reply.h"

#define LOOK (2 * CLOCK_SECOND) /* between two looks at listeners that cannot receive yet */

int live_open(struct live *live, const struct live_settings *settings, struct problems *problems)
{
    struct inherited inherited;
    unsigned i;
    int result = 0;

    memset(live, 0, sizeof *live);
    live->group.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    live->group.ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    drops_init(&live->group.drops);
    live->listeners = calloc(settings->listen_count + 1, sizeof *live->listeners);
    if (live->group.stop_fd < 0 || live->group.ended_fd < 0 || live->listeners == NULL ||
        inherited_take(&inherited) < 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot listen: %s", strerror(errno));
        return -1;
    }
    live->is_held = inherited.is_held;
    for (i = 0; i < settings->listen_count && result == 0; i++) {
        live->listener_count++;
        result = listener_open(&live->listeners[i], &settings->listen[i], settings->workers,
                               settings->receive_buffer, &inherited, problems);
    }
    inherited_close(&inherited, problems);
    return result;
}

static unsigned send_answers(void *context, unsigned pipeline, const struct answer *answers,
                             unsigned count)
{
    const struct live *live = context;

    return reply_send(live->listeners, pipeline, answers, count);
}

struct answers_front live_answers(struct live *live)
{
    return (struct answers_front){.context = live, .send = send_answers};
}

static int start_workers(struct live *live, struct chain *chain)
{
    struct worker_group *group = &live->group;
    unsigned i;
    int error;

    group->listeners = live->listeners;
    group->listener_count = live->listener_count;
    if (steering_init(&group->steering, live->listeners, live->listener_count,
                      chain->pipeline_count, chain->pipelines[0].host->log) < 0)
        return errno;
    live->workers = calloc(chain->pipeline_count, sizeof *live->workers);
    if (live->workers == NULL)
        return ENOMEM;
    for (i = 0; i < chain->pipeline_count; i++) {
        live->worker_count++;
        if (worker_init(&live->workers[i], &chain->pipelines[i], group) < 0)
            return ENOMEM;
    }
    for (i = 0; i < live->worker_count; i++)
        if ((error = worker_start(&live->workers[i])) != 0)
            return error;
    return 0;
}

static void tell(const struct listener *listener, struct problems *problems)
{
    char text[ADDRESS_TEXT];

    problems_note(problems, LOG_INFO, NULL, "listening on %s",
                  address_text(address_get(&listener->address), text));
}

int live_start(struct live *live, struct chain *chain, struct problems *problems)
{
    unsigned i;
    int error = start_workers(live, chain);

    if (error != 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot start to receive: %s", strerror(error));
        return -1;
    }
    for (i = 0; i < live->listener_count; i++)
        if (live->listeners[i].is_ready)
            tell(&live->listeners[i], problems);
    return 0;
}

uint64_t live_look(struct live *live, uint64_t now_ns, struct problems *problems)
{
    bool any = false;
    unsigned i;

    for (i = 0; i < live->listener_count; i++) {
        struct listener *listener = &live->listeners[i];

        if (!listener_is_looked_at(listener))
            continue;
        any = true;
        if (now_ns >= live->next_look_ns &&
            steering_look(&live->group.steering, listener, problems))
            tell(listener, problems);
    }
    if (now_ns >= live->next_look_ns)
        live->next_look_ns = now_ns + LOOK;
    return any ? live->next_look_ns : 0;
}

void live_stop(struct live *live, bool leaves)
{
    atomic_store(&live->group.leaves, leaves);
    if (live->group.stop_fd >= 0)
        eventfd_write(live->group.stop_fd, 1);
}

bool live_stopped(struct live *live)
{
    eventfd_t unused;
    bool all = true;
    unsigned i;

    if (live->group.ended_fd >= 0)
        eventfd_read(live->group.ended_fd, &unused);
    for (i = 0; i < live->worker_count; i++)
        all &= worker_join(&live->workers[i]);
    return all;
}

int live_ended_fd(const struct live *live)
{
    return live->group.ended_fd;
}

void live_retire(struct live *live)
{
    unsigned i;

    for (i = 0; i < live->worker_count && !atomic_load(&live->group.leaves); i++)
        if (!live->workers[i].started)
            worker_retire(&live->workers[i]);
}

int live_leave(struct live *live, struct inherited *left)
{
    unsigned i, k;

    *left = (struct inherited){.is_held = live->is_held};
    left->sockets =
        calloc((size_t)live->listener_count * live->worker_count + 1, sizeof *left->sockets);
    if (left->sockets == NULL)
        return -1;
    for (i = 0; i < live->listener_count; i++)
        for (k = 0; k < live->worker_count; k++) {
            left->sockets[left->count++] = (struct inherited_socket){
                .fd = live->listeners[i].sockets[k],
                .drops = live->workers[k].ports[i].drops,
            };
            live->listeners[i].sockets[k] = -1;
        }
    return 0;
}

bool live_moves(struct live *live, uint64_t now_ns, uint64_t within_ns)
{
    bool all = true;
    unsigned i;

    for (i = 0; i < live->worker_count; i++) {
        struct worker *worker = &live->workers[i];
        unsigned beat = atomic_load(&live->group.steering.parts[i].beat);

        if (beat != worker->seen_beat || worker->seen_ns == 0) {
            worker->seen_beat = beat;
            worker->seen_ns = now_ns;
        }
        all &= now_ns - worker->seen_ns < within_ns;
    }
    return all;
}

void live_store(struct live *live)
{
    char name[32];
    unsigned i, k;

    if (getenv("FDSTORE") == NULL)
        return;
    live->is_held = true;
    for (i = 0; i < live->listener_count; i++)
        for (k = 0; k < live->listeners[i].socket_count; k++) {
            snprintf(name, sizeof name, INHERITED_NAME, i, k);
            live->is_held &= notify_store(live->listeners[i].sockets[k], name) == 0;
        }
}

void live_abandon(struct live *live, struct chain *chain)
{
    unsigned i;

    for (i = 0; i < live->worker_count; i++)
        if (!worker_join(&live->workers[i]))
            chain_abandon_pipeline(chain, live->workers[i].pipeline->id);
}

void live_close(struct live *live)
{
    unsigned i;

    for (i = 0; i < live->worker_count; i++)
        worker_free(&live->workers[i]);
    free(live->workers);
    for (i = 0; i < live->listener_count; i++)
        listener_close(&live->listeners[i]);
    free(live->listeners);
    if (live->group.steering.listeners != NULL)
        steering_free(&live->group.steering);
    drops_free(&live->group.drops);
    if (live->group.stop_fd >= 0)
        close(live->group.stop_fd);
    if (live->group.ended_fd >= 0)
        close(live->group.ended_fd);
    memset(live, 0, sizeof *live);
    live->group.stop_fd = live->group.ended_fd = -1;
}
