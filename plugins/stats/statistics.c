/* SPDX-License-Identifier: MIT
 *
 * The statistics of a report, gathered from the metrics of the daemon and the tracker.
 */
#include "statistics.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "../common/words.h"
#include "json.h"

/* Fills in the fields whose metric has that name. */
struct field {
    const char *name;
    uint64_t *value;
};

static void pick(const struct field *fields, size_t count, const char *name, uint64_t value)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            *fields[i].value = value;
}

/* Of the tracker: numbers by cause. */
static void pick_cause(struct statistics *statistics, const struct muster_metric *metric,
                       const char *name)
{
    uint64_t *counts = strcmp(name, "missing_by_cause") == 0 ? statistics->missing_by_cause
                       : strcmp(name, "lost_by_cause") == 0  ? statistics->lost_by_cause
                                                             : NULL;
    unsigned i;

    for (i = 0; counts != NULL && i < MUSTER_CAUSES; i++)
        if (metric->label_value != NULL && strcmp(metric->label_value, words_cause(i)->text) == 0)
            counts[i] = metric->value.u64;
    statistics->by_cause |= counts != NULL;
}

#define NOT_BELIEVABLE __builtin_ctz(MUSTER_CAUSE_NOT_BELIEVABLE)

uint64_t statistics_lost(const struct statistics *statistics)
{
    return statistics->lost - statistics->lost_by_cause[NOT_BELIEVABLE];
}

uint64_t statistics_open(const struct statistics *statistics)
{
    return statistics->open - (statistics->missing_by_cause[NOT_BELIEVABLE] -
                               statistics->lost_by_cause[NOT_BELIEVABLE]);
}

void statistics_gather(struct statistics *statistics, const struct muster_host *host,
                       struct muster_instance *instance, const char *tracker)
{
    uint64_t first = 0, in_order = 0, unnumbered = 0;
    const struct field own[] = {
        {"received", &statistics->received},         {"bytes", &statistics->bytes},
        {"decoded", &statistics->decoded},           {"records", &statistics->records},
        {"kernel_drops", &statistics->kernel_drops}, {"refused", &statistics->refused},
    };
    const struct field tracked[] = {
        {"lost", &statistics->lost},
        {"open", &statistics->open},
        {"missing", &statistics->missing},
        {"recovered", &statistics->recovered},
        {"gaps", &statistics->gaps},
        {"late", &statistics->late},
        {"duplicates", &statistics->duplicates},
        {"restarts", &statistics->restarts},
        {"outliers", &statistics->outliers},
        {"devices", &statistics->devices},
        {"online", &statistics->online},
        {"late_devices", &statistics->late_devices},
        {"silent", &statistics->silent},
        {"counted_since", &statistics->counted_since},
        {"not_believable", &statistics->not_believable},
        {"first", &first},
        {"in_order", &in_order},
        {"unnumbered", &unnumbered},
    };
    struct muster_metric metric = {.size = sizeof metric};
    size_t length = strlen(tracker);
    uint32_t i;

    memset(statistics, 0, sizeof *statistics);
    for (i = 0; host->read_metric(instance, i, &metric); i++) {
        if (strncmp(metric.name, "collector.rejected.", 19) == 0)
            statistics->rejected += metric.value.u64;
        else if (strncmp(metric.name, "collector.", 10) == 0)
            pick(own, sizeof own / sizeof own[0], metric.name + 10, metric.value.u64);
        else if (strncmp(metric.name, tracker, length) == 0 && metric.name[length] == '.') {
            statistics->tracked |= strcmp(metric.name + length, ".lost") == 0;
            statistics->present |= strcmp(metric.name + length, ".online") == 0;
            pick(tracked, sizeof tracked / sizeof tracked[0], metric.name + length + 1,
                 metric.value.u64);
            pick_cause(statistics, &metric, metric.name + length + 1);
        }
    }
    statistics->judged = first + in_order + statistics->gaps + statistics->late +
                         statistics->duplicates + statistics->restarts + statistics->outliers +
                         unnumbered;
}

double statistics_mean_size(const struct statistics *statistics)
{
    return statistics->received > 0 ? (double)statistics->bytes / (double)statistics->received : 0;
}

double statistics_bytes_per_report(const struct statistics *statistics)
{
    return statistics->records > 0 ? (double)statistics->bytes / (double)statistics->records : NAN;
}

double statistics_cpu_ms_per_report(const struct statistics *statistics)
{
    return statistics->records > 0 ? statistics->cpu_ms / (double)statistics->records : NAN;
}

