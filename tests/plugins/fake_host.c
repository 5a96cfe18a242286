/* SPDX-License-Identifier: MIT
 *
 * A host for tests: drives a plugin without a daemon, a socket or a
 * configuration file, and remembers what the plugin says and does.
 */
#include "fake_host.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX  64
#define ITEMS_MAX    64
#define COUNTERS_MAX 256
#define METRICS_MAX  256
#define DEVICES_MAX  256

struct fake_value {
    int64_t number;
    char *text; /* a LIST's items are cut out of it */
    const char *items[ITEMS_MAX];
    uint32_t item_count;
};

struct fake_text {
    uint32_t level;     /* of a log line */
    const char *option; /* of a config error */
    char *text;
};

struct fake_texts {
    struct fake_text *all;
    uint32_t count;
};

struct fake_counter {
    const char *name;
    struct muster_counter cell;
};

struct fake_device {
    uint16_t device_id;
    struct muster_device device;
};

struct muster_instance {
    const struct muster_plugin *plugin;
    struct fake_value values[OPTIONS_MAX];
    pthread_mutex_t mutex; /* for what several threads may call */
    struct fake_texts log, errors;
    struct fake_counter counters[COUNTERS_MAX];
    uint32_t counter_count;
    struct muster_metric metrics[METRICS_MAX];
    uint32_t metric_count;
    struct fake_device devices[DEVICES_MAX];
    uint32_t device_count;
    uint64_t wall_ns, monotonic_ns, slept_ns;
    uint32_t takes;
    void *given_state; /* the test's */
    uint64_t given_bytes;
    uint32_t given_age;
    void *own_state;
    uint64_t state_bytes; /* that the plugin asked for */
    bool state_set_aside;
};

struct fake_emit {
    uint32_t after;
    struct muster_record record;
};

static void *grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    ck_assert_msg(memory != NULL, "out of memory");
    return memory;
}

static char *copied(const char *text)
{
    char *copy = strdup(text);

    ck_assert_msg(copy != NULL, "out of memory");
    return copy;
}

/* ---- Options -------------------------------------------------------------------------- */

