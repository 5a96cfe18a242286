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

#include "../common/lines.h"
#include "../common/say.h"
#include "line.h"

static const char *const show_choices[] = {"all", "troubles", NULL};
enum { SHOW_ALL, SHOW_TROUBLES };
static const char *const color_choices[] = {"auto", "always", "never", NULL};
enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

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
     .summary = "The time of arrival in front of each line, local time",
     .fallback = "true",
     .type = MUSTER_OPTION_BOOL},
};

struct log {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct line_style style;
    struct lines lines;
    bool troubles_only;
    bool rejects;
    bool trouble; /* lines can not be written, and that has been said */
    struct muster_counter *written, *write_errors;
};

#define SAY(log, level, ...) say((log)->host, (log)->instance, level, __VA_ARGS__)

/* no-color.org: set, and not empty. */
static bool wants_color(int64_t choice)
{
    const char *no_color = getenv("NO_COLOR");

    if (choice != COLOR_AUTO)
        return choice == COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

static int log_open(const struct muster_host *host, struct muster_instance *instance, void **state)
{
    struct stat status;
    struct log *log;

    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        say(host, instance, MUSTER_LOG_ERROR,
            "standard output is closed; redirect it, to /dev/null for one");
        return MUSTER_FAILED;
    }
    log = calloc(1, sizeof *log);
    if (log == NULL) {
        say(host, instance, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        return MUSTER_FAILED;
    }
    log->host = log->style.host = host;
    log->instance = log->style.instance = instance;
    log->style.time = host->get_int(instance, "time") != 0;
    log->style.color = wants_color(host->get_int(instance, "color"));
    log->troubles_only = host->get_int(instance, "show") == SHOW_TROUBLES;
    log->rejects = host->get_int(instance, "rejects") != 0;
    host->take(instance, MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS |
                             (log->rejects ? MUSTER_TAKES_REJECTS : 0));
    log->lines.gently = fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode);
    log->written =
        host->counter(instance, "lines", MUSTER_METRIC_COUNTER, "records", "Lines written");
    log->write_errors = host->counter(instance, "write_errors", MUSTER_METRIC_COUNTER, "calls",
                                      "Calls of write(2) that failed");
    *state = log;
    return 0;
}

static bool has_line(const struct log *log, const struct muster_record *record)
{
    if (record->kind > MUSTER_KIND_REJECT)
        return false; /* of a later version */
    if (record->kind == MUSTER_KIND_REJECT && !log->rejects)
        return false;
    return !log->troubles_only || line_is_trouble(record);
}

/* How many records, from the first on, it takes to have `lines` lines. */
static uint32_t records_of_lines(const struct log *log, const struct muster_record *records,
                                 uint32_t lines)
{
    uint32_t i;

    for (i = 0; lines > 0; i++)
        if (has_line(log, &records[i]))
            lines--;
    return i;
}

/* Says when trouble begins and when it is over, not each time. */
static void note_trouble(struct log *log, int error)
{
    if (error == EPIPE)
        return; /* not a trouble that passes: the next write ends this sink, and says so */
    if (error != 0 && !log->trouble)
        SAY(log, MUSTER_LOG_ERROR, "cannot write to standard output: %s; lines wait in the queue",
            lines_error(error));
    else if (error == 0 && log->trouble)
        SAY(log, MUSTER_LOG_INFO, "writing to standard output works again");
    log->trouble = error != 0;
}

/* Sends what waits.  Afterwards sent.whole is the lines that are out or held:
 * the ones that the host need not offer again. */
static struct lines_sent send_lines(struct log *log, int patience_ms)
{
    struct lines_sent sent = lines_send(&log->lines, STDOUT_FILENO, patience_ms);

    muster_counter_add(log->written, (uint64_t)sent.whole + sent.held_done);
    if (sent.error != 0)
        muster_counter_add(log->write_errors, 1);
    if (sent.torn > 0)
        sent.whole++;
    note_trouble(log, sent.error);
    return sent;
}

/* Puts lines behind what waits until that is enough or the records are at an
 * end.  Returns how many records that took. */
static uint32_t format_lines(struct log *log, const struct muster_record *records, uint32_t count)
{
    struct lines *lines = &log->lines;
    uint32_t i;

    for (i = 0; i < count && lines->size < LINES_ENOUGH; i++) {
        if (!has_line(log, &records[i]))
            continue;
        if (lines_reserve(lines, line_bound(&log->style, &records[i])) != 0)
            break;
        lines_added(lines, line_format(&log->style, lines_next(lines), &records[i]));
    }
    return i;
}

static int64_t log_write(void *state, const struct muster_record *records, uint32_t count)
{
    struct log *log = state;
    uint32_t taken = 0;

    while (taken < count) {
        uint32_t formatted = format_lines(log, records + taken, count - taken);
        struct lines_sent sent;

        if (formatted == 0) {
            note_trouble(log, ENOMEM);
            break;
        }
        if (log->lines.size == 0) {
            taken += formatted;
            continue;
        }
        sent = send_lines(log, LINES_PATIENCE_MS);
        if (sent.error == EPIPE) {
            SAY(log, MUSTER_LOG_ERROR,
                "nobody reads standard output any more; this sink is finished");
            return MUSTER_FAILED;
        }
        if (sent.error != 0) {
            taken += records_of_lines(log, records + taken, sent.whole);
            break;
        }
        taken += formatted;
    }
    return taken;
}

static int64_t log_flush(void *state, uint64_t deadline_ns)
{
    struct log *log = state;
    uint64_t now_ns = log->host->now(log->instance, MUSTER_CLOCK_STEADY);
    struct lines_sent sent;

    if (log->lines.held == 0)
        return 0;
    sent = send_lines(log, lines_patience_ms(deadline_ns, now_ns));
    if (sent.error == 0 || log->lines.given_up)
        return 0;
    if (deadline_ns == 0 || now_ns < deadline_ns)
        return MUSTER_AGAIN;
    SAY(log, MUSTER_LOG_ERROR, "the last line on standard output is cut short: %s",
        strerror(sent.error));
    lines_give_up_held(&log->lines);
    return 1;
}

static void log_close(void *state)
{
    struct log *log = state;

    if (log->lines.held > 0 && !log->lines.given_up)
        SAY(log, MUSTER_LOG_ERROR, "the last line on standard output is cut short");
    lines_free(&log->lines);
    free(log);
}

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .role = MUSTER_SINK,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "log",
    .version = "1.0",
    .summary = "prints a readable line a record",
    .options = options,
    .open = log_open,
    .close = log_close,
    .write = log_write,
    .flush = log_flush,
};