double statistics_duplicate_rate(const struct statistics *statistics)
{
    return statistics->tracked && statistics->judged > 0
               ? (double)statistics->duplicates / (double)statistics->judged
               : NAN;
}

/* A name is of letters that need no escape; the value of a label may be anything. */
static void write_metric_name(FILE *out, const struct muster_metric *metric)
{
    char *name = NULL;

    if (metric->label != NULL &&
        asprintf(&name, "%s{%s=%s}", metric->name, metric->label, metric->label_value) < 0)
        name = NULL;
    text_print_json(out, name != NULL ? name : metric->name);
    free(name);
}

static void write_metric_value(FILE *out, const struct muster_metric *metric)
{
    switch (metric->type) {
    case MUSTER_METRIC_DOUBLE:
        json_real(out, metric->value.real);
        break;
    case MUSTER_METRIC_I64:
        fprintf(out, "%" PRIi64, metric->value.i64);
        break;
    default:
        fprintf(out, "%" PRIu64, metric->value.u64);
    }
}

static void write_metrics(FILE *out, const struct muster_host *host,
                          struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    fputs("  \"metrics\": {", out);
    for (i = 0; host->read_metric(instance, i, &metric); i++) {
        fputs(i > 0 ? ",\n    " : "\n    ", out);
        write_metric_name(out, &metric);
        fputs(": ", out);
        write_metric_value(out, &metric);
    }
    fputs("\n  }\n", out);
}

static void write_number(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "  \"%s\": %" PRIu64 ",\n", name, value);
}

/* A number that not every chain has. */
static void write_if(FILE *out, bool known, const char *name, uint64_t value)
{
    if (known)
        write_number(out, name, value);
    else
        fprintf(out, "  \"%s\": null,\n", name);
}

/* A number that only a tracker knows: null without one. */
static void write_tracked(FILE *out, const struct statistics *statistics, const char *name,
                          uint64_t value)
{
    write_if(out, statistics->tracked, name, value);
}

/* A quotient, which there is not always. */
static void write_quotient(FILE *out, const char *name, double value)
{
    if (isnan(value))
        fprintf(out, "  \"%s\": null,\n", name);
    else
        fprintf(out, "  \"%s\": %.6f,\n", name, value);
}

static void write_jitter(FILE *out, const struct statistics *statistics,
                         const struct muster_host *host, struct muster_instance *instance)
{
    if (statistics->jitter_us == 0) {
        fputs("  \"worst_jitter\": null,\n", out);
        return;
    }
    fputs("  \"worst_jitter\": ", out);
    json_device(out, host, instance, statistics->jitter_device);
    fprintf(out, ", \"seconds\": %u.%06u},\n", statistics->jitter_us / 1000000,
            statistics->jitter_us % 1000000);
}

static void write_rejects(FILE *out, const struct muster_host *host,
                          struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    const char *separator = "";
    uint32_t i;

    fputs("  \"rejected_by_reason\": {", out);
    for (i = 0; host->read_metric(instance, i, &metric); i++) {
        if (strncmp(metric.name, "collector.rejected.", 19) != 0)
            continue;
        fprintf(out, "%s\"%s\": %" PRIu64, separator, metric.name + 19, metric.value.u64);
        separator = ", ";
    }
    fputs("},\n", out);
}

/* An object of numbers by cause. */
static void write_causes(FILE *out, const char *name, const int64_t *counts, unsigned causes)
{
    const char *separator = "";
    unsigned i;

    fprintf(out, "\"%s\": {", name);
    for (i = 0; i < causes; i++) {
        fprintf(out, "%s\"%s\": %" PRIi64, separator, words_cause(i)->text, counts[i]);
        separator = ", ";
    }
    fputs("}", out);
}

/* Devices that are not believable are no part of the sums, and have a line of their own. */
static void write_losses(FILE *out, const struct statistics *statistics)
{
    int64_t counts[MUSTER_CAUSES];

    if (!statistics->by_cause) {
        fputs("  \"missing_by_cause\": null,\n  \"lost_by_cause\": null,\n"
              "  \"not_believable\": null,\n",
              out);
        return;
    }
    fputs("  ", out);
    memcpy(counts, statistics->missing_by_cause, sizeof counts);
    write_causes(out, "missing_by_cause", counts, NOT_BELIEVABLE);
    fputs(",\n  ", out);
    memcpy(counts, statistics->lost_by_cause, sizeof counts);
    write_causes(out, "lost_by_cause", counts, NOT_BELIEVABLE);
    fprintf(out,
            ",\n  \"not_believable\": {\"devices\": %" PRIu64 ", \"missing\": %" PRIu64
            ", \"lost\": %" PRIu64 "},\n",
            statistics->not_believable, statistics->missing_by_cause[NOT_BELIEVABLE],
            statistics->lost_by_cause[NOT_BELIEVABLE]);
}

