/* SPDX-License-Identifier: MIT
 *
 * What other workers have received that is this worker's: see steering.h.
 *
 * Datagrams are copied in and taken out in the order in which they came.  It has a lock, since
 * datagrams come this way seldom; to see that it is empty takes none.
 */
#ifndef COLLECTOR_LIVE_INBOX_H
#define COLLECTOR_LIVE_INBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/flow/pipeline.h"

/* Datagrams, one behind the other. */
struct inbox_stack {
    uint8_t *bytes;
    size_t used, room;
};

struct inbox {
    pthread_mutex_t lock; /* of `filling` and `closed` */
    struct inbox_stack filling;
    struct inbox_stack taking; /* the owner's alone */
    size_t taken;              /* bytes of that */
    bool closed;
    atomic_bool waiting; /* something is in `filling` */
    int fd;              /* an eventfd: readable when something has come, or inbox_wake */
};

/* Returns 0, or -1 with errno; then inbox_free too. */
int inbox_init(struct inbox *inbox);
void inbox_free(struct inbox *inbox);

/* [any worker] Returns false if it has no room, or is closed. */
bool inbox_put(struct inbox *inbox, const struct datagram *datagram);

/* [any thread] Wakes the owner. */
void inbox_wake(struct inbox *inbox);

static inline bool inbox_is_empty(struct inbox *inbox)
{
    return !atomic_load_explicit(&inbox->waiting, memory_order_acquire);
}

/* [owner] Takes all that is there; then inbox_next gives one after the other, until false.  A
 * datagram is readable until the next inbox_collect. */
void inbox_collect(struct inbox *inbox);
bool inbox_next(struct inbox *inbox, struct datagram *datagram);

/* [owner] Nothing comes any more. */
void inbox_close(struct inbox *inbox);

#endif
