/* SPDX-License-Identifier: MIT
 *
 * A sink at work: its thread, and a queue from every worker.  What its thread does is in
 * sink_run.c.
 */
#ifndef COLLECTOR_FLOW_SINK_H
#define COLLECTOR_FLOW_SINK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "collector/host/instance.h"
#include "queue.h"
#include "spill.h"

/* Kinds that a sink can ask for are below SINK_KINDS - 1; others share the last place. */
enum { SINK_KINDS = 8 };

static inline unsigned sink_kind(const struct muster_record *record)
{
    return record->kind < SINK_KINDS - 1 ? record->kind : SINK_KINDS - 1;
}

/* Where the records went that were brought to a sink. */
struct sink_account {
    uint64_t offered, written, queued;
    uint64_t held; /* taken by the plugin, which has not yet said that they are delivered */
    uint64_t dropped_full, dropped_given_up, dropped_failed, dropped_stop;
    uint64_t dropped_stuck;   /* in the hands of a plugin that did not come back, or behind */
    uint64_t spilled;         /* on a disk */
    uint64_t found;           /* of those offered: spilled by an earlier run */
    uint64_t dropped_spill;   /* spilled, and the oldest when there was no room for newer ones */
    uint64_t dropped_damaged; /* spilled, and not to be read again */
};

/* What became of the first attempt to connect. */
enum sink_connection {
    SINK_CONNECTING, /* it is under way */
    SINK_CONNECTED,
    SINK_WAITS,   /* there will be others */
    SINK_REFUSED, /* there can be none */
    SINK_LATE     /* it was under way for so long that the start has gone on without it */
};

/* How its output is, for whoever asks. */
enum sink_state {
    SINK_IS_CONNECTING, /* for the first time */
    SINK_IS_CONNECTED,
    SINK_IS_WAITING, /* not connected; it is tried again */
    SINK_IS_FAILED   /* out of service, until it is tried again */
};

struct sink {
    struct muster_instance *instance;
    enum overflow overflow;
    struct queue *queues; /* one for each pipeline; and the replay of what is spilled */
    unsigned queue_count;
    uint32_t queue_capacity;  /* records, of each queue */
    struct spill *spill;      /* where what finds no room goes; NULL: it is dropped */
    struct eventcount work;   /* notified by workers: there are records */
    struct eventcount orders; /* notified by the main thread; all that is heard between two tries */
    pthread_t thread;
    bool started;

    /* Orders from the main thread, and from any. */
    atomic_bool rotate;
    _Atomic(const struct option_value *) reload; /* values to adopt; NULL: none */
    atomic_bool woken;                           /* the plugin asks for a tick */
    atomic_uint draining;      /* 1: no more records will come; finish by `deadline_ns` */
    atomic_ullong deadline_ns; /* monotonic */
    atomic_int first_try;      /* enum sink_connection: an answer, with a note in finished_fd */
    atomic_bool finished;      /* the thread's answer, its last act but for a note in... */
    int finished_fd;           /* ...this eventfd, which all sinks share */
    atomic_uint state;         /* enum sink_state: the thread's word, for any... */
    atomic_ullong state_ns;    /* ...since when: ns since the Unix epoch */
    bool is_awaited;           /* devices are told when records are written; set before it starts */
    atomic_bool retired;       /* it is offered nothing any more, and ends by itself */
    bool closed;               /* it was retired, has ended, and its plugin is closed */
    const struct sink *before; /* whose place it took: the same entry, and its account goes on */
    atomic_bool succeeded;     /* another took its place */
    atomic_bool renew;         /* its plugin takes a new instance for the changed options */
    bool stuck;                /* the thread did not come back: it and its plugin are left alone */
    struct sink_account last_account; /* of a stuck sink: as it was when it was given up */

