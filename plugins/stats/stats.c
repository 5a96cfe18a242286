/* SPDX-License-Identifier: MIT
 *
 * The sink "stats": reports every interval and at the end, to the log and to a
 * JSON file that is replaced as a whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <muster/plugin.h>

#include "../common/plugin_log.h"
#include "../common/replace.h"
#include "../common/words.h"
#include "statistics.h"

#define HALF_TICK UINT64_C(500000000) /* ns; the host ticks about once a second */

static const struct muster_option options[] = {
    {.name = "interval",
     .type = MUSTER_OPTION_DURATION,
     .fallback = "10s",
     .max = INT64_C(86400000000000),
     .summary = "Time between two reports; 0: one at the end only"},
    {.name = "file",
     .type = MUSTER_OPTION_PATH,
     .summary = "Where the figures are written as JSON, replaced as a whole each time"},
    {.name = "mode",
     .type = MUSTER_OPTION_STRING,
     .fallback = "0640",
     .summary = "Who may read and write a file that is made: an octal number"},
    {.name = "print",
     .type = MUSTER_OPTION_BOOL,
     .fallback = "true",
     .summary = "Whether reports go to the log"},
    {.name = "worst",
     .type = MUSTER_OPTION_INT,
     .fallback = "5",
     .max = DEVICES_WORST_MAX,
     .summary = "How many of the devices with the most trouble are listed"},
    {.name = "values",
     .type = MUSTER_OPTION_INT,
     .fallback = "10000",
     .max = 1000000,
     .summary =
         "Of how many values of devices least, mean, largest and last are kept for the file; "
         "0: of none"},
    {.name = "tracker",
     .type = MUSTER_OPTION_STRING,
     .fallback = "sequence",
     .summary = "The chain's entry that the figures of loss come from"},
};

struct stats {
    const struct muster_host *host;
    struct muster_instance *instance;
    uint64_t interval_ns;
    const char *file, *tracker;
    struct replace replace;
    bool print, file_failed;
    bool looked; /* whether there is a tracker */
    bool ran;    /* records may have come: there is something to report at the end */
    uint32_t worst;
    struct devices devices;
    struct ranges ranges;
    uint64_t opened_ns, reported_ns; /* monotonic */
    uint64_t reported_packets;
};

/* ---- statistics ----------------------------------------------------------------------- */

/* The largest jitter of all devices; of equals the lower id. */
static void find_jitter(const struct stats *stats, struct statistics *statistics)
{
    uint32_t id;

    for (id = 0; id < stats->devices.count; id++) {
        if (stats->devices.counts[id].jitter_us <= statistics->jitter_us)
            continue;
        statistics->jitter_us = stats->devices.counts[id].jitter_us;
        statistics->jitter_device = id;
    }
}

/* That the process has used so far. */
static double cpu_ms(void)
{
    struct rusage used;

    if (getrusage(RUSAGE_SELF, &used) != 0)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static void gather(struct stats *stats, struct statistics *statistics, uint64_t now_ns)
{
    double since = (double)(now_ns - stats->reported_ns) / 1e9;

    statistics_gather(statistics, stats->host, stats->instance, stats->tracker);
    find_jitter(stats, statistics);
    statistics->cpu_ms = cpu_ms();
    statistics->seconds = (double)(now_ns - stats->opened_ns) / 1e9;
    statistics->wall_ns = stats->host->now(stats->instance, MUSTER_CLOCK_WALL);
    statistics->rate =
        since > 0 ? (double)(statistics->received - stats->reported_packets) / since : 0;
    stats->reported_ns = now_ns;
    stats->reported_packets = statistics->received;
}

/* ---- reports -------------------------------------------------------------------------- */

/* What is known of the devices, behind how many they are. */
static void describe_devices(const struct stats *stats, const struct statistics *s, char *text,
                             size_t size)
{
    struct muster_device device = {.size = sizeof device};
    size_t length = 0;

    text[0] = '\0';
    if (s->present)
        length = (size_t)snprintf(text, size,
                                  " (%" PRIu64 " online, %" PRIu64 " late, %" PRIu64 " silent)",
                                  s->online, s->late_devices, s->silent);
    if (s->jitter_us == 0)
        return;
    stats->host->device(stats->instance, s->jitter_device, &device);
    snprintf(text + length, size - length, ", largest jitter %u.%06u s: device %s%s%s%s",
             s->jitter_us / 1000000, s->jitter_us % 1000000, device.key,
             device.name != NULL ? " (" : "", device.name != NULL ? device.name : "",
             device.name != NULL ? ")" : "");
}

/* The tracker's counters may go back over earlier runs. */
static void print_since(const struct stats *stats, const struct statistics *s)
{
    const time_t since = (time_t)s->counted_since;
    char text[64];
    struct tm tm;

    if (s->counted_since == 0 ||
        (double)s->counted_since + s->seconds + 1 >= (double)s->wall_ns / 1e9)
        return;
    gmtime_r(&since, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm);
    plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
               "these figures of loss, duplicates and devices are counted since %s", text);
}

