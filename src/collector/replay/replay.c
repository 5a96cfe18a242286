/* SPDX-License-Identifier: MIT
 *
 * What the workers' threads do while datagrams arrive is done here for all of them,
 * in the order of the capture.  When filters tick, and with what time, follows from the
 * capture alone; so does when a worker publishes, unless a pipe has to be awaited.
 */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <muster/wire.h>

#include "base/clock.h"

enum {
    BATCH = RECEIVE_BATCH, /* datagrams that a worker takes before it publishes */
    LOOK_PACKETS = 256,    /* between two looks for a signal */
    /* Records that wait for a sink, at most: half a MiB.  With as many as the queue takes, 65,536,
     * a row took 5 ns more.  2,048, 4,096 and 8,192 are alike on a quiet machine; beside others
     * that use the caches, 4,096 took 51 ns, the other two 59. */
    AHEAD = 4096,
    /* A day of seconds.  The clock jumps over the rest of a longer silence, which a
     * wrong time stamp can be, too. */
    TICKS_MOST = 86400
};

#define LOOK (50 * CLOCK_MILLISECOND) /* between two looks for a signal while a sink works */

/* ---- signals -------------------------------------------------------------------------- */

/* Sees to signals, for which it waits `ns`.  Returns whether it is time to stop. */
static bool look_for_signals(struct replay *replay, uint64_t ns)
{
    const struct timespec ts = clock_to_timespec(ns);
    int got;

    if (replay->stopped)
        return true;
    got = sigtimedwait(replay->signals, NULL, &ts);
    if (got == SIGTERM || got == SIGINT) {
        log_format(replay->log, LOG_INFO, NULL, "%s: stopping before the end of the capture",
                   got == SIGTERM ? "SIGTERM" : "SIGINT");
        replay->stopped = true;
    } else if (got == SIGHUP && replay->collector != NULL) {
        log_line(replay->log, LOG_INFO, NULL, "SIGHUP: reopening every output");
        collector_rotate(replay->collector);
    }
    return replay->stopped;
}

/* ---- sinks ---------------------------------------------------------------------------- */

static void wake_sinks(struct replay *replay)
{
    unsigned i;

    for (i = 0; i < replay->collector->sink_count; i++)
        eventcount_notify(&replay->collector->sinks[i].bell);
}

/* For the worker: holds a run back until the queue has room for it.  So the two take turns: the
 * sinks sleep until there is much to do, and the worker until half of that is done; nobody naps,
 * since a CPU that naps may lose its caches. */
static void wait_for_room(void *context, struct queue *queue, const struct run *run,
                          uint32_t wanted)
{
    struct replay *replay = context;

    while (queue_waiting(queue) + wanted > AHEAD || !queue_has_room(queue, run, wanted)) {
        if (look_for_signals(replay, 0))
            return;
        wake_sinks(replay);
        queue_wait(queue, queue_waiting(queue) / 2, LOOK);
    }
}

/* ---- workers -------------------------------------------------------------------------- */

static void publish_all(struct replay *replay)
{
    unsigned i;

    for (i = 0; i < replay->collector->worker_count; i++) {
        worker_publish(&replay->collector->workers[i]);
        replay->pending[i] = 0;
    }
}

/* Every filter of every worker ticks at the same times, however the devices are
 * shared out. */
static void tick_all(struct replay *replay, uint64_t now_ns)
{
    unsigned i, f;

    atomic_store(replay->clock_ns, now_ns);
    publish_all(replay);
    replay->next_tick_ns = now_ns + WORKER_TICK;
    for (i = 0; i < replay->collector->worker_count; i++) {
        struct worker *worker = &replay->collector->workers[i];
        uint64_t next;

        for (f = 0; f < worker->filter_count; f++)
            worker->filters[f].next_tick_ns = 0;
        next = worker_tick_filters(worker, now_ns);
        if (next < replay->next_tick_ns)
            replay->next_tick_ns = next;
    }
}

