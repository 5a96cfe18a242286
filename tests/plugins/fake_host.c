/* SPDX-License-Identifier: MIT
 *
 * A host for tests: drives a plugin without a daemon, a socket or a
 * configuration file, and remembers what the plugin says and does.
 */
#include "fake_host.h"

#include <check.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "collector/catalog/catalog.h"
#include "collector/host/metric.h"
#include "collector/host/options.h"

#define METRICS_MAX 256

struct fake_text {
    uint32_t level;     /* of a log line */
    const char *option; /* of a config error */
    char *text;
};

struct fake_texts {
    struct fake_text *all;
    uint32_t count;
};

struct muster_instance {
    const struct muster_plugin *plugin;
    struct option_table options;
    struct option_value *values; /* one for each option; on line 1 if the test gives it */
    pthread_mutex_t mutex;       /* for what several threads may call */
    struct fake_texts log, errors;
    struct metrics *counters; /* the plugin's */
    struct muster_metric metrics[METRICS_MAX];
    uint32_t metric_count;
    struct catalog *catalog;
    uint32_t device_count;
    uint64_t wall_ns, monotonic_ns, slept_ns;
    uint32_t takes;
    uint32_t woken;
    bool stopped;
    void *given_state; /* the test's */
    uint64_t given_bytes;
    uint32_t given_age;
    void *own_state;
    uint64_t state_bytes; /* that the plugin asked for */
    bool state_set_aside;
};

/* ---- Options -------------------------------------------------------------------------- */

static struct option_table options_of(const struct muster_plugin *plugin)
{
    return (struct option_table){
        .options = plugin->options, .count = plugin->option_count, .stride = plugin->option_size};
}

/* Reads a value as the real host does.  False: it is none, and `why` says why not. */
static bool read_value(const struct option_table *table, int index, const char *text,
                       struct option_value *value, char why[OPTION_ROOM])
{
    const struct muster_option option = option_at(table, (uint32_t)index);
    int result = option_read(&option, text, value, why);

    ck_assert_msg(result >= 0, "out of memory");
    return result == 0;
}

bool fake_accepts(const struct muster_plugin *plugin, const char *option, const char *text)
{
    const struct option_table table = options_of(plugin);
    int index = option_find(&table, option);
    struct option_value value = {0};
    char why[OPTION_ROOM];
    bool accepted = index >= 0 && read_value(&table, index, text, &value, why);

    option_clear(&value);
    return accepted;
}

static void set_option(struct muster_instance *instance, const char *name, const char *text)
{
    int index = option_find(&instance->options, name);
    char why[OPTION_ROOM];

    ck_assert_msg(index >= 0, "there is no option \"%s\"", name);
    ck_assert_msg(instance->values[index].line == 0, "option \"%s\" is given twice", name);
    instance->values[index].line = 1;
    ck_assert_msg(read_value(&instance->options, index, text, &instance->values[index], why),
                  "option \"%s\": %s", name, why);
}

/* Sets what the test does not. */
static void set_defaults(struct muster_instance *instance)
{
    char why[OPTION_ROOM];
    uint32_t i;

    for (i = 0; i < instance->options.count; i++) {
        const struct muster_option option = option_at(&instance->options, i);

        if (instance->values[i].line > 0)
            continue;
        ck_assert_msg((option.flags & MUSTER_OPTION_REQUIRED) == 0, "option \"%s\" is required",
                      option.name);
        ck_assert_int_eq(option_read_fallback(&option, &instance->values[i], why), 0);
    }
}

struct muster_instance *fake_new(const struct muster_plugin *plugin, ...)
{
    struct muster_instance *instance = calloc(1, sizeof *instance);
    char why[OPTION_ROOM];
    va_list pairs;
    const char *name;

