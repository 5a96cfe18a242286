/* SPDX-License-Identifier: MIT
 *
 * The causes of gaps on the collector's side.
 */
#include "causes.h"

#include <assert.h>
#include <string.h>

#include <muster/record.h>

static const uint8_t bits[CAUSES_KINDS] = {
    [CAUSES_KERNEL] = MUSTER_CAUSE_KERNEL,
    [CAUSES_COLLECTOR] = MUSTER_CAUSE_COLLECTOR,
    [CAUSES_DOWN] = MUSTER_CAUSE_COLLECTOR_DOWN,
};

/* ---- the host's drop counters --------------------------------------------------------- */

/* Whether a metric counts datagrams, or their records, that are dropped before they come
 * here: those with a number that are too long or have a bad payload, and what filters take out. */
static bool is_dropper(const char *name)
{
    size_t length = strlen(name);

    return strcmp(name, "collector.rejected.too_long") == 0 ||
           strcmp(name, "collector.rejected.bad_payload") == 0 ||
           (length > 8 && strcmp(name + length - 8, ".dropped") == 0);
}

void causes_find_counters(struct causes_counters *counters, const struct muster_host *host,
                          struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    counters->kernel = UINT32_MAX; /* past the last: a host without it shows nothing */
    for (i = 0; host->read_metric(instance, i, &metric); i++) {
        if (strcmp(metric.name, "collector.kernel_drops") == 0)
            counters->kernel = i;
        if (is_dropper(metric.name) && counters->collector_count < CAUSES_COUNTERS_MOST)
            counters->collector[counters->collector_count++] = i;
    }
}

static uint64_t read_metric(const struct muster_host *host, struct muster_instance *instance,
                            uint32_t index)
{
    struct muster_metric metric = {.size = sizeof metric};

    return host->read_metric(instance, index, &metric) ? metric.value.u64 : 0;
}

struct causes_drops causes_read_drops(const struct causes_counters *counters,
                                      const struct muster_host *host,
                                      struct muster_instance *instance)
{
    struct causes_drops drops = {.kernel = read_metric(host, instance, counters->kernel)};
    uint32_t i;

    assert(counters->collector_count <= CAUSES_COUNTERS_MOST);
    for (i = 0; i < counters->collector_count; i++)
        drops.collector += read_metric(host, instance, counters->collector[i]);
    return drops;
}

/* ---- what was noticed ----------------------------------------------------------------- */

void causes_resume(struct causes_log *log, bool resumed)
{
    if (resumed)
        log->noticed[CAUSES_DOWN] = log->tick;
    log->tick++; /* and from 0, which stands for never */
}

void causes_begin(struct causes *causes, struct causes_log *log, bool leads,
                  const struct causes_drops *drops)
{
    causes->log = log;
    causes->leads = leads;
    causes->last = *drops;
}

static uint8_t notice(struct causes *causes, unsigned kind, uint32_t tick)
{
    __atomic_store_n(&causes->log->noticed[kind], tick, __ATOMIC_RELAXED);
    return bits[kind];
}

uint8_t causes_tick(struct causes *causes, const struct causes_drops *drops, bool slept)
{
    uint32_t tick = causes_current_tick(causes);
    uint8_t noticed = 0;

    if (drops->kernel != causes->last.kernel)
        noticed |= notice(causes, CAUSES_KERNEL, tick);
    if (drops->collector != causes->last.collector)
        noticed |= notice(causes, CAUSES_COLLECTOR, tick);
    if (slept)
        noticed |= notice(causes, CAUSES_DOWN, tick);
    if (causes->leads)
        __atomic_store_n(&causes->log->tick, tick + 1, __ATOMIC_RELAXED);
    causes->last = *drops;
    return noticed;
}

uint8_t causes_since(const struct causes_log *log, uint32_t tick)
{
    uint8_t result = 0;
    unsigned i;

    for (i = 0; i < CAUSES_KINDS; i++) {
        uint32_t noticed = __atomic_load_n(&log->noticed[i], __ATOMIC_RELAXED);

        if (noticed != 0 && noticed - tick < UINT32_MAX / 2)
            result |= bits[i];
    }
    return result;
}
