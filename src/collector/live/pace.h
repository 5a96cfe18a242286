/* SPDX-License-Identifier: MIT
 *
 * When a worker looks for datagrams.  On a quiet line it sleeps until one comes.  On a
 * busy line that costs more than all else: each wake-up brings a few datagrams.  So then
 * it naps, and takes what has come meanwhile in large bites.
 *
 * A nap is so short that the receive buffer holds twice what can come in it, at a million datagrams
 * a second, which is more than a core receives.  So a small buffer allows no naps.
 */
#ifndef COLLECTOR_LIVE_PACE_H
#define COLLECTOR_LIVE_PACE_H

#include <stdint.h>

#include "base/clock.h"

#define PACE_NAP (2 * CLOCK_MILLISECOND)

struct pace {
    uint64_t longest_ns; /* the longest nap that the receive buffer allows; 0: none */
    uint64_t since_ns;   /* monotonic: when this look at the line began */
    uint64_t taken;      /* datagrams since then */
    uint64_t nap_ns;     /* 0: the line is quiet */
};

/* `buffer` is the smallest receive buffer, bytes as the kernel counts them; `largest` the size of
 * the largest datagram. */
void pace_begin(struct pace *pace, uint32_t buffer, uint32_t largest, uint64_t now_ns);

/* That many datagrams have come.  Returns how long to nap before the next look; 0: sleep until
 * something comes. */
uint64_t pace_next(struct pace *pace, uint64_t taken, uint64_t now_ns);

#endif
