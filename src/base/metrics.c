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

union value {
    uint64_t u64; /* of METRIC_I64, too, whose sums are the same modulo 2^64 */
    double real;
};

struct metric {
    struct metric *next;
    char *name, *unit, *help, *label, *label_value;
    uint32_t kind, type;
    union value past; /* what cells had counted that were taken out */
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
    free(metric->label);
    free(metric->label_value);
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

/* A copy of a text that may be NULL.  False if memory is short. */
static bool copy(const char *text, char **to)
{
    *to = text != NULL ? strdup(text) : NULL;
    return text == NULL || *to != NULL;
}

static struct metric *new_metric(const char *name, const struct metric_description *is)
{
    struct metric *metric = calloc(1, sizeof *metric);

    if (metric == NULL)
        return NULL;
    metric->kind = is->kind;
    metric->type = is->type;
    if (copy(name, &metric->name) && copy(is->unit, &metric->unit) &&
        copy(is->help, &metric->help) && copy(is->label, &metric->label) &&
        copy(is->label_value, &metric->label_value))
        return metric;
    free_metric(metric);
    return NULL;
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The metric of that whole name and label, new if there is none. */
static enum metrics_outcome find_or_add(struct metrics *metrics, const char *name,
                                        const struct metric_description *is, struct metric **found)
{
    struct metric *metric;

    *found = NULL;
    for (metric = metrics->first; metric != NULL; metric = metric->next) {
        if (strcmp(metric->name, name) != 0)
            continue;
        if (metric->kind != is->kind || metric->type != is->type ||
            !is_same(metric->label, is->label)) {
            if (metric->cells != NULL)
                return METRICS_CONFLICT;
        } else if (is_same(metric->label_value, is->label_value)) {
            *found = metric;
        }
    }
    if (*found != NULL)
        return METRICS_ADDED;
    *found = new_metric(name, is);
    if (*found == NULL)
        return METRICS_NO_MEMORY;
    *metrics->end = *found;
    metrics->end = &(*found)->next;
    return METRICS_ADDED;
}

static enum metrics_outcome add(struct metrics *metrics, const struct cell *values,
                                const char *origin, const struct metric_description *is)
{
    struct cell *cell = malloc(sizeof *cell);
    struct metric *metric;
    enum metrics_outcome outcome;
    char *whole;

    if (cell == NULL || asprintf(&whole, "%s.%s", origin, is->name) < 0) {
        free(cell);
        return METRICS_NO_MEMORY;
    }
    pthread_mutex_lock(&metrics->lock);
    outcome = find_or_add(metrics, whole, is, &metric);
    if (outcome == METRICS_ADDED) {
        *cell = *values;
        cell->next = metric->cells;
        metric->cells = cell;
    }
    pthread_mutex_unlock(&metrics->lock);
    free(whole);
    if (outcome != METRICS_ADDED)
        free(cell);
    return outcome;
}

enum metrics_outcome metrics_cell(struct metrics *metrics, const void *owner, const char *origin,
                                  const struct metric_description *is, struct counter **cell)
{
    /* A cache line each, so that no two writers share one. */
    struct counter *counter = aligned_alloc(64, 64);
    const struct cell values = {.owner = owner, .counter = counter, .owned = counter};
    enum metrics_outcome outcome;

    assert((is->label == NULL) == (is->label_value == NULL));
    if (counter == NULL)
        return METRICS_NO_MEMORY;
    counter->value = 0; /* of a double, too */
    outcome = add(metrics, &values, origin, is);
    if (outcome == METRICS_ADDED)
        *cell = counter;
    else
        free(counter);
    return outcome;
}

static int watch(struct metrics *metrics, const void *owner, const char *origin,
                 const struct metric_description *is, const struct counter *cell)
{
    const struct cell values = {.owner = owner, .counter = cell};
    enum metrics_outcome outcome;

    assert(cell != NULL);
    outcome = add(metrics, &values, origin, is);
    assert(outcome != METRICS_CONFLICT); /* these names are the daemon's alone */
    return outcome == METRICS_ADDED ? 0 : -1;
}

int metrics_watch(struct metrics *metrics, const void *owner, const char *origin, const char *name,
                  const char *unit, const char *help, const struct counter *cell)
{
    const struct metric_description is = {
        .kind = METRIC_COUNTER, .name = name, .unit = unit, .help = help};

    return watch(metrics, owner, origin, &is, cell);
}

int metrics_watch_gauge(struct metrics *metrics, const void *owner, const char *origin,
                        const char *name, const char *unit, const char *help,
                        const struct counter *cell)
{
    const struct metric_description is = {
        .kind = METRIC_GAUGE, .name = name, .unit = unit, .help = help};

    return watch(metrics, owner, origin, &is, cell);
}

static void add_value(uint32_t type, union value *sum, const struct counter *cell)
{
    union value value = {.u64 = counter_value(cell)};

    if (type == METRIC_DOUBLE)
        sum->real += value.real;
    else
        sum->u64 += value.u64;
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
            add_value(metric->type, &metric->past, cell->counter);
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

/* Adds what the metric shows now. */
static void add_sum(const struct metric *metric, union value *sum)
{
    const struct cell *cell;

    if (metric->type == METRIC_DOUBLE)
        sum->real += metric->past.real;
    else
        sum->u64 += metric->past.u64;
    for (cell = metric->cells; cell != NULL; cell = cell->next)
        add_value(metric->type, sum, cell->counter);
}

static void describe(const struct metric *metric, struct metric_reading *out)
{
    out->is = (struct metric_description){
        .kind = metric->kind,
        .type = metric->type,
        .name = metric->name,
        .unit = metric->unit,
        .help = metric->help,
        .label = metric->label,
        .label_value = metric->label_value,
    };
}

static void set_value(struct metric_reading *out, const union value *value)
{
    if (out->is.type == METRIC_DOUBLE)
        out->value.real = value->real;
    else
        out->value.u64 = value->u64;
}

bool metrics_read(struct metrics *metrics, uint32_t index, struct metric_reading *out)
{
    const struct metric *metric;
    union value sum = {0};

    pthread_mutex_lock(&metrics->lock);
    for (metric = metrics->first; metric != NULL; metric = metric->next)
        if (metric->cells != NULL && index-- == 0)
            break;
    if (metric != NULL) {
        describe(metric, out);
        add_sum(metric, &sum);
        set_value(out, &sum);
    }
    pthread_mutex_unlock(&metrics->lock);
    return metric != NULL;
}

bool metrics_find(struct metrics *metrics, const char *name, const char *label_value,
                  struct metric_reading *out)
{
    const struct metric *metric;
    union value sum = {0};
    bool is_found = false;

    pthread_mutex_lock(&metrics->lock);
    for (metric = metrics->first; metric != NULL; metric = metric->next) {
        if (metric->cells == NULL || strcmp(metric->name, name) != 0 ||
            (label_value != NULL && !is_same(metric->label_value, label_value)))
            continue;
        if (!is_found)
            describe(metric, out);
        is_found = true;
        add_sum(metric, &sum);
    }
    pthread_mutex_unlock(&metrics->lock);
    if (!is_found)
        return false;
    if (label_value == NULL) /* it is of all of them */
        out->is.label = out->is.label_value = NULL;
    set_value(out, &sum);
    return true;
}