    /* The sink thread's. */
    const struct muster_record *offered; /* what write is called with; or NULL */
    uint32_t offered_count;
    const struct queue *offered_of;
    bool connected;
    bool failed;        /* the plugin said MUSTER_FAILED, and has not been asked since */
    bool asked_at_stop; /* and will not be again */
    uint64_t next_tick_ns, next_check_ns; /* monotonic */
    uint64_t connect_pause_ns;            /* until the next try; 0: none has failed */
    uint64_t failed_pause_ns; /* the same, once it has failed; 0: something was delivered since */
    uint64_t retry_ns;        /* monotonic: when it is tried again that has failed */
    uint64_t trouble_ns;      /* monotonic: when connecting became a trouble */
    uint64_t lost_pause_ns;   /* before it is connected again; 0: something was delivered since */
    uint64_t flush_pause_ns;  /* until the next flush, if the last said "not yet" */
    uint64_t next_flush_ns;   /* monotonic: and when that is */
    struct counter held;      /* records that the plugin has taken, see above */
    struct counter queued;    /* records that wait; as of the last second */
    struct counter spilled;   /* records on the disk; the same */
    struct counter written;   /* records that are delivered */
    struct counter dropped_given_up; /* taken, and not delivered in the end */
    struct counter dropped_failed;   /* taken or offered, and the plugin gave up */
    struct counter dropped_stop;     /* still queued or held when the time to stop was over */
    bool violated;                   /* its sums did not agree: a bug, logged once */
};

/* Its queues, the replay among them. */
static inline unsigned sink_all_queues(const struct sink *sink)
{
    return sink->queue_count + (sink->spill != NULL);
}

/* Whether the sink takes records of this kind. */
static inline bool sink_wants(const struct sink *sink, const struct muster_record *record)
{
    return sink->instance->kinds >> sink_kind(record) & 1;
}

/* [sink] What its thread asks again and again. */
static inline struct log *sink_log(const struct sink *sink)
{
    return sink->instance->host->log;
}

static inline const char *sink_name(const struct sink *sink)
{
    return instance_name(sink->instance);
}

static inline bool sink_is_draining(const struct sink *sink)
{
    return atomic_load(&sink->draining) != 0;
}

/* Whether the time to stop is over. */
static inline bool sink_is_late(const struct sink *sink)
{
    return sink_is_draining(sink) && clock_monotonic() >= atomic_load(&sink->deadline_ns);
}

/* The instance is open.  Its queue is shared out evenly among the pipelines, which open their part.
 * `finished_fd` is an eventfd that outlives the sink.  Returns 0, or -1 if memory is short. */
int sink_init(struct sink *sink, struct muster_instance *instance, unsigned pipelines,
              enum overflow overflow, int finished_fd);
void sink_destroy(struct sink *sink);

/* Gives it a place for what finds no room, if its entry says so and nothing holds the front back.
 * The entries are those of the chain.  Returns 0, or -1 if memory is short. */
int sink_spill(struct sink *sink, const struct entry *entries, uint32_t entry_count);

/* Starts the thread, once the queues are open.  Returns 0, or an errno. */
int sink_start(struct sink *sink);

/* [main] Asks for the output to be reopened. */
void sink_rotate(struct sink *sink);

/* [main] Has the plugin adopt other values of its options, which outlive the sink. */
void sink_reload(struct sink *sink, const struct option_value *values);

/* [main] A sink that was retired has ended: its queues are of no more use; its account stays. */
void sink_close_queues(struct sink *sink);

/* [main] Once no worker offers any more: lets the sink finish until
 * `deadline_ns` (monotonic). */
void sink_drain(struct sink *sink, uint64_t deadline_ns);

/* [main] Whether the thread has ended, or never ran; takes it back if it has. */
bool sink_join(struct sink *sink);

/* [main] The deadline is over and the thread is not back: it is stuck in its plugin,
 * and neither may be freed. */
void sink_abandon(struct sink *sink);

/* Any thread.  Exact once the sink is joined; then it does not change any more. */
struct sink_account sink_account(const struct sink *sink);

/* The same with all whose place it took. */
struct sink_account sink_whole_account(const struct sink *sink);

/* Records that wait to be taken.  Any thread. */
uint64_t sink_waiting(const struct sink *sink);

/* All that was dropped. */
uint64_t sink_account_dropped(const struct sink_account *account);

/* offered = written + held + queued + spilled + dropped */
bool sink_account_adds_up(const struct sink_account *account);

#endif
