/* SPDX-License-Identifier: MIT
 *
 * The spill thread.  It gathers for a moment before it writes: a sink that keeps up again adopts
 * what came meanwhile, and else there is more for a chunk.
 */
#include "spill_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/episode.h"
#include "base/thread.h"
#include "sink.h"

#define RETRY      (2 * CLOCK_SECOND)
#define GATHER     (10 * CLOCK_MILLISECOND)
#define TELL_AGAIN (60 * CLOCK_SECOND)

enum { GATHERINGS = 5 };

static struct log *log_of(const struct spill *spill)
{
    return sink_log(spill->sink);
}

static const char *name_of(const struct spill *spill)
{
    return sink_name(spill->sink);
}

/* ---- What is said --------------------------------------------------------------------- */

static const char *span(uint64_t first_ns, uint64_t last_ns, char text[EPISODE_SPAN])
{
    const struct episode episode = {.since = first_ns, .until = last_ns};

    return episode_span(&episode, text);
}

/* Something is stored, and nothing was. */
static void tell_begin(struct spill *spill)
{
    uint64_t now = clock_monotonic();

    if (spill->says_spilling || (spill->told_ns != 0 && now - spill->told_ns < TELL_AGAIN))
        return;
    spill->says_spilling = true;
    spill->told_ns = now;
    spill->told_stored = counter_value(&spill->stored);
    log_format(log_of(spill), LOG_WARNING, name_of(spill),
               "the queue is full (%" PRIu64 " records wait): what comes now is spilled to \"%s\", "
               "up to %" PRIu64 " MiB; other sinks are not affected",
               sink_waiting(spill->sink), spill->store.directory, spill->store.most >> 20);
}

void spill_tell_over(struct spill *spill)
{
    if (!spill->says_spilling)
        return;
    spill->says_spilling = false;
    log_format(log_of(spill), LOG_INFO, name_of(spill),
               "all that was spilled is written, %" PRIu64 " records since it began",
               counter_value(&spill->stored) - spill->told_stored);
}

/* The oldest were dropped: said at first, each minute, and at the end. */
static void tell_hole(struct spill *spill, bool is_last)
{
    uint64_t dropped = counter_value(&spill->dropped_oldest), now = clock_monotonic();
    char text[EPISODE_SPAN];

    if (dropped == spill->hole_told ||
        (!is_last && spill->hole_told_ns != 0 && now - spill->hole_told_ns < TELL_AGAIN))
        return;
    log_format(log_of(spill), LOG_WARNING, name_of(spill),
               "the spill is full: the oldest records are dropped, %" PRIu64 " more, %" PRIu64
               " so far, which arrived %s",
               dropped - spill->hole_told, dropped,
               span(spill->hole_first, spill->hole_last, text));
    spill->hole_told = dropped;
    spill->hole_told_ns = now;
}

static void tell_trouble(struct spill *spill, const char *why)
{
    if (spill->is_in_trouble)
        return;
    spill->is_in_trouble = true;
    log_format(log_of(spill), LOG_ERROR, name_of(spill),
               "cannot spill to \"%s\": %s; it is tried again every %d s, and meanwhile up to "
               "%" PRIu64 " records more wait in memory",
               spill->store.directory, why, (int)(RETRY / CLOCK_SECOND),
               (uint64_t)spill->lanes[0].queue.capacity * spill->lane_count);
}

static void tell_fine(struct spill *spill)
{
    if (!spill->is_in_trouble)
        return;
    spill->is_in_trouble = false;
    log_format(log_of(spill), LOG_INFO, name_of(spill), "spilling to \"%s\" works again",
               spill->store.directory);
}

/* ---- The directory -------------------------------------------------------------------- */

/* [with the lock] What an earlier run has left becomes part of this one. */
static void take_up(struct spill *spill)
{
    uint64_t records = spill_store_records(&spill->store), damaged = spill->store.damaged;

    counter_add(&spill->found, records + damaged);
    counter_add(&spill->dropped_damaged, damaged);
    if (damaged > 0)
        log_format(log_of(spill), LOG_ERROR, name_of(spill),
                   "%" PRIu64 " records that an earlier run has spilled are lost", damaged);
    if (records > 0)
        log_format(log_of(spill), LOG_INFO, name_of(spill),
                   "%" PRIu64 " records that an earlier run has spilled to \"%s\" come first",
                   records, spill->store.directory);
    atomic_fetch_add(&spill->unsettled, records);
    atomic_store(&spill->has_more, spill_store_has_more(&spill->store));
}

static void open_store(struct spill *spill)
{
    char why[256];

    pthread_mutex_lock(&spill->lock);
    if (spill_store_open(&spill->store, why) == 0) {
        take_up(spill);
        tell_fine(spill);
        atomic_store(&spill->state, SPILL_READY);
    } else {
        tell_trouble(spill, why);
        spill->retry_ns = clock_monotonic() + RETRY;
        atomic_store(&spill->state, SPILL_BROKEN);
    }
    pthread_mutex_unlock(&spill->lock);
    eventcount_notify(&spill->sink->work);
}