static void write_worst(FILE *out, const struct devices *devices, const struct worst_devices *worst,
                        const struct muster_host *host, struct muster_instance *instance)
{
    int64_t missing[MUSTER_CAUSES];
    uint32_t i;
    unsigned cause;

    fputs("  \"worst_devices\": [", out);
    for (i = 0; i < worst->count; i++) {
        const struct device_counts *counts = &devices->counts[worst->devices[i]];
        const struct device_hour hour = devices_hour(devices, worst->devices[i]);

        fputs(i > 0 ? ",\n    " : "\n    ", out);
        json_device(out, host, instance, worst->devices[i]);
        fprintf(out,
                ", \"missing\": %" PRIu64 ", \"gaps\": %u, \"late\": %u, \"duplicates\": %u, "
                "\"restarts\": %u, \"outliers\": %u, \"hour_due\": %" PRIu64
                ", \"hour_missing\": %" PRIu64 ", ",
                counts->missing, counts->gaps, counts->late, counts->duplicates, counts->restarts,
                counts->outliers, hour.due, hour.missing);
        for (cause = 0; cause < MUSTER_CAUSES; cause++)
            missing[cause] = devices_missing(counts, cause);
        write_causes(out, "missing_by_cause", missing, MUSTER_CAUSES);
        fputs(", ", out);
        write_causes(out, "lost_by_cause", counts->lost, MUSTER_CAUSES);
        fputs("}", out);
    }
    fputs(worst->count > 0 ? "\n  ],\n" : "],\n", out);
}

void statistics_write_json(FILE *out, const struct statistics *statistics,
                           const struct devices *devices, const struct worst_devices *worst,
                           const struct ranges *ranges, const struct muster_host *host,
                           struct muster_instance *instance)
{
    fputs("{\n", out);
    fprintf(out, "  \"time\": %" PRIu64 ".%06" PRIu64 ",\n", statistics->wall_ns / 1000000000,
            statistics->wall_ns % 1000000000 / 1000);
    fprintf(out, "  \"seconds\": %.3f,\n", statistics->seconds);
    fprintf(out, "  \"final\": %s,\n", statistics->final ? "true" : "false");
    write_number(out, "packets_received", statistics->received);
    write_quotient(out, "bytes_per_report", statistics_bytes_per_report(statistics));
    write_quotient(out, "duplicate_rate", statistics_duplicate_rate(statistics));
    write_tracked(out, statistics, "sequence_gap_count", statistics->gaps);
    write_quotient(out, "cpu_ms_per_report", statistics_cpu_ms_per_report(statistics));
    write_tracked(out, statistics, "packets_lost", statistics_lost(statistics));
    write_tracked(out, statistics, "packets_missing",
                  statistics_lost(statistics) + statistics_open(statistics));
    write_tracked(out, statistics, "duplicates", statistics->duplicates);
    fprintf(out, "  \"average_packet_size\": %.3f,\n", statistics_mean_size(statistics));
    fprintf(out, "  \"packets_per_second\": %.3f,\n", statistics->rate);
    write_number(out, "bytes_received", statistics->bytes);
    write_number(out, "decoded", statistics->decoded);
    write_number(out, "rejected", statistics->rejected);
    write_rejects(out, host, instance);
    write_number(out, "kernel_drops", statistics->kernel_drops);
    write_number(out, "refused", statistics->refused);
    write_number(out, "records", statistics->records);
    write_tracked(out, statistics, "missing", statistics->missing);
    write_tracked(out, statistics, "open", statistics->open);
    write_tracked(out, statistics, "recovered", statistics->recovered);
    write_tracked(out, statistics, "gaps", statistics->gaps);
    write_tracked(out, statistics, "late", statistics->late);
    write_tracked(out, statistics, "restarts", statistics->restarts);
    write_tracked(out, statistics, "outliers", statistics->outliers);
    write_tracked(out, statistics, "devices", statistics->devices);
    write_if(out, statistics->present, "online", statistics->online);
    write_if(out, statistics->present, "late_devices", statistics->late_devices);
    write_if(out, statistics->present, "silent", statistics->silent);
    write_if(out, statistics->counted_since != 0, "counted_since", statistics->counted_since);
    write_jitter(out, statistics, host, instance);
    write_losses(out, statistics);
    write_worst(out, devices, worst, host, instance);
    ranges_write_json(out, ranges);
    write_metrics(out, host, instance);
    fputs("}\n", out);
}