/* What the losses are the sum of; nothing if there are none. */
static void print_causes(const struct stats *stats, const struct statistics *s)
{
    const unsigned not_believable = (unsigned)__builtin_ctz(MUSTER_CAUSE_NOT_BELIEVABLE);
    char text[256] = "";
    size_t length = 0;
    unsigned i;

    for (i = 0; i < not_believable; i++)
        if (s->lost_by_cause[i] > 0)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %" PRIu64,
                                       length > 0 ? " + " : "", words_cause(i)->text,
                                       s->lost_by_cause[i]);
    if (length > 0)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO, "lost by cause: %s", text);
    if (s->not_believable > 0 || s->missing_by_cause[not_believable] > 0)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
                   "not believable, and left out above: %" PRIu64 " missing, and %" PRIu64
                   " lost, of devices that count at random, %" PRIu64 " of them now",
                   s->missing_by_cause[not_believable], s->lost_by_cause[not_believable],
                   s->not_believable);
}

/* By the names that they have in the file, for who compares runs; what is not known is left out. */
static void print_metrics(const struct stats *stats, const struct statistics *s)
{
    char tracked[128] = "";

    if (s->tracked && s->judged > 0)
        snprintf(tracked, sizeof tracked, ", duplicate_rate %.6f, sequence_gap_count %" PRIu64,
                 statistics_duplicate_rate(s), s->gaps);
    if (s->records > 0)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
                   "packets_received %" PRIu64 ", bytes_per_report %.3f%s, cpu_ms_per_report %.6f",
                   s->received, statistics_bytes_per_report(s), tracked,
                   statistics_cpu_ms_per_report(s));
}

static void print_statistics(const struct stats *stats, const struct statistics *s)
{
    char devices[512];

    describe_devices(stats, s, devices, sizeof devices);
    plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
               "%s%.0f s: packets received %" PRIu64 " (%.1f/s), average packet size %.1f bytes",
               s->final ? "in all, after " : "after ", s->seconds, s->received,
               s->final && s->seconds > 0 ? (double)s->received / s->seconds : s->rate,
               statistics_mean_size(s));
    if (s->tracked)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
                   "packet loss count %" PRIu64 " (%" PRIu64
                   " more are missing and may still come), duplicates count %" PRIu64
                   ", late %" PRIu64 ", recovered %" PRIu64 ", restarts %" PRIu64
                   ", outliers %" PRIu64 ", devices %" PRIu64 "%s",
                   statistics_lost(s), statistics_open(s), s->duplicates, s->late, s->recovered,
                   s->restarts, s->outliers, s->devices, devices);
    if (s->by_cause)
        print_causes(stats, s);
    if (s->tracked)
        print_since(stats, s);
    else
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
                   "packet loss and duplicates are not known: the chain has no filter named \"%s\"",
                   stats->tracker);
    if (s->final)
        print_metrics(stats, s);
    if (s->rejected + s->kernel_drops + s->refused > 0 || s->final)
        plugin_log(stats->host, stats->instance,
                   s->rejected + s->kernel_drops > 0 ? MUSTER_LOG_WARNING : MUSTER_LOG_INFO,
                   "rejected %" PRIu64 ", dropped by the kernel %" PRIu64
                   ", refused while stopping %" PRIu64,
                   s->rejected, s->kernel_drops, s->refused);
}