/* ---- Lanes ---------------------------------------------------------------------------- */

/* [with the lock] Makes room by dropping the oldest, if that is wanted. */
static bool make_room(struct spill *spill)
{
    uint64_t dropped = spill->drop == SPILL_DROP_OLDEST ? spill_store_drop(&spill->store) : 0;

    if (dropped == 0)
        return false;
    if (spill->hole_first == 0)
        spill->hole_first = spill->store.hole_first;
    spill->hole_last = spill->store.hole_last;
    counter_add(&spill->dropped_oldest, dropped);
    atomic_fetch_sub(&spill->unsettled, dropped);
    atomic_store(&spill->has_more, spill_store_has_more(&spill->store));
    return true;
}

/* [with the lock] Appends the chunk.  Returns 0, or -1 with errno. */
static int append(struct spill *spill)
{
    while (spill_store_append(&spill->store, spill->chunk.bytes, spill->chunk.size) < 0)
        if ((errno != ENOSPC && errno != EDQUOT) || !make_room(spill))
            return -1;
    return 0;
}

/* [with the lock] Makes a chunk of what is not taken of the oldest run, as much as fits: *looked
 * records of the run are then through, and *taken of these in the chunk.  Returns -1 if memory is
 * short. */
static int make_chunk(struct spill *spill, const struct queue *queue, const struct run *run,
                      uint32_t *looked, uint32_t *taken)
{
    uint32_t skip = queue->run_taken, i;
    int result = 0;

    spill_chunk_begin(&spill->chunk);
    *taken = 0;
    for (i = 0; i < run->count && result == 0; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        if (!sink_wants(spill->sink, record))
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        result = spill_chunk_add(&spill->chunk, &spill->way, record,
                                 queue_dropped_before(queue, *taken));
        if (result != 0)
            break;
        (*taken)++;
    }
    *looked = i;
    return result < 0 || spill_chunk_end(&spill->chunk, &spill->way) < 0 ? -1 : 0;
}

/* [with the lock] That many records, of so many that were looked at, are out of the queue. */
static void leave(struct queue *queue, const struct run *run, uint32_t slots, uint32_t looked,
                  uint32_t taken)
{
    queue_take(queue, taken);
    queue_lose(queue); /* it is not written */
    if (looked == run->count)
        queue_next(queue, slots);
    queue_settle(queue);
}

/* [with the lock] Stores the oldest run of a queue, or a part of it.  Returns 1; 0 if there is
 * none; or -1 with errno. */
static int store_run(struct spill *spill, struct queue *queue)
{
    uint32_t slots, looked, taken;
    struct run run;
    bool is_first;

    if (!queue_peek(queue, &run, &slots))
        return 0;
    if (make_chunk(spill, queue, &run, &looked, &taken) < 0) {
        errno = ENOMEM;
        return -1;
    }
    if (taken > 0 && append(spill) < 0)
        return -1;
    is_first = atomic_fetch_add(&spill->unsettled, taken) == 0 && taken > 0;
    counter_add(&spill->stored, taken);
    leave(queue, &run, slots, looked, taken);
    if (is_first)
        tell_begin(spill);
    return 1;
}

/* Whether the sink's thread waits for the lock, and will give it back. */
static bool must_make_way(const struct spill *spill)
{
    return atomic_load(&spill->wanted) && !atomic_load(&spill->ends);
}

/* Stores all that is in the lanes, or a part if it must make way.  Returns 0, or -1 with errno. */
static int store_lanes(struct spill *spill)
{
    bool any;
    int result = 0;
    unsigned i;

    atomic_store(&spill->moves, true);
    pthread_mutex_lock(&spill->lock);
    do {
        any = false;
        for (i = 0; i < spill->lane_count && result >= 0; i++) {
            result = store_run(spill, &spill->lanes[i].queue);
            any |= result > 0;
        }
    } while (any && result >= 0 && !must_make_way(spill));
    atomic_store(&spill->has_more, spill_store_has_more(&spill->store));
    tell_hole(spill, false);
    pthread_mutex_unlock(&spill->lock);
    atomic_store(&spill->moves, false);
    eventcount_notify(&spill->sink->work);
    return result < 0 ? -1 : 0;
}

static bool have_lanes(const struct spill *spill)
{
    unsigned i;

    for (i = 0; i < spill->lane_count; i++) {
        const struct queue *queue = &spill->lanes[i].queue;

        if (counter_value(&queue->offered) - counter_value(&queue->dropped) !=
            atomic_load(&queue->consumed))
            return true;
    }
    return false;
}

