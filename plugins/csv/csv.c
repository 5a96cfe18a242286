/* SPDX-License-Identifier: MIT
 *
 * The sink "csv": a row a message, a gap that has ended, or a hole of a sink, appended to a file.
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

#include <muster/plugin.h>

#include "../common/plugin_log.h"
#include "../common/text_sink.h"
#include "output.h"
#include "row.h"
#include "settings.h"

/* With ROW_LONG: for how many messages the rows wait at most until they are written. */
enum { LONG_MOST = 16384 };

struct csv {
    const struct muster_host *host;
    struct muster_instance *instance;
    enum row_kind kind;
    struct row row;
    struct output output;
    char *header;
};

#define LOG(csv, level, ...) plugin_log((csv)->host, (csv)->instance, level, __VA_ARGS__)

/* ---- Rows ----------------------------------------------------------------------------- */

static bool has_row(const void *plugin, const struct muster_record *record)
{
    const struct csv *csv = plugin;

    return row_is(csv->kind, record);
}

static size_t bound(void *plugin, const struct muster_record *record)
{
    struct csv *csv = plugin;

    return row_bound(&csv->row, record);
}

static char *format(void *plugin, char *out, const struct muster_record *record)
{
    struct csv *csv = plugin;

    return row_format(&csv->row, out, record);
}

static const struct text_sink_line row_line = {.wants = has_row, .bound = bound, .format = format};

static uint32_t fill(void *plugin, struct line_buffer *buffer, const struct muster_record *records,
                     uint32_t count)
{
    return text_sink_fill(&row_line, plugin, buffer, records, count);
}

/* The same of messages that have several rows. */
static uint32_t fill_long(void *plugin, struct line_buffer *buffer,
                          const struct muster_record *records, uint32_t count)
{
    struct csv *csv = plugin;
    uint32_t i;

    for (i = 0; i < count && buffer->size < LINE_BUFFER_ENOUGH && buffer->count < buffer->most;
         i++) {
        const char *end;

        if (!row_is(csv->kind, &records[i]))
            continue;
        if (line_buffer_reserve(buffer, row_bound(&csv->row, &records[i])) != 0)
            break;
        end = row_format(&csv->row, line_buffer_next(buffer), &records[i]);
        buffer->ends[buffer->count] = (size_t)(end - buffer->bytes);
        line_buffer_add(buffer, end);
    }
    return i;
}

static int take_back(void *plugin, uint32_t size)
{
    struct csv *csv = plugin;

    return csv->output.file.open.regular ? file_take_back(&csv->output.file, size) : -1;
}

/* ---- Start ---------------------------------------------------------------------------- */

/* Returns 0, or -1 if memory is short. */
static int choose_columns(struct csv *csv)
{
    const struct muster_host *host = csv->host;
    struct muster_instance *instance = csv->instance;
    uint32_t count = host->list_length(instance, "columns");
    uint32_t i;

    if (row_open(&csv->row, host, instance, settings_layout(host, instance)) != 0)
        return -1;
    csv->row.is_guarded = settings_is_guarded(host, instance);
    for (i = 0; i < count; i++)
        row_add(&csv->row, host->list_item(instance, "columns", i));
    if (count == 0)
        row_add_default(&csv->row, csv->kind);
    csv->header = malloc(row_header_bound(&csv->row));
    if (csv->header == NULL)
        return -1;
    csv->output.file.header = csv->header;
    csv->output.file.header_size = (size_t)(row_header(&csv->row, csv->header) - csv->header);
    return 0;
}

/* Room for the rows.  Returns 0, or -1 if memory is short. */
static int prepare_buffer(struct csv *csv)
{
    /* A wide row of the built-in format's largest datagram fits behind what is less than enough;
     * for others it grows. */
    struct line_buffer *buffer = &csv->output.sink.buffer;
    const size_t largest = csv->row.fixed + csv->row.per_byte * MUSTER_DATAGRAM_MAX;

    if (csv->row.layout == ROW_LONG) {
        csv->output.sink.fill = fill_long;
        buffer->most = LONG_MOST;
        buffer->ends = calloc(LONG_MOST, sizeof *buffer->ends);
        if (buffer->ends == NULL)
            return -1;
    }
    return line_buffer_reserve(buffer, LINE_BUFFER_ENOUGH + largest);
}

static void free_all(struct csv *csv)
{
    line_buffer_free(&csv->output.sink.buffer);
    output_free(&csv->output);
    row_close(&csv->row);
    free(csv->header);
    free(csv);
}

static int csv_open(const struct muster_host *host, struct muster_instance *instance, void **state)
{
    struct csv *csv = calloc(1, sizeof *csv);

    if (csv == NULL) {
        plugin_log(host, instance, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        return MUSTER_FAILED;
    }
    csv->host = csv->output.host = csv->output.file.host = host;
    csv->instance = csv->output.instance = csv->output.file.instance = instance;
    csv->output.sink = (struct text_sink){.host = host,
                                          .instance = instance,
                                          .plugin = csv,
                                          .line = &row_line,
                                          .fill = fill,
                                          .take_back = take_back,
                                          .unit = "row",
                                          .gone = MUSTER_LOST};
    csv->kind = settings_kind(host, instance);
    if (choose_columns(csv) != 0 || prepare_buffer(csv) != 0) {
        LOG(csv, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        goto failed;
    }
    settings_read(host, instance, &csv->output);
    if (output_init(&csv->output, host->get_string(instance, "path")) != 0)
        goto failed;
    csv->output.sink.target = csv->output.file.label;
    host->take(instance, csv->kind == ROW_MESSAGES ? MUSTER_TAKES_MESSAGES : MUSTER_TAKES_EVENTS);
    output_declare(&csv->output);
    *state = csv;
    return 0;
failed:
    free_all(csv);
    return MUSTER_FAILED;
}

/* ---- Callbacks ------------------------------------------------------------------------ */

static int csv_connect(void *state, const struct muster_call *call)
{
    struct csv *csv = state;

    return output_connect(&csv->output, call);
}

static int64_t csv_write(void *state, const struct muster_record *records, uint32_t count,
                         const struct muster_call *call)
{
    struct csv *csv = state;

    return output_write(&csv->output, records, count, call);
}

static int64_t csv_flush(void *state, const struct muster_call *call)
{
    struct csv *csv = state;

    return output_flush(&csv->output, call);
}

static void csv_disconnect(void *state, const struct muster_call *call)
{
    struct csv *csv = state;

    output_disconnect(&csv->output, call);
}

static int csv_rotate(void *state, const struct muster_call *call)
{
    struct csv *csv = state;

    (void)call;
    return output_rotate(&csv->output);
}

static uint64_t csv_tick(void *state, uint64_t now_ns)
{
    struct csv *csv = state;

    return output_tick(&csv->output, now_ns);
}

static void csv_close(void *state, const struct muster_call *call)
{
    struct csv *csv = state;

    (void)call;
    free_all(csv);
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .takes = MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS,
    .hold = 1,
    .connect = csv_connect,
    .write = csv_write,
    .flush = csv_flush,
    .disconnect = csv_disconnect,
    .rotate = csv_rotate,
    .tick = csv_tick,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof settings_options[0],
    .option_count = SETTINGS_COUNT,
    .name = "csv",
    .version = "1.0",
    .summary = "appends a row a message, or a row a gap, to a CSV file",
    .options = settings_options,
    .check = settings_check,
    .open = csv_open,
    .close = csv_close,
    .sink = &sink,
};
