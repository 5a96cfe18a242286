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
#include <sys/stat.h>

#include <muster/plugin.h>

#include "../common/plugin_log.h"
#include "../common/text_sink.h"
#include "misfit.h"
#include "output.h"
#include "row.h"

static const char *const sync_choices[] = {"none", "second", NULL};
enum { SYNC_NONE, SYNC_SECOND };

/* In the order of enum row_kind. */
static const char *const records_choices[] = {"messages", "gaps", "holes", NULL};

/* In the order of enum row_layout. */
static const char *const layout_choices[] = {"wide", "long", NULL};

static const char *const guard_choices[] = {"none", "spreadsheet", NULL};
enum { GUARD_NONE, GUARD_SPREADSHEET };

/* With ROW_LONG: for how many messages the rows wait at most until they are written. */
enum { LONG_MOST = 16384 };

static const struct muster_option options[] = {
    {.name = "path",
     .summary = "The file to append to; relative to the directory that musterd runs in",
     .fallback = "telemetry.csv",
     .type = MUSTER_OPTION_PATH},
    {.name = "records",
     .summary = "What the rows are about: messages, gaps, or what sinks have dropped",
     .fallback = "messages",
     .choices = records_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "columns",
     .summary = "The columns, from left to right; if there are none, the default ones of `records`",
     .choices = row_column_names,
     .type = MUSTER_OPTION_LIST,
     .flags = MUSTER_OPTION_VALUES},
    {.name = "layout",
     .summary = "Values of a message: wide, in a column each; or long, in a row each",
     .fallback = "wide",
     .choices = layout_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "guard",
     .summary = "Whom texts of devices are kept from: nobody, or a spreadsheet, as formulas",
     .fallback = "none",
     .choices = guard_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "mode",
     .summary = "Who may read and write a file that is made: an octal number",
     .fallback = "0640",
     .type = MUSTER_OPTION_STRING},
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

static enum row_kind kind_of(const struct muster_host *host, struct muster_instance *instance)
{
    return (enum row_kind)host->get_int(instance, "records");
}

static enum row_layout layout_of(const struct muster_host *host, struct muster_instance *instance)
{
    return (enum row_layout)host->get_int(instance, "layout");
}

/* Whether that name is a column of such a file, and there once; else the error is said. */
static bool check_column(struct row *row, enum row_kind kind, const char *name)
{
    char text[256];

    if (!row_can_have(kind, row->layout, name))
        snprintf(text, sizeof text,
                 "there is no column \"%.100s\" if records is \"%s\" and layout \"%s\": see "
                 "muster-csv(7), or leave columns out",
                 name, records_choices[kind], layout_choices[row->layout]);
    else if (!row_knows(row, name))
        snprintf(text, sizeof text, "there is no column \"%.100s\"; see muster-csv(7)", name);
    else if (row_add(row, name) != 0)
        snprintf(text, sizeof text, "column \"%.100s\" is named twice; name it once", name);
    else {
        if (row_hides_value(row, name))
            plugin_log(row->host, row->instance, MUSTER_LOG_WARNING,
                       "the column \"%s\" is what muster-csv(7) says, and not the value of that "
                       "name; to have that, give it another name in the catalog",
                       name);
        return true;
    }
    row->host->config_error(row->instance, "columns", text);
    return false;
}

/* Looks at the columns that there are if none are named. */
static bool check_default(const struct row *row, enum row_kind kind)
{
    const char *clash =
        kind == ROW_MESSAGES && row->layout == ROW_WIDE ? row_find_clash(row) : NULL;
    char text[256];

    if (clash == NULL)
        return true;
    snprintf(
        text, sizeof text,
        "\"%.100s\" is a column already, so a value of that name can have none: give the value "
        "another name in the catalog, or name the columns without it",
        clash);
    row->host->config_error(row->instance, NULL, text);
    return false;
}

/* Returns 0, or -1 if the text is no mode of a file. */
static int read_mode(const char *text, mode_t *mode)
{
    const mode_t bits = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
    char *end;
    unsigned long value;

    if (text[0] < '0' || text[0] > '7')
        return -1;
    value = strtoul(text, &end, 8);
    if (*end != '\0' || (value & ~(unsigned long)bits) != 0 || (value & S_IWUSR) == 0)
        return -1;
    *mode = (mode_t)value;
    return 0;
}

/* Looks at the file that is there, with the columns that are named. */
static void check_file(struct row *row, enum row_kind kind, uint32_t named)
{
    char *header;

    if (named == 0)
        row_add_default(row, kind);
    header = malloc(row_header_bound(row));
    if (header != NULL)
        misfit_check(row->host, row->instance, header, (size_t)(row_header(row, header) - header));
    free(header);
}

static int csv_check(const struct muster_host *host, struct muster_instance *instance)
{
    enum row_kind kind = kind_of(host, instance);
    uint32_t count = host->list_length(instance, "columns");
    bool is_good = true;
    struct row row;
    mode_t mode;
    uint32_t i;

    if (read_mode(host->get_string(instance, "mode"), &mode) != 0) {
        host->config_error(instance, "mode",
                           "this is no mode: write it as chmod takes it, with reading and writing "
                           "alone, and writing for the owner, such as \"0640\"");
        return MUSTER_FAILED;
    }
    if (layout_of(host, instance) == ROW_LONG && kind != ROW_MESSAGES) {
        host->config_error(instance, "layout",
                           "only messages have values: leave it out, or records");
        return MUSTER_FAILED;
    }
    if (row_open(&row, host, instance, layout_of(host, instance)) != 0) {
        host->config_error(instance, NULL, strerror(errno));
        row_close(&row);
        return MUSTER_FAILED;
    }
    for (i = 0; i < count; i++)
        is_good &= check_column(&row, kind, host->list_item(instance, "columns", i));
    if (count == 0)
        is_good = check_default(&row, kind);
    if (is_good)
        check_file(&row, kind, count);
    row_close(&row);
    return is_good ? 0 : MUSTER_FAILED;
}

/* Returns 0, or -1 if memory is short. */
static int choose_columns(struct csv *csv)
{
    const struct muster_host *host = csv->host;
    struct muster_instance *instance = csv->instance;
    uint32_t count = host->list_length(instance, "columns");
    uint32_t i;

    if (row_open(&csv->row, host, instance, layout_of(host, instance)) != 0)
        return -1;
    csv->row.is_guarded = host->get_int(instance, "guard") == GUARD_SPREADSHEET;
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
    file_free(&csv->output.file);
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
    csv->kind = kind_of(host, instance);
    if (choose_columns(csv) != 0 || prepare_buffer(csv) != 0) {
        LOG(csv, MUSTER_LOG_ERROR, "cannot start: %s", strerror(errno));
        goto failed;
    }
    csv->output.file.sync = host->get_int(instance, "sync") == SYNC_SECOND;
    read_mode(host->get_string(instance, "mode"), &csv->output.file.mode);
    if (file_init(&csv->output.file, host->get_string(instance, "path")) != 0)
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

    (void)call;
    return output_connect(&csv->output);
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

    (void)now_ns;
    output_tick(&csv->output);
    return 0;
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
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "csv",
    .version = "1.0",
    .summary = "appends a row a message, or a row a gap, to a CSV file",
    .options = options,
    .check = csv_check,
    .open = csv_open,
    .close = csv_close,
    .sink = &sink,
};
