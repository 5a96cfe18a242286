/* SPDX-License-Identifier: MIT
 *
 * Somebody wants to know what a pipeline's filters know.  What they know is the worker's, so the
 * worker is asked, and answers between two batches: nothing of it is read while it changes, and
 * while nobody asks, it costs nothing that is not looked at anyway.
 *
 * One asks at a time.
 */
#ifndef COLLECTOR_FLOW_VISIT_H
#define COLLECTOR_FLOW_VISIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

struct chain;
struct pipeline;

enum { VISIT_DEVICES = 512, VISIT_GAPS = 512 /* reports at a time: less than a millisecond */ };

enum visit_kind { VISIT_ABOUT_DEVICES, VISIT_ABOUT_GAPS, VISIT_FORGET };

struct visit_question {
    enum visit_kind kind;
    unsigned filter;    /* its number in the chain */
    uint32_t from, end; /* devices: `end` is not included, and VISIT_DEVICES behind at most */
    uint32_t skip;      /* gaps of `from` that are known already */
};

/* What a worker says; it stays until it is asked again. */
struct visit_reports {
    union {
        struct muster_device_report *devices;
        struct muster_gap_report *gaps;
    } list;
    uint32_t count;
    bool was_known; /* the device that is forgotten */
};

struct visit {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* by the monotonic clock */
    atomic_uint stage;      /* enum visit_stage */
    struct visit_question question;
    struct visit_reports reports;
};

void visit_init(struct visit *visit);
void visit_free(struct visit *visit);

/* [worker] Between two batches: answers, if somebody has asked. */
void visit_serve(struct pipeline *pipeline);

/* [any thread but a worker's] Asks the workers `first` to `last` of the chain, which is not
 * included, all at a time; each is waited for, until a second is over.  Returns 0, and what they
 * say is in their pipelines' visit.reports; or -1: a worker, *stuck, does not come back from a
 * plugin, or memory is short. */
int visit_ask(struct chain *chain, const struct visit_question *question, unsigned first,
              unsigned last, unsigned *stuck);

#endif
