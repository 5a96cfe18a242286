/* SPDX-License-Identifier: MIT */
#include "evidence.h"

#include <string.h>

/* Whether a metric counts datagrams, or their records, that are dropped before they come
 * here: those with a number that are too long or have a bad payload, and what filters take out. */
static bool is_dropper(const char *name)
{
    size_t length = strlen(name);

    return strcmp(name, "collector.rejected.too_long") == 0 ||
           strcmp(name, "collector.rejected.bad_payload") == 0 ||
           (length > 8 && strcmp(name + length - 8, ".dropped") == 0);
}

void evidence_find(struct evidence_metrics *metrics, const struct muster_host *host,
                   struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    metrics->kernel_drops = UINT32_MAX; /* past the last: a host without it shows nothing */
    for (i = 0; host->metric(instance, i, &metric); i++) {
        if (strcmp(metric.name, "collector.kernel_drops") == 0)
            metrics->kernel_drops = i;
        if (is_dropper(metric.name) && metrics->dropper_count < EVIDENCE_METRICS_MOST)
            metrics->droppers[metrics->dropper_count++] = i;
    }
}

static uint64_t read_metric(const struct muster_host *host, struct muster_instance *instance,
                            uint32_t index)
{
    struct muster_metric metric = {.size = sizeof metric};

    return host->metric(instance, index, &metric) ? metric.value : 0;
}

struct hearing_look evidence_look(const struct evidence_metrics *metrics,
                                  const struct muster_host *host, struct muster_instance *instance)
{
    struct hearing_look look;
    uint32_t i;

    /* These two one behind the other: they differ by what the machine slept. */
    look.monotonic_ns = host->now(instance, MUSTER_CLOCK_MONOTONIC);
    look.boot_ns = host->now(instance, MUSTER_CLOCK_BOOT);
    look.wall_ns = host->now(instance, MUSTER_CLOCK_WALL);
    look.kernel_drops = read_metric(host, instance, metrics->kernel_drops);
    look.own_drops = 0;
    for (i = 0; i < metrics->dropper_count; i++)
        look.own_drops += read_metric(host, instance, metrics->droppers[i]);
    return look;
}