/* Whether a lane is about to be full. */
static bool is_pressed(const struct spill *spill)
{
    unsigned i;

    for (i = 0; i < spill->lane_count; i++) {
        const struct queue *queue = &spill->lanes[i].queue;

        if (counter_value(&queue->offered) - counter_value(&queue->dropped) -
                atomic_load(&queue->consumed) >
            queue->capacity / 2)
            return true;
    }
    return false;
}

static void gather(const struct spill *spill)
{
    const struct timespec pause = clock_to_timespec(GATHER);
    unsigned i, most = atomic_load(&spill->unsettled) == 0 ? GATHERINGS : 1;

    for (i = 0; i < most && !atomic_load(&spill->ends) && !is_pressed(spill); i++)
        nanosleep(&pause, NULL);
}

static void make_way(const struct spill *spill)
{
    const struct timespec pause = clock_to_timespec(CLOCK_MILLISECOND);

    if (must_make_way(spill))
        nanosleep(&pause, NULL);
}

/* ---- The end -------------------------------------------------------------------------- */

/* [with the lock] Puts what is left in the sink's queues in front, since it is the oldest. */
static void store_queues(struct spill *spill)
{
    struct sink *sink = spill->sink;
    uint32_t slots, looked, taken;
    struct run run;
    int fd = -1;
    unsigned i;

    for (i = 0; i < sink->queue_count; i++) {
        queue_rewind(&sink->queues[i]);
        while (queue_peek(&sink->queues[i], &run, &slots)) {
            if ((fd < 0 && spill_store_prepend(&spill->store, &fd) < 0) ||
                make_chunk(spill, &sink->queues[i], &run, &looked, &taken) < 0)
                break;
            if (taken > 0 && spill_store_prepend_chunk(&spill->store, fd, spill->chunk.bytes,
                                                       spill->chunk.size) < 0)
                break;
            counter_add(&spill->stored, taken);
            leave(&sink->queues[i], &run, slots, looked, taken);
        }
    }
    if (fd >= 0)
        spill_store_prepend_end(&spill->store, fd);
}

/* [with the lock] What could not be stored is lost. */
static void count_left(struct spill *spill)
{
    struct sink_account account = sink_account(spill->sink);

    if (account.queued == 0)
        return;
    counter_add(&spill->dropped_stop, account.queued);
    log_format(log_of(spill), LOG_ERROR, name_of(spill),
               "%" PRIu64 " records could not be spilled to \"%s\" at the end: %s; they are lost",
               account.queued, spill->store.directory, strerror(errno));
}

static void finish(struct spill *spill)
{
    uint64_t left;

    if (atomic_load(&spill->state) != SPILL_READY)
        open_store(spill);
    errno = ENOENT;
    if (atomic_load(&spill->state) == SPILL_READY)
        store_lanes(spill);
    pthread_mutex_lock(&spill->lock);
    queue_rewind(&spill->sink->queues[spill->sink->queue_count]);
    if (atomic_load(&spill->state) == SPILL_READY)
        store_queues(spill);
    count_left(spill);
    tell_hole(spill, true);
    left = spill_store_records(&spill->store);
    if (left > 0)
        log_format(log_of(spill), LOG_INFO, name_of(spill),
                   "%" PRIu64 " records stay spilled in \"%s\" until the next start", left,
                   spill->store.directory);
    spill_store_close(&spill->store);
    pthread_mutex_unlock(&spill->lock);
}

/* ---- The thread ----------------------------------------------------------------------- */

/* What is to be done now.  Returns how long there is nothing. */
static uint64_t work(struct spill *spill)
{
    uint64_t now = clock_monotonic();

    if (now < spill->retry_ns)
        return spill->retry_ns - now;
    if (atomic_load(&spill->state) != SPILL_READY) {
        open_store(spill);
        return 0;
    }
    if (!have_lanes(spill))
        return UINT64_MAX;
    gather(spill);
    if (store_lanes(spill) == 0) {
        make_way(spill);
        spill->retry_ns = 0;
        tell_fine(spill);
        return 0;
    }
    tell_trouble(spill, errno == EDQUOT ? "spill_size is used up" : strerror(errno));
    spill->retry_ns = clock_monotonic() + RETRY;
    return 0;
}

static bool must_work(const struct spill *spill)
{
    return atomic_load(&spill->ends) || (have_lanes(spill) && clock_monotonic() >= spill->retry_ns);
}

void *spill_run(void *argument)
{
    struct spill *spill = argument;

    thread_begin();
    while (!atomic_load(&spill->ends)) {
        uint64_t pause = work(spill);

        if (pause == 0)
            continue;
        eventcount_prepare(&spill->work);
        if (!must_work(spill))
            eventcount_wait(&spill->work, pause);
        eventcount_cancel(&spill->work);
    }
    finish(spill);
    thread_end();
    atomic_store(&spill->finished, true);
    eventfd_write(spill->finished_fd, 1);
    return NULL;
}