/* Brings the clock to the time of a packet, tick by tick. */
static void advance(struct replay *replay, uint64_t now_ns)
{
    unsigned ticks;

    if (now_ns <= atomic_load_explicit(replay->clock_ns, memory_order_relaxed))
        return;
    for (ticks = 0; replay->next_tick_ns <= now_ns; ticks++) {
        if (look_for_signals(replay, 0))
            return;
        tick_all(replay, ticks < TICKS_MOST ? replay->next_tick_ns : now_ns);
    }
    atomic_store_explicit(replay->clock_ns, now_ns, memory_order_relaxed);
}

/* ---- packets -------------------------------------------------------------------------- */

/* Which entry of `listen` a datagram would have come in by: one with its port, if
 * possible of its address family, or else one that takes any port.  -1: none. */
static int find_listener(const struct config *config, const struct capture_packet *packet)
{
    int same_port = -1, any_port = -1;
    unsigned i;

    for (i = config->listen_count; i-- > 0;) {
        uint16_t port = address_port(&config->listen[i]);
        bool same_family = config->listen[i].storage.ss_family == packet->source.any.sa_family;

        if (port == packet->destination_port &&
            (same_port < 0 || same_family ||
             config->listen[same_port].storage.ss_family != packet->source.any.sa_family))
            same_port = (int)i;
        if (port == 0)
            any_port = (int)i;
    }
    return same_port >= 0 ? same_port : any_port;
}

static void take(struct replay *replay, const struct capture_packet *packet, int listener)
{
    struct collector *collector = replay->collector;
    unsigned id = packet->size >= 2 ? muster_get_u16(packet->payload) % collector->worker_count : 0;
    struct worker *worker = &collector->workers[id];
    const struct datagram datagram = {
        .bytes = packet->payload,
        .size = packet->size,
        .stored = packet->size <= worker->largest ? packet->size : worker->largest + 1,
        .arrival_ns = replay->packet.arrival_ns,
        .source = &packet->source.any,
        .listener = (uint8_t)listener,
    };

    if (replay->pending[id] == 0)
        worker_begin(worker);
    worker_take(worker, &datagram);
    if (++replay->pending[id] == BATCH) {
        worker_publish(worker);
        replay->pending[id] = 0;
    }
}

static void count(struct capture_account *account, enum capture_outcome outcome)
{
    switch (outcome) {
    case CAPTURE_NOT_UDP:
        account->not_udp++;
        break;
    case CAPTURE_FRAGMENT:
        account->fragments++;
        break;
    case CAPTURE_TRUNCATED:
        account->truncated++;
        break;
    case CAPTURE_MALFORMED:
        account->malformed++;
        break;
    case CAPTURE_DATAGRAM:
    case CAPTURE_OUTCOMES:
        break;
    }
}

static void handle(struct replay *replay)
{
    struct capture_packet packet;
    struct capture_account *account = &replay->account;
    int listener;

    capture_parse(capture_file_link(replay->file), replay->packet.bytes, replay->packet.captured,
                  replay->packet.on_wire, &packet);
    listener = find_listener(replay->collector->config, &packet);
    account->packets++;
    if (packet.has_ports && listener < 0) {
        account->other_port++;
    } else if (packet.outcome == CAPTURE_DATAGRAM) {
        account->taken++;
        take(replay, &packet, listener);
    } else {
        count(account, packet.outcome);
    }
    if (account->packets % LOOK_PACKETS == 0)
        look_for_signals(replay, 0);
}

/* Reads the next packet.  Returns whether there is one. */
static bool read_packet(struct replay *replay)
{
    char why[1024];
    int got = capture_file_next(replay->file, &replay->packet, why, sizeof why);

    if (got < 0 && !replay->stopped) {
        replay->broken = true;
        log_line(replay->log, replay->collector != NULL ? LOG_WARNING : LOG_ERROR, NULL, why);
    }
    return got > 0 && !replay->stopped;
}

