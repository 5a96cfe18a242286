/* SPDX-License-Identifier: MIT
 *
 * Start and stop.  Sinks start before workers, so that there is somebody to take
 * what comes; workers end before sinks, so that nothing comes any more.
 */
#include "collector.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "collector/live/listener.h"
#include "collector/state/state.h"

#define JOIN_SLICE (100 * CLOCK_MILLISECOND) /* between two looks for a signal */
#define JOIN_GRACE CLOCK_SECOND

static int open_listeners(struct collector *collector)
{
    const struct config *config = collector->config;
    unsigned i;

    collector->listeners = calloc(config->listen_count, sizeof *collector->listeners);
    if (collector->listeners == NULL)
        return -1;
    for (i = 0; i < config->listen_count; i++) {
        collector->listeners[i].address = config->listen[i];
        if (listener_open(&collector->listeners[i], config->workers, config->receive_buffer,
                          collector->host->log) < 0)
            return -1;
    }
    return 0;
}

static int open_instances(struct collector *collector)
{
    const struct config *config = collector->config;
    unsigned i;

    collector->instances = calloc(config->entry_count + 1, sizeof *collector->instances);
    if (collector->instances == NULL)
        return -1;
    for (i = 0; i < config->entry_count; i++)
        instance_init(&collector->instances[i], &config->chain[i], collector->host);
    for (i = 0; i < config->entry_count; i++) {
        if (instance_open(&collector->instances[i]) < 0) {
            log_format(collector->host->log, LOG_ERROR, NULL,
                       "the plugin %s could not be opened (%s:%u)",
                       collector->instances[i].entry->name, collector->instances[i].entry->file,
                       collector->instances[i].entry->line);
            return -1;
        }
    }
    return 0;
}

static int watch_sink(struct collector *collector, struct sink *sink)
{
    struct metrics *m = collector->host->metrics;
    const char *name = sink->instance->entry->name;
    unsigned i;

    for (i = 0; i < sink->worker_count; i++)
        if (metrics_watch(m, sink, name, "offered", "records", "brought to this sink",
                          &sink->queues[i].offered) < 0 ||
            metrics_watch(m, sink, name, "dropped.full", "records", "dropped: the queue was full",
                          &sink->queues[i].dropped) < 0)
            return -1;
    if (metrics_watch(m, sink, name, "written", "records", "taken by this sink", &sink->written) <
            0 ||
        metrics_watch(m, sink, name, "dropped.given_up", "records",
                      "of the written ones, those that the sink could not deliver in the end",
                      &sink->given_up) < 0 ||
        metrics_watch(m, sink, name, "dropped.failed", "records", "dropped: the sink gave up",
                      &sink->dropped_failed) < 0 ||
        metrics_watch(m, sink, name, "dropped.stop", "records",
                      "dropped: the time to stop was over", &sink->dropped_stop) < 0)
        return -1;
    return 0;
}

static int make_sinks(struct collector *collector)
{
    const struct config *config = collector->config;
    unsigned i, count = config->entry_count - config->filter_count;

    collector->sinks = aligned_alloc(_Alignof(struct sink), (count + 1) * sizeof *collector->sinks);
    if (collector->sinks == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        struct sink *sink = &collector->sinks[i];

        if (sink_init(sink, &collector->instances[config->filter_count + i], config->workers) < 0)
            return -1;
        collector->sink_count++;
    }
    return 0;
}

static int make_workers(struct collector *collector)
{
    const struct config *config = collector->config;
    struct muster_instance **filters = calloc(config->filter_count + 1, sizeof *filters);
    int *sockets = calloc(config->listen_count, sizeof *sockets);
    unsigned i, w;
    int result = -1;

    collector->workers =
        aligned_alloc(_Alignof(struct worker), config->workers * sizeof *collector->workers);
    if (collector->workers == NULL || filters == NULL || sockets == NULL)
        goto done;
    for (i = 0; i < config->filter_count; i++)
        filters[i] = &collector->instances[i];
    for (w = 0; w < config->workers; w++) {
        struct worker_setup setup = {
            .id = w,
            .count = config->workers,
            .host = collector->host,
            .stop_fd = collector->stop_fd,
            .sockets = sockets,
            .socket_count = config->listen_count,
            .largest = config->largest,
            .filters = filters,
            .filter_count = config->filter_count,
            .sinks = collector->sinks,
            .sink_count = collector->sink_count,
        };

        for (i = 0; i < config->listen_count; i++)
            sockets[i] = collector->live ? collector->listeners[i].sockets[w] : -1;
        collector->worker_count++; /* worker_destroy copes with a part of one */
        if (worker_init(&collector->workers[w], &setup) < 0)
            goto done;
    }
    result = 0;

done:
    free(sockets);
    free(filters);
    return result;
}

static int start_threads(struct collector *collector)
{
    unsigned i;
    int error = 0;

    for (i = 0; i < collector->sink_count && error == 0; i++) {
        if (watch_sink(collector, &collector->sinks[i]) < 0)
            error = ENOMEM;
        else
            error = sink_start(&collector->sinks[i]);
    }
    for (i = 0; collector->live && i < collector->worker_count && error == 0; i++)
        error = worker_start(&collector->workers[i]);
    if (error != 0)
        log_format(collector->host->log, LOG_ERROR, NULL, "cannot start a thread: %s",
                   strerror(error));
    return error == 0 ? 0 : -1;
}

