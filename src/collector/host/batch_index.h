/* SPDX-License-Identifier: MIT
 *
 * What the copies of a batch have, found by its address.
 */
#ifndef COLLECTOR_HOST_BATCH_INDEX_H
#define COLLECTOR_HOST_BATCH_INDEX_H

#include <stdbool.h>
#include <stddef.h>

struct batch;
struct muster_arrival;

/* How many bytes there are from that place on, in one of the copies; 0: it is in none. */
size_t batch_index_left(struct batch *batch, const void *place);

/* Whether it is the arrival of one of them. */
bool batch_index_has_arrival(struct batch *batch, const struct muster_arrival *arrival);

/* Before the copies are freed. */
void batch_index_clear(struct batch *batch);

#endif