    ck_assert_msg(instance != NULL, "out of memory");
    instance->plugin = plugin;
    instance->options = options_of(plugin);
    ck_assert_msg(options_valid(&instance->options, why, sizeof why), "%s", why);
    instance->values = calloc(plugin->option_count + 1, sizeof *instance->values);
    instance->counters = metrics_new();
    instance->catalog = catalog_default();
    ck_assert_msg(instance->values != NULL && instance->counters != NULL &&
                      instance->catalog != NULL,
                  "out of memory");
    instance->takes = plugin->sink == NULL       ? 0
                      : plugin->sink->takes != 0 ? plugin->sink->takes
                                                 : MUSTER_TAKES_MESSAGES;
    instance->device_count = MUSTER_DEVICE_IDS;
    instance->wall_ns = UINT64_C(1762534152000000000);
    instance->monotonic_ns = UINT64_C(1000000000000);
    ck_assert_int_eq(pthread_mutex_init(&instance->mutex, NULL), 0);
    va_start(pairs, plugin);
    while ((name = va_arg(pairs, const char *)) != NULL)
        set_option(instance, name, va_arg(pairs, const char *));
    va_end(pairs);
    set_defaults(instance);
    return instance;
}

static void free_texts(struct fake_texts *texts)
{
    uint32_t i;

    for (i = 0; i < texts->count; i++)
        free(texts->all[i].text);
    free(texts->all);
    memset(texts, 0, sizeof *texts);
}

void fake_free(struct muster_instance *instance)
{
    options_free(instance->values, instance->options.count);
    free(instance->values);
    metrics_free(instance->counters);
    catalog_free(instance->catalog);
    free_texts(&instance->log);
    free_texts(&instance->errors);
    pthread_mutex_destroy(&instance->mutex);
    free(instance->own_state);
    free(instance);
}

static const struct option_value *value_of(const struct muster_instance *instance, const char *name,
                                           uint32_t types)
{
    int index = option_find(&instance->options, name);

    ck_assert_msg(index >= 0, "the plugin asks for \"%s\", which it does not declare", name);
    ck_assert_msg(types >> option_at(&instance->options, (uint32_t)index).type & 1,
                  "the plugin asks for \"%s\" as another type", name);
    return &instance->values[index];
}

static int64_t host_get_int(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option,
                    1u << MUSTER_OPTION_BOOL | 1u << MUSTER_OPTION_INT | 1u << MUSTER_OPTION_SIZE |
                        1u << MUSTER_OPTION_DURATION | 1u << MUSTER_OPTION_CHOICE)
        ->number;
}

static double host_get_real(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option, 1u << MUSTER_OPTION_REAL)->real;
}

static const char *host_get_string(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option,
                    1u << MUSTER_OPTION_STRING | 1u << MUSTER_OPTION_CHOICE |
                        1u << MUSTER_OPTION_PATH | 1u << MUSTER_OPTION_SECRET)
        ->text;
}

static uint32_t host_list_length(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option, 1u << MUSTER_OPTION_LIST)->item_count;
}

static const char *host_list_item(struct muster_instance *instance, const char *option,
                                  uint32_t index)
{
    const struct option_value *value = value_of(instance, option, 1u << MUSTER_OPTION_LIST);

    ck_assert_uint_lt(index, value->item_count);
    return value->items[index];
}

/* ---- Log and errors ------------------------------------------------------------------- */

static void add_text(struct fake_texts *texts, uint32_t level, const char *option, const char *text)
{
    ck_assert_msg(strchr(text, '\n') == NULL, "a message has a newline: %s", text);
    texts->all = reallocarray(texts->all, texts->count + 1, sizeof texts->all[0]);
    ck_assert_msg(texts->all != NULL, "out of memory");
    texts->all[texts->count] = (struct fake_text){level, option, strdup(text)};
    ck_assert_msg(texts->all[texts->count].text != NULL, "out of memory");
    texts->count++;
}

static void host_log(struct muster_instance *instance, uint32_t level, const char *text)
{
    ck_assert_uint_le(level, MUSTER_LOG_DEBUG);
    pthread_mutex_lock(&instance->mutex);
    add_text(&instance->log, level, NULL, text);
    pthread_mutex_unlock(&instance->mutex);
}

