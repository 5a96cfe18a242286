/* SPDX-License-Identifier: MIT
 *
 * Records on their way through the filters.
 *
 * As long as filters only change records, they stay where they were decoded.
 * When a filter adds some or drops some, the batch is put together anew in
 * memory of its own.
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
    struct muster_record *records;
    uint32_t room;
};

struct payload_copy;

struct batch {
    struct muster_batch view; /* what the filter sees; first, so that the two share an address */
    struct muster_record *records; /* the same as in the view, out of the filter's reach */
    uint32_t count;
    struct vector vectors[2]; /* taken in turn */
    unsigned next_vector;
    struct emission *emissions;
    uint32_t emission_count, emission_room;
    struct payload_copy
        *payloads;       /* of records that filters added; freed when the next batch begins */
    uint8_t *drop_marks; /* one for each record */
    uint32_t drop_count, drop_room;
    uint32_t failed; /* records that could not be added: no memory, or too large a payload */
};

/* What a filter did to a batch. */
struct batch_change {
    uint32_t emitted, dropped, failed;
    bool meddled; /* it wrote to the batch's own fields, which were put right again */
};

void batch_begin(struct batch *batch, struct muster_record *records, uint32_t count);

/* After each filter: carries out what it asked for. */
struct batch_change batch_settle(struct batch *batch);

void batch_free(struct batch *batch);

/* For the host table. */
int batch_emit(struct muster_batch *view, uint32_t after, const struct muster_record *record);
int batch_drop(struct muster_batch *view, uint32_t index);

#endif
