/* SPDX-License-Identifier: MIT
 *
 * The callbacks of a filter in all legal orders.
 */
#include "drive_filter.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "generate.h"
#include "life.h"
#include "report.h"
#include "testing/batches.h"
#include "testing/calls.h"

enum { WORKERS = 2 };

struct worker {
    struct muster_instance *instance;
    const char *steps; /* up to a reload, or their end */
    uint32_t number, workers, serial;
    bool opened, failed; /* failed: process has returned MUSTER_FAILED */
    bool closes;         /* these are its last steps */
    struct muster_test_batch batch;
};

static void step_process(struct worker *worker)
{
    static const uint32_t sizes[] = {1, 2, 3, 5, 64, 1023};
    uint32_t count = sizes[worker->serial % (sizeof sizes / sizeof sizes[0])];
    uint32_t lines = life_lines(worker->instance);
    struct generated batch;

    if (generate_batch(&batch, count, worker->serial++, 0, worker->number, worker->workers) < 0) {
        report_finding("out of memory");
        return;
    }
    generate_read_only(&batch, false);
    batches_begin(&worker->batch, worker->instance, worker->number, worker->workers, batch.records,
                  count, &batch.memory);
    if (calls_process(worker->instance, worker->number, &worker->batch) != 0) {
        life_said(worker->instance, lines, "process", "MUSTER_FAILED");
        if (report->findings.count == 0)
            report_finding("process() returned MUSTER_FAILED, and said: %.400s",
                           life_last_line(worker->instance));
        worker->failed = true;
    }
    generate_gone(&batch, "process");
    atomic_fetch_add(&report->records, count);
}

static void *run(void *context)
{
    struct worker *worker = context;
    const char *at;

    report_thread_number = 1 + worker->number;
    for (at = worker->steps; *at != '\0' && *at != 'l'; at++) {
        if (*at == 'p' && !worker->failed)
            step_process(worker);
        else if (*at == 't' && !worker->failed)
            muster_test_worker_tick(worker->instance, worker->number, &worker->batch);
        muster_test_advance(worker->instance, CLOCK_MILLISECOND);
    }
    if (worker->closes)
        muster_test_worker_close(worker->instance, worker->number, &worker->batch);
    return NULL;
}

/* Has all workers run up to the next reload. */
static void run_all(struct worker *workers, uint32_t count)
{
    pthread_t threads[WORKERS];
    bool started[WORKERS] = {false};
    uint32_t i;

    for (i = 0; i < count; i++)
        started[i] = workers[i].opened && pthread_create(&threads[i], NULL, run, &workers[i]) == 0;
    for (i = 0; i < count; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
}

static bool open_workers(struct worker *workers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        uint32_t lines = life_lines(workers[i].instance);

        workers[i].opened = muster_test_worker_open(workers[i].instance, i, count) == 0;
        if (!workers[i].opened) {
            life_said(workers[i].instance, lines, "worker_open", "MUSTER_FAILED");
            return false;
        }
    }
    return true;
}

static const char *next_reload(const char *steps)
{
    while (*steps != '\0' && *steps != 'l')
        steps++;
    return steps;
}

static void reload(struct muster_instance *instance)
{
    uint32_t lines = life_lines(instance);

    if (muster_test_reload(instance) == MUSTER_FAILED)
        life_said(instance, lines, "reload", "MUSTER_FAILED");
}

void drive_filter(struct muster_instance *instance, const char *steps, uint32_t workers)
{
    struct worker all[WORKERS] = {0};
    uint32_t i;

    for (i = 0; i < workers; i++)
        all[i] = (struct worker){.instance = instance,
                                 .number = i,
                                 .workers = workers,
                                 .serial = (uint32_t)steps[0] + i};
    if (open_workers(all, workers) && steps[0] != '\0') {
        bool last;

        do {
            last = *next_reload(steps) == '\0';
            for (i = 0; i < workers; i++) {
                all[i].steps = steps;
                all[i].closes = last;
            }
            run_all(all, workers);
            if (!last)
                reload(instance);
            steps = next_reload(steps) + 1;
        } while (!last);
    } else {
        for (i = 0; i < workers; i++) /* it never ran, so the main thread does it */
            if (all[i].opened)
                muster_test_worker_close(instance, i, &all[i].batch);
    }
    for (i = 0; i < workers; i++)
        muster_test_batch_free(&all[i].batch);
}
