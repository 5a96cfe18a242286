/* SPDX-License-Identifier: MIT
 *
 * A list of metrics, each with a list of cells.  The lock guards the lists, not
 * the values.
 */
#include "metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    struct cell *next;
    const void *owner;
    const struct counter *counter;
    struct counter *owned; /* NULL if it is the owner's memory */
};

struct metric {
    struct metric *next;
    char *name, *unit, *help;
    uint32_t kind;
    uint64_t past; /* what cells had counted that were taken out */
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

static void free_cell(struct cell *cell)
{
    free(cell->owned);
    free(cell);
}

static void free_metric(struct metric *metric)
{
    struct cell *cell;

    while ((cell = metric->cells) != NULL) {
        metric->cells = cell->next;
        free_cell(cell);
    }
    free(metric->name);
    free(metric->unit);
    free(metric->help);
    free(metric);
}

void metrics_free(struct metrics *metrics)
{
    struct metric *metric;

    if (metrics == NULL)
        return;
    while ((metric = metrics->first) != NULL) {
        metrics->first = metric->next;
        free_metric(metric);
    }
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

static struct metric *new_metric(const char *name, uint32_t kind, const char *unit,
                                 const char *help)
{
    struct metric *metric = calloc(1, sizeof *metric);

    if (metric == NULL)
        return NULL;
    metric->kind = kind;
    metric->name = strdup(name);
    metric->unit = strdup(unit);
    metric->help = strdup(help);
    if (metric->name == NULL || metric->unit == NULL || metric->help == NULL) {
        free_metric(metric);
        return NULL;
    }
    return metric;
}

/* The metric of that name, new if there is none. */
static struct metric *find_or_add(struct metrics *metrics, const char *name, uint32_t kind,
                                  const char *unit, const char *help)
{
    struct metric *metric;

    for (metric = metrics->first; metric != NULL; metric = metric->next)
        if (strcmp(metric->name, name) == 0)
            return metric;
    metric = new_metric(name, kind, unit, help);
    if (metric != NULL) {
        *metrics->end = metric;
        metrics->end = &metric->next;
    }
    return metric;
}

static int add(struct metrics *metrics, const struct cell *values, const char *origin,
               const char *name, uint32_t kind, const char *unit, const char *help)
{
    struct cell *cell = malloc(sizeof *cell);
    struct metric *metric = NULL;
    char *whole = NULL;

    if (cell == NULL || asprintf(&whole, "%s.%s", origin, name) < 0) {
        free(cell);
        return -1;
    }
    pthread_mutex_lock(&metrics->lock);
    metric = find_or_add(metrics, whole, kind, unit, help);
    if (metric != NULL) {
        *cell = *values;
        cell->next = metric->cells;
        metric->cells = cell;
    }
    pthread_mutex_unlock(&metrics->lock);
    free(whole);
    if (metric == NULL)
        free(cell);
    return metric == NULL ? -1 : 0;
}

struct counter *metrics_cell(struct metrics *metrics, const void *owner, const char *origin,
                             const char *name, uint32_t kind, const char *unit, const char *help)
{
    /* A cache line each, so that no two writers share one. */
    struct counter *counter = aligned_alloc(64, 64);
    const struct cell values = {.owner = owner, .counter = counter, .owned = counter};

    if (counter == NULL)
        return NULL;
    counter->value = 0;
    if (add(metrics, &values, origin, name, kind, unit, help) < 0) {
        free(counter);
        return NULL;
    }
    return counter;
}

int metrics_watch(struct metrics *metrics, const void *owner, const char *origin, const char *name,
                  const char *unit, const char *help, const struct counter *cell)
{
    const struct cell values = {.owner = owner, .counter = cell};

    assert(cell != NULL);
    return add(metrics, &values, origin, name, METRIC_COUNTER, unit, help);
}

static void remove_cells(struct metric *metric, const void *owner)
{
    struct cell **link = &metric->cells, *cell;

    while ((cell = *link) != NULL) {
        if (cell->owner != owner) {
            link = &cell->next;
            continue;
        }
        *link = cell->next;
        if (metric->kind == METRIC_COUNTER)
            metric->past += counter_value(cell->counter);
        free_cell(cell);
    }
}

void metrics_remove(struct metrics *metrics, const void *owner)
{
    struct metric *metric;

    pthread_mutex_lock(&metrics->lock);
    for (metric = metrics->first; metric != NULL; metric = metric->next)
        remove_cells(metric, owner);
    pthread_mutex_unlock(&metrics->lock);
}

static uint64_t sum(const struct metric *metric)
{
    const struct cell *cell;
    uint64_t value = metric->past;

    for (cell = metric->cells; cell != NULL; cell = cell->next)
        value += counter_value(cell->counter);
    return value;
}

bool metrics_read(struct metrics *metrics, uint32_t index, struct metric_reading *out)
{
    const struct metric *metric;

    pthread_mutex_lock(&metrics->lock);
    for (metric = metrics->first; metric != NULL; metric = metric->next)
        if (metric->cells != NULL && index-- == 0)
            break;
    if (metric != NULL)
        *out = (struct metric_reading){.kind = metric->kind,
                                       .name = metric->name,
                                       .unit = metric->unit,
                                       .help = metric->help,
                                       .value = sum(metric)};
    pthread_mutex_unlock(&metrics->lock);
    return metric != NULL;
}
