/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "collector/host/note.h"
#include "report.h"

#define STUCK (2 * CLOCK_SECOND) /* in one callback; the watchdog says it then, too */

enum { NAME = 256 };

bool figures_find(const struct muster_instance *instance, const char *metric, uint64_t *value)
{
    struct metric_reading reading;
    char name[NAME];

    snprintf(name, sizeof name, "%s.%s", instance_name(instance), metric);
    if (!metrics_find(instance->host->metrics, name, NULL, &reading) ||
        reading.is.type != METRIC_U64)
        return false;
    *value = reading.value.u64;
    return true;
}

json_t *figures_by_label(const struct muster_instance *instance, const char *metric)
{
    struct metric_reading reading;
    json_t *object = NULL;
    char name[NAME];
    uint32_t i;

    snprintf(name, sizeof name, "%s.%s", instance_name(instance), metric);
    for (i = 0; metrics_read(instance->host->metrics, i, &reading); i++) {
        if (reading.is.label_value == NULL || reading.is.type != METRIC_U64 ||
            strcmp(reading.is.name, name) != 0)
            continue;
        if (object == NULL)
            object = json_object();
        report_number(object, reading.is.label_value, reading.value.u64);
    }
    return object;
}

const struct muster_instance *figures_tracker(const struct chain *chain)
{
    uint64_t unused;
    unsigned f;

    for (f = 0; f < chain->filter_count; f++)
        if (figures_find(&chain->instances[f], "missing", &unused) &&
            figures_find(&chain->instances[f], "open", &unused))
            return &chain->instances[f];
    return NULL;
}

/* Whose thread is looked for, and since when it has been in one callback, by the monotonic clock.
 */
struct search {
    const struct entry *entry;
    uint64_t since_ns;
};

static void look(struct note *note, void *context)
{
    struct search *search = context;

    if (atomic_load_explicit(&note->callback, memory_order_acquire) != 0 &&
        atomic_load_explicit(&note->entry, memory_order_relaxed) == search->entry)
        search->since_ns = note->since_ns;
}

const char *figures_sink_state(const struct sink *sink, uint64_t *since)
{
    struct search search = {.entry = sink->instance->entry};
    uint64_t now = clock_monotonic();

    note_each(look, &search);
    if (search.since_ns != 0 && now - search.since_ns >= STUCK) {
        *since = clock_wall() - (now - search.since_ns);
        return "stuck";
    }
    *since = atomic_load(&sink->state_ns);
    switch ((enum sink_state)atomic_load(&sink->state)) {
    case SINK_IS_CONNECTED:
        return "ok";
    case SINK_IS_WAITING:
        return "waiting";
    case SINK_IS_FAILED:
        return "failed";
    default:
        return "connecting";
    }
}
