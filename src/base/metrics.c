/* SPDX-License-Identifier: MIT
 *
 * A list of metrics, each with a list of cells.  The lock guards the lists, not
 * the values.
 */
#include "metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    struct cell *next;
    const struct muster_counter *counter;
    struct muster_counter *owned; /* NULL if the caller owns it */
};

struct metric {
    struct metric *next;
    char *name;
    uint32_t kind;
    const char *unit, *help;
    struct cell *cells;
};

struct metrics {
    pthread_mutex_t lock;
    struct metric *first, **end;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);

    if (metrics == NULL)
        return NULL;
    pthread_mutex_init(&metrics->lock, NULL);
    metrics->end = &metrics->first;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    struct metric *metric;
    struct cell *cell;

    if (metrics == NULL)
        return;
    while ((metric = metrics->first) != NULL) {
        metrics->first = metric->next;
        while ((cell = metric->cells) != NULL) {
            metric->cells = cell->next;
            free(cell->owned);
            free(cell);
        }
        free(metric->name);
        free(metric);
    }
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

/* The metric of that name, new if there is none; takes `name` over. */
static struct metric *find_or_add(struct metrics *metrics, char *name, uint32_t kind,
                                  const char *unit, const char *help)
{
    struct metric *metric;

    for (metric = metrics->first; metric != NULL; metric = metric->next) {
        if (strcmp(metric->name, name) == 0) {
            free(name);
            return metric;
        }
    }
    metric = calloc(1, sizeof *metric);
    if (metric == NULL) {
        free(name);
        return NULL;
    }
    metric->name = name;
    metric->kind = kind;
    metric->unit = unit;
    metric->help = help;
    *metrics->end = metric;
    metrics->end = &metric->next;
    return metric;
}

static int add(struct metrics *metrics, const char *origin, const char *name, uint32_t kind,
               const char *unit, const char *help, const struct muster_counter *counter,
               struct muster_counter *owned)
{
    struct cell *cell = malloc(sizeof *cell);
    struct metric *metric = NULL;
    char *whole;

    if (cell == NULL || asprintf(&whole, "%s.%s", origin, name) < 0) {
        free(cell);
        return -1;
    }
    pthread_mutex_lock(&metrics->lock);
    metric = find_or_add(metrics, whole, kind, unit, help);
    if (metric != NULL) {
        cell->counter = counter;
        cell->owned = owned;
        cell->next = metric->cells;
        metric->cells = cell;
    }
    pthread_mutex_unlock(&metrics->lock);
    if (metric == NULL)
        free(cell);
    return metric == NULL ? -1 : 0;
}

struct muster_counter *metrics_cell(struct metrics *metrics, const char *origin, const char *name,
                                    uint32_t kind, const char *unit, const char *help)
{
    /* A cache line each, so that no two writers share one. */
    struct muster_counter *counter = aligned_alloc(64, 64);

    if (counter == NULL)
        return NULL;
    counter->value = 0;
    if (add(metrics, origin, name, kind, unit, help, counter, counter) < 0) {
        free(counter);
        return NULL;
    }
    return counter;
}

int metrics_watch(struct metrics *metrics, const char *origin, const char *name, const char *unit,
                  const char *help, const struct muster_counter *cell)
{
    return add(metrics, origin, name, MUSTER_METRIC_COUNTER, unit, help, cell, NULL);
}

bool metrics_read(struct metrics *metrics, uint32_t index, struct muster_metric *out)
{
    struct muster_metric full = {.size = out->size};
    const struct metric *metric;
    const struct cell *cell;

    pthread_mutex_lock(&metrics->lock);
    for (metric = metrics->first; metric != NULL && index > 0; metric = metric->next)
        index--;
    if (metric != NULL) {
        full.kind = metric->kind;
        full.name = metric->name;
        full.unit = metric->unit;
        full.help = metric->help;
        for (cell = metric->cells; cell != NULL; cell = cell->next)
            full.value += metrics_value(cell->counter);
    }
    pthread_mutex_unlock(&metrics->lock);
    if (metric == NULL)
        return false;
    memcpy(out, &full, full.size < sizeof full ? full.size : sizeof full);
    return true;
}
