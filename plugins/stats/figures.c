/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <inttypes.h>
#include <string.h>

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

void figures_gather(struct figures *figures, const struct muster_host *host,
                    struct muster_instance *instance, const char *tracker)
{
    const struct field own[] = {
        {"received", &figures->received},         {"bytes", &figures->bytes},
        {"decoded", &figures->decoded},           {"records", &figures->records},
        {"kernel_drops", &figures->kernel_drops}, {"refused", &figures->refused},
    };
    const struct field tracked[] = {
        {"lost", &figures->lost},
        {"open", &figures->open},
        {"missing", &figures->missing},
        {"recovered", &figures->recovered},
        {"gaps", &figures->gaps},
        {"late", &figures->late},
        {"duplicates", &figures->duplicates},
        {"restarts", &figures->restarts},
        {"outliers", &figures->outliers},
        {"devices", &figures->devices},
        {"online", &figures->online},
        {"late_devices", &figures->late_devices},
        {"silent", &figures->silent},
        {"counted_since", &figures->counted_since},
    };
    struct muster_metric metric = {.size = sizeof metric};
    size_t length = strlen(tracker);
    uint32_t i;

    memset(figures, 0, sizeof *figures);
    for (i = 0; host->metric(instance, i, &metric); i++) {
        if (strncmp(metric.name, "collector.rejected.", 19) == 0)
            figures->rejected += metric.value;
        else if (strncmp(metric.name, "collector.", 10) == 0)
            pick(own, sizeof own / sizeof own[0], metric.name + 10, metric.value);
        else if (strncmp(metric.name, tracker, length) == 0 && metric.name[length] == '.') {
            figures->tracked |= strcmp(metric.name + length, ".lost") == 0;
            figures->present |= strcmp(metric.name + length, ".online") == 0;
            pick(tracked, sizeof tracked / sizeof tracked[0], metric.name + length + 1,
                 metric.value);
        }
    }
}

double figures_mean_size(const struct figures *figures)
{
    return figures->received > 0 ? (double)figures->bytes / (double)figures->received : 0;
}

/* A text of the catalog is UTF-8; quotes, backslashes and control characters are escaped. */
static void write_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void write_number(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "  \"%s\": %" PRIu64 ",\n", name, value);
}

/* A figure that not every chain has. */
static void write_if(FILE *out, bool known, const char *name, uint64_t value)
{
    if (known)
        write_number(out, name, value);
    else
        fprintf(out, "  \"%s\": null,\n", name);
}

/* A figure that only a tracker knows: null without one. */
static void write_tracked(FILE *out, const struct figures *figures, const char *name,
                          uint64_t value)
{
    write_if(out, figures->tracked, name, value);
}

static void write_name(FILE *out, const struct muster_host *host, struct muster_instance *instance,
                       uint16_t id)
{
    struct muster_device device = {.size = sizeof device};

    host->device(instance, id, &device);
    if (device.name != NULL)
        write_text(out, device.name);
    else
        fputs("null", out);
}

static void write_jitter(FILE *out, const struct figures *figures, const struct muster_host *host,
                         struct muster_instance *instance)
{
    if (figures->jitter_us == 0) {
        fputs("  \"worst_jitter\": null,\n", out);
        return;
    }
    fprintf(out, "  \"worst_jitter\": {\"device_id\": %u, \"name\": ", figures->jitter_id);
    write_name(out, host, instance, figures->jitter_id);
    fprintf(out, ", \"seconds\": %u.%06u},\n", figures->jitter_us / 1000000,
            figures->jitter_us % 1000000);
}

static void write_rejects(FILE *out, const struct muster_host *host,
                          struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    const char *separator = "";
    uint32_t i;

    fputs("  \"rejected_by_reason\": {", out);
    for (i = 0; host->metric(instance, i, &metric); i++) {
        if (strncmp(metric.name, "collector.rejected.", 19) != 0)
            continue;
        fprintf(out, "%s\"%s\": %" PRIu64, separator, metric.name + 19, metric.value);
        separator = ", ";
    }
    fputs("},\n", out);
}

static void write_worst(FILE *out, const struct offenders *worst, const struct muster_host *host,
                        struct muster_instance *instance)
{
    uint32_t i;

    fputs("  \"worst_devices\": [", out);
    for (i = 0; i < worst->count; i++) {
        const struct offender *o = &worst->counts[i];

        fprintf(out, "%s\n    {\"device_id\": %u, \"name\": ", i > 0 ? "," : "", worst->ids[i]);
        write_name(out, host, instance, worst->ids[i]);
        fprintf(out,
                ", \"missing\": %" PRIu64 ", \"gaps\": %u, \"late\": %u, \"duplicates\": %u, "
                "\"restarts\": %u, \"outliers\": %u}",
                o->missing, o->gaps, o->late, o->duplicates, o->restarts, o->outliers);
    }
    fputs(worst->count > 0 ? "\n  ],\n" : "],\n", out);
}

void figures_write_json(FILE *out, const struct figures *figures, const struct offenders *worst,
                        const struct muster_host *host, struct muster_instance *instance)
{
    struct muster_metric metric = {.size = sizeof metric};
    uint32_t i;

    fputs("{\n", out);
    fprintf(out, "  \"time\": %" PRIu64 ".%06" PRIu64 ",\n", figures->wall_ns / 1000000000,
            figures->wall_ns % 1000000000 / 1000);
    fprintf(out, "  \"seconds\": %.3f,\n", figures->seconds);
    fprintf(out, "  \"final\": %s,\n", figures->final ? "true" : "false");
    write_number(out, "packets_received", figures->received);
    write_tracked(out, figures, "packets_lost", figures->lost);
    write_tracked(out, figures, "packets_missing", figures->lost + figures->open);
    write_tracked(out, figures, "duplicates", figures->duplicates);
    fprintf(out, "  \"average_packet_size\": %.3f,\n", figures_mean_size(figures));
    fprintf(out, "  \"packets_per_second\": %.3f,\n", figures->rate);
    write_number(out, "bytes_received", figures->bytes);
    write_number(out, "decoded", figures->decoded);
    write_number(out, "rejected", figures->rejected);
    write_rejects(out, host, instance);
    write_number(out, "kernel_drops", figures->kernel_drops);
    write_number(out, "refused", figures->refused);
    write_number(out, "records", figures->records);
    write_tracked(out, figures, "missing", figures->missing);
    write_tracked(out, figures, "open", figures->open);
    write_tracked(out, figures, "recovered", figures->recovered);
    write_tracked(out, figures, "gaps", figures->gaps);
    write_tracked(out, figures, "late", figures->late);
    write_tracked(out, figures, "restarts", figures->restarts);
    write_tracked(out, figures, "outliers", figures->outliers);
    write_tracked(out, figures, "devices", figures->devices);
    write_if(out, figures->present, "online", figures->online);
    write_if(out, figures->present, "late_devices", figures->late_devices);
    write_if(out, figures->present, "silent", figures->silent);
    write_if(out, figures->counted_since != 0, "counted_since", figures->counted_since);
    write_jitter(out, figures, host, instance);
    write_worst(out, worst, host, instance);
    fputs("  \"metrics\": {", out);
    for (i = 0; host->metric(instance, i, &metric); i++)
        fprintf(out, "%s\n    \"%s\": %" PRIu64, i > 0 ? "," : "", metric.name, metric.value);
    fputs("\n  }\n}\n", out);
}
