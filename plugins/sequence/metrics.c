/* SPDX-License-Identifier: MIT
 *
 * What a worker has counted, as the host's metrics.
 */
#include "metrics.h"

#include <string.h>

#include "../common/plugin_metric.h"
#include "../common/words.h"

/* In the order of struct tracker_counts. */
static const struct {
    const char *name, *unit, *help;
    uint16_t kind;
} counts_table[METRICS_COUNTS] = {
    {"first", "records", "first of their session", MUSTER_METRIC_COUNTER},
    {"in_order", "records", "in order", MUSTER_METRIC_COUNTER},
    {"gaps", "records", "that revealed a gap", MUSTER_METRIC_COUNTER},
    {"late", "records", "late: numbers after them came earlier", MUSTER_METRIC_COUNTER},
    {"duplicates", "records", "duplicates", MUSTER_METRIC_COUNTER},
    {"restarts", "records", "that showed a restart of their device", MUSTER_METRIC_COUNTER},
    {"outliers", "records", "with a number too far off to be believed", MUSTER_METRIC_COUNTER},
    {"unnumbered", "records", "without a number, such as heartbeats", MUSTER_METRIC_COUNTER},
    {"shared", "records", "further readings of a datagram with one number, judged with its first",
     MUSTER_METRIC_COUNTER},
    {"doubted", "records", "with such a number that the next may confirm", MUSTER_METRIC_GAUGE},
    {"missing", "numbers", "missing when a gap was revealed; = recovered + lost + open",
     MUSTER_METRIC_COUNTER},
    {"recovered", "numbers", "missing once, that came late", MUSTER_METRIC_COUNTER},
    {"lost", "numbers", "missing for good, unless they come after all", MUSTER_METRIC_COUNTER},
    {"open", "numbers", "missing, that may still come", MUSTER_METRIC_GAUGE},
    {"devices", "devices", "heard of, and not forgotten", MUSTER_METRIC_GAUGE},
};

/* The cells of a metric with a label `cause`. */
static void declare_by_cause(struct muster_cell **cells, const struct muster_host *host,
                             struct muster_instance *instance, const char *name, const char *help)
{
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++) {
        const struct muster_metric metric = {.size = sizeof metric,
                                             .kind = MUSTER_METRIC_COUNTER,
                                             .type = MUSTER_METRIC_U64,
                                             .name = name,
                                             .unit = "numbers",
                                             .help = help,
                                             .label = "cause",
                                             .label_value = words_cause(i)->text};

        cells[i] = host->metric(instance, &metric);
    }
}

void metrics_declare(struct metrics *metrics, const struct muster_host *host,
                     struct muster_instance *instance)
{
    int i;

    for (i = 0; i < METRICS_COUNTS; i++)
        metrics->counts[i] =
            plugin_metric(host, instance, counts_table[i].name, counts_table[i].kind,
                          counts_table[i].unit, counts_table[i].help);
    declare_by_cause(metrics->missing_by_cause, host, instance, "missing_by_cause",
                     "missing when a gap was revealed, by what they count under now");
    declare_by_cause(metrics->lost_by_cause, host, instance, "lost_by_cause",
                     "missing for good, by cause; their sum is lost");
    metrics->not_believable = plugin_metric(host, instance, "not_believable", MUSTER_METRIC_GAUGE,
                                            "devices", "that seem to count at random");
    metrics->events_not_reported =
        plugin_metric(host, instance, "events_not_reported", MUSTER_METRIC_COUNTER, "events",
                      "that could not be reported for want of room");
    metrics->online = plugin_metric(host, instance, "online", MUSTER_METRIC_GAUGE, "devices",
                                    "heard of, and neither late nor silent");
    metrics->late = plugin_metric(host, instance, "late_devices", MUSTER_METRIC_GAUGE, "devices",
                                  "that missed a heartbeat");
    metrics->silent = plugin_metric(host, instance, "silent", MUSTER_METRIC_GAUGE, "devices",
                                    "that missed as many as silent_after says");
    metrics->no_data = plugin_metric(host, instance, "no_data", MUSTER_METRIC_GAUGE, "devices",
                                     "heard, but not with the DATA that the catalog expects");
    metrics->unknown = plugin_metric(host, instance, "unknown", MUSTER_METRIC_GAUGE, "devices",
                                     "heard of, that the catalog does not list");
    metrics->never_heard = plugin_metric(host, instance, "never_heard", MUSTER_METRIC_GAUGE,
                                         "devices", "that the catalog lists, and nobody heard");
}

void metrics_declare_since(const struct muster_host *host, struct muster_instance *instance,
                           uint64_t since_ns)
{
    muster_cell_set(plugin_metric(host, instance, "counted_since", MUSTER_METRIC_GAUGE, "s",
                                  "when the counters began: Unix time"),
                    since_ns / 1000000000);
}

/* What is recovered was not dropped here: it counts as the network's. */
static void publish_causes(const struct metrics *metrics, const struct gaps_sums *sums,
                           uint64_t recovered)
{
    const unsigned network = (unsigned)__builtin_ctz(MUSTER_CAUSE_NETWORK);
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++) {
        muster_cell_set(metrics->missing_by_cause[i],
                        sums->lost[i] + sums->open[i] + (i == network ? recovered : 0));
        muster_cell_set(metrics->lost_by_cause[i], sums->lost[i]);
    }
}

void metrics_publish(const struct metrics *metrics, const struct tracker_counts *counts,
                     const struct tracker_counts *rest, const struct gaps_sums *sums,
                     uint32_t not_believable, const struct watch_counts *devices)
{
    struct tracker_counts all = *counts;
    struct gaps_sums plain = {0};
    uint64_t shown[METRICS_COUNTS];
    int i;

    tables_add_counts(&all, rest);
    if (sums != NULL) {
        /* By device, and no device is another worker's. */
        all.lost = all.open = 0;
        for (i = 0; i < MUSTER_CAUSES; i++) {
            all.lost += sums->lost[i];
            all.open += sums->open[i];
        }
    } else {
        plain.lost[__builtin_ctz(MUSTER_CAUSE_NETWORK)] = all.lost;
        sums = &plain;
    }
    memcpy(shown, &all, sizeof shown);
    for (i = 0; i < METRICS_COUNTS; i++)
        muster_cell_set(metrics->counts[i], shown[i]);
    publish_causes(metrics, sums, all.recovered);
    muster_cell_set(metrics->not_believable, not_believable);
    muster_cell_set(metrics->online, devices->known - devices->late - devices->silent);
    muster_cell_set(metrics->late, devices->late);
    muster_cell_set(metrics->silent, devices->silent);
    muster_cell_set(metrics->no_data, devices->no_data);
    muster_cell_set(metrics->unknown, devices->unknown);
    muster_cell_set(metrics->never_heard, devices->never_heard);
}