static void print_worst(const struct stats *stats, const struct worst_devices *worst)
{
    uint32_t i;

    for (i = 0; i < worst->count; i++) {
        const struct device_counts *counts = &stats->devices.counts[worst->devices[i]];
        const struct device_hour hour = devices_hour(&stats->devices, worst->devices[i]);
        struct muster_device device = {.size = sizeof device};
        char share[96] = "";

        stats->host->device(stats->instance, worst->devices[i], &device);
        if (hour.missing > 0)
            snprintf(share, sizeof share,
                     "; in the last hour %" PRIu64 " of %" PRIu64 " that were due (%.1f %%)",
                     hour.missing, hour.due, 100 * (double)hour.missing / (double)hour.due);
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO,
                   "device %s%s%s%s: %" PRIu64
                   " missing in %u gaps, %u late, %u duplicates, %u restarts, %u outliers%s",
                   device.key, device.name != NULL ? " (" : "",
                   device.name != NULL ? device.name : "", device.name != NULL ? ")" : "",
                   counts->missing, counts->gaps, counts->late, counts->duplicates,
                   counts->restarts, counts->outliers, share);
    }
}

/* The report in memory, to be freed; or NULL. */
static char *make_json(const struct stats *stats, const struct statistics *statistics,
                       const struct worst_devices *worst, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    bool is_good = out != NULL;

    if (out != NULL) {
        statistics_write_json(out, statistics, &stats->devices, worst, &stats->ranges, stats->host,
                              stats->instance);
        is_good = ferror(out) == 0;
        is_good &= fclose(out) == 0;
    }
    if (is_good)
        return text;
    free(text);
    return NULL;
}

/* Replaces the file.  Of failures in a row the first is logged, and that they are over. */
static void write_file(struct stats *stats, const struct statistics *statistics,
                       const struct worst_devices *worst)
{
    char why[DESTINATION_WHY] = "out of memory";
    size_t size = 0;
    char *text = make_json(stats, statistics, worst, &size);
    bool failed = text == NULL || replace_file(stats->file, &stats->replace, text, size, why) != 0;

    if (failed && !stats->file_failed)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_ERROR,
                   "cannot write \"%s\": %s; what was there before stays, and the next report is "
                   "tried",
                   stats->file, why);
    if (!failed && stats->file_failed)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO, "writing \"%s\" again",
                   stats->file);
    stats->file_failed = failed;
    free(text);
}

static void report(struct stats *stats, uint64_t now_ns, bool final)
{
    struct statistics statistics;
    struct worst_devices worst;

    devices_pass(&stats->devices, now_ns);
    gather(stats, &statistics, now_ns);
    statistics.final = final;
    devices_find_worst(&stats->devices, stats->worst, &worst);
    if (stats->print) {
        print_statistics(stats, &statistics);
        print_worst(stats, &worst);
    }
    if (stats->file != NULL)
        write_file(stats, &statistics, &worst);
}

/* ---- the plugin ----------------------------------------------------------------------- */

static void free_all(struct stats *stats)
{
    devices_close(&stats->devices);
    ranges_close(&stats->ranges);
    free(stats);
}

static void close_instance(void *state, const struct muster_call *call)
{
    struct stats *stats = state;

    (void)call;
    if (stats->ran)
        report(stats, stats->host->now(stats->instance, MUSTER_CLOCK_MONOTONIC), true);
    free_all(stats);
}

/* Whether the file may be replaced: it is empty, or holds a report. */
static bool is_ours(int fd, char *why)
{
    static const char start[] = "{\n  \"time\":";
    char found[sizeof start] = "";
    ssize_t size = pread(fd, found, sizeof start - 1, 0);

    if (size == 0 || strcmp(found, start) == 0)
        return true;
    snprintf(why, DESTINATION_WHY,
             "it is there already and holds something else; name another file, or move it away");
    return false;
}

/* Whether somebody has to name another file, or move something away. */
static bool is_for_good(int error)
{
    return error == EISDIR || error == ENOTSUP || error == EEXIST;
}

/* Whether the file can be written is found out now rather than at the first report;
 * the report of the run before stays until then. */
static int try_file(const struct stats *stats)
{
    char why[DESTINATION_WHY];
    int error = replace_check(stats->file, &stats->replace, why);

    if (error == 0) {
        plugin_log(stats->host, stats->instance, MUSTER_LOG_INFO, "figures go to \"%s\"",
                   stats->file);
        return 0;
    }
    plugin_log(stats->host, stats->instance, MUSTER_LOG_ERROR, "cannot write \"%s\": %s",
               stats->file, why);
    return is_for_good(error) ? MUSTER_FAILED : MUSTER_AGAIN;
}

