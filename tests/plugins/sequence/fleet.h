/* SPDX-License-Identifier: MIT
 *
 * A fleet that does all that the tracker knows of, and often, for a collector (collector.h).
 */
#ifndef TESTS_SEQUENCE_FLEET_H
#define TESTS_SEQUENCE_FLEET_H

#include "collector.h"

struct fleet {
    uint32_t next[DEVICES], clock;
};

struct muster_record fleet_next(struct fleet *f);

#endif
