/* SPDX-License-Identifier: MIT
 *
 * A number that one thread keeps and any thread reads.  It is stored with relaxed atomics, which
 * cost nothing, so that a reader sees a value that was there, and never a torn one.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdint.h>

struct counter {
    uint64_t value;
};

/* Any thread. */
static inline uint64_t counter_value(const struct counter *counter)
{
    return __atomic_load_n(&counter->value, __ATOMIC_RELAXED);
}

/* The one writer alone. */
static inline void counter_set(struct counter *counter, uint64_t n)
{
    __atomic_store_n(&counter->value, n, __ATOMIC_RELAXED);
}

static inline void counter_add(struct counter *counter, uint64_t n)
{
    counter_set(counter, counter_value(counter) + n);
}

#endif
