/* SPDX-License-Identifier: MIT
 *
 * The options of the sink "csv".
 */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/plugin_log.h"
#include "../common/replace.h"
#include "misfit.h"
#include "pack.h"

#define SECOND INT64_C(1000000000)

/* In the order of enum sync_when; "second" is what "interval" was called once. */
static const char *const sync_choices[] = {"none", "interval", "batch", "second", NULL};

static const char *const compress_choices[] = {"none", "zstd", NULL};

/* In the order of enum row_kind. */
static const char *const records_choices[] = {"messages", "gaps", "holes", NULL};

/* In the order of enum row_layout. */
static const char *const layout_choices[] = {"wide", "long", NULL};

static const char *const guard_choices[] = {"none", "spreadsheet", NULL};
enum { GUARD_NONE, GUARD_SPREADSHEET };

const struct muster_option settings_options[SETTINGS_COUNT] = {
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
     .summary = "Who may read and write a new file, as \"0644\"; one that is there keeps what it "
                "has.  None: 0640 less the umask",
     .type = MUSTER_OPTION_STRING},
    {.name = "sync",
     .summary = "When rows are forced to the disk: never, every sync_interval, or before they "
                "count as written",
     .fallback = "none",
     .choices = sync_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "sync_interval",
     .summary = "How often rows are forced to the disk, with sync = \"interval\"",
     .fallback = "1s",
     .min = SECOND / 10,
     .max = 3600 * SECOND,
     .type = MUSTER_OPTION_DURATION},
    {.name = "rotate_size",
     .summary = "A segment ends when it has so many bytes; 0: never for that",
     .fallback = "0",
     .min = 1024,
     .max = INT64_MAX,
     .type = MUSTER_OPTION_SIZE},
    {.name = "rotate_every",
     .summary = "A segment ends at each multiple of this, by the clock (UTC); 0: never for that",
     .fallback = "0",
     .min = SECOND,
     .max = 366 * 86400 * SECOND,
     .type = MUSTER_OPTION_DURATION},
    {.name = "segments",
     .summary = "A segment ends when the output is to be rotated, instead of the path being opened "
                "again; so it is with rotate_size and rotate_every, too",
     .fallback = "false",
     .type = MUSTER_OPTION_BOOL},
    {.name = "compress",
     .summary = "What is done to finished segments",
     .fallback = "none",
     .choices = compress_choices,
     .type = MUSTER_OPTION_CHOICE},
    {.name = "compress_level",
     .summary = "How much zstd tries, from 1, fast, to 19, small",
     .fallback = "3",
     .min = 1,
     .max = 19,
     .type = MUSTER_OPTION_INT},
    {.name = "keep_files",
     .summary = "How many finished segments stay at most; 0: no limit",
     .fallback = "0",
     .min = 1,
     .max = INT32_MAX,
     .type = MUSTER_OPTION_INT},
    {.name = "keep_size",
     .summary = "How many bytes finished segments have together at most; 0: no limit",
     .fallback = "0",
     .type = MUSTER_OPTION_SIZE},
    {.name = "keep_age",
     .summary = "How old finished segments become at most; 0: no limit",
     .fallback = "0",
     .type = MUSTER_OPTION_DURATION},
    {.name = "keep_free",
     .summary = "The oldest finished segments go when less of the file system is free; 0: no limit",
     .fallback = "0",
     .type = MUSTER_OPTION_SIZE},
};

enum row_kind settings_kind(const struct muster_host *host, struct muster_instance *instance)
{
    return (enum row_kind)host->get_int(instance, "records");
}

enum row_layout settings_layout(const struct muster_host *host, struct muster_instance *instance)
{
    return (enum row_layout)host->get_int(instance, "layout");
}

bool settings_is_guarded(const struct muster_host *host, struct muster_instance *instance)
{
    return host->get_int(instance, "guard") == GUARD_SPREADSHEET;
}

static bool has_segments(const struct muster_host *host, struct muster_instance *instance)
{
    return host->get_int(instance, "segments") != 0 ||
           host->get_int(instance, "rotate_size") != 0 ||
           host->get_int(instance, "rotate_every") != 0;
}

void settings_read(const struct muster_host *host, struct muster_instance *instance,
                   struct output *output)
{
    const char *mode = host->get_string(instance, "mode");
    const int64_t sync = host->get_int(instance, "sync");

    if (mode != NULL)
        destination_read_mode(mode, &output->file.mode);
    output->sync = sync > SYNC_BATCH ? SYNC_INTERVAL : (enum sync_when)sync;
    output->sync_interval_ns = (uint64_t)host->get_int(instance, "sync_interval");
    output->has_segments = has_segments(host, instance);
    output->rotate_size = (uint64_t)host->get_int(instance, "rotate_size");
    output->rotate_every_ns = (uint64_t)host->get_int(instance, "rotate_every");
    if (host->get_int(instance, "compress") != 0)
        output->tend.level = (int)host->get_int(instance, "compress_level");
    output->tend.keep = (struct keep){.files = (uint64_t)host->get_int(instance, "keep_files"),
                                      .bytes = (uint64_t)host->get_int(instance, "keep_size"),
                                      .age_ns = (uint64_t)host->get_int(instance, "keep_age"),
                                      .free = (uint64_t)host->get_int(instance, "keep_free")};
}

/* Whether the options about segments fit together; else the errors are said. */
static bool check_segments(const struct muster_host *host, struct muster_instance *instance)
{
    static const char *const names[] = {"compress", "keep_files", "keep_size", "keep_age",
                                        "keep_free"};
    bool is_good = true;
    size_t i;

    if (host->get_int(instance, "compress") != 0 && !pack_is_possible()) {
        host->config_error(instance, "compress",
                           "this plugin was built without zstd: leave it out, or install "
                           "libzstd-dev and build again");
        is_good = false;
    }
    for (i = 0; !has_segments(host, instance) && i < sizeof names / sizeof names[0]; i++)
        if (host->get_int(instance, names[i]) != 0) {
            host->config_error(instance, names[i],
                               "it is about finished segments, and there are none: set "
                               "rotate_size or rotate_every, or segments = true");
            is_good = false;
        }
    return is_good;
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

int settings_check(const struct muster_host *host, struct muster_instance *instance)
{
    enum row_kind kind = settings_kind(host, instance);
    uint32_t count = host->list_length(instance, "columns");
    const char *text = host->get_string(instance, "mode");
    bool is_good = check_segments(host, instance);
    struct row row;
    mode_t mode;
    uint32_t i;

    if (text != NULL && destination_read_mode(text, &mode) != 0) {
        host->config_error(instance, "mode",
                           "it is three octal digits, of which the first lets the owner write, and "
                           "none lets anybody execute: \"0640\", for one");
        return MUSTER_FAILED;
    }
    if (settings_layout(host, instance) == ROW_LONG && kind != ROW_MESSAGES) {
        host->config_error(instance, "layout",
                           "only messages have values: leave it out, or records");
        return MUSTER_FAILED;
    }
    if (row_open(&row, host, instance, settings_layout(host, instance)) != 0) {
        host->config_error(instance, NULL, strerror(errno));
        row_close(&row);
        return MUSTER_FAILED;
    }
    for (i = 0; i < count; i++)
        is_good &= check_column(&row, kind, host->list_item(instance, "columns", i));
    if (count == 0)
        is_good &= check_default(&row, kind);
    if (is_good)
        check_file(&row, kind, count);
    row_close(&row);
    return is_good ? 0 : MUSTER_FAILED;
}
