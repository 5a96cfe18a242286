/* SPDX-License-Identifier: MIT
 *
 * What the main thread is to do for a client.  It may take seconds, so a thread of its own waits
 * for that, and other clients are answered meanwhile.  One order at a time.
 */
#ifndef COLLECTOR_CONTROL_ORDER_H
#define COLLECTOR_CONTROL_ORDER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/problems.h"
#include "collector/requests.h"

/* Begins as zeros. */
struct order {
    struct requests *requests;
    enum request_kind kind;
    const void *owner; /* who gave it; NULL: nobody, or he is gone */
    pthread_t thread;
    bool started;
    atomic_bool done;
    int result;
    struct problems said;
};

/* Returns 0; EBUSY: another is under way; or another errno. */
int order_begin(struct order *order, struct requests *requests, enum request_kind kind,
                const void *owner);

/* Whether it is done; then the owner reads result and said, and calls order_end. */
bool order_is_done(const struct order *order);

/* Waits for it, if it is not done, and makes room for the next. */
void order_end(struct order *order);

/* The owner is gone: whoever comes next makes room. */
void order_leave(struct order *order);

#endif
