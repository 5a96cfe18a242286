/* SPDX-License-Identifier: MIT
 *
 * What the workers' threads do while datagrams arrive is done here for all of them,
 * in the order of the capture.  When filters tick, and with what time, follows from the
 * capture alone; so does when a pipeline publishes, unless a pipe has to be awaited.
 */
#include "replay.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "collector/flow/recognize.h"
#include "collector/host/note.h"

enum {
    BATCH = 64, /* datagrams that a pipeline takes before it publishes, as a live one does */
    /* A day, if filters tick once a second.  The clock jumps over the rest of a longer silence,
     * which a wrong time stamp can be, too. */
    TICKS_MOST = 86400
};

static bool is_stopped(struct replay *replay)
{
    return atomic_load_explicit(&replay->stop, memory_order_relaxed);
}

/* ---- pipelines ------------------------------------------------------------------------ */

static void publish_all(struct replay *replay)
{
    unsigned i;

    for (i = 0; i < replay->chain->pipeline_count; i++) {
        pipeline_publish(&replay->chain->pipelines[i]);
        replay->pending[i] = 0;
    }
}

/* Every filter of every pipeline ticks at the same times, however the devices are
 * shared out. */
static void tick_all(struct replay *replay, uint64_t now_ns)
{
    unsigned i;

    atomic_store(replay->clock_ns, now_ns);
    publish_all(replay);
    replay->next_tick_ns = now_ns + PIPELINE_TICK;
    for (i = 0; i < replay->chain->pipeline_count; i++) {
        uint64_t next = pipeline_tick_all(&replay->chain->pipelines[i], now_ns);

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
        if (is_stopped(replay))
            return;
        tick_all(replay, ticks < TICKS_MOST ? replay->next_tick_ns : now_ns);
    }
    atomic_store_explicit(replay->clock_ns, now_ns, memory_order_relaxed);
}

/* ---- packets -------------------------------------------------------------------------- */

/* Which entry of `listen` a datagram would have come in by: one with its port, if
 * possible of its address family, or else one that takes any port.  -1: none. */
static inline int find_listener(const struct replay *replay, const struct packet *packet)
{
    int same_port = -1, any_port = -1;
    unsigned i;

    for (i = replay->listen_count; i-- > 0;) {
        const struct address *listen = &replay->listen[i].address;
        uint16_t port = address_port(listen);
        bool same_family = listen->storage.ss_family == packet->source.any.sa_family;

        if (port == packet->destination_port &&
            (same_port < 0 || same_family ||
             replay->listen[same_port].address.storage.ss_family != packet->source.any.sa_family))
            same_port = (int)i;
        if (port == 0)
            any_port = (int)i;
    }
    return same_port >= 0 ? same_port : any_port;
}

static void take(struct replay *replay, const struct packet *packet, int listener)
{
    struct chain *chain = replay->chain;
    const uint32_t largest = chain->pipelines[0].largest;
    struct datagram datagram = {
        .bytes = packet->payload,
        .size = packet->size,
        .stored = packet->size <= largest ? packet->size : largest + 1,
        .arrival_ns = replay->packet.arrival_ns,
        .source = &packet->source.any,
        .local = packet->destination,
        .local_port = packet->destination_port,
        .listener = (uint8_t)listener,
    };
    struct recognized seen;
    unsigned id = recognize_worker(chain->pipelines[0].formats, chain->host, &datagram,
                                   chain->pipeline_count, &seen);
    struct pipeline *pipeline = &chain->pipelines[id];

    if (seen.format != 0)
        datagram.recognized = &seen;
    if (replay->pending[id] == 0)
        pipeline_begin(pipeline);
    pipeline_take(pipeline, &datagram);
    if (++replay->pending[id] == BATCH) {
        pipeline_publish(pipeline);
        replay->pending[id] = 0;
    }
}

/* Counts a packet whose datagram is not taken. */
static void count(struct replay *replay, int listener)
{
    struct capture_account *account = &replay->account;

    if (replay->parsed.has_ports && listener < 0) {
        account->other_port++;
        return;
    }
    switch (replay->parsed.outcome) {
    case PACKET_NOT_UDP:
        account->not_udp++;
        break;
    case PACKET_FRAGMENT:
        account->fragments++;
        break;
    case PACKET_TRUNCATED:
        account->truncated++;
        break;
    case PACKET_MALFORMED:
        account->malformed++;
        break;
    case PACKET_DATAGRAM:
    case PACKET_OUTCOMES:
        break;
    }
}

static void handle(struct replay *replay)
{
    int listener = find_listener(replay, &replay->parsed);

    replay->account.packets++;
    if (replay->parsed.outcome == PACKET_DATAGRAM && listener >= 0) {
        replay->account.taken++;
        take(replay, &replay->parsed, listener);
    } else {
        count(replay, listener);
    }
}

/* Reads the next packet.  Returns whether there is one. */
static bool read_packet(struct replay *replay)
{
    struct capture_bytes *packet = &replay->packet;
    const uint64_t before_ns = packet->arrival_ns;
    char why[1024];
    enum capture_result got;

    while ((got = capture_next(replay->file, packet, why, sizeof why)) != CAPTURE_PACKET) {
        if (got == CAPTURE_WARNING) {
            log_line(replay->log, LOG_WARNING, NULL, why);
            continue;
        }
        if (got == CAPTURE_FAILED && !is_stopped(replay)) {
            replay->broken = true;
            log_line(replay->log, replay->chain != NULL ? LOG_WARNING : LOG_ERROR, NULL, why);
        }
        return false;
    }
    packet_parse(packet->link, packet->bytes, packet->captured, packet->on_wire, &replay->parsed);
    /* What is damaged may claim any time.  Such a packet, and one without a time, has that of the
     * packet before, so that it does not move the clock. */
    if (!replay->parsed.is_sound || packet->arrival_ns == 0)
        packet->arrival_ns = before_ns;
    return true;
}

