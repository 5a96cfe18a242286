/* SPDX-License-Identifier: MIT
 *
 * Records on their way through the filters.
 *
 * As long as filters only change records, they stay where they were decoded.
 * When a filter adds some or drops some, the batch is put together anew in
 * memory of its own.
 *
 * Of the fields that a filter must not change a sum is kept.  Sinks would otherwise follow a
 * pointer into memory that is not there any more, and two threads work on one device.
 */
#ifndef COLLECTOR_HOST_BATCH_H
#define COLLECTOR_HOST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

struct emission {
    uint32_t after;
    struct muster_record record;
};

struct vector {
    struct muster_record *records; /* aligned to 16 bytes */
    uint32_t room;
};

struct batch_bytes;
struct batch_copy;
struct numbers;
struct plugin;

/* Where payloads and arrivals of the records lie, but those of records that filters added. */
struct batch_memory {
    const uint8_t *bytes;
    uint32_t size; /* bytes of them */
    const struct muster_arrival *arrivals;
    uint32_t arrival_count;
};

/* What is wrong with what a filter asked for; a set. */
enum {
    BATCH_NO_MEMORY = 1 << 0,
    BATCH_FOREIGN_DEVICE = 1 << 1, /* the rest are bugs in the plugin */
    BATCH_BAD_PAYLOAD = 1 << 2,
    BATCH_BAD_ARRIVAL = 1 << 3,
    BATCH_BAD_KIND = 1 << 4,
    BATCH_UNNAMED_EVENT = 1 << 5, /* of these the record is added all the same */
    BATCH_UNNAMED_REJECT = 1 << 6,
    BATCH_FAR = 1 << 7,     /* behind a record that there is not */
    BATCH_NOT_HELD = 1 << 8 /* released, and not held by this filter */
};

/* The numbers that some of these are about. */
struct batch_odd {
    uint32_t kind, event, reason, after;
};

struct batch {
    struct muster_batch view; /* what the filter sees; first, so that the two share an address */
    struct muster_record *records; /* the same as in the view, out of the filter's reach */
    uint32_t count;
    unsigned worker, workers;         /* whose batch it is */
    const struct numbers *numbers;    /* or NULL */
    uint8_t origin;                   /* of the filter that has its turn */
    struct muster_instance *instance; /* that filter */
    const struct plugin *plugin;      /* its plugin, for what it calls its events; or NULL */
    struct batch_memory memory;
    uint64_t sum;             /* of what must not be changed in the records, if... */
    bool summed;              /* ...this is set */
    struct vector vectors[2]; /* taken in turn */
    unsigned next_vector;
    struct emission *emissions;
    uint32_t emission_count, emission_room;
    struct batch_copy
        *copies; /* of what added records point to; freed when the next batch begins */
    void *tree;  /* what the copies have, by its address: batch_index.h... */
    const struct batch_copy *indexed;  /* ...as far as it has them: this one and those behind it */
    struct batch_copy *held;           /* what filters hold, until they release it or all ends */
    const uint8_t *datagram;           /* in this batch, of which a record was held last... */
    struct batch_bytes *datagram_copy; /* ...and what the next of its readings shares; or NULL */
    uint32_t release_count;            /* of the emissions: records that were held */
    uint8_t *drop_marks;               /* one for each record: it is taken out */
    uint32_t drop_count, hold_count, drop_room;
    uint32_t failed; /* records that could not be added */
    unsigned why;    /* BATCH_* */
    struct batch_odd odd;
    /* Or NULL: called in a callback whose batch is empty, when as many records as BATCH_PIECE were
     * added.  It moves them on, and begins the batch anew. */
    void (*full)(void *context);
    void *full_context; /* handed to it */
};

enum { BATCH_PIECE = 4096 };

/* What a filter did to a batch. */
struct batch_change {
    uint32_t emitted, dropped, failed;
    uint32_t held, released;
    unsigned why; /* what failed did so: BATCH_* */
    struct batch_odd odd;
    bool meddled; /* it wrote to the batch's own fields, which were put right again */
    bool altered; /* it changed what must not be changed in place; the records are safe again */
};

/* For the worker of that number.  `numbers` of devices, which outlive it, or NULL, see numbers.h.
 * All zeros before; batch_free at the end. */
void batch_init(struct batch *batch, unsigned worker, unsigned workers,
                const struct numbers *numbers);

/* `memory` may be NULL if there are no records. */
void batch_begin(struct batch *batch, struct muster_record *records, uint32_t count,
                 const struct batch_memory *memory);

/* Before each filter, whose entry has that number. */
void batch_turn(struct batch *batch, uint8_t origin);

/* After each filter: carries out what it asked for. */
struct batch_change batch_settle(struct batch *batch);

void batch_free(struct batch *batch);

/* For the host table. */
int batch_emit(struct muster_batch *view, uint32_t after, const struct muster_record *record);
int batch_drop(struct muster_batch *view, uint32_t index);
const struct muster_record *batch_hold(struct muster_batch *view, uint32_t index);
int batch_release(struct muster_batch *view, uint32_t after, const struct muster_record *held);

#endif
