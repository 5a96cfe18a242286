/* SPDX-License-Identifier: MIT
 *
 * The causes of gaps on the collector's side.
 */
#include "causes.h"

#include <assert.h>
#include <string.h>

#include <muster/record.h>

static const uint8_t bits[CAUSES_KINDS] = {
    [CAUSES_COLLECTOR] = MUSTER_CAUSE_COLLECTOR,
    [CAUSES_DOWN] = MUSTER_CAUSE_COLLECTOR_DOWN,
    [CAUSES_CHECKSUM] = MUSTER_CAUSE_CHECKSUM,
};

/* ---- the host's drop counters --------------------------------------------------------- */

/* Whether the entry that ".dropped" at `end` of the name is of leaves out duplicates, which nobody
 * misses. */
static bool leaves_duplicates_out(const struct muster_host *host, struct muster_instance *instance,
                                  const char *name, size_t end)
{
    struct muster_metric metric = {.size = sizeof metric};
    char text[256];

    if (end + sizeof CAUSES_LEFT_OUT + 1 > sizeof text)
        return false;
    memcpy(text, name, end);
    text[end] = '.';
    memcpy(text + end + 1, CAUSES_LEFT_OUT, sizeof CAUSES_LEFT_OUT);
    return host->find_metric(instance, text, NULL, &metric) != 0;
}

/* Whether a metric counts what is taken out before it comes here: by a filter, or for want of room.
 * A rejected datagram is evidence for its device alone. */
static bool is_dropper(const struct muster_host *host, struct muster_instance *instance,
                       const char *name)
{
    size_t length = strlen(name);

    if (strcmp(name, "collector.overrun") == 0)
        return true;
    return length > 8 && strcmp(name + length - 8, ".dropped") == 0 &&
           !leaves_duplicates_out(host, instance, name, length - 8);
}

void causes_find_counters(struct causes_counters *counters, const struct muster_host *host,
                          struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    counters->checksum = UINT32_MAX; /* past the last: a host without it shows nothing */
    for (i = 0; host->read_metric(instance, i, &metric); i++) {
        if (strcmp(metric.name, "collector.checksum_errors") == 0)
            counters->checksum = i;
        if (is_dropper(host, instance, metric.name) &&
            counters->collector_count < CAUSES_COUNTERS_MOST)
            counters->collector[counters->collector_count++] = i;
    }
}

static uint64_t read_metric(const struct muster_host *host, struct muster_instance *instance,
                            uint32_t index)
{
    struct muster_metric metric = {.size = sizeof metric};

    return host->read_metric(instance, index, &metric) ? metric.value.u64 : 0;
}

void causes_read_drops(struct causes_drops *drops, const struct causes_counters *counters,
                       const struct muster_host *host, struct muster_instance *instance)
{
    uint32_t i;

    assert(counters->collector_count <= CAUSES_COUNTERS_MOST);
    drops->checksum = read_metric(host, instance, counters->checksum);
    drops->collector = 0;
    for (i = 0; i < counters->collector_count; i++)
        drops->collector += read_metric(host, instance, counters->collector[i]);
    drops->ears = listening_read_heard(host, instance, drops->heard);
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

static void notice(uint32_t *noticed, bool is_so, uint32_t tick)
{
    if (is_so)
        __atomic_store_n(noticed, tick, __ATOMIC_RELAXED);
}

void causes_tick(struct causes *causes, const struct causes_drops *drops, bool slept)
{
    struct causes_log *log = causes->log;
    struct causes_drops *last = &causes->last;
    uint32_t tick = causes_current_tick(causes);
    unsigned i;

    for (i = 0; i < drops->ears; i++) {
        uint64_t dropped = drops->heard[i].dropped - (i < last->ears ? last->heard[i].dropped : 0);

        notice(&log->kernel[i], dropped > 0, tick);
        if (dropped > 0)
            causes->run[i] = (causes->runs[i] ? causes->run[i] : 0) + dropped;
        causes->runs[i] = dropped > 0;
    }
    notice(&log->noticed[CAUSES_CHECKSUM], drops->checksum != last->checksum, tick);
    notice(&log->noticed[CAUSES_COLLECTOR], drops->collector != last->collector, tick);
    notice(&log->noticed[CAUSES_DOWN], slept, tick);
    __atomic_store_n(&log->ears, drops->ears, __ATOMIC_RELAXED);
    if (causes->leads)
        __atomic_store_n(&log->tick, tick + 1, __ATOMIC_RELAXED);
    *last = *drops;
}

/* That which stands for the listener. */
static uint32_t ear_of(const struct causes_log *log, uint8_t listener)
{
    uint32_t ears = __atomic_load_n(&log->ears, __ATOMIC_RELAXED);

    return (listener < ears ? listener : 0) % LISTENING_EARS;
}

uint64_t causes_dropped_since(const struct causes *causes, uint32_t tick, uint8_t listener)
{
    uint32_t ear = ear_of(causes->log, listener);
    uint32_t noticed = __atomic_load_n(&causes->log->kernel[ear], __ATOMIC_RELAXED);

    return causes_is_since(noticed, tick) ? causes->run[ear] : 0;
}

uint8_t causes_since(const struct causes_log *log, uint32_t tick, uint8_t listener)
{
    uint32_t ear = ear_of(log, listener);
    uint8_t result = 0;
    unsigned i;

    for (i = 0; i < CAUSES_KINDS; i++)
        if (causes_is_since(__atomic_load_n(&log->noticed[i], __ATOMIC_RELAXED), tick))
            result |= bits[i];
    if (causes_is_since(__atomic_load_n(&log->kernel[ear], __ATOMIC_RELAXED), tick))
        result |= MUSTER_CAUSE_KERNEL;
    return result;
}
