/* SPDX-License-Identifier: MIT
 *
 * What a collector ought to tell of a scenario, by what really happened.
 *
 * Of a device of which that is not certain, such as one that counts at random, nothing is claimed
 * but the number of its records.
 */
#ifndef FLEET_CLAIMS_H
#define FLEET_CLAIMS_H

#include <muster/record.h>

#include "account.h"
#include "scenario.h"
#include "stage.h"

#define CLAIMS_REASONS MUSTER_REJECT_REASONS

/* Why nothing is claimed of a device. */
enum claims_doubt {
    CLAIMS_CERTAIN,
    CLAIMS_TWO_SENDERS,
    CLAIMS_RANDOM,    /* counts at random */
    CLAIMS_STRAGGLER, /* something came behind a later session, or a number before its INIT */
    CLAIMS_RESTART,   /* a restart that only the numbers and the clock tell, and not plainly */
    CLAIMS_CLOCK,     /* timestamps that contradict the numbers */
    CLAIMS_DISORDER,  /* so much out of order, or ahead, that a collector may not believe it */
    CLAIMS_DOUBTS
};

/* The figures of one device or of several; all in records, but for what account.h says. */
struct claims_figures {
    struct account_expect expect; /* records: of all; the rest: of what is certain */
    uint64_t first, in_order, restarts;
    uint64_t lost_by_restart; /* of the lost: still missing when their session ended */
    uint64_t two_senders;     /* devices that shared their id, and took turns with the other */
    uint64_t doubts[CLAIMS_DOUBTS]; /* devices, by what is uncertain; the first: certain ones */
    uint64_t unclaimed;             /* records of those that are not certain */
};

struct claims_totals {
    uint64_t datagrams, bytes, strangers;
    uint64_t by_type[PLAY_TYPES], doubled[PLAY_TYPES];
    uint64_t rejected[CLAIMS_REASONS]; /* by enum muster_reject */
};

struct claims;

/* The scenario must stay.  `speed`: the devices' time by the real time, in which a collector
 * measures.  NULL if memory is short. */
struct claims *claims_new(const struct scenario *scenario, double speed);
void claims_free(struct claims *claims);

/* Takes down that a datagram was sent, in order of sending. */
void claims_sent(struct claims *claims, const struct stage_datagram *datagram, const uint8_t *bytes,
                 size_t size);

const struct claims_totals *claims_totals(const struct claims *claims);

/* Draws up the figures of a group, for the sums that are known when the play has ended. */
void claims_group(const struct claims *claims, const struct stage *stage, uint32_t group,
                  struct claims_figures *figures);

void claims_add(struct claims_figures *sum, const struct claims_figures *figures);

/* Why, in words. */
const char *claims_doubt_name(enum claims_doubt doubt);

#endif
