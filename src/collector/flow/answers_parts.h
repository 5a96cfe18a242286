/* SPDX-License-Identifier: MIT
 *
 * What answers are made of, for the files that give them: answers_open.c makes it, answers.c is
 * asked, answers_wait.c waits for sinks.
 */
#ifndef COLLECTOR_FLOW_ANSWERS_PARTS_H
#define COLLECTOR_FLOW_ANSWERS_PARTS_H

#include <stdatomic.h>

#include "answers.h"
#include "base/hash.h"
#include "pipeline.h"

enum {
    ANSWERS_OUT = 64,           /* that are handed to the front together */
    ANSWERS_KNOWN = 1 << 14,    /* datagrams of which is known that they are written, or wait */
    ANSWERS_TRIES = 64,         /* places that are looked at for one more */
    ANSWERS_AT_ONCE = UINT8_MAX /* no line: not after a sink */
};

enum answers_stage {
    ANSWERS_FREE,
    ANSWERS_OPEN,   /* not all of its records have been offered to the sink */
    ANSWERS_WAITS,  /* in its line, for the sink to write them */
    ANSWERS_FOLLOWS /* another one, of the same datagram, which is open */
};

struct answers_waiting {
    struct answer answer;
    uint64_t key;       /* of its datagram; not 0 */
    uint64_t from, to;  /* in the sink's queue: where its records are */
    uint32_t token;     /* its own; 0: free */
    uint32_t next;      /* behind it in the line, or among the followers; tokens, 0: none */
    uint32_t followers; /* the first */
    uint32_t missing;   /* records that have not been offered */
    uint8_t line;
    uint8_t state; /* enum answers_stage */
    bool any;      /* some record was offered... */
    bool lost;     /* ...or was dropped, since the queue was full */
    bool is_known; /* the same datagram is written already: none need come out of the filters */
};

/* Of a sink that answers wait for: in the order of its queue. */
struct answers_line {
    const struct sink *sink;
    struct queue *queue;
    uint64_t before;      /* what it had accepted before the run that is being offered */
    uint32_t first, last; /* tokens */
};

struct answers {
    struct answers_counters counters;
    struct pipeline *pipeline;
    struct answers_front front;
    struct answers_rate *rates;
    unsigned listener_count;
    struct hash_secret secret;
    struct answers_line *lines;
    unsigned line_count;
    uint8_t (*line_of)[FORMAT_REPLIES_MOST]; /* by format and reply */

    struct answers_waiting *waiting; /* ANSWERS_HELD_MOST, by token */
    uint32_t next_token;             /* never 0 */
    uint32_t judged;                 /* the first token whose records may not have been published */
    uint32_t taking;                 /* of the datagram whose records are being made; 0: none */
    uint32_t open;                   /* how many are */
    uint64_t *written;               /* ANSWERS_KNOWN: keys */
    uint32_t *waits;                 /* ANSWERS_KNOWN: tokens */

    struct answer out[ANSWERS_OUT];
    unsigned out_count;
    atomic_int fd; /* to call whoever looks */
};

/* An answer that is due; it is handed to the front with others. */
void answers_give(struct answers *answers, const struct answer *answer);
void answers_send(struct answers *answers);
void answers_refuse(struct answers *answers, enum answers_reason reason);

/* One more that waits for the sink of that line to write so many records of its datagram. */
struct answers_ticket answers_wait(struct answers *answers, const struct answer *answer,
                                   unsigned line, uint64_t key, uint32_t records);

#endif
