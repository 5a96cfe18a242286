/* SPDX-License-Identifier: MIT
 *
 * What the entries of a configuration become when they run: an instance each, the pipelines with
 * the filters, and the sinks with their threads.  It knows no front; one drives its pipelines.
 *
 *   chain_open, chain_start, (the front runs), chain_drain, chain_drained, chain_close, chain_free
 *
 * All of this is [main].
 */
#ifndef COLLECTOR_FLOW_CHAIN_H
#define COLLECTOR_FLOW_CHAIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/problems.h"
#include "collector/host/instance.h"
#include "admit.h"
#include "answers.h"
#include "pipeline.h"
#include "sink.h"

enum { CHAIN_SINKS_MOST = 1024 }; /* in the life of a chain; each keeps its place */

struct chain {
    struct host *host;
    struct muster_instance *instances; /* filters first, then sinks */
    atomic_uint instance_count;
    unsigned filter_count;
    struct sink *sinks;     /* those that are retired among them */
    atomic_uint sink_count; /* that are initialised */
    struct admit *admit;    /* NULL: everybody may send */
    struct answers_rate *rates;
    struct pipeline *pipelines;
    unsigned pipeline_count; /* that are initialised */
    struct gate gate;
    atomic_uint wakeable;                      /* of those, which have a wake_fd for good */
    atomic_bool told_strangers[UINT8_MAX + 1]; /* by listener; see notices_see */
    bool holds_back; /* a front waits for sinks, so all must be connected at the start */
    int drained_fd;  /* an eventfd: readable when a sink has finished, or first connected */
    bool stuck;      /* a thread could not be stopped: nothing may be freed */
};

struct chain_settings {
    const struct entry *entries; /* filters first, then sinks; they outlive the chain */
    unsigned entry_count, filter_count;
    unsigned pipelines;
    uint32_t largest; /* bytes of the largest datagram allowed */
    enum overflow overflow;
    const struct admit_settings *admit;     /* NULL: everybody may send */
    const struct listener_formats *formats; /* one for each listener; NULL: built in; outlives it */
    const struct answers_front *front;      /* who sends answers; NULL: nobody */
    const uint32_t *reply_rates;            /* answers a second, by listener; 0: as many as asked */
    unsigned listener_count;
};

/* Opens every plugin, and makes sinks and pipelines.  Returns 0, or -1 after adding to `problems`;
 * in either case chain_close and chain_free too. */
int chain_open(struct chain *chain, const struct chain_settings *settings, struct host *host,
               struct problems *problems);

/* Starts the sinks' threads.  Returns 0, or -1 after adding to `problems`. */
int chain_start(struct chain *chain, struct problems *problems);

enum chain_start {
    CHAIN_STARTING, /* `drained_fd` becomes readable when to ask again */
    CHAIN_STARTED,
    CHAIN_REFUSED /* a sink can never be connected, or is required and could not be */
};

/* Whether every sink has tried to connect its output; those that are not required are waited for as
 * long as the caller is `patient`.  Adds to `problems` if it is refused. */
enum chain_start chain_started(struct chain *chain, bool patient, struct problems *problems);

/* Asks every sink to reopen its output. */
void chain_rotate(struct chain *chain);

/* Has the plugin of instance number `index` adopt other values of its options, which outlive the
 * chain: a sink's soon, on its thread, a filter's at once, with all workers held between two
 * batches.  Only while a live front runs. */
void chain_reload(struct chain *chain, unsigned index, const struct option_value *values);

/* What is to become of the sinks, and of the catalog. */
struct chain_change {
    const struct entry *const *added; /* `added_count` of them; they outlive the chain */
    unsigned added_count;
    const unsigned *removed; /* places of sinks */
    unsigned removed_count;
    const struct catalog *catalog; /* the devices are these now; NULL: as they were.  Outlives it */
    uint64_t deadline_ns;          /* monotonic: when those have to have ended */
};

/* Opens new sinks beside those that there are, and between two batches of all workers lets them
 * take what comes from then on.  Those that are removed are closed when they have written what
 * waits. Returns 0, or -1 after adding to `problems`, and then all is as it was.  Only while a live
 * front runs. */
int chain_change(struct chain *chain, const struct chain_change *change, struct problems *problems);

/* Now and then, and when `drained_fd` is readable: closes what was removed and has ended.  Returns
 * when to look again at the latest, on the monotonic clock; 0: there is nothing to wait for. */
uint64_t chain_look(struct chain *chain);

/* From now on a front that is held back by a full queue waits no more: what finds no room is
 * dropped and counted. */
void chain_hurry(struct chain *chain);

/* The front has ended.  Lets the sinks finish until `deadline_ns` (monotonic); again, to set
 * another deadline. */
void chain_drain(struct chain *chain, uint64_t deadline_ns);

/* Whether all sinks have finished.  `drained_fd` becomes readable when to ask again. */
bool chain_drained(struct chain *chain);

/* The deadline is over: sinks that are not back are stuck in their plugin, and are left alone. */
void chain_abandon(struct chain *chain);

/* The front's thread of that pipeline is stuck in a filter, and is left alone with it, and with all
 * filters, since it may go on to the next. */
void chain_abandon_pipeline(struct chain *chain, unsigned pipeline);

/* Whether there was one: then the sums are not complete. */
bool chain_is_partial(const struct chain *chain);

/* Closes what is open, last opened first, but not what is stuck.  Counters can be read afterwards.
 */
void chain_close(struct chain *chain);

/* Has what plugins kept of a state written, of those that are closed: that may take a while.  After
 * chain_close, and before chain_free. */
void chain_settle(struct chain *chain);

/* The same, and frees everything; or does nothing if a thread is stuck, and may still be there. */
void chain_free(struct chain *chain);

/* Where the datagrams and records of a chain went, summed over its pipelines. */
struct chain_account {
    uint64_t received, decoded; /* datagrams */
    uint64_t ignored;           /* of the decoded ones, without a record */
    uint64_t rejected[MUSTER_REJECT_REASONS], overrun;
    uint64_t records, reject_records; /* made of the decoded, and of the rejected ones */
    uint64_t events;                  /* records that the collector added of its own */
    /* Datagrams that the front knows it did not get, and copies that it did not need. */
    uint64_t kernel_drops, checksum_errors, refused, copies;
};

/* Answers, in the same way. */
struct answers_account {
    bool any; /* some format has a reply */
    uint64_t asked, sent, held, refused[ANSWERS_REASONS];
};

struct filter_account {
    uint64_t in, emitted, out, dropped, held, passed; /* records */
};

struct chain_account chain_account(const struct chain *chain);
struct answers_account chain_answers_account(const struct chain *chain);
struct filter_account chain_filter_account(const struct chain *chain, unsigned filter);

/* Whether the sums agree in all pipelines, and on the way to the sinks; for the sinks themselves
 * see sink_account_adds_up. */
bool chain_adds_up(const struct chain *chain);

#endif
