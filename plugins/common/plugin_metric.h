/* SPDX-License-Identifier: MIT
 *
 * The metrics that most plugins have: a counter or a gauge of whole numbers, without a label.
 */
#ifndef PLUGINS_COMMON_PLUGIN_METRIC_H
#define PLUGINS_COMMON_PLUGIN_METRIC_H

#include <muster/plugin.h>

/* Declares one; `kind` is one of enum muster_metric_kind. */
static inline struct muster_cell *plugin_metric(const struct muster_host *host,
                                                struct muster_instance *instance, const char *name,
                                                uint16_t kind, const char *unit, const char *help)
{
    const struct muster_metric metric = {
        .size = sizeof metric, .kind = kind, .name = name, .unit = unit, .help = help};

    /* cppcheck-suppress returnDanglingLifetime; the host copies what it is told */
    return host->metric(instance, &metric);
}

#endif
