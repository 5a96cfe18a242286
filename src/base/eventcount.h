/* SPDX-License-Identifier: MIT
 *
 * An eventcount with one waiter: wakes a sleeping thread, and costs one load while it is awake.
 *
 * The waiter: eventcount_prepare, look once more whether there is work, then eventcount_wait, or
 * eventcount_cancel if there is.  The notifier: publish the work (sequentially consistent), then
 * eventcount_notify.  So either the waiter sees the work, or the notifier sees the waiter.
 */
#ifndef BASE_EVENTCOUNT_H
#define BASE_EVENTCOUNT_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

struct eventcount {
    _Alignas(64) atomic_uint waiting; /* 1 from prepare to the end of the wait */
};

static inline void eventcount_prepare(struct eventcount *count)
{
    atomic_store(&count->waiting, 1);
}

/* There was work after all. */
static inline void eventcount_cancel(struct eventcount *count)
{
    atomic_store_explicit(&count->waiting, 0, memory_order_relaxed);
}

/* Sleeps until notified, or for `ns`; UINT64_MAX: without limit. */
static inline void eventcount_wait(struct eventcount *count, uint64_t ns)
{
    struct timespec ts = clock_to_timespec(ns);

    syscall(SYS_futex, &count->waiting, FUTEX_WAIT_PRIVATE, 1, ns == UINT64_MAX ? NULL : &ts, NULL,
            0);
    eventcount_cancel(count);
}

static inline void eventcount_notify(struct eventcount *count)
{
    unsigned expected = 1;

    if (atomic_load(&count->waiting) == 1 &&
        atomic_compare_exchange_strong(&count->waiting, &expected, 0))
        syscall(SYS_futex, &count->waiting, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#endif
