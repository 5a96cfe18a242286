/* SPDX-License-Identifier: MIT
 *
 * A sink that asks the host for what it offers, and for what it must not, on request.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster/plugin.h>

enum does {
    TELL,
    COMPLAIN,
    FAIL_SILENTLY,
    FAIL_ODDLY,
    ERROR_OF_NOTHING,
    LATE_ERROR,
    LATE_PROBLEM,
    INT_OF_TEXT,
    ITEM_OF_NOTHING,
    REAL_OF_CHOICE,
    UNDECLARED,
    METRICS,
    METRIC_OF_THE_HOST,
    METRIC_TWICE,
    DEVICES,
    NO_DEVICE
};

static const char *const choices[] = {"tell",
                                      "complain",
                                      "fail_silently",
                                      "fail_oddly",
                                      "error_of_nothing",
                                      "late_error",
                                      "late_problem",
                                      "int_of_text",
                                      "item_of_nothing",
                                      "real_of_choice",
                                      "undeclared",
                                      "metrics",
                                      "metric_of_the_host",
                                      "metric_twice",
                                      "devices",
                                      "no_device",
                                      NULL};

static const struct muster_option options[] = {
    {.name = "does",
     .type = MUSTER_OPTION_CHOICE,
     .choices = choices,
     .fallback = "tell",
     .summary = "What it asks for"},
    {.name = "share",
     .alias = "part",
     .type = MUSTER_OPTION_REAL,
     .fallback = "0.5",
     .real_max = 1,
     .summary = "A number"},
    {.name = "password", .type = MUSTER_OPTION_SECRET, .summary = "A secret"},
    {.name = "file", .type = MUSTER_OPTION_PATH, .fallback = "asked.txt", .summary = "A file"},
    {.name = "list", .type = MUSTER_OPTION_LIST, .summary = "A list"},
};

struct asker {
    const struct muster_host *host;
    struct muster_instance *instance;
};

static int check(const struct muster_host *host, struct muster_instance *instance)
{
    switch (host->get_int(instance, "does")) {
    case INT_OF_TEXT:
        host->get_int(instance, "file");
        break;
    case ITEM_OF_NOTHING:
        host->list_item(instance, "list", host->list_length(instance, "list"));
        break;
    case COMPLAIN:
        host->config_error(instance, "share", "it is no good");
        host->config_error(instance, NULL, "nothing is");
        host->problem(instance, "/etc/hostname", 7, "a line is no good");
        host->problem(instance, "/etc/hosts", 0, "the file is no good");
        return MUSTER_FAILED;
    case FAIL_SILENTLY:
        return MUSTER_FAILED;
    case FAIL_ODDLY:
        return 5;
    case ERROR_OF_NOTHING:
        host->config_error(instance, "nothing", "it is no good");
        return MUSTER_FAILED;
    default:
        break;
    }
    return 0;
}

static void tell(const struct asker *self)
{
    const char *password = self->host->get_string(self->instance, "password");
    char text[1000];

    snprintf(text, sizeof text, "share %g, %zu letters of password, file %s",
             self->host->get_real(self->instance, "share"), password != NULL ? strlen(password) : 0,
             self->host->get_string(self->instance, "file"));
    self->host->log(self->instance, MUSTER_LOG_INFO, text);
}

static struct muster_cell *declare(const struct asker *self, const char *name, uint16_t type,
                                   const char *label_value)
{
    const struct muster_metric metric = {.size = sizeof metric,
                                         .kind = MUSTER_METRIC_GAUGE,
                                         .type = type,
                                         .name = name,
                                         .unit = "1",
                                         .help = "a number",
                                         .label = label_value != NULL ? "peer" : NULL,
                                         .label_value = label_value};

    return self->host->metric(self->instance, &metric);
}

static void measure(const struct asker *self)
{
    struct muster_metric all = {.size = sizeof all}, found = {.size = sizeof found};
    char text[200];

    muster_cell_set_double(declare(self, "share", MUSTER_METRIC_DOUBLE, NULL), 0.25);
    muster_cell_set_i64(declare(self, "offset", MUSTER_METRIC_I64, NULL), -7);
    muster_cell_set(declare(self, "sent", MUSTER_METRIC_U64, "a"), 3);
    muster_cell_add(declare(self, "sent", MUSTER_METRIC_U64, "\"b\""), 4);
    self->host->find_metric(self->instance, "asker.sent", NULL, &all);
    snprintf(text, sizeof text, "sent %" PRIu64 ", found %d %d %d", all.value.u64,
             self->host->find_metric(self->instance, "asker.sent", "a", &found),
             self->host->find_metric(self->instance, "asker.sent", "c", &found),
             self->host->find_metric(self->instance, "sent", NULL, &found));
    self->host->log(self->instance, MUSTER_LOG_INFO, text);
}

static void look_up(const struct asker *self, uint32_t number)
{
    struct muster_device device = {.size = sizeof device};
    int listed = self->host->device(self->instance, number, &device);
    char text[400], tags[200] = "";
    uint32_t i;

    for (i = 0; i < device.tag_count; i++)
        snprintf(tags + strlen(tags), sizeof tags - strlen(tags), " %s=%s", device.tags[i].key,
                 device.tags[i].value);
    snprintf(text, sizeof text, "device %u of %u: %d %" PRIu64 " \"%s\" %s %s%s", device.number,
             self->host->device_count(self->instance), listed, device.id, device.key,
             device.name != NULL ? device.name : "-", device.place != NULL ? device.place : "-",
             tags);
    self->host->log(self->instance, MUSTER_LOG_INFO, text);
}

static void look_up_by_id(const struct asker *self, uint64_t id)
{
    struct muster_device device = {.size = sizeof device};
    char text[200];

    if (self->host->device_by_id(self->instance, id, &device))
        look_up(self, device.number);
    else {
        snprintf(text, sizeof text, "device %" PRIu64 " is not listed: \"%s\" %s", device.id,
                 device.key, device.class_name);
        self->host->log(self->instance, MUSTER_LOG_INFO, text);
    }
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct asker *self = calloc(1, sizeof *self);

    if (self == NULL)
        return MUSTER_FAILED;
    self->host = host;
    self->instance = instance;
    *state = self;
    switch (host->get_int(instance, "does")) {
    case TELL:
        tell(self);
        break;
    case LATE_ERROR:
        host->config_error(instance, "share", "it is no good");
        break;
    case LATE_PROBLEM:
        host->problem(instance, "/etc/hostname", 7, "it is no good");
        break;
    case REAL_OF_CHOICE:
        host->get_real(instance, "does");
        break;
    case METRICS:
        measure(self);
        break;
    case METRIC_OF_THE_HOST:
        muster_cell_add(declare(self, "dropped.by_me", MUSTER_METRIC_U64, NULL), 1);
        break;
    case METRIC_TWICE:
        declare(self, "sent", MUSTER_METRIC_U64, NULL);
        muster_cell_set_double(declare(self, "sent", MUSTER_METRIC_DOUBLE, NULL), 1);
        break;
    case DEVICES:
        look_up_by_id(self, 4711);
        look_up_by_id(self, 4712);
        look_up_by_id(self, UINT64_MAX);
        break;
    case NO_DEVICE:
        look_up(self, 65536);
        break;
    case UNDECLARED:
        host->get_string(instance, "nothing");
        break;
    default:
        break;
    }
    return 0;
}

static void close_instance(void *state, const struct muster_call *call)
{
    (void)call;
    free(state);
}

static int64_t take(void *state, const struct muster_record *records, uint32_t count,
                    const struct muster_call *call)
{
    (void)call;
    (void)state;
    (void)records;
    return count;
}

static const struct muster_sink sink = {.size = sizeof sink, .write = take};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "asker",
    .version = "1.0",
    .summary = "asks the host for what it offers",
    .options = options,
    .check = check,
    .open = open_instance,
    .close = close_instance,
    .sink = &sink,
};
