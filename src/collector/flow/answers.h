/* SPDX-License-Identifier: MIT
 *
 * Answers to devices that wait for one, as the `reply` of their format says.  They are made here,
 * and handed to the front, which sends them.
 *
 * One for each pipeline.  An answer that is due after a sink waits here until that sink has
 * written all records of its datagram: it notes where they are in the sink's queue, and is handed
 * over when the sink is through with them, or refused if any was dropped.  A record carries a
 * token, muster_record.answer, so that it is found again behind the filters, also behind those that
 * hold records.  As soon as the worker is through, all of this is [main].
 */
#ifndef COLLECTOR_FLOW_ANSWERS_H
#define COLLECTOR_FLOW_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "block.h"
#include "queue.h"
#include "wire/plan.h"

#define ANSWERS_HELD_MOST 16384 /* that wait, of a pipeline */

struct answers;
struct datagram;
struct pipeline;

/* What is sent. */
struct answer {
    uint8_t to[16];    /* address, as in muster_arrival */
    uint8_t local[16]; /* the address to send it from, the same way... */
    bool has_local;    /* ...if that is known, and one host's */
    uint8_t family;    /* 4 or 6 */
    uint16_t port;     /* of the device */
    uint32_t scope;    /* of its address: IPv6 scope id */
    uint8_t listener;  /* whose port it is sent from */
    uint8_t size;
    uint8_t bytes[FORMAT_REPLY_MOST];
};

/* Who sends it. */
struct answers_front {
    void *context;
    /* Without waiting.  Returns how many were taken: it goes on behind one that was not.  Called by
     * one thread at a time for the same pipeline. */
    unsigned (*send)(void *context, unsigned pipeline, const struct answer *answers,
                     unsigned count);
};

/* How many answers a listener may give, shared by the pipelines. */
struct answers_rate {
    uint32_t rate;   /* a second; 0: as many as are asked for */
    uint64_t due_ns; /* see base/rate.h */
};

enum answers_reason {
    ANSWERS_UNLISTED,    /* the catalog does not list the device */
    ANSWERS_RATE,        /* more than may be given in a second */
    ANSWERS_LONGER,      /* it would be longer than the datagram */
    ANSWERS_FILTERED,    /* a filter has taken a record out */
    ANSWERS_NOT_WRITTEN, /* the sink has not got a record, or not written it */
    ANSWERS_ROOM,        /* too many wait already */
    ANSWERS_SOCKET,      /* the kernel did not take it */
    ANSWERS_REASONS
};

/* asked = sent + held + refused */
struct answers_counters {
    struct counter asked; /* datagrams to which a reply is declared */
    struct counter sent;
    struct counter held; /* that wait for a sink; a gauge */
    struct counter refused[ANSWERS_REASONS];
};

const char *answers_reason_name(enum answers_reason reason); /* "unlisted" */

/* [main] What the pipeline, which is open but for its filters, answers by that front; *out is NULL
 * if none of its formats has a reply, or there is no front.  `rates` has one for each listener, and
 * outlives it, as the front does.  Returns 0, or -1 if memory is short. */
int answers_new(struct answers **out, struct pipeline *pipeline, const struct answers_front *front,
                struct answers_rate *rates, unsigned listener_count);
/* [main] A sink that answers wait for, and that takes no messages; NULL: there is none. */
const char *answers_deaf_sink(const struct answers *answers);
void answers_free(struct answers *answers);

/* [worker] A datagram was decoded, and will be `records` records.  Returns the token that they
 * carry, 0: none; and whether a filter must not leave them out as duplicates. */
struct answers_ticket {
    uint32_t token;
    bool keep;
};
struct answers_ticket answers_ask(struct answers *answers, unsigned format,
                                  const struct datagram *datagram, const struct plan_header *header,
                                  bool is_listed, uint32_t records);

/* [worker] All of its records are in the batch. */
void answers_taken(struct answers *answers);

/* [worker] Whether answers wait for their records to come out of the filters. */
bool answers_await(const struct answers *answers);

/* [worker] Offers a run to the sinks, and notes whose records these are. */
void answers_offer(struct answers *answers, const struct run *run);

/* [worker] A batch was published, or filters have had a tick: hands over what is due. */
void answers_published(struct answers *answers);

/* Hands over what has become due. */
void answers_look(struct answers *answers);

/* [main] The worker has ended: from now on, this eventfd becomes readable when to look. */
void answers_drain(struct answers *answers, int fd);

/* [main] Nothing becomes due any more: what waits is refused. */
void answers_end(struct answers *answers);

const struct answers_counters *answers_counters(const struct answers *answers);
bool answers_add_up(const struct answers *answers);

#endif
