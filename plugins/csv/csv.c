/* SPDX-License-Identifier: MIT
 *
 * The sink "csv": a row a message, or a row a gap that has ended, appended to a file.
 *
 * Rows are in the file when write returns; nothing waits here between two
 * calls.  The one exception is the rest of a row that a FIFO took in part, or that
 * could not be taken back from a full disk: it is held, and goes out first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <muster/plugin.h>

#include "../common/lines.h"
#include "../common/say.h"
#include "file.h"
#include "row.h"

static const char *const sync_choices[] = {"none", "second", NULL};
enum { SYNC_NONE, SYNC_SECOND };

/* In the order of enum row_kind. */
static const char *const records_choices[] = {"messages", "gaps", NULL};

static const struct muster_option options[] = {
    {.name = "path",
     .summary = "The file to append to; relative to the directory that musterd runs in",
     .fallback = "telemetry.csv",
     .type = MUSTER_OPTION_STRING},
    {.name = "records",
     .summary = "What the rows are about: messages, or gaps that have ended",
     .fallback = "messages",
     .choices = records_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "columns",
     .summary = "The columns, from left to right; if there are none, the default ones of `records`",
     .choices = row_column_names,
     .type = MUSTER_OPTION_LIST},
    {.name = "sync",
     .summary = "When rows are forced to the disk: never, or once a second",
     .fallback = "none",
     .choices = sync_choices,
     .type = MUSTER_OPTION_CHOICE},
};

struct csv {
    const struct muster_host *host;
    struct muster_instance *instance;
    enum row_kind kind;
    struct row row;
    struct file file;
    struct lines lines;
    char header[ROW_HEADER_MAX];
    bool unsynced;      /* rows were written since the last fdatasync */
    bool write_trouble; /* and that has been said */
    bool sync_trouble;
    struct muster_counter *rows, *bytes, *writes, *write_errors;
};

#define SAY(csv, level, ...) say((csv)->host, (csv)->instance, level, __VA_ARGS__)

/* ---- Start ---------------------------------------------------------------------------- */

static enum row_kind kind_of(const struct muster_host *host, struct muster_instance *instance)
{
    return host->get_int(instance, "records") == ROW_GAPS ? ROW_GAPS : ROW_MESSAGES;
}

static void csv_check(const struct muster_host *host, struct muster_instance *instance)
{
    struct row row = {.host = host, .instance = instance};
    enum row_kind kind = kind_of(host, instance);
    uint32_t count = host->list_length(instance, "columns");
    uint32_t i;

    if (host->get_string(instance, "path")[0] == '\0')
        host->config_error(instance, "path", "the path is empty; name a file");
    for (i = 0; i < count; i++) {
        const char *name = host->list_item(instance, "columns", i);
        char text[128];

        if (!row_can_have(kind, name)) {
            snprintf(text, sizeof text,
                     "there is no column \"%s\" if records is \"%s\": see muster-csv(7), or leave "
                     "columns out",
                     name, records_choices[kind]);
            host->config_error(instance, "columns", text);
        }
        if (row_add(&row, name) != 0) {
            snprintf(text, sizeof text, "column \"%s\" is named twice; name it once", name);
            host->config_error(instance, "columns", text);
        }
    }
}

static void declare_counters(struct csv *csv)
{
    const struct muster_host *host = csv->host;

    csv->rows = host->counter(csv->instance, "rows", MUSTER_METRIC_COUNTER, "records",
                              "Rows that are in the file");
    csv->bytes = host->counter(csv->instance, "bytes", MUSTER_METRIC_COUNTER, "bytes",
                               "Bytes written, header not included");
    csv->writes = host->counter(csv->instance, "writes", MUSTER_METRIC_COUNTER, "calls",
                                "Calls of write(2) for rows");
    csv->write_errors = host->counter(csv->instance, "write_errors", MUSTER_METRIC_COUNTER, "calls",
                                      "Calls of write(2) or fdatasync(2) that failed");
}