static void host_problem(struct muster_instance *instance, const char *file, uint32_t line,
                         const char *text)
{
    (void)line;
    ck_assert_ptr_nonnull(file);
    add_text(&instance->errors, MUSTER_LOG_ERROR, NULL, text);
}

static void host_config_error(struct muster_instance *instance, const char *option,
                              const char *text)
{
    int index = option == NULL ? -1 : option_find(&instance->options, option);

    ck_assert_msg(option == NULL || index >= 0, "there is no option \"%s\"", option);
    add_text(&instance->errors, MUSTER_LOG_ERROR,
             index < 0 ? NULL : option_at(&instance->options, (uint32_t)index).name, text);
}

uint32_t fake_logged(struct muster_instance *instance, int level, const char *part)
{
    uint32_t count = 0;
    uint32_t i;

    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < instance->log.count; i++)
        count += (level < 0 || instance->log.all[i].level == (uint32_t)level) &&
                 strstr(instance->log.all[i].text, part) != NULL;
    pthread_mutex_unlock(&instance->mutex);
    return count;
}

void fake_forget_log(struct muster_instance *instance)
{
    pthread_mutex_lock(&instance->mutex);
    free_texts(&instance->log);
    pthread_mutex_unlock(&instance->mutex);
}

const char *fake_log_line(struct muster_instance *instance, uint32_t index)
{
    const char *text;

    pthread_mutex_lock(&instance->mutex);
    text = index < instance->log.count ? instance->log.all[index].text : NULL;
    pthread_mutex_unlock(&instance->mutex);
    return text;
}

uint32_t fake_config_errors(struct muster_instance *instance, const char *option, const char *part)
{
    uint32_t count = 0;
    uint32_t i;

    for (i = 0; i < instance->errors.count; i++) {
        const struct fake_text *error = &instance->errors.all[i];
        bool same = option == NULL || error->option == NULL ? option == error->option
                                                            : strcmp(option, error->option) == 0;

        count += same && strstr(error->text, part) != NULL;
    }
    return count;
}

uint32_t fake_config_error_count(struct muster_instance *instance)
{
    return instance->errors.count;
}

/* ---- Clock, catalog, counters --------------------------------------------------------- */

static uint64_t host_now(struct muster_instance *instance, uint32_t clock)
{
    uint64_t now;

    ck_assert_uint_le(clock, MUSTER_CLOCK_BOOT);
    pthread_mutex_lock(&instance->mutex);
    now = clock == MUSTER_CLOCK_WALL ? instance->wall_ns : instance->monotonic_ns;
    if (clock == MUSTER_CLOCK_BOOT)
        now += instance->slept_ns;
    pthread_mutex_unlock(&instance->mutex);
    return now;
}

void fake_set_clock(struct muster_instance *instance, uint64_t wall_ns, uint64_t monotonic_ns)
{
    pthread_mutex_lock(&instance->mutex);
    instance->wall_ns = wall_ns;
    instance->monotonic_ns = monotonic_ns;
    pthread_mutex_unlock(&instance->mutex);
}

void fake_advance(struct muster_instance *instance, uint64_t ns)
{
    pthread_mutex_lock(&instance->mutex);
    instance->wall_ns += ns;
    instance->monotonic_ns += ns;
    pthread_mutex_unlock(&instance->mutex);
}

void fake_sleep(struct muster_instance *instance, uint64_t ns)
{
    pthread_mutex_lock(&instance->mutex);
    instance->wall_ns += ns;
    instance->slept_ns += ns;
    pthread_mutex_unlock(&instance->mutex);
}

static void host_take(struct muster_instance *instance, uint32_t kinds)
{
    ck_assert_ptr_nonnull(instance->plugin->sink);
    ck_assert_uint_eq(kinds & ~instance->plugin->sink->takes, 0);
    instance->takes = kinds;
}

uint32_t fake_takes(struct muster_instance *instance)
{
    return instance->takes;
}

