/* SPDX-License-Identifier: MIT
 *
 * The thread that looks after finished segments, so that the sink need not wait for it.
 */
#ifndef PLUGINS_CSV_TEND_H
#define PLUGINS_CSV_TEND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "finish.h"
#include "keep.h"

struct tend {
    /* The owner's to set; `series` is his, and its names do not change. */
    const struct muster_host *host;
    struct muster_instance *instance;
    const struct series *series;
    struct keep keep;
    int level; /* of the compression; 0: none */
    /* The rest begins as 0. */
    struct finish finish;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changes;
    struct finish_job *first; /* the one at work, and those that wait */
    bool is_running;
    bool is_stopping;   /* it ends when it has nothing to do */
    bool is_idle;       /* it has ended, or will at once */
    bool is_troubled;   /* a segment could not be finished, and that has been said */
    bool is_short;      /* of space, likewise */
    bool cannot_remove; /* likewise */
    atomic_bool ends;   /* it ends as soon as it can */
    atomic_uint_least64_t finished, removed, waiting;
};

/* Finds what an earlier run has left to do, and begins to work.  Returns 0, or -1 after a log line.
 */
int tend_start(struct tend *tend);

/* Hands over a segment; job is the tend's from now on. */
void tend_add(struct tend *tend, struct finish_job *job);

/* Waits until all is done, but not beyond the deadline (MUSTER_CLOCK_STEADY; 0: there is none).
 * The next run does the rest. */
void tend_stop(struct tend *tend, uint64_t deadline_ns);

#endif
