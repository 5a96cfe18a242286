/* SPDX-License-Identifier: MIT
 *
 * When a worker looks for datagrams.
 */
#include "pace.h"

#define LOOK                                                                                       \
    (8 * CLOCK_MILLISECOND) /* how long the line is measured; the coarse clock ticks in 4 */
#define NAP_LEAST (CLOCK_MILLISECOND / 4) /* a shorter nap costs more than it saves */

enum {
    WORTH = 4,      /* datagrams that a nap must bring */
    CHARGED = 1024, /* bytes of the buffer that a datagram takes besides its own, at most */
    APART = 1000    /* ns between two datagrams of a burst, at least */
};

void pace_begin(struct pace *pace, uint32_t buffer, uint32_t largest, uint64_t now_ns)
{
    uint64_t longest = buffer / (CHARGED + (uint64_t)largest) / 2 * APART;

    *pace = (struct pace){
        .longest_ns = longest < NAP_LEAST  ? 0
                      : longest < PACE_NAP ? longest
                                           : PACE_NAP,
        .since_ns = now_ns,
    };
}

uint64_t pace_next(struct pace *pace, uint64_t taken, uint64_t now_ns)
{
    uint64_t elapsed = now_ns - pace->since_ns;

    pace->taken += taken;
    if (elapsed < LOOK)
        return pace->nap_ns;
    pace->nap_ns = pace->taken * pace->longest_ns >= WORTH * elapsed ? pace->longest_ns : 0;
    pace->taken = 0;
    pace->since_ns = now_ns;
    return pace->nap_ns;
}