static struct muster_cell *host_metric(struct muster_instance *instance,
                                       const struct muster_metric *metric)
{
    struct metric_description is;
    struct counter *cell = NULL;
    char why[200];

    ck_assert_msg(metric_is_valid(metric, why, sizeof why), "%s", why);
    is = metric_describe(metric);
    ck_assert_msg(metrics_cell(instance->counters, instance, "", &is, &cell) == METRICS_ADDED,
                  "the metric \"%s\" is declared already as another", metric->name);
    return (struct muster_cell *)cell;
}

uint64_t fake_counter(struct muster_instance *instance, const char *name)
{
    struct metric_reading reading;
    char whole[200];

    snprintf(whole, sizeof whole, ".%s", name);
    ck_assert_msg(metrics_find(instance->counters, whole, NULL, &reading),
                  "there is no metric \"%s\"", name);
    return reading.value.u64;
}

void fake_set_whole_metric(struct muster_instance *instance, const struct muster_metric *metric)
{
    uint32_t i;

    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < instance->metric_count; i++)
        if (metric->label_value == NULL && strcmp(instance->metrics[i].name, metric->name) == 0)
            break;
    ck_assert_uint_lt(i, METRICS_MAX);
    if (i == instance->metric_count)
        instance->metric_count++;
    instance->metrics[i] = *metric;
    pthread_mutex_unlock(&instance->mutex);
}

void fake_set_metric(struct muster_instance *instance, const char *name, const char *unit,
                     const char *help, uint64_t value)
{
    const struct muster_metric metric = {
        .size = sizeof metric, .name = name, .unit = unit, .help = help, .value.u64 = value};

    fake_set_whole_metric(instance, &metric);
}

static int host_read_metric(struct muster_instance *instance, uint32_t index,
                            struct muster_metric *metric)
{
    int found;

    ck_assert_uint_eq(metric->size, sizeof *metric);
    pthread_mutex_lock(&instance->mutex);
    found = index < instance->metric_count;
    if (found)
        *metric = instance->metrics[index];
    pthread_mutex_unlock(&instance->mutex);
    return found;
}

/* Of those without a label alone. */
static int host_find_metric(struct muster_instance *instance, const char *name,
                            const char *label_value, struct muster_metric *metric)
{
    uint32_t i;

    ck_assert_msg(label_value == NULL, "this host finds no label");
    for (i = 0; host_read_metric(instance, i, metric); i++)
        if (strcmp(metric->name, name) == 0)
            return 1;
    return 0;
}

void fake_add_device(struct muster_instance *instance, uint16_t device_id,
                     const struct muster_device *device)
{
    struct catalog *catalog = instance->catalog;
    int index = catalog_find_class(catalog, device->class_name);
    struct catalog_class class = {.heartbeat_ns = device->heartbeat_ns, .data_ns = device->data_ns};
    struct catalog_device listed = {.name = device->name,
                                    .place = device->place,
                                    .tags = device->tags,
                                    .tag_count = device->tag_count};

    if (index < 0)
        index = catalog_add_class(catalog, device->class_name);
    ck_assert_int_ge(index, 0);
    catalog_set_class(catalog, (unsigned)index, &class);
    listed.class = (unsigned)index;
    ck_assert_int_eq(catalog_add_device(catalog, device_id, &listed), 0);
}

static int host_device_by_id(struct muster_instance *instance, uint64_t device_id,
                             struct muster_device *device)
{
    ck_assert_uint_ge(device->size, sizeof device->size);
    ck_assert_uint_lt(device_id, MUSTER_DEVICE_IDS);
    return catalog_device(instance->catalog, (uint16_t)device_id, device);
}

static int host_device(struct muster_instance *instance, uint32_t number,
                       struct muster_device *device)
{
    return host_device_by_id(instance, number, device);
}

static uint32_t host_device_count(struct muster_instance *instance)
{
    return instance->device_count;
}

void fake_set_device_count(struct muster_instance *instance, uint32_t count)
{
    instance->device_count = count;
}