int collector_start(struct collector *collector, const struct config *config,
                    const struct host *host, bool live)
{
    char text[ADDRESS_TEXT];
    unsigned i;

    memset(collector, 0, sizeof *collector);
    collector->config = config;
    collector->host = host;
    collector->live = live;
    collector->started_ns = clock_monotonic();
    collector->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (collector->stop_fd < 0) {
        log_format(host->log, LOG_ERROR, NULL, "cannot make an eventfd: %s", strerror(errno));
        return -1;
    }
    if ((live && open_listeners(collector) < 0) || open_instances(collector) < 0)
        return -1;
    if (make_sinks(collector) < 0) {
        log_line(host->log, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    if (make_workers(collector) < 0)
        return -1;
    state_store_begin(host->states); /* from now on a start that fails ends in order too */
    if (start_threads(collector) < 0)
        return -1;
    for (i = 0; live && i < config->listen_count; i++)
        log_format(host->log, LOG_INFO, NULL, "listening on %s",
                   address_text(address_get(&collector->listeners[i].address), text));
    return 0;
}

void collector_rotate(struct collector *collector)
{
    unsigned i;

    for (i = 0; i < collector->sink_count; i++)
        sink_rotate(&collector->sinks[i]);
}

/* Whether SIGTERM or SIGINT came once more: somebody is in a hurry. */
static bool is_urged(const sigset_t *signals)
{
    const struct timespec now = {0};
    int got = sigtimedwait(signals, NULL, &now);

    return got == SIGTERM || got == SIGINT;
}

/* Waits for the sinks until the deadline, and a little longer, since a sink that
 * comes back just then still has to count what it drops. */
static void join_sinks(struct collector *collector, uint64_t deadline, const sigset_t *signals)
{
    unsigned i;

    for (i = 0; i < collector->sink_count; i++) {
        struct sink *sink = &collector->sinks[i];
        bool told = false;
        uint64_t now;

        while (!sink_join(sink, JOIN_SLICE) && (now = clock_monotonic()) < deadline + JOIN_GRACE) {
            if (!told && now < deadline)
                log_format(collector->host->log, LOG_INFO, sink->instance->entry->name,
                           "%" PRIu64 " records wait to be written; this may take %" PRIu64
                           " s at most",
                           sink_account(sink).queued, (deadline - now) / CLOCK_SECOND + 1);
            told = true;
            if (is_urged(signals)) {
                unsigned s;

                log_line(collector->host->log, LOG_WARNING, NULL,
                         "asked again to stop: sinks get no more time");
                collector->urged = true;
                deadline = clock_monotonic();
                for (s = 0; s < collector->sink_count; s++)
                    sink_drain(&collector->sinks[s], deadline);
            }
        }
        if (!sink_join(sink, 0)) {
            sink_abandon(sink);
            collector->stuck = true;
        }
    }
}

static void report_given_up(const struct collector *collector)
{
    unsigned i;

    for (i = 0; i < collector->sink_count; i++) {
        const struct sink *sink = &collector->sinks[i];
        struct sink_account account = sink_account(sink);

        if (sink->stuck)
            log_format(collector->host->log, LOG_ERROR, sink->instance->entry->name,
                       "the sink does not come back from its plugin; %llu records are given up",
                       (unsigned long long)account.dropped_stuck);
        else if (account.dropped_stop > 0)
            log_format(collector->host->log, LOG_ERROR, sink->instance->entry->name,
                       "the time to stop was over; %llu records are given up%s",
                       (unsigned long long)account.dropped_stop,
                       collector->urged ? "" : " (stop_timeout gives more time)");
    }
}

static bool is_stuck(const struct collector *collector, const struct muster_instance *instance)
{
    unsigned i;

    for (i = 0; i < collector->sink_count; i++)
        if (collector->sinks[i].instance == instance)
            return collector->sinks[i].stuck;
    return false;
}

void collector_stop(struct collector *collector, const sigset_t *signals)
{
    uint64_t one = 1, deadline;
    unsigned i;

    if (collector->stop_fd >= 0 && write(collector->stop_fd, &one, sizeof one) < 0)
        log_format(collector->host->log, LOG_ERROR, NULL, "cannot stop the workers: %s",
                   strerror(errno));
    for (i = 0; i < collector->worker_count; i++)
        if (collector->workers[i].started)
            pthread_join(collector->workers[i].thread, NULL);
    deadline = clock_monotonic() + (uint64_t)collector->config->stop_ns;
    for (i = 0; i < collector->sink_count; i++)
        sink_drain(&collector->sinks[i], deadline);
    join_sinks(collector, deadline, signals);
    report_given_up(collector);
    collector->stopped_ns = clock_monotonic();

    for (i = 0; i < collector->worker_count; i++)
        if (!collector->workers[i].started)
            worker_close_filters(&collector->workers[i]);
    /* Last opened, first closed. */
    for (i = collector->config->entry_count; collector->instances != NULL && i-- > 0;)
        if (!is_stuck(collector, &collector->instances[i]))
            instance_close(&collector->instances[i]);
}

void collector_destroy(struct collector *collector)
{
    unsigned i;

    if (collector->stuck)
        return;
    for (i = 0; i < collector->worker_count; i++)
        worker_destroy(&collector->workers[i]);
    for (i = 0; i < collector->sink_count; i++)
        sink_destroy(&collector->sinks[i]);
    for (i = 0; collector->listeners != NULL && i < collector->config->listen_count; i++)
        listener_close(&collector->listeners[i]);
    free(collector->listeners);
    free(collector->workers);
    free(collector->sinks);
    free(collector->instances);
    if (collector->stop_fd >= 0)
        close(collector->stop_fd);
}
