/* SPDX-License-Identifier: MIT
 *
 * What became of a device's missing numbers, by cause.
 */
#include "losses.h"

unsigned losses_any_cause(const struct losses *losses)
{
    uint16_t left = (1u << MUSTER_CAUSES) - 1;
    unsigned cause = 0, i;

    /* The last in order of evidence that has some. */
    for (i = 0; i < MUSTER_CAUSES; i++) {
        unsigned next = losses_cause(left);

        left &= (uint16_t) ~(1u << next);
        if (losses->lost[next] > 0)
            cause = next;
    }
    return cause;
}

void losses_take_back(struct losses *losses, uint32_t count)
{
    while (count > 0) {
        uint64_t *lost = &losses->lost[losses_any_cause(losses)];
        uint32_t part = *lost < count ? (uint32_t)*lost : count;

        if (part == 0)
            part = count; /* a damaged state: the sum stays right, modulo 2^64 */
        *lost -= part;
        count -= part;
    }
}