static void choose_columns(struct csv *csv)
{
    uint32_t count = csv->host->list_length(csv->instance, "columns");
    uint32_t i;

    for (i = 0; i < count; i++)
        row_add(&csv->row, csv->host->list_item(csv->instance, "columns", i));
    if (count == 0)
        row_add_usual(&csv->row, csv->kind);
}

static int csv_open(const struct muster_host *host, struct muster_instance *instance, void **state)
{
    /* A row of the largest datagram always fits behind what is less than enough. */
    const struct muster_record largest = {.payload_size = MUSTER_DATAGRAM_MAX};
    struct csv *csv = calloc(1, sizeof *csv);

    if (csv == NULL) {
        say(host, instance, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        return MUSTER_FAILED;
    }
    csv->host = csv->row.host = csv->file.host = host;
    csv->instance = csv->row.instance = csv->file.instance = instance;
    csv->kind = kind_of(host, instance);
    choose_columns(csv);
    if (lines_reserve(&csv->lines, LINES_ENOUGH + row_bound(&csv->row, &largest)) != 0) {
        SAY(csv, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        goto failed;
    }
    csv->file.header = csv->header;
    csv->file.header_size = (size_t)(row_header(&csv->row, csv->header) - csv->header);
    csv->file.sync = host->get_int(instance, "sync") == SYNC_SECOND;
    if (file_open(&csv->file, host->get_string(instance, "path")) != 0)
        goto failed;
    if (csv->kind == ROW_GAPS)
        host->take(instance, MUSTER_TAKES_EVENTS);
    declare_counters(csv);
    *state = csv;
    return 0;
failed:
    lines_free(&csv->lines);
    free(csv);
    return MUSTER_FAILED;
}

/* ---- Rows ----------------------------------------------------------------------------- */

/* How many records, from the first on, it takes to have `rows` rows. */
static uint32_t records_of_rows(const struct csv *csv, const struct muster_record *records,
                                uint32_t rows)
{
    uint32_t i;

    for (i = 0; rows > 0; i++)
        if (row_is(csv->kind, &records[i]))
            rows--;
    return i;
}

/* Says when trouble begins and when it is over, not each time. */
static void note_trouble(struct csv *csv, int error)
{
    if (error == EPIPE)
        return; /* not a trouble that passes: the next write ends this sink, and says so */
    if (error != 0 && !csv->write_trouble)
        SAY(csv, MUSTER_LOG_ERROR, "cannot write to %s: %s; rows wait in the queue",
            csv->file.label, lines_error(error));
    else if (error == 0 && csv->write_trouble)
        SAY(csv, MUSTER_LOG_INFO, "writing to %s works again", csv->file.label);
    csv->write_trouble = error != 0;
}

/* Sends what waits.  Afterwards sent.whole is the rows that the file has or that
 * are held: the ones that the host need not offer again. */
static struct lines_sent send_rows(struct csv *csv, int patience_ms)
{
    struct lines_sent sent = lines_send(&csv->lines, csv->file.fd, patience_ms);
    uint64_t out = sent.bytes;
    uint64_t rows = (uint64_t)sent.whole + sent.held_done;

    if (sent.torn > 0) {
        if (csv->file.regular && file_take_back(&csv->file, sent.torn) == 0) {
            lines_forget_held(&csv->lines);
            out -= sent.torn;
        } else {
            sent.whole++;
        }
    }
    muster_counter_add(csv->writes, sent.calls);
    muster_counter_add(csv->bytes, out);
    muster_counter_add(csv->rows, rows);
    if (sent.error != 0)
        muster_counter_add(csv->write_errors, 1);
    if (out > 0)
        csv->unsynced = true;
    note_trouble(csv, sent.error);
    return sent;
}

/* Puts rows behind what waits until that is enough or the records are at an
 * end.  Returns how many records that took. */
static uint32_t format_rows(struct csv *csv, const struct muster_record *records, uint32_t count)
{
    struct lines *lines = &csv->lines;
    uint32_t i;

    for (i = 0; i < count && lines->size < LINES_ENOUGH; i++) {
        if (!row_is(csv->kind, &records[i]))
            continue;
        if (lines_reserve(lines, row_bound(&csv->row, &records[i])) != 0)
            break;
        lines_added(lines, row_format(&csv->row, lines_next(lines), &records[i]));
    }
    return i;
}

static int64_t csv_write(void *state, const struct muster_record *records, uint32_t count)
{
    struct csv *csv = state;
    uint32_t taken = 0;

    while (taken < count) {
        uint32_t formatted = format_rows(csv, records + taken, count - taken);
        struct lines_sent sent;

        if (formatted == 0) {
            note_trouble(csv, ENOMEM);
            break;
        }
        if (csv->lines.size == 0) {
            taken += formatted;
            continue;
        }
        sent = send_rows(csv, LINES_PATIENCE_MS);
        if (sent.error == EPIPE) {
            SAY(csv, MUSTER_LOG_ERROR, "nobody reads %s any more; this sink is finished",
                csv->file.label);
            return MUSTER_FAILED;
        }
        if (sent.error != 0) {
            taken += records_of_rows(csv, records + taken, sent.whole);
            break;
        }
        taken += formatted;
    }
    return taken;
}

static int64_t csv_flush(void *state, uint64_t deadline_ns)
{
    struct csv *csv = state;
    uint64_t now_ns = csv->host->now(csv->instance, MUSTER_CLOCK_STEADY);
    struct lines_sent sent;

    if (csv->lines.held == 0)
        return 0;
    sent = send_rows(csv, lines_patience_ms(deadline_ns, now_ns));
    if (sent.error == 0 || csv->lines.given_up)
        return 0;
    if (deadline_ns == 0 || now_ns < deadline_ns)
        return MUSTER_AGAIN;
    SAY(csv, MUSTER_LOG_ERROR, "the last row of %s is cut short: %s", csv->file.label,
        strerror(sent.error));
    lines_give_up_held(&csv->lines);
    return 1;
}

/* ---- The file ------------------------------------------------------------------------- */

static void sync_rows(struct csv *csv)
{
    if (!csv->file.sync || !csv->unsynced || !csv->file.regular)
        return;
    if (fdatasync(csv->file.fd) == 0) {
        csv->unsynced = false;
        if (csv->sync_trouble)
            SAY(csv, MUSTER_LOG_INFO, "syncing %s works again", csv->file.label);
        csv->sync_trouble = false;
        return;
    }
    muster_counter_add(csv->write_errors, 1);
    if (!csv->sync_trouble)
        SAY(csv, MUSTER_LOG_ERROR, "cannot sync %s: %s; rows of the last seconds may be lost",
            csv->file.label, strerror(errno));
    csv->sync_trouble = true;
}

static int csv_rotate(void *state)
{
    struct csv *csv = state;

    if (csv->lines.held > 0 && send_rows(csv, LINES_PATIENCE_MS).error != 0) {
        SAY(csv, MUSTER_LOG_ERROR,
            "cannot leave %s in the middle of a row; rotate again when "
            "writing works",
            csv->file.label);
        return MUSTER_FAILED;
    }
    sync_rows(csv);
    return file_reopen(&csv->file) == 0 ? 0 : MUSTER_FAILED;
}

static uint64_t csv_tick(void *state, uint64_t now_ns)
{
    struct csv *csv = state;

    (void)now_ns;
    sync_rows(csv);
    file_check_removed(&csv->file);
    return 0;
}

static void csv_close(void *state)
{
    struct csv *csv = state;

    if (csv->lines.held > 0 && !csv->lines.given_up)
        SAY(csv, MUSTER_LOG_ERROR, "the last row of %s is cut short", csv->file.label);
    sync_rows(csv);
    file_close(&csv->file);
    lines_free(&csv->lines);
    free(csv);
}

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .role = MUSTER_SINK,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "csv",
    .version = "1.0",
    .summary = "appends a row a message, or a row a gap, to a CSV file",
    .options = options,
    .check = csv_check,
    .open = csv_open,
    .close = csv_close,
    .write = csv_write,
    .flush = csv_flush,
    .rotate = csv_rotate,
    .tick = csv_tick,
};