/* ---- the thread ----------------------------------------------------------------------- */

/* While the next packet is awaited: whoever follows a pipe sees what came so far. */
static bool idle(void *context)
{
    struct replay *replay = context;
    unsigned i;

    if (replay->chain != NULL) {
        publish_all(replay);
        for (i = 0; i < replay->chain->pipeline_count; i++)
            fanout_wake(&replay->chain->pipelines[i].fanout);
    } else if (!replay->waits) {
        replay->waits = true;
        log_line(replay->log, LOG_INFO, NULL, "waiting for the first packet");
    }
    return is_stopped(replay);
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

static void play(struct replay *replay)
{
    unsigned i;

    log_format(replay->log, LOG_INFO, NULL, "replaying %s", capture_name(replay->file));
    replay->next_tick_ns = atomic_load(replay->clock_ns) + PIPELINE_TICK;
    while (replay->has_packet) {
        advance(replay, replay->packet.arrival_ns);
        if (is_stopped(replay))
            break;
        handle(replay);
        replay->has_packet = read_packet(replay);
    }
    publish_all(replay);
    for (i = 0; i < replay->chain->pipeline_count; i++)
        pipeline_close(&replay->chain->pipelines[i]);
    if (!is_stopped(replay) && !replay->broken)
        report_end(replay);
    for (i = 0; i < replay->chain->pipeline_count; i++)
        fanout_settle(&replay->chain->pipelines[i].fanout);
}

/* Becomes true, and the main thread is told. */
static void tell(struct replay *replay, atomic_bool *what)
{
    atomic_store(what, true);
    eventfd_write(replay->event_fd, 1);
}

/* Opens the capture and reads its first packet that is sound; those before it are counted.  For a
 * pipe, that may take as long as it takes. */
static void begin(struct replay *replay)
{
    char why[1024];

    replay->file = capture_open(replay->path, idle, replay, why, sizeof why);
    if (replay->file == NULL) {
        replay->broken = true;
        if (!is_stopped(replay))
            log_line(replay->log, LOG_ERROR, NULL, why);
        return;
    }
    while ((replay->has_packet = read_packet(replay)) && !replay->parsed.is_sound) {
        replay->account.packets++;
        count(replay, find_listener(replay, &replay->parsed));
        if (is_stopped(replay))
            return;
    }
    if (replay->has_packet)
        atomic_store(replay->clock_ns, replay->packet.arrival_ns);
}

static void *run(void *argument)
{
    struct replay *replay = argument;

    note_begin();
    begin(replay);
    tell(replay, &replay->ready);
    while (sem_wait(&replay->go) < 0)
        ;
    if (replay->chain != NULL)
        play(replay);
    note_end();
    tell(replay, &replay->over);
    return NULL;
}

/* ---- main ----------------------------------------------------------------------------- */

int replay_open(struct replay *replay, const struct replay_settings *settings, struct host *host,
                struct problems *problems)
{
    int error;

    memset(replay, 0, sizeof *replay);
    replay->path = settings->path;
    replay->listen = settings->listen;
    replay->listen_count = settings->listen_count;
    replay->log = host->log;
    replay->clock_ns = &host->capture_ns;
    sem_init(&replay->go, 0, 0);
    replay->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (replay->event_fd < 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot make an eventfd: %s", strerror(errno));
        return -1;
    }
    error = pthread_create(&replay->thread, NULL, run, replay);
    if (error != 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot start a thread: %s", strerror(error));
        return -1;
    }
    replay->started = true;
    thread_call(replay->thread, "replay");
    return 0;
}

static bool has_become(struct replay *replay, atomic_bool *what)
{
    eventfd_t unused;

    eventfd_read(replay->event_fd, &unused);
    return atomic_load(what);
}

bool replay_is_ready(struct replay *replay)
{
    return has_become(replay, &replay->ready);
}

bool replay_is_over(struct replay *replay)
{
    return has_become(replay, &replay->over);
}

int replay_start(struct replay *replay, struct chain *chain, struct problems *problems)
{
    assert(atomic_load(&replay->ready));
    replay->pending = calloc(chain->pipeline_count, sizeof *replay->pending);
    if (replay->pending == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    replay->chain = chain;
    sem_post(&replay->go);
    return 0;
}

void replay_stop(struct replay *replay)
{
    if (!replay->started || atomic_load(&replay->over))
        return;
    atomic_store(&replay->stop, true);
    if (replay->chain != NULL)
        chain_hurry(replay->chain);
    else
        sem_post(&replay->go);
}

bool replay_stopped(struct replay *replay)
{
    if (!replay->started)
        return true;
    if (!has_become(replay, &replay->over))
        return false;
    pthread_join(replay->thread, NULL);
    replay->started = false;
    return true;
}

void replay_abandon(struct replay *replay, struct chain *chain)
{
    unsigned i;

    if (replay_stopped(replay))
        return;
    for (i = 0; i < chain->pipeline_count; i++)
        chain_abandon_pipeline(chain, i);
    chain->stuck = true; /* also if there is none yet */
    replay->started = false;
}

void replay_close(struct replay *replay)
{
    capture_close(replay->file);
    free(replay->pending);
    if (replay->event_fd >= 0)
        close(replay->event_fd);
    sem_destroy(&replay->go);
    memset(replay, 0, sizeof *replay);
    replay->event_fd = -1;
}
