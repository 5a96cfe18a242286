/* SPDX-License-Identifier: MIT
 *
 * So many a second, and no more: kept as the time when the next would be due if all had come
 * evenly, which may be a second ahead; so a second's worth may come at once (GCRA, ITU-T I.371).
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

/* Takes a place in the rate, at least 1.  Returns whether there was one.  Any thread. */
static inline bool rate_pass(uint64_t *due_ns, uint32_t rate, uint64_t now_ns)
{
    const uint64_t step = CLOCK_SECOND / rate;
    uint64_t due = __atomic_load_n(due_ns, __ATOMIC_RELAXED), next;

    do {
        /* In the past, or so far ahead that the clock was set back. */
        next = due > now_ns && due - now_ns <= CLOCK_SECOND + step ? due : now_ns;
        if (next - now_ns > CLOCK_SECOND - step)
            return false;
    } while (!__atomic_compare_exchange_n(due_ns, &due, next + step, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return true;
}

#endif
