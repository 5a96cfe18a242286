/* SPDX-License-Identifier: MIT
 *
 * What a filter must not change in a record: whether it has, and how the records are safe again.
 */
#ifndef COLLECTOR_HOST_BATCH_CHECK_H
#define COLLECTOR_HOST_BATCH_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"

/* A payload, or a datagram that several held records are readings of. */
struct batch_bytes {
    uint32_t holders, size;
    uint8_t bytes[];
};

/* Where something lies, for batch_index. */
struct batch_range {
    uintptr_t from;
    size_t size;
};

/* A copy of what an added record points to. */
struct batch_copy {
    struct muster_record record;      /* of a record that a filter holds: itself; first */
    uint64_t holder;                  /* and which filter on which worker; 0: it is not held */
    struct batch_copy *next, *before; /* `before` of those that are held */
    struct muster_arrival arrival;
    struct batch_bytes *bytes; /* its payload, or the datagram that it is in; NULL: none */
    struct batch_range arrival_range, bytes_range;
};

/* Whether a record of this device may go through this batch. */
bool batch_check_device(const struct batch *batch, uint32_t device);

/* Whether the arrival lies in the batch's memory, so that an added record needs no copy of it. */
bool batch_check_stays(const struct batch *batch, const struct muster_arrival *arrival);

/* Whether the record's datagram, see muster_record_datagram, lies in memory that is there for as
 * long as the batch.  Its arrival can be read. */
bool batch_check_datagram(struct batch *batch, const struct muster_record *record);

/* Makes it a record of the built-in format, without a datagram; or about no device. */
void batch_check_forget(struct muster_record *record);
void batch_check_forget_device(struct muster_record *record);

/* The sum over kind, payload, payload_size, payload_at, format, device, via and origin of all
 * records. */
uint64_t batch_check_sum(const struct muster_record *records, uint32_t count);

/* Whatever is in the records now: afterwards each points only to what is there, and is about a
 * device of this worker or about none. */
void batch_check_mend(struct batch *batch);

#endif