static int32_t find_option(const struct muster_plugin *plugin, const char *name)
{
    uint32_t i;

    for (i = 0; i < plugin->option_count; i++)
        if (strcmp(plugin->options[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

static bool parse_number(const struct muster_option *option, const char *text, int64_t *number)
{
    static const struct {
        uint32_t type;
        const char *suffix;
        int64_t factor;
    } units[] = {{MUSTER_OPTION_INT, "", 1},
                 {MUSTER_OPTION_SIZE, "", 1},
                 {MUSTER_OPTION_SIZE, "KiB", 1024},
                 {MUSTER_OPTION_SIZE, "MiB", 1024 * 1024},
                 {MUSTER_OPTION_SIZE, "GiB", 1024 * 1024 * 1024},
                 {MUSTER_OPTION_DURATION, "", 1000000000},
                 {MUSTER_OPTION_DURATION, "ms", 1000000},
                 {MUSTER_OPTION_DURATION, "s", 1000000000},
                 {MUSTER_OPTION_DURATION, "m", INT64_C(60000000000)},
                 {MUSTER_OPTION_DURATION, "h", INT64_C(3600000000000)},
                 {MUSTER_OPTION_DURATION, "d", INT64_C(86400000000000)}};
    bool unlimited = option->min == 0 && option->max == 0;
    char *end;
    size_t i;

    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno != 0 || end == text)
        return false;
    for (i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].type == option->type && strcmp(units[i].suffix, end) == 0)
            break;
    if (i == sizeof units / sizeof units[0] ||
        __builtin_mul_overflow(*number, units[i].factor, number))
        return false;
    return *number >= option->min && (unlimited || *number <= option->max);
}

static bool parse_choice(const struct muster_option *option, const char *text, int64_t *index)
{
    for (*index = 0; option->choices[*index] != NULL; (*index)++)
        if (strcmp(option->choices[*index], text) == 0)
            return true;
    return false;
}

static bool parse_list(const struct muster_option *option, struct fake_value *value)
{
    char *rest = value->text;
    char *item;

    if (rest[strspn(rest, " ")] == '\0')
        return true;
    while ((item = strsep(&rest, ",")) != NULL) {
        int64_t index;

        item += strspn(item, " ");
        while (item[0] != '\0' && item[strlen(item) - 1] == ' ')
            item[strlen(item) - 1] = '\0';
        if (option->choices != NULL && !parse_choice(option, item, &index))
            return false;
        ck_assert_msg(value->item_count < ITEMS_MAX, "more list items than the fake host holds");
        value->items[value->item_count++] = item;
    }
    return true;
}

/* Returns false if the text is not a value of the option. */
static bool parse_value(const struct muster_option *option, const char *text,
                        struct fake_value *value)
{
    value->text = copied(text);
    switch (option->type) {
    case MUSTER_OPTION_BOOL:
        value->number = strcmp(text, "true") == 0;
        return value->number || strcmp(text, "false") == 0;
    case MUSTER_OPTION_INT:
    case MUSTER_OPTION_SIZE:
    case MUSTER_OPTION_DURATION:
        return parse_number(option, text, &value->number);
    case MUSTER_OPTION_STRING:
        return true;
    case MUSTER_OPTION_CHOICE:
        return parse_choice(option, text, &value->number);
    case MUSTER_OPTION_LIST:
        return parse_list(option, value);
    default:
        ck_abort_msg("option \"%s\" has no known type", option->name);
        return false;
    }
}

bool fake_accepts(const struct muster_plugin *plugin, const char *option, const char *text)
{
    int32_t index = find_option(plugin, option);
    struct fake_value value = {0};
    bool accepted;

    if (index < 0)
        return false;
    accepted = parse_value(&plugin->options[index], text, &value);
    free(value.text);
    return accepted;
}

static void set_option(struct muster_instance *instance, const char *name, const char *text)
{
    int32_t index = find_option(instance->plugin, name);

    ck_assert_msg(index >= 0, "there is no option \"%s\"", name);
    ck_assert_msg(instance->values[index].text == NULL, "option \"%s\" is given twice", name);
    ck_assert_msg(parse_value(&instance->plugin->options[index], text, &instance->values[index]),
                  "option \"%s\" can not be \"%s\"", name, text);
}

struct muster_instance *fake_new(const struct muster_plugin *plugin, ...)
{
    struct muster_instance *instance = calloc(1, sizeof *instance);
    va_list pairs;
    const char *name;
    uint32_t i;

    ck_assert_msg(instance != NULL, "out of memory");
    ck_assert_uint_le(plugin->option_count, OPTIONS_MAX);
    instance->plugin = plugin;
    instance->takes = MUSTER_TAKES_MESSAGES;
    instance->wall_ns = UINT64_C(1762534152000000000);
    instance->monotonic_ns = UINT64_C(1000000000000);
    ck_assert_int_eq(pthread_mutex_init(&instance->mutex, NULL), 0);
    va_start(pairs, plugin);
    while ((name = va_arg(pairs, const char *)) != NULL)
        set_option(instance, name, va_arg(pairs, const char *));
    va_end(pairs);
    for (i = 0; i < plugin->option_count; i++) {
        const struct muster_option *option = &plugin->options[i];

        /* A default must be good even where the test does not use it. */
        if (option->fallback != NULL)
            ck_assert_msg(fake_accepts(plugin, option->name, option->fallback),
                          "the default of \"%s\" is not a value of it", option->name);
        if (instance->values[i].text == NULL && option->fallback != NULL)
            set_option(instance, option->name, option->fallback);
        ck_assert_msg(instance->values[i].text != NULL ||
                          (option->flags & MUSTER_OPTION_REQUIRED) == 0,
                      "option \"%s\" is required", option->name);
    }
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
    uint32_t i;

    for (i = 0; i < OPTIONS_MAX; i++)
        free(instance->values[i].text);
    free_texts(&instance->log);
    free_texts(&instance->errors);
    pthread_mutex_destroy(&instance->mutex);
    free(instance->own_state);
    free(instance);
}

static struct fake_value *value_of(struct muster_instance *instance, const char *name,
                                   uint32_t types)
{
    int32_t index = find_option(instance->plugin, name);

    ck_assert_msg(index >= 0, "the plugin asks for \"%s\", which it does not declare", name);
    ck_assert_msg(types >> instance->plugin->options[index].type & 1,
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

static const char *host_get_string(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option, 1u << MUSTER_OPTION_STRING | 1u << MUSTER_OPTION_CHOICE)
        ->text;
}

static uint32_t host_list_length(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option, 1u << MUSTER_OPTION_LIST)->item_count;
}

static const char *host_list_item(struct muster_instance *instance, const char *option,
                                  uint32_t index)
{
    struct fake_value *value = value_of(instance, option, 1u << MUSTER_OPTION_LIST);

    ck_assert_uint_lt(index, value->item_count);
    return value->items[index];
}

/* ---- Log and errors ------------------------------------------------------------------- */

static void add_text(struct fake_texts *texts, uint32_t level, const char *option, const char *text)
{
    ck_assert_msg(strchr(text, '\n') == NULL, "a message has a newline: %s", text);
    texts->all = grown(texts->all, (texts->count + 1) * sizeof texts->all[0]);
    texts->all[texts->count].level = level;
    texts->all[texts->count].option = option;
    texts->all[texts->count].text = copied(text);
    texts->count++;
}

static void host_log(struct muster_instance *instance, uint32_t level, const char *text)
{
    ck_assert_uint_le(level, MUSTER_LOG_DEBUG);
    pthread_mutex_lock(&instance->mutex);
    add_text(&instance->log, level, NULL, text);
    pthread_mutex_unlock(&instance->mutex);
}

static void host_config_error(struct muster_instance *instance, const char *option,
                              const char *text)
{
    int32_t index = option == NULL ? -1 : find_option(instance->plugin, option);

    ck_assert_msg(option == NULL || index >= 0, "there is no option \"%s\"", option);
    add_text(&instance->errors, MUSTER_LOG_ERROR,
             index < 0 ? NULL : instance->plugin->options[index].name, text);
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
    ck_assert_uint_eq(instance->plugin->role, MUSTER_SINK);
    instance->takes = kinds;
}

uint32_t fake_takes(struct muster_instance *instance)
{
    return instance->takes;
}

static struct muster_counter *host_counter(struct muster_instance *instance, const char *name,
                                           uint32_t kind, const char *unit, const char *help)
{
    struct fake_counter *counter;

    ck_assert_uint_le(kind, MUSTER_METRIC_GAUGE);
    ck_assert_ptr_nonnull(unit);
    ck_assert_ptr_nonnull(help);
    pthread_mutex_lock(&instance->mutex);
    ck_assert_uint_lt(instance->counter_count, COUNTERS_MAX);
    counter = &instance->counters[instance->counter_count++];
    counter->name = name;
    pthread_mutex_unlock(&instance->mutex);
    return &counter->cell;
}

uint64_t fake_counter(struct muster_instance *instance, const char *name)
{
    uint64_t sum = 0;
    bool declared = false;
    uint32_t i;

    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < instance->counter_count; i++) {
        if (strcmp(instance->counters[i].name, name) != 0)
            continue;
        declared = true;
        sum += __atomic_load_n(&instance->counters[i].cell.value, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&instance->mutex);
    ck_assert_msg(declared, "there is no counter \"%s\"", name);
    return sum;
}

void fake_set_metric(struct muster_instance *instance, const char *name, const char *unit,
                     const char *help, uint64_t value)
{
    struct muster_metric *metric;
    uint32_t i;

    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < instance->metric_count; i++)
        if (strcmp(instance->metrics[i].name, name) == 0)
            break;
    ck_assert_uint_lt(i, METRICS_MAX);
    if (i == instance->metric_count)
        instance->metric_count++;
    metric = &instance->metrics[i];
    metric->name = name;
    metric->unit = unit;
    metric->help = help;
    metric->value = value;
    pthread_mutex_unlock(&instance->mutex);
}

/* Fills in what the caller has room for, as a newer or older host would. */
static void fill_in(void *to, const void *from, size_t size_of_from)
{
    uint32_t size = *(uint32_t *)to;

    memcpy((char *)to + sizeof size, (const char *)from + sizeof size,
           (size < size_of_from ? size : size_of_from) - sizeof size);
}

static int host_metric(struct muster_instance *instance, uint32_t index,
                       struct muster_metric *metric)
{
    int found;

    ck_assert_uint_ge(metric->size, sizeof metric->size);
    pthread_mutex_lock(&instance->mutex);
    found = index < instance->metric_count;
    if (found)
        fill_in(metric, &instance->metrics[index], sizeof *metric);
    pthread_mutex_unlock(&instance->mutex);
    return found;
}

void fake_add_device(struct muster_instance *instance, uint16_t device_id,
                     const struct muster_device *device)
{
    pthread_mutex_lock(&instance->mutex);
    ck_assert_uint_lt(instance->device_count, DEVICES_MAX);
    instance->devices[instance->device_count].device_id = device_id;
    instance->devices[instance->device_count].device = *device;
    instance->device_count++;
    pthread_mutex_unlock(&instance->mutex);
}

static int host_device(struct muster_instance *instance, uint16_t device_id,
                       struct muster_device *device)
{
    static const struct muster_device unknown = {.class_name = "default"};
    const struct muster_device *found = &unknown;
    uint32_t i;

    ck_assert_uint_ge(device->size, sizeof device->size);
    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < instance->device_count; i++)
        if (instance->devices[i].device_id == device_id)
            found = &instance->devices[i].device;
    fill_in(device, found, sizeof *device);
    pthread_mutex_unlock(&instance->mutex);
    return found != &unknown;
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

/* ---- Batches -------------------------------------------------------------------------- */

/* The plugin's bytes need not live longer than its callback. */
static const uint8_t *kept_payload(struct fake_batch *batch, const struct muster_record *record)
{
    uint8_t *payload;

    if (record->payload_size == 0)
        return NULL;
    payload = grown(NULL, record->payload_size);
    memcpy(payload, record->payload.bytes, record->payload_size);
    batch->payloads =
        grown(batch->payloads, (batch->payload_count + 1) * sizeof batch->payloads[0]);
    batch->payloads[batch->payload_count++] = payload;
    return payload;
}

static int host_emit(struct muster_batch *in, uint32_t after, const struct muster_record *record)
{
    struct fake_batch *batch = (struct fake_batch *)in;

    ck_assert_msg(in->count == 0 || after < in->count, "emit behind record %u of %u", after,
                  in->count);
    if (batch->emitted == batch->emit_capacity) {
        batch->emit_capacity = batch->emit_capacity * 2 + 16;
        batch->emits = grown(batch->emits, batch->emit_capacity * sizeof batch->emits[0]);
    }
    batch->emits[batch->emitted].after = in->count == 0 ? 0 : after;
    batch->emits[batch->emitted].record = *record;
    batch->emits[batch->emitted].record.payload.bytes = kept_payload(batch, record);
    batch->emitted++;
    return 0;
}

static int host_drop(struct muster_batch *in, uint32_t index)
{
    struct fake_batch *batch = (struct fake_batch *)in;
    uint32_t i;

    ck_assert_msg(index < in->count, "drop of record %u of %u", index, in->count);
    for (i = 0; i < batch->dropped; i++)
        ck_assert_msg(batch->drops[i] != index, "record %u is dropped twice", index);
    if (batch->dropped == batch->drop_capacity) {
        batch->drop_capacity = batch->drop_capacity * 2 + 16;
        batch->drops = grown(batch->drops, batch->drop_capacity * sizeof batch->drops[0]);
    }
    batch->drops[batch->dropped++] = index;
    return 0;
}

void fake_batch_begin(struct fake_batch *batch, const struct muster_record *records, uint32_t count)
{
    memset(batch, 0, sizeof *batch);
    batch->batch.count = count;
    batch->batch.records = grown(NULL, (count + 1) * sizeof *records);
    if (count > 0)
        memcpy(batch->batch.records, records, count * sizeof *records);
}

void fake_batch_finish(struct fake_batch *batch)
{
    uint32_t count = batch->batch.count;
    uint32_t i, j;

    batch->out = grown(NULL, (count + batch->emitted + 1) * sizeof batch->out[0]);
    for (i = 0; i < count || i == 0; i++) {
        bool stays = i < count;

        for (j = 0; j < batch->dropped; j++)
            stays = stays && batch->drops[j] != i;
        if (stays)
            batch->out[batch->out_count++] = batch->batch.records[i];
        for (j = 0; j < batch->emitted; j++)
            if (batch->emits[j].after == i)
                batch->out[batch->out_count++] = batch->emits[j].record;
    }
}

void fake_batch_free(struct fake_batch *batch)
{
    uint32_t i;

    for (i = 0; i < batch->payload_count; i++)
        free(batch->payloads[i]);
    free(batch->payloads);
    free(batch->emits);
    free(batch->drops);
    free(batch->out);
    free(batch->batch.records);
    memset(batch, 0, sizeof *batch);
}

void fake_process(const struct muster_plugin *plugin, void *worker_state, struct fake_batch *batch,
                  const struct muster_record *records, uint32_t count)
{
    fake_batch_begin(batch, records, count);
    plugin->process(worker_state, &batch->batch);
    fake_batch_finish(batch);
}

const struct muster_host fake_host = {
    .size = sizeof fake_host,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .version = "fake",
    .log = host_log,
    .now = host_now,
    .get_int = host_get_int,
    .get_string = host_get_string,
    .list_length = host_list_length,
    .list_item = host_list_item,
    .config_error = host_config_error,
    .take = host_take,
    .counter = host_counter,
    .metric = host_metric,
    .device = host_device,
    .emit = host_emit,
    .drop = host_drop,
    .state = host_state,
};