static const char *host_entry_name(struct muster_instance *instance, uint32_t origin)
{
    (void)instance;
    return origin == FAKE_ORIGIN ? "maker" : NULL;
}

static const char *host_own_name(struct muster_instance *instance,
                                 const struct muster_record *record)
{
    uint8_t number =
        record->kind == MUSTER_KIND_EVENT ? record->event.event : record->reject.reason;

    (void)instance;
    ck_assert_uint_ne(record->kind, MUSTER_KIND_MESSAGE);
    return record->origin == FAKE_ORIGIN && number == MUSTER_EVENT_OWN ? "own-name" : NULL;
}

/* ---- State ---------------------------------------------------------------------------- */

void fake_set_state(struct muster_instance *instance, void *memory, uint64_t bytes, uint32_t age)
{
    ck_assert_uint_le(age, MUSTER_STATE_STALE);
    instance->given_state = memory;
    instance->given_bytes = bytes;
    instance->given_age = age;
}

uint64_t fake_state_bytes(struct muster_instance *instance)
{
    return instance->state_bytes;
}

bool fake_state_set_aside(struct muster_instance *instance)
{
    return instance->state_set_aside;
}

static int host_state(struct muster_instance *instance, struct muster_state *state)
{
    size_t bytes = (size_t)(state->bytes + 4095) / 4096 * 4096;

    ck_assert_uint_ge(state->size, sizeof *state);
    ck_assert_uint_gt(state->bytes, 0);
    ck_assert_msg(instance->state_bytes == 0, "the plugin asks for its state twice");
    instance->state_bytes = state->bytes;
    if (instance->given_state != NULL) {
        ck_assert_msg(state->bytes == instance->given_bytes,
                      "the plugin wants %llu bytes of state, the test has %llu",
                      (unsigned long long)state->bytes, (unsigned long long)instance->given_bytes);
        state->memory = instance->given_state;
        state->age = instance->given_age;
        state->is_kept = 1;
        if (state->age == MUSTER_STATE_NEW || state->is_sound == NULL || state->is_sound(state))
            return 0;
        instance->state_set_aside = true;
    }
    instance->own_state = aligned_alloc(4096, bytes); /* aligned to a page, as the real one */
    ck_assert_msg(instance->own_state != NULL, "out of memory");
    memset(instance->own_state, 0, bytes);
    state->memory = instance->own_state;
    state->age = MUSTER_STATE_NEW;
    state->is_kept = 0;
    return 0;
}

static void host_wake(struct muster_instance *instance)
{
    pthread_mutex_lock(&instance->mutex);
    instance->woken++;
    pthread_mutex_unlock(&instance->mutex);
}

uint32_t fake_woken(struct muster_instance *instance)
{
    return instance->woken;
}

/* The clocks are the test's, so they go on at once. */
static int host_wait(struct muster_instance *instance, uint64_t ns)
{
    fake_advance(instance, ns);
    return 1;
}

static void host_stop(struct muster_instance *instance, const char *text)
{
    host_log(instance, MUSTER_LOG_WARNING, text);
    instance->stopped = true;
}

bool fake_stopped(struct muster_instance *instance)
{
    return instance->stopped;
}

const struct muster_host fake_host = {
    .size = sizeof fake_host,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .version = "fake",
    .log = host_log,
    .now = host_now,
    .get_int = host_get_int,
    .get_real = host_get_real,
    .get_string = host_get_string,
    .list_length = host_list_length,
    .list_item = host_list_item,
    .config_error = host_config_error,
    .problem = host_problem,
    .take = host_take,
    .metric = host_metric,
    .read_metric = host_read_metric,
    .find_metric = host_find_metric,
    .device_count = host_device_count,
    .device = host_device,
    .device_by_id = host_device_by_id,
    .own_name = host_own_name,
    .entry_name = host_entry_name,
    .emit = fake_batch_emit,
    .drop = fake_batch_drop,
    .state = host_state,
    .wake = host_wake,
    .wait = host_wait,
    .stop = host_stop,
};
