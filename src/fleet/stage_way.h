/* SPDX-License-Identifier: MIT
 *
 * How a message is made, and its way to the target.
 */
#ifndef FLEET_STAGE_WAY_H
#define FLEET_STAGE_WAY_H

#include "stage_data.h"

/* Returns 0, or -1 if memory is short; to be closed in both cases. */
int stage_way_open(struct stage *stage);
void stage_way_close(struct stage *stage);

/* A sender makes a message, if no act keeps it from that, and sends it on its way. */
void stage_way_send(struct stage *stage, uint32_t who, uint8_t type, uint64_t now);

/* A stranger of the act makes its datagram number `serial`. */
void stage_way_stranger(struct stage *stage, const struct scenario_act *act, uint32_t serial,
                        uint64_t now);

/* A datagram comes out.  Returns whether it is sent now; else it waits for others, to leave in one
 * send with them. */
bool stage_way_arrive(struct stage *stage, struct stage_datagram *datagram, uint64_t now);

/* What an act has gathered comes out, in one send. */
void stage_way_release(struct stage *stage, uint32_t act, uint64_t now);

/* Sets where it is sent to. */
void stage_way_route(const struct stage *stage, struct stage_datagram *datagram);

#endif