/* ---- start and end -------------------------------------------------------------------- */

/* While the next packet is awaited: whoever follows a pipe sees what came so far. */
static bool idle(void *context)
{
    struct replay *replay = context;

    if (replay->collector != NULL) {
        publish_all(replay);
        wake_sinks(replay);
    } else if (!replay->waits) {
        replay->waits = true;
        log_line(replay->log, LOG_INFO, NULL, "waiting for the first packet");
    }
    return look_for_signals(replay, 0);
}

int replay_open(struct replay *replay, const char *path, const sigset_t *signals, struct host *host)
{
    char why[1024];

    memset(replay, 0, sizeof *replay);
    host->is_replay = true;
    replay->clock_ns = &host->capture_ns;
    replay->signals = signals;
    replay->log = host->log;
    replay->file = capture_file_open(path, idle, replay, why, sizeof why);
    if (replay->file == NULL) {
        if (!replay->stopped)
            log_line(replay->log, LOG_ERROR, NULL, why);
        return -1;
    }
    /* The plugins, which are opened next, shall find the clock set. */
    replay->has_packet = read_packet(replay);
    if (replay->has_packet)
        atomic_store(replay->clock_ns, replay->packet.arrival_ns);
    return replay->broken ? -1 : 0;
}

/* Waits until the sinks have taken what is queued. */
static void wait_for_sinks(struct replay *replay)
{
    const struct collector *collector = replay->collector;
    unsigned s, w;

    wake_sinks(replay);
    for (s = 0; s < collector->sink_count; s++)
        for (w = 0; w < collector->worker_count; w++)
            while (queue_waiting(&collector->sinks[s].queues[w]) > 0) {
                queue_wait(&collector->sinks[s].queues[w], 0, LOOK);
                if (look_for_signals(replay, 0))
                    return;
            }
}

/* Where the packets went is in the ledger; here is what to do if none came in. */
static void report_end(const struct replay *replay)
{
    const struct capture_account *account = &replay->account;

    log_line(replay->log, LOG_INFO, NULL, "the capture is at its end");
    if (account->taken > 0 || account->packets == 0)
        return;
    log_format(replay->log, LOG_WARNING, NULL,
               "none of its %" PRIu64 " packets came in: %" PRIu64 " are for ports that are not in "
               "`listen`, %" PRIu64 " are no UDP, and of %" PRIu64
               " the capture has too little (capture "
               "with a larger snap length)",
               account->packets, account->other_port, account->not_udp, account->truncated);
}

void replay_run(struct replay *replay, struct collector *collector)
{
    unsigned i;

    replay->pending = calloc(collector->worker_count, sizeof *replay->pending);
    if (replay->pending == NULL) {
        log_line(replay->log, LOG_ERROR, NULL, "out of memory");
        replay->broken = true;
        return;
    }
    log_format(replay->log, LOG_INFO, NULL, "replaying %s", capture_file_name(replay->file));
    replay->collector = collector;
    replay->next_tick_ns = atomic_load(replay->clock_ns) + WORKER_TICK;
    collector->capture = &replay->account;
    for (i = 0; i < collector->worker_count; i++) {
        collector->workers[i].wait_for_room = wait_for_room;
        collector->workers[i].wait_context = replay;
        collector->workers[i].wakes_late = true;
    }
    while (replay->has_packet && !replay->stopped) {
        advance(replay, replay->packet.arrival_ns);
        if (replay->stopped)
            break;
        handle(replay);
        replay->has_packet = read_packet(replay);
    }
    publish_all(replay);
    for (i = 0; i < collector->worker_count; i++)
        worker_close_filters(&collector->workers[i]);
    if (!replay->stopped && !replay->broken)
        report_end(replay);
    wait_for_sinks(replay);
}

void replay_close(struct replay *replay)
{
    capture_file_close(replay->file);
    free(replay->pending);
    replay->file = NULL;
    replay->pending = NULL;
}
