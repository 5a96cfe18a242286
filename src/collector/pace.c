/* SPDX-License-Identifier: MIT
 *
 * When a worker looks for datagrams.
 */
#include "pace.h"

#define LOOK (8 * CLOCK_MILLISECOND) /* how long the line is measured; the coarse clock ticks in 4 */
#define NAP_LEAST (CLOCK_MILLISECOND / 4) /* a shorter nap costs more than it saves */

enum {
    WORTH = 4,      /* datagrams that a nap must bring */
    CHARGED = 2048, /* bytes of the buffer that a small datagram takes, and some to spare */
    PART = 4        /* of the buffer that may fill in a nap: one in so many */
};

void pace_begin(struct pace *pace, uint32_t buffer, uint64_t now_ns)
{
    *pace = (struct pace){.room = buffer / CHARGED, .since_ns = now_ns};
}

uint64_t pace_next(struct pace *pace, uint64_t taken, uint64_t now_ns)
{
    uint64_t elapsed = now_ns - pace->since_ns;

    pace->taken += taken;
    if (elapsed < LOOK)
        return pace->nap_ns;
    pace->nap_ns = 0;
    if (pace->taken * PACE_NAP >= WORTH * elapsed) {
        uint64_t longest = pace->room / PART * elapsed / pace->taken;

        pace->nap_ns = longest < NAP_LEAST ? 0 : longest < PACE_NAP ? longest : PACE_NAP;
    }
    pace->taken = 0;
    pace->since_ns = now_ns;
    return pace->nap_ns;
}
