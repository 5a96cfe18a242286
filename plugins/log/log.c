/* SPDX-License-Identifier: MIT
 *
 * The sink "log": a readable line a record, on standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <muster/plugin.h>

#include "../common/plugin_log.h"
#include "../common/plugin_metric.h"
#include "../common/text_sink.h"
#include "line.h"

static const char *const show_choices[] = {"all", "troubles", NULL};
enum { SHOW_ALL, SHOW_TROUBLES };
static const char *const color_choices[] = {"auto", "always", "never", NULL};
enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
static const char *const time_choices[] = {"auto", "iso", "clock", "none", "true", "false", NULL};
enum { TIME_AUTO, TIME_ISO, TIME_CLOCK, TIME_NONE, TIME_TRUE, TIME_FALSE };

static const struct muster_option options[] = {
    {.name = "show",
     .summary = "Everything, or only what is not in order",
     .fallback = "all",
     .choices = show_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "color",
     .summary = "Words of trouble in color; auto: on a terminal, unless NO_COLOR is set",
     .fallback = "auto",
     .choices = color_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "rejects",
     .summary = "Rejected datagrams, too",
     .fallback = "true",
     .type = MUSTER_OPTION_BOOL},
    {.name = "time",
     .summary = "The time of arrival in front of each line, local time: iso with date and zone, "
                "clock with the date when it changes; auto: clock on a terminal, else iso; true "
                "is auto, false none",
     .fallback = "auto",
     .choices = time_choices,
     .type = MUSTER_OPTION_CHOICE},
};

struct log {
    struct line_style style;
    struct text_sink sink;
    bool troubles_only;
    bool rejects;
};

/* ---- Lines ---------------------------------------------------------------------------- */

static bool has_line(const void *plugin, const struct muster_record *record)
{
    const struct log *log = plugin;

    if (record->kind > MUSTER_KIND_REJECT)
        return false; /* of a later version */
    if (record->kind == MUSTER_KIND_REJECT &&
        (!log->rejects || (record->marks & MUSTER_MARK_HELD_BACK) != 0))
        return false; /* what is held back has a line as a sum */
    if (record->kind == MUSTER_KIND_EVENT && record->event.event == MUSTER_EVENT_GAP_OPENED &&
        record->event.was != MUSTER_EVENT_NONE && record->event.cause == record->event.was_cause)
        return false; /* it has a line */
    if (record->kind == MUSTER_KIND_EVENT && !log->rejects &&
        record->event.event == MUSTER_EVENT_REJECTED_MORE)
        return false;
    return !log->troubles_only || line_is_trouble(record);
}

static size_t bound(void *plugin, const struct muster_record *record)
{
    struct log *log = plugin;

    return line_bound(&log->style, record);
}

static char *format(void *plugin, char *out, const struct muster_record *record)
{
    struct log *log = plugin;

    return line_format(&log->style, out, record);
}

static const struct text_sink_line line = {.wants = has_line, .bound = bound, .format = format};

static uint32_t fill(void *plugin, struct line_buffer *buffer, const struct muster_record *records,
                     uint32_t count)
{
    return text_sink_fill(&line, plugin, buffer, records, count);
}

/* ---- The plugin ----------------------------------------------------------------------- */

/* no-color.org: set, and not empty. */
static bool wants_color(int64_t choice)
{
    const char *no_color = getenv("NO_COLOR");

    if (choice != COLOR_AUTO)
        return choice == COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

static enum stamp_form wants_time(int64_t choice)
{
    switch (choice) {
    case TIME_ISO:
        return STAMP_ISO;
    case TIME_CLOCK:
        return STAMP_CLOCK;
    case TIME_NONE:
    case TIME_FALSE:
        return STAMP_NONE;
    default:
        return isatty(STDOUT_FILENO) ? STAMP_CLOCK : STAMP_ISO;
    }
}

static int log_open(const struct muster_host *host, struct muster_instance *instance, void **state)
{
    struct stat status;
    struct log *log;

    log = calloc(1, sizeof *log);
    if (log == NULL || values_open(&log->style.values, host, instance) != 0) {
        plugin_log(host, instance, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        if (log != NULL)
            values_close(&log->style.values);
        free(log);
        return MUSTER_FAILED;
    }
    log->style.host = host;
    log->style.instance = instance;
    log->style.stamp.form = wants_time(host->get_int(instance, "time"));
    log->style.color = wants_color(host->get_int(instance, "color"));
    log->troubles_only = host->get_int(instance, "show") == SHOW_TROUBLES;
    log->rejects = host->get_int(instance, "rejects") != 0;
    host->take(instance, MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS |
                             (log->rejects ? MUSTER_TAKES_REJECTS : 0));
    log->sink = (struct text_sink){.host = host,
                                   .instance = instance,
                                   .plugin = log,
                                   .line = &line,
                                   .fill = fill,
                                   .fd = STDOUT_FILENO,
                                   .target = "standard output",
                                   .unit = "line",
                                   .gone = MUSTER_FAILED};
    log->sink.buffer.never_block = fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode);
    log->sink.lines =
        plugin_metric(host, instance, "lines", MUSTER_METRIC_COUNTER, "records", "Lines written");
    log->sink.write_errors = plugin_metric(host, instance, "write_errors", MUSTER_METRIC_COUNTER,
                                           "calls", "Calls of write(2) that failed");
    *state = log;
    return 0;
}

static int log_connect(void *state, const struct muster_call *call)
{
    const struct log *log = state;

    (void)call;
    if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
        return 0;
    plugin_log(log->sink.host, log->sink.instance, MUSTER_LOG_ERROR,
               "standard output is closed; redirect it, to /dev/null for one");
    return MUSTER_FAILED;
}

static void log_disconnect(void *state, const struct muster_call *call)
{
    struct log *log = state;

    text_sink_disconnect(&log->sink, call);
}

static int64_t log_write(void *state, const struct muster_record *records, uint32_t count,
                         const struct muster_call *call)
{
    struct log *log = state;
    int64_t taken = text_sink_write(&log->sink, records, count);

    (void)call;
    if (taken < count)
        stamp_repeat_date(&log->style.stamp);
    return taken;
}

static int64_t log_flush(void *state, const struct muster_call *call)
{
    struct log *log = state;

    return text_sink_flush(&log->sink, call);
}

static void log_close(void *state, const struct muster_call *call)
{
    struct log *log = state;

    (void)call;
    text_sink_close(&log->sink);
    values_close(&log->style.values);
    free(log);
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .takes = MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS,
    .hold = 1,
    .connect = log_connect,
    .write = log_write,
    .flush = log_flush,
    .disconnect = log_disconnect,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "log",
    .version = "1.0",
    .summary = "prints a readable line a record",
    .options = options,
    .open = log_open,
    .close = log_close,
    .sink = &sink,
};