/* Tells a check of what is there what the start would not get over. */
static void look_at_file(const struct muster_host *host, struct muster_instance *instance)
{
    const struct replace how = {.may_replace = is_ours};
    const char *file = host->get_string(instance, "file");
    char why[DESTINATION_WHY];

    if (file != NULL && MUSTER_HOST_HAS(host, misfit) && is_for_good(replace_look(file, &how, why)))
        host->misfit(instance, "file", why);
}

static int check_instance(const struct muster_host *host, struct muster_instance *instance)
{
    mode_t mode;

    look_at_file(host, instance);
    if (destination_read_mode(host->get_string(instance, "mode"), &mode) == 0)
        return 0;
    host->config_error(instance, "mode",
                       "it is three octal digits, of which the first lets the owner write, and "
                       "none lets anybody execute: \"0640\", for one");
    return MUSTER_FAILED;
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct stats *stats = calloc(1, sizeof *stats);

    if (stats == NULL)
        goto no_memory;
    stats->host = host;
    stats->instance = instance;
    stats->interval_ns = (uint64_t)host->get_int(instance, "interval");
    stats->file = host->get_string(instance, "file");
    stats->tracker = host->get_string(instance, "tracker");
    stats->replace.may_replace = is_ours;
    destination_read_mode(host->get_string(instance, "mode"), &stats->replace.mode);
    stats->print = host->get_int(instance, "print") != 0;
    stats->worst = (uint32_t)host->get_int(instance, "worst");
    stats->opened_ns = stats->reported_ns = host->now(instance, MUSTER_CLOCK_MONOTONIC);
    if (devices_open(&stats->devices, host->device_count(instance)) != 0)
        goto no_memory;
    /* Only the file has them. */
    if (ranges_open(&stats->ranges,
                    stats->file != NULL ? (uint32_t)host->get_int(instance, "values") : 0, host,
                    instance) != 0)
        goto no_memory;
    *state = stats;
    return 0;

no_memory:
    host->log(instance, MUSTER_LOG_ERROR, "out of memory");
    if (stats != NULL)
        free_all(stats);
    return MUSTER_FAILED;
}

static int connect_file(void *state, const struct muster_call *call)
{
    struct stats *stats = state;
    int result = stats->file != NULL ? try_file(stats) : 0;

    (void)call;
    stats->ran |= result == 0;
    return result;
}

static int64_t write_records(void *state, const struct muster_record *records, uint32_t count,
                             const struct muster_call *call)
{
    struct stats *stats = state;
    const bool had_room = stats->ranges.left_out == 0;
    uint32_t i;

    (void)call;
    for (i = 0; i < count; i++) {
        devices_take(&stats->devices, &records[i]);
        ranges_take(&stats->ranges, &records[i]);
    }
    if (had_room && stats->ranges.left_out > 0)
        plugin_log(stats->host, stats->instance, MUSTER_LOG_WARNING,
                   "there are more than %u values of devices; the file does not have those of the "
                   "others: the option values makes more room",
                   stats->ranges.most);
    return count;
}

/* Filters declare their metrics after sinks are opened, so this is the first chance. */
static void look_for_tracker(struct stats *stats)
{
    struct statistics statistics;

    stats->looked = true;
    statistics_gather(&statistics, stats->host, stats->instance, stats->tracker);
    if (!statistics.tracked)
        plugin_log(
            stats->host, stats->instance, MUSTER_LOG_WARNING,
            "the chain has no filter named \"%s\", so loss and duplicates are not known; the "
            "option "
            "tracker names it",
            stats->tracker);
}

static uint64_t tick(void *state, uint64_t now_ns)
{
    struct stats *stats = state;

    devices_pass(&stats->devices, now_ns);
    if (!stats->looked)
        look_for_tracker(stats);
    /* Half a tick early rather than half a tick late. */
    if (stats->interval_ns > 0 && now_ns - stats->reported_ns + HALF_TICK >= stats->interval_ns)
        report(stats, now_ns, false);
    return 0;
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .takes = MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS,
    .connect = connect_file,
    .write = write_records,
    .tick = tick,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "stats",
    .version = "1.0",
    .summary = "reports what was received, lost, late and duplicate",
    .options = options,
    .check = check_instance,
    .open = open_instance,
    .close = close_instance,
    .sink = &sink,
};
