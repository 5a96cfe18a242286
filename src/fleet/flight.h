/* SPDX-License-Identifier: MIT
 *
 * The datagrams that are under way: each comes out when its time has come, those of the same time
 * in the order in which they went in.
 */
#ifndef FLEET_FLIGHT_H
#define FLEET_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "play.h"

struct flight;

/* For `most` datagrams at the same time; memory that is not needed is not touched.  NULL if memory
 * is short. */
struct flight *flight_new(size_t most);
void flight_free(struct flight *flight);

/* Sends one on its way.  There must be room. */
void flight_push(struct flight *flight, uint64_t due_ns, const struct play_datagram *datagram);

/* When the next one comes out.  Returns false if there is none. */
bool flight_due(const struct flight *flight, uint64_t *due_ns);

/* Takes the next one out, whatever the time.  Returns false if there is none. */
bool flight_pop(struct flight *flight, struct play_datagram *datagram);

/* How many were under way at the same time, at most. */
size_t flight_most(const struct flight *flight);

#endif
